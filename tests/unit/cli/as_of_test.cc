#include "cli/as_of.h"

#include "cli/csv.h"
#include "support/matchers.h"

namespace assay::cli {
namespace {

const Timestamp kNow = *ParseTime("2026-11-20T09:00:00.000Z");

TEST_CASE("AsOf: a moment is itself, a date the end of its day in UTC") {
  CHECK(FormatTime(*ParseAsOf("2026-10-01T09:00:00Z", kNow)) == "2026-10-01T09:00:00.000Z");
  CHECK(FormatTime(*ParseAsOf("2026-10-01T09:00:00.123+02:00", kNow)) ==
        "2026-10-01T07:00:00.123Z");
  CHECK(FormatTime(*ParseAsOf("2026-11-19", kNow)) == "2026-11-19T23:59:59.999Z");
  CHECK(ParseAsOf("2026-11-20T09:00:00Z", kNow).has_value());
}

TEST_CASE("AsOf: what is not over, and what is no time, is refused") {
  CHECK_FAILS(ParseAsOf("2026-11-20T09:00:00.001Z", kNow), Code::kInvalidInput, "in the future");
  CHECK_FAILS(ParseAsOf("2026-11-20", kNow), Code::kInvalidInput, "has not ended yet");
  for (const char* text : {"", "yesterday", "2026-11-19T09:00:00", "2026-02-30", "2026-11", "1"}) {
    INFO(text);
    CHECK_FAILS(ParseAsOf(text, kNow), Code::kInvalidInput, "neither a time");
  }
  CHECK(ParseAsOf("x", kNow).error().id == "AS-CLI-003");
}

TEST_CASE("Csv: cells are quoted where they must be, and no formula survives") {
  CHECK(CsvRecord({"a", "", "b c"}) == "a,,b c\r\n");
  CHECK(CsvRecord({"a,b", "say \"x\"", "two\nlines"}) ==
        "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n");
  CHECK(CsvRecord({"=1+1", "+49", "-", "-1", "@x"}) == "'=1+1,'+49,-,'-1,'@x\r\n");
}

}  // namespace
}  // namespace assay::cli
