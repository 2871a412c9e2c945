// Reads of Privileged Identity Management, access reviews and risk.
#pragma once

#include "assay/collector.h"
#include "principal_reads.h"

namespace assay::graph {

/// One for a run; `principals` outlives it.
class PrivilegedReads {
 public:
  explicit PrivilegedReads(PrincipalReads& principals);
  /// Queues all of them.
  void AddTo(Reader& reader);

 private:
  void AddRoles(Reader& reader);
  void AddReviews(Reader& reader);
  void AddRisk(Reader& reader);
  void TakePolicy(Record& record);

  PrincipalReads& principals_;
  const Mapping schedule_, eligibility_, pim_policy_, pim_rule_, pim_alert_, review_,
      review_instance_, risky_user_, risk_detection_, risky_service_principal_;
  uint64_t detections_left_;
};

}  // namespace assay::graph
