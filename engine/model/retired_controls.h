// Numbers of Annex A of ISO/IEC 27001:2013, and what they became in 2022. Numbers are facts (the
// correspondence is that of ISO/IEC 27002:2022, annex B); no text of either standard is here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// What a retired number became, in order and each once: {"A.8.2"} for "A.9.2.3"; for a section or
/// a whole clause ("A.9.2", "A.16") that of all its controls. Empty for anything that is no number
/// of 2013, and for numbers that both editions use. [any thread]
std::vector<std::string> RetiredTargets(std::string_view id);

/// A retired number in a text.
struct RetiredMention {
  size_t line = 0, column = 0;  ///< from 1, in bytes
  std::string id;
  std::vector<std::string> became;
};
/// Every retired number that stands in `text` as a word of its own. [any thread]
std::vector<RetiredMention> FindRetired(std::string_view text);

}  // namespace assay
