// Random histories of verdicts, exceptions and attestations, honest and hostile: whatever the
// order, no control comes out better than its evidence. What must hold is looked up in the raw
// entries, not in the fold.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "assay/roll_up.h"
#include "assess/excepting.h"
#include "assess/history.h"
#include "unit/assess/statement_entries.h"

using namespace assay;
using namespace assay::testing;
using assess::Excepting;
using assess::StatementEntry;
using assess::Statements;

namespace {

constexpr int kHistories = 1000, kSteps = 60;
const std::vector<std::string> kChecks = {"c", "d", "m"}, kSubjects = {"u", "v", "w"};

struct Seen {
  std::string check, subject;
  Verdict verdict;
};

/// One run: observations, results, states.
struct OneRun {
  Timestamp at{};
  std::vector<Seen> seen;
  std::vector<CheckResult> results;
  std::map<std::string, assess::ControlView> controls;
};

FrameworkSpec Framework() {
  const auto control = [](const char* id, bool needs, std::vector<std::string> checks) {
    return ControlSpec{id, "t", "g", "partial", needs, {}, "", "", "", std::move(checks)};
  };
  return {"f",
          "1",
          "t",
          "",
          "",
          {control("A.1", false, {"c"}), control("A.2", true, {"c", "d"}),
           control("A.3", false, {"c", "m"}), control("A.4", true, {"m"}), control("A.5", true, {}),
           control("A.6", false, {"c", "d", "m"})}};
}

class History {
 public:
  explicit History(uint32_t seed) : dice_(seed) {}

  void Step() {
    now_ += std::chrono::milliseconds(Roll(0, 40));
    switch (Roll(0, 5)) {
      case 0:
        return Say(Requested(NumberFor("exception.requested"), now_, Later()));
      case 1:
        return Say(Attested(NumberFor("attestation.added"), now_, Later()));
      case 2:
        return Say(Any("attestation.", {"renewed", "revoked", "expired"}));
      case 3:
        return DoRun();
      default:
        return Say(Any("exception.", {"approved", "approved", "rejected", "renewed", "suspended",
                                      "resumed", "revoked", "closed", "expired"}));
    }
  }

  const std::vector<StatementEntry>& entries() const { return entries_; }
  const std::vector<OneRun>& runs() const { return runs_; }
  Timestamp now() const { return now_; }

 private:
  int Roll(int low, int high) { return std::uniform_int_distribution<int>(low, high)(dice_); }
  Timestamp Later() { return now_ + std::chrono::milliseconds(Roll(-10, 900)); }

  /// Mostly the number that follows; sometimes one that does not.
  uint64_t NumberFor(const std::string& kind) {
    const auto count = std::count_if(entries_.begin(), entries_.end(),
                                     [&](const auto& one) { return one.kind == kind; });
    return static_cast<uint64_t>(count) + (Roll(0, 9) == 0 ? 5 : 1);
  }

  StatementEntry Any(const std::string& family, const std::vector<std::string>& verbs) {
    const auto& verb = verbs[static_cast<size_t>(Roll(0, static_cast<int>(verbs.size()) - 1))];
    return Entry(family + verb, static_cast<uint64_t>(Roll(1, 5)), now_, Later());
  }

  void Say(StatementEntry entry) {
    if (entry.kind == "exception.requested") {
      entry.check = kChecks[static_cast<size_t>(std::max(0, Roll(-2, 2)))];
      entry.said["subject"] = kSubjects[static_cast<size_t>(Roll(0, 2))];
      entry.wildcard = Roll(0, 5) == 0;
      if (Roll(0, 2) == 0) entry.compensating_check = "d";
      if (Roll(0, 9) == 0) entry.absent = "erased";
    }
    if (entry.kind == "attestation.added") {
      if (Roll(0, 3) == 0)
        entry.framework.clear(), entry.control.clear(), entry.check = "m";
      else
        entry.control = "A." + std::to_string(Roll(1, 6));
      if (Roll(0, 9) == 0) entry.absent = "erased";
    }
    entry.index = LeafIndex{entries_.size()};
    entries_.push_back(entry);
    statements_.Take(std::move(entry));
  }

