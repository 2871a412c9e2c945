// Proxy, pins, trust anchors, kept connections, addresses. [CM-5]
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <fstream>

#include "assay/read.h"
#include "broker/dial.h"
#include "broker/http_client.h"
#include "support/fake_tenant.h"
#include "support/tunnel_proxy.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

constexpr char kOpen[] = "HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n";

struct Site {
  Identity ca = MakeIdentity(nullptr, "");
  PemFile pem{ca};
  Identity leaf = MakeIdentity(&ca, "DNS:localhost");
  ScriptedServer server{[](const std::string&) { return Answer(200, "{}"); }, &leaf};
};

std::string PinOf(const Identity& identity) {
  uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(identity.certificate.get()), &der);
  ByteVector digest(SHA256_DIGEST_LENGTH);
  SHA256(der, static_cast<size_t>(size), digest.data());
  OPENSSL_free(der);
  return "sha256/" + EncodeBase64(digest);
}

HttpOptions OptionsFor(const Site& site) {
  HttpOptions options;
  options.network.ca_file = site.pem.path();
  options.timeout = std::chrono::milliseconds(3000);
  return options;
}

Result<HttpAnswer> Ask(HttpOptions options, const std::string& base) {
  auto client = HttpClient::Create(std::move(options));
  if (!client) return Fail(client.error());
  HttpRequest request;
  request.method = "GET";
  request.bearer = "CANARYtoken";
  request.url = ParseForeignUrl(base + "/x").value();
  return (*client)->Send(request);
}

}  // namespace

TEST_CASE("Proxy: carries TLS that it cannot read, and gets no token", "[broker]") {
  Site site;
  TunnelProxy proxy(kOpen, site.server.port());
  setenv("ASSAY_TEST_PROXY", "user:pa:ss", 1);
  HttpOptions options = OptionsFor(site);
  options.network.proxy.url = proxy.url();
  options.network.proxy.credential = "env:ASSAY_TEST_PROXY";
  REQUIRE_OK_AND_ASSIGN(const HttpAnswer answer, Ask(options, site.server.Base("localhost")));
  CHECK(answer.head.status == 200);
  CHECK(answer.tls_version == 0x0304);
  REQUIRE(proxy.Connects().size() == 1);
  const std::string target = "localhost:" + std::to_string(site.server.port());
  CHECK(proxy.Connects()[0] == "CONNECT " + target + " HTTP/1.1\r\nHost: " + target +
                                   "\r\nProxy-Authorization: Basic dXNlcjpwYTpzcw==\r\n\r\n");
  CHECK(proxy.Seen().find("CANARY") == std::string::npos);
  CHECK(proxy.Seen().find("GET /x") == std::string::npos);  // two bytes alone come by chance
  const auto requests = site.server.Requests();
  REQUIRE(requests.size() == 1);
  CHECK(FieldOf(requests[0], "Authorization") == "Bearer CANARYtoken");
  CHECK(requests[0].find("Proxy-Authorization") == std::string::npos);
}

TEST_CASE("Proxy: verifies the far end all the same", "[broker]") {
  Site site;
  TunnelProxy proxy(kOpen, site.server.port());
  HttpOptions options = OptionsFor(site);
  options.network.proxy.url = proxy.url();
  SECTION("another name") {
    const auto answer = Ask(options, "https://graph.contoso.example");
    CHECK_FAILS(answer, Code::kUnavailable, "another host name");
    CHECK(answer.error().id == "AS-NET-001");
  }
  SECTION("no trust") {
    options.network.ca_file.clear();
    CHECK_FAILS(Ask(options, site.server.Base("localhost")), Code::kUnavailable, "is not trusted");
  }
  CHECK(site.server.Requests().empty());
}

TEST_CASE("Proxy: what it refuses is told with its own id, and not asked again", "[broker]") {
  Site site;
  const auto [answer, id, words] = GENERATE(table<std::string, std::string, std::string>({
      {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "AS-NET-003", "proxy_credential"},
      {"HTTP/1.0 401 Unauthorized\r\n\r\n", "AS-NET-003", "proxy_credential"},
      {"HTTP/1.1 403 Filtered\r\nContent-Length: 2\r\n\r\nno", "AS-NET-004", "answered 403"},
      {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "", "answered 502"},
      {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "", "bytes behind"},
      {"SSH-2.0-OpenSSH\r\n\r\n", "", "no HTTP"},
      {"HTTP/1.1 2", "", "closed the connection"},
      {"HTTP/1.1 200 " + std::string(9000, 'x'), "", "larger than 8 KiB"},
  }));
  TunnelProxy proxy(answer, site.server.port());
  HttpOptions options = OptionsFor(site);
  options.network.proxy.url = proxy.url();
  options.timeout = std::chrono::milliseconds(1000);
  const auto told = Ask(options, site.server.Base("localhost"));
  REQUIRE_FALSE(told);
  INFO(answer.substr(0, 40) << " -> " << told.error().ToString());
  CHECK(told.error().id == id);
  if (answer != "HTTP/1.1 2") {
    CHECK_THAT(told.error().ToString() + told.error().hint, Catch::Matchers::Contains(words));
  }
  CHECK(site.server.Requests().empty());
  CHECK(proxy.Seen().find("CANARY") == std::string::npos);
}

