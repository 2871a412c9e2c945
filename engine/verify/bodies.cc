#include "verify/bodies.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>

#include "base/files.h"
#include "proof/body.h"
#include "proof/tree.h"
#include "verify/log_mark.h"
#include "verify/opened_body.h"

namespace assay::verify {
namespace {

constexpr size_t kErasedBytes = 36;      ///< of a segment in the column: number, leaf hash
constexpr uint64_t kMostIds = 1u << 28;  ///< bodies of a file that are counted
constexpr size_t kMaxMasterKeyBytes = 4096;

tl::unexpected<Error> Bad(const char* why) { return Fail(Code::kCorrupt, why); }

Result<proof::SecretKey> ReadMasterKey(const std::string& file) {
  ASSAY_ASSIGN(ByteVector raw, ReadFile(file, kMaxMasterKeyBytes));
  const proof::SecretBytes bytes(std::move(raw));
  return proof::SecretKey::From(bytes.span());
}

// Every key of the tenant must open; the seal keys newest first.
Result<TenantKeys> ReadTenantKeys(const Database& database, const proof::SecretKey& master,
                                  const std::string& tenant) {
  std::map<std::string, ByteVector> wrapped;
  ASSAY_TRY(database.Hold());
  ASSAY_TRY(database.Check(kKeysFile));
  ASSAY_TRY(database.Visit("SELECT purpose, wrapped FROM tenant_key", [&](const Row& row) {
    wrapped[std::string(AsText(row.Bytes(0)))] = row.Copy(1);
    return true;
  }));
  TenantKeys out;
  std::map<uint64_t, proof::SecretKey, std::greater<>> seals;
  wrapped.try_emplace("index");
  wrapped.try_emplace("seal");
  for (const auto& [purpose, bytes] : wrapped) {
    const auto key = proof::Unseal(master, proof::TenantKeyAad(tenant, purpose), bytes);
    if (!key)
      return Fail(Code::kCorrupt, fmt::format("the master key does not open the {} key", purpose));
    if (purpose == "index") {
      ASSAY_ASSIGN(out.index, proof::SecretKey::From(key->span()));
      continue;
    }
    const uint64_t number = purpose == "seal" ? 0 : std::strtoull(purpose.c_str() + 5, nullptr, 10);
    ASSAY_ASSIGN(seals[number], proof::SecretKey::From(key->span()));
  }
  for (auto& [number, key] : seals) out.seal.push_back(std::move(key));
  return out;
}

// <target>/keys/<tenant name>/keys.db for <target>/<tenant name>-<time>.abk.
std::filesystem::path KeysOfBackup(const std::filesystem::path& directory) {
  std::error_code ignored;
  std::filesystem::path path = std::filesystem::absolute(directory, ignored).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  const std::string name = path.stem().string();
  return path.parent_path() / "keys" / name.substr(0, name.rfind('-')) / "keys.db";
}

uint64_t NumberOf(ByteSpan erased, size_t at) {
  return uint64_t{erased[at]} << 24 | uint64_t{erased[at + 1]} << 16 |
         uint64_t{erased[at + 2]} << 8 | erased[at + 3];
}

bool IsAscending(ByteSpan erased, uint64_t leaves) {
  if (erased.size() % kErasedBytes != 0) return false;
  for (size_t at = 0; at < erased.size(); at += kErasedBytes)
    if (NumberOf(erased, at) >= leaves ||
        (at > 0 && NumberOf(erased, at) <= NumberOf(erased, at - kErasedBytes)))
      return false;
  return true;
}

// Root of the record tree from the hashes of the segments that are left, with those of erased
// segments in their places.
Result<Digest> RootWith(std::span<const Digest> left, ByteSpan erased, uint64_t leaves) {
  if (left.size() + erased.size() / kErasedBytes != leaves)
    return Bad("body has another number of segments");
  if (erased.empty()) return proof::RootOf(proof::TreeKind::kRecord, left);
  std::vector<Digest> all;
  for (; all.size() < leaves;) {
    const bool is_erased = !erased.empty() && NumberOf(erased, 0) == all.size();
    all.push_back(is_erased ? *ToDigest(erased.subspan(4, 32)) : left.front());
    if (is_erased)
      erased = erased.subspan(kErasedBytes);
    else
      left = left.subspan(1);
  }
  return proof::RootOf(proof::TreeKind::kRecord, all);
}

}  // namespace

// --- what all threads share

BodyStore::BodyStore(const Options& options, bool is_still, const Database& ledger)
    : directory(options.path), still(is_still) {
  ReadErasures(ledger);
  ListFiles();
  claimed_.resize(files.size());
  const Status keys_log = still ? Status{} : CheckLogMark(directory / "keys.db");
  if (!keys_log) faults.emplace("keys.db", keys_log.error().message);
  if (!options.master_key.empty()) LoadKeys(options, ledger);
}

// By the landmark table: whether it is right is seen when the lines are read.
void BodyStore::ReadErasures(const Database& ledger) {
  (void)ledger.Visit(
      "SELECT line FROM landmark JOIN entry USING (idx) WHERE kind = 'erasure.record' "
      "ORDER BY idx",
      [&](const Row& row) {
        const proof::JsonObject says = MembersOf(AsText(row.Bytes(0)));
        const auto root = DigestAt(says, "root"), column = DigestAt(says, "erased");
        const auto segments = SegmentsAt(says);
        if (!root || !column || !segments) return true;
        erasures[*root].column = *column;
        erasures[*root].segments.insert(segments->begin(), segments->end());
        return true;
      });
}

void BodyStore::ListFiles() {
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = item.path().filename().string();
    if (name.starts_with("evidence-") && name.ends_with(".db")) files.push_back({name, {}});
  }
  if (error) faults.emplace("ledger.db", error.message());
  std::sort(files.begin(), files.end(), [](auto& a, auto& b) { return a.name < b.name; });
  for (EvidenceFile& file : files)
    if (const Status held = HoldFile(file); !held) faults.emplace(file.name, held.error().message);
}

