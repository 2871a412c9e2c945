// Lines come out canonical whatever keys a kind has, before, between and after those of the ledger.
#include "ledger/line.h"

#include "support/matchers.h"

namespace assay::ledger {
namespace {

const Place kPlace{7, 2, {}, "7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f", Timestamp{}, 0};

std::string Complete(const PreparedLine& prepared, const Place& place) {
  std::string out;
  CompleteLine(prepared.text, prepared.shape, place, out);
  return out;
}

TEST_CASE("Line: is canonical with one more member of any first letter [CL-12]") {
  for (char first = 'a'; first <= 'z'; ++first)
    for (const char* rest : {"", "a", "ctos", "nd", "zz"}) {
      const std::string key = first + std::string(rest);
      INFO(key);
      EntryDraft draft{"read", "engine", {{key, 5}}, BodyRef{{}, 1, 1, "rec/1"}};
      auto prepared = PrepareLine(draft);
      if (key == "v") continue;  // the ledger's own
      REQUIRE_OK(prepared);
      for (const uint64_t behind : {0u, 31u}) {
        Place place = kPlace;
        place.clock_behind_ms = behind;
        const std::string line = Complete(*prepared, place);
        INFO(line);
        REQUIRE_OK_AND_ASSIGN(const LineFacts facts, ParseLine(line));
        CHECK(proof::IntegerAt(facts.members, key).value_or(0) == 5);
        CHECK(facts.index == 7);
        CHECK(facts.epoch == 2);
        CHECK(facts.kind == "read");
        CHECK(facts.members.contains("clock_behind_ms") == (behind != 0));
      }
    }
}

TEST_CASE("Line: escapes text as RFC 8785 says") {
  REQUIRE_OK_AND_ASSIGN(const PreparedLine prepared,
                        PrepareLine({"read", "engine", {{"why", "a\"b\\c\n\x01 \xc3\xa9"}}, {}}));
  const std::string line = Complete(prepared, kPlace);
  CHECK_THAT(line, Catch::Matchers::Contains("\"why\":\"a\\\"b\\\\c\\n\\u0001 \xc3\xa9\""));
  REQUIRE_OK(ParseLine(line));
}

}  // namespace
}  // namespace assay::ledger
