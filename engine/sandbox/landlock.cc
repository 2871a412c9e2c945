#include "sandbox/landlock.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/files.h"

namespace assay::sandbox {
namespace {

constexpr uint32_t kVersionFlag = 1;
constexpr int kRulePathBeneath = 1;
constexpr uint64_t kReadFile = 1u << 2;

struct RulesetAttr {  // struct landlock_ruleset_attr of ABI 6; older kernels accept a tail of zeros
  uint64_t files, net, scoped;
};
struct [[gnu::packed]] PathBeneathAttr {
  uint64_t allowed;
  int32_t parent_fd;
};

/// All rights that an ABI knows, handled and thereby denied unless a rule grants them.
RulesetAttr HandledRights(int abi) {
  RulesetAttr attr{};
  attr.files = (1u << 13) - 1;           // ABI 1: execute, read, write, make, remove
  if (abi >= 2) attr.files |= 1u << 13;  // link and rename between folders
  if (abi >= 3) attr.files |= 1u << 14;  // truncate
  if (abi >= 5) attr.files |= 1u << 15;  // ioctl on devices
  if (abi >= 4) attr.net = 3;            // TCP bind and connect
  if (abi >= 6) attr.scoped = 3;         // abstract Unix sockets, signals
  return attr;
}

tl::unexpected<Error> Denied(const char* layer, const char* call) {
  Error error = ErrnoError(std::string(layer) + ": " + call);
  error.code = Code::kDenied;
  return Fail(std::move(error));
}

}  // namespace

int LandlockAbi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionFlag);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Status RestrictFiles(const char* layer, int readable_fd) {
  const int abi = LandlockAbi();
  if (abi == 0) return Denied(layer, "this kernel has no Landlock");
  RulesetAttr attr = HandledRights(abi);
  UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0)));
  if (!ruleset.valid()) return Denied(layer, "landlock_create_ruleset");
  if (readable_fd >= 0) {
    const PathBeneathAttr rule{kReadFile, readable_fd};
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), kRulePathBeneath, &rule, 0) != 0)
      return Denied(layer, "landlock_add_rule");
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return Denied(layer, "landlock_restrict_self");
  return {};
}

}  // namespace assay::sandbox
