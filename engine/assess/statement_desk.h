// Where statements are handed in: rules of the house, four eyes, and that nobody else decided
// meanwhile; then an entry. Everything it knows is the fold of the ledger's entries.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "assess/statement.h"
#include "assess/statement_chain.h"
#include "base/result.h"
#include "ledger/ledger.h"

namespace assay::assess {

/// [exceptions] of the configuration, as far as it binds who asks and who approves.
struct StatementTerms {
  std::chrono::seconds max_age = std::chrono::hours(24 * 180);
  bool four_eyes = true;
  bool allow_wildcard = false;
  std::string actor;     ///< "account:1000"
  bool approver = true;  ///< its roles let it approve
  Timestamp now{};
  bool dry_run = false;  ///< every rule is looked at, nothing is written
};

/// No attestation holds longer, as no tolerance of the configuration does.
inline constexpr std::chrono::hours kLongestAttestation{24 * 366};

struct ExceptionRequest {
  std::string check, subject, label;
  bool wildcard = false;
  uint64_t finding = 0;  ///< 0: named by check and subject
  std::string reason, compensating, compensating_check;
  Timestamp expires{};
};

struct AttestationRequest {
  std::string framework, control;  ///< or:
  std::string check;
  std::string role, document, digest, note;
  Timestamp expires{};
};

/// Codes of all that decide: kInvalidInput (a rule of the house; the message says which), kNotFound
/// (no such number), kAlreadyExists (its state does not allow it, or somebody decided meanwhile),
/// kDenied (four eyes, or no role), kIo.
class StatementDesk {
 public:
  /// `ledger` outlives it. Writes what the clock ended since the last writing.
  static Result<StatementDesk> Open(ledger::Ledger& ledger, StatementTerms terms);

  /// The number of the new exception or attestation.
  Result<uint64_t> Request(const ExceptionRequest& request);
  Result<uint64_t> Attest(const AttestationRequest& request);

  /// Of a request, or of a renewal that waits.
  Status Approve(uint64_t exception, const std::string& note);
  Status Reject(uint64_t exception, const std::string& note);
  Status Renew(uint64_t exception, Timestamp expires, const std::string& why);
  Status Revoke(uint64_t exception, const std::string& note);
  Status RenewAttestation(uint64_t attestation, const AttestationRequest& request);
  Status RevokeAttestation(uint64_t attestation, const std::string& note);

  const Statements& statements() const { return statements_; }
  const StatementTerms& terms() const { return terms_; }

 private:
  StatementDesk(ledger::Ledger& ledger, StatementTerms terms)
      : ledger_(&ledger), terms_(std::move(terms)) {}
  Result<Exception> OpenException(uint64_t number) const;
  Result<Attestation> FindAttestation(uint64_t number) const;
  Status MayApprove(const Exception& exception) const;
  Status CheckEnd(Timestamp expires, std::chrono::seconds most, const char* what) const;
  Status NobodyElse();
  Status Write(ledger::EntryDraft draft, const std::map<std::string, std::string>& said);

  ledger::Ledger* ledger_;
  StatementTerms terms_;
  Statements statements_;
  TreeSize seen_{};  ///< the ledger as it was when `statements_` was folded
};

/// Entries for what the clock ended and no entry tells: exceptions and attestations. Gives the
/// newest entry of the chain. kIo.
Result<std::optional<LeafIndex>> WriteExpired(ledger::EntrySink& sink, const Statements& statements,
                                              Timestamp now);
/// Appends one entry of the chain after `previous`.
Result<LeafIndex> AppendStatement(ledger::EntrySink& sink, ledger::EntryDraft draft,
                                  std::optional<LeafIndex> previous);

}  // namespace assay::assess
