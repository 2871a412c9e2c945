// assay finding history|assign: one finding over the runs, and who looks after it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/as_of.h"
#include "cli/erasing.h"
#include "cli/finding.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxOwner = 200, kMaxNote = 2000;

/// One line of the history: an observation, or what somebody did.
struct Event {
  std::string time, what, run, by, detail;
  std::optional<uint64_t> entry;
  uint32_t check_version = 0;
};

std::vector<Event> EventsOf(const assess::OpenedFinding& finding,
                            const std::vector<assess::TrailPoint>& trail,
                            const std::vector<assess::Assignment>& assigned) {
  std::vector<Event> out;
  out.push_back({finding.time, "opened", finding.run, "", "", ToNumber(finding.entry), 0});
  for (const assess::TrailPoint& point : trail) {
    const Reason reason = point.standing.reason;
    Event event{point.time,   point.word,   point.run,          "",
                point.detail, std::nullopt, point.check_version};
    if (reason != Reason::kNone) event.what += fmt::format(" ({})", Name(reason));
    if (point.entry) event.entry = ToNumber(*point.entry);
    out.push_back(std::move(event));
  }
  for (const assess::Assignment& one : assigned) {
    const std::string detail = !one.absent.empty() ? one.absent
                               : one.owner.empty() ? "to nobody"
                               : one.note.empty()  ? "to " + one.owner
                                                   : "to " + one.owner + ": " + one.note;
    out.push_back({one.time, "assigned", "", one.by, detail, ToNumber(one.entry), 0});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  return out;
}

Error Misuse(std::string message, std::string hint) {
  return Error{Code::kInvalidInput, std::move(message), {}, std::move(hint), {}, "AS-CLI-003"};
}

bool IsOneLine(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Status CheckAssignment(const Options& options) {
  const char* form = "--owner maria@contoso.example --note \"until the migration\"";
  if (options.clear != options.owner.empty())
    return Fail(Misuse("finding assign: give --owner, or --clear to take the owner back", form));
  if (options.owner.size() > kMaxOwner || options.note.size() > kMaxNote)
    return Fail(Misuse(fmt::format("finding assign: an owner has at most {} bytes, a note {}",
                                   kMaxOwner, kMaxNote),
                       form));
  if (!IsOneLine(options.owner) || !IsOneLine(options.note))
    return Fail(Misuse("finding assign: owner and note are one line each", form));
  return {};
}

std::string AssignedJson(const assess::Assignment& one, const assess::Assignment* before,
                         std::optional<LeafIndex> entry) {
  report::JsonWriter json;
  json.BeginObject().Member("id", FindingId(one.finding)).Member("owner", one.owner);
  json.Member("note", one.note).Member("by", one.by);
  json.Member("before", before == nullptr ? "" : before->owner).Key("entry");
  entry ? json.Uint(ToNumber(*entry)) : json.Null();
  return json.EndObject().Take();
}

}  // namespace

int RunFindingHistory(Context& context) {
  int exit = 0;
  const auto opened = OpenRuns(context, exit);
  if (!opened) return exit;
  const auto finding = FindingArgument(context, *opened, exit);
  if (!finding) return exit;
  const auto trail = assess::ReadTrail(*opened->ledger, opened->runs, *finding);
  if (!trail) return Report(context, trail.error());
  const auto assigned = assess::ReadAssignments(*opened->ledger, opened->size, finding->number);
  if (!assigned) return Report(context, assigned.error());
  Table table({"TIME", "WHAT", "RUN", "ENTRY", "CHECK VERSION", "BY", "DETAIL"});
  report::JsonWriter json;
  json.BeginObject().Member("id", FindingId(finding->number)).Member("check", finding->check);
  json.Member("subject", finding->subject).Member("absent", finding->absent);
  json.Key("items").BeginArray();
  for (const Event& event : EventsOf(*finding, *trail, *assigned)) {
    table.Row({event.time, event.what, event.run, event.entry ? std::to_string(*event.entry) : "-",
               event.check_version == 0 ? "" : std::to_string(event.check_version), event.by,
               event.detail});
    json.BeginObject().Member("time", event.time).Member("what", event.what);
    json.Member("run", event.run).Member("by", event.by).Member("detail", event.detail);
    json.Member("check_version", event.check_version).Key("entry");
    event.entry ? json.Uint(*event.entry) : json.Null();
    json.EndObject();
  }
  const std::string head = fmt::format("  {}  {}  {}\n", FindingId(finding->number), finding->check,
                                       finding->subject + finding->absent);
  return context.Finish(head + table.Format(context.terminal), json.EndArray().EndObject().Take());
}

int RunFindingAssign(Context& context) {
  const Options& options = context.options;
  if (Status form = CheckAssignment(options); !form) return Report(context, form.error());
  int exit = 0;
  const auto opened = OpenRuns(context, exit);
  if (!opened) return exit;
  const auto finding = FindingArgument(context, *opened, exit);
  if (!finding) return exit;
  const auto all = assess::ReadAssignments(*opened->ledger, opened->size, finding->number);
  if (!all) return Report(context, all.error());
  const auto owners = InForce(*all);
  const auto at = owners.find(finding->number);
  const assess::Assignment* before = at == owners.end() ? nullptr : &at->second;
  assess::Assignment wanted;
  wanted.finding = finding->number;
  wanted.owner = options.owner;
  wanted.note = options.note;
  wanted.by = AccountId();
  const std::string id = FindingId(finding->number);
  const std::string change = fmt::format("{} {}  owner {} -> {}", id, finding->check,
                                         before == nullptr ? "nobody" : before->owner,
                                         wanted.owner.empty() ? "nobody" : wanted.owner);
  const bool same = before == nullptr
                        ? wanted.owner.empty()
                        : before->owner == wanted.owner && before->note == wanted.note;
  if (same)
    return context.Finish(fmt::format("  {}: is so already, nothing was written\n", id),
                          AssignedJson(wanted, before, std::nullopt));
  if (options.dry_run)
    return context.Finish("  " + change + "\n  Nothing has been written\n",
                          AssignedJson(wanted, before, std::nullopt));
  auto writing = OpenOneForAppending(context, exit);
  if (!writing) return exit;
  const auto entry = assess::Assign(*writing->ledger, wanted);
  if (!entry) return Report(context, entry.error());
  return context.Finish(fmt::format("  {}: entry {}\n", change, ToNumber(*entry)),
                        AssignedJson(wanted, before, *entry));
}

}  // namespace assay::cli
