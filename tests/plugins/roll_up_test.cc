// The default roll-up of frameworks, state by state.
#include <catch2/catch.hpp>

#include "assay/framework_plugin.h"
#include "dora/rules.h"
#include "gdpr/rules.h"

using namespace assay;

namespace {

assay_mapped_check_t Check(const char* id, uint32_t verdict, uint64_t failing = 0,
                           uint64_t excepted = 0, uint32_t reason = 0) {
  return {ToSlice(id), verdict, reason, failing + excepted, failing, excepted};
}

Conclusion Decide(std::vector<assay_mapped_check_t> checks, bool needs = false,
                  bool attested = false) {
  const assay_control_t control = {
      ToSlice("A.8.5"), ToSlice("Secure sign-in"), needs, attested, checks.data(), checks.size()};
  return RollUp(control);
}

const auto kPass = Check("p", ASSAY_VERDICT_PASS);
const auto kFail = Check("f", ASSAY_VERDICT_FAIL, 3);
const auto kExcepted = Check("e", ASSAY_VERDICT_FAIL, 0, 2);
const auto kNone = Check("n", ASSAY_VERDICT_NOT_APPLICABLE);
const auto kManual = Check("m", ASSAY_VERDICT_MANUAL);
const auto kAbsent = Check("a", ASSAY_VERDICT_ABSENT);
const auto kUnknown = Check("u", ASSAY_VERDICT_NOT_ASSESSED, 0, 0, ASSAY_REASON_PERMISSION);

}  // namespace

TEST_CASE("RollUp: a control without checks is uncovered, attested or not", "[framework]") {
  CHECK(Decide({}).state == ASSAY_CONTROL_UNCOVERED);
  CHECK(Decide({}, true, true).state == ASSAY_CONTROL_UNCOVERED);
  CHECK(Decide({}).why == "no check is mapped");
}

TEST_CASE("RollUp: one failure outweighs everything", "[framework]") {
  const Conclusion conclusion = Decide({kPass, kUnknown, kExcepted, kFail, kManual});
  CHECK(conclusion.state == ASSAY_CONTROL_NOT_SATISFIED);
  CHECK(conclusion.why == "1 of 5 checks failing on 3 subjects: f");
}

TEST_CASE("RollUp: a failure that is excepted in part stays a failure", "[framework]") {
  CHECK(Decide({Check("x", ASSAY_VERDICT_FAIL, 1, 5)}).state == ASSAY_CONTROL_NOT_SATISFIED);
  CHECK(Decide({Check("x", ASSAY_VERDICT_FAIL, 0, 0)}).state == ASSAY_CONTROL_NOT_SATISFIED);
}

TEST_CASE("RollUp: what is not known outweighs exceptions and passes", "[framework]") {
  const Conclusion conclusion = Decide({kPass, kExcepted, kUnknown});
  CHECK(conclusion.state == ASSAY_CONTROL_UNKNOWN);
  CHECK(conclusion.why == "1 of 3 checks not assessed: u (permission)");
  CHECK(Decide({kPass, kAbsent}).why == "1 of 2 checks not assessed: a (did not run)");
}

TEST_CASE("RollUp: manual checks wait for a person", "[framework]") {
  CHECK(Decide({kPass, kManual}).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Decide({kPass, kManual}, false, true).state == ASSAY_CONTROL_SATISFIED);
  CHECK(Decide({kPass}, true, false).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Decide({kPass}, true, true).state == ASSAY_CONTROL_SATISFIED);
}

TEST_CASE("RollUp: exceptions show, and passes are counted", "[framework]") {
  const Conclusion excepted = Decide({kPass, kExcepted});
  CHECK(excepted.state == ASSAY_CONTROL_EXCEPTED);
  CHECK(excepted.why == "1 of 2 checks failing under valid exceptions, on 2 subjects: e");
  const Conclusion satisfied = Decide({kPass, kNone});
  CHECK(satisfied.state == ASSAY_CONTROL_SATISFIED);
  CHECK(satisfied.why == "1 of 2 checks passing, 1 not applicable");
}

TEST_CASE("RollUp: nothing to assess is no evidence", "[framework]") {
  const Conclusion conclusion = Decide({kNone, kNone});
  CHECK(conclusion.state == ASSAY_CONTROL_UNKNOWN);
  CHECK_THAT(conclusion.why, Catch::Matchers::Contains("nothing to assess"));
}

