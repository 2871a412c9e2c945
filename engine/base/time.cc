#include "base/time.h"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <thread>

namespace assay {
namespace {

class MachineClock : public Clock {
 public:
  Timestamp Now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
  void SleepFor(std::chrono::milliseconds duration) const override {
    std::this_thread::sleep_for(duration);
  }
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The text up to its seconds; empty when what follows is neither a zone nor a fraction and a zone.
std::string_view WithoutFractionAndZone(std::string_view text) {
  constexpr size_t kSeconds = 19;
  if (text.size() <= kSeconds) return {};
  const auto* const end = text.data() + text.size();
  const auto* const fraction = text.data() + kSeconds;
  const auto* const zone =
      *fraction == '.' ? std::find_if_not(fraction + 1, end, IsDigit) : fraction;
  const std::string_view rest(zone, static_cast<size_t>(end - zone));
  const bool digits = zone != fraction + 1;
  return digits && (rest == "Z" || HasForm(rest, "+00:00") || HasForm(rest, "-00:00"))
             ? text.substr(0, kSeconds)
             : std::string_view();
}

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

std::string FormatTime(Timestamp time) { return date::format("%FT%TZ", time); }

bool HasForm(std::string_view text, std::string_view form) {
  const auto fits = [](char want, char c) {
    if (want == '0') return IsDigit(c);
    return want == 'a' ? (c | 0x20) >= 'a' && (c | 0x20) <= 'z' : c == want;
  };
  return std::equal(form.begin(), form.end(), text.begin(), text.end(), fits);
}

Result<Timestamp> ParseTime(std::string_view text) {
  const auto refused = [&] {
    return Fail(Code::kInvalidInput, "time " + Quote(text) + ": expected RFC 3339 with a zone");
  };
  if (!HasForm(WithoutFractionAndZone(text), "0000-00-00T00:00:00")) return refused();
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  // 100 ns ticks: Microsoft prints seven digits, and the year 0001 must not overflow.
  date::sys_time<std::chrono::duration<int64_t, std::ratio<1, 10'000'000>>> value;
  const bool zulu = text.ends_with('Z');
  in >> date::parse(zulu ? "%FT%TZ" : "%FT%T%Ez", value);
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return refused();
  return std::chrono::floor<std::chrono::milliseconds>(value);
}

}  // namespace assay
