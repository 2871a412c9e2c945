// Reads through the whole broker against a scripted tenant.
#include "broker/broker.h"

#include <atomic>

#include "assay/read.h"
#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

/// Answers the n-th API request (from 0) by `replies[n]`, the last one again and again.
ScriptedServer::Script Sequence(std::vector<Reply> replies) {
  auto next = std::make_shared<std::atomic<size_t>>(0);
  return [replies = std::move(replies), next](const std::string&) {
    return replies[std::min(next->fetch_add(1), replies.size() - 1)];
  };
}

std::string Page(const std::string& link) {
  return R"({"value":[],"@odata.nextLink":")" + link + "\"}";
}

}  // namespace

TEST_CASE("Broker: returns the body byte for byte with its record [CM-20]", "[broker]") {
  FakeTenant tenant(Sequence({Answer(
      200, "{\"value\": [1,  2]}", "request-id: r-1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n")}));
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(page.reason == Reason::kNone);
  CHECK(AsText(page.body) == "{\"value\": [1,  2]}");
  CHECK(page.record.http_status == 200);
  CHECK(page.record.request_id == "r-1");
  CHECK(page.record.server_date == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(page.record.attempts == 1);
  CHECK(page.record.endpoint == "graph-users");
  CHECK(page.record.url == tenant.server().Base() + "/v1.0/users?$select=id,displayName&$top=999");
  const auto requests = tenant.ApiRequests();
  REQUIRE(requests.size() == 1);
  CHECK(FieldOf(requests[0], "client-request-id") == page.record.client_request_id);
  CHECK(FieldOf(requests[0], "return-client-request-id") == "true");
  CHECK(FieldOf(requests[0], "Accept-Encoding") == "gzip");
  CHECK(FieldOf(requests[0], "Authorization").starts_with("Bearer eyJ"));
  CHECK(tenant.Get().RequestCounts().begin()->second == tenant.server().Requests().size());
}

TEST_CASE("Broker: refuses reads before the consent guard is passed", "[broker]") {
  FakeTenant tenant(Sequence({Answer(200, "{}")}));
  CHECK_FAILS(tenant.Raw().Start(FakeTenant::Users(), {}, [](ReadResult) {}), Code::kDenied,
              "consent guard");
  CHECK(tenant.server().Requests().empty());
}

TEST_CASE("Broker: never asks about a subscription that nobody wants read [CM-17]", "[broker]") {
  constexpr char kWanted[] = "aaaaaaaa-0000-4000-8000-000000000001";
  constexpr char kOther[] = "BBBBBBBB-0000-4000-8000-000000000002";
  EndpointSpec pricings;
  pricings.id = "pricings";
  pricings.host = ServiceHost::kArm;
  pricings.api_version = "2024-01-01";
  pricings.path = "/subscriptions/{s}/providers/Microsoft.Security/pricings";
  pricings.params = {{"s", ParamType::kSegment}};
  const auto refused = [&](auto set) {
    FakeTenant tenant(Sequence({Answer(200, "{}")}));
    set(tenant.options);
    CHECK_FAILS(tenant.Get().Start(pricings, {{"s", kOther}}, [](ReadResult) {}), Code::kDenied,
                "does not want this subscription");
    CHECK(tenant.ApiRequests().empty());
    CHECK(tenant.Read(pricings, {{"s", kWanted}}).outcome == ASSAY_PAGE_OK);
  };
  refused([&](BrokerOptions& o) {
    o.exclude_subscriptions = {"bbbbbbbb-0000-4000-8000-000000000002"};
  });
  refused([&](BrokerOptions& o) { o.subscriptions = {kWanted}; });
  refused([&](BrokerOptions& o) {
    o.subscriptions = {kWanted, kOther};
    o.exclude_subscriptions = {kOther};
  });
  // A name among them: only the collector can tell which one it is.
  FakeTenant tenant(Sequence({Answer(200, "{}")}));
  tenant.options.subscriptions = {kWanted, "Production"};
  CHECK(tenant.Read(pricings, {{"s", kOther}}).outcome == ASSAY_PAGE_OK);
}

TEST_CASE("Broker: follows the link of the same read", "[broker]") {
  std::string base;
  FakeTenant tenant([&base](const std::string& request) {
    return request.find("skiptoken") == request.npos
               ? Answer(200, Page(base + "/v1.0/Users?$select=id&$skiptoken=a b|c"))
               : Answer(200, "{\"value\":[]}");
  });
  base = tenant.server().Base();
  const ReadResult first = tenant.Read(FakeTenant::Users());
  const ReadResult second = tenant.Next(first, "@odata.nextLink");
  CHECK(second.outcome == ASSAY_PAGE_OK);
  CHECK(tenant.ApiRequests().at(1).starts_with(
      "GET /v1.0/Users?$select=id&$skiptoken=a%20b%7Cc HTTP/1.1\r\n"));
}

TEST_CASE("Broker: never sends the token after a foreign link", "[broker]") {
  ScriptedServer thief([](const std::string&) { return Answer(200, "{}"); });
  FakeTenant tenant(Sequence({Answer(200, Page(thief.Base() + "/v1.0/users?$skiptoken=1"))}));
  const ReadResult page = tenant.Next(tenant.Read(FakeTenant::Users()), "@odata.nextLink");
  CHECK(page.outcome == ASSAY_PAGE_REFUSED);
  CHECK(page.reason == Reason::kPartial);
  CHECK_THAT(page.detail, Catch::Matchers::Contains("another port"));
  CHECK(thief.Requests().empty());
  CHECK(thief.connections() == 0);
}

TEST_CASE("Broker: ends paging that goes in circles as partial", "[broker]") {
  std::string base;
  FakeTenant tenant([&base](const std::string&) {
    return Answer(200, Page(base + "/v1.0/users?$skiptoken=same"));
  });
  base = tenant.server().Base();
  ReadResult page = tenant.Next(tenant.Read(FakeTenant::Users()), "@odata.nextLink");
  CHECK(page.outcome == ASSAY_PAGE_OK);
  page = tenant.Next(page, "@odata.nextLink");
  CHECK(page.outcome == ASSAY_PAGE_REFUSED);
  CHECK(page.reason == Reason::kPartial);
  CHECK_THAT(page.detail, Catch::Matchers::Contains("circles"));
  CHECK(tenant.ApiRequests().size() == 2);
}

TEST_CASE("Broker: cuts endless paging at max_pages", "[broker]") {
  std::string base;
  std::atomic<int> count = 0;
  FakeTenant tenant([&](const std::string&) {
    return Answer(200, Page(base + "/v1.0/users?$skiptoken=" + std::to_string(count++)));
  });
  base = tenant.server().Base();
  tenant.options.max_pages = 5;
  ReadResult page = tenant.Read(FakeTenant::Users());
  int pages = 1;
  while (page.outcome == ASSAY_PAGE_OK && pages < 50) {
    page = tenant.Next(page, "@odata.nextLink");
    ++pages;
  }
  CHECK(pages == 6);
  CHECK_THAT(page.detail, Catch::Matchers::Contains("more than 5 pages (max_pages)"));
  CHECK(page.reason == Reason::kPartial);
}

TEST_CASE("Broker: waits as long as Retry-After says, then succeeds", "[broker]") {
  FakeTenant tenant(Sequence({Answer(429, "{}", "Retry-After: 7\r\n"), Answer(200, "{}")}));
  std::atomic<int> waits = 0;
  tenant.options.on_wait = [&](const WaitNote& note) {
    CHECK(note.endpoint == "graph-users");
    CHECK(note.throttle == "graph-identity");
    CHECK(note.reason == WaitReason::kRetryAfter);
    CHECK(note.wait.count() == 7000);
    CHECK(note.http_status == 429);
    ++waits;
  };
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(page.record.attempts == 2);
  CHECK(page.record.waited_ms == 7000);
  CHECK(tenant.clock.slept_ms() == 7000);
  CHECK(waits == 1);
  const PaceReport pace = tenant.Get().Pace();
  CHECK(pace.idle.count() == 7000);
  const ClassPace& users = pace.classes.at("graph-identity");
  CHECK(users.requests == 2);
  CHECK(users.throttled == 1);
  CHECK(users.waited.at(WaitReason::kRetryAfter).count() == 7000);
}

TEST_CASE("Broker: takes an HTTP date as Retry-After", "[broker]") {
  // The manual clock stands at 2026-11-18T11:06:40Z.
  FakeTenant tenant(Sequence(
      {Answer(503, "{}", "Retry-After: Wed, 18 Nov 2026 11:07:10 GMT\r\n"), Answer(200, "{}")}));
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(page.record.waited_ms == 30'000);
}

TEST_CASE("Broker: backs off with jitter without Retry-After and gives up as throttled",
          "[broker]") {
  FakeTenant tenant(Sequence({Answer(429, "{\"error\":1}")}));
  tenant.options.max_attempts = 4;
  tenant.options.first_back_off = std::chrono::seconds(2);
  tenant.options.jitter_seed = 11;
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_HTTP_ERROR);
  CHECK(page.reason == Reason::kThrottled);
  CHECK(AsText(page.body) == "{\"error\":1}");
  CHECK(page.record.attempts == 4);
  CHECK(page.record.waited_ms > 0);
  CHECK(page.record.waited_ms <= 2000 + 4000 + 8000);
  CHECK_THAT(page.detail, Catch::Matchers::Contains("HTTP 429 after 4 attempts"));
}

TEST_CASE("Broker: gives up at once when the wait exceeds the budget", "[broker]") {
  FakeTenant tenant(Sequence({Answer(429, "", "Retry-After: 3600\r\n")}));
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.reason == Reason::kThrottled);
  CHECK(page.record.attempts == 1);
  CHECK(tenant.clock.slept_ms() == 0);
}

