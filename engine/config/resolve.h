// Whether a secret reference can be followed, without reading the secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::config {

struct Unresolved {
  std::string code, message, fix;
};

/// Nothing when `ref` ("env:", "file:", "cred:") resolves: the variable is set, the file is a
/// regular file of this account with a mode of at most 0600. Other references count as resolved.
/// Opens no file. [any thread]
std::optional<Unresolved> CheckResolves(std::string_view ref);
/// The same for a file that is no secret (a certificate, the token file of a cluster): it must be
/// there, and others must not be able to change it. `what` names it in messages. [any thread]
std::optional<Unresolved> CheckPublicFile(const std::string& path, const char* what);

}  // namespace assay::config
