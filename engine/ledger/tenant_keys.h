// The keys of one tenant in keys.db: wrapped by the master key, opened, renewed.
#pragma once

#include <string>
#include <vector>

#include "ledger/master_key.h"
#include "ledger/store.h"
#include "proof/secret.h"

namespace assay::ledger {

/// Keys of one tenant, unwrapped.
struct TenantKeys {
  proof::SecretKey seal;                ///< wraps the keys of new bodies
  proof::SecretKey index;               ///< keyed digests
  std::vector<proof::SecretKey> older;  ///< seal keys before the newest, newest first: they open
  std::string seal_name = "seal";       ///< of the newest in keys.db
};

/// "seal" for generation 0, "seal.<n>" after it.
std::string SealKeyName(uint32_t generation);

/// True when a generation of this name is among the keys.
bool HasSealKey(const TenantKeys& keys, std::string_view name);

/// Unwraps what keys.db holds. kNotFound when it holds none, kCorrupt when the master key does not
/// open one, or a generation is missing.
Result<TenantKeys> LoadTenantKeys(LedgerStore& store, const MasterKey& master,
                                  const TenantId& tenant);
/// Makes new ones and writes them, wrapped.
Result<TenantKeys> CreateTenantKeys(LedgerStore& store, const MasterKey& master,
                                    const TenantId& tenant);
/// Opens the wrapped key of a body with the newest seal key or an older one. kCorrupt when none
/// does.
Result<proof::SecretKey> UnwrapBodyKey(const TenantKeys& keys, ByteSpan aad, ByteSpan wrapped);

}  // namespace assay::ledger
