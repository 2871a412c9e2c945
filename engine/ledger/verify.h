// Full verification of one ledger (ledger.md section 7).
#pragma once

#include "ledger/checkpoint_log.h"
#include "ledger/store.h"
#include "ledger/tenant_keys.h"
#include "proof/ed25519.h"

namespace assay::ledger {

struct VerifyInput {
  LedgerStore& store;
  const CheckpointLog& log;
  const TenantId& tenant;
  const std::string& origin;
  const TenantKeys* keys = nullptr;              ///< null: bodies are counted, not opened
  std::optional<proof::PublicKey> expected_key;  ///< of the ledger key file, when there is one
  std::optional<std::string> key_fault;          ///< why a master key that is there opens nothing
};

/// Never fails for what it finds: that is in the report. The first finding is the one reported.
VerifyReport VerifyLedger(const VerifyInput& input);

}  // namespace assay::ledger
