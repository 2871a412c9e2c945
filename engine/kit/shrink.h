// Makes the input that broke a plugin small: what is left is what breaks it. Bounded in trials and
// time; a plugin that hangs takes seconds for each.
#pragma once

#include "kit/fuzz.h"

namespace assay::kit {

/// Results of checks for a framework, as a seed says: every verdict, some missing, some huge.
std::vector<CheckResult> RandomResults(const assess::LoadedPlugin& plugin, uint64_t seed);

/// What is wrong with one run over `fixture`; empty when nothing is. `twice`: runs that differ too.
Result<std::string> ProblemOf(const Bench& bench, const Fixture& fixture, const Trial& trial,
                              bool twice);

/// The answers (or results) of `one` as they were given to the plugin, made smaller as long as the
/// same kind of problem comes. Nothing when it does not come of them alone, as with links that only
/// a longer read follows.
Result<std::optional<Fixture>> Shrink(const Bench& bench, const Fixture& fixture,
                                      const FuzzCase& one);

}  // namespace assay::kit
