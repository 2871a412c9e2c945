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

// Both must say the same of every line, good or bad: one is what verification reads.
TEST_CASE("Line: the reading of an audit is that of everybody else [CL-12]") {
  const std::string zero = EncodeBase64(Digest{});
  const std::string good =
      "{\"actor\":\"engine\",\"body\":{\"len\":7,\"records\":2,\"root\":\"" + zero +
      "\",\"scheme\":\"rec/"
      "1\"},\"epoch\":3,\"index\":41,\"kind\":\"read\",\"note\":\"x\",\"prev\":\"" +
      zero + "\",\"tenant\":\"t\",\"time\":\"2026-11-20T02:16:09.123Z\",\"v\":1}";
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string out = good;
    out.replace(out.find(from), from.size(), to);
    return out;
  };
  std::vector<std::string> lines = {
      good,
      with("\"x\"", "\"\\n\""),
      with("\"x\"", "\"\u00e4\""),
      with("\"x\"", "[1,{\"a\":2}]"),
      with("\"read\"", "\"hold.placed\""),
      with("\"read\",\"note\":\"x\"", "\"read\",\"note\":\"x\",\"p\":1"),
      with("\"tenant\":\"t\"", "\"raw\":\"none\",\"tenant\":\"t\""),
      with("41", "1"),
      with("41", "041"),
      with("\"epoch\":3", "\"epoch\":\"3\""),
      with("\"v\":1", "\"v\":2"),
      with("09.123Z", "09.1Z"),
      with("09.123Z", "61.123Z"),
      with("\"len\":7", "\"len\":\"7\""),
      with("\"len\":7,", ""),
      with("\"len\":7", "\"len\":7,\"more\":1"),
      with("\"actor\":\"engine\",", ""),
      with("\"prev\":\"A", "\"prev\":\"_"),
      with("\"prev\":\"A", "\"prev\":\""),
      with("{\"actor", " {\"actor"),
      good + " ",
      ""};
  for (size_t cut = 0; cut < good.size(); ++cut) lines.push_back(good.substr(0, cut));
  for (const std::string& line : lines) {
    INFO(line);
    const auto all = ParseLine(line), audit = ParseLineForAudit(line);
    REQUIRE(all.has_value() == audit.has_value());
    if (!all) {
      CHECK(all.error().message == audit.error().message);
      continue;
    }
    CHECK(
        std::tie(all->index, all->epoch, all->prev, all->tenant, all->kind, all->time) ==
        std::tie(audit->index, audit->epoch, audit->prev, audit->tenant, audit->kind, audit->time));
    REQUIRE(all->body.has_value() == audit->body.has_value());
    CHECK(all->body->root == audit->body->root);
    CHECK(std::tie(all->body->len, all->body->records, all->body->scheme) ==
          std::tie(audit->body->len, audit->body->records, audit->body->scheme));
    if (all->members.find("raw") != all->members.end() || all->kind != "read" || all->index < 2)
      CHECK_FALSE(audit->members.empty());
  }
  CHECK(ParseLineForAudit(good)->members.empty());
}

}  // namespace
}  // namespace assay::ledger
