// The two system call filters of a worker. Allow-list: what is not named there is refused with an
// errno when it is something that ordinary libraries try, and kills the process when it is not.
#pragma once

#include "base/result.h"

namespace assay::sandbox {

/// Stage A: what the loader needs. Stage B: what plugin code needs, once everything is loaded.
enum class FilterStage { kLoad, kRun };

/// Puts the filter in force for good. B can only narrow A. kDenied. [single-threaded]
Status LoadFilter(FilterStage stage);

}  // namespace assay::sandbox
