// What a credential needs by its kind, and that credentials do not lean on each other in a circle.
#pragma once

#include "config/load.h"
#include "config/report.h"
#include "config/schema.h"

namespace assay::config {

/// One `credential` of a tenant or [credentials.NAME]: AS-CFG-002 (a key is missing), AS-CFG-023 (a
/// key that its kind has no use for), AS-CFG-009 (`via` names none), and with `check_secrets` that
/// its files are there.
void CheckCredential(const Fields& credential, const Config& config, const LoadOptions& options,
                     Report& report);
/// AS-CFG-022 when reading one credential would need itself.
void CheckCredentialCircles(const Fields& root, const Config& config, Report& report);

}  // namespace assay::config
