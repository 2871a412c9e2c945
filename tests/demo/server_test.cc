// The demo tenant over real sockets on the loopback interface.
#include "demo/server.h"

#include <Poco/InflatingStream.h>
#include <Poco/StreamCopier.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "demo/loopback.h"
#include "demo_client.h"
#include "fetch.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::demo;

namespace {

std::string Token(const DemoServer& server) {
  return FetchToken(server.urls(), server.tenant(), server.urls().graph_scope);
}

}  // namespace

TEST_CASE("DemoServer: Serves token and pages over loopback and logs every request") {
  REQUIRE_OK(LoopbackUp());
  REQUIRE_OK_AND_ASSIGN(auto server, DemoServer::Start({7, FromUnixMs(1793606400000), {}, true}));
  std::string bearer = Token(*server);
  std::string next = server->urls().graph + "/v1.0/users?$top=999";
  size_t pages = 0;
  while (!next.empty()) {
    Reply reply;
    Fetch(next, bearer, false, reply);
    REQUIRE(reply.status == 200);
    CHECK(reply.head.has("request-id"));
    CHECK(reply.head.get("Date") == "Mon, 02 Nov 2026 08:00:00 GMT");
    next = At(reply.body, "/@odata.nextLink");
    ++pages;
  }
  CHECK(pages == 3);
  auto log = server->log().Entries();
  REQUIRE(log.size() == 4);
  CHECK(log[0].method == "POST");
  CHECK(log[1].path == "/v1.0/users");
}

TEST_CASE("DemoServer: Compresses for those who accept gzip, to the same bytes") {
  REQUIRE_OK(LoopbackUp());
  REQUIRE_OK_AND_ASSIGN(auto server, DemoServer::Start({7, FromUnixMs(1793606400000), {}, true}));
  std::string bearer = Token(*server), url = server->urls().graph + "/v1.0/groups";
  Reply plain, packed;
  Fetch(url, bearer, false, plain);
  Fetch(url, bearer, true, packed);
  CHECK_FALSE(plain.head.has("Content-Encoding"));
  CHECK(packed.head.get("Content-Encoding") == "gzip");
  CHECK(packed.body.size() < plain.body.size());
  std::istringstream in(packed.body);
  Poco::InflatingInputStream inflate(in, Poco::InflatingStreamBuf::STREAM_GZIP);
  std::string unpacked;
  Poco::StreamCopier::copyToString(inflate, unpacked);
  CHECK(unpacked == plain.body);
}

TEST_CASE("DemoServer: Throttles the same request once only") {
  REQUIRE_OK(LoopbackUp());
  REQUIRE_OK_AND_ASSIGN(auto server, DemoServer::Start({7, FromUnixMs(1793606400000), {}, true}));
  std::string bearer = Token(*server);
  std::string url =
      server->urls().graph + "/v1.0/reports/authenticationMethods/userRegistrationDetails?$top=999";
  Reply first, second;
  Fetch(url, bearer, false, first);
  Fetch(url, bearer, false, second);
  CHECK(first.status == 429);
  CHECK(first.head.get("Retry-After") == "1");
  CHECK(second.status == 200);
}

TEST_CASE("DemoServer: Names the port when it is taken") {
  REQUIRE_OK(LoopbackUp());
  REQUIRE_OK_AND_ASSIGN(auto one, DemoServer::Start({}));
  auto port =
      static_cast<uint16_t>(std::stoi(one->urls().login.substr(one->urls().login.rfind(':') + 1)));
  CHECK_FAILS(DemoServer::Start({}, port), Code::kIo,
              "127.0.0.1:" + std::to_string(port) + ": cannot listen");
}

TEST_CASE("DemoServer: Prefers fixed ports and yields when they are taken") {
  REQUIRE_OK(LoopbackUp());
  REQUIRE_OK_AND_ASSIGN(auto one, DemoServer::StartPreferred({}));
  REQUIRE_OK_AND_ASSIGN(auto two, DemoServer::StartPreferred({}));
  CHECK(one->urls().graph != two->urls().graph);
}

TEST_CASE("LoopbackUp: Brings the interface up in a fresh network namespace") {
  REQUIRE_OK(LoopbackUp());
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ::_exit(77);
    bool ok = LoopbackUp().has_value() && LoopbackUp().has_value();
    ::_exit(ok && DemoServer::Start({}).has_value() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    WARN("user namespaces are not available: not tested");
  } else {
    CHECK(WEXITSTATUS(status) == 0);
  }
}
