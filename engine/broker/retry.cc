// Retry-After, HTTP dates, exponential back-off.
#include "broker/retry.h"

#include <date/date.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/text.h"
#include "base/time.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirst{2'000}, kLongest{120'000};
constexpr int64_t kMaxSeconds = 24 * 3600;

std::optional<milliseconds> ParseDelay(std::string_view text, Timestamp now) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size())
    return seconds < 0 ? std::nullopt
                       : std::optional(milliseconds(1000 * std::min(seconds, kMaxSeconds)));
  const auto date = ParseHttpDate(text);
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::duration_cast<milliseconds>(*date - now), milliseconds(0),
                    milliseconds(1000 * kMaxSeconds));
}

bool IsRetryField(std::string_view name) {
  const std::string lower = AsciiLower(name);
  return lower == "retry-after" ||
         (lower.starts_with("x-ms-ratelimit-") && lower.ends_with("-retry-after"));
}

}  // namespace

std::optional<milliseconds> RetryAfterOf(const HttpHead& head, Timestamp now) {
  std::optional<milliseconds> longest;
  for (const auto& [name, value] : head.fields) {
    if (!IsRetryField(name)) continue;
    const auto delay = ParseDelay(value, now);
    if (delay && (!longest || *delay > *longest)) longest = delay;
  }
  return longest;
}

milliseconds BackOff(unsigned attempt) {
  const milliseconds full =
      std::min(kLongest, kFirst * (1u << std::min(attempt > 0 ? attempt - 1 : 0, 10u)));
  uint16_t random = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random);
  return full / 2 + full / 2 * random / 65535;
}

std::optional<Timestamp> ParseHttpDate(std::string_view text) {
  if (!HasForm(text, "aaa, 00 aaa 0000 00:00:00 GMT")) return std::nullopt;
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  date::sys_seconds time;
  in >> date::parse("%a, %d %b %Y %H:%M:%S GMT", time);
  if (in.fail()) return std::nullopt;
  return Timestamp(time);
}

}  // namespace assay::broker
