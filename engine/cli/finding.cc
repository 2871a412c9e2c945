// assay finding list|show: the observations of the newest run that ended, each under its stable
// number, with what became of it since the run before.
#include "cli/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "assess/run_diff.h"
#include "base/text.h"
#include "cli/as_of.h"
#include "cli/installed.h"
#include "ledger/line.h"
#include "proof/tree.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

struct Row {
  const assess::CheckView* check;
  const assess::ObservationView* view;
  Delta delta = Delta::kUnchanged;
  uint64_t finding = 0;
};

/// Members that a row of the list and one finding alone have in common; the object stays open.
void WriteRow(report::JsonWriter& json, const Row& row, const OpenedFindings& opened) {
  const Observation& o = row.view->observation;
  json.BeginObject().Key("id");
  row.finding == 0 ? json.Null() : json.String(FindingId(row.finding));
  json.Member("check", row.check->result.check).Member("check_version", row.check->result.version);
  json.Member("verdict", Name(o.verdict)).Key("reason");
  o.reason == Reason::kNone ? json.Null() : json.String(Name(o.reason));
  json.Member("excepted", false).Member("delta", Name(row.delta));
  json.Member("severity", SeverityOf(opened.checks, row.check->result.check));
  json.Member("tenant", opened.tenant->id).Key("subject").BeginObject();
  json.Member("type", o.subject_type).Member("id", o.subject).Member("label", o.label).EndObject();
  json.Member("detail", o.detail);
  const auto owner = opened.owners.find(row.finding);
  json.Member("owner", owner == opened.owners.end() ? "" : owner->second.owner);
  const auto controls = opened.controls.find(row.check->result.check);
  json.Key("controls")
      .Strings(controls == opened.controls.end() ? std::vector<std::string>() : controls->second);
}

std::string RowJson(const Row& row, const OpenedFindings& opened) {
  report::JsonWriter json;
  WriteRow(json, row, opened);
  json.Key("entry").BeginObject().Member("index", ToNumber(row.check->entry)).EndObject();
  return json.EndObject().Take();
}

std::string RowText(const Row& row, const OpenedFindings& opened) {
  const Observation& o = row.view->observation;
  const std::string severity = SeverityOf(opened.checks, row.check->result.check);
  const auto owner = opened.owners.find(row.finding);
  return fmt::format("  {:<8} {:<9} {:<16} {:<44} {} ({}) {}{}\n", FindingId(row.finding),
                     severity.empty() ? "?" : severity, Name(row.delta), row.check->result.check,
                     o.label.empty() ? o.subject : o.label, o.subject_type, o.detail,
                     owner == opened.owners.end() ? "" : " [" + owner->second.owner + "]");
}

/// Observations that cannot be shown, by why.
using Absent = std::map<std::string, uint64_t>;

std::string AbsentJson(const std::string& check, const Absent& absent) {
  std::string out;
  for (const auto& [why, n] : absent)
    out += fmt::format("{}{{\"id\":null,\"check\":{},\"absent\":{},\"subjects\":{}}}",
                       out.empty() ? "" : ",", JsonString(check), JsonString(why), n);
  return out;
}

