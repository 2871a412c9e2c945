#include "assess/privacy.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/line.h"
#include "base/text.h"

namespace assay::assess {
namespace {

constexpr uint64_t kOpenEnd = (uint64_t{1} << 53) - 1;

/// The segment of an entry's body that says who asked and why.
std::string Note(const ErasureRequest& request) {
  return fmt::format("{{\"actor\":{},\"ticket\":{}}}", JsonString(request.actor),
                     JsonString(request.ticket));
}

Result<Line> LineAt(ledger::Ledger& ledger, LeafIndex index) {
  ASSAY_ASSIGN(const std::string text, ledger.ReadLine(index));
  return Line::Decode(text);
}

/// Fills in what stands in the ledger, after the head is signed.
Status Conclude(ledger::Ledger& ledger, Receipt& receipt) {
  ASSAY_TRY(ledger.SignCheckpoint());
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  receipt.size = ToNumber(head.size);
  receipt.root = head.root;
  ASSAY_ASSIGN(const Line last, LineAt(ledger, LeafIndex{receipt.entries.back()}));
  receipt.time = last.Text("time");
  receipt.tenant = last.Text("tenant");
  ASSAY_ASSIGN(const Line first, LineAt(ledger, LeafIndex{0}));
  receipt.origin = first.Text("origin");
  return {};
}

Result<Receipt> Begin(std::string scope, const ErasureRequest& request) {
  Receipt out;
  ASSAY_ASSIGN(out.id, NewReceiptId());
  out.scope = std::move(scope);
  out.reason = request.reason;
  out.ticket = request.ticket;
  return out;
}

Status EraseAll(ledger::Ledger& ledger, const ErasureRequest& request,
                const std::vector<ledger::BodySegments>& bodies, Receipt& receipt) {
  ASSAY_ASSIGN(const ledger::ErasureDone done,
               ledger.Erase({request.reason, receipt.id, request.actor}, bodies));
  for (const LeafIndex index : done.entries) receipt.entries.push_back(ToNumber(index));
  receipt.bodies = done.bodies;
  receipt.records = done.segments;
  return {};
}

bool IsHoldId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<bool> IsHeld(ledger::Ledger& ledger, const std::string& id, bool in_force) {
  ASSAY_ASSIGN(const ledger::AbsenceBook book, ledger.ReadAbsences());
  return std::any_of(book.holds().begin(), book.holds().end(), [&](const ledger::Hold& hold) {
    return hold.id == id && !(in_force && hold.released);
  });
}

Result<LeafIndex> AppendHold(ledger::Ledger& ledger, std::string kind, ledger::MemberMap members,
                             const ErasureRequest& why) {
  ledger::EntryDraft draft{std::move(kind), why.actor, std::move(members), {}};
  ASSAY_ASSIGN(draft.body, ledger.PutSegments({Note(why)}));
  ASSAY_ASSIGN(const ledger::Appended appended, ledger.AppendDurably(std::move(draft)));
  ASSAY_TRY(ledger.SignCheckpoint());
  return appended.index;
}

}  // namespace

Result<Receipt> EraseSubject(ledger::Ledger& ledger, const SubjectMatcher& matcher,
                             const SubjectFind& found, const ErasureRequest& request) {
  ASSAY_ASSIGN(Receipt receipt, Begin("subject", request));
  std::vector<ledger::BodySegments> bodies;
  for (const SubjectBody& body : found.bodies) bodies.push_back({body.root, body.segments});
  ASSAY_TRY(EraseAll(ledger, request, bodies, receipt));
  ledger::EntryDraft draft{"erasure.subject",
                           request.actor,
                           {{"reason", request.reason},
                            {"receipt", receipt.id},
                            {"bodies", receipt.bodies},
                            {"records", receipt.records}},
                           {}};
  ASSAY_ASSIGN(draft.body, ledger.PutSegments({Note(request)}));
  ASSAY_ASSIGN(const ledger::Appended appended, ledger.AppendDurably(std::move(draft)));
  receipt.entries.push_back(ToNumber(appended.index));
  ASSAY_ASSIGN(const SubjectFind again, FindSubject(ledger, matcher));
  for (const SubjectBody& left : again.bodies) {
    const bool the_ticket_names_them =
        left.scheme == "seg/1" && again.bodies.size() == 1 && !matcher.Find(request.ticket).empty();
    if (!the_ticket_names_them)
      return Fail(Code::kCorrupt,
                  "erasure " + receipt.id + ": the subject is still found in " + left.file);
  }
  ASSAY_TRY(Conclude(ledger, receipt));
  return receipt;
}

Result<Receipt> EraseRecord(ledger::Ledger& ledger, LeafIndex entry, uint64_t segment,
                            const ErasureRequest& request) {
  ASSAY_ASSIGN(const Line line, LineAt(ledger, entry));
  if (line.BodyRoot().empty())
    return Fail(Code::kNotFound, fmt::format("entry {}: has no body", ToNumber(entry)));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(line.BodyRoot()));
  ASSAY_ASSIGN(const Digest root, ToDigest(bytes));
  ASSAY_ASSIGN(Receipt receipt, Begin("record", request));
  ASSAY_TRY(EraseAll(ledger, request, {{root, {segment}}}, receipt));
  if (receipt.entries.empty())
    return Fail(Code::kAlreadyExists,
                fmt::format("entry {}, segment {}: erased already", ToNumber(entry), segment));
  ASSAY_TRY(Conclude(ledger, receipt));
  return receipt;
}

Result<Receipt> EraseTenant(ledger::Ledger& ledger, const ErasureRequest& request) {
  ASSAY_ASSIGN(Receipt receipt, Begin("tenant", request));
  ASSAY_ASSIGN(const LeafIndex index,
               ledger.EraseTenant({request.reason, receipt.id, request.actor}, {Note(request)}));
  receipt.entries.push_back(ToNumber(index));
  ASSAY_TRY(Conclude(ledger, receipt));
  return receipt;
}

Result<LeafIndex> PlaceHold(ledger::Ledger& ledger, const std::string& id, LeafIndex first,
                            std::optional<LeafIndex> last, const ErasureRequest& why) {
  if (!IsHoldId(id))
    return Fail(Code::kInvalidInput, "hold " + Quote(id) + ": letters, digits and hyphens only");
  ASSAY_ASSIGN(const bool known, IsHeld(ledger, id, false));
  if (known) return Fail(Code::kAlreadyExists, "hold " + id + ": was placed before");
  const uint64_t end = last ? ToNumber(*last) : kOpenEnd;
  if (end < ToNumber(first))
    return Fail(Code::kInvalidInput, "hold " + id + ": its last entry is before its first");
  return AppendHold(ledger, "hold.placed",
                    {{"hold", id}, {"first", ToNumber(first)}, {"last", end}}, why);
}

Result<LeafIndex> ReleaseHold(ledger::Ledger& ledger, const std::string& id,
                              const ErasureRequest& why) {
  ASSAY_ASSIGN(const bool held, IsHeld(ledger, id, true));
  if (!held) return Fail(Code::kNotFound, "hold " + Quote(id) + ": not in force");
  return AppendHold(ledger, "hold.released", {{"hold", id}}, why);
}

std::vector<ledger::RetentionRule> RetentionRules(const config::Config& config) {
  std::vector<ledger::RetentionRule> out;
  if (config.retention.raw_bodies) out.push_back({"raw", *config.retention.raw_bodies});
  if (config.retention.facts) out.push_back({"facts", *config.retention.facts});
  return out;
}

}  // namespace assay::assess
