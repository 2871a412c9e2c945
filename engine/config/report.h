// Collects the diagnostics of one pass and gives each its source line, never showing a secret.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/diagnostic.h"
#include "config/document.h"

namespace assay::config {

class Report {
 public:
  /// Adds an error; the returned diagnostic takes a caret note and notes. It is valid until the
  /// next call.
  Diagnostic& Error(std::string_view code, const Place& place, std::string message);
  Diagnostic& Warning(std::string_view code, const Place& place, std::string message);
  /// The characters from `place` to the end of its line hold a secret: no message shows them.
  void HideFrom(const Place& place);
  /// `secret` stands in no message, whoever quotes it.
  void HideText(std::string_view secret);
  /// True when something was reported at exactly this place.
  bool HasAt(const Place& place) const;
  bool has_errors() const;

  /// All, in order of file and place, with their source lines from `documents`.
  std::vector<Diagnostic> Finish(const std::vector<const Document*>& documents);
  /// The first five errors as kInvalidInput "file:line:col: message; ...", kOk without errors.
  Status FirstErrors(const std::vector<const Document*>& documents);

 private:
  void RemoveSecrets(std::string& text) const;

  std::vector<Diagnostic> all_;
  std::vector<std::string> secrets_;
  std::map<std::pair<std::string, uint32_t>, uint32_t>
      hidden_;  // (file, line) -> first hidden column
};

}  // namespace assay::config
