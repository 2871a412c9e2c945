// The files of a plugin's folder, each opened once and read into one buffer. What is verified
// later, used and copied are these buffers; the folder is not looked at again.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assay::assess {

/// One file of a plugin's folder. `name` is relative to it: "checks/users.toml".
struct PluginFile {
  std::string name;
  Digest digest{};
  ByteVector bytes;
};

/// How much a folder is trusted to be nothing but a package.
struct FolderRule {
  bool exact = false;   ///< other files and links are refused, else they are left alone
  mode_t unwanted = 0;  ///< mode bits that a file or folder must not have
  bool ours = false;    ///< it must belong to root or to who runs this program
};
inline constexpr FolderRule kBuiltInFolder{false, 0, false};
inline constexpr FolderRule kDeveloperFolder{false, 0002, true};
inline constexpr FolderRule kOfferedFolder{true, 0, false};
inline constexpr FolderRule kLockedFolder{true, 0022, true};

/// Whether a file or folder meets a rule. kDenied (AS-PLG-009) naming `path`; kIo. [any thread]
Status CheckWriters(int fd, const std::filesystem::path& path, const FolderRule& rule);

struct PackageFiles {
  std::filesystem::path folder;
  std::string id;
  std::vector<PluginFile> files;    ///< <id>.so first, then by name; without the note
  std::optional<std::string> note;  ///< of <id>.note
};

/// Where a plugin lies: `path` is its folder, or its .so in it. The id is the name of the .so.
/// kNotFound, kInvalidInput when the folder holds none or several.
struct PackagePlace {
  std::filesystem::path folder;
  std::string id;
};
Result<PackagePlace> FindPackage(const std::filesystem::path& path);

/// kNotFound, kInvalidInput (a file that does not belong there, a link), kLimitExceeded, kIo,
/// kDenied with AS-PLG-009 for what others can write to. [any thread]
Result<PackageFiles> ReadPackage(const std::filesystem::path& folder, const std::string& id,
                                 const FolderRule& rule);

/// True for what may name a data file: [A-Za-z0-9._-], at most 100, no dot first. [any thread]
bool IsDataFileName(std::string_view name);

}  // namespace assay::assess
