// checks/*.toml to CheckSpec values: docs/formats/check.md.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/check_source.h"
#include "config/load.h"
#include "config/params.h"
#include "config/schema.h"
#include "config/string_place.h"

namespace assay::config {
namespace {

constexpr size_t kMaxSqlBytes = 64u << 10;

const Schema& CheckSchema() {
  static const Schema schema{
      .title = "[[check]]",
      .keys = {{.name = "id", .type = &kId, .required = true},
               {.name = "version", .type = &kCount, .required = true},
               {.name = "title", .required = true},
               {.name = "severity", .required = true, .words = "critical|high|medium|low|info"},
               {.name = "subject", .type = &kSqlName, .required = true},
               {.name = "reads", .type = &kSqlNameList, .required = true},
               {.name = "partial_fail", .type = &kSqlNameList},
               {.name = "optional", .type = &kSqlNameList},
               {.name = "licence", .type = &kIdList},
               {.name = "empty", .words = "pass|fail|not_applicable|not_assessed"},
               {.name = "params", .type = &kFreeTable},
               {.name = "rationale"},
               {.name = "remediation"},
               {.name = "references", .type = &kFreeTable},
               {.name = "sql", .required = true}},
      .noun = "check",
      .identity = "id"};
  return schema;
}

const Schema& CheckFileSchema() {
  static const Schema schema{
      .title = "a file of checks",
      .keys = {{.name = "check", .type = &kTables, .required = true, .table = CheckSchema}}};
  return schema;
}

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Skips what SQL quotes: '...', "...", -- comment, /* comment */. Returns the index after it, or
// `at`.
size_t SkipQuoted(std::string_view sql, size_t at) {
  const auto after = [&](std::string_view end, size_t from) {
    const size_t found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  if (sql[at] == '\'') return after("'", at + 1);
  if (sql[at] == '"') return after("\"", at + 1);
  if (sql.substr(at, 2) == "--") return after("\n", at + 2);
  if (sql.substr(at, 2) == "/*") return after("*/", at + 2);
  return at;
}

std::set<std::string> ParametersOf(std::string_view sql) {
  const auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::set<std::string> out;
  for (size_t at = 0; at < sql.size();) {
    if (const size_t next = SkipQuoted(sql, at); next != at) {
      at = next;
      continue;
    }
    size_t end = at + 1;
    if (sql[at] == ':')
      while (end < sql.size() && in_name(sql[end])) ++end;
    if (end > at + 1) out.emplace(sql.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

void CheckSql(const Fields& fields, const CheckSpec& check, Report& report) {
  const Place place = fields.Where("sql");
  if (Trim(check.sql).empty())
    report.Error("AS-CFG-004", place, fmt::format("check {}: sql is empty", Quote(check.id)));
  if (check.sql.size() > kMaxSqlBytes || check.sql.find('\0') != std::string::npos)
    report.Error(
        "AS-CFG-004", place,
        fmt::format("check {}: sql is longer than 64 KiB or holds a zero byte", Quote(check.id)));
  const std::set<std::string> used = ParametersOf(check.sql);
  for (const std::string& name : used)
    if (!check.params.contains(name))
      report.Error("AS-CFG-009", place,
                   fmt::format("check {}: sql uses parameter :{}, which params does not give",
                               Quote(check.id), name));
  for (const auto& [name, value] : check.params)
    if (!used.contains(name))
      report.Error(
          "AS-CFG-009", fields.Where("params"),
          fmt::format("check {}: sql does not use parameter {}", Quote(check.id), Quote(name)));
}

void CheckDatasets(const Fields& fields, const CheckSpec& check, Report& report) {
  if (check.subject != "tenant" && !Contains(check.reads, check.subject))
    report.Error("AS-CFG-009", fields.Where("subject"),
                 fmt::format("check {}: subject {} is not among its reads", Quote(check.id),
                             Quote(check.subject)));
  for (const char* key : {"partial_fail", "optional"}) {
    const std::vector<std::string> names = fields.Texts(key);
    for (size_t i = 0; i < names.size(); ++i)
      if (!Contains(check.reads, names[i]))
        report.Error(
            "AS-CFG-009", fields.Where(key, i),
            fmt::format("check {}: {} is not among its reads", Quote(check.id), Quote(names[i])));
  }
}

void ReadReferences(const Fields& fields, CheckSpec& check, Report& report) {
  const auto [document, node] = fields.Find("references");
  if (node == nullptr || !node->is_table()) return;
  for (const auto& [key, value] : *node->as_table()) {
    std::vector<std::string>& items = check.references[std::string(key.str())];
    const toml::array* list = value.as_array();
    if (list == nullptr) {
      report.Error("AS-CFG-004", PlaceOf(*document, value),
                   "expected a list of strings, found " + Found(value));
      continue;
    }
    for (const toml::node& item : *list) {
      if (const auto* text = item.as_string())
        items.push_back(text->get());
      else
        report.Error("AS-CFG-004", PlaceOf(*document, item),
                     "expected a string, found " + Found(item));
    }
  }
}

CheckSpec ReadCheck(const Fields& fields, const std::string& plugin, Report& report) {
  CheckSpec check;
  check.id = fields.Text("id");
  const int64_t version = fields.Integer("version");
  if (fields.Has("version") && (version < 1 || version > 1'000'000))
    report.Error("AS-CFG-004", fields.Where("version"), "a version counts from 1");
  check.version = static_cast<uint32_t>(std::clamp<int64_t>(version, 1, 1'000'000));
  check.title = fields.Text("title");
  check.severity = ParseSeverity(fields.Text("severity")).value_or(Severity::kMedium);
  check.plugin = plugin;
  check.subject = fields.Text("subject");
  check.reads = fields.Texts("reads");
  check.partial_fail = fields.Texts("partial_fail");
  check.optional = fields.Texts("optional");
  check.licence = fields.Texts("licence");
  check.empty = ParseVerdict(fields.Text("empty"));
  check.params = ReadParams(fields, report);
  check.rationale = fields.Text("rationale");
  check.remediation = fields.Text("remediation");
  check.sql = fields.Text("sql");
  ReadReferences(fields, check, report);
  if (fields.Has("sql")) CheckSql(fields, check, report);
  if (fields.Has("reads") && fields.Has("subject")) CheckDatasets(fields, check, report);
  return check;
}

}  // namespace

struct CheckSource::Parts {
  Document document;
  Report report;
  std::vector<Fields> fields;
  std::vector<CheckSpec> checks;
};

CheckSource::CheckSource(std::string_view toml, const std::string& file, const std::string& plugin)
    : parts_(std::make_unique<Parts>()) {
  Parts& p = *parts_;
  SyntaxError error;
  p.document = ParseDocument(toml, file, error);
  if (!p.document.valid) {
    p.report.Error("AS-CFG-003", error.place, error.message);
    return;
  }
  Walker(p.report).Walk(p.document, CheckFileSchema(), true);
  p.fields = Fields(CheckFileSchema(), {{&p.document, &p.document.root}}).Items("check");
  for (const Fields& item : p.fields) p.checks.push_back(ReadCheck(item, plugin, p.report));
}

CheckSource::~CheckSource() = default;
CheckSource::CheckSource(CheckSource&&) noexcept = default;
CheckSource& CheckSource::operator=(CheckSource&&) noexcept = default;

const std::vector<CheckSpec>& CheckSource::checks() const { return parts_->checks; }
bool CheckSource::has_errors() const { return parts_->report.has_errors(); }

void CheckSource::Error(size_t index, std::string_view key, std::string_view code,
                        std::string message, std::string note, size_t item) {
  const Fields& fields = parts_->fields[index];
  const Place place = item == kWhole ? fields.Where(key) : fields.Where(key, item);
  parts_->report.Error(code, place, std::move(message)).caret_note = std::move(note);
}

void CheckSource::Warning(size_t index, std::string_view key, std::string_view code,
                          std::string message, std::string note) {
  const Place place = parts_->fields[index].Where(key);
  parts_->report.Warning(code, place, std::move(message)).caret_note = std::move(note);
}

void CheckSource::ErrorInSql(size_t index, size_t line, size_t column, std::string_view code,
                             std::string message) {
  const std::string& sql = parts_->checks[index].sql;
  size_t offset = 0;
  for (; line > 1 && offset < sql.size(); ++offset)
    if (sql[offset] == '\n') --line;
  const auto [document, node] = parts_->fields[index].Find("sql");
  parts_->report.Error(code, PlaceInString(*document, *node, offset + column - 1),
                       std::move(message));
}

std::vector<Diagnostic> CheckSource::Finish() { return parts_->report.Finish({&parts_->document}); }

Status CheckSource::FirstErrors() { return parts_->report.FirstErrors({&parts_->document}); }

Result<std::vector<CheckSpec>> ParseChecks(std::string_view toml, const std::string& file,
                                           const std::string& plugin) {
  CheckSource source(toml, file, plugin);
  ASSAY_TRY(source.FirstErrors());
  return source.checks();
}

}  // namespace assay::config
