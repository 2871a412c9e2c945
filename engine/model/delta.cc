#include "model/delta.h"

namespace assay {
namespace {

constexpr std::string_view kNames[] = {
    "",         "new_fail",  "errored",       "not_assessed_now", "fixed",
    "new_pass", "new_check", "removed_check", "check_changed",    "unchanged"};

/// Where a pair lands; only the first two are decisions.
enum class Landing : uint8_t { kFail, kPass, kUndecided, kError, kNothing };

Landing LandingOf(const Standing& standing) {
  if (!standing.verdict) return Landing::kNothing;
  if (*standing.verdict == Verdict::kFail) return Landing::kFail;
  if (*standing.verdict == Verdict::kPass) return Landing::kPass;
  const bool fault =
      *standing.verdict == Verdict::kNotAssessed && standing.reason == Reason::kPluginFault;
  return fault ? Landing::kError : Landing::kUndecided;
}

}  // namespace

std::string_view Name(Delta delta) { return kNames[static_cast<size_t>(delta)]; }

std::optional<Delta> ParseDelta(std::string_view word) {
  for (const Delta delta : kDeltas)
    if (Name(delta) == word) return delta;
  return std::nullopt;
}

Delta DeltaOf(const Standing& before, const Standing& now) {
  const Landing from = LandingOf(before), to = LandingOf(now);
  if (from == to) return Delta::kUnchanged;
  // It had no decision, and has none: only that its subject is gone is new.
  if (from == Landing::kUndecided && to == Landing::kNothing) return Delta::kUnchanged;
  switch (to) {
    case Landing::kFail:
      return Delta::kNewFail;
    case Landing::kPass:
      return from == Landing::kFail ? Delta::kFixed : Delta::kNewPass;
    case Landing::kError:
      return Delta::kErrored;
    case Landing::kUndecided:
    case Landing::kNothing:
      return Delta::kNotAssessedNow;
  }
  return Delta::kUnchanged;
}

}  // namespace assay
