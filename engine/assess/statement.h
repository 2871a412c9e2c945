// What people say beside the checks: exceptions and attestations, folded from their entries. Pure:
// entries and a moment in, states out; no ledger, no clock (docs/formats/statements.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace assay::assess {

/// One entry about a statement.
struct StatementEntry {
  LeafIndex index{};
  Timestamp time{};
  std::string kind;   ///< "exception.approved"
  std::string actor;  ///< "account:1000"; "engine" of a run or of the clock
  std::string run;    ///< of what a run saw
  uint64_t number = 0;
  std::optional<Timestamp> expires;  ///< the first moment at which it holds no more
  std::string check, compensating_check, framework, control;
  uint64_t finding = 0;
  bool wildcard = false;
  /// The body: "reason", "subject", "label", "compensating", "note", "role", "document", "digest".
  std::map<std::string, std::string> said;
  std::string absent;   ///< why the body cannot be shown ("erased (privacy, 2026-11-21)")
  bool counted = true;  ///< false: it does not follow from those before it and changes nothing
  std::string Said(const std::string& key) const {
    const auto at = said.find(key);
    return at == said.end() ? "" : at->second;
  }
};

enum class ExceptionState : uint8_t {
  kRequested,
  kActive,
  kSuspended,
  kRejected,
  kRevoked,
  kExpired,
  kClosed
};
enum class AttestationState : uint8_t { kValid, kRevoked, kExpired };
/// "active". [any thread]
std::string_view Name(ExceptionState state);
std::string_view Name(AttestationState state);

/// Permission for one failing subject of a check, or with `wildcard` for each of them.
struct Exception {
  uint64_t number = 0, finding = 0;
  std::string check, subject, label;
  bool wildcard = false;
  std::string reason, compensating, compensating_check;
  std::string requested_by, approved_by;
  Timestamp requested{}, expires{};
  std::optional<Timestamp> renewal;  ///< a later end that waits for approval
  std::string renewal_by;
  ExceptionState told = ExceptionState::kRequested;  ///< by its entries, the clock left aside
  std::string absent;  ///< why its subject is not known: it covers nothing then
  std::vector<StatementEntry> history;

  ExceptionState At(Timestamp now) const;
  /// Requested, active or suspended.
  bool IsOpen(Timestamp now) const;
  bool InForce(Timestamp now) const { return At(now) == ExceptionState::kActive && absent.empty(); }
  bool IsAbout(const std::string& other_check, const std::string& other_subject) const {
    return check == other_check && absent.empty() && (wildcard || subject == other_subject);
  }
};

/// A person's word, with a document, that a control or a manual check is met.
struct Attestation {
  uint64_t number = 0;
  std::string framework, control;  ///< or:
  std::string check;
  std::string by, role, document, digest, note;
  Timestamp added{}, expires{};
  AttestationState told = AttestationState::kValid;
  std::string absent;
  std::vector<StatementEntry> history;

  AttestationState At(Timestamp now) const;
  /// One whose document was erased vouches for nothing.
  bool IsValid(Timestamp now) const {
    return At(now) == AttestationState::kValid && absent.empty();
  }
  /// "iso27001-2022:A.5.1", or the id of the check.
  std::string About() const { return check.empty() ? framework + ":" + control : check; }
};

/// The fold. Entries come in order of their index.
class Statements {
 public:
  /// False when the entry does not follow: it stands in the history and changes nothing.
  bool Take(StatementEntry entry);

  const std::map<uint64_t, Exception>& exceptions() const { return exceptions_; }
  const std::map<uint64_t, Attestation>& attestations() const { return attestations_; }
  const Exception* FindException(uint64_t number) const;
  const Attestation* FindAttestation(uint64_t number) const;
  uint64_t next_exception() const { return exceptions_.size() + 1; }
  uint64_t next_attestation() const { return attestations_.size() + 1; }
  /// The newest entry.
  std::optional<LeafIndex> last() const { return last_; }

  /// The exception in force that covers a subject, of several the one that ends last; null: none.
  const Exception* Covering(const std::string& check, const std::string& subject,
                            Timestamp now) const;
  /// An open exception for the same subject, or the same wildcard; null: none.
  const Exception* OpenFor(const std::string& check, const std::string& subject, bool wildcard,
                           Timestamp now) const;
  /// A valid attestation of a control, or with an empty framework of a check; null: none.
  const Attestation* Attesting(const std::string& framework, const std::string& id,
                               Timestamp now) const;

 private:
  bool TakeException(StatementEntry& entry);
  bool TakeAttestation(StatementEntry& entry);
  std::map<uint64_t, Exception> exceptions_;
  std::map<uint64_t, Attestation> attestations_;
  std::optional<LeafIndex> last_;
};

}  // namespace assay::assess
