#include "config/fixture_file.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "config/params.h"
#include "config/report.h"
#include "config/schema.h"

namespace assay::config {
namespace {

const Schema& AnswerSchema() {
  static const Schema schema{.title = "[[answer]]",
                             .keys = {{.name = "endpoint", .type = &kId, .required = true},
                                      {.name = "params", .type = &kFreeTable},
                                      {.name = "status", .type = &kCount, .fallback = "200"},
                                      {.name = "retry_after", .type = &kCount},
                                      {.name = "pages", .type = &kTextList}}};
  return schema;
}

const Schema& ResultSchema() {
  static const Schema schema{
      .title = "[[result]]",
      .keys = {{.name = "check", .type = &kId, .required = true},
               {.name = "verdict",
                .required = true,
                .words = "pass|fail|manual|not_applicable|not_assessed"},
               {.name = "reason",
                .words = "permission|licence|throttled|unavailable|partial|stale|plugin_fault|"
                         "unsupported"},
               {.name = "subjects", .type = &kCount, .fallback = "1"},
               {.name = "failing", .type = &kCount},
               {.name = "excepted", .type = &kCount}},
      .noun = "result of check",
      .identity = "check"};
  return schema;
}

const Schema& ExpectSchema() {
  static const Schema schema{.title = "[expect.DATASET]",
                             .keys = {{.name = "rows", .type = &kCount},
                                      {.name = "state", .words = "complete|partial|unavailable"}},
                             .names = &kSqlName};
  return schema;
}

const Schema& FixtureSchema() {
  static const Schema schema{
      .title = "fixture.toml",
      .keys = {{.name = "now"},
               {.name = "answer", .type = &kTables, .table = AnswerSchema},
               {.name = "result", .type = &kTables, .table = ResultSchema},
               {.name = "expect", .type = &kNamedTables, .table = ExpectSchema},
               {.name = "controls", .type = &kFreeTable}}};
  return schema;
}

const Schema& CaseSchema() {
  static const Schema schema{
      .title = "[[case]]",
      .keys = {{.name = "name", .required = true},
               {.name = "rows", .type = &kFreeTable},
               {.name = "states", .type = &kFreeTable},
               {.name = "params", .type = &kFreeTable},
               {.name = "expect", .type = &kFreeTable},
               {.name = "check",
                .required = true,
                .words = "pass|fail|manual|not_applicable|not_assessed"},
               {.name = "detail"},
               {.name = "trap", .words = "missing|null|case|string|empty|partial|order|other"}},
      .noun = "case",
      .identity = "name"};
  return schema;
}

const Schema& CaseFileSchema() {
  static const Schema schema{
      .title = "a file of cases",
      .keys = {{.name = "not_applicable", .words = "never"},
               {.name = "case", .type = &kTables, .required = true, .table = CaseSchema}}};
  return schema;
}

/// Text members of a free table; anything else is reported.
std::map<std::string, std::string> Texts(const Fields& fields, std::string_view key,
                                         Report& report) {
  std::map<std::string, std::string> out;
  const auto [document, node] = fields.Find(key);
  if (node == nullptr || !node->is_table()) return out;
  for (const auto& [name, value] : *node->as_table()) {
    if (const auto text = TextOf(value))
      out[std::string(name.str())] = *text;
    else
      report.Error("AS-CFG-004", PlaceOf(*document, value),
                   "expected a string, found " + Found(value));
  }
  return out;
}

std::string JsonOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return JsonString(text->get());
  if (const auto* list = node.as_array()) {
    std::vector<std::string> items;
    for (const toml::node& item : *list) items.push_back(JsonOf(item));
    return "[" + Join(items, ",") + "]";
  }
  if (const auto* table = node.as_table()) {
    std::vector<std::string> items;
    for (const auto& [key, value] : *table)
      items.push_back(JsonString(key.str()) + ":" + JsonOf(value));
    return "{" + Join(items, ",") + "}";
  }
  return FormatNode(node);
}

CaseCell CellOf(const toml::node& node) {
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* flag = node.as_boolean()) return int64_t{flag->get() ? 1 : 0};
  if (const auto* text = node.as_string()) return text->get();
  return JsonOf(node);
}

std::map<std::string, std::vector<CaseRow>> RowsOf(const Fields& fields, Report& report) {
  std::map<std::string, std::vector<CaseRow>> out;
  const auto [document, node] = fields.Find("rows");
  if (node == nullptr || !node->is_table()) return out;
  for (const auto& [dataset, items] : *node->as_table()) {
    auto& rows = out[std::string(dataset.str())];
    if (!items.is_array()) {
      report.Error("AS-CFG-004", PlaceOf(*document, items), "expected a list of rows");
      continue;
    }
    for (const toml::node& item : *items.as_array()) {
      if (!item.is_table()) {
        report.Error("AS-CFG-004", PlaceOf(*document, item), "expected a row { column = value }");
        continue;
      }
      CaseRow& row = rows.emplace_back();
      for (const auto& [column, value] : *item.as_table())
        row[std::string(column.str())] = CellOf(value);
    }
  }
  return out;
}

CheckCase ReadCase(const Fields& fields, Report& report) {
  CheckCase out;
  out.name = fields.Text("name");
  out.rows = RowsOf(fields, report);
  out.states = Texts(fields, "states", report);
  out.params = ReadParams(fields, report);
  if (fields.Has("expect")) out.expect = Texts(fields, "expect", report);
  out.check = fields.Text("check");
  out.detail = fields.Text("detail");
  out.trap = fields.Text("trap");
  return out;
}

