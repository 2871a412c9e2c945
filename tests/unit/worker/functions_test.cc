// SQL functions beyond SQLite's own: the examples of tests/checks/functions.tsv, which a second
// implementation runs too, and what no table shows.
#include <fstream>

#include "evaluation.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

constexpr int64_t kNowMs = 1'781'524'800'000;  // 2026-06-15T12:00:00Z

struct Example {
  std::string expression, value;
};

std::vector<Example> Examples() {
  std::ifstream file(ASSAY_SOURCE_DIR "/tests/checks/functions.tsv");
  std::vector<Example> out;
  for (std::string line; std::getline(file, line);) {
    const size_t tab = line.find('\t');
    if (line.empty() || line[0] == '#') continue;
    REQUIRE(tab != line.npos);
    out.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return out;
}

CheckSpec Asking(const std::string& id, const std::string& expression) {
  return Check(id,
               "SELECT 'tenant' AS subject, 'pass' AS verdict, quote(" + expression + ") AS detail",
               "tenant", {});
}

std::string AnswerOf(const Answer& answer, const std::string& id) {
  if (answer.results.at(id).verdict != Verdict::kPass) return "ERROR";
  return answer.observations.at(id).at(0).detail;
}

}  // namespace

TEST_CASE("Functions: give what the table of examples says", "[worker]") {
  const std::vector<Example> examples = Examples();
  REQUIRE(examples.size() > 150);
  Evaluation e({}, kNowMs);
  for (size_t i = 0; i < examples.size(); ++i)
    e.Add(Asking("c" + std::to_string(i), examples[i].expression));
  const Answer answer = e.Run();
  for (size_t i = 0; i < examples.size(); ++i) {
    INFO(examples[i].expression);
    CHECK(AnswerOf(answer, "c" + std::to_string(i)) == examples[i].value);
  }
}

TEST_CASE("Functions: search a long text in linear time, whatever the expression", "[worker]") {
  Evaluation e({.steps = 1'000'000, .deadline_ms = 20'000}, kNowMs);
  for (const char* expression :
       {"(a|aa)+$", "(a+)+$", "(.*)(.*)(.*)[^a]c", "(x+x+)+y", "a{1,500}a{1,500}$"})
    e.Add(Asking(expression,
                 "matches(printf('%.1000000c', 'a') || 'b', '" + std::string(expression) + "')"));
  const Answer answer = e.Run();
  for (const auto& [id, result] : answer.results) {
    INFO(id << ": " << Words(result));
    CHECK((AnswerOf(answer, id) == "0" || Words(result).find("too large") != std::string::npos));
  }
}

TEST_CASE("Functions: refuse expressions that are wrong or too large", "[worker]") {
  struct Case {
    std::string expression;
    const char* words;
  };
  Evaluation e;
  const Case cases[] = {{"'('", "matches: missing )"},
                        {"'(?=a)b'", "matches: invalid perl operator"},
                        {"'(a)\\1'", "matches: invalid escape sequence"},
                        {"printf('%.1001c', 'a')", "longer than 1000 bytes"},
                        {"'((a{100}){100}){100}'", "matches: "},
                        {"'[a-z]{900}[a-z]{900}[a-z]{900}[a-z]{900}[a-z]{900}'", "matches: "}};
  int number = 0;
  for (const Case& c : cases)
    e.Add(Asking("c" + std::to_string(number++), "matches('x', " + c.expression + ")"));
  const Answer answer = e.Run();
  for (int i = 0; i < number; ++i) {
    INFO(cases[i].expression);
    CHECK_THAT(Words(answer.results.at("c" + std::to_string(i))),
               Contains("plugin_fault") && Contains(cases[i].words));
  }
}

TEST_CASE("Functions: take an expression anew for each row", "[worker]") {
  Evaluation e;
  e.TwoUsers();
  e.Add(Check("c",
              "SELECT id AS subject, CASE WHEN matches(id, id || '$') AND NOT matches(id, "
              "'^' || substr(id, 2)) AND matches(id, '^u') THEN 'pass' ELSE 'fail' END AS verdict, "
              "'' AS detail FROM entra_user"));
  CHECK(e.Run().results.at("c").pass == 2);
}

TEST_CASE("Functions: read a certificate from DER, and nothing from damage", "[worker]") {
  std::string base64;
  for (const Example& one : Examples())
    if (base64.empty() && one.expression.starts_with("x509_not_after('MII"))
      base64 = one.expression.substr(16, one.expression.size() - 18);
  REQUIRE(base64.size() > 300);
  Evaluation e;
  for (size_t cut = 0; cut < base64.size(); cut += 4)
    e.Add(Asking("cut" + std::to_string(cut), "x509_not_after('" + base64.substr(0, cut) + "')"));
  e.Add(Asking("long", "x509_not_after(printf('%.70000c', 'M'))"));
  const Answer answer = e.Run();
  for (const auto& [id, result] : answer.results) {
    INFO(id);
    CHECK(AnswerOf(answer, id) == "NULL");
  }
}
