// The part of verification that looks at bodies: each is there and opens, or an entry explains why
// it, or a part of it, is not (docs/formats/evidence-body.md, erased and missing segments).
#pragma once

#include "ledger/absent.h"
#include "ledger/verify.h"

namespace assay::ledger {

/// A body and the entries that refer to it.
struct BodyUse {
  BodyRef ref;
  std::vector<uint64_t> entries;   ///< ascending
  std::string_view class_name;     ///< of the newest one
  bool never_kept = false;         ///< raw "none"
  std::optional<Digest> redacted;  ///< raw "redacted": SHA-256 of the column `erased`
};

/// Collects what the lines say, then compares it with what is stored.
class BodyAudit {
 public:
  explicit BodyAudit(const VerifyInput& input) : in_(input) {}
  /// Begins after `entries` of them, of which `book` tells the absences.
  void StartWith(const AbsenceBook& book, uint64_t entries);
  /// Takes one line, in order.
  Status Take(const LineFacts& facts);
  /// Compares all by two threads, each with one body at a time; `find` gets place and message of
  /// each fault, in the order of one thread. Counts go to the report.
  void Run(VerifyReport& report, const std::function<void(std::string, std::string)>& find);

 private:
  /// What was seen of one body, to be counted in order.
  struct Seen;
  Status CheckOne(const Digest& root, const BodyUse& use, Seen& seen) const;
  Status CheckStored(const BodyUse& use, const SealedBody& body, Seen& seen) const;
  Status CheckColumn(const BodyUse& use, const SealedBody& body, Seen& seen) const;
  Status CheckErased(const BodyUse& use, const SealedBody& body) const;
  Status Open(const SealedBody& body, Seen& seen) const;
  /// Names what explains an absent body.
  Status Explain(const BodyUse& use, Seen& seen) const;
  const Expiry* ExpiryOf(const BodyUse& use) const;
  Status CheckHolds(const BodyUse& use, uint64_t at, const char* what) const;
  void CheckAll(const std::function<void(std::string, std::string)>& find);
  /// Erasures since the start of bodies that only entries before it refer to.
  Status CheckEarlierErased() const;
  Status CheckExpired() const;
  Status CheckSubjects() const;

  const VerifyInput& in_;
  uint64_t first_ = 0;  ///< of the entries that are read
  AbsenceBook book_;
  std::map<Digest, BodyUse> uses_;
  std::map<std::string, uint64_t> absent_;
  std::map<std::string_view, uint64_t> expired_;  ///< by class
  uint64_t opened_ = 0;
};

}  // namespace assay::ledger