std::string AbsentRows(const std::string& check, std::string_view severity, const Absent& absent) {
  std::string out;
  for (const auto& [why, n] : absent)
    out += fmt::format("  {:<8} {:<9} {:<16} {:<44} {} cannot be shown: {}\n", "-", severity, "-",
                       check, n, why);
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

int NoRun(Context& context, const OpenedRuns& opened) {
  return Report(context, Error{Code::kNotFound,
                               "tenant " + opened.tenant->id + ": no finished run " +
                                   (context.as_of ? "by then" : "yet"),
                               {},
                               "assay run",
                               {},
                               {}});
}

/// Which verdicts are listed; nothing stands for all.
struct Wanted {
  std::optional<Verdict> verdict;
};

std::optional<Wanted> VerdictArgument(Context& context, int& exit) {
  const std::string wanted = context.options.verdict.empty() ? "fail" : context.options.verdict;
  const auto verdict = ParseVerdict(wanted);
  if (verdict || wanted == "all") return Wanted{verdict};
  Report(context, Error{Code::kInvalidInput,
                        "--verdict " + Quote(wanted) + ": unknown verdict",
                        {},
                        "pass, fail, manual, not_applicable, not_assessed or all",
                        {},
                        {}});
  exit = ToInt(ExitCode::kUsage);
  return std::nullopt;
}

/// Shows the rows of the newest run as they come: none is held.
Status ShowRows(Context& context, const OpenedFindings& opened, const assess::RunDiff& diff,
                const Wanted& wanted) {
  const bool json = context.options.json;
  const char* comma = "";
  const auto give = [&](const std::string& text) {
    context.Print(json ? comma + text : text);
    comma = ",";
  };
  assess::PairVisitor visitor;
  visitor.pair = [&](const assess::DiffRow& pair) {
    if (pair.now == nullptr) return;
    if (wanted.verdict && pair.now->observation.verdict != *wanted.verdict) return;
    const Row row{pair.check->now, pair.now, pair.delta, pair.finding()};
    give(json ? RowJson(row, opened) : RowText(row, opened));
  };
  visitor.absent = [&](const assess::CheckPair& pair, const Absent& absent) {
    if (absent.empty()) return;
    const std::string severity = SeverityOf(opened.checks, pair.check);
    give(json ? AbsentJson(pair.check, absent) : AbsentRows(pair.check, severity, absent));
  };
  const auto& only = context.options.only_checks;
  return assess::VisitPairs(
      *opened.ledger, diff,
      [&](const assess::CheckPair& pair) {
        return pair.now != nullptr &&
               (only.empty() || std::find(only.begin(), only.end(), pair.check) != only.end());
      },
      visitor);
}

}  // namespace

uint64_t FindingNumber(const std::string& text) {
  uint64_t n = 0;
  if (text.size() > 2 && (text[0] == 'F' || text[0] == 'f') && text[1] == '-')
    std::from_chars(text.data() + 2, text.data() + text.size(), n);
  return n;
}

std::map<uint64_t, assess::Assignment> InForce(const std::vector<assess::Assignment>& all) {
  std::map<uint64_t, assess::Assignment> out;
  for (const assess::Assignment& one : all) out.insert_or_assign(one.finding, one);
  std::erase_if(out, [](const auto& pair) { return pair.second.owner.empty(); });
  return out;
}

std::optional<OpenedFindings> OpenFindings(Context& context, int& exit) {
  auto runs = OpenRuns(context, exit);
  if (!runs) return std::nullopt;
  OpenedFindings out{std::move(*runs), {}, {}, {}};
  out.checks = ReadCatalogue(context, out.workspace->config);
  if (auto catalogue = OpenFullCatalogue(context))
    for (const auto& [id, check] : out.checks) out.controls.emplace(id, catalogue->ControlsOf(id));
  const auto assigned = assess::ReadAssignments(*out.ledger, out.size);
  if (!assigned) return exit = Report(context, assigned.error()), std::nullopt;
  out.owners = InForce(*assigned);
  return out;
}

std::optional<assess::OpenedFinding> FindingArgument(Context& context, const OpenedRuns& opened,
                                                     int& exit) {
  const uint64_t number = FindingNumber(context.options.argument);
  auto found = assess::FindOpened(*opened.ledger, opened.size, number);
  if (!found) return exit = Report(context, found.error()), std::nullopt;
  if (*found) return std::move(**found);
  exit = Report(context, Error{Code::kNotFound,
                               "finding " + Quote(context.options.argument, 60) + ": tenant " +
                                   opened.tenant->id + " has no such finding" +
                                   (context.as_of ? " as of then" : ""),
                               {},
                               "assay finding list",
                               {},
                               {}});
  return std::nullopt;
}

