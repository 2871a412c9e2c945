// What the tenant's logs hold of our identity, set against our requests for tokens.
#include "cli/own_traces.h"

#include "base/time.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::cli;
using Kind = TraceMatch::Kind;

namespace {

Timestamp At(const std::string& time) { return ParseTime("2026-11-20T" + time + "Z").value(); }

OwnTraces Own(std::vector<OwnTrace> traces, std::vector<TokenRequest> requests) {
  OwnTraces out;
  out.logs["sign_ins"] = {true, "", At("00:00:00"), At("20:00:00"), 0};
  out.traces = std::move(traces);
  out.requests = std::move(requests);
  return out;
}

OwnTrace SignIn(const std::string& time) { return {"sign_ins", "", "", At(time), true}; }

std::vector<Kind> Kinds(const OwnTraces& own) {
  std::vector<Kind> out;
  for (const TraceMatch& match : MatchTraces(own)) out.push_back(match.kind);
  return out;
}

}  // namespace

TEST_CASE("OwnTraces: a sign-in and a request belong together, each with one other at most [CM-20]",
          "[cli]") {
  const auto matches = MatchTraces(Own({SignIn("10:00:04"), SignIn("10:00:01")},
                                       {{At("10:00:00"), "R-1", 1}, {At("10:04:00"), "R-1", 9}}));
  REQUIRE(matches.size() == 2);
  CHECK(matches[0].kind == Kind::kMatched);
  CHECK(matches[0].request.number == 1);
  CHECK(matches[1].kind == Kind::kMatched);
  CHECK(matches[1].request.number == 9);
  CHECK(Kinds(Own({SignIn("10:00:00"), SignIn("10:00:00")}, {{At("10:00:00"), "R-1", 1}})) ==
        std::vector{Kind::kMatched, Kind::kTenantOnly});
}

TEST_CASE("OwnTraces: what nobody of ours did is told", "[cli]") {
  CHECK(Kinds(Own({SignIn("10:05:01")}, {{At("10:00:00"), "R-1", 1}})) ==
        std::vector{Kind::kTenantOnly, Kind::kAssayOnly});
  // A change is never ours, whenever it was.
  CHECK(Kinds(Own({{"activity_log", "e", "write", At("10:00:00"), false}},
                  {{At("10:00:00"), "R-1", 1}})) ==
        std::vector{Kind::kTenantOnly, Kind::kAssayOnly});
}

TEST_CASE("OwnTraces: requests without a sign-in are told where the log covers them", "[cli]") {
  const std::vector<TokenRequest> requests = {
      {At("10:00:00"), "R-1", 1}, {At("16:59:59"), "R-1", 2}, {At("17:00:00"), "R-2", 1}};
  CHECK(Kinds(Own({}, requests)) ==
        std::vector{Kind::kAssayOnly, Kind::kAssayOnly, Kind::kTooYoung});
  OwnTraces own = Own({}, requests);
  own.logs["sign_ins"].since = At("12:00:00");
  CHECK(Kinds(own) == std::vector{Kind::kAssayOnly, Kind::kTooYoung});
  own.logs["sign_ins"].comparable = false;
  CHECK(Kinds(own).empty());
}
