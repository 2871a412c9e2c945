// Ubuntu's restriction of user namespaces, told from its switch and from what the sandbox found.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/spawner.h"

namespace assay::cli {

/// The kernel's switch.
inline constexpr const char* kUsernsSwitch =
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

struct AppArmorAdvice {
  bool ok;
  std::string text;  ///< one line, with the way out when not ok
};

/// `setting`: the switch's content, empty where the kernel has none. Nothing when the restriction
/// is not in force. [any thread]
std::optional<AppArmorAdvice> JudgeAppArmor(std::string_view setting, sandbox::Tier best);

}  // namespace assay::cli
