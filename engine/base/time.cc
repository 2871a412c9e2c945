#include "base/time.h"

#include <date/date.h>
#include <fmt/format.h>

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

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

std::string FormatTime(Timestamp time) { return date::format("%FT%TZ", time); }

Result<Timestamp> ParseTime(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  // 100 ns ticks: Microsoft prints seven digits, and the year 0001 must not overflow.
  date::sys_time<std::chrono::duration<int64_t, std::ratio<1, 10'000'000>>> value;
  const bool zulu = text.ends_with('Z') || text.ends_with('z');
  in >> date::parse(zulu ? "%FT%TZ" : "%FT%T%Ez", value);
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof())
    return Fail(Code::kInvalidInput, "time " + Quote(text) + ": expected RFC 3339 with a zone");
  return std::chrono::floor<std::chrono::milliseconds>(value);
}

}  // namespace assay
