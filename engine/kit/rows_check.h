// Holds every emitted row to the manifest, beyond what the host does: times, decimals and JSON have
// their form, records are marked ones.
#pragma once

#include <string>

#include "kit/bench.h"

namespace assay::kit {

/// The first rows that do not fit, in words; empty when all do. [any thread]
std::string WrongRows(const Manifest& manifest, const Trace& trace);

}  // namespace assay::kit