TEST_CASE("Framework: concludes on every control through the border", "[framework]") {
  static std::vector<uint32_t> states;
  static std::string error;
  states.clear();
  static const assay_framework_v1_t table = {
      [](const assay_host_t*) { return 2u; },
      [](const assay_host_t*, uint32_t index, const assay_control_t** out) -> assay_status_t {
        static const assay_control_t controls[] = {{ToSlice("1"), ToSlice("t"), 0, 0, &kPass, 1},
                                                   {ToSlice("2"), ToSlice("t"), 0, 0, nullptr, 0}};
        *out = &controls[index];
        return ASSAY_OK;
      },
      [](const assay_host_t*, uint32_t, uint32_t state, assay_str_t) -> assay_status_t {
        states.push_back(state);
        return ASSAY_OK;
      }};
  assay_host_t host = {
      sizeof(assay_host_t),
      ASSAY_ABI_MAJOR,
      ASSAY_ABI_MINOR,
      nullptr,
      [](const assay_host_t*, assay_str_t) -> const void* { return &table; },
      [](const assay_host_t*, assay_str_t text) { error = std::string(FromSlice(text)); }};
  void* state = nullptr;
  REQUIRE(Trampolines<Framework>::Create(&host, &state) == ASSAY_OK);
  CHECK(Trampolines<Framework>::Run(state) == ASSAY_OK);
  CHECK(states == std::vector<uint32_t>{ASSAY_CONTROL_SATISFIED, ASSAY_CONTROL_UNCOVERED});
  host.extension = [](const assay_host_t*, assay_str_t) -> const void* { return nullptr; };
  CHECK(Trampolines<Framework>::Run(state) == ASSAY_E_UNSUPPORTED);
  CHECK(error == "this host offers no assay.framework/1");
  Trampolines<Framework>::Destroy(state);
}

namespace {

/// What a framework's own rule says of one control.
template <typename Rules>
Conclusion DecideBy(const char* id, std::vector<assay_mapped_check_t> checks, bool attested) {
  const assay_control_t control = {ToSlice(id), ToSlice("t"),  0,
                                   attested,    checks.data(), checks.size()};
  Rules rules;
  return rules.Decide(control);
}

}  // namespace

TEST_CASE("RollUp: an item of DORA's Article 9 needs checks and an attestation", "[framework]") {
  const char* id = "Art. 9(4)(d)";
  CHECK(DecideBy<Dora>(id, {kPass}, false).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(DecideBy<Dora>(id, {kPass}, false).why ==
        "the technical part holds, 1 of 1 checks passing; a person must attest the other part");
  CHECK(DecideBy<Dora>(id, {kManual}, true).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(DecideBy<Dora>(id, {kManual}, true).why ==
        "a person attested it, but no check shows the technical part");
  CHECK(DecideBy<Dora>(id, {kNone}, true).state == ASSAY_CONTROL_UNKNOWN);
  const Conclusion both = DecideBy<Dora>(id, {kPass, kManual}, true);
  CHECK(both.state == ASSAY_CONTROL_SATISFIED);
  CHECK(both.why == "both parts: 2 of 2 checks passing, attested by a person");
  CHECK(DecideBy<Dora>(id, {kPass, kFail}, true).state == ASSAY_CONTROL_NOT_SATISFIED);
  CHECK(DecideBy<Dora>(id, {kPass, kUnknown}, true).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(DecideBy<Dora>(id, {kPass, kExcepted}, true).state == ASSAY_CONTROL_EXCEPTED);
  CHECK(DecideBy<Dora>(id, {kPass, kExcepted}, false).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(DecideBy<Dora>(id, {}, true).state == ASSAY_CONTROL_UNCOVERED);
}

TEST_CASE("RollUp: items beside the rule follow the kit", "[framework]") {
  CHECK(DecideBy<Dora>("Art. 10(1)", {kManual}, true).state == ASSAY_CONTROL_SATISFIED);
  CHECK(DecideBy<Dora>("Art. 10(1)", {kPass}, false).state == ASSAY_CONTROL_SATISFIED);
  CHECK(DecideBy<Gdpr>("Art. 32(1)(a)", {kPass}, false).state == ASSAY_CONTROL_SATISFIED);
}

TEST_CASE("RollUp: GDPR's testing needs results and a process", "[framework]") {
  CHECK(DecideBy<Gdpr>("Art. 32(1)(d)", {kPass}, false).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(DecideBy<Gdpr>("Art. 32(1)(d)", {kManual}, true).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(DecideBy<Gdpr>("Art. 32(1)(d)", {kPass}, true).state == ASSAY_CONTROL_SATISFIED);
}

TEST_CASE("RollUp: with both parts needed, none of them alone satisfies", "[framework]") {
  // Every set of up to three checks of every kind, attested and not.
  const assay_mapped_check_t kinds[] = {kPass, kFail, kExcepted, kNone, kManual, kAbsent, kUnknown};
  for (const auto& a : kinds)
    for (const auto& b : kinds)
      for (const auto& c : kinds)
        for (const bool attested : {false, true}) {
          const Conclusion got = DecideBy<Dora>("Art. 9(1)", {a, b, c}, attested);
          const bool passes = a.verdict == ASSAY_VERDICT_PASS || b.verdict == ASSAY_VERDICT_PASS ||
                              c.verdict == ASSAY_VERDICT_PASS;
          if (got.state == ASSAY_CONTROL_SATISFIED) CHECK((attested && passes));
          const assay_mapped_check_t checks[] = {a, b, c};
          const assay_control_t control = {ToSlice("1"), ToSlice("t"), 1, attested, checks, 3};
          // Never better than the kit's roll-up says.
          if (got.state == ASSAY_CONTROL_SATISFIED)
            CHECK(RollUp(control).state == ASSAY_CONTROL_SATISFIED);
          if (got.state == ASSAY_CONTROL_EXCEPTED)
            CHECK(RollUp(control).state == ASSAY_CONTROL_EXCEPTED);
        }
}
