// Opening a ledger, and the object behind the interface: reads go to the store, writes through the
// one writer thread.
#include "ledger/ledger.h"

#include <fmt/format.h>

#include "ledger/entry_body.h"
#include "ledger/erase.h"
#include "ledger/key_walk.h"
#include "ledger/opening.h"
#include "ledger/proofs.h"
#include "ledger/retention.h"
#include "ledger/seal.h"
#include "ledger/sqlite_store.h"
#include "ledger/verify.h"
#include "ledger/verify_start.h"
#include "proof/body.h"

namespace assay::ledger {
namespace {

Error NoKeysError() {
  return Error{Code::kDenied, "ledger: its keys are destroyed", {}, {}, {}, {}};
}

Error NoSigningKeyError() {
  return Error{Code::kDenied, "ledger: no ledger key to sign with", {}, {}, {}, {}};
}

class LedgerImpl : public Ledger {
 public:
  explicit LedgerImpl(Parts parts) : p_(std::move(parts)) {}

  ~LedgerImpl() override {
    const bool writes = p_.writer != nullptr;
    p_.writer.reset();
    // Best effort: what is committed is safe in the write-ahead log as well.
    if (writes) (void)p_.store->Settle();
  }

  Result<BodyRef> PutBody(ByteSpan bytes, const std::vector<RecordRange>& records) override;
  Result<KeptBody> PutBody(ByteSpan bytes, const std::vector<RecordRange>& records,
                           Keep keep) override;
  Result<BodyRef> PutSegments(const std::vector<std::string>& segments) override;
  PendingEntry Append(EntryDraft draft) override;
  Result<Appended> AppendDurably(EntryDraft draft) override;
  Result<Head> Sync() override {
    return p_.writer ? p_.writer->Sync() : Result<Head>(Fail(Refusal()));
  }
  Result<std::string> SignCheckpoint() override {
    return p_.writer ? p_.writer->Sign() : Result<std::string>(Fail(Refusal()));
  }

