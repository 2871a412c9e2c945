// Files of checks and frameworks.
#include "config/load.h"
#include "model/retired_controls.h"
#include "support/matchers.h"

namespace assay::config {
namespace {

const std::string kCheck =
    "[[check]]\nid=\"graph-stale\"\nversion=2\ntitle=\"t\"\nseverity=\"high\"\nsubject=\"entra_"
    "user\"\n"
    "reads=[\"entra_user\",\"entra_group\"]\noptional=[\"entra_group\"]\n"
    "licence=[\"AAD_PREMIUM\",\"ATA\"]\nempty=\"not_applicable\"\n"
    "params={ max_days=90, ids=[\"a\",\"b\"], mode=\"x\", strict=true "
    "}\nrationale=\"r\"\nremediation=\"m\"\n"
    "references={ \"cis-m365\"=[\"5.2.2.2\"] }\n"
    "sql=\"\"\"SELECT id AS subject, ':no' AS verdict, -- :neither\n:max_days || :mode || :strict "
    "AS detail "
    "FROM entra_user, json_each(:ids)\"\"\"\n";

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("Checks: reads a check with its parameters as SQL text") {
  REQUIRE_OK_AND_ASSIGN(const auto checks, ParseChecks(kCheck, "checks/a.toml", "graph"));
  REQUIRE(checks.size() == 1);
  const CheckSpec& check = checks[0];
  CHECK(check.id == "graph-stale");
  CHECK(check.version == 2);
  CHECK(check.severity == Severity::kHigh);
  CHECK(check.plugin == "graph");
  CHECK(check.params.at("max_days") == "90");
  CHECK(check.params.at("ids") == "[\"a\",\"b\"]");
  CHECK(check.params.at("mode") == "\"x\"");
  CHECK(check.params.at("strict") == "1");
  CHECK(check.references.at("cis-m365") == std::vector<std::string>{"5.2.2.2"});
  CHECK(check.optional == std::vector<std::string>{"entra_group"});
  CHECK(check.licence == std::vector<std::string>{"AAD_PREMIUM", "ATA"});
  CHECK(check.empty == Verdict::kNotApplicable);
}

TEST_CASE("Checks: refuses what cannot be evaluated") {
  struct Case {
    const char *from, *to, *words;
  };
  const Case cases[] = {
      {"severity=\"high\"", "severity=\"hihg\"",
       "checks/a.toml:5:10: \"hihg\" is not a word for severity: did you mean \"high\"?"},
      {"version=2", "version=0", "counts from 1"},
      {"subject=\"entra_user\"", "subject=\"device\"", "subject \"device\" is not among its reads"},
      {"optional=[\"entra_group\"]", "partial_fail=[\"x\"]", "\"x\" is not among its reads"},
      {"params={ max_days=90,", "params={", "uses parameter :max_days"},
      {"params={ max_days=90,", "params={ max_days=90, more=1,", "does not use parameter \"more\""},
      {"max_days=90", "max_days=9.5", "expected an integer, true or false"},
      {"title=", "titel=", "unknown key \"titel\" in [[check]]"},
      {"\"ATA\"", "\"P1 or P2\"", "an id begins with a letter or digit"},
      {"empty=\"not_applicable\"", "empty=\"maybe\"", "\"maybe\" is not a word for empty"},
      {"title=\"t\"\n", "", "key \"title\" is missing"},
  };
  for (const Case& c : cases) {
    INFO(c.to);
    CHECK_FAILS(ParseChecks(Replaced(kCheck, c.from, c.to), "checks/a.toml", "graph"),
                Code::kInvalidInput, c.words);
  }
  CHECK_FAILS(ParseChecks(kCheck + kCheck, "a.toml", "graph"), Code::kInvalidInput,
              "check \"graph-stale\" is defined twice");
  CHECK_FAILS(
      ParseChecks(kCheck.substr(0, kCheck.find("params")) + "sql=\" \"\n", "a.toml", "graph"),
      Code::kInvalidInput, "sql is empty");
}

const std::string kControls =
    "id=\"iso27001-2022\"\nversion=\"1\"\ntitle=\"ISO\"\n[[control]]\nid=\"A.8.5\"\ntitle=\"own\"\n"
    "group=\"technological\"\nautomation=\"partial\"\nneeds_attestation=true\n"
    "[[control]]\nid=\"A.5.1\"\ntitle=\"own\"\ngroup=\"organizational\"\nautomation=\"n/a\"\n";
const std::string kMapping = "[[map]]\ncontrol=\"A.8.5\"\nchecks=[\"graph-a\",\"graph-b\"]\n";

TEST_CASE("Framework: joins controls with their checks") {
  REQUIRE_OK_AND_ASSIGN(const FrameworkSpec spec, ParseFramework(kControls, kMapping, "iso"));
  CHECK(spec.id == "iso27001-2022");
  REQUIRE(spec.controls.size() == 2);
  CHECK(spec.controls[0].checks == std::vector<std::string>{"graph-a", "graph-b"});
  CHECK(spec.controls[0].needs_attestation);
  CHECK(spec.controls[1].checks.empty());
}

TEST_CASE("Framework: refuses double controls, unknown controls and unknown keys") {
  CHECK_FAILS(ParseFramework(Replaced(kControls, "A.5.1", "A.8.5"), kMapping, "iso"),
              Code::kInvalidInput, "control \"A.8.5\" is defined twice");
  CHECK_FAILS(ParseFramework(kControls, Replaced(kMapping, "A.8.5", "A.8.6"), "iso"),
              Code::kInvalidInput,
              "iso/mapping.toml:2:9: control \"A.8.6\" is not in controls.toml");
  CHECK_FAILS(ParseFramework(kControls, Replaced(kMapping, "A.8.5", "A.5.1"), "iso"),
              Code::kInvalidInput, "no check decides it");
  CHECK_FAILS(ParseFramework(kControls, kMapping + kMapping, "iso"), Code::kInvalidInput,
              "defined twice");
  CHECK_FAILS(ParseFramework(kControls, Replaced(kMapping, "\"graph-a\",\"graph-b\"", ""), "iso"),
              Code::kInvalidInput, "mapped to no check");
  CHECK_FAILS(ParseFramework(kControls + "note=\"x\"\n", kMapping, "iso"), Code::kInvalidInput,
              "unknown key \"note\" in [[control]]");
  CHECK_FAILS(ParseFramework(Replaced(kControls, "partial", "some"), kMapping, "iso"),
              Code::kInvalidInput, "is not a word for automation");
}

TEST_CASE("Framework: keeps who is responsible, why, and what is not shown [KS-32]") {
  const std::string controls = Replaced(
      kControls, "needs_attestation=true\n",
      "needs_attestation=true\nresponsibility=[\"customer\",\"microsoft\"]\nlevel=\"low\"\n"
      "reason=\"r\"\nnot_shown=\"n\"\n");
  REQUIRE_OK_AND_ASSIGN(const FrameworkSpec spec, ParseFramework(controls, kMapping, "iso"));
  const ControlSpec& control = spec.controls[0];
  CHECK(control.responsibility == std::vector<std::string>{"customer", "microsoft"});
  CHECK((control.level == "low" && control.reason == "r" && control.not_shown == "n"));
  CHECK_FAILS(ParseFramework(Replaced(controls, "microsoft", "vendor"), kMapping, "iso"),
              Code::kInvalidInput, "\"vendor\" is not a word for responsibility");
  CHECK_FAILS(ParseFramework(Replaced(controls, "microsoft", "none"), kMapping, "iso"),
              Code::kInvalidInput, "\"none\" is for controls that are not applicable");
}

TEST_CASE("Framework: asks a law for level and reason of each item") {
  const std::string law = Replaced(kControls, "title=\"ISO\"", "title=\"ISO\"\nkind=\"law\"");
  CHECK_FAILS(ParseFramework(law, kMapping, "iso"), Code::kInvalidInput,
              "control \"A.8.5\" of a law has no \"level\"");
}

TEST_CASE("Framework: names what a mapping gets wrong, and the number of today [CL-17]") {
  CHECK_FAILS(ParseFramework(kControls, Replaced(kMapping, "A.8.5", "A.9.2.3"), "iso"),
              Code::kInvalidInput,
              "iso/mapping.toml:2:9: \"A.9.2.3\" is a number of ISO/IEC 27001:2013");
  const std::vector<std::string> known = {"graph-a"};
  CHECK_FAILS(ParseFramework(kControls, kMapping, "iso", &known), Code::kInvalidInput,
              "iso/mapping.toml:3:19: check \"graph-b\" does not exist, and control \"A.8.5\"");
}

TEST_CASE("Retired controls: become those of 2022 [CM-26]") {
  using Ids = std::vector<std::string>;
  CHECK(RetiredTargets("A.9.2.3") == Ids{"A.8.2"});
  CHECK(RetiredTargets("A.16") == Ids{"A.5.24", "A.5.25", "A.5.26", "A.5.27", "A.5.28", "A.6.8"});
  CHECK(RetiredTargets("A.9.2") == Ids{"A.5.16", "A.5.17", "A.5.18", "A.8.2"});
  // What 2022 uses, what neither edition has, and what is no number.
  for (const char* id :
       {"A.5", "A.8.5", "A.6.8", "A.19.1", "A.9.2.9", "9.2.3", "A.", "A.9.", "B.9"})
    CHECK(RetiredTargets(id).empty());
  const auto found = FindRetired("Plan (A.16.1.5).\nSee A.8.5, A.16, XA.9.1\n");
  REQUIRE(found.size() == 2);
  CHECK((found[0].line == 1 && found[0].column == 7 && found[0].id == "A.16.1.5"));
  CHECK((found[1].line == 2 && found[1].column == 12 && found[1].id == "A.16"));
}

TEST_CASE("Framework: an exclusion covers a control or the article that it is part of") {
  CHECK(ExclusionCovers("Art.26", "Art. 26(1)"));
  CHECK(ExclusionCovers("A.5", "A.5.1"));
  CHECK(ExclusionCovers("A.5.1", "A.5.1"));
  CHECK_FALSE(ExclusionCovers("A.5.1", "A.5.10"));
  CHECK_FALSE(ExclusionCovers("Art. 2", "Art. 26(1)"));
  CHECK_FALSE(ExclusionCovers("", "A.5.1"));
}

}  // namespace
}  // namespace assay::config
