// One control on one page: what it is after, who does it, which checks speak to it, what they do
// not show, and where else the same checks count. Used by `framework show` and `explain`.
#pragma once

#include <string>

#include "assess/catalogue.h"
#include "cli/control_states.h"
#include "model/framework.h"
#include "report/json_writer.h"

namespace assay::cli {

/// The page as text, without what any run said of the control. Ends with a newline. [any thread]
std::string ControlPage(const assess::Catalogue& catalogue, const FrameworkSpec& framework,
                        const ControlSpec& control);
/// What the runs say of it: one line a tenant, with the ledger's entry. [any thread]
std::string ControlStatesText(const std::vector<TenantStates>& states, const std::string& framework,
                              const std::string& control);
/// All of that as members of an object that is begun. [any thread]
void WriteControl(report::JsonWriter& json, const assess::Catalogue& catalogue,
                  const FrameworkSpec& framework, const ControlSpec& control,
                  const std::vector<TenantStates>& states);

/// Every control that a check is mapped to, and where it is the only one. [any thread]
std::string CheckEffectText(const assess::Catalogue& catalogue, const std::string& check);

/// A control of a framework by id; ASCII case and spaces are ignored. nullptr when there is none.
const ControlSpec* FindControl(const FrameworkSpec& framework, std::string_view id);

}  // namespace assay::cli
