#include "config/control_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "config/csv.h"
#include "model/retired_controls.h"

namespace assay::config {
namespace {

constexpr size_t kMaxProblems = 5;
constexpr size_t kMaxIdBytes = 64;
constexpr size_t kMaxTitleBytes = 200;

/// One check or control that a row names, and where it stands.
struct Token {
  std::string text;
  uint32_t line = 0, column = 0;
};

/// Names between semicolons; a control id may hold a space ("dora:Art. 9(1)"), so spaces do not
/// part them.
std::vector<Token> TokensOf(const CsvCell& cell) {
  std::vector<Token> out;
  size_t start = 0;
  for (size_t i = 0; i <= cell.text.size(); ++i) {
    if (i < cell.text.size() && cell.text[i] != ';') continue;
    const std::string_view piece = std::string_view(cell.text).substr(start, i - start);
    const std::string_view name = Trim(piece);
    if (!name.empty())
      out.push_back({std::string(name), cell.line,
                     cell.column + static_cast<uint32_t>(name.data() - cell.text.data())});
    start = i + 1;
  }
  return out;
}

class ListReader {
 public:
  ListReader(const std::string& file, const std::string& id, const ListWorld& world)
      : file_(file), world_(world) {
    spec_.id = id;
    spec_.version = "1";
    spec_.title = "Own list of controls: " + id;
    spec_.kind = "own";
  }

  Result<FrameworkSpec> Read(const std::vector<CsvRow>& rows) {
    if (rows.empty()) return Fail(Code::kInvalidInput, file_ + ": is empty");
    ASSAY_TRY(ReadHeader(rows[0]));
    if (rows.size() == 1) return Fail(Code::kInvalidInput, file_ + ": has a header and no rows");
    for (size_t i = 1; i < rows.size(); ++i) ReadRow(rows[i]);
    if (!problems_.empty()) return Fail(Code::kInvalidInput, Join(problems_, "; "));
    return std::move(spec_);
  }

 private:
  void Wrong(uint32_t line, uint32_t column, const std::string& what) {
    if (problems_.size() < kMaxProblems)
      problems_.push_back(fmt::format("{}:{}:{}: {}", file_, line, column, what));
  }
  void Wrong(const CsvCell& cell, const std::string& what) { Wrong(cell.line, cell.column, what); }

  Status ReadHeader(const CsvRow& header) {
    for (size_t i = 0; i < header.size(); ++i) {
      const std::string name = AsciiLower(Trim(header[i].text));
      if (name != "id" && name != "title" && name != "equals" && name != "group")
        return Fail(Code::kInvalidInput,
                    fmt::format("{}:{}:{}: unknown column {}: id, title, equals, group", file_,
                                header[i].line, header[i].column, Quote(header[i].text, 60)));
      if (!columns_.emplace(name, i).second)
        return Fail(Code::kInvalidInput,
                    fmt::format("{}:{}:{}: column {} stands twice", file_, header[i].line,
                                header[i].column, Quote(name)));
    }
    for (const char* name : {"id", "title", "equals"})
      if (!columns_.contains(name))
        return Fail(Code::kInvalidInput,
                    fmt::format("{}:1:1: column {} is missing", file_, Quote(name)));
    return {};
  }

  void ReadRow(const CsvRow& row) {
    if (row.size() != columns_.size())
      return Wrong(row.back(),
                   fmt::format("{} cells, the header has {}", row.size(), columns_.size()));
    ControlSpec control;
    control.id = Trim(row[columns_.at("id")].text);
    CheckId(row[columns_.at("id")], control.id);
    control.title = Trim(row[columns_.at("title")].text);
    if (control.title.empty() || control.title.size() > kMaxTitleBytes ||
        control.title.find_first_of("\r\n") != std::string::npos)
      Wrong(row[columns_.at("title")], "a title is one line of 1 to 200 bytes");
    control.group = "controls";
    if (columns_.contains("group") && !Trim(row[columns_.at("group")].text).empty())
      control.group = Trim(row[columns_.at("group")].text);
    std::set<std::string> parties;
    for (const Token& token : TokensOf(row[columns_.at("equals")])) Take(token, control, parties);
    Finish(control, parties);
    spec_.controls.push_back(std::move(control));
  }

  void CheckId(const CsvCell& cell, const std::string& id) {
    if (id.empty() || id.size() > kMaxIdBytes || id.find_first_of("\r\n\t\"") != std::string::npos)
      return Wrong(cell, fmt::format("{} is not a control id: 1 to 64 characters on one line",
                                     Quote(id, 80)));
    const auto [at, fresh] = lines_.emplace(id, cell.line);
    if (!fresh)
      Wrong(cell, fmt::format("control {} stands in line {} already", Quote(id), at->second));
  }