int RunFindingList(Context& context) {
  int exit = 0;
  const auto wanted = VerdictArgument(context, exit);
  if (!wanted) return exit;
  const auto opened = OpenFindings(context, exit);
  if (!opened) return exit;
  const assess::RunRow* now = assess::NewestEnded(opened->runs);
  if (now == nullptr) return NoRun(context, *opened);
  const auto diff = assess::CompareRuns(*opened->ledger, assess::BaseOf(opened->runs, *now), *now);
  if (!diff) return Report(context, diff.error());
  if (now->only)
    Tell(context,
         fmt::format("run {} was limited to some checks: the others are not listed\n", now->run));
  const bool json = context.options.json;
  if (context.terminal.tty && !json)
    Say(context,
        fmt::format("  {:<8} {:<9} {:<16} {:<44} SUBJECT\n", "ID", "SEV", "DELTA", "CHECK"));
  const auto [before, after] =
      EnvelopeFrame({context.CommandName(), true, context.Moment(), "", {}, {}, ""});
  // What does not open is met before anything is written.
  const Status readable =
      assess::VisitPairs(*opened->ledger, *diff, nullptr, {[](const assess::DiffRow&) {}, {}});
  if (!readable) return Report(context, readable.error());
  if (json) context.Print(before + "{\"run\":" + JsonString(now->run) + ",\"items\":[");
  if (Status shown = ShowRows(context, *opened, *diff, *wanted); !shown)
    return Report(context, shown.error());
  if (json) context.Print("]}" + after);
  return 0;
}

namespace {

/// One finding with everything that is known of it.
struct Shown {
  const OpenedFindings& opened;
  const assess::OpenedFinding& finding;
  const std::vector<assess::TrailPoint>& trail;
  const assess::TrailPoint& newest;  ///< that says something of it
  std::string leaf;                  ///< base64 of the leaf hash of its check's entry
  uint32_t epoch = 1;

