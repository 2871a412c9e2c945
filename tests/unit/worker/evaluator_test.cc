// What checks see and how verdicts come out, over a real channel.
#include <algorithm>
#include <random>

#include "evaluation.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

const char* kEnabledPass =
    "SELECT id AS subject, CASE enabled WHEN 1 THEN 'pass' ELSE 'fail' END AS verdict, "
    "'is ' || enabled AS detail FROM entra_user";

/// Answers one check on the two users.
std::string Ask(const std::string& sql, std::map<std::string, std::string> params = {}) {
  Evaluation e;
  e.TwoUsers();
  CheckSpec check = Check("c", sql);
  check.params = std::move(params);
  e.Add(check);
  return Words(e.Run().results.at("c"));
}

/// Value of one SQL expression, by way of the detail of a tenant check.
std::string Eval(const std::string& expression, std::map<std::string, std::string> params = {}) {
  Evaluation e;
  e.TwoUsers();
  CheckSpec check = Check(
      "c", "SELECT 'tenant' AS subject, 'pass' AS verdict, " + expression + " AS detail", "tenant");
  check.params = std::move(params);
  e.Add(check);
  const Answer answer = e.Run();
  if (answer.observations.count("c") == 0) return Words(answer.results.at("c"));
  return answer.observations.at("c").at(0).detail;
}

}  // namespace

TEST_CASE("Evaluator: judges each subject and names its records", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Add(Check("c", kEnabledPass));
  const Answer answer = e.Run();
  CHECK(answer.sqlite.starts_with("sqlite 3."));
  CHECK(answer.done.status == 0);
  const auto& list = answer.observations.at("c");
  REQUIRE(list.size() == 2);
  CHECK(list[0].subject == "u1");
  CHECK(list[0].subject_type == "thing");
  CHECK(list[0].label == "Name of u1");
  CHECK(list[0].verdict == Verdict::kPass);
  CHECK(list[0].detail == "is 1");
  REQUIRE(list[0].records.size() == 1);
  CHECK(list[1].verdict == Verdict::kFail);
  CHECK(list[1].records[0].page == 1);
  CHECK(list[1].records[0].record == 1);
  const CheckResult& r = answer.results.at("c");
  CHECK(r.verdict == Verdict::kFail);
  CHECK(r.pass == 1);
  CHECK(r.fail == 1);
}

TEST_CASE("Evaluator: a subject of several parts stands on its first", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Add(Check("c",
              "SELECT column1 AS subject, column2 AS verdict, '' AS detail FROM (VALUES "
              "('u1|b', 'pass'), ('u1', 'pass'), ('u1|a|x', 'pass'), ('u1|a|x', 'fail'), "
              "('u1}', 'pass'), ('u1|', 'pass'), ('|u2', 'pass'), ('u10|a', 'pass')), "
              "(SELECT count(*) FROM entra_user)"));
  const auto list = e.Run().observations.at("c");
  std::vector<std::string> subjects;
  for (const Observation& o : list) subjects.push_back(o.subject);
  CHECK(subjects == std::vector<std::string>{"u1", "u10|a", "u1|", "u1|a|x", "u1|b", "u1}", "|u2"});
  CHECK(list[3].verdict == Verdict::kFail);  // the worst of two rows
  CHECK(list[3].label == "Name of u1");
  CHECK(list[3].records.size() == 1);
  CHECK(list[1].records.empty());
  CHECK(list[6].records.empty());
}

