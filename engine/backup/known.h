// What is known of a ledger outside of a backup: signed heads in the ledger in place, and in files
// that were kept elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ledger/store.h"
#include "proof/note.h"

namespace assay::backup {

/// A signed head that somebody has seen.
struct KnownHead {
  uint64_t size = 0;
  Digest root{};
  std::string note;
  std::string where;  ///< for people: file, "ledger in place"
};

/// Whose heads are asked for.
struct Signer {
  std::string origin;                    ///< of epoch 1
  std::vector<proof::PublicKey> keys{};  ///< that were ever in force
};

/// Notes of a file: one checkpoint, or a checkpoints.log. kInvalidInput when there is none or it is
/// of another ledger, kCorrupt for a wrong signature, kNotFound. Untrusted.
Result<std::vector<KnownHead>> ReadKnownFile(const std::filesystem::path& file,
                                             const Signer& signer);
/// Those of the ledger in place: the stored ones and those of its checkpoints.log. What is damaged
/// or does not verify is no knowledge and is left out. Empty when there is no ledger. kIo: what the
/// disk does not give may be known all the same.
Result<std::vector<KnownHead>> ReadKnownInPlace(const std::filesystem::path& directory,
                                                const Signer& signer);
/// Nothing for an error of reading a ledger in place that may be passed over: a broken ledger is a
/// reason for restoring another. kIo stays, with the way out.
Status UnlessUnread(Error error);

/// The newest head that a stored ledger of `size` entries does not contain; nothing when it has
/// all. kCorrupt (FORKED) when it has another root at the size of a known head.
Result<std::optional<KnownHead>> FindLostHead(ledger::LedgerStore& store, uint64_t size,
                                              const std::vector<KnownHead>& known);

}  // namespace assay::backup
