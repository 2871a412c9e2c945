// Places in a file of checks, down to a byte of the SQL.
#include "config/check_source.h"

#include "support/matchers.h"

namespace assay::config {
namespace {

std::string FileWith(const std::string& sql) {
  return "# a file\n[[check]]\nid = \"a\"\nversion = 1\ntitle = \"t\"\nseverity = \"low\"\n"
         "subject = \"tenant\"\nreads = [\"x\", \"y\"]\nsql = " +
         sql + "\n";
}

/// "line:column-end_column" of the error that a finding at line and column of the SQL gives.
std::string PlaceOf(const std::string& sql, size_t line, size_t column) {
  CheckSource source(FileWith(sql), "a.toml", "checks.d");
  source.ErrorInSql(0, line, column, "AS-CHK-003", "x");
  const auto all = source.Finish();
  REQUIRE(all.size() == 1);
  const Place& p = all[0].place;
  return std::to_string(p.line) + ":" + std::to_string(p.column) + "-" +
         std::to_string(p.end_column);
}

}  // namespace

TEST_CASE("CheckSource: finds a place of the SQL in every kind of TOML string") {
  CHECK(PlaceOf("\"\"\"\nSELECT a,\n  ids\n\"\"\"", 2, 3) == "11:3-6");
  CHECK(PlaceOf("\"\"\"\nSELECT a,\n  ids\n\"\"\"", 1, 8) == "10:8-9");
  CHECK(PlaceOf("\"\"\"SELECT ids\"\"\"", 1, 8) == "9:17-20");
  CHECK(PlaceOf("'''\nSELECT ids'''", 1, 8) == "10:8-11");
  CHECK(PlaceOf("\"SELECT ids\"", 1, 8) == "9:15-18");
  CHECK(PlaceOf("'SELECT ids'", 1, 8) == "9:15-18");
  CHECK(PlaceOf("\"SELECT \\\"a\\\", ids\"", 1, 13) == "9:22-25");
  CHECK(PlaceOf("\"\"\"\nSELECT \\\n    \\\n    ids\"\"\"", 1, 8) == "12:5-8");
  CHECK(PlaceOf("\"SELECT \\u00e9, ids\"", 1, 12) == "9:23-26");
  CHECK(PlaceOf("\"SELECT \u00e9, ids\"", 1, 12) == "9:18-21");
  CHECK(PlaceOf("\"a\\nSELECT ids\"", 2, 8) == "9:18-21");
}

TEST_CASE("CheckSource: points at the string when the SQL has no such place") {
  CHECK(PlaceOf("\"SELECT 1\"", 9, 1) == "9:16-17");  // its end
  CHECK(PlaceOf("\"SELECT 1\"", 1, 99).substr(0, 3) == "9:7");
}

TEST_CASE("CheckSource: collects what was found while reading and after it") {
  CheckSource source(FileWith("\"SELECT :p\""), "a.toml", "checks.d");
  CHECK(source.has_errors());
  source.Error(0, "reads", "AS-CHK-002", "no dataset", "did you mean z?", 1);
  source.Warning(0, "rationale", "AS-CHK-004", "no rationale");
  const auto all = source.Finish();
  REQUIRE(all.size() == 3);
  CHECK(all[0].place.line == 2);
  CHECK(all[1].place.line == 8);
  CHECK(all[1].place.column == 15);
  CHECK(all[1].source_line == "reads = [\"x\", \"y\"]");
  CHECK_THAT(all[2].message, Catch::Matchers::Contains("uses parameter :p"));
  CheckSource broken("[[check]\n", "b.toml", "checks.d");
  CHECK(broken.checks().empty());
  CHECK(broken.Finish().size() == 1);
}

}  // namespace assay::config
