// SQL from an untrusted package: refused with the right words, or stopped by its budget. In every
// case the check is not_assessed (plugin_fault) and the next check still runs.
#include "evaluation.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

struct Hostile {
  std::string sql;
  const char* words;
};

std::string Tenant(const std::string& expression) {
  return "SELECT 'tenant' AS subject, 'pass' AS verdict, " + expression + " AS detail";
}

std::string Nested(const char* open, const char* inner, const char* close, int depth) {
  std::string out;
  for (int i = 0; i < depth; ++i) out += open;
  out += inner;
  for (int i = 0; i < depth; ++i) out += close;
  return out;
}

const char* kEndless =
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT 'tenant' AS subject, "
    "'pass' AS verdict, max(n) AS detail FROM r";

std::vector<Hostile> Refused() {
  return {
      {"ATTACH '/etc/passwd' AS p", "ATTACH is not allowed"},
      {"DETACH main", "DETACH is not allowed"},
      {"PRAGMA table_info(entra_user)", "PRAGMA is not allowed"},
      {"PRAGMA writable_schema = ON", "PRAGMA is not allowed"},
      {Tenant("1") + "; DROP TABLE entra_user", "second statement"},
      {Tenant("1") + "; SELECT 2", "second statement"},
      {Tenant("random()"), "function \"random\" is not allowed"},
      {Tenant("RANDOM()"), "is not allowed"},
      {Tenant("hex(randomblob(8))"), "function \"randomblob\" is not allowed"},
      {Tenant("zeroblob(2000000000)"), "function \"zeroblob\" is not allowed"},
      {Tenant("CURRENT_TIMESTAMP"), "is not allowed"},
      {Tenant("CURRENT_DATE"), "is not allowed"},
      {Tenant("changes()"), "function \"changes\" is not allowed"},
      {Tenant("total_changes()"), "function \"total_changes\" is not allowed"},
      {Tenant("last_insert_rowid()"), "function \"last_insert_rowid\" is not allowed"},
      {Tenant("sqlite_version()"), "function \"sqlite_version\" is not allowed"},
      {Tenant("sqlite_compileoption_get(1)"), "is not allowed"},
      {Tenant("load_extension('/tmp/x.so')"), "load_extension"},
      {Tenant("readfile('/etc/passwd')"), "no such function: readfile"},
      {Tenant("writefile('/tmp/x', 'y')"), "no such function: writefile"},
      {Tenant("edit('x')"), "no such function: edit"},
      {Tenant("fts3_tokenizer('x')"), "is not allowed"},
      {"EXPLAIN " + Tenant("1"), "EXPLAIN is not allowed"},
      {"EXPLAIN QUERY PLAN " + Tenant("1"), "EXPLAIN is not allowed"},
      {"INSERT INTO entra_user VALUES(1)", "is not allowed"},
      {"UPDATE entra_user SET enabled = 1", "may not be modified"},
      {"DELETE FROM entra_user", "may not be modified"},
      {"DROP TABLE entra_user", "is not allowed"},
      {"CREATE TABLE t(x)", "is not allowed"},
      {"CREATE TEMP TABLE t(x)", "is not allowed"},
      {"CREATE VIEW v AS SELECT 1", "is not allowed"},
      {"CREATE VIRTUAL TABLE f USING fts5(x)", "is not allowed"},
      {"CREATE VIRTUAL TABLE f USING rtree(a,b,c)", "is not allowed"},
      {"CREATE VIRTUAL TABLE f USING assay_dataset", "is not allowed"},
      {"ALTER TABLE entra_user RENAME TO x", "is not allowed"},
      {"REINDEX", "not a SELECT"},
      {"ANALYZE", "is not allowed"},
      {"VACUUM INTO '/tmp/x'", "not a SELECT"},
      {"BEGIN", "is not allowed"},
      {"SAVEPOINT s", "SAVEPOINT is not allowed"},
      {Tenant("sql") + " FROM sqlite_master", "table \"sqlite_master\" is not allowed"},
      {Tenant("count(*)") + " FROM sqlite_schema", "is not allowed"},
      {Tenant("name") + " FROM pragma_table_info('entra_user')", "table function is not allowed"},
      {Tenant("name") + " FROM dbstat", "dbstat"},
      {Tenant("count(*)") + " FROM other", "dataset other is not in reads"},
      {Tenant("count(*)") + " FROM OTHER", "dataset other is not in reads"},
      {Tenant("id") + " FROM main.other LIMIT 1", "dataset other is not in reads"},
      {Tenant("printf('%.*c', 900000, 'x') || printf('%.*c', 900000, 'x')"), "too big"},
      {Tenant("replace(replace(replace(hex(printf('%.99999c','a')),'1','111111'),'1','111111'),'1',"
              "'111111')"),
       "too big"},
      {Tenant(Nested("(", "1", ")", 2000)), "sql: "},
      {Tenant(Nested("abs(", "1", ")", 500)), "sql: "},
      {Tenant("1" + Nested("", "", " + 1", 5000)), "depth"},
      {Tenant("json_extract('" + Nested("[", "", "]", 5000) + "', '$')"), "malformed JSON"},
      {Tenant("'a' LIKE '" + std::string(1000, '%') + "'"), "too complex"},
      {std::string("SELECT 1\0", 9) + "; DROP TABLE entra_user", "zero byte"},
      {"SELECT 1" + Nested("", "", " UNION ALL SELECT 1", 100),
       "too many terms in compound SELECT"},
  };
}

}  // namespace

