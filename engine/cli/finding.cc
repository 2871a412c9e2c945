// assay finding list|show: observations of the last finished run, each under its stable number.
#include <fmt/format.h>

#include <charconv>

#include "assess/history.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/installed.h"
#include "cli/summary.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

struct Row {
  const assess::CheckView* check;
  assess::ObservationView view;
};

std::string FindingId(uint64_t number) { return number == 0 ? "-" : fmt::format("F-{}", number); }

std::string RowJson(const Row& row, const std::string& tenant, const CheckCatalogue& checks) {
  const Observation& o = row.view.observation;
  const auto spec = checks.find(row.check->result.check);
  const std::string severity = spec == checks.end() ? "" : std::string(Name(spec->second.severity));
  return fmt::format(
      "{{\"id\":{},\"check\":{},\"check_version\":{},\"verdict\":\"{}\",\"reason\":{},\"excepted\":"
      "false,"
      "\"severity\":{},\"tenant\":{},\"subject\":{{\"type\":{},\"id\":{},\"label\":{}}},\"detail\":"
      "{},"
      "\"entry\":{{\"index\":{}}}}}",
      row.view.finding == 0 ? "null" : JsonString(FindingId(row.view.finding)),
      JsonString(row.check->result.check), row.check->result.version, Name(o.verdict),
      o.reason == Reason::kNone ? "null" : JsonString(Name(o.reason)), JsonString(severity),
      JsonString(tenant), JsonString(o.subject_type), JsonString(o.subject), JsonString(o.label),
      JsonString(o.detail), ToNumber(row.check->entry));
}

/// Everything that the commands share: one tenant, its ledger, its last run.
struct Opened : OpenedLedger {
  assess::RunView run;
  CheckCatalogue checks;
};

std::optional<Opened> OpenLastRun(Context& context, int& exit) {
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return std::nullopt;
  Opened out{std::move(*opened), {}, {}};
  auto run = assess::ReadLastRun(*out.ledger);
  if (!run) return exit = Report(context, run.error()), std::nullopt;
  if (!*run) {
    exit = Report(context, Error{Code::kNotFound,
                                 "tenant " + out.tenant->id + ": no finished run yet",
                                 {},
                                 "assay run",
                                 {},
                                 {}});
    return std::nullopt;
  }
  out.run = std::move(**run);
  if (auto catalogue = OpenFullCatalogue(context))
    for (const CheckSpec* check : catalogue->Checks()) out.checks.emplace(check->id, *check);
  return out;
}

/// Observations that cannot be shown, by why.
using Absent = std::map<std::string, uint64_t>;

std::string AbsentJson(const assess::CheckView& check, const Absent& absent) {
  std::string out;
  for (const auto& [why, n] : absent)
    out += fmt::format("{}{{\"id\":null,\"check\":{},\"absent\":{},\"subjects\":{}}}",
                       out.empty() ? "" : ",", JsonString(check.result.check), JsonString(why), n);
  return out;
}

std::string AbsentRows(const assess::CheckView& check, std::string_view severity,
                       const Absent& absent) {
  std::string out;
  for (const auto& [why, n] : absent)
    out += fmt::format("  {:<8} {:<9} {:<44} {} cannot be shown: {}\n", "-", severity,
                       check.result.check, n, why);
  return out;
}

/// " (erased (privacy, 2026-11-21))" when what an observation rests on is not there any more.
std::string WhyNotShown(ledger::Ledger& ledger, const std::vector<int64_t>& record) {
  const auto body = ledger.ReadEntryBody(LeafIndex{static_cast<uint64_t>(record[0])});
  if (!body) return ": " + body.error().message;
  if (!body->absent.empty()) return ": " + body->absent;
  const uint64_t segment = record.size() > 1 ? static_cast<uint64_t>(record[1]) + 1 : 0;
  const auto gone = body->absent_segments.find(segment);
  return gone == body->absent_segments.end() ? "" : ": " + gone->second;
}

/// "F-1043" -> 1043; 0 when it is none.
uint64_t FindingNumber(const std::string& text) {
  uint64_t n = 0;
  if (text.size() > 2 && (text[0] == 'F' || text[0] == 'f') && text[1] == '-')
    std::from_chars(text.data() + 2, text.data() + text.size(), n);
  return n;
}

}  // namespace

