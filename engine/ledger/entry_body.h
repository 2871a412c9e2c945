// The body of one entry for a reader: what is there, and why the rest is not.
#pragma once

#include "ledger/store.h"
#include "ledger/tenant_keys.h"

namespace assay::ledger {

/// See Ledger::ReadEntryBody. `keys` may be null: then a body that is there gives kDenied.
Result<EntryBody> ReadEntryBody(LedgerStore& store, const TenantKeys* keys, const TenantId& tenant,
                                LeafIndex index);
/// See Ledger::VisitBodies.
Status VisitStored(LedgerStore& store, const TenantKeys* keys, const TenantId& tenant,
                   const std::function<bool(const StoredBody&)>& visit);

}  // namespace assay::ledger
