// Exact decimals on text.
#include "worker/decimal.h"

#include "support/matchers.h"

using assay::worker::Decimal;

namespace {

std::string Sum(std::initializer_list<const char*> texts) {
  Decimal sum;
  for (const char* text : texts) {
    const auto d = Decimal::Parse(text);
    REQUIRE(d.has_value());
    sum += *d;
  }
  return sum.ToString();
}

}  // namespace

TEST_CASE("Decimal: sums exactly where binary fractions would not", "[worker]") {
  CHECK(Sum({"0.1", "0.2"}) == "0.3");
  CHECK(Sum({"999999999999999999999999.99", "0.01"}) == "1000000000000000000000000");
  CHECK(Sum({"-5", "3.5"}) == "-1.5");
  CHECK(Sum({"3.5", "-5"}) == "-1.5");
  CHECK(Sum({"5", "-5.00"}) == "0");
  CHECK(Sum({"-0.001", "-0.009"}) == "-0.01");
  CHECK(Sum({"1000", "-999.999"}) == "0.001");
  CHECK(Sum({"+007.10"}) == "7.1");
  CHECK(Sum({}) == "0");
}

TEST_CASE("Decimal: orders by value", "[worker]") {
  const auto of = [](const char* t) { return *Decimal::Parse(t); };
  CHECK(of("10") > of("9.999"));
  CHECK(of("-10") < of("-9.999"));
  CHECK(of("-0.0") == of("0"));
  CHECK(of("1.10") == of("1.1"));
  CHECK(of("-1") < of("0.5"));
}

TEST_CASE("Decimal: refuses what is not a plain decimal", "[worker]") {
  for (const char* bad :
       {"", "-", ".5", "5.", "1e3", "1,5", " 1", "1 ", "0x1", "1.2.3", "--1", "NaN"}) {
    INFO(bad);
    CHECK_FALSE(Decimal::Parse(bad).has_value());
  }
  CHECK_FALSE(Decimal::Parse(std::string(5000, '1')).has_value());
}
