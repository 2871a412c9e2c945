// How a tenant's services are reached, from its configuration.
#pragma once

#include "base/result.h"
#include "broker/broker.h"
#include "config/config.h"

namespace assay::assess {

/// Cloud, credential and tolerated permissions of `tenant`. kInvalidInput (unknown cloud, a
/// credential that is not defined or leans on itself). [any thread]
Result<broker::BrokerOptions> BrokerFor(const config::Config& config,
                                        const config::TenantConfig& tenant);

/// `[network]`, for everything that leaves this machine: tenants, witnesses, time stamps.
broker::NetworkSettings NetworkOf(const config::Config& config);

}  // namespace assay::assess
