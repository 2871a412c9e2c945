// Absence of evidence is never a pass (promise 6): every rule on incomplete data, seen from
// outside.
#include "evaluation.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

const char* kSql =
    "SELECT id AS subject, CASE enabled WHEN 1 THEN 'pass' ELSE 'fail' END AS verdict, '' AS "
    "detail FROM entra_user";

struct Setup {
  Completeness completeness = Completeness::kComplete;
  Reason reason = Reason::kNone;
  bool with_state = true;
  bool with_rows = true;
  std::vector<std::string> partial_fail = {};
  std::vector<std::string> optional = {};
  const char* sql = kSql;
};

Answer Run(const Setup& s) {
  Evaluation e;
  e.Schema(1, Users());
  if (s.with_rows) e.Rows(1, {User(1, 0, "u1", 1), User(1, 1, "u2", 0)});
  if (s.with_state) e.State(1, s.completeness, s.reason, "page 3");
  CheckSpec check = Check("c", s.sql);
  check.partial_fail = s.partial_fail;
  check.optional = s.optional;
  e.Add(check);
  return e.Run();
}

std::string ResultOf(const Setup& s) { return Words(Run(s).results.at("c")); }

}  // namespace

TEST_CASE("Completeness: does not run a check on an unavailable dataset", "[worker]") {
  const Answer answer =
      Run({.completeness = Completeness::kUnavailable, .reason = Reason::kPermission});
  CHECK(answer.observations.empty());
  CHECK(Words(answer.results.at("c")) ==
        "not_assessed (permission): entra_user is unavailable (permission): page 3");
}

TEST_CASE("Completeness: counts a dataset whose state never came as unavailable", "[worker]") {
  CHECK_THAT(ResultOf({.with_state = false}), Contains("not_assessed (unavailable)"));
  CHECK_THAT(ResultOf({.with_state = false}), Contains("never came"));
}

TEST_CASE("Completeness: says unsupported for an unknown dataset", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Add(Check("c", kSql, "entra_user", {"entra_user", "nobody_collects"}));
  e.Add(Check("d", kSql, "nobody", {"entra_user"}));
  CheckSpec other = Check("e", kSql, "entra_user", {"entra_user", "azure_resource"});
  other.elsewhere = {{"azure_resource", "azure-policy"}};
  e.Add(other);
  const Answer answer = e.Run();
  CHECK(Words(answer.results.at("c")) ==
        "not_assessed (unsupported): dataset \"nobody_collects\" is unknown: no enabled collector "
        "reads it");
  CHECK_THAT(Words(answer.results.at("d")), Contains("not_assessed (unsupported)"));
  CHECK(
      Words(answer.results.at("e")) ==
      "not_assessed (unsupported): dataset azure_resource is read by collector azure-policy, which "
      "is not enabled for this tenant");
}

TEST_CASE("Completeness: lets nothing but a proven fail stand on partial data", "[worker]") {
  const Setup partial{.completeness = Completeness::kPartial, .reason = Reason::kThrottled};
  SECTION("unproven") {
    const Answer answer = Run(partial);
    CHECK(Words(answer.results.at("c")) ==
          "not_assessed (throttled): entra_user is partial (throttled): page 3");
    for (const Observation& o : answer.observations.at("c")) {
      CHECK(o.verdict == Verdict::kNotAssessed);
      CHECK(o.reason == Reason::kThrottled);
    }
    CHECK(answer.results.at("c").not_assessed == 2);
  }
  SECTION("proven") {
    Setup proven = partial;
    proven.partial_fail = {"entra_user"};
    const Answer answer = Run(proven);
    CHECK(answer.results.at("c").verdict == Verdict::kFail);
    CHECK(answer.results.at("c").fail == 1);
    CHECK(answer.results.at("c").not_assessed == 1);
    CHECK(answer.observations.at("c").at(0).verdict == Verdict::kNotAssessed);
  }
  SECTION("no subjects") {
    Setup none = partial;
    none.with_rows = false;
    CHECK_THAT(ResultOf(none), Contains("not_assessed (throttled)"));
  }
  SECTION("only not applicable") {
    Setup na = partial;
    na.sql = "SELECT id AS subject, 'not_applicable' AS verdict, '' AS detail FROM entra_user";
    CHECK_THAT(ResultOf(na), Contains("not_assessed (throttled)"));
  }
  SECTION("a reason from SQL stays") {
    Setup own = partial;
    own.sql =
        "SELECT id AS subject, 'not_assessed' AS verdict, 'licence: P2' AS detail FROM entra_user";
    const Answer answer = Run(own);
    CHECK(answer.observations.at("c").at(0).reason == Reason::kLicence);
    CHECK(answer.observations.at("c").at(0).detail == "P2");
  }
}

TEST_CASE("Completeness: needs every partial dataset in partial_fail for a fail", "[worker]") {
  for (const bool both : {false, true}) {
    Evaluation e;
    e.Schema(1, Users());
    e.Schema(2, Dataset("policy", {{"id", ColumnType::kText, false}}));
    e.Rows(1, {User(1, 0, "u2", 0)});
    e.State(1, Completeness::kPartial, Reason::kThrottled);
    e.State(2, Completeness::kPartial, Reason::kNone);
    CheckSpec check = Check("c", kSql, "entra_user", {"policy", "entra_user"});
    check.partial_fail = {"entra_user"};
    if (both) check.partial_fail.push_back("policy");
    e.Add(check);
    const CheckResult r = e.Run().results.at("c");
    CHECK(r.verdict == (both ? Verdict::kFail : Verdict::kNotAssessed));
    if (!both) CHECK(r.reason == Reason::kPartial);  // of the first one in reads
  }
}

TEST_CASE("Completeness: treats an unavailable optional dataset as empty", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Schema(2, Dataset("extra", {{"id", ColumnType::kText, false}}));
  e.Rows(2, {{1, 0, {"u1"}}});
  e.State(2, Completeness::kUnavailable, Reason::kLicence);
  CheckSpec check =
      Check("c",
            "SELECT id AS subject, CASE WHEN id IN (SELECT id FROM extra) THEN 'fail' "
            "ELSE 'pass' END AS verdict, '' AS detail FROM entra_user",
            "entra_user", {"entra_user", "extra"});
  check.optional = {"extra"};
  e.Add(check);
  CHECK(Words(e.Run().results.at("c")) == "pass");
}

TEST_CASE("Completeness: keeps the worst of several states", "[worker]") {
  Evaluation e;
  e.TwoUsers();  // complete
  e.State(1, Completeness::kPartial, Reason::kThrottled, "429");
  e.State(1, Completeness::kComplete);
  e.Add(Check("c", kSql));
  CHECK_THAT(Words(e.Run().results.at("c")), Contains("not_assessed (throttled)"));
}

TEST_CASE("Completeness: rolls complete data up in order", "[worker]") {
  const auto of = [](const std::string& verdicts) {
    Evaluation e;
    e.TwoUsers();
    e.Add(Check(
        "c",
        "SELECT 's' || key AS subject, value AS verdict, 'stale: x' AS detail FROM json_each('" +
            verdicts + "')"));
    return Words(e.Run().results.at("c"));
  };
  CHECK(of(R"(["pass","not_applicable"])") == "pass");
  CHECK(of(R"(["pass","manual"])") == "manual");
  CHECK(of(R"(["pass","manual","not_assessed"])") ==
        "not_assessed (stale): 1 of 3 subjects not assessed");
  CHECK(of(R"(["pass","manual","not_assessed","fail"])") == "fail");
  CHECK(of(R"(["not_applicable"])") == "not_applicable");
  CHECK(of("[]") == "not_applicable");
}
