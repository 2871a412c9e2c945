// The default roll-up of frameworks, state by state.
#include <catch2/catch.hpp>

#include "assay/framework_plugin.h"

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