TEST_CASE("Evaluator: a subject of several parts names the records that hold them all",
          "[worker]") {
  Evaluation e;
  e.Schema(1, Dataset("state",
                      {{"resource", ColumnType::kText, false},
                       {"assignment", ColumnType::kText, false},
                       {"part", ColumnType::kText, false}},
                      {"resource", "assignment", "part"}, "resource"));
  e.Rows(1, {{1, 0, {"r1", "a", ""}},
             {1, 1, {"r1", "b", "x"}},
             {1, 2, {"r1", "b", "y"}},
             {2, 0, {"r2", "b", "x"}}});
  e.State(1, Completeness::kComplete);
  e.Add(Check("c",
              "SELECT column1 AS subject, 'fail' AS verdict, '' AS detail FROM (VALUES ('r1|a'), "
              "('r1|b'), ('r1|b|y'), ('r1|c'), ('r1|b|unknown'), ('r2|y')), "
              "(SELECT count(*) FROM state)",
              "state", {"state"}));
  std::map<std::string, std::string> named;
  const Answer answer = e.Run();
  for (const Observation& o : answer.observations.at("c"))
    for (const RecordRef& r : o.records)
      named[o.subject] += std::to_string(r.page) + "/" + std::to_string(r.record) + " ";
  CHECK(named["r1|a"] == "1/0 ");
  CHECK(named["r1|b"] == "1/1 1/2 ");
  CHECK(named["r1|b|y"] == "1/2 ");
  CHECK(named["r1|c"] == "1/0 1/1 1/2 ");  // no row holds it: all of the first part
  CHECK(named["r1|b|unknown"] == "1/0 1/1 1/2 ");
  CHECK(named["r2|y"] == "2/0 ");
}

TEST_CASE("Evaluator: gives the same bytes in whatever order pages came", "[worker]") {
  std::vector<std::vector<TestRow>> pages;
  for (uint32_t p = 1; p <= 40; ++p) {
    pages.emplace_back();
    for (uint32_t i = 0; i < 25; ++i) {
      const uint32_t n = (p * 25 + i) * 7919 % 800;  // every fifth key comes again
      pages.back().push_back(User(p, i, "user-" + std::to_string(n), (n + p) % 2,
                                  "2026-01-01T00:00:00Z", std::to_string(p) + ".5"));
    }
  }
  const auto run = [&](const std::vector<std::vector<TestRow>>& order) {
    Evaluation e;
    e.Schema(1, Users());
    for (const auto& page : order) e.Rows(1, page);
    e.State(1, Completeness::kComplete);
    e.Add(Check("a", kEnabledPass));
    e.Add(Check("b",
                "SELECT 'tenant' AS subject, 'pass' AS verdict, decimal_sum(cost) || ' ' || "
                "substr(group_concat(id), 1, 500) AS detail FROM entra_user",
                "tenant"));
    e.Add(Check("d",
                "SELECT id AS subject, 'fail' AS verdict, min(name) AS detail FROM (SELECT * "
                "FROM entra_user LIMIT 100) GROUP BY enabled",
                "entra_user"));
    return e.Run();
  };
  const Answer first = run(pages);
  CHECK(first.observations.at("a").size() == 800);
  std::mt19937 random(7);
  for (int i = 0; i < 5; ++i) {
    std::shuffle(pages.begin(), pages.end(), random);
    CHECK(run(pages).raw == first.raw);
  }
}

TEST_CASE("Evaluator: keeps the first of two rows with one key by page and record", "[worker]") {
  Evaluation e;
  e.Schema(1, Users());
  e.Rows(1, {User(2, 0, "u", 0)});
  e.Rows(1, {User(1, 5, "u", 0), User(1, 4, "u", 1)});
  e.State(1, Completeness::kComplete);
  e.Add(Check("c", kEnabledPass));
  const Answer answer = e.Run();
  CHECK(answer.results.at("c").verdict == Verdict::kPass);
  REQUIRE(answer.observations.at("c").at(0).records.size() == 1);
  CHECK(answer.observations.at("c").at(0).records[0].record == 4);
}

TEST_CASE("Evaluator: gives every subject of a dataset with many rows its records", "[worker]") {
  Evaluation e;
  e.Schema(3, Dataset("assignment",
                      {{"user", ColumnType::kText, false}, {"role", ColumnType::kInt, false}},
                      {"user", "role"}, "user"));
  e.Rows(3, {{4, 1, {"b", int64_t{2}}},
             {3, 9, {"b", int64_t{1}}},
             {3, 8, {"a", int64_t{1}}},
             {4, 1, {"b", int64_t{3}}}});
  e.State(3, Completeness::kComplete);
  e.Add(Check("c",
              "SELECT user AS subject, 'manual' AS verdict, count(*) AS detail FROM assignment "
              "GROUP BY user",
              "assignment", {"assignment"}));
  const Answer answer = e.Run();
  const auto& list = answer.observations.at("c");
  REQUIRE(list.size() == 2);
  CHECK(list[1].detail == "3");
  REQUIRE(list[1].records.size() == 2);
  CHECK(list[1].records[0].page == 3);
  CHECK(answer.results.at("c").verdict == Verdict::kManual);
}