TEST_CASE("Broker: does not wait beyond the budget for what others were told", "[broker]") {
  FakeTenant tenant(Sequence({Answer(429, "", "Retry-After: 500\r\n"), Answer(200, "{}"),
                              Answer(429, "", "Retry-After: 500\r\n")}));
  tenant.options.throttle_budget = std::chrono::seconds(600);
  CHECK(tenant.Read(FakeTenant::Users()).record.waited_ms == 500'000);
  // The second read would have to wait 500 s and again 500 s.
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.reason == Reason::kThrottled);
  CHECK(page.record.waited_ms == 500'000);
}

TEST_CASE("Broker: reads on over many threads without mixing answers", "[broker]") {
  FakeTenant tenant([](const std::string& request) {
    return Answer(200, request.substr(4, request.find(' ', 4) - 4));
  });
  tenant.options.concurrency = 8;
  EndpointSpec spec = FakeTenant::Users();
  spec.path = "/users/{id}";
  spec.query.clear();
  spec.params = {{"id", ParamType::kSegment}};
  std::mutex mutex;
  std::condition_variable done;
  std::map<std::string, std::string> bodies;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "u" + std::to_string(i);
    REQUIRE_OK(tenant.Get().Start(spec, {{"id", id}}, [&, id](ReadResult page) {
      const std::lock_guard lock(mutex);
      bodies[id] = AsText(page.body);
      done.notify_all();
    }));
  }
  std::unique_lock lock(mutex);
  REQUIRE(done.wait_for(lock, std::chrono::seconds(15), [&] { return bodies.size() == 200; }));
  for (const auto& [id, body] : bodies) CHECK(body == "/v1.0/users/" + id);
  CHECK(tenant.server().connections() <= 9);
}