  Verdict AnyVerdict(const std::string& check) {
    if (check == "m" && Roll(0, 2) > 0) return Verdict::kManual;
    const Verdict all[] = {Verdict::kPass, Verdict::kPass,          Verdict::kFail,
                           Verdict::kFail, Verdict::kNotApplicable, Verdict::kNotAssessed};
    return all[Roll(0, 5)];
  }

  /// As the evaluator rolls one check up.
  CheckResult Result(const std::string& check, std::vector<Seen>& seen) {
    CheckResult out;
    out.check = check;
    const bool even = Roll(0, 1) == 0;  // all subjects alike half of the time
    const Verdict one = AnyVerdict(check);
    for (const std::string& subject : kSubjects) {
      if (Roll(0, 4) == 0) continue;
      const Verdict verdict = even ? one : AnyVerdict(check);
      seen.push_back({check, subject, verdict});
      uint64_t* counts[] = {nullptr,     &out.pass,           &out.fail,
                            &out.manual, &out.not_applicable, &out.not_assessed};
      ++*counts[static_cast<size_t>(verdict)];
    }
    out.verdict = out.fail > 0           ? Verdict::kFail
                  : out.not_assessed > 0 ? Verdict::kNotAssessed
                  : out.manual > 0       ? Verdict::kManual
                  : out.pass > 0         ? Verdict::kPass
                  : out.subjects() > 0   ? Verdict::kNotApplicable
                                         : Verdict::kNotAssessed;
    if (out.verdict == Verdict::kNotAssessed) out.reason = Reason::kPermission;
    return out;
  }

  void DoRun() {
    OneRun run;
    run.at = now_;
    const Statements before = statements_;
    Excepting excepting(before, run.at);
    for (const std::string& check : kChecks) {
      if (Roll(0, 7) == 0) continue;  // as with --only
      run.results.push_back(Result(check, run.seen));
    }
    for (const Seen& one : run.seen) {
      Observation observation;
      observation.subject = one.subject;
      observation.verdict = one.verdict;
      excepting.See(one.check, observation);
    }
    excepting.Conclude(run.results);
    Decide(excepting, run);
    for (const Excepting::Change& change : excepting.changes())
      Say(Entry(change.kind, change.number, now_));
    runs_.push_back(std::move(run));
  }

  void Decide(const Excepting& excepting, OneRun& run) {
    const FrameworkSpec framework = Framework();
    const std::set<std::string> attested = excepting.Attested(framework, run.results);
    for (const ControlSpec& control : framework.controls) {
      std::vector<assay_mapped_check_t> mapped;
      for (const std::string& check : control.checks) {
        const auto at = std::find_if(run.results.begin(), run.results.end(),
                                     [&](const auto& one) { return one.check == check; });
        assay_mapped_check_t m{};
        m.id = ToSlice(check);
        m.verdict = ASSAY_VERDICT_ABSENT;
        if (at != run.results.end()) {
          m.verdict = static_cast<uint32_t>(at->verdict);
          m.subjects = at->subjects();
          m.excepted = at->excepted;
          m.failing = at->fail - at->excepted;
        }
        mapped.push_back(m);
      }
      assay_control_t c{ToSlice(control.id),
                        ToSlice(control.title),
                        control.needs_attestation ? 1u : 0u,
                        attested.contains(control.id) ? 1u : 0u,
                        mapped.data(),
                        mapped.size()};
      const Conclusion said = RollUp(c);
      assess::ControlView view;
      view.result = {"f", control.id, static_cast<ControlState>(said.state), said.why};
      foundation_ = excepting.FoundationOf("f", control, view.result, run.results);
      Take(foundation_, "\"exceptions\":[", view.exceptions);
      Take(foundation_, "\"attestations\":[", view.attestations);
      run.controls[control.id] = view;
    }
  }