TEST_CASE("Evaluator: finds rows by any column whatever the type it is compared with", "[worker]") {
  struct Case {
    const char* where;
    int count;
  };
  for (const Case& c : std::vector<Case>{{"id = 'u1'", 1},
                                         {"id = 'U1'", 0},
                                         {"id = 'U1' COLLATE NOCASE", 1},
                                         {"id IN ('u1','u2','u3')", 2},
                                         {"enabled = 1", 1},
                                         {"enabled = '1'", 1},
                                         {"enabled = 1.0", 1},
                                         {"enabled = 'x'", 0},
                                         {"enabled = 7", 0},
                                         {"id = NULL", 0},
                                         {"id = 1", 0},
                                         {"name = 'Name of u2' AND id = 'u2'", 1},
                                         {"id = (SELECT max(id) FROM entra_user)", 1},
                                         {"seen > '2026'", 2},
                                         {"'b' IN (SELECT value FROM json_each(tags))", 2}}) {
    INFO(c.where);
    CHECK(Eval("(SELECT count(*) FROM entra_user WHERE " + std::string(c.where) + ")") ==
          std::to_string(c.count));
  }
  CHECK(Eval("(SELECT count(*) FROM entra_user a LEFT JOIN entra_user b ON b.id = a.id)") == "2");
  CHECK(Eval("(WITH x AS (SELECT 1 UNION ALL SELECT 2) SELECT count(*) FROM x)") == "2");
}

TEST_CASE("Evaluator: shows null, text and integers as such", "[worker]") {
  Evaluation e;
  e.Schema(1, Users());
  e.Rows(1, {{1, 0, {"u", kNull, int64_t{1}, kNull, kNull, "1.5"}}});
  e.State(1, Completeness::kComplete);
  e.Add(Check("c",
              "SELECT id AS subject, 'pass' AS verdict, typeof(name) || typeof(enabled) || "
              "typeof(cost) AS detail FROM entra_user"));
  const Answer answer = e.Run();
  CHECK(answer.observations.at("c").at(0).detail == "nullintegertext");
  CHECK(answer.observations.at("c").at(0).label == "u");
}

TEST_CASE("Evaluator: takes the evidence's time for now, everywhere", "[worker]") {
  CHECK(Eval("datetime('now')") == "2026-11-20 00:00:00");
  CHECK(Eval("strftime('%s','now')") == "1795132800");
  CHECK(Eval("julianday('now')") == "2461364.5");
  CHECK_THAT(Eval("datetime('now','localtime')"), Contains("local time unavailable"));
  CHECK(Eval("days_since('2026-11-01T00:00:00Z')") == "19");
  CHECK(Eval("days_since('2026-11-01T12:00:00Z')") == "18");
  CHECK(Eval("days_until('2026-12-20T00:00:00Z')") == "30");
  CHECK(Eval("days_until('2026-11-19T23:00:00Z')") == "-1");
  CHECK(Eval("days_since('soon') IS NULL AND days_since(NULL) IS NULL") == "1");
}

TEST_CASE("Evaluator: adds and compares decimals exactly", "[worker]") {
  CHECK(Eval("(SELECT decimal_sum(cost) FROM entra_user)") == "0.2");
  CHECK(Eval("(SELECT decimal_sum(cost) FROM entra_user WHERE id = 'x') IS NULL") == "1");
  CHECK(Eval("decimal_cmp('10.0','9.99')") == "1");
  CHECK(Eval("decimal_cmp('-1','1')") == "-1");
  CHECK(Eval("decimal_cmp('1.10','1.1')") == "0");
  CHECK(Eval("decimal_cmp(5, '5.0')") == "0");
  CHECK_THAT(Eval("decimal_cmp('1e3','1')"), Contains("not a decimal number"));
}

