// Retry-After, back-off and pacing.
#include "broker/retry.h"

#include "broker/pacer.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::broker;
using std::chrono::milliseconds;

namespace {

HttpHead Head(std::vector<std::pair<std::string, std::string>> fields) {
  return {429, std::move(fields)};
}

}  // namespace

TEST_CASE("RetryAfter: reads seconds and HTTP dates, and nothing else", "[broker]") {
  const Timestamp now = FromUnixMs(784'111'777'000);  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(RetryAfterOf(Head({{"retry-after", "120"}}), now) == milliseconds(120'000));
  CHECK(RetryAfterOf(Head({{"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}}), now) ==
        milliseconds(30'000));
  CHECK(RetryAfterOf(Head({{"Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"}}), now) ==
        milliseconds(0));
  CHECK(RetryAfterOf(Head({{"Retry-After", "99999999999"}}), now) == milliseconds(86'400'000));
  for (const char* bad : {"", "-1", "1.5", "soon", "1e3", "0x10", "Sun, 06 Nov 1994 08:49:37 CET",
                          "Sun, 06 Nov 1994 08:49:p0 GMT", "Sun, 06 Nov 1994 08:49:.. GMT",
                          "99999999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(RetryAfterOf(Head({{"Retry-After", bad}}), now));
  }
  CHECK(RetryAfterOf(Head({{"x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after", "9"},
                           {"x-ms-ratelimit-microsoft.costmanagement-client-retry-after", "40"},
                           {"Retry-After", "3"}}),
                     now) == milliseconds(40'000));
}

TEST_CASE("BackOff: doubles from 2 s, stays under 120 s and differs", "[broker]") {
  for (unsigned attempt = 1; attempt < 40; ++attempt) {
    const milliseconds wait = BackOff(attempt);
    const int64_t full = attempt > 6 ? 120'000 : 2000ll << (attempt - 1);
    CHECK(wait.count() >= full / 2);
    CHECK(wait.count() <= full);
  }
  bool differs = false;
  for (int i = 0; i < 20; ++i) differs = differs || BackOff(6) != BackOff(6);
  CHECK(differs);
}

TEST_CASE("Pacer: keeps the distance of a slow bucket and holds only that one", "[broker]") {
  Pacer pacer(true);
  const PaceRule& slow =
      PaceRuleOf(ServiceHost::kGraph, {"v1.0", "identity", "conditionalAccess", "policies"});
  const PaceRule& fast = PaceRuleOf(ServiceHost::kGraph, {"v1.0", "users"});
  CHECK(slow.name == "graph-ca-idp");
  CHECK(PaceRuleOf(ServiceHost::kGraph, {"v1.0", "identityProtection", "riskyUsers"}).name ==
        slow.name);
  CHECK(PaceRuleOf(ServiceHost::kArm, {"subscriptions"}).name == "arm");
  const Timestamp now = FromUnixMs(1'000'000);
  milliseconds penalty;
  CHECK(pacer.Reserve(slow, now, &penalty) == milliseconds(0));
  CHECK(pacer.Reserve(slow, now, &penalty) == milliseconds(1000));
  CHECK(penalty == milliseconds(0));
  CHECK(pacer.Reserve(fast, now, &penalty) == milliseconds(0));
  pacer.Hold(slow, now + milliseconds(5000));
  CHECK(pacer.Reserve(slow, now, &penalty) == milliseconds(5000));
  CHECK(penalty == milliseconds(3000));
  CHECK(pacer.Reserve(fast, now, &penalty) == milliseconds(0));
}

TEST_CASE("Pacer: asks no distance of a loopback cloud, but keeps what it was told", "[broker]") {
  Pacer pacer(false);
  const PaceRule& slow = PaceRuleOf(ServiceHost::kGraph, {"v1.0", "identity", "conditionalAccess"});
  const Timestamp now = FromUnixMs(1'000'000);
  milliseconds penalty;
  for (int i = 0; i < 5; ++i) CHECK(pacer.Reserve(slow, now, &penalty) == milliseconds(0));
  pacer.Hold(slow, now + milliseconds(700));
  CHECK(pacer.Reserve(slow, now, &penalty) == milliseconds(700));
}
