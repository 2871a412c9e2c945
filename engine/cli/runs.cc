// assay runs list|show: the runs of a tenant, as its ledger holds them.
#include "assess/runs.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/as_of.h"
#include "cli/changes.h"
#include "cli/runs.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

constexpr Verdict kInOrder[] = {Verdict::kFail, Verdict::kPass, Verdict::kManual,
                                Verdict::kNotAssessed, Verdict::kNotApplicable};

int64_t CountOf(const assess::RunRow& run, Verdict verdict) {
  const auto at = run.counts.find(std::string(Name(verdict)));
  return at == run.counts.end() ? 0 : at->second;
}

/// Milliseconds from start to end; nothing for a run without end.
std::optional<int64_t> Took(const assess::RunRow& run) {
  const auto from = ParseTime(run.started), to = ParseTime(run.finished);
  if (!from || !to) return std::nullopt;
  return ToUnixMs(*to) - ToUnixMs(*from);
}

void WriteRun(report::JsonWriter& json, const assess::RunRow& run) {
  json.Member("run", run.run).Member("outcome", run.outcome).Member("started", run.started);
  json.Key("finished");
  run.finished.empty() ? json.Null() : json.String(run.finished);
  json.Key("took_ms");
  const auto took = Took(run);
  took ? json.Int(*took) : json.Null();
  json.Member("tier", run.tier).Member("limited", run.only).Key("counts").BeginObject();
  for (const Verdict verdict : kInOrder) json.Member(Name(verdict), CountOf(run, verdict));
  json.EndObject().Member("checks", run.checks).Member("reads", run.reads);
  json.Member("new_findings", run.new_findings).Key("entries").BeginObject();
  json.Member("first", ToNumber(run.first)).Member("last", ToNumber(run.last)).EndObject();
}

std::vector<std::string> RunCells(const assess::RunRow& run, const Terminal& terminal) {
  const auto time = ParseTime(run.started);
  const auto took = Took(run);
  std::vector<std::string> cells{run.run, time ? ShowTime(*time, terminal) : run.started,
                                 run.outcome + (run.only ? ", limited" : "")};
  for (const Verdict verdict : kInOrder) cells.push_back(std::to_string(CountOf(run, verdict)));
  cells.push_back(std::to_string(run.new_findings));
  cells.push_back(std::to_string(run.reads));
  cells.push_back(took ? fmt::format("{:.1f} s", static_cast<double>(*took) / 1000) : "-");
  return cells;
}

void WriteChecks(report::JsonWriter& json, const std::vector<assess::CheckView>& checks) {
  json.Key("checks").BeginArray();
  for (const assess::CheckView& check : checks) {
    const CheckResult& r = check.result;
    json.BeginObject().Member("check", r.check).Member("version", r.version);
    json.Member("verdict", Name(r.verdict));
    json.Member("reason", r.reason == Reason::kNone ? "" : Name(r.reason));
    json.Member("detail", r.detail).Member("pass", r.pass).Member("fail", r.fail);
    json.Member("manual", r.manual).Member("not_applicable", r.not_applicable);
    json.Member("not_assessed", r.not_assessed).Member("entry", ToNumber(check.entry)).EndObject();
  }
  json.EndArray();
}

std::string RunJson(const assess::RunRow& row, const assess::RunView& view) {
  report::JsonWriter json;
  json.BeginObject();
  WriteRun(json, row);
  WriteChecks(json, view.checks);
  json.Key("datasets").BeginArray();
  for (const assess::DatasetView& d : view.datasets)
    json.BeginObject()
        .Member("dataset", d.dataset)
        .Member("rows", d.rows)
        .Member("completeness", d.completeness)
        .Member("reason", d.reason)
        .Member("detail", d.detail)
        .EndObject();
  json.EndArray().Key("faults").BeginArray();
  for (const assess::FaultView& f : view.faults)
    json.BeginObject()
        .Member("plugin", f.plugin)
        .Member("fate", f.fate)
        .Member("detail", f.detail)
        .EndObject();
  json.EndArray().Key("controls").BeginArray();
  for (const assess::ControlView& c : view.controls)
    json.BeginObject()
        .Member("framework", c.result.framework)
        .Member("control", c.result.control)
        .Member("state", Name(c.result.state))
        .Member("why", c.result.why)
        .Member("entry", ToNumber(c.entry))
        .EndObject();
  return json.EndArray().Key("notes").Strings(view.notes).EndObject().Take();
}