TEST_CASE("Broker: renews the token once on 401, then calls it a missing permission", "[broker]") {
  SECTION("once helps") {
    FakeTenant tenant(Sequence({Answer(401, ""), Answer(200, "{}")}));
    const ReadResult page = tenant.Read(FakeTenant::Users());
    CHECK(page.outcome == ASSAY_PAGE_OK);
    CHECK(page.record.attempts == 2);
    CHECK(tenant.TokenRequests().size() == 3);  // Graph, ARM, Graph again
  }
  SECTION("once does not help") {
    FakeTenant tenant(Sequence({Answer(401, "")}));
    const ReadResult page = tenant.Read(FakeTenant::Users());
    CHECK(page.reason == Reason::kPermission);
    CHECK(page.record.attempts == 2);
  }
}

TEST_CASE("Broker: stops reading when a renewed token may write [CL-9]", "[broker]") {
  FakeTenant tenant(Sequence({Answer(401, ""), Answer(200, "{}")}));
  tenant.Get();
  tenant.tokens = [](const std::string&) {
    return Answer(200, TokenBody(MakeToken("https://graph.microsoft.com",
                                           R"("roles":["User.ReadWrite.All"])")));
  };
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_REFUSED);
  CHECK_THAT(page.detail, Catch::Matchers::Contains("User.ReadWrite.All"));
  CHECK(tenant.ApiRequests().size() == 1);
  CHECK_FAILS(tenant.Raw().Start(FakeTenant::Users(), {}, [](ReadResult) {}), Code::kDenied,
              "consent guard");
}

