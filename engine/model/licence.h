// Licences by the name of their service plan: which plan is meant, and which bigger plan holds it.
#pragma once

#include <string_view>

namespace assay {

/// True when a service plan with this id and name gives what `wanted` names: the plan itself, or a
/// bigger one that holds it (AAD_PREMIUM_P2 holds AAD_PREMIUM). Either of id and name may be empty;
/// ids compare without regard to case, names exactly. [any thread]
bool PlanGives(std::string_view plan_id, std::string_view plan_name, std::string_view wanted);

}  // namespace assay