  Result<Head> ReadHead() override {
    ASSAY_ASSIGN(const std::optional<StoredHead> head, p_.store->ReadHead());
    if (!head) return Head{TreeSize{0}, proof::Frontier().Root(), 1};
    return Head{TreeSize{head->size}, head->root, head->epoch};
  }
  Result<std::string> ReadLine(LeafIndex index) override {
    return ReadOneLine(*p_.store, ToNumber(index));
  }
  Status ReadLines(LeafIndex from, LeafIndex to,
                   const std::function<bool(LeafIndex, std::string_view)>& visit) override {
    return p_.store->ReadLines(ToNumber(from), ToNumber(to), visit);
  }
  Result<ByteVector> ReadBody(const Digest& root) override {
    ASSAY_ASSIGN(const OpenedBody body, OpenBody(root));
    return body.Bytes();
  }
  Result<std::vector<ByteVector>> ReadSegments(const Digest& root) override {
    ASSAY_ASSIGN(const OpenedBody body, OpenBody(root));
    std::vector<ByteVector> out;
    for (ByteSpan segment : body.segments()) out.emplace_back(segment.begin(), segment.end());
    return out;
  }
  Result<EntryBody> ReadEntryBody(LeafIndex index) override {
    return ledger::ReadEntryBody(*p_.store, p_.keys ? &*p_.keys : nullptr, p_.options.tenant,
                                 index);
  }
  Result<ErasureDone> Erase(const ErasureOrder& order,
                            const std::vector<BodySegments>& bodies) override {
    if (!p_.writer) return Fail(Refusal());
    if (!p_.keys) return Fail(NoKeysError());
    return EraseSegments(Erasing(), order, bodies);
  }
  Result<LeafIndex> EraseTenant(const ErasureOrder& order,
                                const std::vector<std::string>& note) override;
  Result<std::vector<ExpiryDone>> Expire(const std::vector<RetentionRule>& rules,
                                         const std::string& actor, bool dry_run) override {
    if (!p_.writer) return Fail(Refusal());
    if (!p_.keys) return Fail(NoKeysError());
    return ExpireBodies(Erasing(), rules, actor, p_.options.clock->Now(), dry_run);
  }
  Status VisitBodies(const std::function<bool(const StoredBody&)>& visit) override {
    return VisitStored(*p_.store, p_.keys ? &*p_.keys : nullptr, p_.options.tenant, visit);
  }
  Result<AbsenceBook> ReadAbsences() override { return AbsenceBook::Read(*p_.store); }
  Result<ByteVector> SignText(std::string_view text) override;
  Result<std::string> VerifierKey() override;
  Result<std::string> LatestCheckpoint() override {
    ASSAY_ASSIGN(const std::vector<StoredNote> notes, p_.store->NewestNotes(1));
    return notes.empty() ? std::string() : notes[0].note;
  }
  PendingEntry AppendTimestamp(EntryDraft draft, ByteVector token) override {
    return AppendWith(draft, std::move(token));
  }
  Result<std::unique_ptr<Proofs>> OpenProofs() override {
    return Proofs::Load(*p_.store, [this](const Digest& root) { return OpenBody(root); });
  }
  Status VisitCheckpoints(
      const std::function<Status(TreeSize, const std::string&)>& visit) override {
    return p_.store->VisitNotes(
        [&](const StoredNote& note) { return visit(TreeSize{note.size}, note.note); });
  }
  Result<std::vector<LeafIndex>> ReadLandmarks(std::string_view prefix) override {
    ASSAY_ASSIGN(const std::vector<Landmark> landmarks, p_.store->ReadLandmarks(prefix));
    std::vector<LeafIndex> out;
    for (const Landmark& landmark : landmarks) out.push_back(LeafIndex{landmark.index});
    return out;
  }
  Result<ByteVector> ReadToken(const Digest& digest) override {
    ASSAY_ASSIGN(std::optional<ByteVector> token, p_.store->FindToken(digest));
    if (token) return std::move(*token);
    return Fail(Code::kNotFound, "time stamp " + EncodeBase64(digest) + ": not in the ledger");
  }
  Result<VerifyReport> Verify() override { return VerifyFrom({}); }
  Result<VerifyReport> VerifySince(const std::string& note) override {
    ASSAY_ASSIGN(proof::Checkpoint since, ReadStart(note, p_.options.origin));
    return VerifyFrom(std::move(since));
  }
  std::string Fingerprint() const override {
    const proof::KeyStep* step = p_.history.Newest();
    return step != nullptr ? proof::FingerprintOf(step->verifier.key) : std::string();
  }
  std::vector<LedgerKey> Keys() const override;
  std::optional<Error> Fault() const override { return p_.fault; }

  /// Starts the writer. What a crash left half done is finished: the first entries of a new ledger,
  /// the first checkpoint after a rotation or a new epoch, the place of the new key file.
  Status StartWriting(Chain chain);

 private:
  EraseContext Erasing() {
    return {*p_.store,         *p_.writer,           *p_.keys,
            p_.options.tenant, p_.options.directory, *p_.options.clock};
  }
  template <typename Seal>
  Result<BodyRef> PutSealed(const Digest& ident, const Seal& seal);
  Result<OpenedBody> OpenBody(const Digest& root);
  Result<VerifyReport> VerifyFrom(std::optional<proof::Checkpoint> since);
  Status MakeGenesis(Chain chain);
  Status SignIfNew();
  Status RecordRewraps();
  Error Refusal() const {
    return p_.fault.value_or(Error{Code::kDenied, "ledger: opened read-only", {}, {}, {}, {}});
  }
  PendingEntry AppendWith(const EntryDraft& draft, ByteVector token);