Status BodyStore::HoldFile(EvidenceFile& file) const {
  if (!still) ASSAY_TRY(CheckLogMark(directory / file.name));
  for (size_t i = 0; i < kReaders + 1; ++i) {
    ASSAY_ASSIGN(Database database, Database::Open(directory / file.name, still));
    if (Status held = database.Hold(); !held) {
      // A rollback journal is used only once, for the very first page of the file.
      if (database.WaitsForRollback()) return {};
      return held;
    }
    ASSAY_ASSIGN(const bool made, database.IsMade());
    if (!made) return {};
    file.held.push_back(std::move(database));
  }
  return {};
}

std::map<std::string, std::string> BodyStore::CheckFiles() const {
  std::map<std::string, std::string> bad;
  for (const EvidenceFile& file : files) {
    const Status good = file.held.empty() ? Status{} : file.held[kReaders].Check(kEvidenceFile);
    if (!good) bad.emplace(file.name, good.error().message);
  }
  return bad;
}

void BodyStore::LoadKeys(const Options& options, const Database& ledger) {
  std::string text;
  bool gone = false;
  const Status read = ledger.Visit("SELECT line FROM entry WHERE idx = 0", [&](const Row& row) {
    text = AsText(row.Bytes(0));
    return false;
  });
  (void)ledger.Visit("SELECT 1 FROM landmark WHERE kind = 'erasure.tenant'", [&](const Row&) {
    gone = true;  // no body opens any more
    return false;
  });
  const auto line = ReadLine(text);
  if (!read || !line || gone) return;
  tenant = line->tenant;
  const std::filesystem::path file = still ? KeysOfBackup(directory) : directory / "keys.db";
  auto master = ReadMasterKey(options.master_key);
  const auto stored = Database::Open(file, still);
  auto opened = !master   ? Fail(master.error())
                : !stored ? Fail(stored.error())
                          : ReadTenantKeys(*stored, *master, tenant);
  if (opened)
    keys = std::move(*opened);
  else
    faults.emplace("keys.db", opened.error().message);
}

