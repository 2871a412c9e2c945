// The long form of every message code and of the words that results use: what, why, what to do.
#pragma once

#include <string_view>
#include <vector>

namespace assay::cli {

struct Explanation {
  std::string_view name;    ///< "AS-CON-003" or "not_assessed"
  std::string_view what;    ///< one sentence
  std::string_view why;     ///< why assay behaves so
  std::string_view remedy;  ///< the smallest way out; empty for words
};

/// Every code and word, codes first. [any thread]
const std::vector<Explanation>& Explanations();
/// ASCII case ignored; nullptr when unknown.
const Explanation* FindExplanation(std::string_view name);

}  // namespace assay::cli
