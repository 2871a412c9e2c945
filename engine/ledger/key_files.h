// The private key that signs the heads of a ledger: its file, the one that is to follow, and those
// that were kept.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "proof/ed25519.h"
#include "proof/key_history.h"

namespace assay::ledger {

/// Ed25519 private key in PEM. With `create` an absent file is made, 0600. kNotFound, kDenied
/// (others may read it), kInvalidInput.
Result<proof::SigningKey> LoadLedgerKey(const std::filesystem::path& path, bool create);
Status StoreLedgerKey(const std::filesystem::path& path, const proof::SigningKey& key);

/// "<path>.next": made by a rotation, in force as soon as the ledger names it.
std::filesystem::path NextKeyPath(const std::filesystem::path& path);
/// "<path>.old-<8 hexadecimal digits of the SHA-256 of the public key>": kept by a rotation.
std::filesystem::path KeptKeyPath(const std::filesystem::path& path, const proof::PublicKey& key);

/// What the files beside a ledger key are, as the ledger's entries say.
struct LedgerKeyFiles {
  proof::SigningKey current;                  ///< the key in force
  std::optional<proof::SigningKey> previous;  ///< the one before it, while its file is still there
  bool next_is_current = false;               ///< "<path>.next" is to be put in place
};
/// kInvalidInput when none of the files holds the key in force (names the fingerprint), else as
/// LoadLedgerKey.
Result<LedgerKeyFiles> FindLedgerKey(const std::filesystem::path& path,
                                     const proof::PublicKey& in_force);
/// After opening: puts "<path>.next" in place when it is in force, removes one that never came into
/// force (a rotation that was cut short before its entry). Durable.
Status SettleKeyFiles(const std::filesystem::path& path, const LedgerKeyFiles& files);

/// Removes what a crash left of making `path`: "<path>.tmp<pid>" files, with a key that was never
/// used. To be called by who may make it only (lease). kIo.
Status RemoveHalfMade(const std::filesystem::path& path);

}  // namespace assay::ledger
