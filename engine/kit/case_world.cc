#include "kit/case_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assess/evaluator_session.h"
#include "base/text.h"
#include "ipc/row.h"

namespace assay::kit {
namespace {

using assess::DatasetBoard;
using assess::DatasetStanding;
using assess::EvaluatorSession;

/// One cell. kInvalidInput for a value of the wrong kind.
Result<ipc::RowValue> Cell(const DatasetSpec& dataset, const ColumnSpec& column,
                           const CaseRow& row) {
  const bool key =
      std::find(dataset.key.begin(), dataset.key.end(), column.name) != dataset.key.end();
  const bool number = column.type == ColumnType::kInt || column.type == ColumnType::kBool;
  ipc::RowValue value;
  const auto cell = row.find(column.name);
  if (cell == row.end() || cell->second.index() == 0) {
    value.kind = key ? (number ? 2 : 1) : 0;  // a key that does not matter to the case
  } else if (const auto* integer = std::get_if<int64_t>(&cell->second)) {
    value.kind = 2;
    value.integer = *integer;
  } else {
    value.kind = 1;
    value.text = std::get<std::string>(cell->second);
  }
  if (value.kind != 0 && (value.kind == 2) != number)
    return Fail(Code::kInvalidInput,
                fmt::format("{}.{}: a value of the wrong type", dataset.id, column.name));
  return value;
}

/// A kRows payload of one dataset. kInvalidInput for a column that does not exist or a value of the
/// wrong kind.
Result<ByteVector> EncodeRows(uint32_t number, const DatasetSpec& dataset,
                              const std::vector<CaseRow>& rows) {
  ipc::Writer out;
  out.U32(number).U32(static_cast<uint32_t>(rows.size()));
  for (size_t at = 0; at < rows.size(); ++at) {
    for (const auto& [name, cell] : rows[at])
      if (std::none_of(dataset.columns.begin(), dataset.columns.end(),
                       [&, wanted = name](const ColumnSpec& c) { return c.name == wanted; }))
        return Fail(Code::kInvalidInput,
                    fmt::format("dataset {} has no column {}", dataset.id, Quote(name, 64)));
    ipc::Row row{1, static_cast<uint32_t>(at), {}};
    for (const ColumnSpec& column : dataset.columns) {
      ASSAY_ASSIGN(ipc::RowValue value, Cell(dataset, column, rows[at]));
      row.values.push_back(value);
    }
    ipc::EncodeRow(out, row);
  }
  return out.Take();
}

DatasetStanding StandingOf(const CheckCase& one, const std::string& dataset) {
  const auto state = one.states.find(dataset);
  DatasetStanding out;
  out.completeness = Completeness::kComplete;
  out.reason = Reason::kNone;
  if (state == one.states.end() || state->second == "complete") return out;
  out.completeness =
      state->second == "partial" ? Completeness::kPartial : Completeness::kUnavailable;
  out.reason = Reason::kUnavailable;
  return out;
}

std::string Listed(const std::map<std::string, std::string>& verdicts) {
  std::string out;
  for (const auto& [subject, verdict] : verdicts)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", subject, verdict);
  return out.empty() ? "no subject" : out;
}

}  // namespace

const DatasetSpec* CaseWorld::FindDataset(const std::string& id) const {
  for (const CaseCollector& collector : collectors_)
    for (const DatasetSpec& dataset : collector.datasets)
      if (dataset.id == id) return &dataset;
  return nullptr;
}

std::vector<std::string> CaseWorld::DatasetIds() const {
  std::vector<std::string> out;
  for (const CaseCollector& collector : collectors_)
    for (const DatasetSpec& dataset : collector.datasets) out.push_back(dataset.id);
  return out;
}

Result<Judged> CaseWorld::Judge(const CheckSpec& check, const CheckCase& one) const {
  // Only what the check reads: views are compiled when they are asked for.
  DatasetBoard board;
  std::map<std::string, uint32_t> numbers;
  std::vector<std::pair<std::string, std::string>> views;
  for (const CaseCollector& collector : collectors_) {
    if (!collector.views_sql.empty()) views.emplace_back(collector.id, collector.views_sql);
    for (const DatasetSpec& dataset : collector.datasets)
      if (std::find(check.reads.begin(), check.reads.end(), dataset.id) != check.reads.end())
        numbers[dataset.id] = board.Add(collector.id, dataset);
  }
  ASSAY_ASSIGN(const auto session, EvaluatorSession::Start(spawner_, tier_, Fixture{}.now_ms,
                                                           board.All(), views, {check}));
  for (const auto& [id, rows] : one.rows) {
    if (!numbers.contains(id))
      return Fail(Code::kInvalidInput,
                  fmt::format("rows of dataset {}, which is {}", Quote(id, 80),
                              FindDataset(id) == nullptr ? "of no collector"
                                                         : "not among the check's reads"));
    ASSAY_ASSIGN(const ByteVector payload, EncodeRows(numbers.at(id), *FindDataset(id), rows));
    ASSAY_TRY(session->RelayRows(payload));
  }
  std::map<uint32_t, DatasetStanding> standings;
  for (const auto& [id, number] : numbers) standings[number] = StandingOf(one, id);
  Judged out;
  const auto observe = [&](const std::string&, std::vector<Observation> observations) {
    for (const Observation& seen : observations) {
      out.verdicts[seen.subject] = Name(seen.verdict);
      out.details.push_back(seen.detail);
    }
    return Status{};
  };
  ASSAY_TRY(session->Evaluate(standings, nullptr, observe, [&](CheckResult result) {
    if (result.reason != Reason::kNone)
      out.details.push_back(fmt::format("{}: {}", Name(result.reason), result.detail));
    out.check = std::move(result);
    return Status{};
  }));
  return out;
}

Result<std::vector<CheckResult>> CaseWorld::JudgeEmpty(const std::vector<CheckSpec>& checks) const {
  DatasetBoard board;
  std::map<uint32_t, DatasetStanding> standings;
  std::vector<std::pair<std::string, std::string>> views;
  for (const CaseCollector& collector : collectors_) {
    if (!collector.views_sql.empty()) views.emplace_back(collector.id, collector.views_sql);
    for (const DatasetSpec& dataset : collector.datasets)
      standings[board.Add(collector.id, dataset)] = StandingOf({}, dataset.id);
  }
  ASSAY_ASSIGN(const auto session, EvaluatorSession::Start(spawner_, tier_, Fixture{}.now_ms,
                                                           board.All(), views, checks));
  std::vector<CheckResult> out;
  ASSAY_TRY(session->Evaluate(
      standings, nullptr,
      [](const std::string&, const std::vector<Observation>&) { return Status{}; },
      [&](CheckResult result) {
        out.push_back(std::move(result));
        return Status{};
      }));
  return out;
}

std::string CaseWorld::Problem(CheckSpec check, const CheckCase& one) const {
  for (const auto& [name, value] : one.params) {
    if (!check.params.contains(name)) return "the check has no parameter " + name;
    check.params[name] = value;
  }
  const auto judged = Judge(check, one);
  if (!judged) return judged.error().ToString();
  const std::string verdict(Name(judged->check.verdict));
  const std::string& why = judged->check.detail;
  // Where data are missing the evaluator gives no observation of subjects: nothing to compare.
  if (one.expect && judged->verdicts != *one.expect && verdict != "not_assessed")
    return fmt::format("{}; the case expects {}", Listed(judged->verdicts), Listed(*one.expect));
  if (verdict != one.check)
    return fmt::format("the check is {}{}{}; the case expects {}", verdict, why.empty() ? "" : ": ",
                       why, one.check);
  const bool found =
      one.detail.empty() ||
      std::any_of(judged->details.begin(), judged->details.end(),
                  [&](const std::string& d) { return d.find(one.detail) != d.npos; });
  return found ? "" : "no detail holds " + Quote(one.detail, 80);
}

std::string CaseWorld::EmptyProblem(CheckSpec check) const {
  if (!check.empty) return "";
  check.licence.clear();
  const auto judged = Judge(check, {});
  if (!judged) return judged.error().ToString();
  if (judged->check.verdict == *check.empty) return "";
  return fmt::format("the check is {}{}{}; empty states {}", Name(judged->check.verdict),
                     judged->check.detail.empty() ? "" : ": ", judged->check.detail,
                     Name(*check.empty));
}

}  // namespace assay::kit
