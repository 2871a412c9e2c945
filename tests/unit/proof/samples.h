// Published vectors beside the checkout ("../shared/samples"), when they are there.
#pragma once

#include <algorithm>
#include <filesystem>
#include <regex>

#include "base/files.h"
#include "support/matchers.h"

namespace assay::testing {

inline std::filesystem::path SampleRoot() {
  return std::filesystem::path(ASSAY_SOURCE_DIR) / "../shared/samples";
}

inline std::vector<std::filesystem::path> SampleFiles(const std::string& folder) {
  std::vector<std::filesystem::path> out;
  std::error_code absent;
  for (const auto& item : std::filesystem::directory_iterator(SampleRoot() / folder, absent))
    out.push_back(item.path());
  std::sort(out.begin(), out.end());
  return out;
}

inline void SayWhenAbsent(int seen, const std::string& what) {
  if (seen == 0) WARN("SAMPLES ABSENT: " << what << " was not tested, no ../shared/samples");
}

/// One flat vector file; hashes that are not 32 bytes make it not well formed.
class Sample {
 public:
  explicit Sample(std::string text) : text_(std::move(text)) {}
  uint64_t Number(const std::string& key) const { return std::stoull(Find(key, "([0-9]+)")); }
  bool Flag(const std::string& key) const { return Find(key, "(true|false)") == "true"; }
  Digest Hash(const std::string& key) const { return Decode(Find(key, "\"([^\"]*)\"")); }
  std::vector<Digest> Hashes(const std::string& key) const {
    std::vector<Digest> out;
    const std::string list = Find(key, "\\[([^\\]]*)\\]");
    static const std::regex item("\"([^\"]*)\"");
    for (std::sregex_iterator it(list.begin(), list.end(), item), end; it != end; ++it)
      out.push_back(Decode((*it)[1].str()));
    return out;
  }
  bool well_formed() const { return well_formed_; }

 private:
  std::string Find(const std::string& key, const std::string& value) const {
    std::smatch match;
    return std::regex_search(text_, match, std::regex("\"" + key + "\": *" + value))
               ? match[1].str()
               : std::string();
  }
  Digest Decode(const std::string& text) const {
    const auto bytes = ParseBase64(text);
    const auto digest = bytes ? ToDigest(*bytes) : Result<Digest>(Fail(bytes.error()));
    if (!digest) well_formed_ = false;
    return digest.value_or(Digest{});
  }
  std::string text_;
  mutable bool well_formed_ = true;
};

inline std::string ReadText(const std::filesystem::path& file) {
  const auto bytes = ReadFile(file);
  return bytes ? std::string(AsText(*bytes)) : std::string();
}
inline Sample ReadSample(const std::filesystem::path& file) { return Sample(ReadText(file)); }

}  // namespace assay::testing
