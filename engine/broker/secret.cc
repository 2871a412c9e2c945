// Wiping, and secrets by reference: environment, file, systemd credential.
#include "broker/secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/environment.h"
#include "base/files.h"
#include "base/text.h"
#include "broker/broker.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxSecretBytes = 64 * 1024;

bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '-' || c == '.';
         });
}

Status CheckMode(const struct stat& info, const std::string& where, bool credential) {
  if (!S_ISREG(info.st_mode)) return Fail(Code::kInvalidInput, where + " is not a regular file");
  const bool ours = info.st_uid == geteuid() || (credential && info.st_uid == 0);
  if (!ours) return Fail(Code::kDenied, where + " belongs to another user");
  // systemd grants the service user by an ACL, whose mask shows as group read.
  const mode_t refused = credential ? 0037 : 0177;
  if (info.st_mode & refused)
    return Fail(Error{Code::kDenied,
                      where + " may be read by others",
                      {},
                      "chmod 0600 on the file, then rotate the secret",
                      {},
                      {}});
  return {};
}

Result<std::string> ReadSecretFile(const std::string& path, bool credential) {
  const std::string where = "secret file " + Quote(path);
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid())
    return errno == ENOENT ? Fail(Code::kNotFound, where + " does not exist")
                           : Fail(ErrnoError(where));
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return Fail(ErrnoError(where));
  ASSAY_TRY(CheckMode(info, where, credential));
  std::string text(kMaxSecretBytes + 1, '\0');
  const ssize_t got = read(fd.get(), text.data(), text.size());
  if (got < 0) return Fail(ErrnoError(where));
  text.resize(static_cast<size_t>(got));
  if (text.size() > kMaxSecretBytes) {
    Wipe(text);
    return Fail(Code::kLimitExceeded, where + " is larger than 64 KiB");
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::string> ReadEnvironment(const std::string& name, bool production) {
  if (production)
    return Fail(Error{Code::kInvalidInput,
                      "secret env:" + name + ": refused in production",
                      {},
                      "use file: or cred:, the environment is visible to child processes",
                      {},
                      {}});
  auto value = FindEnvironment(name);
  if (!value) return Fail(Code::kNotFound, "secret env:" + name + " is not set");
  return std::move(*value);
}

Result<std::string> ReadCredential(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (!folder || *folder != '/')
    return Fail(Code::kNotFound, "secret cred:" + name + ": CREDENTIALS_DIRECTORY is not set");
  return ReadSecretFile(std::string(folder) + "/" + name, true);
}

}  // namespace

void Wipe(std::string& text) {
  // The capacity too: a string that shrank keeps its old bytes there.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Result<std::string> ResolveSecret(std::string_view ref, bool production) {
  const size_t colon = ref.find(':');
  const std::string kind(ref.substr(0, colon == ref.npos ? 0 : colon));
  const std::string name(colon == ref.npos ? "" : ref.substr(colon + 1));
  Result<std::string> value =
      Fail(Code::kInvalidInput, "secret reference must be env:NAME, file:/path or cred:NAME");
  if (name.find('\0') != name.npos) return value;
  if (kind == "env" && IsPlainName(name)) value = ReadEnvironment(name, production);
  if (kind == "cred" && IsPlainName(name)) value = ReadCredential(name);
  if (kind == "file" && name.starts_with('/')) value = ReadSecretFile(name, false);
  if (value && value->empty())
    return Fail(Code::kInvalidInput, "secret " + kind + ":" + name + " is empty");
  return value;
}

}  // namespace assay::broker
