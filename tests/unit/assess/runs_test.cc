// Runs of a ledger compared with each other and with what the ledger was at an earlier moment.
#include "assess/runs.h"

#include <fmt/format.h>

#include <random>
#include <set>

#include "assess/findings.h"
#include "assess/run_diff.h"
#include "base/text.h"
#include "proof/sha256.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::assess {
namespace {

/// What a run says of one check: a verdict for each subject; for none, that of the whole.
struct Said {
  uint32_t version = 1;
  std::map<std::string, Standing> subjects{};
  Standing whole{Verdict::kNotAssessed, Reason::kPermission};
  std::string sql = "SELECT 1";
  std::string params = "{}";
};
using Run = std::map<std::string, Said>;

struct Terms {
  bool only = false;
  std::string outcome = "complete";
  std::map<std::string, ControlState> controls{};
};

std::string CheckToml(const std::string& id, const Said& said) {
  return fmt::format(
      "[[check]]\nid = \"{}\"\nversion = {}\ntitle = \"t\"\nseverity = \"low\"\nsubject = "
      "\"tenant\"\nreads = [\"d\"]\nsql = \"\"\"{}\"\"\"\n",
      id, said.version, said.sql);
}

/// A ledger to which runs are written, entry by entry as a run does.
class Runs {
 public:
  Runs() {
    auto opened = place_.Open();
    if (!opened) FAIL(opened.error().ToString());
    ledger_ = std::move(*opened);
  }

  ledger::Ledger& ledger() { return *ledger_; }
  Timestamp now() const { return place_.clock.Now(); }

  LeafIndex Append(std::string kind, ledger::MemberMap members,
                   const std::vector<std::string>& segments = {}) {
    place_.clock.SleepFor(std::chrono::milliseconds(7));
    ledger::EntryDraft draft;
    draft.kind = std::move(kind);
    draft.members = std::move(members);
    if (!segments.empty()) {
      auto body = ledger_->PutSegments(segments);
      if (!body) FAIL(body.error().ToString());
      draft.body = *body;
    }
    auto appended = ledger_->AppendDurably(std::move(draft));
    if (!appended) FAIL(appended.error().ToString());
    return appended->index;
  }

  /// Writes a run; its name.
  std::string Write(const Run& run, const Terms& terms = {}) {
    const std::string name = fmt::format("R-{}", ++runs_);
    WriteStart(name, run, terms);
    for (const auto& [check, said] : run) WriteCheck(name, check, said);
    for (const auto& [id, state] : terms.controls)
      Append("control",
             {{"run", name}, {"framework", "f"}, {"control", id}, {"state", Name(state)}}, {"why"});
    if (terms.outcome != "none")
      Append("run.finished",
             {{"run", name}, {"outcome", terms.outcome}, {"reads", 1}, {"new_findings", 0}});
    return name;
  }

  void WriteStart(const std::string& name, const Run& run, const Terms& terms) {
    std::string files;
    for (const auto& [check, said] : run) {
      const std::string text = CheckToml(check, said);
      const std::string digest = EncodeHex(proof::Sha256(AsBytes(text)));
      ledger::MemberMap members{{"plugin", "checks.d"}, {"sha256", digest}};
      if (last_file_) members.emplace("previous", ToNumber(*last_file_));
      if (kept_.insert(digest).second) last_file_ = Append("plugin.file", members, {text});
      files += fmt::format("{}\"{}.toml\":\"{}\"", files.empty() ? "" : ",", check, digest);
    }
    std::vector<std::string> segments{"{\"files\":{" + files + "},\"id\":\"checks.d\"}"};
    for (const auto& [check, said] : run)
      segments.push_back(fmt::format("{{\"check\":\"{}\",\"params\":{},\"severity\":\"low\"}}",
                                     check, said.params));
    ledger::MemberMap members{{"run", name}, {"tier", "strict"}, {"checks", run.size()}};
    if (terms.only) members.emplace("only", 1);
    if (last_file_) members.emplace("files", ToNumber(*last_file_));
    Append("run.started", members, segments);
  }