TEST_CASE("Broker: names the reason of final statuses", "[broker]") {
  const auto [status, reason] = GENERATE(table<int, Reason>({{400, Reason::kNone},
                                                             {403, Reason::kPermission},
                                                             {404, Reason::kNone},
                                                             {501, Reason::kUnavailable},
                                                             {302, Reason::kUnavailable},
                                                             {206, Reason::kPartial}}));
  FakeTenant tenant(Sequence({Answer(status, "body", "Location: http://127.0.0.1:9/x\r\n")}));
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.reason == reason);
  CHECK(page.outcome == (status == 206 ? ASSAY_PAGE_OK : ASSAY_PAGE_HTTP_ERROR));
  CHECK(AsText(page.body) == "body");
  CHECK(tenant.ApiRequests().size() == 1);
}

TEST_CASE("Broker: does not follow a redirect to another host", "[broker]") {
  ScriptedServer thief([](const std::string&) { return Answer(200, "{}"); });
  FakeTenant tenant(Sequence({Answer(302, "", "Location: " + thief.Base() + "/v1.0/users\r\n")}));
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.record.http_status == 302);
  CHECK_THAT(page.detail, Catch::Matchers::Contains("redirects are not followed"));
  CHECK(thief.connections() == 0);
}

TEST_CASE("Broker: calls a cut body unavailable although its status was 200", "[broker]") {
  FakeTenant tenant(
      Sequence({Reply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"value\":[]}", true}}));
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_UNAVAILABLE);
  CHECK(page.reason == Reason::kUnavailable);
  CHECK(page.body.empty());
  CHECK(page.record.attempts == 5);
  CHECK_THAT(page.detail, Catch::Matchers::Contains("cut"));
}

