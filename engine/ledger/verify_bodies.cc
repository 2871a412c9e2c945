#include "ledger/verify_bodies.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ledger/seal.h"
#include "ledger/two_threads.h"
#include "proof/sha256.h"

namespace assay::ledger {
namespace {

Result<Digest> RedactedOf(const LineFacts& facts) {
  ASSAY_ASSIGN(const std::string text, proof::TextAt(facts.members, "erased"));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(text));
  return ToDigest(bytes);
}

tl::unexpected<Error> Bad(const SealedBody& body, const std::string& why) {
  return Fail(Code::kCorrupt, body.place + ": " + why);
}

}  // namespace

struct BodyAudit::Seen {
  std::pair<const Digest, BodyUse>* body = nullptr;
  Status status;
  std::string absent;  ///< what explains it, of the whole or of a part
  bool opened = false, expired = false;
};

void BodyAudit::StartWith(const AbsenceBook& book, uint64_t entries) {
  book_ = book;
  first_ = entries;
}

Status BodyAudit::Take(const LineFacts& facts) {
  ASSAY_TRY(book_.Take(facts));
  if (!facts.body) return {};
  BodyUse& use = uses_[facts.body->root];
  if (use.entries.empty()) use.ref = *facts.body;
  use.entries.push_back(facts.index);
  use.class_name = RetentionClassOf(facts.kind);
  const auto raw = facts.kind == "read" ? proof::TextAt(facts.members, "raw") : std::string();
  if (!raw) return {};
  if (*raw == "none") use.never_kept = true;
  if (*raw == "redacted") {
    ASSAY_ASSIGN(use.redacted, RedactedOf(facts));
  }
  return {};
}

void BodyAudit::Run(VerifyReport& report,
                    const std::function<void(std::string, std::string)>& find) {
  CheckAll(find);
  report.bodies = uses_.size();
  report.bodies_opened = opened_;
  report.absent = absent_;
  for (const Status& status : {CheckEarlierErased(), CheckExpired(), CheckSubjects()})
    if (!status) find("ledger.db", status.error().message);
  if (!book_.tenant()) return;
  const auto keys = in_.store.ReadKeys();
  if (keys && !keys->empty())
    find("keys.db", fmt::format("erasure.tenant of entry {} was not carried out: keys are there",
                                book_.tenant()->index));
}

void BodyAudit::CheckAll(const std::function<void(std::string, std::string)>& find) {
  auto next = uses_.begin();
  const auto give = [&](Seen& seen) {
    if (next == uses_.end()) return false;
    seen = Seen{&*next++, {}, {}, false, false};
    return true;
  };
  const auto check = [this](Seen& seen) {
    seen.status = CheckOne(seen.body->first, seen.body->second, seen);
  };
  const auto take = [&](const Seen& seen) {
    const BodyUse& use = seen.body->second;
    if (!seen.absent.empty()) ++absent_[seen.absent];
    if (seen.expired) ++expired_[use.class_name];
    opened_ += seen.opened ? 1 : 0;
    if (!seen.status)
      find(fmt::format("body of entry {}", use.entries.front()), seen.status.error().message);
    return true;
  };
  TwoThreads<Seen>({give, check, take}).Run();
}

Status BodyAudit::CheckOne(const Digest& root, const BodyUse& use, Seen& seen) const {
  ASSAY_ASSIGN(const std::optional<SealedBody> body, in_.store.FindBody(root));
  return body ? CheckStored(use, *body, seen) : Explain(use, seen);
}

Status BodyAudit::CheckEarlierErased() const {
  for (const RecordErasure& erasure : book_.records()) {
    if (first_ == 0 || erasure.index < first_ || uses_.count(erasure.root) != 0) continue;
    if (book_.NewestOf(erasure.root) != &erasure) continue;
    ASSAY_ASSIGN(const std::optional<SealedBody> body, in_.store.FindBody(erasure.root));
    BodyUse use;
    Seen seen;
    if (body) ASSAY_TRY(CheckColumn(use, *body, seen));
  }
  return {};
}

Status BodyAudit::CheckStored(const BodyUse& use, const SealedBody& body, Seen& seen) const {
  const BodyRef& ref = use.ref;
  if (body.ref.len != ref.len || body.ref.records != ref.records || body.ref.scheme != ref.scheme)
    return Bad(body, "body is not the one that the entry describes");
  if (book_.tenant())
    return Bad(
        body, fmt::format("erasure.tenant of entry {} was not carried out", book_.tenant()->index));
  if (use.never_kept) return Bad(body, "the entry says that the body was never kept");
  ASSAY_TRY(CheckColumn(use, body, seen));
  return in_.keys == nullptr ? Status{} : Open(body, seen);
}

