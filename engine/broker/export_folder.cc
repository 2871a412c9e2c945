#include "broker/export_folder.h"

#include <date/date.h>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr unsigned kDeepest = 16;
constexpr size_t kMostFiles = 100'000;
constexpr std::string_view kManifest = "manifest.json";

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

Error AtName(std::string_view name, int number) {
  const Code code = number == ENOENT                       ? Code::kNotFound
                    : number == ELOOP || number == ENOTDIR ? Code::kDenied
                    : number == EACCES                     ? Code::kDenied
                                                           : Code::kIo;
  const std::string why = number == ELOOP || number == ENOTDIR
                              ? "is a symbolic link, or stands below one: put the file itself there"
                              : std::strerror(number);
  return {code, fmt::format("export {}: {}", Quote(name), why), {}, {}, {}, {}};
}

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.size() > 1024 || name.find('\0') != name.npos) return false;
  const auto parts = Split(name, '/');
  return parts.size() <= kDeepest + 1 &&
         std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
           return part.empty() || part == "." || part == "..";
         });
}

/// The file of that name, each part opened without following a link.
Result<UniqueFd> OpenBelow(int folder, std::string_view name) {
  UniqueFd above;
  const auto parts = Split(name, '/');
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (last ? O_NONBLOCK : O_DIRECTORY);
    const std::string part(parts[i]);
    UniqueFd next(openat(above.valid() ? above.get() : folder, part.c_str(), flags));
    if (!next.valid()) return Fail(AtName(name, errno));
    above = std::move(next);
  }
  return above;
}

std::string VersionOf(const struct stat& info) {
  return fmt::format("{}-{}-{}-{}.{}", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

Timestamp ModifiedAt(const struct stat& info) {
  return FromUnixMs(info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000);
}

/// RFC 9110 IMF-fixdate, as List Blobs has it.
std::string HttpDate(Timestamp time) {
  return date::format("%a, %d %b %Y %H:%M:%S GMT", std::chrono::floor<std::chrono::seconds>(time));
}

/// Text between XML tags.
std::string XmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Result<ExportFolder> ExportFolder::Open(const std::filesystem::path& path) {
  const bool pattern = path.filename().string().find_first_of("*?[") != std::string::npos;
  const std::filesystem::path folder = pattern ? path.parent_path() : path;
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid())
    return Fail(
        errno == ENOENT    ? Code::kNotFound
        : errno == EACCES  ? Code::kDenied
        : errno == ENOTDIR ? Code::kInvalidInput
                           : Code::kIo,
        fmt::format("folder of exports {}: {}", Quote(folder.string()), std::strerror(errno)));
  return ExportFolder(std::move(fd), pattern ? path.filename().string() : "");
}

bool ExportFolder::Fits(std::string_view file_name) const {
  if (pattern_.empty() || file_name == kManifest) return true;
  return fnmatch(pattern_.c_str(), std::string(file_name).c_str(), FNM_PERIOD) == 0;
}

Status ExportFolder::Walk(int folder, const std::string& prefix, unsigned depth,
                          std::vector<ExportFile>& out) const {
  if (depth > kDeepest)
    return Fail(Code::kLimitExceeded,
                fmt::format("export {}: more than {} folders deep", Quote(prefix), kDeepest));
  UniqueFd own(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseFolder> names(own.valid() ? fdopendir(own.get()) : nullptr);
  if (!names) return Fail(AtName(prefix, errno));
  own.Release();
  for (errno = 0; const dirent* item = readdir(names.get()); errno = 0) {
    const std::string name = item->d_name;
    if (name == "." || name == "..") continue;
    const std::string whole = prefix + name;
    struct stat info {};
    if (fstatat(dirfd(names.get()), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      return Fail(AtName(whole, errno));
    if (S_ISDIR(info.st_mode)) {
      ASSAY_ASSIGN(const UniqueFd below, OpenBelow(dirfd(names.get()), name));
      ASSAY_TRY(Walk(below.get(), whole + "/", depth + 1, out));
    } else if (Fits(name)) {
      if (S_ISLNK(info.st_mode)) return Fail(AtName(whole, ELOOP));
      if (!S_ISREG(info.st_mode)) continue;
      if (out.size() == kMostFiles)
        return Fail(Code::kLimitExceeded,
                    fmt::format("folder of exports: more than {} files", kMostFiles));
      out.push_back({whole, static_cast<uint64_t>(info.st_size), ModifiedAt(info)});
    }
  }
  return errno == 0 ? Status() : Fail(AtName(prefix, errno));
}

Result<std::vector<ExportFile>> ExportFolder::List() const {
  std::vector<ExportFile> out;
  ASSAY_TRY(Walk(folder_.get(), "", 0, out));
  std::sort(out.begin(), out.end(),
            [](const ExportFile& a, const ExportFile& b) { return a.name < b.name; });
  return out;
}

Result<ExportRange> ExportFolder::Read(std::string_view name, uint64_t offset, uint64_t length,
                                       const std::string& version) const {
  if (!IsPlainName(name) || !Fits(name.substr(name.rfind('/') + 1)))
    return Fail(Code::kDenied, fmt::format("export {}: not a name of this source", Quote(name)));
  ASSAY_ASSIGN(const UniqueFd file, OpenBelow(folder_.get(), name));
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return Fail(AtName(name, errno));
  if (!S_ISREG(info.st_mode))
    return Fail(Code::kDenied, fmt::format("export {}: not a regular file", Quote(name)));
  ExportRange out;
  out.total = static_cast<uint64_t>(info.st_size);
  out.version = VersionOf(info);
  if (!version.empty() && version != out.version)
    return Fail(Code::kUnavailable,
                fmt::format("export {}: it changed while it was read", Quote(name)));
  out.bytes.resize(std::min(length, out.total - std::min(offset, out.total)));
  size_t have = 0;
  while (have < out.bytes.size()) {
    const ssize_t got = pread(file.get(), out.bytes.data() + have, out.bytes.size() - have,
                              static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(AtName(name, errno));
    if (got == 0)
      return Fail(Code::kUnavailable,
                  fmt::format("export {}: it became shorter while it was read", Quote(name)));
    have += static_cast<size_t>(got);
  }
  return out;
}

std::string FormatListing(const std::vector<ExportFile>& files) {
  std::string out = "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>";
  for (const ExportFile& file : files)
    out += fmt::format(
        "<Blob><Name>{}</Name><Properties><Last-Modified>{}</Last-Modified>"
        "<Content-Length>{}</Content-Length></Properties></Blob>",
        XmlText(file.name), HttpDate(file.modified), file.bytes);
  return out + "</Blobs><NextMarker /></EnumerationResults>";
}

}  // namespace assay::broker
