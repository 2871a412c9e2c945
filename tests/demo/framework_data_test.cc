// The framework packages as data: complete, consistent, and never automated where the law asks a
// person.
#include <toml++/toml.h>

#include <map>
#include <set>

#include "base/text.h"
#include "support/matchers.h"

namespace {

const std::map<std::string, size_t> kPackages = {
    {"iso27001-2022", 93}, {"dora", 147},    {"gdpr", 55},      {"nis2", 24},
    {"scuba", 34},         {"cis-m365", 66}, {"cis-azure", 71}, {"soc2-tsc", 61}};
/// Laws, and criteria that an accountant attests: never decided by checks alone.
const std::set<std::string> kNeverAutomated = {"dora", "gdpr", "nis2", "soc2-tsc"};
const std::set<std::string> kLaws = {"dora", "gdpr", "nis2"};

toml::table Read(const std::string& tail) {
  return toml::parse_file(std::string(ASSAY_SOURCE_DIR) + "/frameworks/" + tail);
}

/// Copies of the tables of one array.
std::vector<toml::table> Rows(const std::string& tail, const char* key) {
  std::vector<toml::table> rows;
  toml::table file = Read(tail);
  for (auto& node : *file[key].as_array()) rows.push_back(*node.as_table());
  return rows;
}

std::string Text(const toml::table& table, const char* key) {
  return table[key].value_or(std::string());
}

}  // namespace

TEST_CASE("Frameworks: Hold every control once with title, group and automation") {
  const std::set<std::string> kWords = {"automated", "partial", "manual", "n/a"};
  for (const auto& [id, count] : kPackages) {
    toml::table package = Read(id + "/controls.toml");
    CHECK(Text(package, "id") == id);
    CHECK(Text(Read(id + "/manifest.toml"), "id") == id);
    std::set<std::string> ids, titles;
    for (const toml::table& control : Rows(id + "/controls.toml", "control")) {
      INFO(id << " " << Text(control, "id"));
      ids.insert(Text(control, "id"));
      titles.insert(Text(control, "title"));
      CHECK_FALSE(Text(control, "group").empty());
      CHECK(Text(control, "title").size() <= 80);
      CHECK(kWords.count(Text(control, "automation")) == 1);
      CHECK(control["needs_attestation"].is_boolean());
    }
    CHECK(ids.size() == count);
    CHECK(titles.size() == count);
  }
}

TEST_CASE("Frameworks: Ask an attestation wherever no collector can decide alone") {
  for (const auto& [id, count] : kPackages) {
    for (const toml::table& control : Rows(id + "/controls.toml", "control")) {
      std::string automation = Text(control, "automation");
      bool needs = control["needs_attestation"].value_or(false);
      INFO(id << " " << Text(control, "id"));
      if (automation == "manual") CHECK(needs);
      if (automation == "automated" || automation == "n/a") CHECK_FALSE(needs);
      if (kNeverAutomated.count(id) == 1) CHECK(automation != "automated");
    }
  }
}

TEST_CASE("Frameworks: Follow the numbering of Annex A") {
  std::map<std::string, int> groups;
  for (const toml::table& control : Rows("iso27001-2022/controls.toml", "control")) {
    groups[Text(control, "group")]++;
  }
  CHECK(groups ==
        std::map<std::string, int>{
            {"organizational", 37}, {"people", 8}, {"physical", 14}, {"technological", 34}});
}

TEST_CASE("Frameworks: Source table names known controls only") {
  std::map<std::string, std::set<std::string>> known;
  for (const auto& [id, count] : kPackages) {
    for (const toml::table& control : Rows(id + "/controls.toml", "control"))
      known[id].insert(Text(control, "id"));
  }
  size_t rows = 0;
  for (const toml::table& row : Rows("mapping-source.toml", "check")) {
    ++rows;
    for (auto& [key, value] : row) {
      if (key == "id") continue;
      for (auto& control : *value.as_array()) {
        INFO(Text(row, "id"));
        CHECK(known[std::string(key.str())].count(control.value_or(std::string())) == 1);
      }
    }
  }
  CHECK(rows == 350);  // those of the catalogue, and activity-log-own-identity
}

