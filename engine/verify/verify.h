// The verification of a ledger as a whole, and what its steps share. The order of the steps decides
// which finding is the first one, and only that is reported:
// form of the lines, links, what the lines say, tables, checkpoints, log, tokens, bodies.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "proof/tree.h"
#include "verify/bodies.h"
#include "verify/database.h"
#include "verify/facts.h"
#include "verify/live.h"
#include "verify/options.h"

namespace assay::verify {

/// What is wrong, where, and the first entry that it makes doubtful.
struct Finding {
  std::string place, message;
  std::optional<uint64_t> index;
};

struct Report {
  bool ok = true;
  uint64_t entries = 0, checkpoints = 0, bodies = 0, opened = 0;
  std::string kind = "ledger", root, fingerprint, place, message;
  std::optional<uint64_t> first_bad;

  /// Keeps the first finding.
  void Find(const std::string& where, const std::string& what, std::optional<uint64_t> index = {});
  void Find(const Finding& finding) { Find(finding.place, finding.message, finding.index); }
};

/// What reading the lines leaves for the later steps.
struct Entries {
  explicit Entries(const Facts::Notes& notes) : facts(notes) {}
  Facts facts;
  uint64_t size = 0, tiles = 0;  ///< full tiles of all levels
  proof::Frontier tree;
  std::map<uint64_t, Digest> roots;  ///< at the sizes of stored checkpoints
  std::map<std::pair<unsigned, uint64_t>, Finding> bad_tiles;
  BodyTally bodies;
};

/// Lines, their order, links and meaning, full tiles, and the bodies that they refer to, by two
/// threads. Memory does not grow with the ledger.
Entries CheckEntries(const Database& database, const Facts::Notes& notes, const Options& options,
                     const BodyStore& bodies, Report& report);
/// Tiles, landmarks, head.
void CheckTables(const Database& database, const Entries& entries, Report& report);
void CheckNotes(const Facts::Notes& notes, const Entries& entries, Report& report);
void CheckLog(const NoteLog& log, const Facts::Notes& notes, const Entries& entries,
              Report& report);
/// Tokens by their digests and imprints; with a CA file their signatures too.
void CheckTokens(const Database& database, const Entries& entries, const Options& options,
                 Report& report);
/// What is missing and not explained, what is not as described.
void CheckBodies(const Entries& entries, const BodyStore& bodies, Report& report);

/// A ledger's directory. `still`: a copy that nobody writes to (backup).
Report VerifyLedger(const Options& options, bool still, std::optional<Entries>* entries = nullptr);
Report VerifyBackup(const Options& options);
/// A .tlog-proof or .tlog-consistency file.
Report VerifyBundle(const Options& options);

}  // namespace assay::verify
