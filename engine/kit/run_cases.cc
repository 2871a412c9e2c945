// The cases of a plugin's checks, judged by the real evaluator in its sandbox.
#include <fmt/format.h>

#include <algorithm>

#include "assess/evaluator_session.h"
#include "base/files.h"
#include "base/text.h"
#include "config/fixture_file.h"
#include "ipc/row.h"
#include "kit/examine.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;

const DatasetSpec* FindDataset(const Manifest& manifest, const std::string& id) {
  for (const DatasetSpec& dataset : manifest.datasets)
    if (dataset.id == id) return &dataset;
  return nullptr;
}

/// A kRows payload of one dataset. kInvalidInput for a column that does not exist or a value of the
/// wrong kind.
Result<ByteVector> EncodeRows(uint32_t number, const DatasetSpec& dataset,
                              const std::vector<CaseRow>& rows) {
  ipc::Writer out;
  out.U32(number).U32(static_cast<uint32_t>(rows.size()));
  for (size_t at = 0; at < rows.size(); ++at) {
    ipc::Row row{1, static_cast<uint32_t>(at), {}};
    size_t used = 0;
    for (const ColumnSpec& column : dataset.columns) {
      ipc::RowValue& value = row.values.emplace_back();
      const auto cell = rows[at].find(column.name);
      const bool key =
          std::find(dataset.key.begin(), dataset.key.end(), column.name) != dataset.key.end();
      const bool number_column =
          column.type == ColumnType::kInt || column.type == ColumnType::kBool;
      if (cell != rows[at].end()) ++used;
      if (cell == rows[at].end() || cell->second.index() == 0) {
        value.kind = key ? (number_column ? 2 : 1) : 0;  // a key that does not matter to the case
      } else if (const auto* integer = std::get_if<int64_t>(&cell->second)) {
        value.kind = 2;
        value.integer = *integer;
      } else {
        value.kind = 1;
        value.text = std::get<std::string>(cell->second);
      }
      if (value.kind != 0 && (value.kind == 2) != number_column)
        return Fail(Code::kInvalidInput,
                    fmt::format("{}.{}: a value of the wrong type", dataset.id, column.name));
    }
    if (used != rows[at].size())
      return Fail(Code::kInvalidInput,
                  fmt::format("{}: a row names a column that does not exist", dataset.id));
    ipc::EncodeRow(out, row);
  }
  return out.Take();
}

struct Judged {
  std::map<std::string, std::string> verdicts;
  std::string check, why;
  std::vector<std::string> details;
};

Result<Judged> Judge(const Bench& bench, const CheckSpec& check, const CheckCase& one) {
  const assess::LoadedPlugin& plugin = bench.plugin();
  assess::DatasetBoard board;
  std::map<std::string, uint32_t> numbers;
  for (const DatasetSpec& dataset : plugin.manifest.datasets)
    numbers[dataset.id] = board.Add(plugin.manifest.id, dataset);
  std::vector<std::pair<std::string, std::string>> views;
  if (!plugin.views_sql.empty()) views.emplace_back(plugin.manifest.id, plugin.views_sql);
  ASSAY_ASSIGN(const auto evaluator,
               assess::EvaluatorSession::Start(bench.spawner(), bench.tier(), Fixture{}.now_ms,
                                               board.All(), views, {check}));
  for (const auto& [id, rows] : one.rows) {
    const DatasetSpec* dataset = FindDataset(plugin.manifest, id);
    if (dataset == nullptr)
      return Fail(Code::kInvalidInput, "dataset " + Quote(id, 80) + " is not in the manifest");
    ASSAY_ASSIGN(const ByteVector payload, EncodeRows(numbers.at(id), *dataset, rows));
    ASSAY_TRY(evaluator->RelayRows(payload));
  }
  std::map<uint32_t, assess::DatasetStanding> standings;
  for (const auto& [id, number] : numbers) {
    assess::DatasetStanding& standing = standings[number];
    const auto state = one.states.find(id);
    const std::string word = state == one.states.end() ? "complete" : state->second;
    standing.completeness = word == "complete"  ? Completeness::kComplete
                            : word == "partial" ? Completeness::kPartial
                                                : Completeness::kUnavailable;
    standing.reason = word == "complete" ? Reason::kNone : Reason::kUnavailable;
  }
  Judged out;
  ASSAY_TRY(evaluator->Evaluate(
      standings, nullptr,
      [&](const std::string&, std::vector<Observation> observations) {
        for (const Observation& seen : observations) {
          out.verdicts[seen.subject] = Name(seen.verdict);
          out.details.push_back(seen.detail);
        }
        return Status{};
      },
      [&](CheckResult result) {
        out.check = Name(result.verdict);
        out.why = result.detail;
        if (result.reason != Reason::kNone)
          out.details.push_back(fmt::format("{}: {}", Name(result.reason), result.detail));
        return Status{};
      }));
  return out;
}

std::string Listed(const std::map<std::string, std::string>& verdicts) {
  std::string out;
  for (const auto& [subject, verdict] : verdicts)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", subject, verdict);
  return out.empty() ? "no subject" : out;
}

std::string Problem(const Bench& bench, CheckSpec check, const CheckCase& one) {
  for (const auto& [name, value] : one.params) {
    if (!check.params.contains(name)) return "the check has no parameter " + name;
    check.params[name] = value;
  }
  const auto judged = Judge(bench, check, one);
  if (!judged) return judged.error().ToString();
  // Where data are missing the evaluator gives no observation of subjects: nothing to compare.
  if (one.expect && judged->verdicts != *one.expect && judged->check != "not_assessed")
    return fmt::format("{}; the case expects {}", Listed(judged->verdicts), Listed(*one.expect));
  if (judged->check != one.check)
    return fmt::format("the check is {}{}{}; the case expects {}", judged->check,
                       judged->why.empty() ? "" : ": ", judged->why, one.check);
  const bool found =
      one.detail.empty() ||
      std::any_of(judged->details.begin(), judged->details.end(),
                  [&](const std::string& d) { return d.find(one.detail) != d.npos; });
  return found ? "" : "no detail holds " + Quote(one.detail, 80);
}

}  // namespace

void TestCases(const Bench& bench, const fs::path& folder, OutcomeList& out) {
  for (const CheckSpec& check : bench.plugin().checks) {
    const fs::path file = folder / (check.id + ".toml");
    const auto text = ReadFile(file, 4u << 20);
    if (!text) {
      out.Fail("cases", check.id, "no cases: " + text.error().ToString());
      continue;
    }
    const auto cases = config::ParseCases(AsText(*text), file.string());
    if (!cases) {
      out.Fail("cases", check.id, cases.error().ToString());
      continue;
    }
    for (const CheckCase& one : *cases)
      out.Add("cases", check.id + ": " + one.name, Problem(bench, check, one));
  }
}

}  // namespace assay::kit
