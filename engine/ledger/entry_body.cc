#include "ledger/entry_body.h"

#include <fmt/format.h>

#include "ledger/absent.h"
#include "ledger/chain.h"
#include "ledger/seal.h"

namespace assay::ledger {
namespace {

std::string RawOf(const LineFacts& facts) {
  auto raw = proof::TextAt(facts.members, "raw");
  return raw ? *raw : std::string();
}

/// Why a body is not stored; empty when nothing says so.
Result<std::string> WhyAbsent(LedgerStore& store, const LineFacts& facts) {
  if (RawOf(facts) == "none") return std::string(kNeverKept);
  ASSAY_ASSIGN(const AbsenceBook book, AbsenceBook::Read(store));
  if (book.tenant()) return SayErased(book.tenant()->reason, book.tenant()->time);
  for (const Expiry& expiry : book.expiries())
    if (expiry.class_name == RetentionClassOf(facts.kind) && facts.index <= expiry.through)
      return SayExpired(expiry.time);
  return std::string();
}

Status ExplainSegments(LedgerStore& store, const LineFacts& facts, const OpenedBody& body,
                       EntryBody& out) {
  if (body.erased().empty()) return {};
  ASSAY_ASSIGN(const AbsenceBook book, AbsenceBook::Read(store));
  for (const auto& [segment, leaf] : body.erased())
    if (RawOf(facts) == "redacted") out.absent_segments[segment] = kNeverKept;
  for (const RecordErasure& erasure : book.records()) {
    if (erasure.root != facts.body->root) continue;
    for (const uint64_t segment : erasure.segments)
      if (body.erased().contains(segment))
        out.absent_segments[segment] = SayErased(erasure.reason, erasure.time);
  }
  if (out.absent_segments.size() != body.erased().size())
    return Fail(
        Code::kCorrupt,
        fmt::format("body of entry {}: segments are absent and no entry says why", facts.index));
  return {};
}

}  // namespace

Result<EntryBody> ReadEntryBody(LedgerStore& store, const TenantKeys* keys, const TenantId& tenant,
                                LeafIndex index) {
  ASSAY_ASSIGN(const std::string line, ReadOneLine(store, ToNumber(index)));
  ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
  EntryBody out;
  if (!facts.body) return out;
  out.scheme = facts.body->scheme;
  ASSAY_ASSIGN(const std::optional<SealedBody> sealed, store.FindBody(facts.body->root));
  if (!sealed) {
    ASSAY_ASSIGN(out.absent, WhyAbsent(store, facts));
    if (out.absent.empty())
      return Fail(Code::kCorrupt, fmt::format("body of entry {}: missing", facts.index));
    return out;
  }
  if (keys == nullptr) return Fail(Code::kDenied, "body: no master key to open it with");
  ASSAY_ASSIGN(const OpenedBody body, OpenedBody::Open({tenant, sealed->epoch, *keys}, *sealed));
  ASSAY_TRY(ExplainSegments(store, facts, body, out));
  for (const ByteSpan segment : body.segments())
    out.segments.emplace_back(segment.begin(), segment.end());
  return out;
}

Status VisitStored(LedgerStore& store, const TenantKeys* keys, const TenantId& tenant,
                   const std::function<bool(const StoredBody&)>& visit) {
  ASSAY_ASSIGN(const std::vector<std::string> files, store.EvidenceFiles());
  if (keys == nullptr && !files.empty())
    return Fail(Code::kDenied, "bodies: no master key to open them with");
  for (const std::string& file : files) {
    ASSAY_ASSIGN(const std::vector<Digest> roots, store.RootsIn(file));
    for (const Digest& root : roots) {
      ASSAY_ASSIGN(const std::optional<SealedBody> sealed, store.FindBodyIn(file, root));
      if (!sealed) continue;  // removed by another process meanwhile
      ASSAY_ASSIGN(const OpenedBody body,
                   OpenedBody::Open({tenant, sealed->epoch, *keys}, *sealed));
      StoredBody view{root, file, body.scheme(), body.segments(), {}};
      for (const auto& [segment, leaf] : body.erased()) view.erased.push_back(segment);
      if (!visit(view)) return {};
    }
  }
  return {};
}

}  // namespace assay::ledger
