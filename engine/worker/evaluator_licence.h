// Does the tenant have the licence that a check needs? Decided before the check's own SQL runs.
#pragma once

#include <optional>

#include "worker/evaluator_judge.h"

namespace assay::worker {

/// Asks the view `<collector>_plan` (plan_id, plan_name: service plans that are usable now) for one
/// of `check.licence`. Nothing when one is there, or none is needed; else the check's result, which
/// is not_assessed: `licence`; the reason of an incomplete dataset behind the view; `unsupported`
/// when the collector has no such view; `plugin_fault` when the view cannot be read.
std::optional<CheckResult> RefuseLicence(Database& database, const Evidence& evidence,
                                         const CheckSpec& check, const Standing& standing,
                                         const Budget& budget);

}  // namespace assay::worker
