// The key that wraps the tenant keys. A file now; a key vault or a PKCS#11 token answers the same
// two questions without ever giving the key out.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "proof/secret.h"

namespace assay::ledger {

class MasterKey {
 public:
  virtual ~MasterKey() = default;
  /// Seals a tenant key with what it is bound to. kIo, kUnavailable (a service does not answer),
  /// kDenied. [any thread]
  virtual Result<ByteVector> Wrap(ByteSpan aad, ByteSpan plain) const = 0;
  /// kCorrupt when key, aad or a byte is another; else as above. [any thread]
  virtual Result<proof::SecretBytes> Unwrap(ByteSpan aad, ByteSpan wrapped) const = 0;
  /// Names this key and no other, without telling anything of it: 16 hexadecimal digits.
  virtual const std::string& id() const = 0;
};

/// `reference`: "file:/path", "cred:NAME" (below CREDENTIALS_DIRECTORY) or a plain path, of 32 raw
/// bytes. With `create` an absent file is made, 0600. kNotFound, kDenied (others may read it),
/// kInvalidInput (length), kUnsupported ("keyvault:", "pkcs11:").
Result<std::unique_ptr<MasterKey>> OpenMasterKey(const std::string& reference, bool create);
/// A new random key, not stored anywhere yet; `raw` is what a file of it holds.
Result<std::unique_ptr<MasterKey>> MakeMasterKey(proof::SecretBytes& raw);

/// The file that a reference names. kUnsupported as above, kNotFound for cred: without a folder.
Result<std::filesystem::path> PathOfKeyReference(const std::string& reference);
/// Bytes of a private file. kNotFound, kDenied when group or others may read it.
Result<proof::SecretBytes> ReadPrivateFile(const std::filesystem::path& path);

}  // namespace assay::ledger
