// The broker's table of throttle classes against the endpoint catalogue, where it is there.
#include <toml++/toml.h>

#include <filesystem>
#include <regex>

#include "base/text.h"
#include "broker/throttle_class.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::broker;
namespace fs = std::filesystem;

namespace {

/// Nothing without the folder: it is optional.
std::optional<toml::table> Catalogue() {
  const fs::path source = ASSAY_SOURCE_DIR;
  const fs::path file = source.parent_path() / "shared/domain/endpoints.toml";
  if (!fs::exists(file)) return std::nullopt;
  return toml::parse_file(file.string());
}

const ThrottleClass* FindClass(const std::string& name) {
  for (const ThrottleClass& one : ThrottleClasses())
    if (one.name == name) return &one;
  return nullptr;
}

/// "3500 resource units / 10 s", "150 requests / min", "1 request / s": count and seconds.
std::optional<std::pair<uint32_t, int64_t>> FirstLimit(const std::string& text) {
  static const std::regex pattern("([0-9]+)[a-z ]* / ([0-9]*) ?(s|min)\\b");
  std::smatch found;
  if (!std::regex_search(text, found, pattern)) return std::nullopt;
  const int64_t number = found[2].length() > 0 ? std::stoll(found[2]) : 1;
  return std::pair(static_cast<uint32_t>(std::stoul(found[1])),
                   number * (found[3] == "min" ? 60 : 1));
}

std::vector<std::pair<std::string, std::string>> QueryOf(const toml::table& endpoint) {
  std::vector<std::pair<std::string, std::string>> out;
  if (const auto* query = endpoint["query"].as_array())
    for (const auto& item : *query) {
      const std::string text = item.value_or(std::string());
      out.emplace_back(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
    }
  return out;
}

}  // namespace

TEST_CASE("ThrottleClasses: have the catalogue's budgets") {
  const auto catalogue = Catalogue();
  if (!catalogue) return;
  int compared = 0;
  for (const auto& node : *(*catalogue)["throttle"].as_array()) {
    const toml::table& row = *node.as_table();
    const std::string id = row["id"].value_or(std::string());
    if (id == "blob" || id == "imds") continue;
    INFO(id);
    const ThrottleClass* known = FindClass(id);
    REQUIRE(known);
    const auto limit = FirstLimit(row["limit"].value_or(std::string()));
    if (!limit) continue;
    CHECK(known->windows[0].count == limit->first);
    CHECK(known->windows[0].period.count() == limit->second);
    ++compared;
  }
  CHECK(compared >= 10);
}

TEST_CASE("ThrottleClasses: take every endpoint of the catalogue into its class") {
  const auto catalogue = Catalogue();
  if (!catalogue) return;
  int compared = 0;
  for (const auto& node : *(*catalogue)["endpoint"].as_array()) {
    const toml::table& endpoint = *node.as_table();
    const std::string host = endpoint["host"].value_or(std::string());
    if (host != "graph" && host != "arm") continue;
    const std::string path = endpoint["path"].value_or(std::string());
    std::vector<std::string> segments;
    if (host == "graph") segments.push_back(endpoint["version"].value_or(std::string()));
    for (const std::string_view segment : Split(std::string_view(path).substr(1), '/'))
      segments.emplace_back(segment);
    const auto query = QueryOf(endpoint);
    const RequestShape shape{host == "graph" ? ServiceHost::kGraph : ServiceHost::kArm, segments,
                             query};
    INFO(endpoint["id"].value_or(std::string()) << " " << path);
    CHECK(ThrottleClassOf(shape).name == endpoint["throttle"].value_or(std::string()));
    ++compared;
  }
  CHECK(compared > 100);
}