  const CheckSpec* spec() const {
    const auto at = opened.checks.find(finding.check);
    return at == opened.checks.end() ? nullptr : &at->second;
  }
  const assess::Assignment* owner() const {
    const auto at = opened.owners.find(finding.number);
    return at == opened.owners.end() ? nullptr : &at->second;
  }
};

std::string ShownJson(const Shown& shown, const std::string& delta) {
  report::JsonWriter json;
  const assess::TrailPoint& point = shown.newest;
  json.BeginObject().Member("id", FindingId(shown.finding.number));
  json.Member("check", shown.finding.check).Member("check_version", point.check_version);
  json.Member("verdict", point.word).Key("reason");
  point.standing.reason == Reason::kNone ? json.Null() : json.String(Name(point.standing.reason));
  json.Member("excepted", false).Member("delta", delta);
  json.Member("severity", SeverityOf(shown.opened.checks, shown.finding.check));
  json.Member("tenant", shown.opened.tenant->id).Key("subject").BeginObject();
  json.Member("id", shown.finding.subject).Member("label", point.label).EndObject();
  json.Member("detail", point.detail).Member("run", point.run).Member("recorded_at", point.time);
  const assess::TrailPoint* since = assess::FailingSince(shown.trail);
  json.Key("failing_since");
  since == nullptr ? json.Null() : json.String(since->time);
  json.Member("opened_at", shown.finding.time).Member("opened_in", shown.finding.run);
  const assess::Assignment* owner = shown.owner();
  json.Member("owner", owner == nullptr ? "" : owner->owner);
  json.Member("note", owner == nullptr ? "" : owner->note).Key("controls");
  const auto controls = shown.opened.controls.find(shown.finding.check);
  json.Strings(controls == shown.opened.controls.end() ? std::vector<std::string>()
                                                       : controls->second);
  json.Key("evidence").BeginArray();
  for (const auto& record : point.records) {
    json.BeginArray();
    for (const int64_t number : record) json.Int(number);
    json.EndArray();
  }
  json.EndArray().Key("entry").BeginObject().Key("index");
  point.entry ? json.Uint(ToNumber(*point.entry)) : json.Null();
  json.Member("epoch", shown.epoch).Member("leaf", "sha256:" + shown.leaf).EndObject();
  const CheckSpec* spec = shown.spec();
  json.Member("title", spec == nullptr ? "" : spec->title);
  json.Member("rationale", spec == nullptr ? "" : spec->rationale);
  return json.Member("remediation", spec == nullptr ? "" : spec->remediation).EndObject().Take();
}

std::string ShownText(const Shown& shown, const std::string& delta) {
  const assess::TrailPoint& point = shown.newest;
  const CheckSpec* spec = shown.spec();
  std::string out = fmt::format("  {}  {}  {}  ({})\n", FindingId(shown.finding.number), point.word,
                                shown.finding.check, delta);
  if (spec != nullptr) out += fmt::format("    {}\n", spec->title);
  out += fmt::format("    subject   {} {}\n", point.label, shown.finding.subject);
  if (!point.detail.empty()) out += fmt::format("    detail    {}\n", point.detail);
  const assess::TrailPoint* since = assess::FailingSince(shown.trail);
  if (since != nullptr) out += fmt::format("    since     {} (run {})\n", since->time, since->run);
  out += fmt::format("    opened    {} (run {})\n", shown.finding.time, shown.finding.run);
  if (point.entry)
    out += fmt::format("    decided   run {}, entry {}, leaf sha256:{}\n", point.run,
                       ToNumber(*point.entry), shown.leaf);
  if (const assess::Assignment* owner = shown.owner())
    out += fmt::format("    owner     {}{}\n", owner->owner,
                       owner->note.empty() ? "" : ": " + owner->note);
  const auto controls = shown.opened.controls.find(shown.finding.check);
  if (controls != shown.opened.controls.end() && !controls->second.empty())
    out += fmt::format("    controls  {}\n", Join(controls->second, ", "));
  for (const auto& record : point.records)
    if (!record.empty())
      out += fmt::format("    evidence  entry {}{}{}\n", record[0],
                         record.size() > 1 ? fmt::format(", record {}", record[1]) : "",
                         WhyNotShown(*shown.opened.ledger, record));
  if (spec != nullptr) out += fmt::format("    to fix    {}\n", spec->remediation);
  return out;
}

/// What became of it between the two newest points that say something.
std::string DeltaAmong(const std::vector<assess::TrailPoint>& trail) {
  std::vector<const assess::TrailPoint*> said;
  for (auto point = trail.rbegin(); point != trail.rend() && said.size() < 2; ++point)
    if (point->word != "not_asked") said.push_back(&*point);
  if (said.size() < 2 || !said[1]->entry) return std::string(Name(Delta::kNewCheck));
  if (!said[0]->entry) return std::string(Name(Delta::kRemovedCheck));
  if (said[0]->check_version != said[1]->check_version)
    return std::string(Name(Delta::kCheckChanged));
  return std::string(Name(DeltaOf(said[1]->standing, said[0]->standing)));
}

}  // namespace

int RunFindingShow(Context& context) {
  int exit = 0;
  const auto opened = OpenFindings(context, exit);
  if (!opened) return exit;
  const auto finding = FindingArgument(context, *opened, exit);
  if (!finding) return exit;
  if (!finding->absent.empty())
    return Report(context,
                  Error{Code::kNotFound,
                        FindingId(finding->number) + ": what it is about was " + finding->absent,
                        {},
                        "assay finding history",
                        {},
                        {}});
  const auto trail = assess::ReadTrail(*opened->ledger, opened->runs, *finding);
  if (!trail) return Report(context, trail.error());
  const auto newest = std::find_if(trail->rbegin(), trail->rend(),
                                   [](const auto& point) { return point.word != "not_asked"; });
  if (newest == trail->rend()) return NoRun(context, *opened);
  Shown shown{*opened, *finding, *trail, *newest, {}, 1};
  if (newest->entry) {
    const auto line = opened->ledger->ReadLine(*newest->entry);
    const auto facts = line ? ledger::ParseLine(*line) : Fail(line.error());
    if (!facts) return Report(context, facts.error());
    shown.leaf = EncodeBase64(proof::HashEntry(*line));
    shown.epoch = facts->epoch;
  }
  const std::string delta = DeltaAmong(*trail);
  return context.Finish(ShownText(shown, delta), ShownJson(shown, delta));
}

}  // namespace assay::cli
