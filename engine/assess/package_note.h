// The author's signature over a package: a C2SP signed note whose text lists every file
// (docs/formats/plugin-package.md, "Signature"). Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "assess/plugin_set.h"
#include "base/result.h"
#include "proof/note.h"

namespace assay::assess {

/// True for what may name an author's key: 1 to 64 of A-Z a-z 0-9 @ . _ - / :. Narrower than C2SP's
/// rule, because people compare these names, and terminals and files show them. [any thread]
bool IsAuthorName(std::string_view name);

/// What the author states.
struct PackageStatement {
  std::string id, version;
  proof::Verifier key;
  std::string manifest;                      ///< digest, lower-case hexadecimal
  std::map<std::string, std::string> files;  ///< name -> digest
  std::string ToText() const;
  /// kInvalidInput unless ToText would write it so.
  static Result<PackageStatement> Parse(std::string_view text);
};

/// What a developer's pin is of: SHA-256, in hexadecimal, of "assay plugin pin v1\n" and the lines
/// `file <digest> <name>` as a note has them. [any thread]
std::string PinOf(const std::vector<PluginFile>& files);

/// The whole note over `plugin` as it is loaded. kInvalidInput when the name is no key name.
Result<std::string> SignPackage(const LoadedPlugin& plugin, const std::string& key_name,
                                const proof::SigningKey& key);

/// Verifies the note and that it states exactly the files of `plugin`; gives the key that signed.
/// Whether that key is trusted is the caller's question. kDenied (AS-PLG-007). [any thread]
Result<proof::Verifier> VerifyPackage(const LoadedPlugin& plugin, std::string_view note);

}  // namespace assay::assess
