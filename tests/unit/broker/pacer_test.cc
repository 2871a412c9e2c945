// Budgets, holds and lanes, on a clock of the test's own.
#include "broker/pacer.h"

#include "support/matchers.h"

using namespace assay;
using namespace assay::broker;
using std::chrono::milliseconds;
using Kind = PaceAnswer::Kind;

namespace {

PaceKey KeyOf(ServiceHost host, std::vector<std::string> segments) {
  const std::vector<std::pair<std::string, std::string>> query;
  const RequestShape shape{host, segments, query};
  const ThrottleClass& throttle = ThrottleClassOf(shape);
  return {&throttle, BudgetScopeOf(throttle, shape), CostOf(throttle, shape), host};
}

PaceKey Graph(std::vector<std::string> path) {
  path.insert(path.begin(), "v1.0");
  return KeyOf(ServiceHost::kGraph, std::move(path));
}

HttpHead Head(std::vector<std::pair<std::string, std::string>> fields) {
  return {200, std::move(fields)};
}

const Timestamp kNow = FromUnixMs(1'000'000'000);

/// When each of `count` requests may go that are asked for as early as may be.
std::vector<int64_t> TimesOf(Pacer& pacer, const PaceKey& key, int count) {
  std::vector<int64_t> out;
  Timestamp now = kNow;
  for (int i = 0; i < count; ++i) {
    for (PaceAnswer answer = pacer.Ask(key, now); answer.kind != Kind::kGo;
         answer = pacer.Ask(key, now)) {
      REQUIRE(answer.kind == Kind::kWait);
      REQUIRE(answer.at > now);
      now = answer.at;
    }
    out.push_back((now - kNow).count());
    pacer.Done(key, false, now);
  }
  return out;
}

}  // namespace

TEST_CASE("Pacer: no span of a class's period holds more than the service takes", "[broker]") {
  for (const ThrottleClass& throttle : ThrottleClasses()) {
    INFO(throttle.name);
    Pacer pacer(true, 8);
    const PaceKey key{&throttle, "", 1, ServiceHost::kGraph};
    for (const BudgetWindow& window : throttle.windows) {
      if (window.count == 0 || window.count > 1000) continue;
      const auto times = TimesOf(pacer, key, static_cast<int>(window.count) * 2 + 3);
      const int64_t period = milliseconds(window.period).count();
      for (size_t i = window.count; i < times.size(); ++i)
        if (times[i] - times[i - window.count] < period) FAIL("request " << i);
      break;
    }
  }
}

TEST_CASE("Pacer: gives what a class has at once and the rest as tokens come back", "[broker]") {
  Pacer pacer(true, 8);
  CHECK(TimesOf(pacer, Graph({"identity", "conditionalAccess", "policies"}), 4) ==
        std::vector<int64_t>{0, 1000, 2000, 3000});
  CHECK(TimesOf(pacer, Graph({"auditLogs", "signIns"}), 7) ==
        std::vector<int64_t>{0, 0, 0, 0, 0, 10'000, 10'000});
  CHECK(TimesOf(pacer,
                KeyOf(ServiceHost::kArm, {"providers", "Microsoft.ResourceGraph", "resources"}), 16)
            .back() == 5000);
  // 240 a minute, and 800 an hour.
  const auto health =
      TimesOf(pacer, Graph({"admin", "serviceAnnouncement", "healthOverviews"}), 801);
  CHECK(health[239] == 0);
  CHECK(health[240] == 60'000);
  CHECK(health[799] == 180'000);
  CHECK(health[800] == 3'600'000);
}

TEST_CASE("Pacer: counts resource units, and learns what a request really cost", "[broker]") {
  Pacer pacer(true, 8);
  const PaceKey members = Graph({"groups", "g", "transitiveMembers"});
  CHECK(members.cost == 5);
  CHECK(TimesOf(pacer, members, 701).back() == 10'000);  // 3500 units
  Pacer taught(true, 8);
  const PaceKey one = Graph({"organization"});
  REQUIRE(taught.Ask(one, kNow).kind == Kind::kGo);
  for (int i = 0; i < 35; ++i) taught.Learn(one, Head({{"x-ms-resource-unit", "101"}}), kNow);
  CHECK(taught.Ask(one, kNow).kind == Kind::kWait);
  taught.Learn(one, Head({{"x-ms-resource-unit", "4294967295"}}), kNow);
}

TEST_CASE("Pacer: gives each subscription a budget of its own", "[broker]") {
  Pacer pacer(true, 64);
  const auto policies = [](const char* id) {
    return KeyOf(ServiceHost::kArm, {"subscriptions", id, "providers", "Microsoft.PolicyInsights",
                                     "policyStates", "latest", "queryResults"});
  };
  REQUIRE(pacer.Ask(policies("a"), kNow).kind == Kind::kGo);
  CHECK(pacer.Ask(policies("A"), kNow).kind == Kind::kCrowd);  // one at a time
  REQUIRE(pacer.Ask(policies("b"), kNow).kind == Kind::kGo);
  pacer.Done(policies("a"), false, kNow);
  CHECK(pacer.Ask(policies("a"), kNow).kind == Kind::kGo);
}

TEST_CASE("Pacer: holds the class that was refused, and only that one", "[broker]") {
  Pacer pacer(true, 8);
  const PaceKey slow = Graph({"identityProtection", "riskyUsers"});
  REQUIRE(pacer.Ask(slow, kNow).kind == Kind::kGo);
  pacer.Done(slow, false, kNow);
  pacer.Hold(slow, kNow + milliseconds(5000), WaitReason::kRetryAfter);
  pacer.Hold(slow, kNow + milliseconds(3000), WaitReason::kBackOff);  // shorter: changes nothing
  const PaceAnswer answer = pacer.Ask(slow, kNow);
  CHECK(answer.kind == Kind::kWait);
  CHECK(answer.at == kNow + milliseconds(5000));
  CHECK(answer.reason == WaitReason::kRetryAfter);
  CHECK(answer.penalty == milliseconds(4000));  // a second of it is our own pace
  CHECK(pacer.Ask(Graph({"users"}), kNow).kind == Kind::kGo);
}

TEST_CASE("Pacer: slows down before it is refused", "[broker]") {
  const PaceKey query =
      KeyOf(ServiceHost::kArm, {"providers", "Microsoft.ResourceGraph", "resources"});
  const auto wait_after = [&](const PaceKey& key,
                              std::vector<std::pair<std::string, std::string>> f) {
    Pacer pacer(false, 8);  // told by the service: holds for a test server too
    pacer.Learn(key, Head(std::move(f)), kNow);
    const PaceAnswer answer = pacer.Ask(key, kNow);
    if (answer.kind == Kind::kGo) return milliseconds(0);
    CHECK(answer.reason == WaitReason::kQuota);
    CHECK(answer.penalty == milliseconds(0));  // nothing was refused
    return answer.at - kNow;
  };
  CHECK(wait_after(query, {{"x-ms-user-quota-remaining", "3"},
                           {"x-ms-user-quota-resets-after", "00:00:04"}}) == milliseconds(0));
  CHECK(wait_after(query, {{"x-ms-user-quota-remaining", "0"},
                           {"x-ms-user-quota-resets-after", "00:00:04"}}) == milliseconds(4000));
  CHECK(wait_after(query, {{"x-ms-user-quota-remaining", "0"}}) == milliseconds(2000));
  // A service cannot stop us for long by what is only advice.
  CHECK(wait_after(query, {{"x-ms-user-quota-remaining", "0"},
                           {"x-ms-user-quota-resets-after", "99:00:00"}}) == milliseconds(60'000));
  const PaceKey arm = KeyOf(ServiceHost::kArm, {"subscriptions"});
  CHECK(wait_after(arm, {{"x-ms-ratelimit-remaining-tenant-reads", "249"}}) == milliseconds(0));
  CHECK(wait_after(arm, {{"x-ms-ratelimit-remaining-subscription-reads", "40"},
                         {"x-ms-ratelimit-remaining-tenant-reads", "200"}}) == milliseconds(400));
  CHECK(wait_after(arm, {{"x-ms-ratelimit-remaining-tenant-reads", "many"}}) == milliseconds(0));
  const PaceKey users = Graph({"users"});
  CHECK(wait_after(users, {{"x-ms-throttle-limit-percentage", "0.7"}}) == milliseconds(0));
  CHECK(wait_after(users, {{"x-ms-throttle-limit-percentage", "0.9"}}).count() >= 900);
  CHECK(wait_after(users, {{"x-ms-throttle-limit-percentage", "1.8"}}) == milliseconds(2000));
}

TEST_CASE("Pacer: halves what a host gets at once when it throttles, and grows slowly",
          "[broker]") {
  Pacer pacer(false, 8);
  const PaceKey key = Graph({"users"});
  for (int i = 0; i < 8; ++i) REQUIRE(pacer.Ask(key, kNow).kind == Kind::kGo);
  CHECK(pacer.Ask(key, kNow).kind == Kind::kCrowd);
  CHECK(pacer.Ask(KeyOf(ServiceHost::kArm, {"subscriptions"}), kNow).kind == Kind::kGo);
  // What was refused together counts once.
  for (int i = 0; i < 8; ++i) pacer.Done(key, true, kNow);
  CHECK(pacer.LimitOf(ServiceHost::kGraph) == 4);
  CHECK(pacer.LimitOf(ServiceHost::kArm) == 8);
  for (int step = 1; step <= 4; ++step) {
    const Timestamp later = kNow + milliseconds(1000 * step);
    REQUIRE(pacer.Ask(key, later).kind == Kind::kGo);
    pacer.Done(key, true, later);
  }
  CHECK(pacer.LimitOf(ServiceHost::kGraph) == 1);  // never less
  int answers = 0;
  for (; pacer.LimitOf(ServiceHost::kGraph) < 8 && answers < 1000; ++answers) {
    REQUIRE(pacer.Ask(key, kNow).kind == Kind::kGo);
    pacer.Done(key, false, kNow);
  }
  // About one more for each round: 1 + 2 + ... + 7 answers.
  CHECK(answers > 20);
  CHECK(answers < 60);
}

TEST_CASE("Pacer: asks no budget of a loopback cloud, but keeps what it was told", "[broker]") {
  Pacer pacer(false, 8);
  const PaceKey slow = Graph({"identity", "conditionalAccess", "policies"});
  CHECK(TimesOf(pacer, slow, 5) == std::vector<int64_t>{0, 0, 0, 0, 0});
  pacer.Hold(slow, kNow + milliseconds(700), WaitReason::kRetryAfter);
  const PaceAnswer answer = pacer.Ask(slow, kNow);
  CHECK(answer.at == kNow + milliseconds(700));
  CHECK(answer.penalty == milliseconds(700));
}