FixtureAnswer ReadAnswer(const Fields& fields, Report& report) {
  FixtureAnswer out;
  out.endpoint = fields.Text("endpoint");
  for (const auto& [name, value] : Texts(fields, "params", report))
    out.params.emplace_back(name, value);
  const int64_t status = fields.Integer("status");
  if (status < 200 || status > 599)
    report.Error("AS-CFG-004", fields.Where("status"), "a status is 200 to 599");
  out.status = static_cast<uint32_t>(status);
  if (fields.Has("retry_after"))
    out.retry_after = static_cast<uint32_t>(fields.Integer("retry_after"));
  out.pages = fields.Texts("pages");
  return out;
}

CheckResult ReadResult(const Fields& fields) {
  CheckResult out;
  out.check = fields.Text("check");
  out.verdict = ParseVerdict(fields.Text("verdict")).value_or(Verdict::kNotAssessed);
  out.reason = ParseReason(fields.Text("reason")).value_or(Reason::kNone);
  if (out.verdict == Verdict::kNotAssessed && out.reason == Reason::kNone)
    out.reason = Reason::kUnavailable;
  const auto subjects = static_cast<uint64_t>(fields.Integer("subjects"));
  const auto failing = static_cast<uint64_t>(fields.Integer("failing"));
  out.excepted = static_cast<uint64_t>(fields.Integer("excepted"));
  switch (out.verdict) {
    case Verdict::kFail:
      out.fail = failing + out.excepted > 0 ? failing + out.excepted : subjects;
      out.pass = subjects > out.fail ? subjects - out.fail : 0;
      break;
    case Verdict::kManual:
      out.manual = subjects;
      break;
    case Verdict::kNotApplicable:
      out.not_applicable = subjects;
      break;
    case Verdict::kNotAssessed:
      out.not_assessed = subjects;
      break;
    case Verdict::kPass:
      out.pass = subjects;
  }
  return out;
}

Fixture ReadFixture(const Fields& fields, Report& report) {
  Fixture out;
  if (fields.Has("now")) {
    const auto now = ParseTime(fields.Text("now"));
    if (!now)
      report.Error("AS-CFG-004", fields.Where("now"), now.error().message);
    else
      out.now_ms = ToUnixMs(*now);
  }
  for (const Fields& item : fields.Items("answer")) out.answers.push_back(ReadAnswer(item, report));
  for (const Fields& item : fields.Items("result")) out.results.push_back(ReadResult(item));
  for (const auto& [dataset, item] : fields.Named("expect")) {
    FixtureExpectation& one = out.expect[dataset];
    if (item.Has("rows")) one.rows = static_cast<uint64_t>(item.Integer("rows"));
    one.state = item.Text("state");
  }
  out.controls = Texts(fields, "controls", report);
  return out;
}

/// Parses and walks one file; false when it is no TOML at all (reported).
bool Open(std::string_view toml, const std::string& file, const Schema& schema, Document& document,
          Report& report) {
  SyntaxError error;
  document = ParseDocument(toml, file, error);
  if (!document.valid) {
    report.Error("AS-CFG-003", error.place, error.message);
    return false;
  }
  Walker(report).Walk(document, schema, true);
  return true;
}

}  // namespace

Result<Fixture> ParseFixture(std::string_view toml, const std::string& file) {
  Report report;
  Document document;
  Fixture out;
  if (Open(toml, file, FixtureSchema(), document, report))
    out = ReadFixture(Fields(FixtureSchema(), {{&document, &document.root}}), report);
  ASSAY_TRY(report.FirstErrors({&document}));
  return out;
}

Result<std::vector<CheckCase>> ParseCases(std::string_view toml, const std::string& file) {
  Report report;
  Document document;
  std::vector<CheckCase> out;
  if (Open(toml, file, CaseFileSchema(), document, report))
    for (const Fields& item : Fields(CaseFileSchema(), {{&document, &document.root}}).Items("case"))
      out.push_back(ReadCase(item, report));
  ASSAY_TRY(report.FirstErrors({&document}));
  return out;
}

std::string FormatFixture(const Fixture& fixture) {
  std::string out = fmt::format("now = {}\n", JsonString(FormatTime(FromUnixMs(fixture.now_ms))));
  for (const FixtureAnswer& answer : fixture.answers) {
    out += fmt::format("\n[[answer]]\nendpoint = {}\n", JsonString(answer.endpoint));
    std::vector<std::string> params, pages;
    for (const auto& [name, value] : answer.params)
      params.push_back(JsonString(name) + " = " + JsonString(value));
    for (const std::string& page : answer.pages) pages.push_back(JsonString(page));
    if (!params.empty()) out += fmt::format("params = {{ {} }}\n", Join(params, ", "));
    if (answer.status != 200) out += fmt::format("status = {}\n", answer.status);
    if (answer.retry_after) out += fmt::format("retry_after = {}\n", *answer.retry_after);
    out += fmt::format("pages = [{}]\n", Join(pages, ", "));
  }
  for (const CheckResult& result : fixture.results) {
    out += fmt::format("\n[[result]]\ncheck = {}\nverdict = \"{}\"\n", JsonString(result.check),
                       Name(result.verdict));
    if (result.reason != Reason::kNone)
      out += fmt::format("reason = \"{}\"\n", Name(result.reason));
    out += fmt::format("subjects = {}\n", result.subjects());
    if (result.verdict == Verdict::kFail)
      out += fmt::format("failing = {}\nexcepted = {}\n", result.fail - result.excepted,
                         result.excepted);
  }
  return out;
}

}  // namespace assay::config
