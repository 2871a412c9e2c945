#include "cli/changes.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/installed.h"
#include "config/load.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

constexpr size_t kShown = 5;

std::string ReasonOf(const Standing& standing) {
  return standing.reason == Reason::kNone ? "" : std::string(Name(standing.reason));
}

uint32_t VersionOf(const assess::CheckView* check) {
  return check == nullptr ? 0 : check->result.version;
}

}  // namespace

std::string FindingId(uint64_t number) { return number == 0 ? "-" : fmt::format("F-{}", number); }

namespace {

void AddOwnChecks(const std::filesystem::path& folder, CheckCatalogue& out) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    if (file.path().extension() != ".toml") continue;
    const auto text = ReadFile(file.path(), 4u << 20);
    if (!text) continue;
    auto checks = config::ParseChecks(AsText(*text), file.path().string(), std::string(kOwnChecks));
    if (!checks) continue;
    for (CheckSpec& check : *checks) out.emplace(check.id, std::move(check));
  }
}

}  // namespace

CheckCatalogue ReadCatalogue(const Context& context, const config::Config& config) {
  CheckCatalogue out;
  if (auto catalogue = OpenFullCatalogue(context))
    for (const CheckSpec* check : catalogue->Checks()) out.emplace(check->id, *check);
  if (!config.checks_dir.empty()) AddOwnChecks(config.checks_dir, out);
  for (const auto& [id, setting] : config.checks)
    if (const auto at = out.find(id); at != out.end() && setting.severity)
      at->second.severity = *setting.severity;
  return out;
}

std::string SeverityOf(const CheckCatalogue& checks, const std::string& check) {
  const auto at = checks.find(check);
  return at == checks.end() ? "" : std::string(Name(at->second.severity));
}

Result<Changes> CountChanges(ledger::Ledger& ledger, const assess::RunDiff& diff,
                             const CheckCatalogue& checks) {
  Changes out;
  out.run = diff.now.run;
  if (diff.before) out.since = diff.before->run;
  out.notes = diff.notes;
  assess::PairVisitor visitor;
  visitor.pair = [&](const assess::DiffRow& row) {
    if (row.check->not_asked && diff.now.only) {
      ++out.not_asked;
      return;
    }
    ++out.buckets[row.delta];
    ++out.landed[row.delta][row.is_word];
    if (row.delta == Delta::kNewFail && out.new_fails.size() < kShown)
      // Never a subject: what a run prints goes into logs.
      out.new_fails.push_back(fmt::format("{:<7} {:<9} {}", FindingId(row.finding()),
                                          SeverityOf(checks, row.check->check), row.check->check));
  };
  ASSAY_TRY(assess::VisitPairs(ledger, diff, nullptr, visitor));
  return out;
}

Result<std::optional<Changes>> ReadChanges(ledger::Ledger& ledger, TreeSize size,
                                           const CheckCatalogue& checks) {
  ASSAY_ASSIGN(const std::vector<assess::RunRow> runs, assess::ReadRuns(ledger, size));
  const assess::RunRow* now = assess::NewestEnded(runs);
  if (now == nullptr) return std::optional<Changes>();
  const assess::RunRow* before = assess::BaseOf(runs, *now);
  if (before == nullptr) {
    Changes first;
    first.run = now->run;
    return std::optional(std::move(first));
  }
  ASSAY_ASSIGN(const assess::RunDiff diff, assess::CompareRuns(ledger, before, *now));
  ASSAY_ASSIGN(Changes changes, CountChanges(ledger, diff, checks));
  return std::optional(std::move(changes));
}

