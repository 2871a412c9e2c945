// The framework packages as data: complete, consistent, and never automated where the law asks a
// person.
#include <toml++/toml.h>

#include <map>
#include <set>

#include "base/text.h"
#include "support/matchers.h"

namespace {

const std::map<std::string, size_t> kPackages = {
    {"iso27001-2022", 93}, {"dora", 147}, {"gdpr", 55}};

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
      if (id != "iso27001-2022") CHECK(automation != "automated");
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
