// The commands that show what is installed and what is configured, in text and JSON.
#include "cli/inventory.h"

#include "base/files.h"
#include "cli/config_report.h"
#include "support/matchers.h"
#include "unit/config/config_files.h"

namespace assay::cli {
namespace {

using Catch::Matchers::Contains;

Result<std::string> ReadPlain(const std::filesystem::path& file) {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(file));
  return std::string(AsText(bytes));
}

struct Screen {
  Context context;
  std::string out, err;
  Screen() {
    context.out = [this](std::string_view t) { out += t; };
    context.err = [this](std::string_view t) { err += t; };
    context.options.command = {"test"};
  }
};

assess::Catalogue Installed(const config::ConfigFolder& home) {
  home.Write("plugins/graph/graph.so",
             "id=\"graph\"\nversion=\"1.2\"\nkind=\"collector\"\nabi=\"1.0\"\ntitle=\"Graph\"\n[["
             "endpoint]]\nid=\"graph-users\"\nhost=\"graph\"\n"
             "version=\"v1.0\"\npath=\"/"
             "users\"\npaging=\"odata\"\npermission=\"User.Read.All\"\npersonal=true\n");
  home.Write("plugins/graph/checks/a.toml",
             "[[check]]\nid=\"graph-a\"\nversion=1\ntitle=\"Question\"\nseverity=\"high\"\nsubject="
             "\"tenant\"\nreads=[\"a\"]\n"
             "params={ids=[\"x\"]}\nremediation=\"Do it\"\nsql=\"SELECT :ids\"\n");
  home.Write("frameworks/dora/dora.so",
             "id=\"dora\"\nversion=\"1\"\nkind=\"framework\"\nabi=\"1.0\"\ntitle=\"t\"\n");
  home.Write("frameworks/dora/controls.toml",
             "id=\"dora\"\nversion=\"1\"\ntitle=\"DORA\"\n[[control]]\nid=\"Art.9\"\ntitle="
             "\"t9\"\ngroup=\"g\"\nautomation=\"partial\"\n"
             "[[control]]\nid=\"Art.10\"\ntitle=\"t10\"\ngroup=\"g\"\nautomation=\"manual\"\n");
  home.Write("frameworks/dora/mapping.toml", "[[map]]\ncontrol=\"Art.9\"\nchecks=[\"graph-a\"]\n");
  return assess::Catalogue::Scan(home.path(), ReadPlain);
}

TEST_CASE("Inventory: lists plugins, frameworks and checks") {
  const config::ConfigFolder home;
  const assess::Catalogue catalogue = Installed(home);
  Screen screen;
  CHECK(ShowPlugins(screen.context, catalogue) == 0);
  CHECK(ShowFrameworks(screen.context, catalogue) == 0);
  CHECK(ShowChecks(screen.context, catalogue) == 0);
  CHECK(screen.out ==
        "graph  1.2  collector  built in  1  1  Graph\ndora   1    framework  built in  0  0  t\n"
        "dora  1  2  1  1  DORA\ngraph-a  high  tenant  Question\n");
}

TEST_CASE("Inventory: shows one of each, and names the nearest when there is none") {
  const config::ConfigFolder home;
  const assess::Catalogue catalogue = Installed(home);
  Screen screen;
  screen.context.options.argument = "graph-a";
  CHECK(ShowCheck(screen.context, catalogue) == 0);
  CHECK_THAT(screen.out, Contains("controls   dora:Art.9") &&
                             Contains("parameter  ids = [\"x\"]") && Contains("What to do\nDo it"));
  screen.context.options.argument = "graph";
  CHECK(ShowPlugin(screen.context, catalogue) == 0);
  CHECK_THAT(screen.out, Contains("graph:GET /v1.0/users  User.Read.All  (personal data)"));
  screen.context.options.argument = "dora";
  CHECK(ShowFramework(screen.context, catalogue) == 0);
  CHECK_THAT(screen.out,
             Contains("2 controls: 1 with checks, 1 covered by no check, 0 not applicable"));
  screen.context.options.argument = "dorra";
  CHECK(ShowFramework(screen.context, catalogue) == 12);
  CHECK(screen.err ==
        "error: framework \"dorra\": not installed\n      = help: did you mean \"dora\"?\n");
}

TEST_CASE("Inventory: speaks JSON") {
  const config::ConfigFolder home;
  const assess::Catalogue catalogue = Installed(home);
  Screen screen;
  screen.context.options.json = true;
  screen.context.options.argument = "graph-a";
  CHECK(ShowCheck(screen.context, catalogue) == 0);
  CHECK_THAT(screen.out,
             Contains("\"params\":{\"ids\":[\"x\"]}") && Contains("\"controls\":[\"dora:Art.9\"]"));
}

TEST_CASE("Config commands: valid is 0, invalid is 3 on the right stream") {
  Screen screen;
  const config::Loaded good = config::LoadText(config::SmallestFile());
  CHECK(ReportCheck(screen.context, good, "assay.toml") == 0);
  CHECK(screen.out == "assay.toml: valid, 1 tenant, 1 framework\n");
  const config::Loaded bad = config::LoadText(config::SmallestFile() + "x = 1\n");
  CHECK(ReportCheck(screen.context, bad, "assay.toml") == 3);
  CHECK_THAT(screen.err, Contains("AS-CFG-001"));
  screen.out.clear();
  screen.context.options.json = true;
  CHECK(ReportCheck(screen.context, bad, "assay.toml") == 3);
  CHECK_THAT(screen.out, Contains("\"ok\":false") && Contains("\"code\":\"AS-CFG-001\"") &&
                             Contains("\"line\":22,\"col\":1"));
}

TEST_CASE("Config commands: show names the origin of each value") {
  Screen screen;
  screen.context.options.origin = true;
  CHECK(ReportShow(screen.context, config::LoadText(config::SmallestFile())) == 0);
  CHECK_THAT(screen.out,
             Contains("assay.toml:3\n") && Contains("\"strict\"") && Contains("  default\n"));
}

}  // namespace
}  // namespace assay::cli
