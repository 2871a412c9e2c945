// assay-plugins.lock beside assay.toml: what an administrator installed and granted.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "model/lock.h"

namespace assay::assess {

/// Beside the main configuration file.
std::filesystem::path AdminLockPath(const config::Config& config);

/// What such a file says. kDenied (AS-PLG-009) when it is not in form, names no author's key, or
/// holds a grant that is not the digest of its reads; `path` is for messages. [any thread]
Result<std::vector<LockEntry>> ParseAdminLock(std::string_view toml, const std::string& path);

/// No entries when there is no file. kDenied (AS-PLG-009) when others can write to it, else as
/// ParseAdminLock.
Result<std::vector<LockEntry>> ReadAdminLock(const std::filesystem::path& path);

/// Reads, lets `change` edit and writes durably, with the folder locked against another assay that
/// does the same. kUnavailable when that takes longer than 10 s, else as ReadAdminLock and kIo.
Status ChangeAdminLock(const std::filesystem::path& path,
                       const std::function<Status(std::vector<LockEntry>&)>& change);

/// nullptr when there is none.
const LockEntry* FindLock(const std::vector<LockEntry>& locks, const std::string& id);

}  // namespace assay::assess
