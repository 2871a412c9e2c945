// What explains that bytes are not there any more: the entries of erasures, expiries and holds,
// read as a whole (docs/formats/evidence-body.md, erased and missing segments).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/line.h"
#include "ledger/store.h"

namespace assay::ledger {

/// Column `erased`: leaf hash of each segment that was taken out, by its number.
using ErasedSegments = std::map<uint64_t, Digest>;
ByteVector EncodeErased(const ErasedSegments& erased);
/// kCorrupt unless ascending, below `segments` and of whole items.
Result<ErasedSegments> DecodeErased(ByteSpan column, uint64_t segments);
/// Segments that a body was committed with, the skeleton among them.
uint64_t SegmentsOf(const BodyRef& ref);

/// Entry `erasure.record`.
struct RecordErasure {
  uint64_t index = 0;
  Timestamp time{};
  std::string reason, receipt;
  Digest root{};
  std::vector<uint64_t> segments;
  Digest column{};  ///< SHA-256 of the column `erased` once it is carried out
};

/// Entry `erasure.subject` or `erasure.tenant`.
struct Erasure {
  uint64_t index = 0;
  Timestamp time{};
  std::string reason, receipt;
  uint64_t bodies = 0, records = 0;
};

/// Entry `retention.expired`.
struct Expiry {
  uint64_t index = 0;
  Timestamp time{};
  std::string class_name;  ///< "raw" or "facts"
  uint64_t through = 0, bodies = 0;
};

/// Entry `hold.placed` with its release.
struct Hold {
  uint64_t index = 0;
  Timestamp time{};
  std::string id;
  uint64_t first = 0, last = 0;
  std::optional<uint64_t> released;  ///< index of the entry that released it
  /// True when it bound an entry at `reference` as the ledger stood before entry `at`.
  bool Binds(uint64_t reference, uint64_t at) const {
    return reference >= first && reference <= last && index < at && (!released || *released >= at);
  }
};

/// The landmark families that explain absence. Keys and checkpoints are landmarks too, and many.
inline constexpr std::string_view kAbsenceFamilies[] = {"erasure.", "retention.", "hold."};

/// "raw" for bodies of `read`, "plugins" for those of `plugin.file`, which no rule removes, "facts"
/// for all others.
std::string_view RetentionClassOf(std::string_view kind);
/// "erased (privacy, 2026-11-21)", "expired (2026-11-21)": how an absence is said everywhere.
std::string SayErased(std::string_view reason, Timestamp time);
std::string SayExpired(Timestamp time);
inline constexpr std::string_view kNeverKept = "never kept (evidence.raw)";

/// Every such entry of one ledger, in order.
class AbsenceBook {
 public:
  /// Reads the landmarks alone, those of kinds that begin with one of `prefixes` from `first` on.
  /// kCorrupt when one of them does not read as its kind says.
  static Result<AbsenceBook> Read(LedgerStore& store,
                                  std::span<const std::string_view> prefixes = kAbsenceFamilies,
                                  uint64_t first = 0);
  /// Takes one more entry, in order; other kinds are passed over.
  Status Take(const LineFacts& facts);

  const std::vector<RecordErasure>& records() const { return records_; }
  const std::vector<Erasure>& subjects() const { return subjects_; }
  const std::vector<Expiry>& expiries() const { return expiries_; }
  const std::vector<Hold>& holds() const { return holds_; }
  const std::optional<Erasure>& tenant() const { return tenant_; }
  /// The newest `erasure.record` of a body, null when there is none.
  const RecordErasure* NewestOf(const Digest& root) const;
  /// Every segment that entries say is erased.
  std::vector<uint64_t> SegmentsErased(const Digest& root) const;

 private:
  std::vector<RecordErasure> records_;
  std::vector<Erasure> subjects_;
  std::vector<Expiry> expiries_;
  std::vector<Hold> holds_;
  std::optional<Erasure> tenant_;
  std::map<Digest, std::vector<size_t>> by_root_;  ///< positions in records_
};

}  // namespace assay::ledger
