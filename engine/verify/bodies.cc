// Bodies: there, as the entry describes them, and with the master key opened and hashed.
#include <fmt/format.h>
#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>

#include "base/files.h"
#include "proof/body.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

/// The tenant's two keys.
struct Keys {
  proof::SecretKey seal, index;
};

struct StoredBody {
  uint64_t epoch = 0, parts = 0;
  ByteVector wrapped_key, ident;
  std::vector<ByteVector> sealed;
};

Result<Keys> LoadKeys(const Options& options, const std::string& tenant) {
  ASSAY_ASSIGN(ByteVector raw, ReadFile(options.master_key, 4096));
  const proof::SecretBytes bytes(std::move(raw));
  ASSAY_ASSIGN(const proof::SecretKey master, proof::SecretKey::From(bytes.span()));
  ASSAY_ASSIGN(const Database keys, Database::Open(options.directory / "keys.db"));
  for (const std::string& fault : keys.Faults(kKeysFile)) return Fail(Code::kCorrupt, fault);
  std::map<std::string, ByteVector> wrapped;
  ASSAY_TRY(keys.Query("SELECT purpose, wrapped FROM tenant_key", [&](const Row& row) {
    wrapped[std::string(AsText(row.Bytes(0)))] = row.Copy(1);
    return true;
  }));
  const auto open = [&](const char* purpose) -> Result<proof::SecretKey> {
    auto key = proof::Unseal(master, proof::TenantKeyAad(tenant, purpose), wrapped[purpose]);
    if (!key)
      return Fail(Code::kCorrupt, fmt::format("the master key does not open the {} key", purpose));
    return proof::SecretKey::From(key->span());
  };
  ASSAY_ASSIGN(proof::SecretKey index, open("index"));
  ASSAY_ASSIGN(proof::SecretKey seal, open("seal"));
  return Keys{std::move(seal), std::move(index)};
}

/// The bytes of a rec/1 body under its marks.
Result<Digest> IdentOfRecords(ByteSpan key, ByteSpan skeleton, ByteSpan bytes) {
  ASSAY_ASSIGN(const std::vector<proof::Range> marks, proof::ReadMarks(skeleton));
  ByteVector table;
  for (const auto& [offset, length] : marks) {
    proof::AppendVarint(table, offset);
    proof::AppendVarint(table, length);
  }
  const ByteVector head = proof::JoinPrefixed({AsBytes(proof::kRecordScheme), table});
  return proof::HmacSha256(key, {head, bytes});
}

/// The chain over the segments of a seg/1 body.
Digest IdentOfSegments(ByteSpan key, const std::vector<ByteSpan>& segments) {
  Digest running = proof::HmacSha256(key, {AsBytes(proof::kSegmentScheme)});
  for (ByteSpan segment : segments) running = proof::HmacSha256(key, {running, segment});
  return running;
}

Status Decompress(ByteSpan packed, ByteVector& out) {
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > proof::kPartBytes) return Fail(Code::kCorrupt, "part has an impossible size");
  const size_t before = out.size();
  out.resize(before + size);
  const size_t n = ZSTD_decompress(out.data() + before, size, packed.data(), packed.size());
  return n == size ? Status{} : Fail(Code::kCorrupt, "part does not decompress");
}

class BodyCheck {
 public:
  BodyCheck(const Entries& entries, const Keys* keys, Report& report)
      : entries_(entries), keys_(keys), report_(report) {}

  void TakeFile(const std::filesystem::path& path) {
    auto database = Database::Open(path);
    if (!database) return report_.Find(path.filename().string(), database.error().message);
    // A file that a crash left before its tables were made holds nothing; a body of it is missing.
    bool made = false;
    const auto see = [&](const Row& row) { return made = row.Number(0) != 0; };
    if (database->Query("SELECT count(*) FROM sqlite_schema", see) && !made) return;
    for (const std::string& fault : database->Faults(kEvidenceFile))
      report_.Find(database->name(), fault);
    for (const auto& [root, member] : entries_.bodies) {
      if (found_.count(root) != 0) continue;
      if (Status status = TakeBody(*database, root, member); !status)
        report_.Find(fmt::format("body of entry {}", member.index), status.error().message);
    }
  }

  void ReportMissing() {
    for (const auto& [root, member] : entries_.bodies)
      if (found_.count(root) == 0)
        report_.Find(fmt::format("body of entry {}", member.index), "body is missing");
  }