TEST_CASE("Evaluator: binds parameters by name and type", "[worker]") {
  CHECK(Eval("typeof(:d) || :d", {{"d", "90"}}) == "integer90");
  CHECK(Eval("typeof(:s) || :s", {{"s", "\"a\\\"b\""}}) == "texta\"b");
  CHECK(Eval("(SELECT count(*) FROM json_each(:ids))", {{"ids", "[\"a\",\"b\"]"}}) == "2");
  CHECK(Eval(":flag", {{"flag", "true"}}) == "1");
  CHECK_THAT(Eval(":missing"), Contains("parameter :missing has no value"));
  CHECK_THAT(Eval("?1"), Contains("parameters are written :name"));
  CHECK_THAT(Eval("@x", {{"x", "1"}}), Contains("parameters are written :name"));
}

TEST_CASE("Evaluator: serves the collector's views", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Views(
      "-- active ones\nCREATE VIEW active AS SELECT * FROM entra_user WHERE enabled = 1;\n"
      "CREATE VIEW active_id AS SELECT id FROM active; /* end */");
  e.Add(Check("c", "SELECT id AS subject, 'pass' AS verdict, '' AS detail FROM active_id"));
  CheckSpec undeclared =
      Check("d", "SELECT 'tenant' AS subject, 'pass' AS verdict, count(*) AS detail FROM active",
            "tenant", {});
  e.Add(undeclared);
  const Answer answer = e.Run();
  CHECK(answer.results.at("c").pass == 1);
  CHECK_THAT(Words(answer.results.at("d")), Contains("dataset entra_user is not in reads"));
}

TEST_CASE("Evaluator: lets views use JSON functions, and no more than checks may", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Views(
      "CREATE VIEW tag AS SELECT id, json_extract(tags, '$[0]') AS first, tags ->> '$[1]' AS "
      "second,"
      " json_array_length(tags) AS n FROM entra_user;"
      "CREATE VIEW chance AS SELECT random() AS n FROM entra_user;"
      "CREATE VIEW nested AS SELECT n FROM chance;"
      "CREATE VIEW tables AS SELECT name AS n FROM sqlite_schema;"
      "CREATE VIEW settings AS SELECT name AS n FROM pragma_compile_options");
  e.Add(Check("c",
              "SELECT id AS subject, 'pass' AS verdict, first || second || n AS detail FROM tag"));
  const auto count = [&](const char* view) {
    e.Add(Check(
        view,
        "SELECT 'tenant' AS subject, 'pass' AS verdict, max(n) AS detail FROM " + std::string(view),
        "tenant"));
  };
  for (const char* view : {"chance", "nested", "tables", "settings"}) count(view);
  const Answer answer = e.Run();
  REQUIRE(answer.results.at("c").pass == 2);
  CHECK(answer.observations.at("c").at(0).detail == "ab2");
  CHECK_THAT(Words(answer.results.at("chance")), Contains("function \"random\" is not allowed"));
  CHECK_THAT(Words(answer.results.at("nested")), Contains("function \"random\" is not allowed"));
  CHECK_THAT(Words(answer.results.at("tables")), Contains("is not allowed"));
  CHECK_THAT(Words(answer.results.at("settings")), Contains("not_assessed (plugin_fault)"));
}

TEST_CASE("Evaluator: takes nothing but CREATE VIEW in a views.sql", "[worker]") {
  struct Case {
    const char* sql;
    const char* words;
  };
  for (const Case& c :
       {Case{"CREATE TABLE t(x)", "only CREATE VIEW"},
        Case{"CREATE VIEW a AS SELECT 1; DROP TABLE entra_user", "statement 2"},
        Case{"CREATE TEMP VIEW a AS SELECT 1", "CREATE TEMP VIEW is not allowed"},
        Case{"CREATE TRIGGER t AFTER INSERT ON entra_user BEGIN SELECT 1; END", "statement 1"},
        Case{"INSERT INTO sqlite_master VALUES(1,2,3,4,5)", "statement 1"},
        Case{"PRAGMA writable_schema=1", "PRAGMA is not allowed"},
        Case{"SELECT 1", "only CREATE VIEW"},
        Case{"EXPLAIN CREATE VIEW a AS SELECT 1", "only CREATE VIEW"},
        Case{"CREATE VIEW entra_user AS SELECT 1", "already"},
        Case{"CREATE VIEW json_each AS SELECT 1", "reserved"},
        Case{"CREATE VIRTUAL TABLE f USING fts5(x)", "is not allowed"},
        Case{"ATTACH '/etc/passwd' AS p", "ATTACH is not allowed"},
        Case{"nonsense", "syntax error"}}) {
    DYNAMIC_SECTION(c.sql) {
      Evaluation e;
      e.TwoUsers();
      e.Views(c.sql);
      e.Add(Check("c", kEnabledPass));
      const CheckResult r = e.Run().results.at("c");
      CHECK(r.reason == Reason::kPluginFault);
      CHECK_THAT(r.detail, Contains("views of graph: "));
      CHECK_THAT(r.detail, Contains(c.words));
    }
  }
}