  static void Take(const std::string& text, const std::string& key, std::vector<uint64_t>& out) {
    const size_t at = text.find(key);
    if (at == std::string::npos) return;
    size_t from = at + key.size();
    while (text[from] != ']') {
      size_t used = 0;
      out.push_back(std::stoull(text.substr(from), &used));
      from += used + (text[from + used] == ',' ? 1 : 0);
    }
  }

  std::mt19937 dice_;
  Timestamp now_ = At(0);
  std::vector<StatementEntry> entries_;
  Statements statements_;
  std::vector<OneRun> runs_;
  std::string foundation_;
};

bool Is(const StatementEntry& entry, uint64_t number, std::initializer_list<const char*> kinds) {
  return entry.number == number &&
         std::any_of(kinds.begin(), kinds.end(), [&](const char* k) { return entry.kind == k; });
}

/// Necessary for a valid attestation, from the raw entries up to `at`.
bool SomebodyVouches(const std::vector<StatementEntry>& all, const std::string& framework,
                     const std::string& id, Timestamp at) {
  for (size_t i = 0; i < all.size(); ++i) {
    const StatementEntry& added = all[i];
    const bool about = framework.empty() ? added.check == id && added.framework.empty()
                                         : added.framework == framework && added.control == id;
    if (added.kind != "attestation.added" || !about || added.time > at) continue;
    bool valid = false, revoked = false;
    for (size_t k = i; k < all.size() && all[k].time <= at; ++k) {
      if (Is(all[k], added.number, {"attestation.added", "attestation.renewed"}))
        valid = valid || (all[k].expires && at < *all[k].expires && all[k].absent.empty());
      if (Is(all[k], added.number, {"attestation.revoked"})) revoked = true;
    }
    if (valid && !revoked) return true;
  }
  return false;
}

/// Necessary for an exception in force: asked for, approved afterwards, not ended.
bool SomebodyApproved(const std::vector<StatementEntry>& all, const std::string& check,
                      const std::string& subject, Timestamp at) {
  for (size_t i = 0; i < all.size(); ++i) {
    const StatementEntry& asked = all[i];
    if (asked.kind != "exception.requested" || asked.check != check || asked.time > at) continue;
    if (!asked.wildcard && (asked.Said("subject") != subject || !asked.absent.empty())) continue;
    bool approved = false, ended = false;
    Timestamp end = *asked.expires;
    for (size_t k = i + 1; k < all.size() && all[k].time <= at; ++k) {
      approved = approved || Is(all[k], asked.number, {"exception.approved"});
      if (Is(all[k], asked.number, {"exception.revoked"})) ended = true;
      if (Is(all[k], asked.number, {"exception.renewed"}) && all[k].expires)
        end = std::max(end, *all[k].expires);
    }
    if (approved && !ended && at < end) return true;
  }
  return false;
}

const CheckResult* ResultOf(const OneRun& run, const std::string& check) {
  const auto at = std::find_if(run.results.begin(), run.results.end(),
                               [&](const auto& one) { return one.check == check; });
  return at == run.results.end() ? nullptr : &*at;
}

/// What a state must rest on, in the observations and entries before the run.
void CheckState(const std::vector<StatementEntry>& before, const OneRun& run,
                const ControlSpec& control, ControlState state) {
  if (state != ControlState::kSatisfied && state != ControlState::kExcepted) return;
  const bool own = SomebodyVouches(before, "f", control.id, run.at);
  if (control.needs_attestation) CHECK(own);
  bool evidence = own && control.needs_attestation;
  for (const std::string& check : control.checks) {
    const CheckResult* result = ResultOf(run, check);
    REQUIRE(result != nullptr);
    CHECK(result->verdict != Verdict::kNotAssessed);
    if (result->verdict == Verdict::kManual)
      CHECK((own || SomebodyVouches(before, "", check, run.at)));
    evidence = evidence || result->pass > 0 || result->manual > 0;
    for (const Seen& one : run.seen) {
      if (one.check != check || one.verdict != Verdict::kFail) continue;
      CHECK(state == ControlState::kExcepted);
      CHECK(SomebodyApproved(before, check, one.subject, run.at));
      evidence = true;
    }
  }
  CHECK(evidence);
}

}  // namespace

