#include "base/bytes.h"

#include "support/matchers.h"

using namespace assay;

TEST_CASE("Base64: agrees with RFC 4648 section 10", "[base]") {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : rows) {
    INFO(plain);
    CHECK(EncodeBase64(AsBytes(plain)) == coded);
    REQUIRE_OK_AND_ASSIGN(auto back, ParseBase64(coded));
    CHECK(AsText(back) == plain);
  }
}

TEST_CASE("Base64: refuses what is not canonical", "[base]") {
  CHECK_FAILS(ParseBase64("Zg="), Code::kInvalidInput, "padding");
  CHECK_FAILS(ParseBase64("Zh=="), Code::kInvalidInput, "stray bits");
  CHECK_FAILS(ParseBase64("Zm9\n"), Code::kInvalidInput, "unexpected character");
  CHECK_FAILS(ParseBase64Url("Zg=="), Code::kInvalidInput, "unexpected character");
}

TEST_CASE("Hex: goes there and back and refuses odd input", "[base]") {
  CHECK(EncodeHex(AsBytes("\x01\xff")) == "01ff");
  REQUIRE_OK_AND_ASSIGN(auto back, ParseHex("01Ff"));
  CHECK(back == ByteVector{1, 255});
  CHECK_FAILS(ParseHex("0"), Code::kInvalidInput, "odd");
  CHECK_FAILS(ParseHex("0g"), Code::kInvalidInput, "unexpected");
}
