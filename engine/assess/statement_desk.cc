#include "assess/statement_desk.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/line.h"
#include "base/text.h"

namespace assay::assess {
namespace {

constexpr size_t kLongestText = 2000;

std::string Id(const Exception& exception) { return fmt::format("E-{}", exception.number); }
std::string Id(const Attestation& attestation) { return fmt::format("AT-{}", attestation.number); }

std::string SegmentOf(const std::map<std::string, std::string>& said) {
  std::string out;
  for (const auto& [key, text] : said)
    if (!text.empty())
      out += fmt::format("{}{}:{}", out.empty() ? "{" : ",", JsonString(key), JsonString(text));
  return out.empty() ? out : out + "}";
}

Status CheckText(const char* what, const std::string& text, bool wanted) {
  if (wanted && Trim(text).empty())
    return Fail(Code::kInvalidInput, std::string(what) + " is empty");
  if (text.size() > kLongestText)
    return Fail(Code::kInvalidInput, fmt::format("{} is longer than {} bytes", what, kLongestText));
  if (!IsUtf8(text)) return Fail(Code::kInvalidInput, std::string(what) + " is not UTF-8");
  return {};
}

Status CheckAttestation(const AttestationRequest& request) {
  ASSAY_TRY(CheckText("the role", request.role, true));
  ASSAY_TRY(CheckText("the document's name", request.document, true));
  ASSAY_TRY(CheckText("the note", request.note, false));
  if (request.digest.size() != 64)
    return Fail(Code::kInvalidInput, "the document's digest is no SHA-256");
  return {};
}

std::map<std::string, std::string> Said(const AttestationRequest& request) {
  return {{"role", request.role},
          {"document", request.document},
          {"digest", request.digest},
          {"note", request.note}};
}

ledger::EntryDraft Draft(std::string kind, const std::string& actor, const char* of,
                         uint64_t number) {
  ledger::EntryDraft draft;
  draft.kind = std::move(kind);
  draft.actor = actor;
  draft.members.emplace(of, number);
  return draft;
}

/// Entries do not go back in time: where the clock did, the time of the newest one counts.
Result<Timestamp> LaterOf(ledger::Ledger& ledger, TreeSize size, Timestamp now) {
  if (ToNumber(size) == 0) return now;
  ASSAY_ASSIGN(const std::string text, ledger.ReadLine(LeafIndex{ToNumber(size) - 1}));
  ASSAY_ASSIGN(const Line line, Line::Decode(text));
  ASSAY_ASSIGN(const Timestamp newest, ParseTime(line.Text("time")));
  return std::max(now, newest);
}

}  // namespace

Result<LeafIndex> AppendStatement(ledger::EntrySink& sink, ledger::EntryDraft draft,
                                  std::optional<LeafIndex> previous) {
  if (previous) draft.members.emplace("previous", ToNumber(*previous));
  ASSAY_ASSIGN(const ledger::Appended appended, sink.AppendDurably(std::move(draft)));
  return appended.index;
}

Result<std::optional<LeafIndex>> WriteExpired(ledger::EntrySink& sink, const Statements& statements,
                                              Timestamp now) {
  std::optional<LeafIndex> last = statements.last();
  for (const auto& [number, one] : statements.exceptions()) {
    if (one.At(now) != ExceptionState::kExpired || one.told == ExceptionState::kExpired) continue;
    ASSAY_ASSIGN(last, AppendStatement(
                           sink, Draft("exception.expired", "engine", "exception", number), last));
  }
  for (const auto& [number, one] : statements.attestations()) {
    if (one.At(now) != AttestationState::kExpired || one.told == AttestationState::kExpired)
      continue;
    ASSAY_ASSIGN(
        last,
        AppendStatement(sink, Draft("attestation.expired", "engine", "attestation", number), last));
  }
  return last;
}

Result<StatementDesk> StatementDesk::Open(ledger::Ledger& ledger, StatementTerms terms) {
  StatementDesk out(ledger, std::move(terms));
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  out.seen_ = head.size;
  ASSAY_ASSIGN(out.terms_.now, LaterOf(ledger, head.size, out.terms_.now));
  ASSAY_ASSIGN(out.statements_, LoadStatements(ledger, head.size));
  if (out.terms_.dry_run) return out;
  ASSAY_ASSIGN(const auto last, WriteExpired(ledger, out.statements_, out.terms_.now));
  if (last == out.statements_.last()) return out;
  ASSAY_ASSIGN(const ledger::Head now, ledger.ReadHead());
  out.seen_ = now.size;
  ASSAY_ASSIGN(out.statements_, LoadStatements(ledger, last));
  return out;
}

/// Entries of others that came since the fold was made: whoever wrote first decided.
Status StatementDesk::NobodyElse() {
  ASSAY_ASSIGN(const ledger::Head head, ledger_->ReadHead());
  Status out;
  const LeafIndex from{ToNumber(seen_)}, to{ToNumber(head.size)};
  ASSAY_TRY(ledger_->ReadLines(from, to, [&](LeafIndex index, std::string_view text) {
    const auto line = Line::Decode(text);
    if (!line || !IsStatement(line->Text("kind"))) return true;
    const bool exception = line->Has("exception");
    out = Fail(Error{
        Code::kAlreadyExists,
        fmt::format("{}-{}: {} decided meanwhile ({}, entry {}): nothing was written",
                    exception ? "E" : "AT", line->Int(exception ? "exception" : "attestation"),
                    line->Text("actor"), line->Text("kind"), ToNumber(index)),
        {},
        "look at it again, then decide",
        {},
        {}});
    return false;
  }));
  return out;
}

Status StatementDesk::Write(ledger::EntryDraft draft,
                            const std::map<std::string, std::string>& said) {
  if (terms_.dry_run) return {};
  ASSAY_TRY(NobodyElse());
  if (const std::string segment = SegmentOf(said); !segment.empty()) {
    ASSAY_ASSIGN(draft.body, ledger_->PutSegments({segment}));
  }
  ASSAY_ASSIGN(const LeafIndex index,
               AppendStatement(*ledger_, std::move(draft), statements_.last()));
  ASSAY_ASSIGN(StatementEntry entry, ReadStatement(*ledger_, index));
  if (!statements_.Take(std::move(entry)))
    return Fail(Code::kAlreadyExists,
                fmt::format("it ended meanwhile: entry {} changes nothing", ToNumber(index)));
  ASSAY_ASSIGN(const ledger::Head head, ledger_->ReadHead());
  seen_ = head.size;
  return {};
}

Status StatementDesk::CheckEnd(Timestamp expires, std::chrono::seconds most,
                               const char* what) const {
  if (expires <= terms_.now)
    return Fail(Code::kInvalidInput, std::string(what) + " would be over already");
  if (expires > terms_.now + most + std::chrono::hours(24))  // a date means the end of its day
    return Fail(Code::kInvalidInput,
                fmt::format("{} would last longer than the maximum here, {} days", what,
                            std::chrono::duration_cast<std::chrono::hours>(most).count() / 24));
  return {};
}

Result<uint64_t> StatementDesk::Request(const ExceptionRequest& request) {
  ASSAY_TRY(CheckText("the reason", request.reason, true));
  ASSAY_TRY(CheckText("what compensates", request.compensating, false));
  ASSAY_TRY(CheckEnd(request.expires, terms_.max_age, "the exception"));
  if (request.wildcard && !terms_.allow_wildcard)
    return Fail(Error{Code::kInvalidInput,
                      "an exception for every subject of " + request.check + " is not allowed here",
                      {},
                      "name the subject, or set allow_wildcard in [exceptions]",
                      {},
                      {}});
  if (request.compensating_check == request.check)
    return Fail(Code::kInvalidInput, "check " + request.check + " cannot compensate for itself");
  if (const Exception* open =
          statements_.OpenFor(request.check, request.subject, request.wildcard, terms_.now))
    return Fail(
        Error{Code::kAlreadyExists,
              fmt::format("{} is {} for the same subject", Id(*open), Name(open->At(terms_.now))),
              {},
              "assay exception renew " + Id(*open),
              {},
              {}});
  const uint64_t number = statements_.next_exception();
  ledger::EntryDraft draft = Draft("exception.requested", terms_.actor, "exception", number);
  draft.members.emplace("check", request.check);
  draft.members.emplace("expires", FormatTime(request.expires));
  if (!request.compensating_check.empty())
    draft.members.emplace("compensating_check", request.compensating_check);
  if (request.finding != 0) draft.members.emplace("finding", request.finding);
  if (request.wildcard) draft.members.emplace("wildcard", 1);
  ASSAY_TRY(Write(std::move(draft), {{"reason", request.reason},
                                     {"compensating", request.compensating},
                                     {"label", request.label},
                                     {"subject", request.wildcard ? "" : request.subject}}));
  return number;
}

Result<Exception> StatementDesk::OpenException(uint64_t number) const {
  const Exception* found = statements_.FindException(number);
  if (found == nullptr)
    return Fail(Error{Code::kNotFound,
                      fmt::format("E-{}: no such exception", number),
                      {},
                      "assay exception list",
                      {},
                      {}});
  if (found->IsOpen(terms_.now)) return *found;
  return Fail(Error{
      Code::kAlreadyExists,
      fmt::format("E-{} is {}: nothing changes it any more", number, Name(found->At(terms_.now))),
      {},
      "a new request begins anew: assay exception request",
      {},
      {}});
}

Status StatementDesk::MayApprove(const Exception& exception) const {
  if (!terms_.approver)
    return Fail(Error{
        Code::kDenied,
        fmt::format("{}: {} has no role that approves exceptions", Id(exception), terms_.actor),
        {},
        "approvers in [exceptions] and os_user in [[roles.map]] say who may",
        {},
        {}});
  const std::string& asked = exception.renewal ? exception.renewal_by : exception.requested_by;
  if (!terms_.four_eyes || asked != terms_.actor) return {};
  return Fail(Error{
      Code::kDenied,
      fmt::format("{} was asked for by {}: somebody else must approve it", Id(exception), asked),
      {},
      "four_eyes in [exceptions]; a person is an account of this machine",
      {},
      {}});
}

Status StatementDesk::Approve(uint64_t number, const std::string& note) {
  ASSAY_TRY(CheckText("the note", note, false));
  ASSAY_ASSIGN(const Exception found, OpenException(number));
  const bool waits = found.At(terms_.now) == ExceptionState::kRequested || found.renewal;
  if (!waits)
    return Fail(Code::kAlreadyExists, fmt::format("{} is {} already, approved by {}", Id(found),
                                                  Name(found.At(terms_.now)), found.approved_by));
  ASSAY_TRY(MayApprove(found));
  if (found.wildcard && !terms_.allow_wildcard)
    return Fail(Code::kInvalidInput,
                Id(found) + " is for every subject, which is not allowed here");
  return Write(Draft("exception.approved", terms_.actor, "exception", number), {{"note", note}});
}

Status StatementDesk::Reject(uint64_t number, const std::string& note) {
  ASSAY_TRY(CheckText("the note", note, false));
  ASSAY_ASSIGN(const Exception found, OpenException(number));
  const bool waits = found.At(terms_.now) == ExceptionState::kRequested || found.renewal;
  if (!waits)
    return Fail(Error{Code::kAlreadyExists,
                      fmt::format("{} is {}: nothing waits for a decision", Id(found),
                                  Name(found.At(terms_.now))),
                      {},
                      "assay exception revoke " + Id(found),
                      {},
                      {}});
  if (!terms_.approver) return MayApprove(found);
  return Write(Draft("exception.rejected", terms_.actor, "exception", number), {{"note", note}});
}

Status StatementDesk::Renew(uint64_t number, Timestamp expires, const std::string& why) {
  ASSAY_TRY(CheckText("the reason", why, true));
  ASSAY_ASSIGN(const Exception found, OpenException(number));
  ASSAY_TRY(CheckEnd(expires, terms_.max_age, "the exception"));
  if (found.At(terms_.now) == ExceptionState::kRequested)
    return Fail(Code::kAlreadyExists, Id(found) + " waits for approval: there is nothing to renew");
  if (expires <= found.expires)
    return Fail(Code::kInvalidInput, Id(found) + " ends later than that already");
  ledger::EntryDraft draft = Draft("exception.renewed", terms_.actor, "exception", number);
  draft.members.emplace("expires", FormatTime(expires));
  return Write(std::move(draft), {{"note", why}});
}

Status StatementDesk::Revoke(uint64_t number, const std::string& note) {
  ASSAY_TRY(CheckText("the note", note, false));
  ASSAY_ASSIGN(const Exception found, OpenException(number));
  return Write(Draft("exception.revoked", terms_.actor, "exception", number), {{"note", note}});
}

Result<uint64_t> StatementDesk::Attest(const AttestationRequest& request) {
  ASSAY_TRY(CheckAttestation(request));
  ASSAY_TRY(CheckEnd(request.expires, kLongestAttestation, "the attestation"));
  const std::string& id = request.check.empty() ? request.control : request.check;
  if (const Attestation* valid = statements_.Attesting(request.framework, id, terms_.now))
    return Fail(Error{Code::kAlreadyExists,
                      fmt::format("{} is valid for {}", Id(*valid), valid->About()),
                      {},
                      "assay attest renew " + Id(*valid),
                      {},
                      {}});
  const uint64_t number = statements_.next_attestation();
  ledger::EntryDraft draft = Draft("attestation.added", terms_.actor, "attestation", number);
  draft.members.emplace("expires", FormatTime(request.expires));
  if (request.check.empty()) {
    draft.members.emplace("framework", request.framework);
    draft.members.emplace("control", request.control);
  } else {
    draft.members.emplace("check", request.check);
  }
  ASSAY_TRY(Write(std::move(draft), Said(request)));
  return number;
}

Result<Attestation> StatementDesk::FindAttestation(uint64_t number) const {
  const Attestation* found = statements_.FindAttestation(number);
  if (found == nullptr)
    return Fail(Error{Code::kNotFound,
                      fmt::format("AT-{}: no such attestation", number),
                      {},
                      "assay attest list",
                      {},
                      {}});
  if (found->told == AttestationState::kRevoked)
    return Fail(Code::kAlreadyExists, Id(*found) + " is revoked: nothing changes it any more");
  return *found;
}

Status StatementDesk::RenewAttestation(uint64_t number, const AttestationRequest& request) {
  ASSAY_TRY(CheckAttestation(request));
  ASSAY_TRY(CheckEnd(request.expires, kLongestAttestation, "the attestation"));
  ASSAY_ASSIGN(const Attestation found, FindAttestation(number));
  if (request.expires <= found.expires)
    return Fail(Code::kInvalidInput, Id(found) + " ends later than that already");
  ledger::EntryDraft draft = Draft("attestation.renewed", terms_.actor, "attestation", number);
  draft.members.emplace("expires", FormatTime(request.expires));
  return Write(std::move(draft), Said(request));
}

Status StatementDesk::RevokeAttestation(uint64_t number, const std::string& note) {
  ASSAY_TRY(CheckText("the note", note, false));
  ASSAY_ASSIGN(const Attestation found, FindAttestation(number));
  return Write(Draft("attestation.revoked", terms_.actor, "attestation", number), {{"note", note}});
}

}  // namespace assay::assess
