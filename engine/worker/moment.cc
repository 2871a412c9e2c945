#include "worker/moment.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace assay::worker {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMostDays = 1'000'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Eats a text from its front.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}
  bool AtEnd() const { return rest_.empty(); }
  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool Take(char c) {
    if (Peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeOneOf(std::string_view set) {
    if (rest_.empty() || set.find(rest_.front()) == set.npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Digits at the front, `least` to `most` of them.
  std::optional<int64_t> Number(size_t least, size_t most) {
    size_t n = 0;
    while (n < rest_.size() && n <= most && IsDigit(rest_[n])) ++n;
    if (n < least || n > most) return std::nullopt;
    int64_t out = 0;
    std::from_chars(rest_.data(), rest_.data() + n, out);
    rest_.remove_prefix(n);
    return out;
  }
  std::optional<int64_t> Number(size_t digits) { return Number(digits, digits); }
  /// Digits after a point, as millionths, the rest cut off.
  std::optional<int64_t> Millionths() {
    int64_t out = 0;
    size_t n = 0;
    for (; !rest_.empty() && IsDigit(rest_.front()); ++n, rest_.remove_prefix(1))
      if (n < 6) out = out * 10 + (rest_.front() - '0');
    if (n == 0) return std::nullopt;
    for (; n < 6; ++n) out *= 10;
    return out;
  }

 private:
  std::string_view rest_;
};

/// Days since 1970 of "2026-06-15".
std::optional<int64_t> ReadDate(Reader& in) {
  using namespace std::chrono;
  const auto y = in.Number(4);
  if (!y || !in.Take('-')) return std::nullopt;
  const auto m = in.Number(2);
  if (!m || !in.Take('-')) return std::nullopt;
  const auto d = in.Number(2);
  if (!d || *y == 0) return std::nullopt;
  const year_month_day date{year(static_cast<int>(*y)), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date).time_since_epoch().count();
}

/// Microseconds since midnight of "12:00:00.5".
std::optional<int64_t> ReadClock(Reader& in) {
  const auto h = in.Number(2);
  if (!h || *h > 23 || !in.Take(':')) return std::nullopt;
  const auto m = in.Number(2);
  if (!m || *m > 59 || !in.Take(':')) return std::nullopt;
  const auto s = in.Number(2);
  if (!s || *s > 59) return std::nullopt;
  int64_t us = ((*h * 60 + *m) * 60 + *s) * kSecond;
  if (!in.Take('.')) return us;
  const auto fraction = in.Millionths();
  if (!fraction) return std::nullopt;
  return us + *fraction;
}

/// Microseconds that "+02:00" is ahead of UTC.
std::optional<int64_t> ReadZone(Reader& in) {
  if (in.AtEnd() || in.TakeOneOf("Zz")) return 0;
  const int sign = in.Peek() == '-' ? -1 : 1;
  if (!in.TakeOneOf("+-")) return std::nullopt;
  const auto h = in.Number(2);
  if (!h || *h > 23 || !in.Take(':')) return std::nullopt;
  const auto m = in.Number(2);
  if (!m || *m > 59) return std::nullopt;
  return sign * (*h * 60 + *m) * 60 * kSecond;
}

struct Unit {
  char letter;
  int64_t seconds;
};
constexpr Unit kDateUnits[] = {
    {'Y', 365 * 86'400}, {'M', 30 * 86'400}, {'W', 7 * 86'400}, {'D', 86'400}};
constexpr Unit kClockUnits[] = {{'H', 3'600}, {'M', 60}, {'S', 1}};

class Duration {
 public:
  explicit Duration(std::string_view text) : in_(text) {}

  std::optional<double> Read() {
    if (!in_.Take('P') || !Parts(kDateUnits)) return std::nullopt;
    if (in_.Take('T')) {
      const int before = parts_;
      if (!Parts(kClockUnits) || parts_ == before) return std::nullopt;
    }
    if (!in_.AtEnd() || parts_ == 0) return std::nullopt;
    if (seconds_ >= static_cast<double>(kMostDays) * 86'400) return std::nullopt;
    return seconds_;
  }

 private:
  /// Parts in the order of `units`, each at most once.
  template <size_t N>
  bool Parts(const Unit (&units)[N]) {
    for (size_t next = 0; IsDigit(in_.Peek()); ++parts_) {
      if (ended_) return false;  // a fraction was the last part
      const auto whole = in_.Number(1, 12);
      if (!whole) return false;
      auto value = static_cast<double>(*whole);
      if (in_.TakeOneOf(".,")) {
        const auto fraction = in_.Millionths();
        if (!fraction) return false;
        value += static_cast<double>(*fraction) / 1e6;
        ended_ = true;
      }
      while (next < N && in_.Peek() != units[next].letter) ++next;
      if (next == N) return false;
      in_.Take(units[next].letter);
      seconds_ += value * static_cast<double>(units[next++].seconds);
    }
    return true;
  }

  Reader in_;
  double seconds_ = 0;
  int parts_ = 0;
  bool ended_ = false;
};

}  // namespace

std::optional<int64_t> ParseMoment(std::string_view text) {
  Reader in(text);
  const auto days = ReadDate(in);
  if (!days) return std::nullopt;
  const int64_t midnight = *days * 86'400 * kSecond;
  if (in.AtEnd()) return midnight;
  if (!in.TakeOneOf("Tt ")) return std::nullopt;
  const auto clock = ReadClock(in);
  if (!clock) return std::nullopt;
  const auto zone = ReadZone(in);
  if (!zone || !in.AtEnd()) return std::nullopt;
  return midnight + *clock - *zone;
}

std::optional<double> ParseIsoDuration(std::string_view text) { return Duration(text).Read(); }

std::optional<double> ParseTimespan(std::string_view text) {
  Reader in(text);
  auto first = in.Number(1, 9);
  if (!first) return std::nullopt;
  int64_t days = 0;
  if (in.Take('.')) {
    days = *first;
    first = in.Number(1, 2);
  }
  if (!first || *first > 23 || !in.Take(':')) return std::nullopt;
  const auto minutes = in.Number(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  double seconds = 0;
  if (in.Take(':')) {
    const auto whole = in.Number(2);
    if (!whole || *whole > 59) return std::nullopt;
    seconds = static_cast<double>(*whole);
    if (in.Take('.')) {
      const auto fraction = in.Millionths();
      if (!fraction) return std::nullopt;
      seconds += static_cast<double>(*fraction) / 1e6;
    }
  }
  if (!in.AtEnd()) return std::nullopt;
  return static_cast<double>((days * 24 + *first) * 60 + *minutes) + seconds / 60;
}

}  // namespace assay::worker
