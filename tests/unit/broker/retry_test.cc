// Retry-After and back-off.
#include "broker/retry.h"

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

TEST_CASE("RetryAfter: measures a date by the service's own clock", "[broker]") {
  const Timestamp now = FromUnixMs(784'111'777'000);
  // Their clock is three hours ahead of ours; the wait is still half a minute.
  CHECK(RetryAfterOf(Head({{"Date", "Sun, 06 Nov 1994 11:49:37 GMT"},
                           {"Retry-After", "Sun, 06 Nov 1994 11:50:07 GMT"}}),
                     now) == milliseconds(30'000));
  CHECK(RetryAfterOf(
            Head({{"Date", "yesterday"}, {"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}}), now) ==
        milliseconds(30'000));
}

TEST_CASE("BackOff: is anything up to 2 s doubled, at most 120 s", "[broker]") {
  Jitter jitter(7);
  for (unsigned attempt = 1; attempt < 40; ++attempt) {
    const int64_t full = attempt > 6 ? 120'000 : 2000ll << (attempt - 1);
    int64_t least = full, most = 0;
    for (int i = 0; i < 200; ++i) {
      const int64_t wait = BackOff(attempt, jitter).count();
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    // All of the range is used: that keeps many readers apart.
    CHECK(least < full / 10);
    CHECK(most > full * 9 / 10);
    CHECK(most <= full);
  }
  CHECK(BackOff(3, jitter, milliseconds(5)).count() <= 20);
}

TEST_CASE("Jitter: repeats with a seed and differs without one", "[broker]") {
  Jitter one(1), again(1), other(2), free_one, free_two;
  bool seeds_differ = false, free_differ = false;
  for (int i = 0; i < 20; ++i) {
    const milliseconds most(1'000'000);
    const milliseconds value = one.UpTo(most);
    CHECK(value == again.UpTo(most));
    seeds_differ = seeds_differ || value != other.UpTo(most);
    free_differ = free_differ || free_one.UpTo(most) != free_two.UpTo(most);
  }
  CHECK(seeds_differ);
  CHECK(free_differ);
  CHECK(one.UpTo(milliseconds(0)) == milliseconds(0));
}
