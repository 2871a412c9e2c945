// What a person sees after a run. Pure functions from the report to text.
#pragma once

#include <map>
#include <string>

#include "assess/run.h"
#include "cli/command.h"
#include "model/check.h"

namespace assay::cli {

/// Colour and ASCII are those of the terminal (output.h).
using Style = Terminal;
inline const Style& StyleOf(const Context& context) { return context.terminal; }

using CheckCatalogue = std::map<std::string, CheckSpec>;

inline std::string Mark(Verdict verdict, const Style& style) { return VerdictMark(verdict, style); }

/// collect, check and commit lines, verdict counts and what is worth a look. Ends with a newline.
std::string RunSummary(const assess::RunReport& report, const CheckCatalogue& checks,
                       const Style& style);
/// One line a framework: a fraction with its denominators, uncovered said aloud; never a single
/// score.
std::string ControlSummary(const std::vector<ControlResult>& controls, const Style& style);

/// Report of a run as the `data` of the JSON envelope; `changes` is JSON (changes.h).
std::string RunReportJson(const assess::RunReport& report, const std::string& tenant,
                          const std::string& changes = "null");

}  // namespace assay::cli