TEST_CASE("Statements: no history makes a control better than its evidence", "[assess][CM-25]") {
  std::map<ControlState, int> reached;
  for (uint32_t seed = 1; seed <= kHistories; ++seed) {
    History history(seed);
    for (int step = 0; step < kSteps; ++step) {
      const size_t entries = history.entries().size(), runs = history.runs().size();
      history.Step();
      if (history.runs().size() == runs) continue;
      const std::vector<StatementEntry> before(
          history.entries().begin(), history.entries().begin() + static_cast<ptrdiff_t>(entries));
      INFO("history " << seed << ", step " << step);
      for (const ControlSpec& control : Framework().controls) {
        const ControlState state = history.runs().back().controls.at(control.id).result.state;
        ++reached[state];
        CheckState(before, history.runs().back(), control, state);
      }
    }
  }
  // The dice come to every state, or the property would say nothing.
  for (const ControlState state :
       {ControlState::kSatisfied, ControlState::kNotSatisfied, ControlState::kExcepted,
        ControlState::kUnknown, ControlState::kUncovered})
    CHECK(reached[state] > 50);
}

TEST_CASE("Statements: a control that is shown later rests on what holds then", "[assess][CM-25]") {
  size_t lowered = 0, kept = 0;
  for (uint32_t seed = 1; seed <= kHistories; ++seed) {
    History history(seed);
    for (int step = 0; step < kSteps; ++step) history.Step();
    Statements statements;
    for (const StatementEntry& entry : history.entries()) statements.Take(entry);
    for (const OneRun& run : history.runs())
      for (const auto& [id, view] : run.controls) {
        std::vector<assess::ControlView> shown{view};
        lowered += assess::LowerControls(shown, statements, history.now());
        const ControlState now = shown[0].result.state;
        INFO("history " << seed << ", control " << id);
        CHECK((now == view.result.state || now == ControlState::kUnknown ||
               now == ControlState::kNotSatisfied));
        if (now != ControlState::kSatisfied && now != ControlState::kExcepted) continue;
        ++kept;
        for (const uint64_t number : view.attestations)
          CHECK(statements.FindAttestation(number)->IsValid(history.now()));
        for (const uint64_t number : view.exceptions)
          CHECK((statements.FindException(number)->InForce(history.now()) ||
                 statements.FindException(number)->told == assess::ExceptionState::kClosed));
      }
  }
  CHECK(lowered > 100);
  CHECK(kept > 100);
}

TEST_CASE("Statements: the fold of a shorter history is the longer one's past", "[assess][KS-15]") {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    History history(seed);
    for (int step = 0; step < kSteps; ++step) history.Step();
    const auto& all = history.entries();
    Statements whole;
    for (const StatementEntry& entry : all) whole.Take(entry);
    for (size_t cut = 0; cut < all.size(); ++cut) {
      Statements past;
      for (size_t i = 0; i < cut; ++i) past.Take(all[i]);
      for (const auto& [number, then] : past.exceptions()) {
        // History is a prefix: nothing that was said is said otherwise later.
        const auto& later = whole.FindException(number)->history;
        REQUIRE(then.history.size() <= later.size());
        for (size_t i = 0; i < then.history.size(); ++i) {
          CHECK(then.history[i].index == later[i].index);
          CHECK(then.history[i].counted == later[i].counted);
        }
      }
    }
  }
}
