// What is installed, from folders, with a reader in place of the ELF pass.
#include "assess/catalogue.h"

#include "base/files.h"
#include "support/matchers.h"
#include "unit/config/config_files.h"

namespace assay::assess {
namespace {

using Catch::Matchers::Contains;

// The file's whole text is its manifest.
Result<std::string> ReadPlain(const std::filesystem::path& file) {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(file));
  return std::string(AsText(bytes));
}

std::string ManifestText(const std::string& id, const std::string& kind) {
  return "id=\"" + id + "\"\nversion=\"1\"\nkind=\"" + kind + "\"\nabi=\"1.0\"\ntitle=\"t\"\n";
}

std::string CheckText(const std::string& id) {
  return "[[check]]\nid=\"" + id +
         "\"\nversion=1\ntitle=\"t\"\nseverity=\"low\"\nsubject=\"tenant\"\nreads=[\"a\"]\nsql="
         "\"SELECT 1\"\n";
}

void Fill(const config::ConfigFolder& home) {
  home.Write("plugins/graph/graph.so", ManifestText("graph", "collector"));
  home.Write("plugins/graph/checks/a.toml", CheckText("graph-b"));
  home.Write("plugins/graph/checks/b.toml", CheckText("graph-a"));
  home.Write("frameworks/dora/dora.so", ManifestText("dora", "framework"));
  home.Write("frameworks/dora/controls.toml",
             "id=\"dora\"\nversion=\"1\"\ntitle=\"DORA\"\n[[control]]\nid=\"Art.9\"\ntitle="
             "\"t\"\ngroup=\"g\"\nautomation=\"partial\"\n");
  home.Write("frameworks/dora/mapping.toml", "[[map]]\ncontrol=\"Art.9\"\nchecks=[\"graph-a\"]\n");
}

TEST_CASE("Catalogue: finds plugins, frameworks, checks and their controls") {
  const config::ConfigFolder home;
  Fill(home);
  const Catalogue catalogue = Catalogue::Scan(home.path(), ReadPlain);
  CHECK(catalogue.broken().empty());
  CHECK(catalogue.PluginIds() == std::vector<std::string>{"graph"});
  CHECK(catalogue.FrameworkIds() == std::vector<std::string>{"dora"});
  CHECK(catalogue.CheckIds() == std::vector<std::string>{"graph-a", "graph-b"});
  CHECK(catalogue.ControlsOf("graph-a") == std::vector<std::string>{"dora:Art.9"});
  CHECK(catalogue.ControlsOf("graph-b").empty());
  REQUIRE(catalogue.FindPlugin("dora") != nullptr);
  CHECK(catalogue.FindPlugin("nobody") == nullptr);
  CHECK(catalogue.FindCheck("graph-a")->plugin == "graph");
}

TEST_CASE("Catalogue: keeps a broken package aside with its reason") {
  const config::ConfigFolder home;
  Fill(home);
  home.Write("plugins/intune/intune.so", "id = ");
  home.Write("plugins/other/other.so", ManifestText("graph", "collector"));
  home.Write("plugins/twin/twin.so", ManifestText("twin", "collector"));
  home.Write("plugins/twin/checks/a.toml", CheckText("graph-a"));
  home.Write("plugins/empty/readme", "");
  const Catalogue catalogue = Catalogue::Scan(home.path(), ReadPlain);
  CHECK(catalogue.PluginIds() == std::vector<std::string>{"graph"});
  REQUIRE(catalogue.broken().size() == 4);
  CHECK(catalogue.broken()[0].id == "empty");
  CHECK_THAT(catalogue.broken()[1].error.message, Contains("intune.so:1:"));
  CHECK_THAT(catalogue.broken()[2].error.message,
             Contains("plugin folder \"other\" holds plugin \"graph\""));
  CHECK_THAT(catalogue.broken()[3].error.message,
             Contains("check \"graph-a\" comes from plugin \"graph\" already"));
}

TEST_CASE("Catalogue: is empty where nothing is installed") {
  const Catalogue catalogue = Catalogue::Scan("/nonexistent", ReadPlain);
  CHECK(catalogue.plugins().empty());
  CHECK(catalogue.broken().empty());
}

}  // namespace
}  // namespace assay::assess
