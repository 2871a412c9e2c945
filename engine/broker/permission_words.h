// Judges Microsoft permissions by name: a positive list of shapes that can only read.
#pragma once

#include <string_view>

namespace assay::broker {

enum class Power {
  kNeutral,  ///< sign-in words (openid, profile): no power at all
  kRead,     ///< metadata
  kContent,  ///< read, but of mail, files, chats and the like: more than assay needs
  kSecret,   ///< read, but of secrets (recovery keys, local administrator passwords): as bad as a
             ///< write
  kWrite,    ///< anything else, unknown shapes included
};

/// Judges one element of `roles` or one word of `scp`. [any thread]
Power JudgePermission(std::string_view name);
/// True for directory role templates (`wids`) that can only read. [any thread]
bool IsReadOnlyDirectoryRole(std::string_view guid);

}  // namespace assay::broker
