// One entry line or one segment of our own, opened for reading members by name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proof/canonical_json.h"

namespace assay::assess {

/// Members of a canonical JSON object that this software wrote. Missing members read as empty or 0:
/// lines are read after they were verified by hash, and older versions may lack a member.
class Line {
 public:
  /// kCorrupt when the text is no canonical JSON object. [any thread]
  static Result<Line> Decode(std::string_view text);
  std::string Text(const std::string& key) const;
  int64_t Int(const std::string& key) const;
  bool Has(const std::string& key) const { return members_.contains(key); }
  /// Integer members of the object `key`: {"counts":{"pass":3}}.
  std::map<std::string, int64_t> Counts(const std::string& key) const;
  /// Text members of the object `key`: {"plugins":{"graph":"..."}}.
  std::map<std::string, std::string> Texts(const std::string& key) const;
  /// Lists of integers in the list `key`: {"records":[[12,0],[12,5]]}.
  std::vector<std::vector<int64_t>> IntLists(const std::string& key) const;
  /// Integers in the list `key`: {"entries":[12,13]}.
  std::vector<uint64_t> Numbers(const std::string& key) const;
  /// Record root of the body, base64 as it stands; empty when the entry has none.
  std::string BodyRoot() const;

 private:
  const proof::Json* Find(const std::string& key) const;
  proof::JsonObject members_;
};

}  // namespace assay::assess