  /// Three subjects to an entry, so that most checks have parts.
  void WriteCheck(const std::string& run, const std::string& check, const Said& said) {
    std::vector<std::string> segments;
    std::map<Verdict, int> counts;
    int part = 0;
    for (const auto& [subject, standing] : said.subjects) {
      if (segments.size() == 3) {
        Append("check.part", {{"run", run}, {"check", check}, {"part", part++}}, segments);
        segments.clear();
      }
      ++counts[*standing.verdict];
      segments.push_back(Segment(subject, standing));
    }
    if (said.subjects.empty()) segments.push_back("{\"detail\":\"why\"}");
    WriteCheckEntry(run, check, said, counts, segments);
  }

  void WriteCheckEntry(const std::string& run, const std::string& check, const Said& said,
                       std::map<Verdict, int> counts, const std::vector<std::string>& segments) {
    const Verdict verdict = said.subjects.empty() ? *said.whole.verdict : Verdict::kFail;
    ledger::MemberMap members{
        {"run", run},
        {"check", check},
        {"check_version", said.version},
        {"verdict", Name(verdict)},
        {"counts", ledger::MemberMap{{"pass", counts[Verdict::kPass]},
                                     {"fail", counts[Verdict::kFail]},
                                     {"manual", counts[Verdict::kManual]},
                                     {"not_applicable", counts[Verdict::kNotApplicable]},
                                     {"not_assessed", counts[Verdict::kNotAssessed]}}}};
    if (said.subjects.empty() && said.whole.reason != Reason::kNone)
      members.emplace("reason", Name(said.whole.reason));
    Append("check", std::move(members), segments);
  }

  static std::string Segment(const std::string& subject, const Standing& standing) {
    const std::string reason = standing.reason == Reason::kNone
                                   ? ""
                                   : fmt::format(",\"reason\":\"{}\"", Name(standing.reason));
    return fmt::format(
        "{{\"detail\":\"d\",\"label\":\"l\"{},\"records\":[],\"subject\":{},\"subject_type\":\"x\","
        "\"verdict\":\"{}\"}}",
        reason, JsonString(subject), Name(*standing.verdict));
  }

