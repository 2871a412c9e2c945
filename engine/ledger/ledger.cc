// Opening a ledger, and the object behind the interface: reads go to the store, writes through the
// one writer thread.
#include "ledger/ledger.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "ledger/chain.h"
#include "ledger/entry_body.h"
#include "ledger/erase.h"
#include "ledger/high_water.h"
#include "ledger/key_files.h"
#include "ledger/lease.h"
#include "ledger/retention.h"
#include "ledger/seal.h"
#include "ledger/sqlite_store.h"
#include "ledger/verify.h"
#include "ledger/writer.h"
#include "proof/body.h"

namespace assay::ledger {
namespace {

constexpr uint64_t kGenesis = 2;  // tenant.created and key.created

Error ReadOnlyError() { return Error{Code::kDenied, "ledger: opened read-only", {}, {}, {}, {}}; }

Error NoKeysError() {
  return Error{Code::kDenied, "ledger: its keys are destroyed", {}, {}, {}, {}};
}

Error NoSigningKeyError() {
  return Error{Code::kDenied, "ledger: no ledger key to sign with", {}, {}, {}, {}};
}

// Members in the order in which they must go: the writer first, the lease last.
struct Parts {
  OpenOptions options;
  std::optional<Lease> lease;
  std::optional<proof::SigningKey> signing_key;
  std::optional<TenantKeys> keys;
  std::unique_ptr<LedgerStore> store;
  std::unique_ptr<GroupWriter> writer;

