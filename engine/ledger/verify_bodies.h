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
  /// Takes one line, in order.
  Status Take(const LineFacts& facts);
  /// Compares all; `find` gets place and message of each fault. Counts go to the report.
  void Run(VerifyReport& report, const std::function<void(std::string, std::string)>& find);

 private:
  Status CheckOne(const Digest& root, const BodyUse& use);
  Status CheckStored(const BodyUse& use, const SealedBody& body);
  Status CheckColumn(const BodyUse& use, const SealedBody& body);
  Status CheckErased(const BodyUse& use, const SealedBody& body);
  Status Open(const SealedBody& body);
  /// Counts an absent body under what explains it.
  Status Explain(const BodyUse& use);
  const Expiry* ExpiryOf(const BodyUse& use) const;
  Status CheckHolds(const BodyUse& use, uint64_t at, const char* what) const;
  Status CheckExpired() const;
  Status CheckSubjects() const;

  const VerifyInput& in_;
  AbsenceBook book_;
  std::map<Digest, BodyUse> uses_;
  std::map<std::string, uint64_t> absent_;
  std::map<std::string_view, uint64_t> expired_;  ///< by class
  uint64_t opened_ = 0;
};

}  // namespace assay::ledger
