#include "assess/finding_trail.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/line.h"
#include "base/text.h"

namespace assay::assess {
namespace {

Result<Line> LineAt(ledger::Ledger& ledger, LeafIndex index) {
  ASSAY_ASSIGN(const std::string text, ledger.ReadLine(index));
  return Line::Decode(text);
}

/// Segment `at` of the body of an entry; why it is not there when it is not.
struct Segment {
  std::string text, absent;
};

Result<Segment> SegmentAt(ledger::Ledger& ledger, LeafIndex entry, uint64_t at) {
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(entry));
  if (!body.absent.empty()) return Segment{"", body.absent};
  if (const auto gone = body.absent_segments.find(at); gone != body.absent_segments.end())
    return Segment{"", gone->second};
  if (at >= body.segments.size())
    return Fail(Code::kCorrupt,
                fmt::format("entry {}: its body has no segment {}", ToNumber(entry), at));
  return Segment{std::string(AsText(body.segments[at])), ""};
}

/// Numbers are given without gaps: how many entries of the kind came before says which it holds.
struct OpenedRange {
  LeafIndex entry{};
  uint64_t count = 0;
};

Result<std::vector<OpenedRange>> OpenedRanges(ledger::Ledger& ledger, TreeSize size) {
  ASSAY_ASSIGN(const History history, ReadHistory(ledger, size));
  std::vector<OpenedRange> out;
  for (std::optional<LeafIndex> at = history.last_finding_entry; at;) {
    ASSAY_ASSIGN(const Line line, LineAt(ledger, *at));
    const auto previous = LeafIndex{static_cast<uint64_t>(line.Int("previous"))};
    if (line.Text("kind") != "finding.opened" || (line.Has("previous") && previous >= *at))
      return Fail(Code::kCorrupt, fmt::format("entry {}: is no finding.opened that follows an "
                                              "earlier one",
                                              ToNumber(*at)));
    out.push_back({*at, static_cast<uint64_t>(line.Int("count"))});
    at = line.Has("previous") ? std::optional(previous) : std::nullopt;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Result<OpenedFinding> ReadOpened(ledger::Ledger& ledger, LeafIndex entry, uint64_t at,
                                 uint64_t number) {
  ASSAY_ASSIGN(const Line line, LineAt(ledger, entry));
  OpenedFinding out{number, "", "", entry, line.Text("run"), line.Text("time"), ""};
  ASSAY_ASSIGN(Segment segment, SegmentAt(ledger, entry, at));
  out.absent = std::move(segment.absent);
  if (!out.absent.empty()) return out;
  ASSAY_ASSIGN(const Line said, Line::Decode(segment.text));
  if (static_cast<uint64_t>(said.Int("finding")) != number)
    return Fail(Code::kCorrupt, fmt::format("entry {}: segment {} is finding F-{}, not F-{}",
                                            ToNumber(entry), at, said.Int("finding"), number));
  out.check = said.Text("check");
  out.subject = said.Text("subject");
  return out;
}

Result<TrailPoint> PointOf(ledger::Ledger& ledger, const RunRow& run,
                           const OpenedFinding& finding) {
  ASSAY_ASSIGN(const RunDecisions decided, ReadDecisions(ledger, run));
  TrailPoint out;
  out.run = run.run;
  out.time = run.finished.empty() ? run.started : run.finished;
  const auto at = decided.checks.find(finding.check);
  if (at == decided.checks.end()) {
    out.word = run.only || !run.ended() ? "not_asked" : "no_check";
    return out;
  }
  const CheckView& check = at->second;
  out.check_version = check.result.version;
  out.entry = check.entry;
  ASSAY_ASSIGN(auto found, FindObservation(ledger, check, finding.subject));
  if (found && found->absent.empty()) {
    out.standing = {found->observation.verdict, found->observation.reason};
    out.detail = found->observation.detail;
    out.label = found->observation.label;
    out.records = std::move(found->records);
  } else if (check.result.subjects() == 0) {
    out.standing = {check.result.verdict, check.result.reason};
    ASSAY_ASSIGN(const CheckResult whole, ReadCheckResult(ledger, check.entry));
    out.detail = whole.detail;
  }
  out.word = out.standing.verdict ? std::string(Name(*out.standing.verdict))
             : found              ? found->absent
                                  : "absent";
  return out;
}

}  // namespace

Result<std::optional<OpenedFinding>> FindOpened(ledger::Ledger& ledger, TreeSize size,
                                                uint64_t number) {
  ASSAY_ASSIGN(const std::vector<OpenedRange> ranges, OpenedRanges(ledger, size));
  uint64_t before = 0;
  for (const OpenedRange& range : ranges) {
    if (number > before && number <= before + range.count) {
      ASSAY_ASSIGN(OpenedFinding found,
                   ReadOpened(ledger, range.entry, number - before - 1, number));
      return std::optional(std::move(found));
    }
    before += range.count;
  }
  return std::optional<OpenedFinding>();
}

Result<std::vector<TrailPoint>> ReadTrail(ledger::Ledger& ledger, const std::vector<RunRow>& runs,
                                          const OpenedFinding& finding) {
  std::vector<TrailPoint> out;
  for (const RunRow& run : runs) {
    if (run.outcome == "unfinished") continue;
    ASSAY_ASSIGN(TrailPoint point, PointOf(ledger, run, finding));
    out.push_back(std::move(point));
  }
  return out;
}

const TrailPoint* FailingSince(const std::vector<TrailPoint>& trail) {
  const TrailPoint* since = nullptr;
  for (auto point = trail.rbegin(); point != trail.rend(); ++point) {
    const bool silent = point->word == "not_asked";
    if (!silent && point->standing.verdict != Verdict::kFail) break;
    if (!silent) since = &*point;
  }
  return since;
}

Result<std::vector<Assignment>> ReadAssignments(ledger::Ledger& ledger, TreeSize size,
                                                uint64_t number) {
  std::vector<Assignment> out;
  Status taken;
  ASSAY_TRY(ledger.ReadLines(LeafIndex{0}, LeafIndex{ToNumber(size)},
                             [&](LeafIndex index, std::string_view text) {
                               if (text.find("\"kind\":\"finding.assigned\"") == text.npos)
                                 return true;
                               const auto line = Line::Decode(text);
                               if (!line) return taken = Fail(line.error()), false;
                               Assignment one;
                               one.finding = static_cast<uint64_t>(line->Int("finding"));
                               one.by = line->Text("actor");
                               one.time = line->Text("time");
                               one.entry = index;
                               if (number == 0 || one.finding == number)
                                 out.push_back(std::move(one));
                               return true;
                             }));
  ASSAY_TRY(std::move(taken));
  for (Assignment& one : out) {
    ASSAY_ASSIGN(Segment segment, SegmentAt(ledger, one.entry, 0));
    one.absent = std::move(segment.absent);
    if (!one.absent.empty()) continue;
    ASSAY_ASSIGN(const Line said, Line::Decode(segment.text));
    one.owner = said.Text("owner");
    one.note = said.Text("note");
  }
  return out;
}

Result<LeafIndex> Assign(ledger::Ledger& ledger, const Assignment& assignment) {
  ledger::EntryDraft draft;
  draft.kind = "finding.assigned";
  draft.actor = assignment.by;
  draft.members.emplace("finding", assignment.finding);
  ASSAY_ASSIGN(draft.body, ledger.PutSegments({fmt::format("{{\"note\":{},\"owner\":{}}}",
                                                           JsonString(assignment.note),
                                                           JsonString(assignment.owner))}));
  ASSAY_ASSIGN(const ledger::Appended appended, ledger.AppendDurably(std::move(draft)));
  ASSAY_TRY(ledger.SignCheckpoint());
  return appended.index;
}

}  // namespace assay::assess
