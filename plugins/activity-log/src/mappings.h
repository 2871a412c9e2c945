// Where the columns of each dataset stand in the answers of Azure Monitor and of Entra's reports.
#pragma once

#include "assay/collector.h"
#include "datasets.h"

namespace assay::activity_log {

Mapping SubscriptionMapping();
Mapping EventMapping();
Mapping TenantEventMapping();
Mapping SubscriptionSettingMapping();
Mapping EntraSettingMapping();
Mapping ResourceMapping();
Mapping ResourceSettingMapping();
Mapping AlertMapping();
Mapping ActionGroupMapping();
Mapping DirectoryAuditMapping();
Mapping SignInMapping();
Mapping ProvisioningMapping();

}  // namespace assay::activity_log
