// A message about a configuration file: code, text, place with caret, hint. All errors of one pass
// are collected; printing is here so that text and JSON cannot disagree. Form: cli.md section 3.5.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace assay::config {

struct Diagnostic {
  bool is_error = true;
  std::string code;     ///< "AS-CFG-001"
  std::string message;  ///< "unknown key \"shedule\" in [[tenants]]"
  Place place;
  std::string
      source_line;  ///< text of place.line, empty when unknown; never shown when it holds a secret
  std::string caret_note;          ///< beside the carets
  std::vector<std::string> notes;  ///< "= help: ..." lines
};

/// At most 50, then one count line. `color` adds ANSI colours. [any thread]
std::string FormatDiagnostics(const std::vector<Diagnostic>& all, bool color);
/// JSON array of {code, message, file, line, col, end_line, end_col, hint, help}.
std::string DiagnosticsJson(const std::vector<Diagnostic>& all);

}  // namespace assay::config
