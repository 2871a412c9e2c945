// Time: milliseconds since the Unix epoch in UTC, and the clock as a thing that is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay {

/// A moment in UTC, milliseconds since 1970-01-01T00:00:00Z.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// The wall clock behind an interface, so that a test can tick it by hand. [any thread]
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
  /// Sleeps at most `duration`; a manual clock advances itself instead.
  virtual void SleepFor(std::chrono::milliseconds duration) const = 0;
};

/// The machine's clock. Lives as long as the process. [any thread]
const Clock& SystemClock();

/// "2026-11-20T02:16:09.123Z", always three fraction digits. [any thread]
std::string FormatTime(Timestamp time);
/// RFC 3339 with a zone; kInvalidInput else. Fractions past milliseconds are truncated.
Result<Timestamp> ParseTime(std::string_view text);
/// True when `text` has the characters of `form`, where '0' stands for any digit and 'a' for any
/// letter. Asked before the date library, which converts seconds like "p0" to a number out of
/// range.
bool HasForm(std::string_view text, std::string_view form);
inline int64_t ToUnixMs(Timestamp time) { return time.time_since_epoch().count(); }
inline Timestamp FromUnixMs(int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }

}  // namespace assay