bool BodyStore::Claim(size_t file, uint64_t id) const {
  if (id >= kMostIds) return true;
  const std::lock_guard lock(mutex_);
  std::vector<bool>& seen = claimed_[file];
  if (seen.size() <= id) seen.resize(std::max<size_t>(id + 1, seen.size() * 2));
  if (seen[id]) return false;
  return seen[id] = true;
}

const Erasure* BodyStore::ErasureOf(const Digest& root) const {
  const auto found = erasures.find(root);
  return found == erasures.end() ? nullptr : &found->second;
}

// --- one thread

struct BodyReader::Stored {
  size_t file = 0;
  uint64_t id = 0, len = 0, records = 0, parts = 0, stored_parts = 0, epoch = 0;
  std::string scheme;
  ByteVector key, erased, ident;
};

void BodyReader::FreeContext::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

BodyReader::BodyReader(const BodyStore& store, size_t number)
    : store_(store), context_(ZSTD_createDCtx()) {
  ready_ = store.faults.empty() ? Prepare(number) : Status{};
}

Status BodyReader::Prepare(size_t number) {
  for (const EvidenceFile& stored : store_.files) {
    File& file = files_.emplace_back();
    file.empty = stored.held.empty();
    if (file.empty) continue;
    const Database& held = stored.held[number];
    ASSAY_ASSIGN(file.find,
                 held.Prepare("SELECT id, scheme, len, records, parts, key, erased, epoch, ident, "
                              "(SELECT count(*) FROM part WHERE body = body.id) "
                              "FROM body WHERE root = ?1"));
    ASSAY_ASSIGN(file.parts, held.Prepare("SELECT sealed FROM part WHERE body = ?1 ORDER BY part"));
  }
  return {};
}

// The file of the line's own month first; a body that was seen before lies in an earlier one.
Result<bool> BodyReader::Find(const Line& line, Stored& stored) {
  const std::string own =
      fmt::format("evidence-{}{}.db", line.time.substr(0, 4), line.time.substr(5, 2));
  const auto at = std::find_if(store_.files.begin(), store_.files.end(),
                               [&](const EvidenceFile& file) { return file.name == own; }) -
                  store_.files.begin();
  for (size_t i = 0; i < files_.size(); ++i) {
    const size_t number = (static_cast<size_t>(at) + files_.size() - i) % files_.size();
    File& file = files_[number];
    if (file.empty) continue;
    ASSAY_ASSIGN(const bool there, file.find.Bind(1, line.body.root).Step());
    if (there) {
      const Row row = file.find.row();
      stored = {number,        row.Number(0), row.Number(2), row.Number(3),
                row.Number(4), row.Number(9), row.Number(7), std::string(AsText(row.Bytes(1))),
                row.Copy(5),   row.Copy(6),   row.Copy(8)};
    }
    file.find.Restart();
    if (there) return true;
  }
  return false;
}

BodyVerdict BodyReader::Check(const Line& line) {
  using State = BodyVerdict::State;
  Stored stored;
  const auto found = ready_ ? Find(line, stored) : Fail(ready_.error());
  if (!found) return {State::kBad, false, false, found.error().message};
  if (line.raw == "none") {
    if (*found) return {State::kBad, true, false, "is there, though it was never kept"};
    return {State::kNone, true, false, {}};
  }
  if (!*found) return {State::kMissing, false, false, {}};
  const bool first = store_.Claim(stored.file, stored.id);
  Status status = Compare(line, stored);
  bool opened = false;
  if (status && first && !store_.keys.seal.empty() && stored.parts > 0) {
    status = Open(line, stored);
    opened = status.has_value();
  }
  if (!status) return {State::kBad, first, false, status.error().message};
  return {State::kGood, first, opened, {}};
}

Status BodyReader::Compare(const Line& line, const Stored& stored) const {
  const BodyMember& member = line.body;
  if (stored.scheme != member.scheme || stored.len != member.len ||
      stored.records != member.records)
    return Bad("body is another than described");
  ASSAY_TRY(CheckErased(line, stored));
  const bool empty = stored.erased.size() / kErasedBytes == member.leaves();
  const bool good = empty ? stored.parts == 0 && stored.stored_parts == 0 && stored.key.empty()
                          : stored.parts >= 1 && stored.parts == stored.stored_parts;
  return good ? Status{} : Bad("parts are missing");
}