TEST_CASE("HostileSql: is refused by name and harms no other check", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Schema(2, Dataset("other", {{"id", ColumnType::kText, false}}));
  e.State(2, Completeness::kComplete);
  const std::vector<Hostile> refused = Refused();
  for (size_t i = 0; i < refused.size(); ++i)
    e.Add(Check("c" + std::to_string(i), refused[i].sql, "tenant"));
  e.Add(Check("good", "SELECT id AS subject, 'pass' AS verdict, '' AS detail FROM entra_user"));
  const Answer answer = e.Run();
  for (size_t i = 0; i < refused.size(); ++i) {
    INFO(refused[i].sql.substr(0, 120));
    const CheckResult& r = answer.results.at("c" + std::to_string(i));
    CHECK(r.verdict == Verdict::kNotAssessed);
    CHECK(r.reason == Reason::kPluginFault);
    CHECK_THAT(r.detail, Contains(refused[i].words));
    CHECK(answer.observations.count("c" + std::to_string(i)) == 0);
  }
  CHECK(answer.results.at("good").verdict == Verdict::kPass);
}

TEST_CASE("HostileSql: is stopped by the step budget", "[worker]") {
  for (const std::string& sql :
       {std::string(kEndless),
        Tenant("count(*)") +
            " FROM json_each('[1,2,3,4,5,6,7,8,9]') a, json_each('[1,2,3,4,5,6,7,8,9]') b, "
            "json_each('[1,2,3,4,5,6,7,8,9]') c, json_each('[1,2,3,4,5,6,7,8,9]') d, "
            "json_each('[1,2,3,4,5,6,7,8,9]') e, json_each('[1,2,3,4,5,6,7,8,9]') f"}) {
    Evaluation e({.steps = 1'000'000, .deadline_ms = 60'000});
    e.TwoUsers();
    e.Add(Check("c", sql, "tenant"));
    e.Add(Check("good", "SELECT id AS subject, 'pass' AS verdict, '' AS detail FROM entra_user"));
    const Answer answer = e.Run();
    CHECK(Words(answer.results.at("c")) ==
          "not_assessed (plugin_fault): sql: step budget of 1000000 is used up");
    CHECK(answer.results.at("good").verdict == Verdict::kPass);
  }
}

TEST_CASE("HostileSql: gets no more than the length limit out of printf", "[worker]") {
  for (const char* bomb : {"printf('%2000000000d', 1)", "printf('%.*c', 2000000, 'x')",
                           "format('%.2000000000f', 1.0)"}) {
    Evaluation e;
    e.TwoUsers();
    e.Add(
        Check("c", Tenant("coalesce(length(" + std::string(bomb) + "), 0) <= 1048576"), "tenant"));
    const Answer answer = e.Run();
    if (answer.results.at("c").verdict == Verdict::kPass)
      CHECK(answer.observations.at("c").at(0).detail == "1");
    else
      CHECK_THAT(answer.results.at("c").detail, Contains("too big"));
  }
}

TEST_CASE("HostileSql: is stopped by the deadline", "[worker]") {
  Evaluation e({.steps = ~0ull, .deadline_ms = 30});
  e.TwoUsers();
  e.Add(Check("c", kEndless, "tenant"));
  CHECK_THAT(Words(e.Run().results.at("c")), Contains("took longer than 30 ms"));
}

TEST_CASE("HostileSql: is stopped by the memory limit", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Add(Check(
      "c",
      "WITH RECURSIVE r(n, t) AS (SELECT 1, printf('%.500000c', 'x') UNION ALL SELECT n + 1, "
      "printf('%.500000c', 'x') FROM r LIMIT 5000) SELECT 'tenant' AS subject, 'pass' AS verdict, "
      "count(*) AS detail FROM (SELECT * FROM r ORDER BY t, n)",
      "tenant"));
  CHECK_THAT(Words(e.Run().results.at("c")), Contains("memory limit is used up"));
}
