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

milliseconds FullBackOff(unsigned attempt, milliseconds first) {
  return std::min(kLongestBackOff, first * (1u << std::min(attempt > 0 ? attempt - 1 : 0, 10u)));
}

}  // namespace

std::optional<milliseconds> RetryAfterOf(const HttpHead& head, Timestamp now) {
  const Timestamp theirs = ParseHttpDate(head.Find("Date").value_or("")).value_or(now);
  std::optional<milliseconds> longest;
  for (const auto& [name, value] : head.fields) {
    if (!IsRetryField(name)) continue;
    const auto delay = ParseDelay(value, theirs);
    if (delay && (!longest || *delay > *longest)) longest = delay;
  }
  return longest;
}

Jitter::Jitter(std::optional<uint64_t> seed) {
  if (seed)
    state_ = *seed;
  else
    ASSAY_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(&state_), sizeof state_) == 1,
                 "the random generator works");
}

milliseconds Jitter::UpTo(milliseconds most) {
  const std::lock_guard lock(mutex_);
  // The finalizer of splitmix64: steps of a counter, mixed.
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return milliseconds(
      static_cast<int64_t>((z ^ z >> 31) % static_cast<uint64_t>(most.count() + 1)));
}

milliseconds BackOff(unsigned attempt, Jitter& jitter, milliseconds first) {
  return jitter.UpTo(FullBackOff(attempt, first));
}

milliseconds BackOff(unsigned attempt) {
  static Jitter jitter;
  const milliseconds half = FullBackOff(attempt, kFirstBackOff) / 2;
  return half + jitter.UpTo(half);
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
