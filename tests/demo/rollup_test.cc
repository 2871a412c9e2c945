// The roll-up that all framework packages share.
#include "rollup.h"

#include <vector>

#include "assay/emit.h"
#include "support/matchers.h"

using Catch::Matchers::Contains;
using namespace assay::frameworks;

namespace {

assay_mapped_check_t Check(uint32_t verdict, uint64_t failing = 0, uint64_t excepted = 0,
                           uint32_t reason = 0) {
  return {{"check-a", 7}, verdict, reason, 9, failing, excepted};
}

Conclusion Of(const std::vector<assay_mapped_check_t>& checks, bool needs = false,
              bool attested = false) {
  return Conclude(
      {{"A.8.5", 5}, {"t", 1}, needs ? 1u : 0u, attested ? 1u : 0u, checks.data(), checks.size()});
}

}  // namespace

TEST_CASE("Rollup: Orders not_satisfied over unknown over excepted over satisfied") {
  auto pass = Check(ASSAY_VERDICT_PASS);
  auto fail = Check(ASSAY_VERDICT_FAIL, 2);
  auto excepted = Check(ASSAY_VERDICT_FAIL, 0, 1);
  auto open = Check(ASSAY_VERDICT_NOT_ASSESSED, 0, 0, ASSAY_REASON_PERMISSION);
  CHECK(Of({pass, fail, open, excepted}).state == ASSAY_CONTROL_NOT_SATISFIED);
  CHECK(Of({pass, open, excepted}).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Of({pass, excepted}).state == ASSAY_CONTROL_EXCEPTED);
  CHECK(Of({pass, pass}).state == ASSAY_CONTROL_SATISFIED);
}

TEST_CASE("Rollup: Says why in one line") {
  CHECK(Of({Check(ASSAY_VERDICT_FAIL, 2)}).why == "1 of 1 checks fail: check-a (2 subjects)");
  CHECK_THAT(Of({Check(ASSAY_VERDICT_NOT_ASSESSED, 0, 0, ASSAY_REASON_PERMISSION)}).why,
             Contains("(permission)"));
  std::vector<assay_mapped_check_t> many(5, Check(ASSAY_VERDICT_FAIL, 1));
  CHECK(Of(many).why == "5 of 5 checks fail: check-a, check-a, check-a, ...");
}

TEST_CASE("Rollup: Absence of evidence is never satisfied") {
  CHECK(Of({}).state == ASSAY_CONTROL_UNCOVERED);
  CHECK(Of({Check(ASSAY_VERDICT_ABSENT)}).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Of({Check(99)}).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Of({Check(ASSAY_VERDICT_NOT_APPLICABLE)}).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Of({Check(ASSAY_VERDICT_PASS)}, true).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Of({Check(ASSAY_VERDICT_MANUAL)}).state == ASSAY_CONTROL_UNKNOWN);
  CHECK(Of({Check(ASSAY_VERDICT_FAIL)}).state == ASSAY_CONTROL_NOT_SATISFIED);
}

TEST_CASE("Rollup: An attestation settles the procedural part, never a failure") {
  CHECK(Of({}, true, true).state == ASSAY_CONTROL_SATISFIED);
  CHECK(Of({Check(ASSAY_VERDICT_PASS)}, true, true).state == ASSAY_CONTROL_SATISFIED);
  CHECK(Of({Check(ASSAY_VERDICT_MANUAL)}, true, true).state == ASSAY_CONTROL_SATISFIED);
  CHECK(Of({Check(ASSAY_VERDICT_FAIL, 1)}, true, true).state == ASSAY_CONTROL_NOT_SATISFIED);
  CHECK(Of({Check(ASSAY_VERDICT_NOT_ASSESSED)}, true, true).state == ASSAY_CONTROL_UNKNOWN);
}