// Without `erased` nothing may have been said; with it, somebody must have said exactly so.
Status BodyReader::CheckErased(const Line& line, const Stored& stored) const {
  if (!IsAscending(stored.erased, line.body.leaves())) return Bad("erased segments are no list");
  const Erasure* erasure = store_.ErasureOf(line.body.root);
  const bool redacted = line.raw == "redacted";
  if (erasure == nullptr && !redacted)
    return stored.erased.empty() ? Status{} : Bad("erased, and no entry says so");
  const std::string digest = EncodeBase64(proof::Sha256(stored.erased));
  if (digest != (erasure != nullptr ? EncodeBase64(erasure->column) : line.erased))
    return Bad("erased is not as an entry says");
  if (redacted) return {};
  std::set<uint64_t> numbers;
  for (size_t at = 0; at < stored.erased.size(); at += kErasedBytes)
    numbers.insert(NumberOf(stored.erased, at));
  return numbers == erasure->segments ? Status{}
                                      : Bad("other segments are erased than entries say");
}

Status BodyReader::Decompress(ByteSpan packed, ByteVector& out) {
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > proof::kPartBytes) return Bad("part has an impossible size");
  const size_t before = out.size();
  out.resize(before + size);
  const size_t n =
      ZSTD_decompressDCtx(context_.get(), out.data() + before, size, packed.data(), packed.size());
  return n == size ? Status{} : Bad("part does not decompress");
}

Status BodyReader::Open(const Line& line, const Stored& stored) {
  const Digest& root = line.body.root;
  const ByteVector aad = proof::BodyKeyAad(store_.tenant, root);
  Result<proof::SecretBytes> key_bytes = Bad("no key of the tenant opens it");
  for (const proof::SecretKey& seal : store_.keys.seal)
    if (key_bytes = proof::Unseal(seal, aad, stored.key); key_bytes) break;
  if (!key_bytes) return Fail(std::move(key_bytes.error()));
  ASSAY_ASSIGN(const proof::SecretKey key, proof::SecretKey::From(key_bytes->span()));
  const proof::BodyId id{store_.tenant, stored.epoch, root, stored.scheme};
  proof::SecretBytes envelope;
  Query& parts = files_[stored.file].parts.Bind(1, stored.id);
  for (uint64_t part = 0; part < stored.parts; ++part) {
    ASSAY_ASSIGN(const bool there, parts.Step());
    auto packed = proof::Unseal(key, proof::PartAad(id, part, stored.parts),
                                there ? parts.row().Bytes(0) : ByteSpan());
    const Status status =
        packed ? Decompress(packed->span(), envelope.get()) : Fail(packed.error());
    if (!status || part + 1 == stored.parts) parts.Restart();
    ASSAY_TRY(status);
  }
  ASSAY_ASSIGN(const proof::EnvelopeView view, proof::ReadEnvelope(envelope.span()));
  const bool is_redacted = stored.ident.empty() && line.raw == "redacted";  // is never looked for
  const BodyHashes hashes = HashesOf(store_.keys.index.bytes(), stored.scheme, view,
                                     stored.erased.empty() && !is_redacted);
  ASSAY_ASSIGN(const Digest found, RootWith(hashes.leaves, stored.erased, line.body.leaves()));
  if (found != root) return Bad("body does not match its root");
  if (!stored.erased.empty())  // the record tree vouches for what is left
    return stored.ident.empty() ? Status{} : Bad("erased, and its ident is still there");
  ASSAY_ASSIGN(const uint64_t length, LengthOf(line.body, view.segments));
  if (length != line.body.len) return Bad("body has another length");
  if (is_redacted) return {};
  ASSAY_ASSIGN(const Digest ident, hashes.ident);
  return stored.ident == ByteVector(ident.begin(), ident.end())
             ? Status{}
             : Bad("ident is not that of the body");
}

}  // namespace assay::verify
