// What a person sees after a run. Pure functions from the report to text.
#pragma once

#include <map>
#include <string>

#include "assess/run.h"
#include "model/check.h"

namespace assay::cli {

/// Marks carry shape and word, never colour alone (journeys.md section 2).
struct Style {
  bool color = false;
  bool ascii = false;
};

using CheckCatalogue = std::map<std::string, CheckSpec>;

/// The mark of a verdict: "✗" or "[FAIL]". [any thread]
std::string Mark(Verdict verdict, const Style& style);

/// collect, check and commit lines, verdict counts and what is worth a look. Ends with a newline.
std::string RunSummary(const assess::RunReport& report, const CheckCatalogue& checks,
                       const Style& style);
/// One line a framework: a fraction with its denominators, uncovered said aloud; never a single score.
std::string ControlSummary(const std::vector<ControlResult>& controls, const Style& style);

/// Report of a run as the `data` of the JSON envelope.
std::string RunReportJson(const assess::RunReport& report, const std::string& tenant);

}  // namespace assay::cli
