// Runs one check: SQL to subjects, subjects to observations, observations to a result.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "worker/evaluator_database.h"
#include "worker/rollup.h"

namespace assay::worker {

/// Most records that one observation names; a subject with more rests on whole pages instead.
inline constexpr size_t kMaxRecordsOfSubject = 4096;

/// What all checks of one evaluation share.
struct Evidence {
  Pools pools;
  std::map<std::string, std::unique_ptr<RowStore>> stores;  ///< by dataset id
  Conditions conditions;
  std::map<std::string, std::string> faults;  ///< plugin -> why its views cannot be used
};

/// Decides `check`. Observations go to `sink` in order of their subjects, then the result returns.
/// A check that is refused, malformed or too costly is a result too (not_assessed) and gives no
/// observation. The error is the sink's. [one thread]
Result<CheckResult> DecideCheck(Database& database, Evidence& evidence, const CheckSpec& check,
                                const Budget& budget,
                                const std::function<Status(Observation)>& sink);

}  // namespace assay::worker
