// Where the columns of each dataset stand in the answers of Defender.
#pragma once

#include <vector>

#include "assay/collector.h"
#include "datasets.h"

namespace assay::defender {

/// A list that is read once for each subscription and needs nothing but its mapping.
struct Listing {
  const EndpointInfo* endpoint;
  Mapping mapping;
  uint32_t subscription;  ///< column that takes the subscription of the request
};

std::vector<Listing> Listings();
Mapping SubscriptionMapping();
Mapping PricingMapping();
Mapping ContactMapping();
Mapping SubassessmentMapping();
Mapping StandardMapping();
Mapping StandardControlMapping();

/// Number of the kept slice of a secure score that holds its parts.
inline constexpr uint32_t kControlScores = 0;
Mapping TenantScoreMapping();
Mapping ControlScoreMapping();
Mapping ControlProfileMapping();
Mapping XdrAlertMapping();
Mapping XdrIncidentMapping();
Mapping HealthIssueMapping();

}  // namespace assay::defender
