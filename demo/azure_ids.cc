// ARM ids of the demo tenant.
#include "demo/azure_ids.h"

#include <fmt/format.h>

#include <array>

namespace assay::demo {

std::string Scope(const World& world, size_t sub) {
  return "/subscriptions/" + world.subscriptions()[sub];
}

std::string ResourceId(const World& world, size_t sub, std::string_view type, size_t i) {
  constexpr std::array<const char*, kSubscriptions> kShort = {"prod", "dev", "shared"};
  std::string_view tail = type.substr(type.rfind('/') + 1);
  return fmt::format("{}/resourceGroups/rg-{}-{}/providers/{}/{}{}{:02}", Scope(world, sub),
                     kShort[sub], i % 3 + 1, type, kShort[sub], tail.substr(0, 4), i);
}

}  // namespace assay::demo
