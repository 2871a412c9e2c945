#include "config/resolve.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/environment.h"
#include "base/result.h"
#include "config/extract.h"

namespace assay::config {
namespace {

std::optional<Unresolved> CheckFile(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    return Unresolved{"AS-CFG-015", ErrnoError("secret file " + Quote(path)).message,
                      "create it with mode 0600"};
  if (!S_ISREG(info.st_mode))
    return Unresolved{"AS-CFG-015",
                      fmt::format("secret file {} is not a regular file", Quote(path)), ""};
  if ((info.st_mode & 0177) != 0)
    return Unresolved{"AS-CFG-016",
                      fmt::format("secret file {} has mode {:04o}, wider than 0600", Quote(path),
                                  info.st_mode & 07777),
                      "chmod 600"};
  if (info.st_uid != geteuid() && info.st_uid != 0)
    return Unresolved{"AS-CFG-016",
                      fmt::format("secret file {} belongs to user {}, not to this account",
                                  Quote(path), info.st_uid),
                      "chown it to the account that runs assay"};
  return std::nullopt;
}

}  // namespace

std::optional<Unresolved> CheckResolves(std::string_view ref) {
  if (ref.rfind("env:", 0) == 0) {
    const std::string name(ref.substr(4));
    const auto value = FindEnvironment(name);
    if (value && !value->empty()) return std::nullopt;
    return Unresolved{"AS-CFG-015", fmt::format("environment variable {} is not set", Quote(name)),
                      "set it, or write \"file:/path\""};
  }
  if (ref.rfind("cred:", 0) == 0 && PathOfReference(ref).empty())
    return Unresolved{"AS-CFG-015", "CREDENTIALS_DIRECTORY is not set: no systemd credentials here",
                      "run as a service, or write \"file:/path\""};
  if (ref.rfind("cred:", 0) == 0 && ref.find('/') != std::string_view::npos)
    return Unresolved{"AS-CFG-015",
                      fmt::format("credential {} is not a plain name", Quote(ref.substr(5))), ""};
  if (ref.rfind("file:", 0) == 0 && ref.substr(5, 1) != "/")
    return Unresolved{"AS-CFG-015",
                      fmt::format("secret file {} is not an absolute path", Quote(ref.substr(5))),
                      "write \"file:/path\""};
  const auto path = PathOfReference(ref);
  return path.empty() ? std::nullopt : CheckFile(path.string());
}

std::optional<Unresolved> CheckPublicFile(const std::string& path, const char* what) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    return Unresolved{"AS-CFG-015", ErrnoError(fmt::format("{} {}", what, Quote(path))).message,
                      ""};
  if (!S_ISREG(info.st_mode))
    return Unresolved{"AS-CFG-015", fmt::format("{} {} is not a regular file", what, Quote(path)),
                      ""};
  if ((info.st_mode & 0022) != 0)
    return Unresolved{"AS-CFG-016",
                      fmt::format("{} {} may be changed by others", what, Quote(path)),
                      "chmod go-w"};
  return std::nullopt;
}

}  // namespace assay::config
