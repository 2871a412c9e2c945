// Bodies made from bodies.
#include "kit/body_shape.h"

#include "base/bytes.h"
#include "kit/outcome_list.h"
#include "proof/json_value.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::kit;

namespace {

constexpr char kBody[] = R"({"@odata.context":"c","value":[{"id":"a"},{"id":"b","tags":["x"]}]})";

bool IsJson(const std::string& text) { return proof::CheckOneJsonValue(AsBytes(text)).has_value(); }

}  // namespace

TEST_CASE("BodyShape: repeats records and stays JSON") {
  const std::string grown = Grown(kBody, 10'000);
  CHECK(grown.size() >= 10'000);
  CHECK(grown.size() < 10'200);
  CHECK(IsJson(grown));
  CHECK(Grown(R"({"value":[ ]})", 1000) == R"({"value":[ ]})");
  CHECK(Grown("no json", 1000) == "no json");
}

TEST_CASE("BodyShape: pads an object and stays JSON") {
  for (const char* body : {kBody, "{}", R"({ "a" : 1 })"}) {
    const std::string padded = Padded(body, 5000);
    INFO(body);
    CHECK(padded.size() > 5000);
    CHECK(IsJson(padded));
  }
  CHECK(Padded("[1]", 100) == "[1]");
}

TEST_CASE("BodyShape: puts one link in, and only one") {
  const std::string once = Continued(kBody, "@odata.nextLink", "https://x/?a=1&b=\"2\"");
  CHECK(IsJson(once));
  const std::string twice = Continued(once, "@odata.nextLink", "https://x/?p=3");
  CHECK(IsJson(twice));
  CHECK(twice.find("p=3") != twice.npos);
  CHECK(twice.find("a=1") == twice.npos);
  CHECK(Continued("{}", "nextLink", "l") == R"({"nextLink":"l"})");
}

TEST_CASE("BodyShape: a cut within a text ends inside a value") {
  CHECK(CutInText(kBody, 1) == R"({"@odata.context":"c)");
  CHECK(CutInText(kBody, 600) == R"({"@odata.context":"c","value":[{"id":"a"},{"id":"b)");
}

TEST_CASE("BodyShape: mutations depend on the seed alone and are bounded") {
  Dice one(7), other(7), third(8);
  const std::string a = Mutated(kBody, one), b = Mutated(kBody, other), c = Mutated(kBody, third);
  CHECK(a == b);
  CHECK(a != c);
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Dice dice(seed);
    CHECK(Mutated(kBody, dice, 512).size() <= 512);
  }
}

TEST_CASE("OutcomeList: JUnit text is XML whatever a plugin says") {
  OutcomeList list("suite");
  list.Pass("g", "fine", "", 12);
  list.Fail("g", "a \"<b>\" & c", std::string("bad \x01\xff <x>"));
  list.Skip("g", "later", "why");
  const std::string text = FormatJunit(list);
  CHECK_THAT(text, Catch::Matchers::Contains("tests=\"3\" failures=\"1\" skipped=\"1\""));
  CHECK_THAT(text, Catch::Matchers::Contains("a &quot;&lt;b&gt;&quot; &amp; c"));
  CHECK_THAT(text, Catch::Matchers::Contains("bad ?? &lt;x&gt;"));
  CHECK(list.failed() == 1);
}
