// Two answers that name the same ids, in whatever order they come.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace assay::graph {

/// `text` with ASCII letters in lower case: ids compare so.
inline std::string Folded(std::string_view text) {
  std::string out(text);
  for (char& letter : out) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return out;
}

/// Ids that one answer asks about and another one lists. Each call says whether it is the one that
/// completed the pair, so what is done about an id is done once.
class Meeting {
 public:
  /// Some answer refers to the id. `id` is folded.
  bool Want(const std::string& id) {
    return !id.empty() && wanted_.insert(id).second && listed_.contains(id);
  }
  /// The list of all such objects holds the id. `id` is folded.
  bool List(const std::string& id) {
    return !id.empty() && listed_.insert(id).second && wanted_.contains(id);
  }
  /// Some wanted id was not listed.
  bool Unmet() const {
    for (const std::string& id : wanted_) {
      if (!listed_.contains(id)) return true;
    }
    return false;
  }

 private:
  std::unordered_set<std::string> wanted_, listed_;
};

}  // namespace assay::graph
