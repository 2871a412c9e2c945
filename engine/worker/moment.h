// Times and lengths of time as the SQL of checks meets them: text of services, read strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::worker {

/// Microseconds since 1970-01-01T00:00Z of an RFC 3339 date-time, or of a date (its midnight).
/// Without a zone it is UTC; further digits of a fraction are cut off. Nothing for other text.
std::optional<int64_t> ParseMoment(std::string_view text);

/// Seconds of an ISO 8601 duration ("P1Y6M", "PT8H", "P2W"), with a year of 365 days and a month of
/// 30. A fraction may stand in the last part. Nothing for other text, a sign, or 10^9 days and
/// more.
std::optional<double> ParseIsoDuration(std::string_view text);

/// Minutes of "[d.]hh:mm[:ss[.fff]]". Nothing for other text, hours over 23, minutes or seconds
/// over 59.
std::optional<double> ParseTimespan(std::string_view text);

}  // namespace assay::worker
