// How subscriptions and resources of the demo tenant are named; shared by the Azure tables.
#pragma once

#include <string>
#include <string_view>

#include "demo/world.h"

namespace assay::demo {

inline constexpr size_t kSubscriptions = 3;

/// "/subscriptions/GUID" of the subscription at an index.
std::string Scope(const World& world, size_t sub);

/// Id of the i-th resource of a type ("Microsoft.Storage/storageAccounts") in a subscription.
std::string ResourceId(const World& world, size_t sub, std::string_view type, size_t i);

}  // namespace assay::demo