std::string ChangesText(const Changes& changes, const Style& style) {
  if (changes.since.empty())
    return fmt::format("  {} is the first run that ended: nothing to compare with\n", changes.run);
  std::string counts;
  for (const Delta delta : kDeltas) {
    const auto at = changes.buckets.find(delta);
    if (at == changes.buckets.end() && delta != Delta::kUnchanged) continue;
    counts += fmt::format("{}{} {}", counts.empty() ? "" : " · ",
                          at == changes.buckets.end() ? 0 : at->second, Name(delta));
  }
  std::string out = fmt::format("  {}, changed since {}: {}\n", changes.run, changes.since, counts);
  if (changes.not_asked != 0)
    out +=
        fmt::format("    {} pairs were not asked for in run {}\n", changes.not_asked, changes.run);
  for (const std::string& fail : changes.new_fails)
    out += fmt::format("    {} {}\n", Mark(Verdict::kFail, style), fail);
  const auto fails = changes.buckets.find(Delta::kNewFail);
  if (fails != changes.buckets.end() && fails->second > kShown)
    out += fmt::format("    and {} more: assay runs diff {} {} --bucket new_fail\n",
                       fails->second - kShown, changes.since, changes.run);
  for (const std::string& note : changes.notes) out += fmt::format("    note: {}\n", note);
  return out;
}

std::string ChangesJson(const Changes& changes) {
  report::JsonWriter json;
  json.BeginObject().Member("run", changes.run).Key("since");
  if (changes.since.empty())
    json.Null();
  else
    json.String(changes.since);
  json.Key("buckets").BeginObject();
  for (const Delta delta : kDeltas) {
    const auto at = changes.buckets.find(delta);
    json.Member(Name(delta), at == changes.buckets.end() ? uint64_t{0} : at->second);
  }
  json.EndObject().Key("landed").BeginObject();
  for (const auto& [delta, words] : changes.landed) {
    json.Key(Name(delta)).BeginObject();
    for (const auto& [word, n] : words) json.Member(word, n);
    json.EndObject();
  }
  json.EndObject().Member("not_asked", changes.not_asked);
  return json.Key("notes").Strings(changes.notes).EndObject().Take();
}

std::string PairJson(const assess::DiffRow& row, const std::string& tenant,
                     const CheckCatalogue& checks) {
  report::JsonWriter json;
  json.BeginObject().Key("id");
  row.finding() == 0 ? json.Null() : json.String(FindingId(row.finding()));
  json.Member("check", row.check->check).Member("tenant", tenant);
  json.Member("severity", SeverityOf(checks, row.check->check));
  json.Key("subject");
  if (const assess::ObservationView* shown = row.shown()) {
    json.BeginObject().Member("type", shown->observation.subject_type);
    json.Member("id", shown->observation.subject);
    json.Member("label", shown->observation.label).EndObject();
  } else {
    json.Null();  // the check as a whole: neither run lists subjects of it
  }
  json.Member("delta", Name(row.delta)).Member("changed", row.check->changed);
  const auto side = [&](const char* name, const assess::CheckView* check, const std::string& word,
                        const Standing& standing, const assess::ObservationView* view) {
    json.Key(name).BeginObject().Member("verdict", word).Member("reason", ReasonOf(standing));
    json.Member("check_version", VersionOf(check));
    json.Member("detail", view == nullptr ? std::string() : view->observation.detail);
    json.Key("entry");
    check == nullptr ? json.Null() : json.Uint(ToNumber(check->entry));
    json.EndObject();
  };
  side("before", row.check->before, row.was_word, row.was, row.before);
  side("now", row.check->now, row.is_word, row.is, row.now);
  return json.EndObject().Take();
}

const std::vector<std::string>& PairHeader() {
  static const std::vector<std::string> header = {"DELTA",  "ID",         "SEV",    "CHECK",
                                                  "BEFORE", "NOW",        "REASON", "SUBJECT",
                                                  "TYPE",   "SUBJECT ID", "DETAIL", "CHANGED"};
  return header;
}

std::vector<std::string> PairCells(const assess::DiffRow& row, const CheckCatalogue& checks) {
  const Observation none;
  const Observation& o = row.shown() == nullptr ? none : row.shown()->observation;
  return {std::string(Name(row.delta)),
          FindingId(row.finding()),
          SeverityOf(checks, row.check->check),
          row.check->check,
          row.was_word,
          row.is_word,
          ReasonOf(row.is),
          o.label.empty() ? o.subject : o.label,
          o.subject_type,
          o.subject,
          o.detail,
          row.check->changed};
}

}  // namespace assay::cli
