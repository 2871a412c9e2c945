// What became of one check on one subject between two runs: nine buckets, each named by the state
// in which the pair landed. Every pair lands in exactly one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/verdict.h"

namespace assay {

enum class Delta : uint8_t {
  kNewFail = 1,
  kErrored = 2,
  kNotAssessedNow = 3,
  kFixed = 4,
  kNewPass = 5,
  kNewCheck = 6,
  kRemovedCheck = 7,
  kCheckChanged = 8,
  kUnchanged = 9,
};

/// In the order in which people read them: what got worse first.
inline constexpr std::array<Delta, 9> kDeltas = {
    Delta::kNewFail,      Delta::kErrored,      Delta::kNotAssessedNow,
    Delta::kFixed,        Delta::kNewPass,      Delta::kNewCheck,
    Delta::kRemovedCheck, Delta::kCheckChanged, Delta::kUnchanged};

/// "new_fail". [any thread]
std::string_view Name(Delta delta);
/// Nothing when unknown. [any thread]
std::optional<Delta> ParseDelta(std::string_view word);

/// What a run says of a pair; no verdict: nothing (the subject is not there, or it was not asked).
struct Standing {
  std::optional<Verdict> verdict;
  Reason reason = Reason::kNone;
};

/// The bucket of a pair whose check asks the same in both runs. `fixed` and `new_pass` are for what
/// passes now and for nothing else: a failure whose subject is gone, or that nobody can see any
/// more, is `not_assessed_now`. [any thread]
Delta DeltaOf(const Standing& before, const Standing& now);

}  // namespace assay
