// The evidence ledger of one tenant: append-only entries under an RFC 9162 tree, sealed bodies with
// salted record leaves, signed checkpoints.
// docs/formats/{entry,leaf,evidence-body,checkpoint,ledger-tables}.md are normative.
//
// One writer process at a time (lease). Within it every method is safe to call from several
// threads; appends are ordered by the one writer thread inside. Storage is behind store.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/pending.h"
#include "model/ids.h"

namespace assay::ledger {

/// A member of an entry line: integer 0..2^53-1, ASCII-safe text, or a nested list or object of
/// these.
struct Member;
using MemberList = std::vector<Member>;
using MemberMap = std::map<std::string, Member>;
struct Member {
  std::variant<int64_t, std::string, MemberList, MemberMap> value;
  Member(int64_t v) : value(v) {}
  Member(int v) : value(int64_t{v}) {}
  Member(uint32_t v) : value(int64_t{v}) {}
  Member(uint64_t v) : value(static_cast<int64_t>(v)) {}
  Member(std::string v) : value(std::move(v)) {}
  Member(std::string_view v) : value(std::string(v)) {}
  Member(const char* v) : value(std::string(v)) {}
  Member(MemberList v) : value(std::move(v)) {}
  Member(MemberMap v) : value(std::move(v)) {}
};

/// Where a record lies within a body.
struct RecordRange {
  uint64_t offset = 0;
  uint64_t length = 0;
};

/// A body that PutBody stored: what the entry's "body" member says.
struct BodyRef {
  Digest root{};
  uint64_t len = 0;
  uint64_t records = 0;
  std::string scheme = "rec/1";
};

/// An entry to be appended. The ledger adds epoch, index, prev, tenant, time, v. Nothing personal
/// or guessable may stand in `members`: it could not be erased.
struct EntryDraft {
  std::string kind;  ///< "read", "run.started", ... (docs/formats/entry.md)
  std::string actor = "engine";
  MemberMap members;  ///< by kind; keys that the ledger adds itself are refused (kInvalidInput)
  std::optional<BodyRef> body;
};

/// Tree head.
struct Head {
  TreeSize size{};
  Digest root{};
  uint32_t epoch = 1;
};

struct OpenOptions {
  std::filesystem::path
      directory;  ///< of this tenant: <storage>/<tenant name>; made with mode 0700
  TenantId tenant;
  std::string origin;           ///< checkpoint origin: "<instance origin>/<tenant name>"
  std::string master_key_file;  ///< or "file:", "cred:" and it (master_key.h); 32 bytes, mode 0600;
                                ///< created when `create` and absent
  std::string ledger_key_file;  ///< Ed25519 private key PEM, mode 0600; created when `create` and
                                ///< absent. Of this ledger alone: a rotation replaces it
  bool create = false;          ///< make a new ledger when there is none
  bool production = false;      ///< refuse overlay file systems
  std::string run_lease_holder;  ///< for messages when busy: "assay run, pid 123"
  const Clock* clock = &SystemClock();
  /// Look at every erasure that the entries tell, and carry it out where the files still hold the
  /// bytes: after files of an older copy were put in place (a restore).
  bool carry_out_all_erasures = false;
};

/// The body of an entry as far as it is still there.
struct EntryBody {
  std::string scheme;                ///< empty when the entry has no body
  std::vector<ByteVector> segments;  ///< empty bytes where one is absent; none when all are
  std::map<uint64_t, std::string> absent_segments;  ///< "erased (privacy, 2026-11-21)" by number
  std::string absent;                               ///< why the whole body is not there, else empty
};

/// Segments of one body.
struct BodySegments {
  Digest root{};
  std::vector<uint64_t> segments;
};

/// Why bytes are taken out and by whom. `reason` is privacy, mistake, contract or court.
struct ErasureOrder {
  std::string reason, receipt;
  std::string actor = "engine";
};

/// How long bodies of a class are kept after their newest reference.
struct RetentionRule {
  std::string class_name;  ///< "raw": bodies of `read`; "facts": all others but `plugin.file`
  std::chrono::seconds keep{0};
};
struct ExpiryDone {
  std::string class_name;
  uint64_t bodies = 0;             ///< removed, or with a dry run: would be
  uint64_t held = 0;               ///< old enough, but under a legal hold
  uint64_t through = 0;            ///< newest leaf index among their references
  std::optional<LeafIndex> entry;  ///< retention.expired, when there was anything to remove
};

/// A stored body, opened; views live during the visit only.
struct StoredBody {
  Digest root{};
  std::string file;  ///< "evidence-202611.db"
  std::string scheme;
  std::vector<ByteSpan> segments;  ///< empty where erased
  std::vector<uint64_t> erased;    ///< numbers of the erased ones
};

/// How much of a body is kept (`evidence.raw`).
enum class Keep {
  kFull,
  kRedacted,  ///< the skeleton; records are hashed, then dropped
  kNone,      ///< nothing: the root is a commitment that nobody can open
};
/// A body as far as it was kept, and what its entry must say of that.
struct KeptBody {
  BodyRef ref;
  MemberMap members;  ///< `raw`, `erased`; empty when kept in full
};

struct ErasureDone {
  std::vector<LeafIndex> entries;
  uint64_t bodies = 0, segments = 0;  ///< newly erased
};

/// What verification found; `ok` false makes exit 7.
struct VerifyReport {
  bool ok = false;
  /// Bodies that are absent in whole or in part, by what explains it: "erased (privacy)",
  /// "expired", "never kept".
  std::map<std::string, uint64_t> absent;
  uint64_t entries = 0, bodies = 0, bodies_opened = 0, checkpoints = 0;
  Head head;
  std::string fingerprint;  ///< "SHA256:..." of the ledger's public key
  std::optional<uint64_t> first_bad_index;
  /// Entries that were not read again, as the verification began at a signed head of so many; then
  /// `bodies`, `checkpoints` and `absent` count what came after it.
  std::optional<uint64_t> since;
  std::string place;    ///< "entry 41", "tile 0/0", "checkpoint 3", "evidence-202611.db body ..."
  std::string message;  ///< what is wrong there
};

class AbsenceBook;

/// A key or name that came into force with an entry: it signs heads of more entries than `since`.
struct LedgerKey {
  LeafIndex since{};
  uint32_t epoch = 1;
  std::string kind;  ///< "key.created", "key.rotated", "epoch.started"
  std::string vkey, fingerprint;
  std::array<uint8_t, 32> public_key{};  ///< Ed25519
};

/// "SQLite 3.40.1": what stores the ledger on this machine. [any thread]
std::string StorageVersion();

class Proofs;

/// Where entries go with their bodies: a ledger, or whatever else takes them (a replay compares).
/// Safe from any thread.
class EntrySink {
 public:
  virtual ~EntrySink() = default;

