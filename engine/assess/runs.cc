#include "assess/runs.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/line.h"
#include "base/text.h"

namespace assay::assess {
namespace {

std::optional<LeafIndex> IndexAt(const Line& line, const char* key) {
  if (!line.Has(key)) return std::nullopt;
  return LeafIndex{static_cast<uint64_t>(line.Int(key))};
}

/// Lines in order, those of runs alone.
class RunList {
 public:
  /// Of which lines Take wants to hear: the others are not parsed.
  static bool Concerns(std::string_view text) { return text.find("\"kind\":\"run.") != text.npos; }

  void Take(LeafIndex index, const Line& line) {
    const std::string kind = line.Text("kind"), run = line.Text("run");
    if (kind == "run.started") return Begin(index, line);
    const auto at = std::find_if(rows_.rbegin(), rows_.rend(),
                                 [&](const RunRow& row) { return row.run == run; });
    if (at == rows_.rend()) return;
    if (kind == "run.interrupted") at->outcome = "interrupted";
    if (kind != "run.finished") return;
    at->last = index;
    at->outcome = line.Text("outcome");
    at->finished = line.Text("time");
    at->counts = line.Counts("counts");
    at->reads = line.Int("reads");
    at->new_findings = line.Int("new_findings");
  }

  /// The last entry of a run without end is not known: all that came after its start may be its.
  std::vector<RunRow> Finish(uint64_t size) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].finished.empty()) continue;
      const bool newest = i + 1 == rows_.size();
      if (!newest) rows_[i].outcome = "interrupted";
      rows_[i].last = LeafIndex{(newest ? size : ToNumber(rows_[i + 1].first)) - 1};
    }
    return std::move(rows_);
  }

 private:
  void Begin(LeafIndex index, const Line& line) {
    RunRow row;
    row.run = line.Text("run");
    row.outcome = "unfinished";
    row.started = line.Text("time");
    row.tier = line.Text("tier");
    row.first = row.last = index;
    row.plugins = line.Texts("plugins");
    row.files = IndexAt(line, "files");
    row.checks = line.Int("checks");
    row.only = line.Int("only") == 1;
    rows_.push_back(std::move(row));
  }

  std::vector<RunRow> rows_;
};

/// Parses the lines of [from, to) that hold `wanted` and calls `take` with each.
Status VisitLines(ledger::Ledger& ledger, LeafIndex from, LeafIndex to,
                  const std::function<bool(std::string_view)>& wanted,
                  const std::function<Status(LeafIndex, const Line&)>& take) {
  Status taken;
  ASSAY_TRY(ledger.ReadLines(from, to, [&](LeafIndex index, std::string_view text) {
    if (!wanted(text)) return true;
    const auto line = Line::Decode(text);
    taken = line ? take(index, *line) : Fail(line.error());
    return taken.has_value();
  }));
  return taken;
}

/// Takes the decisions of one run in order.
class Decisions {
 public:
  explicit Decisions(const RunRow& run) : run_(run) {}

  Status Take(LeafIndex index, const Line& line) {
    if (line.Text("run") != run_.run) return {};
    const std::string kind = line.Text("kind");
    const bool has_body = !line.BodyRoot().empty();
    if (kind == "check.part" && has_body) parts_.push_back(index);
    if (kind == "check") return TakeCheck(index, line, has_body);
    if (kind == "control") return TakeControl(index, line);
    return {};
  }

  RunDecisions Finish() { return std::move(out_); }

 private:
  Status TakeCheck(LeafIndex index, const Line& line, bool has_body) {
    CheckView view{CheckFrom(line), index, std::move(parts_)};
    parts_.clear();
    if (has_body) view.bodies.push_back(index);
    const auto [at, fresh] = out_.checks.emplace(view.result.check, view);
    return fresh ? Status{} : Twice("check " + at->first, at->second.entry, index);
  }
  Status TakeControl(LeafIndex index, const Line& line) {
    const std::string id = line.Text("framework") + ":" + line.Text("control");
    const auto state = ParseControlState(line.Text("state")).value_or(ControlState::kUnknown);
    out_.controls[id] = state;
    const auto [at, fresh] = control_entries_.emplace(id, index);
    return fresh ? Status{} : Twice("control " + id, at->second, index);
  }
  Status Twice(const std::string& what, LeafIndex first, LeafIndex second) const {
    return Fail(Code::kCorrupt, fmt::format("run {}: {} stands twice, in entry {} and in entry {}",
                                            run_.run, what, ToNumber(first), ToNumber(second)));
  }

  const RunRow& run_;
  RunDecisions out_;
  std::vector<LeafIndex> parts_;
  std::map<std::string, LeafIndex> control_entries_;
};

}  // namespace

Result<TreeSize> SizeAt(ledger::Ledger& ledger, Timestamp when) {
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  uint64_t low = 0, high = ToNumber(head.size);  // the first `low` are not younger; `high` on are
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    ASSAY_ASSIGN(const std::string text, ledger.ReadLine(LeafIndex{middle}));
    ASSAY_ASSIGN(const Line line, Line::Decode(text));
    ASSAY_ASSIGN(const Timestamp time, ParseTime(line.Text("time")));
    if (time <= when)
      low = middle + 1;
    else
      high = middle;
  }
  return TreeSize{low};
}

Result<std::vector<RunRow>> ReadRuns(ledger::Ledger& ledger, TreeSize size) {
  RunList list;
  ASSAY_TRY(VisitLines(
      ledger, LeafIndex{0}, LeafIndex{ToNumber(size)}, &RunList::Concerns,
      [&](LeafIndex index, const Line& line) { return list.Take(index, line), Status{}; }));
  return list.Finish(ToNumber(size));
}

const RunRow* NewestEnded(const std::vector<RunRow>& runs) {
  const auto at =
      std::find_if(runs.rbegin(), runs.rend(), [](const RunRow& row) { return row.ended(); });
  return at == runs.rend() ? nullptr : &*at;
}

const RunRow* BaseOf(const std::vector<RunRow>& runs, const RunRow& run) {
  const RunRow* base = nullptr;
  for (const RunRow& row : runs) {
    if (row.first >= run.first) break;
    if (row.ended() && (base == nullptr || base->only || !row.only)) base = &row;
  }
  return base;
}

const RunRow* FindRun(const std::vector<RunRow>& runs, std::string_view name) {
  const std::string wanted = !name.empty() && AsciiLower(name.substr(0, 1)) == "r"
                                 ? std::string(name.substr(1))
                                 : "-" + std::string(name);
  for (const RunRow& row : runs)
    if (row.run == "R" + wanted) return &row;
  return nullptr;
}

Result<RunView> ReadRun(ledger::Ledger& ledger, const RunRow& run) {
  ASSAY_ASSIGN(RunView view, ReadRun(ledger, run.run, run.first, run.last));
  view.outcome = run.outcome;
  return view;
}

Result<RunDecisions> ReadDecisions(ledger::Ledger& ledger, const RunRow& run) {
  Decisions decisions(run);
  const auto wanted = [](std::string_view text) {
    return text.find("\"kind\":\"check") != text.npos ||
           text.find("\"kind\":\"control\"") != text.npos;
  };
  ASSAY_TRY(
      VisitLines(ledger, run.first, LeafIndex{ToNumber(run.last) + 1}, wanted,
                 [&](LeafIndex index, const Line& line) { return decisions.Take(index, line); }));
  return decisions.Finish();
}

}  // namespace assay::assess
