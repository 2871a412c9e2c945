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

struct StoredBody {
  uint64_t epoch = 0, parts = 0;
  ByteVector wrapped_key;
  std::vector<ByteVector> sealed;
};

Result<proof::SecretKey> LoadSealKey(const Options& options, const std::string& tenant) {
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
  Result<proof::SecretBytes> seal_key{proof::SecretBytes()};
  for (const char* purpose : {"index", "seal"}) {
    seal_key = proof::Unseal(master, proof::TenantKeyAad(tenant, purpose), wrapped[purpose]);
    if (!seal_key)
      return Fail(Code::kCorrupt, fmt::format("the master key does not open the {} key", purpose));
  }
  return proof::SecretKey::From(seal_key->span());
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
  BodyCheck(const Entries& entries, const proof::SecretKey* seal_key, Report& report)
      : entries_(entries), seal_key_(seal_key), report_(report) {}

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
        "SELECT scheme, len, records, epoch, parts, key FROM body WHERE root = ?1",
        [&](const Row& row) {
          there = true;
          described = AsText(row.Bytes(0)) == member.scheme && row.Number(1) == member.len &&
                      row.Number(2) == member.records;
          body.epoch = row.Number(3);
          body.parts = row.Number(4);
          body.wrapped_key = row.Copy(5);
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
    return seal_key_ != nullptr ? OpenBody(root, member, body) : Status{};
  }

  Status OpenBody(const Digest& root, const BodyMember& member, const StoredBody& body) {
    const std::string& tenant = entries_.tenant;
    ASSAY_ASSIGN(const proof::SecretBytes key_bytes,
                 proof::Unseal(*seal_key_, proof::BodyKeyAad(tenant, root), body.wrapped_key));
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
    ASSAY_TRY(CheckShape(member, view.segments));
    ++report_.opened;
    return {};
  }

  static Status CheckShape(const BodyMember& member, const std::vector<ByteSpan>& segments) {
    uint64_t len = 0, records = segments.size();
    if (member.scheme == proof::kRecordScheme) {
      ASSAY_ASSIGN(ByteVector bytes,
                   proof::FillSkeleton(segments.front(), {segments.begin() + 1, segments.end()}));
      len = bytes.size();
      --records;
      proof::Wipe(bytes);
    } else if (member.scheme == proof::kSegmentScheme) {
      for (ByteSpan segment : segments) len += segment.size();
    } else {
      return Fail(Code::kUnsupported, "body scheme " + Quote(member.scheme) + " is not known");
    }
    if (len != member.len || records != member.records)
      return Fail(Code::kCorrupt, "body has another length or number of records");
    return {};
  }

  const Entries& entries_;
  const proof::SecretKey* seal_key_;
  Report& report_;
  std::set<Digest> found_;
};

}  // namespace

void CheckBodies(const Options& options, const Entries& entries, Report& report) {
  report.bodies = entries.bodies.size();
  std::optional<proof::SecretKey> seal_key;
  if (!options.master_key.empty()) {
    auto loaded = LoadSealKey(options, entries.tenant);
    if (loaded)
      seal_key = std::move(*loaded);
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
  BodyCheck check(entries, seal_key ? &*seal_key : nullptr, report);
  for (const std::filesystem::path& file : files) check.TakeFile(file);
  check.ReportMissing();
}

}  // namespace assay::verify
