// Is a segment one whole JSON value? [CL-12]
#include "proof/json_value.h"

#include "base/text.h"
#include "unit/proof/samples.h"

namespace assay::proof {
namespace {

TEST_CASE("JsonValue: TakesOneWholeValue [CL-12]") {
  for (const char* text :
       {"{}", "[]", "\"\"", "0", "-0", "-12.5e+3", "1E9", "true", "null", R"({"a":[1,{"b":null}]})",
        "[ 1 ,\n2 ]", R"("\u00e9\"\\\/\b")", "\"\xc3\xa9\"", R"({"a":1,"a":2})"})
    CHECK(CheckOneJsonValue(AsBytes(text)));
}

TEST_CASE("JsonValue: RefusesTwoHalfOrNone [CL-12]") {
  for (const char* text : {"",
                           " {}",
                           "{} ",
                           "{}{}",
                           "{},{}",
                           "{",
                           "}",
                           "[1",
                           "[1,]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "01",
                           "1.",
                           ".5",
                           "1e",
                           "+1",
                           "-",
                           "tru",
                           "nul",
                           "NaN",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\u12",
                           "\"\n\"",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "\xef\xbb\xbf{}",
                           "[1 2]",
                           "{\"a\" 1}",
                           "[}",
                           "{]",
                           "'a'",
                           "[1}"}) {
    INFO(text);
    CHECK_FALSE(CheckOneJsonValue(AsBytes(text)));
  }
}

TEST_CASE("JsonValue: DepthIsBoundedAndCostsNoStack") {
  const std::string deep = std::string(kMaxValueDepth, '[') + std::string(kMaxValueDepth, ']');
  CHECK(CheckOneJsonValue(AsBytes(deep)));
  CHECK_FAILS(CheckOneJsonValue(AsBytes("[" + deep + "]")), Code::kLimitExceeded, "deeper than");
  CHECK_FAILS(CheckOneJsonValue(AsBytes(std::string(10'000'000, '['))), Code::kLimitExceeded,
              "deeper than");
}

TEST_CASE("JsonValue: PublishedFilesGiveTheirVerdicts") {
  int yes = 0, no = 0;
  for (const auto& file : testing::SampleFiles("json-test-suite/test_parsing-y")) {
    // White space around a value belongs to no record.
    const std::string text = testing::ReadText(file);
    INFO(file.filename().string());
    CHECK(CheckOneJsonValue(AsBytes(Trim(text))));
    ++yes;
  }
  for (const auto& file : testing::SampleFiles("json-test-suite/test_parsing-n")) {
    const std::string text = testing::ReadText(file);
    INFO(file.filename().string());
    CHECK_FALSE(CheckOneJsonValue(AsBytes(Trim(text))));
    ++no;
  }
  testing::SayWhenAbsent(yes + no, "json-test-suite");
  std::printf("json-test-suite: %d accepted, %d refused\n", yes, no);
}

}  // namespace
}  // namespace assay::proof