TEST_CASE("Broker: recovers from a cut body by asking again", "[broker]") {
  FakeTenant tenant(Sequence(
      {Reply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", true}, Answer(200, "{}")}));
  const ReadResult page = tenant.Read(FakeTenant::Users());
  CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(page.record.attempts == 2);
}

TEST_CASE("Broker: asks again where a service fails, and says so when it goes on", "[broker]") {
  const int status = GENERATE(500, 502, 503, 504);
  SECTION("once") {
    FakeTenant tenant(Sequence({Answer(status, "oops"), Answer(200, "{}")}));
    const ReadResult page = tenant.Read(FakeTenant::Users());
    CHECK(page.outcome == ASSAY_PAGE_OK);
    CHECK(page.record.attempts == 2);
  }
  SECTION("always") {
    FakeTenant tenant(Sequence({Answer(status, "oops")}));
    const ReadResult page = tenant.Read(FakeTenant::Users());
    CHECK(page.outcome == ASSAY_PAGE_HTTP_ERROR);
    CHECK(page.reason == Reason::kUnavailable);
    CHECK(page.record.attempts == 8);
    CHECK(AsText(page.body) == "oops");
  }
}

TEST_CASE("Broker: keeps a class's budget while another class goes on", "[broker]") {
  FakeTenant tenant([](const std::string&) { return Answer(200, "{}"); });
  tenant.options.enforce_budgets = true;
  tenant.options.concurrency = 2;
  EndpointSpec slow = FakeTenant::Users();
  slow.id = "graph-ca-policies";
  slow.path = "/identity/conditionalAccess/policies";
  Inbox slow_inbox, fast_inbox;
  const Timestamp start = tenant.Get().Now();
  for (int i = 0; i < 10; ++i) REQUIRE_OK(tenant.Get().Start(slow, {}, slow_inbox.Slot()));
  for (int i = 0; i < 10; ++i)
    REQUIRE_OK(tenant.Get().Start(FakeTenant::Users(), {}, fast_inbox.Slot()));
  // Two threads, ten pages that wait in front: the fast class does not wait for their ten seconds.
  // While one thread reads a fast page, the other lets the test's clock go on, on a busy machine by
  // seconds: so what counts is when the first fast page was asked for.
  auto first = std::chrono::nanoseconds::max();
  for (int i = 0; i < 10; ++i)
    first = std::min<std::chrono::nanoseconds>(first, fast_inbox.Take().record.sent - start);
  CHECK(first < std::chrono::seconds(5));
  Timestamp last{};
  for (int i = 0; i < 10; ++i) {
    const ReadResult page = slow_inbox.Take();
    CHECK(page.record.sent - last >= std::chrono::seconds(1));
    CHECK(page.record.waited_ms == 0);  // our own pace is no penalty
    last = page.record.sent;
  }
  const PaceReport pace = tenant.Get().Pace();
  CHECK(pace.idle >= std::chrono::milliseconds(8900));
  CHECK(pace.classes.at("graph-ca-idp").waited.count(WaitReason::kBudget) == 1);
}

TEST_CASE("Broker: completes every page exactly once when cancelled", "[broker]") {
  FakeTenant tenant([](const std::string&) {
    Reply reply = Answer(200, "{}");
    reply.delay_ms = 10'000;
    return reply;
  });
  tenant.options.timeout = std::chrono::seconds(30);
  Inbox inbox;
  for (int i = 0; i < 12; ++i)
    REQUIRE_OK(tenant.Get().Start(FakeTenant::Users(), {}, inbox.Slot()));
  const auto start = std::chrono::steady_clock::now();
  tenant.Get().Cancel();
  for (int i = 0; i < 12; ++i) {
    const ReadResult page = inbox.Take();
    CHECK(page.outcome == ASSAY_PAGE_UNAVAILABLE);
    CHECK(page.detail == "cancelled");
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
  CHECK(inbox.size() == 0);
  CHECK_FAILS(tenant.Get().Start(FakeTenant::Users(), {}, inbox.Slot()), Code::kCancelled,
              "cancelled");
}

TEST_CASE("Broker: sends a read-only POST with the body that it wrote", "[broker]") {
  EndpointSpec spec;
  spec.id = "arm-policy-states";
  spec.host = ServiceHost::kArm;
  spec.api_version = "2019-10-01";
  spec.path =
      "/subscriptions/{subscriptionId}/providers/Microsoft.PolicyInsights/policyStates/latest/"
      "queryResults";
  spec.params = {{"subscriptionId", ParamType::kGuid}};
  spec.paging = Paging::kOdataPost;
  spec.read_post = "policy-states-query";
  FakeTenant tenant(Sequence({Answer(200, "{}")}));
  const ReadResult page = tenant.Read(spec, {{"subscriptionId", kTenant}});
  CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(page.record.method == "POST");
  const std::string request = tenant.ApiRequests().at(0);
  CHECK(request.starts_with("POST /subscriptions/11111111-2222-3333-4444-555555555555/providers/"));
  CHECK(FieldOf(request, "Content-Length") == "0");
}

TEST_CASE("Broker: keeps secret and token out of every result and error", "[broker]") {
  FakeTenant tenant([](const std::string& request) {
    return Answer(500, "x", "request-id: " + std::to_string(request.size()) + "\r\n");
  });
  const ReadResult page = tenant.Read(FakeTenant::Users());
  for (const std::string& text : {page.detail, page.record.url, page.record.request_body}) {
    CHECK(text.find("CANARY") == text.npos);
    CHECK(text.find("eyJ") == text.npos);
  }
}