  explicit Parts(const OpenOptions& open) : options(open) {}
  CheckpointLog Log() const { return CheckpointLog(options.directory / "checkpoints.log"); }
};

class LedgerImpl : public Ledger {
 public:
  LedgerImpl(Parts parts, std::string fingerprint)
      : p_(std::move(parts)), fingerprint_(std::move(fingerprint)) {}

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
  std::future<Result<Appended>> Append(EntryDraft draft) override;
  Result<Head> Sync() override {
    return p_.writer ? p_.writer->Sync() : Result<Head>(Fail(ReadOnlyError()));
  }
  Result<std::string> SignCheckpoint() override {
    return p_.writer ? p_.writer->Sign() : Result<std::string>(Fail(ReadOnlyError()));
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
    if (!p_.writer) return Fail(ReadOnlyError());
    if (!p_.keys) return Fail(NoKeysError());
    return EraseSegments(Erasing(), order, bodies);
  }
  Result<LeafIndex> EraseTenant(const ErasureOrder& order,
                                const std::vector<std::string>& note) override;
  Result<std::vector<ExpiryDone>> Expire(const std::vector<RetentionRule>& rules,
                                         const std::string& actor, bool dry_run) override {
    if (!p_.writer) return Fail(ReadOnlyError());
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
  Result<VerifyReport> Verify() override;
  std::string Fingerprint() const override { return fingerprint_; }

  /// Starts the writer; a ledger whose making was cut short gets its first entries and checkpoint.
  Status StartWriting(Chain chain, const proof::Verifier& verifier);

 private:
  EraseContext Erasing() { return {*p_.store, *p_.writer, *p_.keys, p_.options.tenant}; }
  template <typename Seal>
  Result<BodyRef> PutSealed(const Digest& ident, const Seal& seal);
  Result<OpenedBody> OpenBody(const Digest& root);

  Parts p_;
  std::string fingerprint_;
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
  ASSAY_ASSIGN(Fragments first, PrepareLine(created));
  ASSAY_ASSIGN(Fragments second, PrepareLine(key));
  if (size == 0) (void)writer.Append(std::move(first));  // a failure shows in the next one
  ASSAY_TRY(writer.Append(std::move(second)).get());
  return {};
}

Status LedgerImpl::StartWriting(Chain chain, const proof::Verifier& verifier) {
  const uint64_t size = chain.size();
  p_.writer = std::make_unique<GroupWriter>(
      GroupWriter::Parts{*p_.store, std::move(chain), p_.Log(), *p_.signing_key, p_.options.origin,
                         *p_.options.clock});
  if (size < kGenesis) ASSAY_TRY(AppendGenesis(*p_.writer, size, verifier));
  ASSAY_ASSIGN(const std::vector<StoredNote> notes, p_.store->NewestNotes(1));
  if (notes.empty()) ASSAY_TRY(p_.writer->Sign());
  return CompleteErasures(Erasing(), p_.options.carry_out_all_erasures);
}

Result<LeafIndex> LedgerImpl::EraseTenant(const ErasureOrder& order,
                                          const std::vector<std::string>& note) {
  if (!p_.writer) return Fail(ReadOnlyError());
  if (!p_.keys) return Fail(NoKeysError());
  std::optional<BodyRef> body;
  if (!note.empty()) {
    ASSAY_ASSIGN(body, PutSegments(note));
  }
  ASSAY_ASSIGN(const LeafIndex index, ledger::EraseTenant(Erasing(), order, std::move(body)));
  p_.keys.reset();
  return index;
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
  if (!p_.writer) return Fail(ReadOnlyError());
  if (!p_.keys) return Fail(NoKeysError());
  if (bytes.size() > kMaxBodyBytes)
    return Fail(Code::kLimitExceeded,
                fmt::format("body: {} bytes, at most {} are kept", bytes.size(), kMaxBodyBytes));
  // Marks are a collector's claim: unusable ones cost the splitting, never a byte.
  static const std::vector<RecordRange> kWhole;
  const auto& marks = MarksAreUsable(bytes.size(), records) ? records : kWhole;
  const Digest ident = IdentOfBody(*p_.keys, bytes, marks);
  return PutSealed(
      ident, [&](const SealContext& context) { return SealBody(context, bytes, marks, ident); });
}

Result<KeptBody> LedgerImpl::PutBody(ByteSpan bytes, const std::vector<RecordRange>& records,
                                     Keep keep) {
  if (keep == Keep::kFull) {
    ASSAY_ASSIGN(BodyRef ref, PutBody(bytes, records));
    return KeptBody{std::move(ref), {}};
  }
  if (!p_.writer) return Fail(ReadOnlyError());
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
  if (!p_.signing_key) return Fail(NoSigningKeyError());
  ASSAY_ASSIGN(const proof::Signature signature, p_.signing_key->Sign(AsBytes(text)));
  return ByteVector(signature.begin(), signature.end());
}

Result<std::string> LedgerImpl::VerifierKey() {
  if (!p_.signing_key) return Fail(NoSigningKeyError());
  return proof::Verifier{p_.options.origin, p_.signing_key->public_key()}.Encode();
}

Result<BodyRef> LedgerImpl::PutSegments(const std::vector<std::string>& segments) {
  if (!p_.writer) return Fail(ReadOnlyError());
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

std::future<Result<Appended>> LedgerImpl::Append(EntryDraft draft) {
  Result<Fragments> fragments =
      p_.writer ? PrepareLine(draft) : Result<Fragments>(Fail(ReadOnlyError()));
  if (fragments) return p_.writer->Append(std::move(*fragments));
  std::promise<Result<Appended>> refused;
  refused.set_value(Fail(std::move(fragments.error())));
  return refused.get_future();
}

Result<OpenedBody> LedgerImpl::OpenBody(const Digest& root) {
  if (!p_.keys) return Fail(Code::kDenied, "body: no master key to open it with");
  ASSAY_ASSIGN(const std::optional<SealedBody> body, p_.store->FindBody(root));
  if (!body) return Fail(Code::kNotFound, "body " + EncodeBase64(root) + ": not in the ledger");
  return OpenedBody::Open({p_.options.tenant, body->epoch, *p_.keys}, *body);
}

// Through connections of its own: what the open ones have cached is not what lies on the disk.
Result<VerifyReport> LedgerImpl::Verify() {
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
  std::optional<TenantKeys> keys;
  if (auto master = LoadMasterKey(p_.options.master_key_file, false)) {
    auto loaded = LoadTenantKeys(**store, *master, p_.options.tenant);
    if (loaded)
      input.keys = &keys.emplace(std::move(*loaded));
    else
      input.key_fault = loaded.error().message;
  }
  if (p_.signing_key) input.expected_key = p_.signing_key->public_key();
  return VerifyLedger(input);
}

// The verifier key that entry 1 brought into the ledger.
Result<proof::Verifier> ReadVerifier(LedgerStore& store) {
  ASSAY_ASSIGN(const std::string line, ReadOneLine(store, 1));
  ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
  auto vkey = proof::TextAt(facts.members, "vkey");
  auto verifier = vkey ? proof::Verifier::Parse(*vkey) : Fail(vkey.error());
  if (!verifier) return Fail(Code::kCorrupt, "entry 1: " + verifier.error().message);
  return verifier;
}

Status CheckOptions(const OpenOptions& options) {
  if (proof::IsKeyName(options.origin)) return {};
  return Fail(Code::kInvalidInput, "checkpoint origin " + Quote(options.origin) +
                                       ": empty, or with a space or plus sign");
}

// True when the directory holds a ledger; makes the directory when one is to be created.
Result<bool> PrepareDirectory(const OpenOptions& options) {
  std::error_code error;
  const bool exists = std::filesystem::exists(options.directory / "ledger.db", error);
  if (exists) return true;
  if (!options.create)
    return Fail(Code::kNotFound, options.directory.string() + ": holds no ledger");
  std::filesystem::create_directories(options.directory, error);
  if (error || ::chmod(options.directory.c_str(), 0700) != 0)
    return Fail(Code::kIo, options.directory.string() + ": cannot be made: " + error.message());
  return false;
}

Status LoadKeys(Parts& parts, bool is_new) {
  const OpenOptions& options = parts.options;
  ASSAY_ASSIGN(const proof::SecretKey master,
               LoadMasterKey(options.master_key_file, options.create && is_new));
  ASSAY_ASSIGN(parts.signing_key, LoadLedgerKey(options.ledger_key_file, options.create && is_new));
  auto keys = LoadTenantKeys(*parts.store, master, options.tenant);
  if (!keys && keys.error().code == Code::kNotFound && is_new)
    keys = CreateTenantKeys(*parts.store, master, options.tenant);
  if (!keys) return Fail(std::move(keys.error()));
  parts.keys = std::move(*keys);
  return {};
}

Status CheckSigner(Parts& parts, const proof::Verifier& verifier) {
  ASSAY_ASSIGN(const proof::Verifier stored, ReadVerifier(*parts.store));
  if (stored.name != verifier.name)
    return Fail(Code::kInvalidInput,
                "ledger: its origin is " + Quote(stored.name) + ", not " + Quote(verifier.name));
  if (stored.key != verifier.key)
    return Fail(Code::kInvalidInput, parts.options.ledger_key_file +
                                         ": not the key of this ledger, which is " +
                                         proof::FingerprintOf(stored.key));
  CheckpointLog log = parts.Log();
  return CompareWithLog(*parts.store, log, stored);
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::Open(const OpenOptions& options) {
  ASSAY_TRY(CheckOptions(options));
  ASSAY_TRY(PrepareDirectory(options));
  ASSAY_TRY(CheckFileSystem(options.directory, options.production));
  Parts parts(options);
  ASSAY_ASSIGN(parts.lease, Lease::Take(options.directory, options.run_lease_holder));
  ASSAY_ASSIGN(parts.store, OpenSqliteStore(options.directory, StoreMode::kWrite));
  ASSAY_ASSIGN(Chain chain, Chain::Load(*parts.store, options.tenant));
  const bool is_new = chain.size() < kGenesis;
  ASSAY_TRY(RefuseErasedTenant(*parts.store, options.tenant));
  ASSAY_TRY(LoadKeys(parts, is_new));
  const proof::Verifier verifier{options.origin, parts.signing_key->public_key()};
  if (!is_new) ASSAY_TRY(CheckSigner(parts, verifier));
  ASSAY_TRY(parts.store->TakeLease());
  const std::string fingerprint = proof::FingerprintOf(verifier.key);
  auto ledger = std::make_unique<LedgerImpl>(std::move(parts), fingerprint);
  ASSAY_TRY(ledger->StartWriting(std::move(chain), verifier));
  return std::unique_ptr<Ledger>(std::move(ledger));
}

Result<std::unique_ptr<Ledger>> Ledger::OpenReadOnly(const OpenOptions& options) {
  Parts parts(options);
  std::error_code ignored;
  if (!std::filesystem::exists(options.directory / "ledger.db", ignored))
    return Fail(Code::kNotFound, options.directory.string() + ": holds no ledger");
  ASSAY_ASSIGN(parts.store, OpenSqliteStore(options.directory, StoreMode::kRead));
  // Keys are not needed for reading lines: without them bodies stay closed.
  if (auto key = LoadLedgerKey(options.ledger_key_file, false)) parts.signing_key = std::move(*key);
  if (auto master = LoadMasterKey(options.master_key_file, false)) {
    if (auto keys = LoadTenantKeys(*parts.store, *master, options.tenant))
      parts.keys = std::move(*keys);
  }
  const auto verifier = ReadVerifier(*parts.store);
  const std::string fingerprint = verifier ? proof::FingerprintOf(verifier->key) : std::string();
  return std::unique_ptr<Ledger>(std::make_unique<LedgerImpl>(std::move(parts), fingerprint));
}

}  // namespace assay::ledger
