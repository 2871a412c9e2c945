// What a recorded answer loses, and what it keeps so that a plugin reads it as before.
#include "kit/scrub.h"

#include "support/matchers.h"

using namespace assay;
using Catch::Matchers::Contains;

namespace {

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("Scrub: replaces what has a form of its own wherever it stands") {
  kit::Scrubber scrubber;
  const std::string out = scrubber.Body(
      R"({"id":"7F0C1B2E-0000-4000-8000-00000000e21a","note":"asked maria.k@contoso.com from )"
      R"(10.20.30.40 of 7f0c1b2e-0000-4000-8000-00000000e21a","key":"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6"})",
      false);
  for (const char* gone : {"7f0c1b2e", "7F0C1B2E", "maria", "contoso", "10.20.30.40", "eyJ0"}) {
    INFO(gone);
    CHECK_FALSE(Holds(out, gone));
  }
  // One GUID, whatever its case, is one invented GUID.
  const size_t first = out.find("0f1c5000-");
  REQUIRE(first != out.npos);
  CHECK(out.find(out.substr(first, 36), first + 36) != out.npos);
}

TEST_CASE("Scrub: replaces personal values in longer texts, in names and in any case") {
  kit::Scrubber scrubber;
  scrubber.AddPersonal("Maria Kessler");
  const std::string out = scrubber.Body(
      R"({"owner":"maria kessler","MARIA KESSLER":1,"text":"device of Maria Kessler, lab","escaped":"M\u0061ria Kessler"})",
      false);
  CHECK_FALSE(Holds(out, "essler"));
  CHECK_FALSE(Holds(out, "ESSLER"));
  CHECK(Holds(out, "device of "));
}

TEST_CASE("Scrub: keeps numbers, words of the service, times and the shape") {
  kit::Scrubber scrubber;
  scrubber.AddPersonal("2026-06-01T08:15:30Z");
  const std::string out = scrubber.Body(
      R"( {"value":[{"state":"enabledForReporting","n":3,"on":true,"none":null,"at":"2026-05-01T10:00:00Z",)"
      R"("seen":"2026-06-01T08:15:30Z"}]} )",
      true);
  CHECK(
      out ==
      R"( {"value":[{"state":"enabledForReporting","n":3,"on":true,"none":null,"at":"2026-05-01T10:00:00Z",)"
      R"("seen":"2026-06-01T00:00:00Z"}]} )");
}

TEST_CASE("Scrub: numbers that name somebody are invented, the same for the same") {
  kit::Scrubber scrubber;
  scrubber.AddPersonal("4711");
  scrubber.AddPlain("17179869184");
  const std::string body =
      R"({"mobilePhone":31612345678,"badge":4711,"other":4712,"account":123456789,"again":[123456789,-5],)"
      R"("disk":17179869184,"score":0.833333,"ratio":1.5,"big":1e9,"text":"316123456789","short":"12345678"})";
  CHECK(
      scrubber.Body(body, true) ==
      R"({"mobilePhone":10000000001,"badge":1002,"other":4712,"account":100000003,"again":[100000003,-5],)"
      R"("disk":17179869184,"score":0.0,"ratio":1.5,"big":1e9,"text":"redacted-1","short":"12345678"})");
  const std::string plain = scrubber.Body(body, false);
  CHECK(Holds(plain, "\"score\":0.833333"));
  CHECK_FALSE(Holds(plain, "\"mobilePhone\":31612345678"));
}

TEST_CASE("Scrub: where it is strict, only what is emitted or looks like a word stays") {
  kit::Scrubber scrubber;
  scrubber.AddPlain("Sales and service");
  const std::string body =
      R"({"displayName":"Anna","free":"a text for people","kept":"Sales and service","word":"Managed"})";
  const std::string strict = scrubber.Body(body, true);
  CHECK_FALSE(Holds(strict, "Anna"));
  CHECK_FALSE(Holds(strict, "for people"));
  CHECK(Holds(strict, "Sales and service"));
  CHECK(Holds(strict, "Managed"));
  const std::string plain = scrubber.Body(body, false);
  CHECK(Holds(plain, "a text for people"));
}

TEST_CASE("Scrub: what is no JSON is nothing") {
  kit::Scrubber scrubber;
  CHECK(scrubber.Body("<html>maria.k@contoso.com</html>", false) == "{}");
  CHECK(scrubber.Body("{\"a\":\"b\"", false) == "{}");
}
