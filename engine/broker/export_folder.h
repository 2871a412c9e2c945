// Cost exports in a folder of this machine, shown as an Azure container would show them: a listing
// in the form of List Blobs, and files by their name in ranges. A plugin that reads exports cannot
// tell the two apart, and learns no path of this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "base/time.h"

namespace assay::broker {

/// One regular file below the folder.
struct ExportFile {
  std::string name;  ///< relative, parts separated by '/'
  uint64_t bytes = 0;
  Timestamp modified{};
};

/// Part of a file, and what of it must not change between two parts.
struct ExportRange {
  ByteVector bytes;
  uint64_t total = 0;   ///< size of the whole file
  std::string version;  ///< changes when the file does: device, inode, size, time of change
};

/// A folder that the configuration names. Nothing outside it is ever opened: names are walked part
/// by part and a symbolic link below the folder is refused, wherever it points. [any thread]
class ExportFolder {
 public:
  /// `path` is a folder, or a folder and a pattern for the names of files in it and below:
  /// "/srv/focus", "/srv/focus/*.csv.gz". "manifest.json" always fits. kNotFound, kDenied, kIo.
  static Result<ExportFolder> Open(const std::filesystem::path& path);

  /// Files that fit, by name. At most 100,000 in folders at most 16 deep. kDenied (a symbolic link,
  /// named), kLimitExceeded, kIo.
  Result<std::vector<ExportFile>> List() const;
  /// At most `length` bytes of a file from `offset`; none at its end. `version`: empty for the
  /// first part, then that of the first: kUnavailable when the file is another one now. kNotFound,
  /// kDenied (a name that fits no pattern, leaves the folder or is a link), kIo.
  Result<ExportRange> Read(std::string_view name, uint64_t offset, uint64_t length,
                           const std::string& version) const;

 private:
  ExportFolder(UniqueFd folder, std::string pattern)
      : folder_(std::move(folder)), pattern_(std::move(pattern)) {}
  bool Fits(std::string_view file_name) const;
  Status Walk(int folder, const std::string& prefix, unsigned depth,
              std::vector<ExportFile>& out) const;

  UniqueFd folder_;
  std::string pattern_;  ///< of fnmatch(3), for the last part of a name; "" fits all
};

/// The listing as the body of List Blobs (REST API of Azure Storage, version 2021-12-02): names,
/// sizes, times of change, an empty NextMarker.
std::string FormatListing(const std::vector<ExportFile>& files);

}  // namespace assay::broker