namespace {

/// Controls of a package with at least one check.
std::set<std::string> Mapped(const std::string& id) {
  std::set<std::string> out;
  for (const toml::table& row : Rows(id + "/mapping.toml", "map")) out.insert(Text(row, "control"));
  return out;
}

}  // namespace

TEST_CASE("Frameworks: Say for every control who is responsible [KS-32]") {
  const std::set<std::string> kParties = {"customer", "provider", "microsoft", "none"};
  for (const auto& [id, count] : kPackages) {
    for (toml::table& control : Rows(id + "/controls.toml", "control")) {
      INFO(id << " " << Text(control, "id"));
      REQUIRE(control["responsibility"].is_array());
      const toml::array& parties = *control["responsibility"].as_array();
      CHECK_FALSE(parties.empty());
      for (const auto& party : parties) CHECK(kParties.count(party.value_or(std::string())) == 1);
    }
  }
}

TEST_CASE("Frameworks: Say in a sentence of their own what is not shown, and why one is manual") {
  for (const auto& [id, count] : kPackages) {
    const std::set<std::string> mapped = Mapped(id);
    std::map<std::string, int> sentences;
    for (const toml::table& control : Rows(id + "/controls.toml", "control")) {
      INFO(id << " " << Text(control, "id"));
      const bool has_checks = mapped.count(Text(control, "id")) == 1;
      const std::string key = has_checks ? "not_shown" : "reason";
      const std::string sentence = Text(control, key.c_str());
      CHECK((sentence.size() >= 12 && sentence.back() == '.'));
      ++sentences[sentence];
    }
    for (const auto& [sentence, times] : sentences) {
      INFO(id << ": " << sentence);
      CHECK(times <= 2);
    }
  }
}

TEST_CASE("Frameworks: Have checks for at least 58 of 93 controls of Annex A, and reasons else") {
  const std::set<std::string> mapped = Mapped("iso27001-2022");
  CHECK(mapped.size() >= 58);
  size_t manual = 0;
  for (const toml::table& control : Rows("iso27001-2022/controls.toml", "control")) {
    INFO(Text(control, "id"));
    if (mapped.count(Text(control, "id")) == 1) continue;
    ++manual;
    CHECK(Text(control, "automation") == "manual");
    CHECK_FALSE(Text(control, "reason").empty());
  }
  CHECK(mapped.size() + manual == 93);
}

TEST_CASE("Frameworks: Give every item of a law a level and a reason") {
  const std::set<std::string> kLevels = {"high", "medium", "low", "none"};
  for (const std::string& id : kLaws) {
    CHECK(Text(Read(id + "/controls.toml"), "kind") == "law");
    const std::set<std::string> mapped = Mapped(id);
    for (const toml::table& control : Rows(id + "/controls.toml", "control")) {
      INFO(id << " " << Text(control, "id"));
      const std::string level = Text(control, "level");
      CHECK(kLevels.count(level) == 1);
      CHECK((level == "none") == (mapped.count(Text(control, "id")) == 0));
      CHECK(Text(control, "reason").size() >= 12);
    }
  }
}

TEST_CASE("Frameworks: Are mapped, not attested, and never called a report [VE-42]") {
  CHECK(Text(Read("soc2-tsc/controls.toml"), "notice").rfind("Mapped, not attested", 0) == 0);
  CHECK(Text(Read("soc2-tsc/controls.toml"), "title").find("SOC") == std::string::npos);
  for (const char* id : {"scuba", "cis-m365", "cis-azure"})
    CHECK(Text(Read(std::string(id) + "/controls.toml"), "notice").find("that a check speaks to") !=
          std::string::npos);
}