  /// Stores a body: segments `bytes` by `records` (ordered, within, not overlapping; else the whole
  /// body becomes one segment), salts, hashes, compresses, seals and commits it to the evidence
  /// store; kept in full, in part or not at all. Returns what the entry refers to, and members that
  /// go into it. Heavy work happens on the calling thread. kIo, kLimitExceeded.
  virtual Result<KeptBody> PutBody(ByteSpan bytes, const std::vector<RecordRange>& records,
                                   Keep keep) = 0;
  /// A body of several segments without a skeleton: one for each subject (kinds other than read).
  virtual Result<BodyRef> PutSegments(const std::vector<std::string>& segments) = 0;
  /// Queues an entry; get() of what it gives waits until it is durable (committed and synced).
  /// After any failure the ledger is stopped and every later call fails with the same error.
  virtual PendingEntry Append(EntryDraft draft) = 0;
  /// Append, and waits until the entry is durable: for who has nothing to do meanwhile. Faster than
  /// get() while nobody else appends.
  virtual Result<Appended> AppendDurably(EntryDraft draft) {
    return Append(std::move(draft)).get();
  }
};

class Ledger : public EntrySink {
 public:
  using EntrySink::PutBody;

  /// Opens for appending and takes the lease. kUnavailable (busy: another process holds the lease),
  /// kCorrupt (behind or forked from its checkpoints.log, head broken: opens read-only only),
  /// kNotFound (no ledger and not `create`), kIo, kUnsupported (network file system).
  static Result<std::unique_ptr<Ledger>> Open(const OpenOptions& options);
  /// Opens without lease, for reading and verifying only; appending fails with kDenied, or with
  /// what Fault() says.
  static Result<std::unique_ptr<Ledger>> OpenReadOnly(const OpenOptions& options);

  /// PutBody of all of it.
  virtual Result<BodyRef> PutBody(ByteSpan bytes, const std::vector<RecordRange>& records) = 0;
  /// Appends a `checkpoint.timestamped` that names `token` (RFC 3161, DER), and keeps the token.
  virtual PendingEntry AppendTimestamp(EntryDraft draft, ByteVector token) = 0;
  /// Waits until everything queued is durable.
  virtual Result<Head> Sync() = 0;
  /// Signs the head, writes checkpoints.log and syncs it: the signed note. Implies Sync.
  virtual Result<std::string> SignCheckpoint() = 0;

