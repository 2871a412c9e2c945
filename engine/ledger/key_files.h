// The two key files of an instance (master key, ledger key) and the tenant keys that the master key
// wraps in keys.db.
#pragma once

#include <filesystem>
#include <optional>

#include "ledger/store.h"
#include "proof/ed25519.h"
#include "proof/secret.h"

namespace assay::ledger {

/// Keys of one tenant, unwrapped.
struct TenantKeys {
  proof::SecretKey seal;   ///< wraps body keys
  proof::SecretKey index;  ///< keyed digests
};

/// 32 raw bytes. With `create` an absent file is made, 0600. kNotFound, kDenied (others may read
/// it), kInvalidInput (length).
Result<proof::SecretKey> LoadMasterKey(const std::filesystem::path& path, bool create);
/// Ed25519 private key in PEM. With `create` an absent file is made, 0600. Codes as above.
Result<proof::SigningKey> LoadLedgerKey(const std::filesystem::path& path, bool create);

/// Unwraps what keys.db holds. kNotFound when it holds none, kCorrupt when the master key does not
/// open it.
Result<TenantKeys> LoadTenantKeys(LedgerStore& store, const proof::SecretKey& master,
                                  const TenantId& tenant);
/// Makes new ones and writes them, wrapped.
Result<TenantKeys> CreateTenantKeys(LedgerStore& store, const proof::SecretKey& master,
                                    const TenantId& tenant);

}  // namespace assay::ledger
