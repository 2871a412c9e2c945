// What exceptions and attestations make of one run.
#include "assess/excepting.h"

#include <catch2/catch.hpp>

#include "assess/history.h"
#include "unit/assess/statement_entries.h"

using namespace assay;
using namespace assay::testing;
using assess::Excepting;
using assess::StatementEntry;
using assess::Statements;

namespace {

const Timestamp kEnd = At(1000);

/// An exception for "u" of check "c", in force, with "d" to compensate.
Statements Active(bool wildcard = false) {
  Statements out;
  StatementEntry asked = Requested(1, At(1), kEnd);
  asked.compensating_check = "d";
  asked.wildcard = wildcard;
  out.Take(asked);
  out.Take(Entry("exception.approved", 1, At(2)));
  return out;
}

CheckResult Decided(const char* check, Verdict verdict, uint64_t fail = 0) {
  CheckResult out;
  out.check = check;
  out.verdict = verdict;
  out.fail = fail;
  return out;
}

struct Outcome {
  std::vector<CheckResult> results;
  std::vector<std::string> changes;
};

/// A run in which some subjects of "c" fail and others pass.
Outcome RunOver(const Statements& statements, const std::vector<std::string>& failing,
                const std::vector<std::string>& passing, Verdict compensating,
                Timestamp at = At(10)) {
  Excepting excepting(statements, at);
  Observation one;
  one.verdict = Verdict::kFail;
  for (const std::string& subject : failing) one.subject = subject, excepting.See("c", one);
  one.verdict = Verdict::kPass;
  for (const std::string& subject : passing) one.subject = subject, excepting.See("c", one);
  Outcome out;
  out.results = {Decided("c", failing.empty() ? Verdict::kPass : Verdict::kFail, failing.size()),
                 Decided("d", compensating)};
  excepting.Conclude(out.results);
  for (const auto& change : excepting.changes()) out.changes.push_back(change.kind);
  return out;
}

}  // namespace

TEST_CASE("Excepting: counts the failing subjects that are covered, and no other", "[assess][R3]") {
  CHECK(RunOver(Active(), {"u", "v"}, {}, Verdict::kPass).results[0].excepted == 1);
  CHECK(RunOver(Active(), {"v"}, {}, Verdict::kPass).results[0].excepted == 0);
  CHECK(RunOver(Active(true), {"u", "v"}, {}, Verdict::kPass).results[0].excepted == 2);
  CHECK(RunOver(Active(), {"u"}, {}, Verdict::kPass, kEnd).results[0].excepted == 0);
  CHECK(RunOver(Active(), {"u"}, {}, Verdict::kPass).changes.empty());
}

TEST_CASE("Excepting: what compensates fails, and the run counts the exception no more",
          "[assess]") {
  const Outcome suspended = RunOver(Active(), {"u"}, {}, Verdict::kFail);
  CHECK(suspended.results[0].excepted == 0);
  CHECK(suspended.changes == std::vector<std::string>{"exception.suspended"});
  Statements after = Active();
  after.Take(Entry("exception.suspended", 1, At(5)));
  const Outcome resumed = RunOver(after, {"u"}, {}, Verdict::kPass);
  CHECK(resumed.results[0].excepted == 1);
  CHECK(resumed.changes == std::vector<std::string>{"exception.resumed"});
  for (const Verdict other : {Verdict::kFail, Verdict::kNotAssessed, Verdict::kManual}) {
    CHECK(RunOver(after, {"u"}, {}, other).results[0].excepted == 0);
    CHECK(RunOver(after, {"u"}, {}, other).changes.empty());
  }
  // An outage of what compensates changes nothing.
  CHECK(RunOver(Active(), {"u"}, {}, Verdict::kNotAssessed).results[0].excepted == 1);
}

TEST_CASE("Excepting: an exception closes when its own subject passes", "[assess]") {
  CHECK(RunOver(Active(), {"v"}, {"u"}, Verdict::kPass).changes ==
        std::vector<std::string>{"exception.closed"});
  CHECK(RunOver(Active(), {"v"}, {}, Verdict::kPass).changes.empty());  // not seen is not fixed
  CHECK(RunOver(Active(true), {"v"}, {"u"}, Verdict::kPass).changes.empty());
  CHECK(RunOver(Active(true), {}, {"u", "v"}, Verdict::kPass).changes ==
        std::vector<std::string>{"exception.closed"});
}

TEST_CASE("Excepting: a control that asks for a person is attested by its own attestation alone",
          "[assess]") {
  Statements statements;
  StatementEntry of_check = Attested(1, At(1), kEnd);
  of_check.framework.clear();
  of_check.control.clear();
  of_check.check = "m";
  statements.Take(of_check);
  const FrameworkSpec framework{"f",
                                "1",
                                "t",
                                "",
                                "",
                                {{"A.1", "t", "g", "partial", true, {}, "", "", "", {"m"}},
                                 {"A.2", "t", "g", "partial", false, {}, "", "", "", {"m"}},
                                 {"A.3", "t", "g", "partial", false, {}, "", "", "", {"c"}}}};
  const std::vector<CheckResult> results{Decided("m", Verdict::kManual),
                                         Decided("c", Verdict::kPass)};
  const Excepting excepting(statements, At(10));
  CHECK(excepting.Attested(framework, results) == std::set<std::string>{"A.2"});
  statements.Take(Attested(2, At(3), kEnd));
  CHECK(excepting.Attested(framework, results) == std::set<std::string>{"A.1", "A.2"});
  const ControlResult good{"f", "A.1", ControlState::kSatisfied, ""};
  CHECK(excepting.FoundationOf("f", framework.controls[0], good, results) ==
        "{\"attestations\":[2],\"exceptions\":[]}");
  const ControlResult bad{"f", "A.1", ControlState::kUnknown, ""};
  CHECK(excepting.FoundationOf("f", framework.controls[0], bad, results).empty());
  CHECK(excepting.FoundationOf("f", framework.controls[2], good, results).empty());
}

TEST_CASE("LowerControls: a state falls the moment that what it rests on ends", "[assess][CM-25]") {
  using namespace std::chrono_literals;
  const Statements statements = Active();
  assess::ControlView view;
  view.result = {"f", "A.1", ControlState::kExcepted, ""};
  view.exceptions = {1};
  const auto state_at = [&](Timestamp now) {
    std::vector<assess::ControlView> controls{view};
    assess::LowerControls(controls, statements, now);
    return controls[0].result.state;
  };
  CHECK(state_at(kEnd - 1ms) == ControlState::kExcepted);
  CHECK(state_at(kEnd) == ControlState::kNotSatisfied);
  CHECK(state_at(kEnd + 1ms) == ControlState::kNotSatisfied);
  view.exceptions = {9};
  CHECK(state_at(At(3)) == ControlState::kNotSatisfied);
  view.exceptions = {};
  view.attestations = {4};
  CHECK(state_at(At(3)) == ControlState::kUnknown);
}
