// Time stamps asked for over TLS. [CL-12]
#include "support/scripted_http.h"
#include "support/tunnel_proxy.h"
#include "unit/anchor/stamping.h"

namespace assay::anchor {
namespace {

using test::Answer;
using test::Identity;
using test::MakeIdentity;
using test::PemFile;
using test::Reply;
using test::ScriptedServer;
using testing::Stamping;

constexpr char kReplyType[] = "Content-Type: application/timestamp-reply\r\n";

/// What this server answers is asked for; the query arrives as it was sent.
struct Asking {
  Identity ca = MakeIdentity(nullptr, "");
  Identity leaf = MakeIdentity(&ca, "DNS:localhost");
  PemFile file{ca};

  Authority At(const ScriptedServer& server,
               std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    Authority out;
    out.url = server.Base("localhost") + "/tsr";
    out.tls_ca_file = file.path();
    out.timeout = timeout;
    return out;
  }
  Result<ByteVector> Ask(const Reply& reply, ByteSpan query,
                         std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    ScriptedServer server([&](const std::string&) { return reply; }, &leaf);
    return AskAuthority(At(server, timeout), query);
  }
};

TEST_CASE("TimestampHttp: AQueryIsAnsweredAndTheStampKept [CL-12]") {
  Stamping s;
  const Asking asking;
  const std::string reply(AsText(s.openssl.Answer(s.query)));
  ScriptedServer server([&](const std::string&) { return Answer(200, reply, kReplyType); },
                        &asking.leaf);
  REQUIRE_OK_AND_ASSIGN(const ByteVector answer, AskAuthority(asking.At(server), s.query));
  const auto requests = server.Requests();
  REQUIRE(requests.size() == 1);
  CHECK_THAT(requests[0], Catch::Matchers::StartsWith("POST /tsr HTTP/1.1\r\n"));
  CHECK_THAT(requests[0], Catch::Matchers::Contains("application/timestamp-query\r\n"));
  CHECK(requests[0].ends_with(AsText(s.query)));
  REQUIRE_OK_AND_ASSIGN(const Stamped stamped, s.Keep(answer, s.query));
  CHECK(stamped.facts.authority == "CN=Test TSA");
  // The reply to another query, or over another note, is what a peer in between would give.
  REQUIRE_OK_AND_ASSIGN(const ByteVector again, proof::MakeTimestampQuery(s.note));
  CHECK_FAILS(s.Keep(answer, again), Code::kCorrupt, "nonce is not that of the query");
}

TEST_CASE("TimestampHttp: TheWayOutIsThatOfTheNetwork [CL-12]") {
  const Asking asking;
  const ByteVector query{1, 2, 3};
  ScriptedServer server([&](const std::string&) { return Answer(200, "told", kReplyType); },
                        &asking.leaf);
  test::TunnelProxy proxy("HTTP/1.1 200 OK\r\n\r\n", server.port());
  Authority authority = asking.At(server);
  authority.tls_ca_file.clear();
  CHECK_FAILS(AskAuthority(authority, query), Code::kUnavailable, "");
  authority.network.ca_file = asking.file.path();  // [network] ca_file is enough
  CHECK(AskAuthority(authority, query));
  CHECK(proxy.Connects().empty());
  authority.network.proxy.url = proxy.url();
  CHECK(AskAuthority(authority, query));
  REQUIRE(proxy.Connects().size() == 1);
  CHECK_THAT(proxy.Connects()[0], Catch::Matchers::StartsWith("CONNECT localhost:"));
  CHECK(proxy.Seen().find("timestamp-query") == std::string::npos);
}

TEST_CASE("TimestampHttp: OnlyAReplyIsTakenForOne") {
  const Asking asking;
  const ByteVector query{1, 2, 3};
  const auto type = [](const std::string& value) { return "Content-Type: " + value + "\r\n"; };
  for (const int status : {201, 204, 301, 302, 307, 400, 403, 404, 500, 503}) {
    INFO(status);
    Reply reply = Answer(status, "", std::string(kReplyType) + "Location: /elsewhere\r\n");
    if (status == 204) reply.bytes = "HTTP/1.1 204 X\r\n\r\n";
    CHECK_FAILS(asking.Ask(reply, query), Code::kUnavailable,
                "answered " + std::to_string(status) +
                    (status / 100 == 3 ? ", a redirect, which is not followed" : ""));
  }
  for (const char* other : {"text/html", "application/timestamp-replyish", "application/tsp"})
    CHECK_FAILS(asking.Ask(Answer(200, "x", type(other)), query), Code::kUnavailable,
                "no time stamp");
  CHECK_FAILS(asking.Ask(Answer(200, "x"), query), Code::kUnavailable, "no time stamp");
  CHECK(asking.Ask(Answer(200, "x", type("Application/Timestamp-Reply; q=1")), query));
  const std::string large(70'000, 'x');
  CHECK_FAILS(asking.Ask(Answer(200, large, kReplyType), query), Code::kLimitExceeded, "65536");
}

TEST_CASE("TimestampHttp: APeerThatHangsIsLeftAndAStrangerIsToldNothing [CM-5]") {
  const Asking asking;
  const ByteVector query{1, 2, 3};
  const Reply late{Answer(200, "x", kReplyType).bytes, false, 0, 60'000};
  const Reply drip{Answer(200, std::string(4000, 'x'), kReplyType).bytes, false, 100, 0};
  for (const Reply& reply : {late, drip}) {
    const auto start = std::chrono::steady_clock::now();
    CHECK_FAILS(asking.Ask(reply, query, std::chrono::milliseconds(400)), Code::kUnavailable,
                "timed out");
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  }
  const Identity misnamed = MakeIdentity(&asking.ca, "DNS:elsewhere.example");
  const Identity expired = MakeIdentity(&asking.ca, "DNS:localhost", -9, -1);
  for (const Identity* leaf : {&misnamed, &expired}) {
    ScriptedServer server([](const std::string&) { return Answer(200, "x", kReplyType); }, leaf);
    CHECK_FAILS(AskAuthority(asking.At(server), query), Code::kUnavailable, "is not trusted");
    CHECK(server.Requests().empty());
  }
  Authority plain;
  plain.url = "http://tsa.example.com/tsr";
  CHECK_FAILS(AskAuthority(plain, query), Code::kDenied, "plain http is for loopback");
}

TEST_CASE("TimestampHttp: ACertificateThatHadRunOutStampsNothing [CL-12]") {
  Stamping s;
  s.openssl.UseExpiredCertificate();
  CHECK_FAILS(s.Keep(s.openssl.Answer(s.query), s.query), Code::kCorrupt, "time stamp:");
}

}  // namespace
}  // namespace assay::anchor
