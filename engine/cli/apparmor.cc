#include "cli/apparmor.h"

namespace assay::cli {

std::optional<AppArmorAdvice> JudgeAppArmor(std::string_view setting, sandbox::Tier best) {
  if (!setting.starts_with('1')) return std::nullopt;
  if (best == sandbox::Tier::kStrict)
    return AppArmorAdvice{true, "kernel.apparmor_restrict_unprivileged_userns=1; assay is let off"};
  return AppArmorAdvice{
      false,
      "kernel.apparmor_restrict_unprivileged_userns=1 keeps user namespaces from assay: install "
      "its "
      "profile (packaging/apparmor/assay) as /etc/apparmor.d/assay and run apparmor_parser -r "
      "/etc/apparmor.d/assay"};
}

}  // namespace assay::cli
