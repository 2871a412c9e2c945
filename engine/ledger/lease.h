// One writer process a ledger: an OFD lock on ledger.lock, and the check of the file system below.
#pragma once

#include <filesystem>

#include "base/files.h"

namespace assay::ledger {

/// Held as long as the object lives; the kernel gives it up when the process dies.
class Lease {
 public:
  /// kUnavailable names the holder when another process or object holds it.
  static Result<Lease> Take(const std::filesystem::path& directory, const std::string& holder);
  Lease(Lease&&) = default;
  Lease& operator=(Lease&&) = default;
  ~Lease();

 private:
  explicit Lease(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

/// kUnsupported on NFS, SMB, 9p and FUSE, whose locks and syncs do not hold what the ledger needs;
/// an overlay file system is refused with `production` and logged otherwise.
Status CheckFileSystem(const std::filesystem::path& directory, bool production);
/// The rule behind it: what statfs(2) says in f_type.
Status CheckFileSystemType(int64_t type, const std::string& path, bool production);

}  // namespace assay::ledger