  /// "framework:control" brings the checks of that control, anything else is a check.
  void Take(const Token& token, ControlSpec& control, std::set<std::string>& parties) {
    const size_t colon = token.text.find(':');
    if (colon == std::string::npos) {
      if (Contains(world_.checks, token.text)) return Add(control, token.text);
      return Dangling(token, "check", world_.checks);
    }
    const std::string framework = token.text.substr(0, colon);
    const std::string id(Trim(std::string_view(token.text).substr(colon + 1)));
    for (const FrameworkSpec* one : world_.frameworks)
      if (one->id == framework) return TakeControl(token, *one, id, control, parties);
    std::vector<std::string> known;
    for (const FrameworkSpec* one : world_.frameworks) known.push_back(one->id);
    Dangling({framework, token.line, token.column}, "framework", known);
  }

  void TakeControl(const Token& token, const FrameworkSpec& framework, const std::string& id,
                   ControlSpec& control, std::set<std::string>& parties) {
    std::vector<std::string> known;
    for (const ControlSpec& one : framework.controls) {
      known.push_back(one.id);
      if (one.id != id) continue;
      for (const std::string& check : one.checks) Add(control, check);
      parties.insert(one.responsibility.begin(), one.responsibility.end());
      control.needs_attestation = control.needs_attestation || one.needs_attestation;
      if (control.not_shown.empty()) control.not_shown = one.not_shown;
      return;
    }
    const std::string became = Join(RetiredTargets(id), ", ");
    if (!became.empty())
      return Wrong(token.line, token.column,
                   fmt::format("{} is a number of ISO/IEC 27001:2013, became {}", Quote(token.text),
                               became));
    Dangling({id, token.line, token.column}, fmt::format("control of {}", framework.id), known);
  }

  void Dangling(const Token& token, const std::string& what,
                const std::vector<std::string>& known) {
    const std::string near = NearestWord(token.text, known);
    Wrong(token.line, token.column,
          fmt::format("{} is no {}{}", Quote(token.text, 80), what,
                      near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near)));
  }

  static bool Contains(const std::vector<std::string>& list, const std::string& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  }
  static void Add(ControlSpec& control, const std::string& check) {
    if (!Contains(control.checks, check)) control.checks.push_back(check);
  }

  /// What follows from the rows that it equals.
  static void Finish(ControlSpec& control, std::set<std::string>& parties) {
    parties.erase("none");
    for (const char* party : {"customer", "provider", "microsoft"})
      if (parties.contains(party)) control.responsibility.push_back(party);
    if (control.responsibility.empty()) control.responsibility = {"customer"};
    if (control.checks.empty()) {
      control.automation = "manual";
      control.needs_attestation = true;
      control.reason =
          "The list names no check, and no control with a check, that this one equals.";
      return;
    }
    control.automation = control.needs_attestation ? "partial" : "automated";
    if (control.not_shown.empty())
      control.not_shown = "What this control asks for beside the checks that the list names.";
  }

  const std::string& file_;
  const ListWorld& world_;
  FrameworkSpec spec_;
  std::map<std::string, size_t> columns_;
  std::map<std::string, uint32_t> lines_;
  std::vector<std::string> problems_;
};

/// A TOML basic string.
std::string Text(std::string_view text) { return JsonString(text); }

std::string TextList(const std::vector<std::string>& items) {
  std::vector<std::string> out;
  for (const std::string& item : items) out.push_back(Text(item));
  return "[" + Join(out, ", ") + "]";
}

}  // namespace

Result<FrameworkSpec> ParseControlList(std::string_view csv, const std::string& file,
                                       const std::string& id, const ListWorld& world) {
  ASSAY_ASSIGN(const std::vector<CsvRow> rows, ParseCsv(csv, file));
  return ListReader(file, id, world).Read(rows);
}

std::string FormatControls(const FrameworkSpec& spec) {
  std::string out = fmt::format("id = {}\nversion = {}\ntitle = {}\nkind = \"own\"\n",
                                Text(spec.id), Text(spec.version), Text(spec.title));
  for (const ControlSpec& control : spec.controls) {
    out += fmt::format("\n[[control]]\nid = {}\ntitle = {}\ngroup = {}\nautomation = {}\n",
                       Text(control.id), Text(control.title), Text(control.group),
                       Text(control.automation));
    out +=
        fmt::format("needs_attestation = {}\nresponsibility = {}\n",
                    control.needs_attestation ? "true" : "false", TextList(control.responsibility));
    if (!control.reason.empty()) out += fmt::format("reason = {}\n", Text(control.reason));
    if (!control.not_shown.empty()) out += fmt::format("not_shown = {}\n", Text(control.not_shown));
  }
  return out;
}

std::string FormatMapping(const FrameworkSpec& spec) {
  std::string out;
  for (const ControlSpec& control : spec.controls)
    if (!control.checks.empty())
      out += fmt::format("[[map]]\ncontrol = {}\nchecks = {}\n\n", Text(control.id),
                         TextList(control.checks));
  return out;
}

}  // namespace assay::config