 private:
  Status TakeBody(const Database& database, const Digest& root, const BodyMember& member) {
    StoredBody body;
    bool there = false, described = false;
    ASSAY_TRY(database.Query(
        "SELECT scheme, len, records, epoch, parts, key, ident FROM body WHERE root = ?1",
        [&](const Row& row) {
          there = true;
          described = AsText(row.Bytes(0)) == member.scheme && row.Number(1) == member.len &&
                      row.Number(2) == member.records;
          body.epoch = row.Number(3);
          body.parts = row.Number(4);
          body.wrapped_key = row.Copy(5);
          body.ident = row.Copy(6);
          return false;
        },
        root));
    if (!there) return {};
    found_.insert(root);
    ASSAY_TRY(database.Query(
        "SELECT sealed FROM part WHERE body = (SELECT id FROM body WHERE root = ?1) ORDER BY part",
        [&](const Row& row) {
          body.sealed.push_back(row.Copy(0));
          return true;
        },
        root));
    if (!described || body.sealed.empty() || body.sealed.size() != body.parts)
      return Fail(Code::kCorrupt,
                  database.name() + ": body is not the one that the entry describes");
    return keys_ != nullptr ? OpenBody(root, member, body) : Status{};
  }

  Status OpenBody(const Digest& root, const BodyMember& member, const StoredBody& body) {
    const std::string& tenant = entries_.tenant;
    ASSAY_ASSIGN(const proof::SecretBytes key_bytes,
                 proof::Unseal(keys_->seal, proof::BodyKeyAad(tenant, root), body.wrapped_key));
    ASSAY_ASSIGN(const proof::SecretKey key, proof::SecretKey::From(key_bytes.span()));
    const proof::BodyId id{tenant, body.epoch, root, member.scheme};
    proof::SecretBytes envelope;
    for (uint64_t part = 0; part < body.parts; ++part) {
      ASSAY_ASSIGN(const proof::SecretBytes packed,
                   proof::Unseal(key, proof::PartAad(id, part, body.parts), body.sealed[part]));
      ASSAY_TRY(Decompress(packed.span(), envelope.get()));
    }
    ASSAY_ASSIGN(const proof::EnvelopeView view, proof::ReadEnvelope(envelope.span()));
    if (proof::RecordRoot(view.salts, view.segments) != root)
      return Fail(Code::kCorrupt, "body does not match its root");
    ASSAY_TRY(CheckContent(member, view.segments, body.ident));
    ++report_.opened;
    return {};
  }

  /// Length and number of records as the entry says, ident as the content says.
  Status CheckContent(const BodyMember& member, const std::vector<ByteSpan>& segments,
                      const ByteVector& stored_ident) const {
    uint64_t len = 0, records = segments.size();
    Digest ident{};
    if (member.scheme == proof::kRecordScheme) {
      ASSAY_ASSIGN(ByteVector filled,
                   proof::FillSkeleton(segments.front(), {segments.begin() + 1, segments.end()}));
      const proof::SecretBytes bytes(std::move(filled));
      len = bytes.span().size();
      --records;
      ASSAY_ASSIGN(ident, IdentOfRecords(keys_->index.bytes(), segments.front(), bytes.span()));
    } else if (member.scheme == proof::kSegmentScheme) {
      for (ByteSpan segment : segments) len += segment.size();
      ident = IdentOfSegments(keys_->index.bytes(), segments);
    } else {
      return Fail(Code::kUnsupported, "body scheme " + Quote(member.scheme) + " is not known");
    }
    if (len != member.len || records != member.records)
      return Fail(Code::kCorrupt, "body has another length or number of records");
    if (!std::equal(ident.begin(), ident.end(), stored_ident.begin(), stored_ident.end()))
      return Fail(Code::kCorrupt, "ident is not that of the body");
    return {};
  }

  const Entries& entries_;
  const Keys* keys_;
  Report& report_;
  std::set<Digest> found_;
};

}  // namespace

void CheckBodies(const Options& options, const Entries& entries, Report& report) {
  report.bodies = entries.bodies.size();
  std::optional<Keys> keys;
  if (!options.master_key.empty()) {
    auto loaded = LoadKeys(options, entries.tenant);
    if (loaded)
      keys.emplace(std::move(*loaded));
    else
      report.Find("keys.db", loaded.error().message);
  }
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(options.directory, error)) {
    const std::string name = item.path().filename().string();
    if (name.starts_with("evidence-") && name.ends_with(".db")) files.push_back(item.path());
  }
  if (error) report.Find(options.directory.string(), error.message());
  std::sort(files.begin(), files.end());
  BodyCheck check(entries, keys ? &*keys : nullptr, report);
  for (const std::filesystem::path& file : files) check.TakeFile(file);
  check.ReportMissing();
}

}  // namespace assay::verify
