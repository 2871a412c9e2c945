// How assay speaks: results on stdout, narration on stderr, one JSON document with --json, marks
// with shape, tables that stay aligned, errors in one form.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/verdict.h"

namespace assay::cli {

/// What the terminal can show.
struct Terminal {
  bool color = false;
  bool ascii = false;  ///< marks as letters
  bool utc = true;     ///< times in UTC, else in the zone of the machine
  bool tty = false;    ///< stdout is one
  int columns = 80;
};

using Environment = std::map<std::string, std::string>;

/// From --color, --ascii, --utc, --local and NO_COLOR, CLICOLOR_FORCE, TERM, COLUMNS, LC_ALL,
/// LC_CTYPE, LANG.
Terminal DetectTerminal(const std::string& color, bool ascii, bool local, bool tty,
                        const Environment& env);

/// Where text goes; a test collects it.
using Sink = std::function<void(std::string_view)>;

/// "✓" pass, "✗" fail, "◐" manual, "○" not assessed, "–" not applicable; letters in ASCII. Never
/// colour alone.
std::string VerdictMark(Verdict verdict, const Terminal& terminal);
/// The typographic signs of our own texts as ASCII; what a tenant wrote stays as it is.
std::string PlainSigns(std::string_view text);
/// Text in a colour ("red", "yellow", "green", "dim", "bold"), unchanged without colour.
std::string Paint(std::string_view text, std::string_view colour, const Terminal& terminal);
/// "2026-11-20T02:16:09Z", or with the offset of the machine's zone.
std::string ShowTime(Timestamp time, const Terminal& terminal);

/// A table of plain text: columns as wide as their widest cell, the last one free. Control
/// characters in cells become spaces. The header is written only on a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string Format(const Terminal& terminal) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// "error[AS-CON-003]: message", context lines, "= help: hint". Without an id: "error: message".
std::string FormatError(const Error& error, const Terminal& terminal);

/// The document of --json:
/// {"schema":"assay.cli/1","command":...,"ok":...,"as_of":...,"data":...,"warnings":[],"errors":[]}.
struct Envelope {
  std::string command;  ///< "finding list"
  bool ok = true;
  Timestamp as_of{};
  std::string data = "{}";  ///< JSON
  std::vector<std::string> warnings;
  std::vector<Error> errors;
  std::string errors_json;  ///< JSON array used instead of `errors` when not empty
};
std::string FormatEnvelope(const Envelope& envelope);
/// What stands before and after `data` of that document, for data that is written piece by piece.
std::pair<std::string, std::string> EnvelopeFrame(Envelope envelope);

}  // namespace assay::cli
