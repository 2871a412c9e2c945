#include "base/text.h"

#include "base/result.h"
#include "base/time.h"
#include "support/matchers.h"

using namespace assay;

TEST_CASE("Utf8: refuses overlong, surrogate, cut and too large sequences", "[base]") {
  CHECK(IsUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad :
       {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff"}) {
    INFO(bad);
    CHECK_FALSE(IsUtf8(bad));
  }
}

TEST_CASE("NearestWord: suggests within a third of the length", "[base]") {
  CHECK(NearestWord("shedule", {"schedule", "region"}) == "schedule");
  CHECK(NearestWord("credentail", {"credential"}) == "credential");
  CHECK(NearestWord("zzz", {"schedule"}).empty());
}

TEST_CASE("Quote: escapes control characters and cuts long text", "[base]") {
  CHECK(Quote("a\"b\n\xff") == "\"a\\\"b\\x0a\\xff\"");
  CHECK(Quote(std::string(300, 'x')).ends_with("x\"..."));
}

TEST_CASE("JsonString: escapes as RFC 8785 says", "[base]") {
  CHECK(JsonString("\x01\b\"\\/\xe2\x82\xac") == "\"\\u0001\\b\\\"\\\\/\xe2\x82\xac\"");
}

TEST_CASE("PlainLength: stops at the first byte that needs a look, wherever it lies", "[base]") {
  for (size_t length = 0; length < 80; ++length) {
    const std::string plain(length, '~');
    CHECK(PlainLength(plain) == length);
    CHECK(JsonString(plain) == '"' + plain + '"');
    for (size_t at = 0; at < length; ++at) {
      for (const int c : {0, 1, 0x1f, int{'"'}, int{'\\'}, 0x7f, 0x80, 0xff}) {
        std::string text = plain;
        text[at] = static_cast<char>(c);
        if (PlainLength(text) != at) FAIL("byte " << c << " at " << at << " of " << length);
        if (IsUtf8(text) != (c < 0x80)) FAIL("UTF-8: byte " << c << " at " << at);
      }
      for (const int c : {' ', '!', '#', '[', ']', '^', 'A', '~'}) {
        std::string text = plain;
        text[at] = static_cast<char>(c);
        if (PlainLength(text) != length) FAIL("byte " << c << " at " << at << " of " << length);
      }
    }
  }
}

TEST_CASE("Time: prints and parses RFC 3339", "[base]") {
  REQUIRE_OK_AND_ASSIGN(auto t, ParseTime("2026-11-20T03:16:09.1234567+01:00"));
  CHECK(FormatTime(t) == "2026-11-20T02:16:09.123Z");
  for (const char* bad :
       {"2026-11-20T03:16:p0Z", "2026-11-20T03:16:..Z", "2026-11-20T03:16:09.Z",
        "2026-11-20T03:16:09.1.2Z", "2026-11-20T03:16:09z", "2026-11-20T03:16:09Z "})
    CHECK_FAILS(ParseTime(bad), Code::kInvalidInput, "RFC 3339");
  CHECK_FAILS(ParseTime("2026-11-20"), Code::kInvalidInput, "RFC 3339");
  CHECK_FAILS(ParseTime("2026-11-20T03:16:09"), Code::kInvalidInput, "zone");
  CHECK_FAILS(ParseTime("2026-11-20T03:16:09Zx"), Code::kInvalidInput, "RFC 3339");
}
