// The words of results, of comparisons and of the glossary, and the exit codes: what `assay
// explain` says of each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/explain_text.h"

namespace assay::cli {

/// Verdicts, buckets of a comparison, exit codes ("exit-4"). [any thread]
const std::vector<Explanation>& WordExplanations();

/// One row of docs/glossary.md, which is built into the program.
struct Term {
  std::string name, meaning, not_this;
};
/// A row that names several words gives one term for each. [any thread]
const std::vector<Term>& GlossaryTerms();
/// ASCII case ignored; null when unknown.
const Term* FindTerm(std::string_view name);

}  // namespace assay::cli
