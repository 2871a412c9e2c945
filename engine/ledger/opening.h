// How a ledger is opened: what is read, compared and put right before the first append. Inside
// engine/ledger only.
#pragma once

#include <memory>
#include <optional>

#include "ledger/chain.h"
#include "ledger/checkpoint_log.h"
#include "ledger/key_files.h"
#include "ledger/lease.h"
#include "ledger/tenant_keys.h"
#include "ledger/writer.h"

namespace assay::ledger {

constexpr uint64_t kGenesis = 2;  // tenant.created and key.created

/// Members in the order in which they must go: the writer first, the lease last.
struct Parts {
  OpenOptions options;
  std::optional<Lease> lease;
  std::optional<LedgerKeyFiles> signer;
  std::optional<TenantKeys> keys;
  std::string new_master;  ///< id of the master key to come, when it has wrapped the keys
  proof::KeyHistory history;
  std::string named_seal, named_master;  ///< by the newest key.rewrapped of each purpose
  std::optional<Error> fault;            ///< why a ledger that is open for reading takes no appends
  std::unique_ptr<LedgerStore> store;
  std::unique_ptr<GroupWriter> writer;

  explicit Parts(const OpenOptions& open) : options(open) {}
  CheckpointLog Log() const { return CheckpointLog(options.directory / "checkpoints.log"); }
  bool is_new() const { return history.Newest() == nullptr; }
};

/// Lease, files, tree, history, comparison with checkpoints.log, keys: what Ledger::Open does
/// before it writes, with its codes. The comparison comes before the keys: a ledger that lost a
/// rotation has no key at hand, and what it says first is that it is truncated.
struct WriteOpening {
  Parts parts;
  Chain chain;
};
Result<WriteOpening> OpenSound(const OpenOptions& options);
/// The same without the comparison: for the way back after a loss (epoch.h).
Result<WriteOpening> OpenUncompared(const OpenOptions& options);

/// Without lease; a fault of keys or history is kept in the parts.
Result<Parts> OpenPartsForReading(const OpenOptions& options);

/// Tenant keys and the master key that opened them: the one of the options, or the one that is to
/// follow it while a change of master keys is under way ("<file>.next").
struct OpenedKeys {
  TenantKeys keys;
  std::unique_ptr<MasterKey> master;
  bool by_next = false;
};
Result<OpenedKeys> OpenTenantKeys(LedgerStore& store, const OpenOptions& options);
/// "<path>.next" of a master key reference.
Result<std::string> NextMasterKey(const std::string& reference);

/// The private key that must sign the next head beside the one in force, null when none. kNotFound
/// when a rotation needs it and it is gone.
Result<const proof::SigningKey*> HandoverKey(Parts& parts, uint64_t size);

}  // namespace assay::ledger
