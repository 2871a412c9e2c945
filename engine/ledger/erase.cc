#include "ledger/erase.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ledger/seal.h"
#include "proof/sha256.h"

namespace assay::ledger {
namespace {

constexpr size_t kPerEntry = 256;
constexpr std::string_view kReasons[] = {"privacy", "mistake", "contract", "court"};

Status CheckOrder(const ErasureOrder& order) {
  if (std::find(std::begin(kReasons), std::end(kReasons), order.reason) == std::end(kReasons))
    return Fail(Error{Code::kInvalidInput,
                      "erasure: reason " + Quote(order.reason) + " is unknown",
                      {},
                      "privacy, mistake, contract or court",
                      {},
                      {}});
  if (order.receipt.empty()) return Fail(Code::kInvalidInput, "erasure: no receipt id");
  return {};
}

/// A stored body with its plain content.
struct Opened {
  SealedBody sealed;
  OpenedBody plain;
};

Result<Opened> OpenStored(const EraseContext& context, const Digest& root) {
  ASSAY_ASSIGN(std::optional<SealedBody> body, context.store.FindBody(root));
  if (!body) return Fail(Code::kNotFound, "body " + EncodeBase64(root) + ": not in the ledger");
  ASSAY_ASSIGN(OpenedBody plain,
               OpenedBody::Open({context.tenant, body->epoch, context.keys}, *body));
  return Opened{std::move(*body), std::move(plain)};
}

/// Those that are still there, ascending, each once.
Result<std::vector<uint64_t>> StillThere(const OpenedBody& body, std::vector<uint64_t> wanted) {
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (!wanted.empty() && wanted.back() >= body.segments().size())
    return Fail(Code::kInvalidInput,
                fmt::format("segment {}: the body has {}", wanted.back(), body.segments().size()));
  std::erase_if(wanted, [&](uint64_t segment) { return body.erased().contains(segment); });
  return wanted;
}

EntryDraft DraftErasure(const ErasureOrder& order, const Digest& root,
                        const std::vector<uint64_t>& segments, const ErasedSegments& after) {
  MemberList numbers;
  for (const uint64_t segment : segments) numbers.emplace_back(segment);
  return {"erasure.record",
          order.actor,
          {{"reason", order.reason},
           {"receipt", order.receipt},
           {"root", EncodeBase64(root)},
           {"segments", std::move(numbers)},
           {"erased", EncodeBase64(proof::Sha256(EncodeErased(after)))}},
          {}};
}

Result<LeafIndex> AppendAndWait(GroupWriter& writer, const EntryDraft& draft) {
  ASSAY_ASSIGN(const PreparedLine line, PrepareLine(draft));
  ASSAY_ASSIGN(const Appended appended, writer.AppendDurably(line));
  return appended.index;
}

Status Rewrite(const EraseContext& context, const Opened& body, const ErasedSegments& erased) {
  ASSAY_ASSIGN(const SealedBody left, SealWithout({context.tenant, body.sealed.epoch, context.keys},
                                                  body.plain, body.sealed, erased));
  return context.writer.Do([&] { return context.store.RewriteBody(left); });
}

Status EraseOne(const EraseContext& context, const ErasureOrder& order, const BodySegments& wanted,
                ErasureDone& done) {
  ASSAY_ASSIGN(const Opened body, OpenStored(context, wanted.root));
  ASSAY_ASSIGN(const std::vector<uint64_t> segments, StillThere(body.plain, wanted.segments));
  if (segments.empty()) return {};
  std::vector<uint64_t> so_far;
  for (size_t first = 0; first < segments.size(); first += kPerEntry) {
    const auto begin = segments.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count = std::min(kPerEntry, segments.size() - first);
    const std::vector<uint64_t> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    so_far.insert(so_far.end(), some.begin(), some.end());
    ASSAY_ASSIGN(const LeafIndex index,
                 AppendAndWait(context.writer, DraftErasure(order, wanted.root, some,
                                                            ErasedWith(body.plain, so_far))));
    done.entries.push_back(index);
  }
  ++done.bodies;
  done.segments += segments.size();
  return Rewrite(context, body, ErasedWith(body.plain, segments));
}

// A body that does not open is left as it is: verification names it.
Status Complete(const EraseContext& context, const AbsenceBook& book,
                const RecordErasure& erasure) {
  ASSAY_ASSIGN(const std::optional<SealedBody> stored, context.store.FindBody(erasure.root));
  if (!stored || proof::Sha256(stored->erased) == erasure.column) return {};
  auto body = OpenStored(context, erasure.root);
  if (!body) return body.error().code == Code::kCorrupt ? Status{} : Fail(body.error());
  const ErasedSegments erased = ErasedWith(body->plain, book.SegmentsErased(erasure.root));
  if (proof::Sha256(EncodeErased(erased)) != erasure.column) return {};
  return Rewrite(context, *body, erased);
}

/// Visits the root of each body that an entry of [from, to) refers to.
Status VisitRoots(LedgerStore& store, uint64_t from, uint64_t to,
                  const std::function<void(uint64_t, const Digest&)>& visit) {
  Status status;
  ASSAY_TRY(store.ReadLines(from, to, [&](LeafIndex index, std::string_view line) {
    if (line.find("\"body\":{") == std::string_view::npos) return true;
    const auto facts = ParseLine(line);
    if (!facts) status = Fail(facts.error());
    if (facts && facts->body) visit(ToNumber(index), facts->body->root);
    return status.has_value();
  }));
  return status;
}

Error HeldError(const std::string& what, const std::vector<std::string>& holds) {
  return Error{Code::kDenied,
               what + ": under legal hold " + Join(holds, ", "),
               {},
               "assay hold list; nothing under a hold is erased or expires",
               {},
               {}};
}

}  // namespace

Result<std::set<Digest>> HeldRoots(LedgerStore& store, const AbsenceBook& book) {
  std::set<Digest> out;
  for (const Hold& hold : book.holds()) {
    if (hold.released) continue;
    ASSAY_TRY(VisitRoots(store, hold.first, hold.last + 1,
                         [&](uint64_t, const Digest& root) { out.insert(root); }));
  }
  return out;
}

Result<std::vector<std::string>> HoldsOn(LedgerStore& store, const AbsenceBook& book,
                                         const Digest& root) {
  std::vector<std::string> out;
  for (const Hold& hold : book.holds()) {
    bool binds = false;
    if (hold.released) continue;
    ASSAY_TRY(VisitRoots(store, hold.first, hold.last + 1,
                         [&](uint64_t, const Digest& one) { binds = binds || one == root; }));
    if (binds) out.push_back(hold.id);
  }
  return out;
}

Result<ErasureDone> EraseSegments(const EraseContext& context, const ErasureOrder& order,
                                  const std::vector<BodySegments>& bodies) {
  ASSAY_TRY(CheckOrder(order));
  ASSAY_ASSIGN(const MaintenanceLock lock, context.Lock());
  ASSAY_ASSIGN(const AbsenceBook book, AbsenceBook::Read(context.store));
  ASSAY_ASSIGN(const std::set<Digest> held, HeldRoots(context.store, book));
  for (const BodySegments& body : bodies) {
    if (!held.contains(body.root)) continue;
    ASSAY_ASSIGN(const std::vector<std::string> holds, HoldsOn(context.store, book, body.root));
    return Fail(HeldError("body " + EncodeBase64(body.root), holds));
  }
  ErasureDone done;
  for (const BodySegments& body : bodies) ASSAY_TRY(EraseOne(context, order, body, done));
  return done;
}

Result<LeafIndex> EraseTenant(const EraseContext& context, const ErasureOrder& order,
                              std::optional<BodyRef> note) {
  ASSAY_TRY(CheckOrder(order));
  ASSAY_ASSIGN(const MaintenanceLock lock, context.Lock());
  ASSAY_ASSIGN(const AbsenceBook book, AbsenceBook::Read(context.store));
  std::vector<std::string> holds;
  for (const Hold& hold : book.holds())
    if (!hold.released) holds.push_back(hold.id);
  if (!holds.empty()) return Fail(HeldError("tenant " + context.tenant.text(), holds));
  ASSAY_ASSIGN(
      const LeafIndex index,
      AppendAndWait(context.writer, {"erasure.tenant",
                                     order.actor,
                                     {{"reason", order.reason}, {"receipt", order.receipt}},
                                     std::move(note)}));
  ASSAY_TRY(context.writer.Do([&] { return context.store.DestroyEvidence(); }));
  return index;
}

Status CompleteErasures(const EraseContext& context, bool all) {
  ASSAY_ASSIGN(const auto subjects, context.store.ReadLandmarks("erasure.subject"));
  ASSAY_ASSIGN(const auto expiries, context.store.ReadLandmarks("retention."));
  const uint64_t first = all || subjects.empty() ? 0 : subjects.back().index;
  constexpr std::string_view kErasures[] = {"erasure."};
  ASSAY_ASSIGN(const AbsenceBook book, AbsenceBook::Read(context.store, kErasures, first));
  if (book.records().empty() && subjects.empty() && expiries.empty()) return {};
  const auto lock = MaintenanceLock::Take(context.directory, MaintenanceLock::Use::kRemove,
                                          std::chrono::milliseconds(0));
  if (!lock) return lock.error().code == Code::kUnavailable ? Status{} : Fail(lock.error());
  // A reader inside keeps old pages of a log alive. That must not keep others from writing: what
  // is left is done at the next opening.
  const auto unless_read = [](Status status) {
    return !status && status.error().code == Code::kUnavailable ? Status{} : status;
  };
  for (const RecordErasure& erasure : book.records())
    if (book.NewestOf(erasure.root) == &erasure)
      ASSAY_TRY(unless_read(Complete(context, book, erasure)));
  return unless_read(context.writer.Do([&] { return context.store.EmptyEvidenceLogs(); }));
}

Status RefuseErasedTenant(LedgerStore& store, const TenantId& tenant) {
  constexpr std::string_view kWhole[] = {"erasure.tenant"};
  ASSAY_ASSIGN(const AbsenceBook book, AbsenceBook::Read(store, kWhole));
  if (!book.tenant()) return {};
  ASSAY_ASSIGN(const auto keys, store.ReadKeys());
  ASSAY_ASSIGN(const std::vector<std::string> files, store.EvidenceFiles());
  if (!keys.empty() || !files.empty()) ASSAY_TRY(store.DestroyEvidence());
  return Fail(
      Error{Code::kDenied,
            fmt::format("tenant {}: {}, receipt {}: its keys are destroyed, nothing is "
                        "added to this ledger",
                        tenant.text(), SayErased(book.tenant()->reason, book.tenant()->time),
                        book.tenant()->receipt),
            {},
            "the ledger still verifies: assay ledger verify",
            {},
            {}});
}

}  // namespace assay::ledger
