#include "assess/statement.h"

#include <array>

namespace assay::assess {
namespace {

Exception Requested(const StatementEntry& entry) {
  Exception out;
  out.number = entry.number;
  out.finding = entry.finding;
  out.check = entry.check;
  out.wildcard = entry.wildcard;
  out.subject = entry.Said("subject");
  out.label = entry.Said("label");
  out.reason = entry.Said("reason");
  out.compensating = entry.Said("compensating");
  out.compensating_check = entry.compensating_check;
  out.requested_by = entry.actor;
  out.requested = entry.time;
  out.expires = *entry.expires;
  // What nobody can read any more covers nobody. A wildcard's subject stands in its line.
  if (!entry.wildcard) out.absent = entry.absent;
  if (!entry.wildcard && out.absent.empty() && out.subject.empty()) out.absent = "not named";
  return out;
}

/// The end that a renewal asks for replaces the old one when it is approved; else it is dropped.
bool SettleRenewal(Exception& exception, const StatementEntry& entry, bool approved) {
  if (!exception.renewal) return false;
  if (approved) {
    exception.expires = *exception.renewal;
    exception.approved_by = entry.actor;
  }
  exception.renewal.reset();
  exception.renewal_by.clear();
  return true;
}

bool Approve(Exception& exception, const StatementEntry& entry, ExceptionState now) {
  if (now != ExceptionState::kRequested) return SettleRenewal(exception, entry, true);
  exception.told = ExceptionState::kActive;
  exception.approved_by = entry.actor;
  return true;
}

bool Reject(Exception& exception, const StatementEntry& entry, ExceptionState now) {
  if (now != ExceptionState::kRequested) return SettleRenewal(exception, entry, false);
  exception.told = ExceptionState::kRejected;
  return true;
}

bool Renew(Exception& exception, const StatementEntry& entry, ExceptionState now) {
  if (now == ExceptionState::kRequested || !entry.expires || *entry.expires <= exception.expires)
    return false;
  exception.renewal = entry.expires;
  exception.renewal_by = entry.actor;
  return true;
}

bool Move(Exception& exception, ExceptionState now, ExceptionState from, ExceptionState to) {
  if (now != from) return false;
  exception.told = to;
  return true;
}

/// What an entry does to an exception that was requested before; false: it does not follow.
bool Apply(Exception& exception, const StatementEntry& entry, std::string_view verb) {
  const ExceptionState now = exception.At(entry.time);
  if (verb == "expired") {
    const bool due = now == ExceptionState::kExpired && exception.told != ExceptionState::kExpired;
    if (due) exception.told = ExceptionState::kExpired;
    return due;
  }
  if (!exception.IsOpen(entry.time)) return false;
  if (verb == "approved") return Approve(exception, entry, now);
  if (verb == "rejected") return Reject(exception, entry, now);
  if (verb == "renewed") return Renew(exception, entry, now);
  if (verb == "suspended")
    return Move(exception, now, ExceptionState::kActive, ExceptionState::kSuspended);
  if (verb == "resumed")
    return Move(exception, now, ExceptionState::kSuspended, ExceptionState::kActive);
  if (verb == "revoked") return Move(exception, now, now, ExceptionState::kRevoked);
  if (verb == "closed") return Move(exception, now, now, ExceptionState::kClosed);
  return false;
}

void TakeDocument(Attestation& attestation, const StatementEntry& entry) {
  attestation.expires = *entry.expires;
  attestation.by = entry.actor;
  attestation.role = entry.Said("role");
  attestation.document = entry.Said("document");
  attestation.digest = entry.Said("digest");
  attestation.note = entry.Said("note");
  attestation.absent = entry.absent;
}

Attestation Added(const StatementEntry& entry) {
  Attestation out;
  out.number = entry.number;
  out.framework = entry.framework;
  out.control = entry.control;
  out.check = entry.check;
  out.added = entry.time;
  TakeDocument(out, entry);
  return out;
}

bool Apply(Attestation& attestation, const StatementEntry& entry, std::string_view verb) {
  const AttestationState now = attestation.At(entry.time);
  if (now == AttestationState::kRevoked) return false;
  if (verb == "renewed") {
    const bool later =
        entry.expires && *entry.expires > attestation.expires && *entry.expires > entry.time;
    if (!later) return false;
    TakeDocument(attestation, entry);
    attestation.told = AttestationState::kValid;
    return true;
  }
  if (verb == "revoked") {
    attestation.told = AttestationState::kRevoked;
    return true;
  }
  const bool due = verb == "expired" && now == AttestationState::kExpired &&
                   attestation.told != AttestationState::kExpired;
  if (due) attestation.told = AttestationState::kExpired;
  return due;
}

template <typename T>
const T* FindIn(const std::map<uint64_t, T>& all, uint64_t number) {
  const auto at = all.find(number);
  return at == all.end() ? nullptr : &at->second;
}

}  // namespace

std::string_view Name(ExceptionState state) {
  constexpr std::array<std::string_view, 7> kNames = {
      "requested", "active", "suspended", "rejected", "revoked", "expired", "closed"};
  return kNames.at(static_cast<size_t>(state));
}

std::string_view Name(AttestationState state) {
  constexpr std::array<std::string_view, 3> kNames = {"valid", "revoked", "expired"};
  return kNames.at(static_cast<size_t>(state));
}

ExceptionState Exception::At(Timestamp now) const {
  const bool open = told == ExceptionState::kRequested || told == ExceptionState::kActive ||
                    told == ExceptionState::kSuspended;
  return open && now >= expires ? ExceptionState::kExpired : told;
}

bool Exception::IsOpen(Timestamp now) const {
  const ExceptionState state = At(now);
  return state == ExceptionState::kRequested || state == ExceptionState::kActive ||
         state == ExceptionState::kSuspended;
}

AttestationState Attestation::At(Timestamp now) const {
  return told == AttestationState::kValid && now >= expires ? AttestationState::kExpired : told;
}

bool Statements::Take(StatementEntry entry) {
  last_ = entry.index;
  return entry.kind.starts_with("exception.") ? TakeException(entry) : TakeAttestation(entry);
}

bool Statements::TakeException(StatementEntry& entry) {
  const std::string verb = entry.kind.substr(entry.kind.find('.') + 1);
  if (verb == "requested") {
    if (entry.number != next_exception() || !entry.expires) return false;
    exceptions_.emplace(entry.number, Requested(entry)).first->second.history.push_back(entry);
    return true;
  }
  const auto at = exceptions_.find(entry.number);
  if (at == exceptions_.end()) return false;
  entry.counted = Apply(at->second, entry, verb);
  at->second.history.push_back(entry);
  return entry.counted;
}

bool Statements::TakeAttestation(StatementEntry& entry) {
  const std::string verb = entry.kind.substr(entry.kind.find('.') + 1);
  if (verb == "added") {
    if (entry.number != next_attestation() || !entry.expires) return false;
    attestations_.emplace(entry.number, Added(entry)).first->second.history.push_back(entry);
    return true;
  }
  const auto at = attestations_.find(entry.number);
  if (at == attestations_.end()) return false;
  entry.counted = Apply(at->second, entry, verb);
  at->second.history.push_back(entry);
  return entry.counted;
}

const Exception* Statements::FindException(uint64_t number) const {
  return FindIn(exceptions_, number);
}

const Attestation* Statements::FindAttestation(uint64_t number) const {
  return FindIn(attestations_, number);
}

const Exception* Statements::Covering(const std::string& check, const std::string& subject,
                                      Timestamp now) const {
  const Exception* best = nullptr;
  for (const auto& [number, one] : exceptions_) {
    if (!one.IsAbout(check, subject) || !one.InForce(now)) continue;
    if (best == nullptr || one.expires > best->expires) best = &one;
  }
  return best;
}

const Exception* Statements::OpenFor(const std::string& check, const std::string& subject,
                                     bool wildcard, Timestamp now) const {
  for (const auto& [number, one] : exceptions_)
    if (one.check == check && one.wildcard == wildcard && one.IsAbout(check, subject) &&
        one.IsOpen(now))
      return &one;
  return nullptr;
}

const Attestation* Statements::Attesting(const std::string& framework, const std::string& id,
                                         Timestamp now) const {
  const Attestation* best = nullptr;
  for (const auto& [number, one] : attestations_) {
    const bool about = framework.empty() ? one.check == id && one.framework.empty()
                                         : one.framework == framework && one.control == id;
    if (!about || !one.IsValid(now)) continue;
    if (best == nullptr || one.expires > best->expires) best = &one;
  }
  return best;
}

}  // namespace assay::assess
