#include "model/verdict.h"

#include <array>
#include <utility>

namespace assay {
namespace {

template <typename T, size_t N>
using Words = std::array<std::pair<T, std::string_view>, N>;

constexpr Words<Verdict, 5> kVerdicts{{{Verdict::kPass, "pass"},
                                       {Verdict::kFail, "fail"},
                                       {Verdict::kManual, "manual"},
                                       {Verdict::kNotApplicable, "not_applicable"},
                                       {Verdict::kNotAssessed, "not_assessed"}}};
constexpr Words<Reason, 9> kReasons{{{Reason::kNone, "none"},
                                     {Reason::kPermission, "permission"},
                                     {Reason::kLicence, "licence"},
                                     {Reason::kThrottled, "throttled"},
                                     {Reason::kUnavailable, "unavailable"},
                                     {Reason::kPartial, "partial"},
                                     {Reason::kStale, "stale"},
                                     {Reason::kPluginFault, "plugin_fault"},
                                     {Reason::kUnsupported, "unsupported"}}};
constexpr Words<Completeness, 3> kCompleteness{{{Completeness::kComplete, "complete"},
                                                {Completeness::kPartial, "partial"},
                                                {Completeness::kUnavailable, "unavailable"}}};
constexpr Words<ControlState, 5> kStates{{{ControlState::kSatisfied, "satisfied"},
                                          {ControlState::kNotSatisfied, "not_satisfied"},
                                          {ControlState::kExcepted, "excepted"},
                                          {ControlState::kUnknown, "unknown"},
                                          {ControlState::kUncovered, "uncovered"}}};
constexpr Words<Severity, 5> kSeverities{{{Severity::kCritical, "critical"},
                                          {Severity::kHigh, "high"},
                                          {Severity::kMedium, "medium"},
                                          {Severity::kLow, "low"},
                                          {Severity::kInfo, "info"}}};

template <typename T, size_t N>
std::string_view WordOf(const Words<T, N>& words, T value) {
  for (const auto& [v, word] : words)
    if (v == value) return word;
  return "invalid";
}

template <typename T, size_t N>
std::optional<T> ValueOf(const Words<T, N>& words, std::string_view word) {
  for (const auto& [v, w] : words)
    if (w == word) return v;
  return std::nullopt;
}

}  // namespace

std::string_view Name(Verdict verdict) { return WordOf(kVerdicts, verdict); }
std::string_view Name(Reason reason) { return WordOf(kReasons, reason); }
std::string_view Name(Completeness completeness) { return WordOf(kCompleteness, completeness); }
std::string_view Name(ControlState state) { return WordOf(kStates, state); }
std::string_view Name(Severity severity) { return WordOf(kSeverities, severity); }

std::optional<Verdict> ParseVerdict(std::string_view word) { return ValueOf(kVerdicts, word); }
std::optional<Reason> ParseReason(std::string_view word) { return ValueOf(kReasons, word); }
std::optional<Severity> ParseSeverity(std::string_view word) { return ValueOf(kSeverities, word); }
std::optional<ControlState> ParseControlState(std::string_view word) {
  return ValueOf(kStates, word);
}

}  // namespace assay
