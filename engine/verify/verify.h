// The verification as a whole and what its steps share.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proof/note.h"
#include "proof/tree.h"
#include "verify/database.h"
#include "verify/options.h"

namespace assay::verify {

struct Report {
  bool ok = true;
  uint64_t entries = 0, checkpoints = 0, bodies = 0, opened = 0;
  std::string root, fingerprint, place, message;
  std::optional<uint64_t> first_bad;

  /// Keeps the first finding and the smallest index.
  void Find(const std::string& where, const std::string& what, std::optional<uint64_t> index = {});
};

/// "body" member of an entry.
struct BodyMember {
  uint64_t len = 0, records = 0, index = 0;
  std::string scheme;
};

/// What reading the lines leaves for the later steps.
struct Entries {
  std::vector<Digest> leaves;  ///< of the open tile and all before: for comparing tiles
  proof::Frontier tree;
  std::map<uint64_t, Digest> roots;  ///< at the sizes of stored checkpoints
  std::optional<proof::Verifier> verifier;
  std::map<Digest, BodyMember> bodies;
  std::string tenant;
  uint64_t epoch = 1;
  Timestamp last_time{};
};

/// A checkpoint row.
struct Mark {
  uint64_t size = 0;
  std::string note;
};

/// Lines, their order, links and times; the ledger's key.
Entries CheckEntries(const Database& database, const std::vector<Mark>& marks,
                     const Options& options, Report& report);
void CheckTiles(const Database& database, const Entries& entries, Report& report);
void CheckHead(const Database& database, const Entries& entries, Report& report);
std::vector<Mark> ReadMarks(const Database& database, Report& report);
void CheckMarks(const std::vector<Mark>& marks, const Entries& entries, Report& report);
void CheckLog(const std::filesystem::path& path, const std::vector<Mark>& marks,
              const Entries& entries, Report& report);
/// Presence of every body; with a master key its seals, record tree and length too.
void CheckBodies(const Options& options, const Entries& entries, Report& report);

/// All of it.
Report VerifyDirectory(const Options& options);

}  // namespace assay::verify