 private:
  testing::TestLedger place_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::set<std::string> kept_;
  std::optional<LeafIndex> last_file_;
  int runs_ = 0;
};

/// (check, subject or "") -> bucket, as VisitPairs has it; a pair that comes twice fails.
using Buckets = std::map<std::pair<std::string, std::string>, Delta>;

Buckets BucketsOf(ledger::Ledger& ledger, const RunDiff& diff) {
  Buckets out;
  PairVisitor visitor;
  visitor.pair = [&](const DiffRow& row) {
    const std::string subject = row.shown() ? row.shown()->observation.subject : "";
    INFO(row.check->check << " " << subject);
    CHECK(out.emplace(std::pair(row.check->check, subject), row.delta).second);
  };
  REQUIRE_OK(VisitPairs(ledger, diff, nullptr, visitor));
  return out;
}

RunDiff Diffed(ledger::Ledger& ledger, const std::string& before, const std::string& now) {
  auto head = ledger.ReadHead();
  REQUIRE_OK(head);
  auto runs = ReadRuns(ledger, head->size);
  REQUIRE_OK(runs);
  auto diff = CompareRuns(ledger, FindRun(*runs, before), *FindRun(*runs, now));
  REQUIRE_OK(diff);
  return std::move(*diff);
}

Standing Is(Verdict verdict, Reason reason = Reason::kNone) { return {verdict, reason}; }
const Standing kPass = Is(Verdict::kPass), kFail = Is(Verdict::kFail),
               kManual = Is(Verdict::kManual), kGap = Is(Verdict::kNotAssessed, Reason::kPartial),
               kFault = Is(Verdict::kNotAssessed, Reason::kPluginFault),
               kAside = Is(Verdict::kNotApplicable);

TEST_CASE("Delta: fixed and new_pass are for what passes now, and for nothing else") {
  const Standing all[] = {{}, kPass, kFail, kManual, kGap, kFault, kAside};
  for (const Standing& before : all)
    for (const Standing& now : all) {
      const Delta delta = DeltaOf(before, now);
      const bool passes = delta == Delta::kFixed || delta == Delta::kNewPass;
      if (passes) CHECK(now.verdict == Verdict::kPass);
      if (delta == Delta::kFixed) CHECK(before.verdict == Verdict::kFail);
      if (delta == Delta::kNewFail) CHECK(now.verdict == Verdict::kFail);
      if (delta == Delta::kUnchanged && before.verdict == Verdict::kFail)
        CHECK(now.verdict == Verdict::kFail);
      CHECK(ParseDelta(Name(delta)) == delta);
    }
  CHECK(DeltaOf(kFail, {}) == Delta::kNotAssessedNow);
  CHECK(DeltaOf(kFail, kAside) == Delta::kNotAssessedNow);
  CHECK(DeltaOf(kPass, kFault) == Delta::kErrored);
  CHECK(DeltaOf({}, kFail) == Delta::kNewFail);
  CHECK(DeltaOf(kGap, kManual) == Delta::kUnchanged);
}

TEST_CASE(
    "Diff: a subject that fails now, one that is fixed, one that is gone and one that is new") {
  Runs runs;
  runs.Write({{"c", {.subjects = {{"a", kPass}, {"b", kFail}, {"c", kFail}, {"d", kPass}}}}});
  runs.Write({{"c", {.subjects = {{"a", kFail}, {"b", kPass}, {"d", kPass}, {"e", kPass}}}}});
  const RunDiff diff = Diffed(runs.ledger(), "R-1", "R-2");
  CHECK(BucketsOf(runs.ledger(), diff) == Buckets{{{"c", "a"}, Delta::kNewFail},
                                                  {{"c", "b"}, Delta::kFixed},
                                                  {{"c", "c"}, Delta::kNotAssessedNow},
                                                  {{"c", "d"}, Delta::kUnchanged},
                                                  {{"c", "e"}, Delta::kNewPass}});
}

TEST_CASE("Diff: a check that asks something else is no regression, whatever it says now") {
  Runs runs;
  const std::map<std::string, Standing> good{{"a", kPass}}, bad{{"a", kFail}};
  runs.Write({{"params", {.subjects = good, .params = "{\"days\":\"90\"}"}},
              {"same", {.subjects = good}},
              {"told", {.subjects = good, .params = "{\"previous\":\"\"}"}},
              {"text", {.subjects = good}},
              {"version", {.subjects = good}}});
  runs.Write({{"params", {.subjects = bad, .params = "{\"days\":\"30\"}"}},
              {"same", {.subjects = bad}},
              {"told", {.subjects = bad, .params = "{\"previous\":\"{}\"}"}},
              {"text", {.subjects = bad, .sql = "SELECT 2"}},
              {"version", {.version = 2, .subjects = bad}}});
  const RunDiff diff = Diffed(runs.ledger(), "R-1", "R-2");
  CHECK(BucketsOf(runs.ledger(), diff) == Buckets{{{"params", "a"}, Delta::kCheckChanged},
                                                  {{"same", "a"}, Delta::kNewFail},
                                                  {{"text", "a"}, Delta::kCheckChanged},
                                                  {{"told", "a"}, Delta::kNewFail},
                                                  {{"version", "a"}, Delta::kCheckChanged}});
  CHECK(diff.checks[0].changed == "parameter days is \"30\", was \"90\"");
  CHECK(diff.checks[2].changed == "its text changed");
  CHECK(diff.checks[4].changed == "version 2, was 1");
}

TEST_CASE("Diff: a check that was not asked for is not removed") {
  Runs runs;
  const Run both{{"kept", {.subjects = {{"a", kFail}}}}, {"other", {.subjects = {{"a", kFail}}}}};
  const Run one{{"kept", {.subjects = {{"a", kFail}}}}};
  runs.Write(both);
  runs.Write(one, {.only = true});
  runs.Write(one, {.outcome = "cancelled"});
  runs.Write(one);
  const auto other = [&](const char* now) {
    const RunDiff diff = Diffed(runs.ledger(), "R-1", now);
    return BucketsOf(runs.ledger(), diff).at({"other", "a"});
  };
  CHECK(other("R-2") == Delta::kNotAssessedNow);
  CHECK(other("R-3") == Delta::kNotAssessedNow);
  CHECK(other("R-4") == Delta::kRemovedCheck);
  auto list = ReadRuns(runs.ledger(), runs.ledger().ReadHead()->size);
  REQUIRE_OK(list);
  CHECK(BaseOf(*list, *FindRun(*list, "R-4"))->run == "R-1");  // the others were not asked for all
  CHECK(BaseOf(*list, *FindRun(*list, "R-1")) == nullptr);
  CHECK(NewestEnded(*list)->run == "R-4");
}

TEST_CASE("Diff: a check without subjects stands for all of them") {
  Runs runs;
  runs.Write({{"back", {}},
              {"gap", {.subjects = {{"a", kFail}, {"b", kManual}}}},
              {"none", {}},
              {"still", {.subjects = {{"a", kFail}}}}});
  runs.Write({{"back", {.subjects = {{"a", kFail}, {"b", kPass}}}},
              {"gap", {}},
              {"none", {.whole = kFault}},
              {"still", {.whole = kPass}}});
  const RunDiff diff = Diffed(runs.ledger(), "R-1", "R-2");
  CHECK(BucketsOf(runs.ledger(), diff) == Buckets{{{"back", "a"}, Delta::kNewFail},
                                                  {{"back", "b"}, Delta::kNewPass},
                                                  {{"gap", "a"}, Delta::kNotAssessedNow},
                                                  {{"gap", "b"}, Delta::kUnchanged},
                                                  {{"none", ""}, Delta::kErrored},
                                                  {{"still", "a"}, Delta::kFixed}});
}

TEST_CASE("Diff: one pair twice in a run is refused, and both places are named") {
  Runs runs;
  const Run run{{"c", {.subjects = {{"a", kPass}}}}};
  runs.Write(run);
  runs.WriteStart("R-2", run, {});
  const std::string a = Runs::Segment("a", kPass);
  runs.Append("check.part", {{"run", "R-2"}, {"check", "c"}, {"part", 0}}, {a});
  runs.WriteCheckEntry("R-2", "c", run.at("c"), {{Verdict::kPass, 2}}, {a});
  runs.Append("run.finished", {{"run", "R-2"}, {"outcome", "complete"}});
  const RunDiff diff = Diffed(runs.ledger(), "R-1", "R-2");
  PairVisitor visitor;
  visitor.pair = [](const DiffRow&) {};
  const Status read = VisitPairs(runs.ledger(), diff, nullptr, visitor);
  CHECK_FAILS(read, Code::kCorrupt, "a subject stands twice: entry ");
  CHECK_THAT(read.error().message, Catch::Matchers::Contains("segment 0, entry "));
}

TEST_CASE("Diff: a check twice in a run is refused, and both entries are named") {
  Runs runs;
  const Run run{{"c", {.subjects = {{"a", kPass}}}}};
  runs.WriteStart("R-1", run, {});
  runs.WriteCheck("R-1", "c", run.at("c"));
  runs.WriteCheck("R-1", "c", run.at("c"));
  auto list = ReadRuns(runs.ledger(), runs.ledger().ReadHead()->size);
  REQUIRE_OK(list);
  CHECK(list->front().outcome == "unfinished");
  CHECK_FAILS(ReadDecisions(runs.ledger(), list->front()), Code::kCorrupt,
              "check c stands twice, in entry ");
}

TEST_CASE("Diff: controls are compared by their states") {
  Runs runs;
  runs.Write({},
             {.controls = {{"A.1", ControlState::kSatisfied}, {"A.2", ControlState::kUnknown}}});
  runs.Write({}, {.controls = {{"A.1", ControlState::kNotSatisfied},
                               {"A.2", ControlState::kUnknown},
                               {"A.3", ControlState::kUncovered}}});
  const RunDiff diff = Diffed(runs.ledger(), "R-1", "R-2");
  REQUIRE(diff.controls.size() == 2);
  CHECK(diff.controls[0].control == "f:A.1");
  CHECK(diff.controls[0].now == ControlState::kNotSatisfied);
  CHECK_FALSE(diff.controls[1].before);
  CHECK(diff.controls_unchanged == std::map<std::string, uint64_t>{{"f", 1}});
}

// ---- random histories ----

class Random {
 public:
  explicit Random(uint32_t state) : engine_(state) {}
  uint32_t Below(uint32_t n) { return engine_() % n; }

