// Changing the keys of a ledger. Each change is durable step by step; one that was cut short is
// finished, or undone, by the next opening of the ledger.
#pragma once

#include "ledger/ledger.h"

namespace assay::ledger {

struct LedgerRotation {
  std::string from, to;  ///< fingerprints
  LeafIndex index{};     ///< of key.rotated
  std::string kept;      ///< file of the old private key, empty when it is gone
};
/// Hands the ledger over to a new signing key: "<ledger key file>.next" is made (0600), key.rotated
/// is appended with the signatures of both, a head is signed by both, and the new file takes the
/// place of the old one. Old heads and proofs go on verifying. With `keep_old` the old private key
/// stays beside it: only with it can a ledger go on that was restored to a time before the
/// rotation. Codes of Ledger::Open (kUnavailable: busy).
Result<LedgerRotation> RotateLedgerKey(const OpenOptions& options, bool keep_old,
                                       const std::string& actor = "engine");

/// New bodies are sealed under a new tenant key; the older ones stay in keys.db and open what they
/// sealed. Gives the name of the new key in keys.db. Codes of Ledger::Open.
Result<std::string> RotateSealKey(const OpenOptions& options);

struct MasterRotation {
  std::string from, to;  ///< ids of the master keys
  size_t rewrapped = 0;  ///< ledgers
  std::string kept;      ///< file of the old key, empty when it is gone
};
/// Wraps the tenant keys of all `ledgers`, which share one master key file, with a new master key:
/// "<file>.next" is made first, each ledger's keys.db changes in one transaction and gets its
/// key.rewrapped, and the file takes the place of the old one when all have. Until then every
/// ledger opens with the one of the two that is its own, and the same call goes on where it was cut
/// short. Every ledger under this key must be in the list: it opens with no other.
/// kUnavailable when one of them is busy: then none was changed. kInvalidInput when they name
/// different files.
Result<MasterRotation> RotateMasterKey(const std::vector<OpenOptions>& ledgers, bool keep_old);

/// The keys of one ledger, without any secret.
struct KeyOverview {
  std::vector<LedgerKey> ledger;  ///< oldest first
  bool ledger_key_at_hand = false;
  std::string seal;                 ///< name of the key that seals new bodies
  size_t seal_keys = 0;             ///< generations that open bodies; 0: the keys do not open
  std::string master;               ///< id of the master key that opens them
  bool master_change_open = false;  ///< "<file>.next" is there: a change was cut short
  std::string fault;                ///< why the tenant keys do not open
};
/// Reads beside a writer. Codes of Ledger::OpenReadOnly.
Result<KeyOverview> DescribeKeys(const OpenOptions& options);

}  // namespace assay::ledger
