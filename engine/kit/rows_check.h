// Holds every emitted row to the manifest, beyond what the host does: times, decimals and JSON have
// their form, records are marked ones.
#pragma once

#include <string>

#include "kit/bench.h"

namespace assay::kit {

/// The first row that does not fit, in words; empty when all do. `marked`: rows must rest on marked
/// records too, which they need not where marking was made to fail. [any thread]
std::string WrongRows(const Manifest& manifest, const Trace& trace, bool marked);

}  // namespace assay::kit