Status BodyAudit::CheckColumn(const BodyUse& use, const SealedBody& body, Seen& seen) const {
  const RecordErasure* newest = book_.NewestOf(body.ref.root);
  const bool matches = newest != nullptr ? proof::Sha256(body.erased) == newest->column
                       : use.redacted    ? proof::Sha256(body.erased) == *use.redacted
                                         : body.erased.empty();
  if (!matches && newest != nullptr)
    return Bad(body, fmt::format("erasure of entry {} was not carried out, or other segments are "
                                 "absent than it says",
                                 newest->index));
  if (!matches) return Bad(body, "segments are absent, and no entry explains which");
  if (body.erased.empty()) return {};
  seen.absent = newest != nullptr ? "erased (" + newest->reason + ")" : "never kept";
  return CheckErased(use, body);
}

// What must hold of every body that segments were taken out of.
Status BodyAudit::CheckErased(const BodyUse& use, const SealedBody& body) const {
  const uint64_t segments = SegmentsOf(body.ref);
  auto erased = DecodeErased(body.erased, segments);
  if (!erased) return Bad(body, erased.error().message);
  if (body.ident) return Bad(body, "ident of a body with erased segments");
  const bool nothing_left = erased->size() == segments;
  if (nothing_left != body.parts.empty() || nothing_left != body.wrapped_key.empty())
    return Bad(body, "parts or key are not those of what is left");
  for (const RecordErasure& erasure : book_.records())
    if (erasure.root == body.ref.root) ASSAY_TRY(CheckHolds(use, erasure.index, "erased"));
  return {};
}

Status BodyAudit::Open(const SealedBody& body, Seen& seen) const {
  const SealContext context{in_.tenant, body.epoch, *in_.keys};
  auto opened = OpenedBody::Open(context, body);
  if (!opened) return Bad(body, opened.error().message);
  seen.opened = true;
  if (!opened->erased().empty()) return {};
  auto bytes = opened->Bytes();
  if (!bytes) return Bad(body, bytes.error().message);
  const proof::SecretBytes plain(std::move(*bytes));
  if (plain.span().size() != body.ref.len)
    return Bad(body, "body has another length than the entry says");
  if (IdentOfOpened(*in_.keys, *opened, plain.span()) != body.ident)
    return Bad(body, "ident is not that of the body");
  return {};
}

Status BodyAudit::Explain(const BodyUse& use, Seen& seen) const {
  if (use.never_kept) {
    seen.absent = "never kept";
  } else if (const Expiry* expiry = ExpiryOf(use)) {
    seen.absent = "expired";
    seen.expired = true;
    return CheckHolds(use, expiry->index, "expired");
  } else if (book_.tenant()) {
    seen.absent = "erased (" + book_.tenant()->reason + ")";
  } else {
    return Fail(Code::kCorrupt, "body is missing");
  }
  return {};
}

const Expiry* BodyAudit::ExpiryOf(const BodyUse& use) const {
  for (const Expiry& expiry : book_.expiries())
    if (expiry.class_name == use.class_name && use.entries.back() <= expiry.through) return &expiry;
  return nullptr;
}

Status BodyAudit::CheckHolds(const BodyUse& use, uint64_t at, const char* what) const {
  for (const Hold& hold : book_.holds())
    for (const uint64_t entry : use.entries)
      if (hold.Binds(entry, at))
        return Fail(Code::kCorrupt,
                    fmt::format("{} by entry {} while under legal hold {}", what, at, hold.id));
  return {};
}

Status BodyAudit::CheckExpired() const {
  std::map<std::string_view, uint64_t> said;
  for (const Expiry& expiry : book_.expiries()) said[expiry.class_name] += expiry.bodies;
  for (const auto& [name, missing] : expired_)
    if (missing > said[name])
      return Fail(Code::kCorrupt,
                  fmt::format("{} bodies of class {} are missing, {} are said to be expired",
                              missing, name, said[name]));
  return {};
}

Status BodyAudit::CheckSubjects() const {
  for (const Erasure& subject : book_.subjects()) {
    std::set<Digest> bodies;
    uint64_t records = 0;
    for (const RecordErasure& erasure : book_.records()) {
      if (erasure.receipt != subject.receipt || erasure.index > subject.index) continue;
      bodies.insert(erasure.root);
      records += erasure.segments.size();
    }
    if (bodies.size() != subject.bodies || records != subject.records)
      return Fail(
          Code::kCorrupt,
          fmt::format("entry {} says {} bodies and {} records, those before it {} and {}",
                      subject.index, subject.bodies, subject.records, bodies.size(), records));
  }
  return {};
}

}  // namespace assay::ledger
