// Files of plugins as evidence: what decided is kept beside what it decided on, so that an old run
// can be replayed when another version is installed. Each digest once for each ledger.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace assay::assess {

/// A file that a run uses.
struct UsedFile {
  std::string plugin;  ///< "graph"; "checks.d" for the admin's own checks
  std::string name;    ///< within its folder
  std::string sha256;  ///< lower-case hexadecimal
  ByteVector bytes;    ///< what was loaded
};

/// The `plugin.file` entries of one ledger. Each points at the one before, so that reading them
/// costs their own number, whatever else the ledger holds.
class KeptFiles {
 public:
  /// Reads the chain that ends at `newest` (none: nothing was kept yet). kCorrupt.
  static Result<KeptFiles> Load(ledger::Ledger& ledger, std::optional<LeafIndex> newest);

  /// The entry that keeps a file of this digest.
  std::optional<LeafIndex> Find(const std::string& sha256) const;
  /// Keeps those that are not kept yet: bodies first, then the entries.
  Status Keep(ledger::EntrySink& sink, const std::string& actor,
              const std::vector<UsedFile>& files);
  /// The newest `plugin.file` entry.
  std::optional<LeafIndex> newest() const { return newest_; }

 private:
  std::map<std::string, LeafIndex> entries_;
  std::optional<LeafIndex> newest_;
};

}  // namespace assay::assess