TEST_CASE("Evaluator: calls a malformed answer the package's fault", "[worker]") {
  struct Case {
    const char* sql;
    const char* words;
  };
  for (
      const Case& c : std::vector<Case>{
          {"SELECT id AS subject, 'maybe' AS verdict, '' AS detail FROM entra_user",
           "verdict \"maybe\""},
          {"SELECT id AS subject, NULL AS verdict, '' AS detail FROM entra_user", "verdict \"\""},
          {"SELECT NULL AS subject, 'pass' AS verdict, '' AS detail", "subject is null"},
          {"SELECT id, 'pass', '' FROM entra_user", "columns must be subject, verdict, detail"},
          {"SELECT id AS subject, 'pass' AS verdict FROM entra_user", "columns must be"},
          {"SELECT id AS subject, 'not_assessed' AS verdict, 'who knows' AS detail FROM entra_user",
           "must begin with its reason"},
          {"SELECT printf('%.5000c', 'x') AS subject, 'pass' AS verdict, '' AS detail", "too long"},
          {"SELECT CAST(x'ff' AS TEXT) AS subject, 'pass' AS verdict, '' AS detail", "not UTF-8"},
          {"SELECT ids AS subject, 'pass' AS verdict, '' AS detail FROM entra_user",
           "no such column"},
          {"SELECT \"u1\" AS subject, 'pass' AS verdict, '' AS detail", "no such column"},
          {"", "no statement"},
          {"-- nothing", "no statement"}}) {
    INFO(c.sql);
    const std::string words = Ask(c.sql);
    CHECK_THAT(words, Contains("not_assessed (plugin_fault)"));
    CHECK_THAT(words, Contains(c.words));
  }
}

TEST_CASE("Evaluator: keeps the worst of several rows on one subject", "[worker]") {
  const auto of = [](const char* verdicts) {
    return Ask(
        "SELECT 'u1' AS subject, value AS verdict, 'permission: x' AS detail FROM json_each('" +
        std::string(verdicts) + "')");
  };
  CHECK(of("[\"pass\",\"fail\",\"manual\"]") == "fail");
  CHECK_THAT(of("[\"pass\",\"not_assessed\",\"manual\"]"), Contains("not_assessed (permission)"));
  CHECK(of("[\"pass\",\"manual\"]") == "manual");
  CHECK(of("[\"not_applicable\",\"pass\"]") == "pass");
}

TEST_CASE("Evaluator: holds tenant checks to one row", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  const auto add = [&](const char* id, const std::string& sql) { e.Add(Check(id, sql, "tenant")); };
  add("one", "SELECT 'tenant' AS subject, 'fail' AS verdict, 'd' AS detail");
  add("none", "SELECT 'tenant' AS subject, 'fail' AS verdict, '' AS detail WHERE 0");
  add("other", "SELECT 'u1' AS subject, 'fail' AS verdict, '' AS detail");
  add("two", "SELECT 'tenant' AS subject, 'fail' AS verdict, '' AS detail FROM entra_user");
  const Answer answer = e.Run();
  CHECK(answer.results.at("one").verdict == Verdict::kFail);
  CHECK(answer.observations.at("one").at(0).subject_type == "tenant");
  CHECK(answer.results.at("none").verdict == Verdict::kNotApplicable);
  CHECK_THAT(Words(answer.results.at("other")), Contains("must be 'tenant'"));
  CHECK_THAT(Words(answer.results.at("two")), Contains("more than one row"));
}

