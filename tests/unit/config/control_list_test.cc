// A list of controls as CSV.
#include "config/control_list.h"

#include "config/csv.h"
#include "config/load.h"
#include "support/matchers.h"

namespace assay::config {
namespace {

FrameworkSpec Iso() {
  FrameworkSpec iso;
  iso.id = "iso27001-2022";
  ControlSpec sign_in;
  sign_in.id = "A.8.5";
  sign_in.checks = {"graph-a", "graph-b"};
  sign_in.responsibility = {"customer", "microsoft"};
  sign_in.not_shown = "Sign-ins elsewhere.";
  ControlSpec policy;
  policy.id = "A.5.1";
  policy.needs_attestation = true;
  iso.controls = {sign_in, policy};
  return iso;
}

Result<FrameworkSpec> Parse(const std::string& csv) {
  static const FrameworkSpec iso = Iso();
  return ParseControlList(csv, "acme.csv", "acme", {{"graph-a", "graph-b", "graph-c"}, {&iso}});
}

TEST_CASE("ControlList: makes controls of rows, with checks and controls that they equal [VE-43]") {
  REQUIRE_OK_AND_ASSIGN(
      const FrameworkSpec spec,
      Parse("id,title,equals\r\nX-1,\"Say \"\"yes\"\", twice\",graph-c\r\n\r\n"
            "X-2,Two,graph-a; iso27001-2022:A.8.5\nX-3,Three,iso27001-2022:A.5.1\nX-4,Four,\n"));
  REQUIRE(spec.controls.size() == 4);
  CHECK(spec.controls[0].title == "Say \"yes\", twice");
  CHECK(spec.controls[0].automation == "automated");
  CHECK(spec.controls[1].checks == std::vector<std::string>{"graph-a", "graph-b"});
  CHECK(spec.controls[1].responsibility == std::vector<std::string>{"customer", "microsoft"});
  CHECK(spec.controls[1].not_shown == "Sign-ins elsewhere.");
  CHECK((spec.controls[2].automation == "manual" && spec.controls[2].needs_attestation));
  CHECK(spec.controls[3].automation == "manual");
}

TEST_CASE("ControlList: names what dangles, with line and column [VE-43]") {
  struct Case {
    const char *csv, *words;
  };
  const Case cases[] = {
      {"id,title,equals\nX-1,One,graph-aa\n",
       "acme.csv:2:9: \"graph-aa\" is no check, did you mean \"graph-a\"?"},
      {"id,title,equals\nX-1,One,graph-a; iso27001-2022:A.8.55\n",
       "acme.csv:2:18: \"A.8.55\" is no control of iso27001-2022, did you mean \"A.8.5\"?"},
      {"id,title,equals\nX-1,One,iso27001-2022:A.9.2.3\n",
       "acme.csv:2:9: \"iso27001-2022:A.9.2.3\" is a number of ISO/IEC 27001:2013, became A.8.2"},
      {"id,title,equals\nX-1,One,\"graph-b;nis3:A.1\"\n",
       "acme.csv:2:18: \"nis3\" is no framework"},
      {"id,title,equals\nX-1,One,\nX-1,Two,\n", "acme.csv:3:1: control \"X-1\" stands in line 2"},
      {"id,title,equals\nX-1,One\n", "acme.csv:2:5: 2 cells, the header has 3"},
      {"id,title,equals\n,One,\n", "acme.csv:2:1: \"\" is not a control id"},
      {"id,title,equals\nX-1, ,\n", "acme.csv:2:5: a title is one line"},
      {"id,titel,equals\nX-1,One,\n", "acme.csv:1:4: unknown column \"titel\""},
      {"id,title\nX-1,One\n", "column \"equals\" is missing"},
      {"id,title,equals\n", "has a header and no rows"},
      {"", "acme.csv: is empty"},
      {"id,title,equals\nX-1,\"One,\n", "acme.csv:2:5: this quote does not end"},
      {"id,title,equals\nX-1,O\"ne,\n", "acme.csv:2:6: a quote inside of a cell"},
      {"id,title,equals\nX-1,\xff,\n", "is not UTF-8"},
  };
  for (const Case& c : cases) {
    INFO(c.csv);
    CHECK_FAILS(Parse(c.csv), Code::kInvalidInput, c.words);
  }
}

TEST_CASE("ControlList: becomes the files of a package that load as they are") {
  REQUIRE_OK_AND_ASSIGN(
      const FrameworkSpec spec,
      Parse("id,title,equals,group\nX 1,\"a \"\"b\"\" \\\",graph-a,g\nX-2,Two,,\n"));
  const std::vector<std::string> known = {"graph-a"};
  REQUIRE_OK_AND_ASSIGN(const FrameworkSpec back,
                        ParseFramework(FormatControls(spec), FormatMapping(spec), "f", &known));
  REQUIRE(back.controls.size() == 2);
  CHECK(back.id == "acme");
  CHECK(back.controls[0].title == "a \"b\" \\");
  CHECK(back.controls[0].checks == spec.controls[0].checks);
  CHECK(back.controls[1].reason == spec.controls[1].reason);
}

}  // namespace
}  // namespace assay::config
