// The words of product-rules: verdicts, reasons, completeness, control states, severities, and how
// they roll up. Values equal those of plugin-api (framework.h, emit.h) and of the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

enum class Verdict : uint8_t {
  kPass = 1,
  kFail = 2,
  kManual = 3,
  kNotApplicable = 4,
  kNotAssessed = 5,
};

/// Why something was not assessed, or why a dataset is not complete. kNone elsewhere.
enum class Reason : uint8_t {
  kNone = 0,
  kPermission = 1,
  kLicence = 2,
  kThrottled = 3,
  kUnavailable = 4,
  kPartial = 5,
  kStale = 6,
  kPluginFault = 7,
  kUnsupported = 8,
};

enum class Completeness : uint8_t { kComplete = 0, kPartial = 1, kUnavailable = 2 };

enum class ControlState : uint8_t {
  kSatisfied = 1,
  kNotSatisfied = 2,
  kExcepted = 3,
  kUnknown = 4,
  kUncovered = 5,
};

enum class Severity : uint8_t { kCritical = 1, kHigh = 2, kMedium = 3, kLow = 4, kInfo = 5 };

/// The word as it stands in TOML, JSON and on screens ("not_assessed"). [any thread]
std::string_view Name(Verdict verdict);
std::string_view Name(Reason reason);
std::string_view Name(Completeness completeness);
std::string_view Name(ControlState state);
std::string_view Name(Severity severity);

/// The value of a word, nothing when unknown. [any thread]
std::optional<Verdict> ParseVerdict(std::string_view word);
std::optional<Reason> ParseReason(std::string_view word);
std::optional<Severity> ParseSeverity(std::string_view word);
std::optional<ControlState> ParseControlState(std::string_view word);

}  // namespace assay
