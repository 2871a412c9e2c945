#include "assess/package_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/files.h"
#include "base/text.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxLibrary = 64u << 20;
constexpr size_t kMaxDataFile = 4u << 20;  // checks, views, controls: text that people write
constexpr size_t kMaxNote = 256u << 10;
constexpr size_t kMaxFiles = 500;

class Reader {
 public:
  Reader(fs::path folder, const std::string& id, const FolderRule& rule)
      : rule_(rule), out_{std::move(folder), id, {}, {}} {}

  Result<PackageFiles> Read() {
    ASSAY_ASSIGN(const UniqueFd root, OpenFolder(AT_FDCWD, out_.folder.c_str(), ""));
    const std::string library = out_.id + ".so", note = out_.id + ".note";
    ASSAY_TRY(Add(root.get(), library.c_str(), library, kMaxLibrary));
    ASSAY_ASSIGN(const std::vector<std::string> names, NamesIn(root.get()));
    for (const std::string& name : names) {
      if (name == library) continue;
      if (name == note) {
        ASSAY_ASSIGN(const ByteVector bytes, ReadOne(root.get(), name.c_str(), name, kMaxNote));
        out_.note = std::string(AsText(bytes));
      } else if (name == "checks") {
        ASSAY_TRY(AddChecks(root.get()));
      } else if (name == "views.sql" || name == "controls.toml" || name == "mapping.toml") {
        ASSAY_TRY(Add(root.get(), name.c_str(), name, kMaxDataFile));
      } else if (rule_.exact) {
        return Refuse(name, "is not a file of a package");
      }
    }
    std::sort(out_.files.begin() + 1, out_.files.end(),
              [](const PluginFile& a, const PluginFile& b) { return a.name < b.name; });
    return std::move(out_);
  }

 private:
  tl::unexpected<Error> Refuse(const std::string& name, const std::string& what) const {
    return Fail(Code::kInvalidInput,
                fmt::format("{}: {} {}", out_.folder.string(), Quote(name), what));
  }

  Result<UniqueFd> Open(int at, const char* path, const std::string& name, int flags) const {
    UniqueFd fd(::openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags));
    if (fd.valid()) {
      ASSAY_TRY(CheckWriters(fd.get(), out_.folder / name, rule_));
      return fd;
    }
    const std::string place = (out_.folder / name).string();
    if (errno == ENOENT) return Fail(Code::kNotFound, place + ": no such file");
    if (errno == ELOOP || (errno == ENOTDIR && (flags & O_NOFOLLOW)))
      return Fail(Code::kInvalidInput, place + ": is a link or of the wrong kind");
    return Fail(ErrnoError(place));
  }

  /// Links above the package are the administrator's; links inside it are refused.
  Result<UniqueFd> OpenFolder(int at, const char* path, const std::string& name) const {
    return Open(at, path, name, O_DIRECTORY | (rule_.exact && at != AT_FDCWD ? O_NOFOLLOW : 0));
  }

  Result<ByteVector> ReadOne(int at, const char* path, const std::string& name, size_t most) const {
    ASSAY_ASSIGN(const UniqueFd fd, Open(at, path, name, rule_.exact ? O_NOFOLLOW : 0));
    return ReadAll(fd.get(), (out_.folder / name).string(), most);
  }

  Status Add(int at, const char* path, const std::string& name, size_t most) {
    if (out_.files.size() == kMaxFiles)
      return Fail(Code::kLimitExceeded,
                  fmt::format("{}: more than {} files", out_.folder.string(), kMaxFiles));
    ASSAY_ASSIGN(ByteVector bytes, ReadOne(at, path, name, most));
    const Digest digest = proof::Sha256(bytes);
    out_.files.push_back({name, digest, std::move(bytes)});
    return {};
  }

  Status AddChecks(int root) {
    ASSAY_ASSIGN(const UniqueFd folder, OpenFolder(root, "checks", "checks"));
    ASSAY_ASSIGN(const std::vector<std::string> names, NamesIn(folder.get()));
    for (const std::string& file : names) {
      const std::string name = "checks/" + file;
      if (fs::path(file).extension() == ".toml" && (IsDataFileName(file) || !rule_.exact))
        ASSAY_TRY(Add(folder.get(), file.c_str(), name, kMaxDataFile));
      else if (rule_.exact)
        return Refuse(name, "is not a file of a package");
    }
    return {};
  }

  Result<std::vector<std::string>> NamesIn(int folder) const {
    std::vector<std::string> out;
    UniqueFd copy(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(
        copy.valid() ? ::fdopendir(copy.get()) : nullptr, ::closedir);
    if (!stream) return Fail(ErrnoError(out_.folder.string()));
    copy.Release();
    errno = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string_view name = static_cast<const char*>(entry->d_name);
      if (name != "." && name != "..") out.emplace_back(name);
      if (out.size() > 10 * kMaxFiles)
        return Fail(Code::kLimitExceeded, out_.folder.string() + ": holds too many files");
    }
    if (errno != 0) return Fail(ErrnoError(out_.folder.string()));
    std::sort(out.begin(), out.end());
    return out;
  }

  FolderRule rule_;
  PackageFiles out_;
};

}  // namespace

Status CheckWriters(int fd, const fs::path& path, const FolderRule& rule) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Fail(ErrnoError(path.string()));
  Error error{Code::kDenied, path.string() + ": others can write to it ", {}, {}, {}, "AS-PLG-009"};
  if ((info.st_mode & rule.unwanted) != 0) {
    error.message += fmt::format("(mode {:04o})", info.st_mode & 07777);
    error.hint = fmt::format("chmod {} {}, after looking at what it says",
                             rule.unwanted == 0002 ? "o-w" : "go-w", path.string());
    return Fail(std::move(error));
  }
  if (!rule.ours || info.st_uid == 0 || info.st_uid == ::geteuid()) return {};
  error.message += fmt::format(
      "(it belongs to account {}, neither root nor the one that runs assay)", info.st_uid);
  error.hint = "chown root " + path.string() + ", after looking at what it says";
  return Fail(std::move(error));
}

bool IsDataFileName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

namespace {

/// The id goes into messages and paths before any manifest was read.
Result<PackagePlace> Named(fs::path folder, std::string id) {
  const bool ok = !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!ok)
    return Fail(Code::kInvalidInput,
                fmt::format("{}: {} is no id of a plugin", folder.string(), Quote(id)));
  return PackagePlace{std::move(folder), std::move(id)};
}

}  // namespace

Result<PackagePlace> FindPackage(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return Fail(Code::kNotFound, path.string() + ": no such plugin");
  if (!fs::is_directory(path, error)) {
    if (path.extension() != ".so")
      return Fail(Code::kInvalidInput, path.string() + ": neither a folder nor a .so file");
    return Named(path.has_parent_path() ? path.parent_path() : fs::path("."), path.stem().string());
  }
  std::vector<std::string> found;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".so") found.push_back(it->path().stem().string());
  if (found.size() != 1)
    return Fail(Code::kInvalidInput,
                fmt::format("{}: holds {} .so files, a plugin's folder holds one", path.string(),
                            found.size()));
  return Named(path, found[0]);
}

Result<PackageFiles> ReadPackage(const fs::path& folder, const std::string& id,
                                 const FolderRule& rule) {
  return Reader(folder, id, rule).Read();
}

}  // namespace assay::assess