TEST_CASE("Proxy: is gone past where the settings say so, and never for plain http", "[broker]") {
  Site site;
  HttpOptions options = OptionsFor(site);
  options.network.proxy.url = "http://127.0.0.1:1";  // nobody there
  options.network.proxy.bypass = {"example.com", "LocalHost"};
  REQUIRE_OK(Ask(options, site.server.Base("localhost")));
  options.network.proxy.bypass = {".localhost"};
  CHECK_FAILS(Ask(options, site.server.Base("localhost")), Code::kUnavailable, "connecting to");
  ScriptedServer plain([](const std::string&) { return Answer(200, "{}"); });
  REQUIRE_OK(Ask(options, plain.Base()));
  const ProxySettings proxy{"http://p:1", "", {".contoso.example", "graph.microsoft.com"}, false};
  CHECK(BypassesProxy(proxy, "a.contoso.example"));
  CHECK_FALSE(BypassesProxy(proxy, "contoso.example"));
  CHECK_FALSE(BypassesProxy(proxy, "evilcontoso.example"));
  CHECK(BypassesProxy(proxy, "graph.microsoft.com"));
  CHECK_FALSE(BypassesProxy(proxy, "x.graph.microsoft.com"));
}

TEST_CASE("Proxy: has an address and nothing else", "[broker]") {
  for (const char* good :
       {"http://proxy.example:3128", "http://10.0.0.8:8080", "http://[fd00::1]:80/"})
    REQUIRE_OK(ParseProxyUrl(good));
  for (const char* bad :
       {"https://proxy.example:3128", "http://proxy.example", "http://u:p@proxy.example:1",
        "http://proxy.example:0", "http://proxy.example:65536", "http://proxy example:1",
        "http://proxy.example:3128/path", "http://:1", "proxy.example:1", "", "http://Proxy:1",
        "http://a\r\nb:1"})
    CHECK_FALSE(ParseProxyUrl(bad));
  const auto told = ParseProxyUrl("http://user:CANARY@proxy.example:1");
  CHECK(told.error().ToString().find("CANARY") == std::string::npos);
}

TEST_CASE("Pins: take trust away, by any key of the chain", "[broker]") {
  Site site;
  HttpOptions options = OptionsFor(site);
  const std::string other = PinOf(MakeIdentity(nullptr, ""));
  auto& pins = options.network.pins["localhost"];
  const std::string base = site.server.Base("localhost");
  pins = {other, PinOf(site.leaf)};
  REQUIRE_OK(Ask(options, base));
  pins = {PinOf(site.ca)};
  REQUIRE_OK(Ask(options, base));
  pins = {other};
  const size_t before = site.server.Requests().size();
  const auto told = Ask(options, base);
  CHECK_FAILS(told, Code::kUnavailable, "one of its pins");
  CHECK(told.error().id == "AS-NET-005");
  CHECK(site.server.Requests().size() == before);
  // A pin of a server whose chain does not verify adds no trust.
  pins = {PinOf(site.leaf)};
  options.network.ca_file.clear();
  const auto untrusted = Ask(options, base);
  CHECK_FAILS(untrusted, Code::kUnavailable, "is not trusted");
  CHECK(untrusted.error().id == "AS-NET-001");
  // Other hosts are not concerned.
  options = OptionsFor(site);
  options.network.pins["graph.microsoft.com"] = {other};
  REQUIRE_OK(Ask(options, base));
}

TEST_CASE("Pins: are refused when they are none", "[broker]") {
  for (const char* bad :
       {"", "sha256/", "sha256/AAAA", "sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "sha256/!!!!", "AAAA"}) {
    HttpOptions options;
    options.network.pins["h"] = {bad};
    CHECK_FAILS(HttpClient::Create(options), Code::kInvalidInput, "pin");
  }
}

TEST_CASE("Trust: a file without certificates is refused", "[broker]") {
  HttpOptions options;
  options.network.ca_file = "/nonexistent.pem";
  CHECK_FAILS(HttpClient::Create(options), Code::kInvalidInput, "ca_file");
  options.network.ca_file = std::string(ASSAY_SOURCE_DIR) + "/README.md";
  CHECK_FAILS(HttpClient::Create(options), Code::kInvalidInput, "ca_file");
}

TEST_CASE("Pool: a kept connection that is gone costs no wait", "[broker]") {
  std::atomic<int> served = 0;
  // Promises to keep the connection and closes it when the next request comes.
  FakeTenant tenant([&](const std::string&) {
    return ++served == 2 ? Reply{"", true, 0, 0} : Answer(200, "{}");
  });
  tenant.options.concurrency = 1;
  CHECK(tenant.Read(FakeTenant::Users()).record.attempts == 1);
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(page.record.attempts == 2);  // both stood in the access log of the other side
  CHECK(page.record.waited_ms == 0);
  CHECK(tenant.Get().RequestCounts().begin()->second == tenant.server().Requests().size());
}

TEST_CASE("Pool: a fresh connection that is gone is told", "[broker]") {
  ScriptedServer server([](const std::string&) { return Reply{"", true, 0, 0}; });
  CHECK_FAILS(Ask(HttpOptions{}, server.Base()), Code::kUnavailable, "cut");
  CHECK(server.connections() == 1);
}

TEST_CASE("Dial: families alternate, the first stays first, few are tried", "[broker]") {
  const auto order = [](std::vector<std::string> texts) {
    std::vector<Poco::Net::IPAddress> in;
    for (const std::string& text : texts) in.emplace_back(text);
    std::string out;
    for (const auto& address : DialOrder(in)) out += address.toString() + " ";
    return out;
  };
  CHECK(order({}).empty());
  CHECK(order({"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"}) ==
        "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 ");
  CHECK(order({"192.0.2.1", "192.0.2.2"}) == "192.0.2.1 192.0.2.2 ");
  CHECK(order({"192.0.2.1", "192.0.2.2", "2001:db8::1"}) == "192.0.2.1 2001:db8::1 192.0.2.2 ");
  CHECK(order({"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6",
               "192.0.2.7"}) == "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 ");
}
