#include "model/licence.h"

#include "base/text.h"

namespace assay {
namespace {

/// Plans that are known by an id that Microsoft publishes. Others go by their name alone.
struct Plan {
  std::string_view name, id;
  std::string_view holds{};  ///< smaller plan that comes with it
};
constexpr Plan kPlans[] = {
    {"AAD_PREMIUM", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"},
    {"AAD_PREMIUM_P2", "eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_PREMIUM"},
    {"INTUNE_A", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"},
};

}  // namespace

bool PlanGives(std::string_view plan_id, std::string_view plan_name, std::string_view wanted) {
  if (plan_name == wanted) return true;
  for (const Plan& plan : kPlans)
    if (plan.name == wanted || plan.holds == wanted)
      if (plan.name == plan_name || EqualsIgnoreCase(plan.id, plan_id)) return true;
  return false;
}

}  // namespace assay