std::string ChecksText(const assess::RunView& view, const Terminal& terminal) {
  Table checks({"", "CHECK", "VERSION", "FAIL", "PASS", "OTHER", "ENTRY", "WHY"});
  for (const assess::CheckView& check : view.checks) {
    const CheckResult& r = check.result;
    const std::string why =
        r.reason == Reason::kNone ? "" : fmt::format("{}: {}", Name(r.reason), r.detail);
    checks.Row({VerdictMark(r.verdict, terminal), r.check, std::to_string(r.version),
                std::to_string(r.fail), std::to_string(r.pass),
                std::to_string(r.manual + r.not_applicable + r.not_assessed),
                std::to_string(ToNumber(check.entry)), why});
  }
  return checks.Format(terminal);
}

std::string RunText(const assess::RunRow& row, const assess::RunView& view,
                    const Terminal& terminal) {
  const auto took = Took(row);
  std::string out = fmt::format("  {}  {}{}  {} to {}{}\n", row.run, row.outcome,
                                row.only ? ", limited to some checks" : "", row.started,
                                row.finished.empty() ? "-" : row.finished,
                                took ? fmt::format(", {} ms", *took) : "");
  out += fmt::format("  {} reads, {} new findings, entries {} to {}, sandbox {}\n\n", row.reads,
                     row.new_findings, ToNumber(row.first), ToNumber(row.last), row.tier);
  out += ChecksText(view, terminal) + "\n";
  Table datasets({"DATASET", "ROWS", "COMPLETENESS", "WHY"});
  for (const assess::DatasetView& d : view.datasets)
    datasets.Row({d.dataset, std::to_string(d.rows), d.completeness,
                  d.reason.empty() ? "" : d.reason + ": " + d.detail});
  out += datasets.Format(terminal);
  for (const assess::FaultView& f : view.faults)
    out += fmt::format("  plugin_fault: {} {}: {}\n", f.plugin, f.fate, f.detail);
  std::vector<ControlResult> controls;
  for (const assess::ControlView& control : view.controls) controls.push_back(control.result);
  out += (controls.empty() ? "" : "\n") + ControlSummary(controls, terminal);
  for (const std::string& note : view.notes) out += fmt::format("  note: {}\n", note);
  return out;
}

}  // namespace

std::optional<OpenedRuns> OpenRuns(Context& context, int& exit) {
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return std::nullopt;
  OpenedRuns out{std::move(*opened), {}, {}};
  const auto size = SizeShown(context, *out.ledger);
  auto runs = size ? assess::ReadRuns(*out.ledger, *size) : Fail(size.error());
  if (!runs) return exit = Report(context, runs.error()), std::nullopt;
  out.size = *size;
  out.runs = std::move(*runs);
  return out;
}

const assess::RunRow* RunArgument(Context& context, const OpenedRuns& opened,
                                  const std::string& name, int& exit) {
  const assess::RunRow* run = assess::FindRun(opened.runs, name);
  if (run != nullptr) return run;
  exit = Report(context, Error{Code::kNotFound,
                               "run " + Quote(name, 60) + ": tenant " + opened.tenant->id +
                                   " has no such run" + (context.as_of ? " as of then" : ""),
                               {},
                               "assay runs list",
                               {},
                               {}});
  return nullptr;
}

int RunRunsList(Context& context) {
  int exit = 0;
  const auto opened = OpenRuns(context, exit);
  if (!opened) return exit;
  Table table({"RUN", "STARTED", "OUTCOME", "FAIL", "PASS", "MANUAL", "NOT ASSESSED",
               "NOT APPLICABLE", "NEW", "READS", "TOOK"});
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (auto run = opened->runs.rbegin(); run != opened->runs.rend(); ++run) {
    table.Row(RunCells(*run, context.terminal));
    json.BeginObject();
    WriteRun(json, *run);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return context.Finish(table.Format(context.terminal), json.Take());
}

int RunRunsShow(Context& context) {
  int exit = 0;
  const auto opened = OpenRuns(context, exit);
  if (!opened) return exit;
  const assess::RunRow* row = RunArgument(context, *opened, context.options.argument, exit);
  if (row == nullptr) return exit;
  const auto view = assess::ReadRun(*opened->ledger, *row);
  if (!view) return Report(context, view.error());
  return context.Finish(RunText(*row, *view, context.terminal), RunJson(*row, *view));
}

}  // namespace assay::cli
