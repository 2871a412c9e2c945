// Windows of time that a log is read in. They end at the evidence's time, so that a replay asks for
// the same ones.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace assay {

/// Two times in UTC as a parameter of type "time" wants them.
struct TimeWindow {
  std::string since;
  std::string until;
};

/// "2026-06-15T12:00:00Z"; fractions of a second are dropped.
inline std::string TimeText(int64_t ms) {
  using namespace std::chrono;
  const sys_seconds at = floor<seconds>(sys_time<milliseconds>(milliseconds(ms)));
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return out;
}

inline constexpr int64_t kDayMs = 86'400'000;

/// The last `days` days before `now_ms`, newest first, one window for each `slice` days.
inline std::vector<TimeWindow> WindowsBack(int64_t now_ms, int days, int slice = 1) {
  std::vector<TimeWindow> out;
  for (int64_t from = 0; from < days; from += slice) {
    const int64_t to = std::min<int64_t>(from + slice, days);
    out.push_back({TimeText(now_ms - to * kDayMs), TimeText(now_ms - from * kDayMs)});
  }
  return out;
}

}  // namespace assay
