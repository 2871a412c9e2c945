// TLS: nothing but a valid certificate for exactly that host name is talked to, loopback included.
// [CM-5]
#include "assay/read.h"
#include "broker/http_client.h"
#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

struct Authority {
  Identity ca = MakeIdentity(nullptr, "");
  PemFile pem{ca};
};

Authority& Ca() {
  static Authority authority;
  return authority;
}

Result<HttpAnswer> Ask(const Identity& leaf, const std::string& host, const std::string& ca_file,
                       int max_tls = 0) {
  ScriptedServer server([](const std::string&) { return Answer(200, "{}"); }, &leaf, max_tls);
  HttpOptions options;
  options.ca_file = ca_file;
  options.timeout = std::chrono::milliseconds(2000);
  REQUIRE_OK_AND_ASSIGN(auto client, HttpClient::Create(options));
  HttpRequest request;
  request.method = "GET";
  request.bearer = "CANARYtoken";
  request.url = ParseForeignUrl(server.Base(host) + "/x").value();
  auto answer = client->Send(request);
  if (!answer) {
    CHECK(server.Requests().empty());
    CHECK(answer.error().ToString().find("CANARY") == std::string::npos);
  }
  return answer;
}

}  // namespace

TEST_CASE("Tls: talks to a trusted certificate of the right name", "[broker]") {
  const Identity leaf = MakeIdentity(&Ca().ca, "DNS:localhost,IP:127.0.0.1");
  for (const char* host : {"localhost", "127.0.0.1"}) {
    INFO(host);
    REQUIRE_OK_AND_ASSIGN(const HttpAnswer answer, Ask(leaf, host, Ca().pem.path()));
    CHECK(answer.tls_version == 0x0304);
    CHECK(AsText(answer.body) == "{}");
  }
}

TEST_CASE("Tls: refuses an authority that is not trusted", "[broker]") {
  const Identity leaf = MakeIdentity(&Ca().ca, "DNS:localhost");
  const auto answer = Ask(leaf, "localhost", "");
  CHECK_FAILS(answer, Code::kUnavailable, "is not trusted");
  CHECK(answer.error().id == "AS-NET-001");
}

TEST_CASE("Tls: refuses a wrong host name, also on loopback", "[broker]") {
  for (const char* names : {"DNS:graph.microsoft.com", "DNS:localhost.evil.example",
                            "DNS:*.localhost", "IP:127.0.0.2", ""}) {
    INFO(names);
    const Identity leaf = MakeIdentity(&Ca().ca, names);
    for (const char* host : {"localhost", "127.0.0.1"}) {
      const auto answer = Ask(leaf, host, Ca().pem.path());
      CHECK_FAILS(answer, Code::kUnavailable, "is not trusted");
      CHECK(answer.error().id == "AS-NET-001");
    }
  }
}

TEST_CASE("Tls: refuses certificates out of their time", "[broker]") {
  const Identity expired = MakeIdentity(&Ca().ca, "DNS:localhost", -10, -1);
  CHECK_FAILS(Ask(expired, "localhost", Ca().pem.path()), Code::kUnavailable, "is not trusted");
  const Identity early = MakeIdentity(&Ca().ca, "DNS:localhost", 1, 10);
  CHECK_FAILS(Ask(early, "localhost", Ca().pem.path()), Code::kUnavailable, "is not trusted");
}

TEST_CASE("Tls: takes version 1.2 and nothing older [CM-5]", "[broker]") {
  const Identity leaf = MakeIdentity(&Ca().ca, "DNS:localhost");
  REQUIRE_OK_AND_ASSIGN(const HttpAnswer answer,
                        Ask(leaf, "localhost", Ca().pem.path(), TLS1_2_VERSION));
  CHECK(answer.tls_version == 0x0303);
  CHECK_FAILS(Ask(leaf, "localhost", Ca().pem.path(), TLS1_1_VERSION), Code::kUnavailable,
              "TLS handshake");
}

TEST_CASE("Tls: refuses a peer that speaks no TLS", "[broker]") {
  ScriptedServer plain([](const std::string&) { return Answer(200, "{}"); });
  HttpOptions options;
  options.timeout = std::chrono::milliseconds(300);
  REQUIRE_OK_AND_ASSIGN(auto client, HttpClient::Create(options));
  HttpRequest request;
  request.method = "GET";
  request.url = ParseForeignUrl("https://127.0.0.1:" + std::to_string(plain.port()) + "/x").value();
  CHECK_FAILS(client->Send(request), Code::kUnavailable, "TLS handshake timed out after 0.3 s");
}

TEST_CASE("Tls: sends nothing when the deadline passes in the handshake, whatever comes after",
          "[broker]") {
  // A certificate that is trusted, of another host: only the check of the name keeps it out.
  const Identity other = MakeIdentity(&Ca().ca, "DNS:graph.microsoft.com");
  // Around the moments at which the socket's own limit and the watchdog's tick (50 ms) end a wait.
  const int timeout_ms = GENERATE(110, 130, 155);
  const int delay_ms = GENERATE(110, 120, 130, 140, 160, 180, 220);
  ScriptedServer server([](const std::string&) { return Answer(200, "{}"); }, &other, 0, delay_ms);
  HttpOptions options;
  options.ca_file = Ca().pem.path();
  options.timeout = std::chrono::milliseconds(timeout_ms);
  REQUIRE_OK_AND_ASSIGN(auto client, HttpClient::Create(options));
  HttpRequest request;
  request.method = "GET";
  request.bearer = "CANARYtoken";
  request.url = ParseForeignUrl(server.Base("localhost") + "/x").value();
  INFO(timeout_ms << " ms, answered after " << delay_ms << " ms");
  const auto answer = client->Send(request);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::kUnavailable);
  CHECK_THAT(answer.error().ToString(), Catch::Matchers::Contains("TLS handshake timed out") ||
                                            Catch::Matchers::Contains("is not trusted"));
  CHECK(server.Requests().empty());
}

TEST_CASE("Tls: refuses a ca_file that is none", "[broker]") {
  HttpOptions options;
  options.ca_file = "/nonexistent.pem";
  CHECK_FAILS(HttpClient::Create(options), Code::kInvalidInput, "ca_file");
}

TEST_CASE("Tls: carries a whole read, and does not retry where trust is missing", "[broker]") {
  const Identity leaf = MakeIdentity(&Ca().ca, "DNS:localhost");
  FakeTenant tenant([](const std::string&) { return Answer(200, "{\"value\":[]}"); }, &leaf,
                    "localhost");
  SECTION("trusted") {
    tenant.options.cloud.ca_file = Ca().pem.path();
    const ReadResult page = tenant.Read(FakeTenant::Users());
    CHECK(page.outcome == ASSAY_PAGE_OK);
    CHECK(page.record.tls_version == 0x0304);
  }
  SECTION("untrusted") {
    const auto consent = tenant.Raw().CheckConsent(false);
    CHECK_FAILS(consent, Code::kUnavailable, "is not trusted");
    CHECK(tenant.server().connections() == 1);
    CHECK(tenant.server().Requests().empty());
  }
}
