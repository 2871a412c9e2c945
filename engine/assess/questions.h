// Whether a check asks the same in two runs. A verdict that changed because the question did says
// nothing of the tenant, whoever changed it: an update, an author who forgot the version, or the
// configuration.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assess/runs.h"
#include "base/result.h"

namespace assay::assess {

/// By id of a check that both runs were given: how its question differs ("parameter days is 30, was
/// 90"), by its SQL with the views that it uses, the data that it reads, and its parameters. Titles
/// and severities are no part of a question. What cannot be compared any more is told in `notes`.
/// kCorrupt, kIo.
Result<std::map<std::string, std::string>> ChangedQuestions(ledger::Ledger& ledger,
                                                            const RunRow& before, const RunRow& now,
                                                            std::vector<std::string>& notes);

/// Everything that decides, of a check, in one text; `views` is the views.sql of its plugin.
/// [any thread]
std::string QuestionText(const CheckSpec& check, std::string_view views);

}  // namespace assay::assess
