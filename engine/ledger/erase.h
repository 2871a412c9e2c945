// Taking bytes out of the evidence store: the entry that says so is durable first, then the body is
// sealed again without them. What a crash leaves between the two is done at the next open.
#pragma once

#include <set>

#include "ledger/absent.h"
#include "ledger/maintenance_lock.h"
#include "ledger/tenant_keys.h"
#include "ledger/writer.h"

namespace assay::ledger {

/// What erasing works on; borrowed for the time of a call.
struct EraseContext {
  LedgerStore& store;
  GroupWriter& writer;
  const TenantKeys& keys;
  const TenantId& tenant;
  const std::filesystem::path& directory;
  const Clock& clock;

  /// Alone against copies of the ledger: a backup must not take entries of before with bodies of
  /// after. kUnavailable (AS-LED-001).
  Result<MaintenanceLock> Lock() const {
    return MaintenanceLock::Take(directory, MaintenanceLock::Use::kRemove, std::chrono::seconds(30),
                                 clock);
  }
};

/// Roots of the bodies that a hold binds now.
Result<std::set<Digest>> HeldRoots(LedgerStore& store, const AbsenceBook& book);
/// Ids of the holds that bind an entry with this body, for messages; empty when none does.
Result<std::vector<std::string>> HoldsOn(LedgerStore& store, const AbsenceBook& book,
                                         const Digest& root);

/// See Ledger::Erase.
Result<ErasureDone> EraseSegments(const EraseContext& context, const ErasureOrder& order,
                                  const std::vector<BodySegments>& bodies);
/// See Ledger::EraseTenant.
Result<LeafIndex> EraseTenant(const EraseContext& context, const ErasureOrder& order,
                              std::optional<BodyRef> note);
/// Carries out each erasure.record that is not yet, and empties logs that still hold old pages. An
/// erasure.subject is written when those before it are carried out, so that only those after the
/// newest one are looked at, unless `all` are: then also files that are older than the entries.
/// While a backup is being made nothing is done: the next open does it.
Status CompleteErasures(const EraseContext& context, bool all);
/// kDenied when the tenant is erased, after what a crash left of that is done as well.
Status RefuseErasedTenant(LedgerStore& store, const TenantId& tenant);

}  // namespace assay::ledger
