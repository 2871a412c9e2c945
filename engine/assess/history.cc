#include "assess/history.h"

#include <charconv>

#include "assess/line.h"
#include "assess/statement_chain.h"
#include "model/verdict.h"

namespace assay::assess {
namespace {

uint64_t RunNumber(const std::string& run) {
  uint64_t n = 0;
  if (run.starts_with("R-")) std::from_chars(run.data() + 2, run.data() + run.size(), n);
  return n;
}

Result<Line> LineAt(ledger::Ledger& ledger, uint64_t index) {
  ASSAY_ASSIGN(const std::string text, ledger.ReadLine(LeafIndex{index}));
  return Line::Decode(text);
}

/// Segments of an entry's body as text. What is absent stands there as why it is.
Result<std::vector<std::string>> SegmentTexts(ledger::Ledger& ledger, LeafIndex index) {
  std::vector<std::string> out;
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(index));
  if (!body.absent.empty()) return std::vector<std::string>{body.absent};
  for (size_t i = 0; i < body.segments.size(); ++i) {
    const auto gone = body.absent_segments.find(i);
    out.emplace_back(gone == body.absent_segments.end() ? AsText(body.segments[i]) : gone->second);
  }
  return out;
}

Result<std::string> FirstText(ledger::Ledger& ledger, LeafIndex index) {
  ASSAY_ASSIGN(const std::vector<std::string> texts, SegmentTexts(ledger, index));
  return texts.empty() ? std::string() : texts.front();
}

/// Of a check that has no subjects; empty for others.
Result<std::string> WhyNotAssessed(ledger::Ledger& ledger, LeafIndex index, const Line& line,
                                   const CheckResult& result) {
  if (line.BodyRoot().empty() || result.subjects() != 0) return std::string();
  ASSAY_ASSIGN(std::string text, FirstText(ledger, index));
  const auto detail = Line::Decode(text);
  return detail ? detail->Text("detail") : std::move(text);
}

/// What the state rests on beside checks. Where it was erased nobody knows: then on nothing.
void TakeFoundation(const std::string& segment, ControlView& control) {
  const auto line = Line::Decode(segment);
  if (!line) return;
  control.exceptions = line->Numbers("exceptions");
  control.attestations = line->Numbers("attestations");
}

/// Adds one line of the run to the view. `parts` collects entries of check.part until their check
/// comes.
Status AddLine(ledger::Ledger& ledger, LeafIndex index, const Line& line,
               std::vector<LeafIndex>& parts, RunView& view) {
  const std::string kind = line.Text("kind");
  if (kind == "run.started") {
    view.started = line.Text("time");
    view.tier = line.Text("tier");
  } else if (kind == "check.part") {
    if (!line.BodyRoot().empty()) parts.push_back(index);
  } else if (kind == "check") {
    CheckView check{CheckFrom(line), index, std::move(parts)};
    parts.clear();
    if (!line.BodyRoot().empty()) check.bodies.push_back(index);
    ASSAY_ASSIGN(check.result.detail, WhyNotAssessed(ledger, index, line, check.result));
    view.checks.push_back(std::move(check));
  } else if (kind == "control") {
    ControlView control;
    control.entry = index;
    control.result.framework = line.Text("framework");
    control.result.control = line.Text("control");
    control.result.state = ParseControlState(line.Text("state")).value_or(ControlState::kUnknown);
    ASSAY_ASSIGN(const std::vector<std::string> texts, SegmentTexts(ledger, index));
    if (!texts.empty()) control.result.why = texts.front();
    if (texts.size() > 1) TakeFoundation(texts[1], control);
    view.controls.push_back(std::move(control));
  } else if (kind == "dataset") {
    DatasetView dataset{line.Text("dataset"), line.Text("completeness"), line.Text("reason"), "",
                        line.Int("rows")};
    ASSAY_ASSIGN(dataset.detail, FirstText(ledger, index));
    view.datasets.push_back(std::move(dataset));
  } else if (kind == "plugin.fault") {
    FaultView fault{line.Text("plugin"), line.Text("fate"), ""};
    ASSAY_ASSIGN(fault.detail, FirstText(ledger, index));
    view.faults.push_back(std::move(fault));
  } else if (kind == "run.finished") {
    view.finished = line.Text("time");
    view.outcome = line.Text("outcome");
    view.reads = line.Int("reads");
    view.new_findings = line.Int("new_findings");
    ASSAY_ASSIGN(view.notes, SegmentTexts(ledger, index));
  }
  return {};
}

}  // namespace

CheckResult CheckFrom(const Line& line) {
  CheckResult result;
  result.check = line.Text("check");
  result.version = static_cast<uint32_t>(line.Int("check_version"));
  result.verdict = ParseVerdict(line.Text("verdict")).value_or(Verdict::kNotAssessed);
  result.reason = ParseReason(line.Text("reason")).value_or(Reason::kNone);
  auto counts = line.Counts("counts");
  const auto count = [&](const char* key) { return static_cast<uint64_t>(counts[key]); };
  result.pass = count("pass");
  result.fail = count("fail");
  result.manual = count("manual");
  result.not_applicable = count("not_applicable");
  result.not_assessed = count("not_assessed");
  return result;
}