int RunFindingList(Context& context) {
  int exit = 0;
  auto opened = OpenLastRun(context, exit);
  if (!opened) return exit;
  const std::string wanted = context.options.verdict.empty() ? "fail" : context.options.verdict;
  const auto verdict = ParseVerdict(wanted);
  if (!verdict && wanted != "all") {
    Report(context, Error{Code::kInvalidInput,
                          "--verdict " + Quote(wanted) + ": unknown verdict",
                          {},
                          "pass, fail, manual, not_applicable, not_assessed or all",
                          {},
                          {}});
    return ToInt(ExitCode::kUsage);
  }
  std::string items;
  const bool header = context.terminal.tty && !context.options.json;
  if (header) Say(context, fmt::format("  {:<8} {:<9} {:<44} SUBJECT\n", "ID", "SEV", "CHECK"));
  for (const assess::CheckView& check : opened->run.checks) {
    const auto& only = context.options.only_checks;
    if (!only.empty() && std::find(only.begin(), only.end(), check.result.check) == only.end())
      continue;
    const auto spec = opened->checks.find(check.result.check);
    const auto severity = spec == opened->checks.end() ? "?" : Name(spec->second.severity);
    Absent absent;
    Status read =
        assess::ReadObservations(*opened->ledger, check, [&](assess::ObservationView view) {
          if (!view.absent.empty()) return ++absent[view.absent], true;
          if (verdict && view.observation.verdict != *verdict) return true;
          Row row{&check, std::move(view)};
          if (context.options.json) {
            items += (items.empty() ? "" : ",") + RowJson(row, opened->tenant->id, opened->checks);
            return true;
          }
          const Observation& o = row.view.observation;
          Say(context,
              fmt::format("  {:<8} {:<9} {:<44} {} ({}) {}\n", FindingId(row.view.finding),
                          severity, check.result.check, o.label.empty() ? o.subject : o.label,
                          o.subject_type, o.detail));
          return true;
        });
    if (!read) return Report(context, read.error());
    if (absent.empty()) continue;
    if (context.options.json)
      items += (items.empty() ? "" : ",") + AbsentJson(check, absent);
    else
      Say(context, AbsentRows(check, severity, absent));
  }
  if (context.options.json) PrintJson(context, "finding list", true, "{\"items\":[" + items + "]}");
  return 0;
}

int RunFindingShow(Context& context) {
  int exit = 0;
  auto opened = OpenLastRun(context, exit);
  if (!opened) return exit;
  const uint64_t number = FindingNumber(context.options.argument);
  std::optional<Row> found;
  Absent absent;
  for (const assess::CheckView& check : opened->run.checks) {
    if (number == 0 || found) break;
    Status read =
        assess::ReadObservations(*opened->ledger, check, [&](assess::ObservationView view) {
          if (!view.absent.empty()) ++absent[view.absent];
          if (view.finding != number) return true;
          found = Row{&check, std::move(view)};
          return false;
        });
    if (!read) return Report(context, read.error());
  }
  if (!found)
    return Report(context, Error{Code::kNotFound,
                                 "finding " + Quote(context.options.argument) +
                                     ": not failing in run " + opened->run.run +
                                     (absent.empty() ? "" : ", or " + absent.begin()->first),
                                 {},
                                 "assay finding list",
                                 {},
                                 {}});
  if (context.options.json) {
    PrintJson(context, "finding show", true, RowJson(*found, opened->tenant->id, opened->checks));
    return 0;
  }
  const Observation& o = found->view.observation;
  Say(context, fmt::format("  {}  {}  {}\n", FindingId(number), Name(o.verdict),
                           found->check->result.check));
  const auto spec = opened->checks.find(found->check->result.check);
  if (spec != opened->checks.end()) Say(context, fmt::format("    {}\n", spec->second.title));
  Say(context, fmt::format("    subject   {} ({}) {}\n", o.label, o.subject_type, o.subject));
  if (!o.detail.empty()) Say(context, fmt::format("    detail    {}\n", o.detail));
  Say(context, fmt::format("    decided   run {}, entry {}\n", opened->run.run,
                           ToNumber(found->check->entry)));
  for (const auto& record : found->view.records)
    if (!record.empty())
      Say(context, fmt::format("    evidence  entry {}{}{}\n", record[0],
                               record.size() > 1 ? fmt::format(", record {}", record[1]) : "",
                               WhyNotShown(*opened->ledger, record)));
  if (spec != opened->checks.end())
    Say(context, fmt::format("    to fix    {}\n", spec->second.remediation));
  return 0;
}

}  // namespace assay::cli