  virtual Result<Head> ReadHead() = 0;
  /// The stored line of an entry, without newline. kNotFound.
  virtual Result<std::string> ReadLine(LeafIndex index) = 0;
  /// Calls `visit` for each line of [from, to) in order until it returns false.
  virtual Status ReadLines(LeafIndex from, LeafIndex to,
                           const std::function<bool(LeafIndex, std::string_view line)>& visit) = 0;
  /// Opens a body: the bytes as PutBody got them. kNotFound, kCorrupt (does not match root),
  /// kDenied (no key).
  virtual Result<ByteVector> ReadBody(const Digest& root) = 0;
  /// Opens a body segment by segment.
  virtual Result<std::vector<ByteVector>> ReadSegments(const Digest& root) = 0;
  /// The body of an entry with what is absent of it explained. kCorrupt when something is absent
  /// and nothing explains it, kDenied (no key), kNotFound (no such entry).
  virtual Result<EntryBody> ReadEntryBody(LeafIndex index) = 0;

  /// Takes segments out for good: entries `erasure.record` first, then the bodies are sealed again
  /// without them under new keys. Segments that are gone already are passed over. A failure after
  /// the entries is made good by the next Open. kDenied (legal hold, before anything is done),
  /// kNotFound, kInvalidInput, kUnavailable (a reader keeps old pages of a log; AS-LED-001: a
  /// backup is being made).
  virtual Result<ErasureDone> Erase(const ErasureOrder& order,
                                    const std::vector<BodySegments>& bodies) = 0;
  /// Destroys the tenant's keys and every body. Only reading and signing the head goes on; a later
  /// Open gives kDenied.
  virtual Result<LeafIndex> EraseTenant(const ErasureOrder& order,
                                        const std::vector<std::string>& note) = 0;

  /// Removes bodies whose newest reference is older than a rule keeps, the oldest files first; with
  /// `dry_run` only counts. Entries `retention.expired` first. Held bodies stay.
  virtual Result<std::vector<ExpiryDone>> Expire(const std::vector<RetentionRule>& rules,
                                                 const std::string& actor, bool dry_run) = 0;
  /// Opens every stored body, oldest file first, until `visit` returns false. kCorrupt when one
  /// does not open, kDenied (no key).
  virtual Status VisitBodies(const std::function<bool(const StoredBody&)>& visit) = 0;
  /// What the landmark entries say of erasures, expiries and holds; see absent.h.
  virtual Result<AbsenceBook> ReadAbsences() = 0;
  /// Ed25519 signature of `text` by the ledger key, 64 bytes. kDenied without the key file.
  virtual Result<ByteVector> SignText(std::string_view text) = 0;
  /// Verifier key of the key that SignText uses (docs/formats/checkpoint.md). kDenied without it.
  virtual Result<std::string> VerifierKey() = 0;

  /// The newest signed note, empty when there is none yet.
  virtual Result<std::string> LatestCheckpoint() = 0;
  /// Every signed note as it was stored, smallest size first.
  virtual Status VisitCheckpoints(
      const std::function<Status(TreeSize, const std::string& note)>& visit) = 0;
  /// Proofs under the newest signed note (ledger/proofs.h); must not outlive the ledger. kNotFound
  /// when nothing was signed yet, kCorrupt.
  virtual Result<std::unique_ptr<Proofs>> OpenProofs() = 0;
  /// Entries that change how others are read, whose kind begins with `prefix`, in order.
  virtual Result<std::vector<LeafIndex>> ReadLandmarks(std::string_view prefix) = 0;
  /// The RFC 3161 token of that SHA-256. kNotFound.
  virtual Result<ByteVector> ReadToken(const Digest& digest) = 0;
  /// Full verification of everything on disk (ledger.md section 7).
  virtual Result<VerifyReport> Verify() = 0;
  /// The same from a signed head on that was verified earlier. `note` must come from outside of the
  /// ledger: it is trusted. The tree is shown to have grown from it; of what lies before it only
  /// that is read which the rest stands on (verify_start.h). kInvalidInput: no checkpoint of this
  /// ledger.
  virtual Result<VerifyReport> VerifySince(const std::string& note) = 0;
  /// "SHA256:<base64 without padding>" of the public key.
  virtual std::string Fingerprint() const = 0;
  /// Every key and name that ever was in force, oldest first; the last one is in force now.
  virtual std::vector<LedgerKey> Keys() const = 0;
  /// Why nothing may be appended to a ledger that was opened read-only: kCorrupt with TRUNCATED or
  /// FORKED (behind or forked from its checkpoints.log: AS-LED-003, AS-LED-004), or its keys do not
  /// follow from each other. Empty when the head is the signed one.
  virtual std::optional<Error> Fault() const = 0;
};

}  // namespace assay::ledger
