// What is wrong with a framework although it loads: things that a reader of its pages would miss or
// be misled by.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/framework.h"

namespace assay::assess {

struct FrameworkProblem {
  std::string where;  ///< "dora:Art. 9(1)", "dora", or the id of a check
  std::string what;   ///< one line
  bool is_error = true;
};

/// Judges one framework. `known_checks`: every check that there is; empty when nobody knows.
/// Errors: a mapping to a check that does not exist, a retired number, a control without
/// responsibility, a manual one without its reason, one with checks that does not say what they do
/// not show, a missing level or reason in a law, a law that calls an item automated, two controls
/// of one title. Warnings: manual although checks are mapped, automated or partial without a check.
/// [any thread]
std::vector<FrameworkProblem> LintFramework(const FrameworkSpec& spec,
                                            const std::set<std::string>& known_checks);

/// Checks that no control of any of the frameworks is mapped to. [any thread]
std::vector<std::string> UnmappedChecks(const std::vector<const FrameworkSpec*>& frameworks,
                                        const std::set<std::string>& known_checks);

}  // namespace assay::assess