  Parts p_;
};

// The first two entries say whose ledger this is and which key signs it.
Status AppendGenesis(GroupWriter& writer, uint64_t size, const proof::Verifier& verifier) {
  EntryDraft created{"tenant.created", "engine", {{"origin", verifier.name}}, {}};
  EntryDraft key{"key.created",
                 "engine",
                 {{"algorithm", "ed25519"},
                  {"fingerprint", proof::FingerprintOf(verifier.key)},
                  {"vkey", verifier.Encode()}},
                 {}};
  ASSAY_ASSIGN(const PreparedLine first, PrepareLine(created));
  ASSAY_ASSIGN(const PreparedLine second, PrepareLine(key));
  if (size == 0) (void)writer.Append(first);  // a failure shows in the next one
  ASSAY_TRY(writer.AppendDurably(second));
  return {};
}

Status LedgerImpl::MakeGenesis(Chain chain) {
  const uint64_t size = chain.size();
  const proof::Verifier verifier{p_.options.origin, p_.signer->current.public_key()};
  p_.writer = std::make_unique<GroupWriter>(
      GroupWriter::Parts{*p_.store, std::move(chain), p_.Log(), verifier.name, p_.signer->current,
                         nullptr, *p_.options.clock});
  ASSAY_TRY(AppendGenesis(*p_.writer, size, verifier));
  ASSAY_ASSIGN(const std::optional<StoredHead> head, p_.store->ReadHead());
  ASSAY_ASSIGN(KeyWalk walk, WalkKeys(*p_.store, head.value_or(StoredHead{})));
  p_.history = std::move(walk.history);
  return {};
}

Status LedgerImpl::StartWriting(Chain chain) {
  if (p_.is_new()) {
    ASSAY_TRY(MakeGenesis(std::move(chain)));
    return SignIfNew();
  }
  ASSAY_ASSIGN(const proof::SigningKey* previous, HandoverKey(p_, chain.size()));
  p_.writer = std::make_unique<GroupWriter>(
      GroupWriter::Parts{*p_.store, std::move(chain), p_.Log(), p_.history.Newest()->verifier.name,
                         p_.signer->current, previous, *p_.options.clock});
  ASSAY_TRY(RecordRewraps());
  ASSAY_TRY(SignIfNew());
  ASSAY_TRY(SettleKeyFiles(p_.options.ledger_key_file, *p_.signer));
  p_.signer->previous.reset();  // wiped: it signs nothing any more
  return CompleteErasures(Erasing(), p_.options.carry_out_all_erasures);
}

Result<LeafIndex> LedgerImpl::EraseTenant(const ErasureOrder& order,
                                          const std::vector<std::string>& note) {
  if (!p_.writer) return Fail(Refusal());
  if (!p_.keys) return Fail(NoKeysError());
  std::optional<BodyRef> body;
  if (!note.empty()) {
    ASSAY_ASSIGN(body, PutSegments(note));
  }
  ASSAY_ASSIGN(const LeafIndex index, ledger::EraseTenant(Erasing(), order, std::move(body)));
  p_.keys.reset();
  return index;
}

// keys.db changes first, in one transaction; the entry that says so follows here, after a crash
// between the two as well.
Status LedgerImpl::RecordRewraps() {
  const auto record = [&](const char* purpose, const std::string& which) -> Status {
    ASSAY_TRY(
        AppendDurably({"key.rewrapped", "engine", {{"purpose", purpose}, {"which", which}}, {}}));
    return {};
  };
  const std::string& seal = p_.named_seal;
  if (!seal.empty() && !HasSealKey(*p_.keys, seal))
    return Fail(Code::kCorrupt, "keys.db: lacks the " + Quote(seal) + " key that the ledger names");
  if (!p_.keys->older.empty() && seal != p_.keys->seal_name)
    ASSAY_TRY(record("seal", p_.keys->seal_name));
  if (!p_.new_master.empty() && p_.named_master != p_.new_master)
    ASSAY_TRY(record("master", p_.new_master));
  return {};
}

// A head is signed as soon as a key, a name or an epoch is new.
Status LedgerImpl::SignIfNew() {
  ASSAY_ASSIGN(const std::vector<StoredNote> notes, p_.store->NewestNotes(1));
  if (!notes.empty() && notes[0].size > p_.history.Newest()->index) return {};
  ASSAY_TRY(p_.writer->Sign());
  return {};
}

std::vector<LedgerKey> LedgerImpl::Keys() const {
  std::vector<LedgerKey> out;
  for (const proof::KeyStep& step : p_.history.steps())
    out.push_back({LeafIndex{step.index}, step.epoch, step.kind, step.verifier.Encode(),
                   proof::FingerprintOf(step.verifier.key), step.verifier.key});
  return out;
}

template <typename Seal>
Result<BodyRef> LedgerImpl::PutSealed(const Digest& ident, const Seal& seal) {
  const std::string month = MonthOf(p_.options.clock->Now());
  ASSAY_ASSIGN(std::optional<BodyRef> earlier, p_.store->FindIdent(month, ident));
  if (earlier) return std::move(*earlier);
  ASSAY_ASSIGN(const SealedBody body,
               seal(SealContext{p_.options.tenant, p_.writer->epoch(), *p_.keys}));
  return p_.writer->Put(body);
}

Result<BodyRef> LedgerImpl::PutBody(ByteSpan bytes, const std::vector<RecordRange>& records) {
  if (!p_.writer) return Fail(Refusal());
  if (!p_.keys) return Fail(NoKeysError());
  if (bytes.size() > kMaxBodyBytes)
    return Fail(Code::kLimitExceeded,
                fmt::format("body: {} bytes, at most {} are kept", bytes.size(), kMaxBodyBytes));
  // Marks are a collector's claim: unusable ones cost the splitting, never a byte.
  static const std::vector<RecordRange> kWhole;
  const auto& marks = MarksAreUsable(bytes.size(), records) ? records : kWhole;
  ASSAY_ASSIGN(const CutBody cut, CutBody::Make(*p_.keys, bytes, marks));
  return PutSealed(cut.ident(), [&](const SealContext& context) { return cut.Seal(context); });
}

Result<KeptBody> LedgerImpl::PutBody(ByteSpan bytes, const std::vector<RecordRange>& records,
                                     Keep keep) {
  if (keep == Keep::kFull) {
    ASSAY_ASSIGN(BodyRef ref, PutBody(bytes, records));
    return KeptBody{std::move(ref), {}};
  }
  if (!p_.writer) return Fail(Refusal());
  if (!p_.keys) return Fail(NoKeysError());
  const std::vector<RecordRange> whole{{0, bytes.size()}};  // nothing of it may stay by mistake
  const bool usable = MarksAreUsable(bytes.size(), records) && !records.empty();
  const SealContext context{p_.options.tenant, p_.writer->epoch(), *p_.keys};
  ASSAY_ASSIGN(const PartlySealed part,
               SealPartly(context, bytes, usable ? records : whole, keep == Keep::kRedacted));
  if (part.body) ASSAY_TRY(p_.writer->Put(*part.body));
  return KeptBody{part.ref, part.members};
}

Result<ByteVector> LedgerImpl::SignText(std::string_view text) {
  if (!p_.signer) return Fail(NoSigningKeyError());
  ASSAY_ASSIGN(const proof::Signature signature, p_.signer->current.Sign(AsBytes(text)));
  return ByteVector(signature.begin(), signature.end());
}

Result<std::string> LedgerImpl::VerifierKey() {
  if (!p_.signer) return Fail(NoSigningKeyError());
  const proof::KeyStep* step = p_.history.Newest();  // its name tells the epoch
  const std::string& name = step != nullptr ? step->verifier.name : p_.options.origin;
  return proof::Verifier{name, p_.signer->current.public_key()}.Encode();
}

Result<BodyRef> LedgerImpl::PutSegments(const std::vector<std::string>& segments) {
  if (!p_.writer) return Fail(Refusal());
  if (!p_.keys) return Fail(NoKeysError());
  if (segments.empty()) return Fail(Code::kInvalidInput, "body: no segment");
  std::vector<ByteSpan> spans;
  uint64_t size = 0;
  for (const std::string& segment : segments) {
    spans.push_back(AsBytes(segment));
    size += segment.size();
  }
  if (size > kMaxBodyBytes || segments.size() > proof::kMaxSegments)
    return Fail(Code::kLimitExceeded,
                fmt::format("body: {} segments of {} bytes are too many", segments.size(), size));
  const Digest ident = IdentOfSegments(*p_.keys, spans);
  return PutSealed(ident,
                   [&](const SealContext& context) { return SealSegments(context, spans, ident); });
}

PendingEntry LedgerImpl::Append(EntryDraft draft) { return AppendWith(draft, {}); }

Result<Appended> LedgerImpl::AppendDurably(EntryDraft draft) {
  if (!p_.writer) return Fail(Refusal());
  ASSAY_ASSIGN(const PreparedLine line, PrepareLine(draft));
  return p_.writer->AppendDurably(line);
}

PendingEntry LedgerImpl::AppendWith(const EntryDraft& draft, ByteVector token) {
  Result<PreparedLine> line =
      p_.writer ? PrepareLine(draft) : Result<PreparedLine>(Fail(Refusal()));
  if (!line) return PendingEntry::Failed(line.error());
  return p_.writer->Append(*line, std::move(token));
}

Result<OpenedBody> LedgerImpl::OpenBody(const Digest& root) {
  if (!p_.keys) return Fail(Code::kDenied, "body: no master key to open it with");
  ASSAY_ASSIGN(const std::optional<SealedBody> body, p_.store->FindBody(root));
  if (!body) return Fail(Code::kNotFound, "body " + EncodeBase64(root) + ": not in the ledger");
  return OpenedBody::Open({p_.options.tenant, body->epoch, *p_.keys}, *body);
}

// Through connections of its own: what the open ones have cached is not what lies on the disk.
Result<VerifyReport> LedgerImpl::VerifyFrom(std::optional<proof::Checkpoint> since) {
  if (p_.writer) ASSAY_TRY(p_.writer->Sync());
  auto store = OpenSqliteStore(p_.options.directory, StoreMode::kRead);
  if (!store) {
    VerifyReport report;
    report.place = "ledger.db";
    report.message = store.error().message;
    return report;
  }
  const CheckpointLog log = p_.Log();
  VerifyInput input{**store, log, p_.options.tenant, p_.options.origin, nullptr, {}, {}};
  input.since = std::move(since);
  std::optional<TenantKeys> keys;
  auto opened = OpenTenantKeys(**store, p_.options);
  if (opened)
    input.keys = &keys.emplace(std::move(opened->keys));
  else if (OpenMasterKey(p_.options.master_key_file, false))
    input.key_fault = opened.error().message;
  if (p_.signer) input.expected_key = p_.signer->current.public_key();
  return VerifyLedger(input);
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::Open(const OpenOptions& options) {
  ASSAY_ASSIGN(WriteOpening opening, OpenSound(options));
  ASSAY_TRY(opening.parts.store->TakeLease());
  auto ledger = std::make_unique<LedgerImpl>(std::move(opening.parts));
  ASSAY_TRY(ledger->StartWriting(std::move(opening.chain)));
  return std::unique_ptr<Ledger>(std::move(ledger));
}

Result<std::unique_ptr<Ledger>> Ledger::OpenReadOnly(const OpenOptions& options) {
  ASSAY_ASSIGN(Parts parts, OpenPartsForReading(options));
  return std::unique_ptr<Ledger>(std::make_unique<LedgerImpl>(std::move(parts)));
}

}  // namespace assay::ledger