Result<CheckResult> ReadCheckResult(ledger::Ledger& ledger, LeafIndex entry) {
  ASSAY_ASSIGN(const Line line, LineAt(ledger, ToNumber(entry)));
  CheckResult out = CheckFrom(line);
  ASSAY_ASSIGN(out.detail, WhyNotAssessed(ledger, entry, line, out));
  return out;
}

Result<History> ReadHistory(ledger::Ledger& ledger) {
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  return ReadHistory(ledger, head.size);
}

Result<History> ReadHistory(ledger::Ledger& ledger, TreeSize size) {
  History out;
  out.size = ToNumber(size);
  bool newest = true, findings_known = false, files_known = false, statements_known = false;
  const auto last = [](const Line& line, const char* key) {
    return line.Has(key) ? std::optional(LeafIndex{static_cast<uint64_t>(line.Int(key))})
                         : std::nullopt;
  };
  for (uint64_t i = out.size; i-- > 0 && !(findings_known && files_known && statements_known);) {
    ASSAY_ASSIGN(const Line line, LineAt(ledger, i));
    const std::string run = line.Text("run"), kind = line.Text("kind");
    if (kind == "plugin.file" && !files_known) {
      out.last_file_entry = LeafIndex{i};
      files_known = true;
    }
    if (IsStatement(kind) && !statements_known) {
      out.last_statement_entry = LeafIndex{i};
      statements_known = true;
    }
    if (run.empty()) continue;
    if (newest) {
      out.last_run_number = RunNumber(run);
      if (kind != "run.finished" && kind != "run.interrupted") out.unfinished_run = run;
      newest = false;
    }
    // A run that died may have opened findings after the last run.finished: they count.
    const bool end = kind == "run.finished";
    if (!findings_known && (kind == "finding.opened" || end)) {
      out.last_finding_entry = end ? last(line, "findings") : LeafIndex{i};
      findings_known = true;
    }
    if (!files_known && (kind == "run.started" || end)) {
      out.last_file_entry = last(line, "files");
      files_known = true;
    }
    if (!statements_known && (kind == "run.started" || end)) {
      out.last_statement_entry = last(line, "statements");
      statements_known = true;
    }
  }
  return out;
}

Result<RunView> ReadRun(ledger::Ledger& ledger, const std::string& run, LeafIndex first,
                        LeafIndex last) {
  RunView view;
  view.run = run;
  view.first = first;
  view.last = last;
  std::vector<LeafIndex> parts;
  for (uint64_t i = ToNumber(first); i <= ToNumber(last); ++i) {
    ASSAY_ASSIGN(const Line line, LineAt(ledger, i));
    if (line.Text("run") == run) ASSAY_TRY(AddLine(ledger, LeafIndex{i}, line, parts, view));
  }
  return view;
}

Result<std::optional<RunView>> ReadLastRun(ledger::Ledger& ledger) {
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  return ReadLastRun(ledger, head.size);
}

Result<std::optional<RunView>> ReadLastRun(ledger::Ledger& ledger, TreeSize size) {
  std::optional<uint64_t> last, first;
  std::string run;
  for (uint64_t i = ToNumber(size); i-- > 0 && !first;) {
    ASSAY_ASSIGN(const Line line, LineAt(ledger, i));
    const std::string kind = line.Text("kind");
    if (!last && kind == "run.finished") {
      last = i;
      run = line.Text("run");
    } else if (last && kind == "run.started" && line.Text("run") == run) {
      first = i;
    }
  }
  if (!first) return std::optional<RunView>();
  ASSAY_ASSIGN(RunView view, ReadRun(ledger, run, LeafIndex{*first}, LeafIndex{*last}));
  return std::optional<RunView>(std::move(view));
}

Result<ObservationView> DecodeObservation(std::string_view segment) {
  ASSAY_ASSIGN(const Line line, Line::Decode(segment));
  ObservationView view;
  view.observation.subject = line.Text("subject");
  view.observation.subject_type = line.Text("subject_type");
  view.observation.label = line.Text("label");
  view.observation.detail = line.Text("detail");
  view.observation.verdict = ParseVerdict(line.Text("verdict")).value_or(Verdict::kNotAssessed);
  view.observation.reason = ParseReason(line.Text("reason")).value_or(Reason::kNone);
  view.finding = static_cast<uint64_t>(line.Int("finding"));
  view.records = line.IntLists("records");
  return view;
}

namespace {

ObservationView AbsentObservation(std::string why) {
  ObservationView view;
  view.absent = std::move(why);
  return view;
}

}  // namespace

Status ReadObservations(ledger::Ledger& ledger, const CheckView& check,
                        const std::function<bool(ObservationView)>& visit) {
  for (const LeafIndex index : check.bodies) {
    ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(index));
    if (!body.absent.empty() && !visit(AbsentObservation(body.absent))) return {};
    for (size_t i = 0; i < body.segments.size(); ++i) {
      if (const auto gone = body.absent_segments.find(i); gone != body.absent_segments.end()) {
        if (!visit(AbsentObservation(gone->second))) return {};
        continue;
      }
      ASSAY_ASSIGN(ObservationView view, DecodeObservation(AsText(body.segments[i])));
      const bool of_a_subject = !view.observation.subject.empty();
      if (of_a_subject && !visit(std::move(view))) return {};
    }
  }
  return {};
}

}  // namespace assay::assess