TEST_CASE("Evaluator: contains rows that do not fit to their dataset", "[worker]") {
  const auto run = [](auto send) {
    Evaluation e;
    e.Schema(1, Users());
    e.Schema(2, Dataset("other", {{"id", ColumnType::kText, false}}));
    e.Rows(1, {User(1, 0, "u1")});
    e.Rows(2, {{1, 0, {"x"}}});
    send(e);
    e.State(1, Completeness::kComplete);
    e.State(2, Completeness::kComplete);
    e.Add(Check("c", kEnabledPass));
    e.Add(Check("o", "SELECT id AS subject, 'pass' AS verdict, '' AS detail FROM other", "other",
                {"other"}));
    const Answer answer = e.Run();
    CHECK(answer.done.status == 0);
    CHECK(answer.results.at("o").verdict == Verdict::kPass);
    CHECK(answer.results.at("c").reason == Reason::kPluginFault);
    return answer.results.at("c").detail;
  };
  CHECK_THAT(run([](Evaluation& e) {
               e.Rows(1, {{1, 0, {kNull, "n", int64_t{1}, kNull, kNull, kNull}}});
             }),
             Contains("entra_user.id: key is null"));
  CHECK_THAT(run([](Evaluation& e) {
               e.Rows(1, {{1, 0, {"u", "n", "yes", kNull, kNull, kNull}}});
             }),
             Contains("entra_user.enabled: text in an integer column"));
  CHECK_THAT(run([](Evaluation& e) {
               e.Rows(1, {{1, 0, {"u", "n", int64_t{2}, kNull, kNull, kNull}}});
             }),
             Contains("bool is neither 0 nor 1"));
  CHECK_THAT(run([](Evaluation& e) {
               e.Rows(1, {{1, 0, {"u", "n", int64_t{1}, int64_t{5}, kNull, kNull}}});
             }),
             Contains("entra_user.seen: integer in a text column"));
  CHECK_THAT(run([](Evaluation& e) {
               e.Rows(1, {{1, 0, {"u", "\xff", int64_t{1}, kNull, kNull, kNull}}});
             }),
             Contains("not UTF-8"));
  CHECK_THAT(run([](Evaluation& e) {
               e.Send(ipc::Type::kRows, Encode(ipc::Rows{1, 9, {}}));
             }),
             Contains("damaged"));
  const ByteVector extra(100, 0);
  CHECK_THAT(run([&](Evaluation& e) {
               e.Send(ipc::Type::kRows, Encode(ipc::Rows{1, 0, extra}));
             }),
             Contains("more rows than it says"));
}

TEST_CASE("Evaluator: ends by name on messages that are not its own", "[worker]") {
  struct Case {
    ipc::Type type;
    ByteVector payload;
    const char* words;
  };
  for (const Case& c :
       {Case{ipc::Type::kPage, {}, "message 11 is not for an evaluator"},
        Case{ipc::Type::kSchema, ByteVector(3), "schema message"},
        Case{ipc::Type::kSchema, ipc::EncodeDataset(2, Users()), "stands twice"},
        Case{ipc::Type::kSchema,
             ipc::EncodeDataset(2, Dataset("a\";--", {{"id", ColumnType::kText, false}})),
             "not usable in SQL"},
        Case{ipc::Type::kSchema,
             ipc::EncodeDataset(2, Dataset("ok", {{"x", ColumnType::kText, false}})),
             "is not a column"},
        Case{ipc::Type::kCancel, {}, "cancelled"}}) {
    Evaluation e;
    e.TwoUsers();
    e.Send(c.type, c.payload);
    const ipc::Done done = e.Run().done;
    CHECK(done.status != 0);
    CHECK_THAT(done.message, Contains(c.words));
  }
}

TEST_CASE("Evaluator: sends many observations in bounded frames", "[worker]") {
  Evaluation e;
  e.Schema(1, Users());
  for (uint32_t p = 0; p < 60; ++p) {
    std::vector<TestRow> rows;
    for (uint32_t i = 0; i < 500; ++i)
      rows.push_back(User(p + 1, i, "u" + std::to_string(p * 500 + i)));
    e.Rows(1, rows);
  }
  e.State(1, Completeness::kComplete);
  e.Add(Check("c", kEnabledPass));
  const Answer answer = e.Run();
  const auto& list = answer.observations.at("c");
  CHECK(list.size() == 30'000);
  CHECK(std::is_sorted(list.begin(), list.end(),
                       [](const auto& a, const auto& b) { return a.subject < b.subject; }));
}
