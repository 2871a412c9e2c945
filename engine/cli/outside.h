// From the configuration to the places outside: witnesses and the time-stamping authority.
#pragma once

#include "anchor/send.h"
#include "anchor/stamp.h"
#include "config/config.h"

namespace assay::cli {

std::vector<anchor::Place> PlacesOf(const config::Config& config);
/// kNotFound (AS-CFG) without [ledger.timestamp]; kIo when its certificates cannot be read.
Result<anchor::Authority> AuthorityOf(const config::Config& config);
/// Where it is remembered what went to which place when; no evidence.
std::filesystem::path SentFile(const config::Config& config, const config::TenantConfig& tenant);

/// After a run: the newest checkpoint to every place that is due. What goes wrong is a warning.
void SendOutside(const config::Config& config, const config::TenantConfig& tenant,
                 ledger::Ledger& ledger, std::vector<std::string>& warnings);

}  // namespace assay::cli