  Standing AnyStanding() {
    const Standing all[] = {kPass, kFail, kManual, kGap, kFault, kAside};
    return all[Below(6)];
  }
  Run AnyRun() {
    Run run;
    for (const char* check : {"a", "b", "c", "d"}) {
      if (Below(6) == 0) continue;
      Said said;
      said.version = Below(8) == 0 ? 2 : 1;
      said.whole = AnyStanding();
      const uint32_t subjects = Below(12);
      for (uint32_t i = 0; i < subjects; ++i)
        said.subjects["s" + std::to_string(Below(14))] = AnyStanding();
      run[check] = std::move(said);
    }
    return run;
  }
  Terms AnyTerms() {
    const char* outcomes[] = {"complete", "incomplete", "complete", "stopped", "none"};
    Terms terms{Below(5) == 0, outcomes[Below(5)], {}};
    for (const char* id : {"A.1", "A.2"})
      terms.controls[id] = static_cast<ControlState>(1 + Below(5));
    return terms;
  }

 private:
  std::mt19937 engine_;
};

std::set<std::pair<std::string, std::string>> PairsOf(const Run& a, const Run& b) {
  std::set<std::pair<std::string, std::string>> out;
  std::set<std::string> listed;
  for (const Run* run : {&a, &b})
    for (const auto& [check, said] : *run)
      for (const auto& [subject, standing] : said.subjects)
        out.emplace(check, subject), listed.insert(check);
  for (const Run* run : {&a, &b})
    for (const auto& [check, said] : *run)
      if (!listed.contains(check)) out.emplace(check, "");
  return out;
}

TEST_CASE("Diff: over random runs every pair of either lands in exactly one bucket") {
  Runs runs;
  Random random(7);
  std::vector<Run> all;
  for (int i = 0; i < 24; ++i) {
    all.push_back(random.AnyRun());
    runs.Write(all.back());
  }
  std::set<Delta> met;
  for (size_t i = 1; i < all.size(); ++i) {
    const RunDiff diff = Diffed(runs.ledger(), fmt::format("R-{}", i), fmt::format("R-{}", i + 1));
    std::set<std::pair<std::string, std::string>> pairs;
    for (const auto& [pair, delta] : BucketsOf(runs.ledger(), diff)) {
      pairs.insert(pair);
      met.insert(delta);
      const auto &was = all[i - 1], &is = all[i];
      if (!was.contains(pair.first)) CHECK(delta == Delta::kNewCheck);
      if (!is.contains(pair.first)) CHECK(delta == Delta::kRemovedCheck);
      if (!was.contains(pair.first) || !is.contains(pair.first)) continue;
      const bool changed = was.at(pair.first).version != is.at(pair.first).version;
      CHECK((delta == Delta::kCheckChanged) == changed);
    }
    CHECK(pairs == PairsOf(all[i - 1], all[i]));
  }
  CHECK(met.size() == kDeltas.size());
}

/// Everything that commands answer from, as text.
std::string Told(ledger::Ledger& ledger, TreeSize size) {
  std::string out;
  auto runs = ReadRuns(ledger, size);
  REQUIRE_OK(runs);
  for (const RunRow& run : *runs) {
    out += fmt::format("{} {} {} {}\n", run.run, run.outcome, run.started, run.finished);
    auto decided = ReadDecisions(ledger, run);
    REQUIRE_OK(decided);
    for (const auto& [check, view] : decided->checks)
      out += fmt::format("{} {}\n", check, Name(view.result.verdict));
    for (const auto& [control, state] : decided->controls)
      out += fmt::format("{} {}\n", control, Name(state));
  }
  auto last = ReadLastRun(ledger, size);
  REQUIRE_OK(last);
  if (*last) out += (*last)->run + " " + (*last)->outcome + "\n";
  const RunRow* now = NewestEnded(*runs);
  if (now == nullptr) return out;
  auto diff = CompareRuns(ledger, BaseOf(*runs, *now), *now);
  REQUIRE_OK(diff);
  for (const auto& [pair, delta] : BucketsOf(ledger, *diff))
    out += fmt::format("{} {} {}\n", pair.first, pair.second, Name(delta));
  return out;
}

TEST_CASE("AsOf: what was told at any moment is told again of that moment [KS-15]") {
  Runs runs;
  Random random(11);
  std::vector<std::pair<Timestamp, std::string>> told;
  for (int i = 0; i < 10; ++i) {
    runs.Write(random.AnyRun(), random.AnyTerms());
    if (random.Below(3) == 0) runs.Append("run.interrupted", {{"run", fmt::format("R-{}", i + 1)}});
    told.emplace_back(runs.now(), Told(runs.ledger(), runs.ledger().ReadHead()->size));
    runs.WriteStart("R-x", {}, {});  // one is under way when somebody looks
    told.emplace_back(runs.now(), Told(runs.ledger(), runs.ledger().ReadHead()->size));
  }
  for (const auto& [when, then] : told) {
    auto size = SizeAt(runs.ledger(), when);
    REQUIRE_OK(size);
    CHECK(Told(runs.ledger(), *size) == then);
  }
}

TEST_CASE("AsOf: the entries of the very moment count, and none before the first") {
  Runs runs;
  std::vector<std::pair<Timestamp, uint64_t>> sizes;
  for (int i = 0; i < 9; ++i) {
    const LeafIndex entry = runs.Append("hold.released", {{"hold", "h"}});
    sizes.emplace_back(runs.now(), ToNumber(entry) + 1);
  }
  for (const auto& [when, size] : sizes) {
    CHECK(ToNumber(*SizeAt(runs.ledger(), when)) == size);
    CHECK(ToNumber(*SizeAt(runs.ledger(), when + std::chrono::milliseconds(6))) == size);
    CHECK(ToNumber(*SizeAt(runs.ledger(), when - std::chrono::milliseconds(1))) == size - 1);
  }
  CHECK(ToNumber(*SizeAt(runs.ledger(), FromUnixMs(0))) == 0);
}

TEST_CASE("Observation: one subject is found in whichever part it stands") {
  Runs runs;
  Said said;
  for (int i = 0; i < 40; i += 2) said.subjects[fmt::format("s{:02}", i)] = kFail;
  runs.Write({{"c", said}});
  auto list = ReadRuns(runs.ledger(), runs.ledger().ReadHead()->size);
  auto decided = ReadDecisions(runs.ledger(), list->front());
  REQUIRE_OK(decided);
  const CheckView& check = decided->checks.at("c");
  REQUIRE(check.bodies.size() == 7);
  for (int i = -1; i < 42; ++i) {
    const std::string subject = fmt::format("s{:02}", i);
    auto found = FindObservation(runs.ledger(), check, subject);
    REQUIRE_OK(found);
    CHECK(found->has_value() == said.subjects.contains(subject));
    if (*found) CHECK((*found)->observation.subject == subject);
  }
}

}  // namespace
}  // namespace assay::assess
