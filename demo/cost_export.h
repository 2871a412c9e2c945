// The demo tenant's cost export: files as Cost Management lays them out.
#pragma once

#include <map>
#include <string>

#include "demo/world.h"

namespace assay::demo {

/// Name below the folder of exports -> content: a manifest, and the charges of the last thirty days
/// in CSV. Planted: a region outside Europe, a publisher that nobody registered, one day that costs
/// ten times the others. The same for the same world. [any thread]
std::map<std::string, std::string> CostExport(const World& world);

}  // namespace assay::demo
