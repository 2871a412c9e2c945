// Restricted canonical JSON: one form is written, every other is refused.
#include "proof/canonical_json.h"
#include "unit/proof/samples.h"

namespace assay::proof {
namespace {

TEST_CASE("CanonicalJson: ReadsBackWhatItWrites") {
  const std::string text =
      "{\"a\":[1,\"x\\\\\\\"\\n\\u0001\",{}],\"b\":9007199254740991,\"c\":\"\xc3\xa9\",\"d\":[]}";
  REQUIRE_OK_AND_ASSIGN(const Json json, ReadJson(text));
  REQUIRE_OK_AND_ASSIGN(const std::string again, WriteJson(json));
  CHECK(again == text);
}

TEST_CASE("CanonicalJson: RefusesEveryOtherForm") {
  for (const char* text : {"",
                           "{",
                           "{\"a\":1,}",
                           "{ \"a\":1}",
                           "{\"b\":1,\"a\":1}",
                           "{\"a\":1,\"a\":1}",
                           "01",
                           "-1",
                           "1.0",
                           "1e3",
                           "9007199254740992",
                           "99999999999999999999",
                           "null",
                           "true",
                           "\"\\/\"",
                           "\"\\u0041\"",
                           "\"\\u000a\"",
                           "\"\\u001F\"",
                           "\"\x01\"",
                           "\"\xff\"",
                           "\"a",
                           "[1 ]",
                           "[1,]",
                           "{\"\xc3\xa9\":1}",
                           "{1:1}",
                           "1 ",
                           "[",
                           "\"\\",
                           "\"\\u00"}) {
    INFO(text);
    CHECK_FAILS(ReadJson(text), Code::kInvalidInput, "canonical json: byte");
  }
  std::string deep(40, '[');
  CHECK_FAILS(ReadJson(deep), Code::kInvalidInput, "nested too deep");
}

TEST_CASE("CanonicalJson: RefusesToWriteWhatIsOutsideTheForm") {
  CHECK_FAILS(WriteJson({int64_t{-1}}), Code::kInvalidInput, "outside 0..2^53-1");
  CHECK_FAILS(WriteJson({std::string("\xff")}), Code::kInvalidInput, "not UTF-8");
  CHECK_FAILS(WriteJson({JsonObject{{"\xc3\xa9", {int64_t{1}}}}}), Code::kInvalidInput,
              "not ASCII");
}

// Those of the RFC 8785 vectors that lie within the restricted form come out byte for byte.
TEST_CASE("CanonicalJson: AcceptsPublishedOutputsWithinTheForm") {
  int seen = 0, within = 0;
  for (const auto& file : testing::SampleFiles("rfc8785-jcs/output")) {
    const std::string text = testing::ReadText(file);
    ++seen;
    const auto json = ReadJson(text);
    if (!json) continue;
    ++within;
    CHECK(*WriteJson(*json) == text);
  }
  testing::SayWhenAbsent(seen, "rfc8785-jcs");
  if (seen > 0) CHECK(within >= 1);
}

}  // namespace
}  // namespace assay::proof
