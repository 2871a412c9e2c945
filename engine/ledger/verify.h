// Verification of one ledger: everything, or what came after a signed head that was verified
// earlier and kept outside (ledger.md section 7).
#pragma once

#include "ledger/checkpoint_log.h"
#include "ledger/store.h"
#include "ledger/tenant_keys.h"
#include "proof/ed25519.h"
#include "proof/note.h"

namespace assay::ledger {

struct VerifyInput {
  LedgerStore& store;
  const CheckpointLog& log;
  const TenantId& tenant;
  const std::string& origin;
  const TenantKeys* keys = nullptr;              ///< null: bodies are counted, not opened
  std::optional<proof::PublicKey> expected_key;  ///< of the ledger key file, when there is one
  std::optional<std::string> key_fault;          ///< why a master key that is there opens nothing
  /// Where to begin, as somebody outside kept it (verify_start.h); none: at the first entry.
  std::optional<proof::Checkpoint> since = {};
};

/// Never fails for what it finds: that is in the report. The first finding is the one reported.
VerifyReport VerifyLedger(const VerifyInput& input);

}  // namespace assay::ledger
