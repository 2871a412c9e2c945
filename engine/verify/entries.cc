// Entry lines: bytes are hashed first, what they say is looked at after.
#include <fmt/format.h>

#include <algorithm>

#include "proof/canonical_json.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

constexpr size_t kMaxLine = 4096;

struct Facts {
  int64_t index = 0, epoch = 0;
  std::string tenant, kind;
  Digest prev{};
  Timestamp time{};
  proof::JsonObject members;
};

Result<Digest> Base64Digest(const proof::JsonObject& object, std::string_view key) {
  ASSAY_ASSIGN(const std::string text, proof::TextAt(object, key));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(text));
  return ToDigest(bytes);
}

Result<Facts> ParseLine(std::string_view line) {
  if (line.size() > kMaxLine) return Fail(Code::kCorrupt, "line is above 4 KiB");
  ASSAY_ASSIGN(proof::Json json, proof::ReadJson(line));
  auto* members = std::get_if<proof::JsonObject>(&json.value);
  if (members == nullptr) return Fail(Code::kCorrupt, "line is no object");
  Facts out;
  ASSAY_ASSIGN(const int64_t version, proof::IntegerAt(*members, "v"));
  ASSAY_ASSIGN(out.index, proof::IntegerAt(*members, "index"));
  ASSAY_ASSIGN(out.epoch, proof::IntegerAt(*members, "epoch"));
  ASSAY_ASSIGN(out.tenant, proof::TextAt(*members, "tenant"));
  ASSAY_ASSIGN(out.kind, proof::TextAt(*members, "kind"));
  ASSAY_TRY(proof::TextAt(*members, "actor"));
  ASSAY_ASSIGN(out.prev, Base64Digest(*members, "prev"));
  ASSAY_ASSIGN(const std::string time, proof::TextAt(*members, "time"));
  ASSAY_ASSIGN(out.time, ParseTime(time));
  if (FormatTime(out.time) != time || version != 1)
    return Fail(Code::kCorrupt, "time or version is not in the one form");
  out.members = std::move(*members);
  return out;
}

class LineCheck {
 public:
  LineCheck(const std::vector<Mark>& marks, const Options& options, Report& report)
      : options_(options), report_(report) {
    for (const Mark& mark : marks) sizes_.insert(mark.size);
  }

  bool Take(uint64_t stored_index, std::string_view line) {
    const uint64_t index = out_.tree.size();
    if (stored_index != index) {
      Find(index, fmt::format("missing, entry {} follows", stored_index));
      return false;
    }
    const Digest leaf = proof::HashEntry(line);
    out_.leaves.push_back(leaf);
    out_.tree.Append(leaf);
    if (sizes_.count(index + 1) != 0) out_.roots[index + 1] = out_.tree.Root();
    auto facts = ParseLine(line);
    if (facts) {
      if (facts->prev != hash_) broken_.insert(index);
      TakeFacts(index, *facts);
    } else {
      Find(index, facts.error().message);
    }
    previous_hash_ = std::exchange(hash_, proof::Sha256(AsBytes(line)));
    last_line_ = line;
    return true;
  }

  // One changed line breaks the link after it, and the one before it only when its prev changed.
  void BlameLinks(const Database& database) {
    for (auto it = broken_.begin(); it != broken_.end(); ++it) {
      const uint64_t index = *it;
      if (index == 0) {
        Find(0, "prev is not zero");
      } else if (broken_.count(index + 1) != 0) {
        Find(index, "prev is not the hash of the line before");
        ++it;
      } else if (index + 1 == out_.tree.size()) {
        BlameLast(database, index);
      } else {
        Find(index - 1, "line is not the one that the next names");
      }
    }
  }

  Entries TakeResult() { return std::move(out_); }

 private:
  void Find(uint64_t index, const std::string& what) {
    report_.Find(fmt::format("entry {}", index), what, index);
  }

  void TakeFacts(uint64_t index, const Facts& facts) {
    if (out_.tenant.empty()) out_.tenant = facts.tenant;
    if (static_cast<uint64_t>(facts.index) != index || facts.tenant != out_.tenant ||
        facts.time < out_.last_time)
      Find(index, "index, tenant or time does not follow");
    out_.last_time = std::max(out_.last_time, facts.time);
    out_.epoch = static_cast<uint64_t>(facts.epoch);
    if (index == 0) TakeFirst(facts);
    if (index == 1) TakeKey(facts);
    if (const auto body = facts.members.find("body"); body != facts.members.end())
      TakeBody(index, body->second);
  }

  void TakeFirst(const Facts& facts) {
    const auto origin = proof::TextAt(facts.members, "origin");
    if (facts.kind != "tenant.created" || !origin)
      return Find(0, "the first entry is not tenant.created");
    origin_ = *origin;
  }

  void TakeKey(const Facts& facts) {
    const auto vkey = proof::TextAt(facts.members, "vkey");
    auto verifier = vkey ? proof::Verifier::Parse(*vkey) : Fail(vkey.error());
    if (facts.kind != "key.created" || !verifier || verifier->name != origin_)
      return Find(1, "is no key.created with a verifier key of this origin");
    report_.fingerprint = proof::FingerprintOf(verifier->key);
    if (!options_.key.empty() && options_.key != report_.fingerprint)
      Find(1, "ledger is signed by " + report_.fingerprint);
    out_.verifier = std::move(*verifier);
  }

  void TakeBody(uint64_t index, const proof::Json& json) {
    const proof::JsonObject* object = json.object();
    if (object == nullptr || object->size() != 4) return Find(index, "member body is wrong");
    const auto len = proof::IntegerAt(*object, "len");
    const auto records = proof::IntegerAt(*object, "records");
    const auto root = Base64Digest(*object, "root");
    const auto scheme = proof::TextAt(*object, "scheme");
    if (!len || !records || !root || !scheme) return Find(index, "member body is wrong");
    out_.bodies.emplace(*root, BodyMember{static_cast<uint64_t>(*len),
                                          static_cast<uint64_t>(*records), index, *scheme});
  }

  // No later link tells which of the two is bad: it is the last line when putting its prev right
  // gives the stored root.
  void BlameLast(const Database& database, uint64_t index) {
    Digest stored{};
    const auto read = [&](const Row& row) {
      if (auto root = ToDigest(row.Bytes(0))) stored = *root;
      return false;
    };
    if (!database.Query("SELECT root FROM head", read)) return;
    std::string repaired = last_line_;
    const auto facts = ParseLine(last_line_);
    const std::string wrong = EncodeBase64(facts ? facts->prev : Digest{});
    if (const size_t at = repaired.find(wrong); at != std::string::npos)
      repaired.replace(at, wrong.size(), EncodeBase64(previous_hash_));
    std::vector<Digest> leaves = out_.leaves;
    leaves.back() = proof::HashEntry(repaired);
    const bool last = proof::RootOf(proof::TreeKind::kEntry, leaves) == stored;
    Find(last ? index : index - 1, "line and prev of the next do not agree");
  }

  const Options& options_;
  Report& report_;
  Entries out_;
  std::set<uint64_t> sizes_, broken_;
  Digest hash_{}, previous_hash_{};
  std::string last_line_, origin_;
};

}  // namespace

Entries CheckEntries(const Database& database, const std::vector<Mark>& marks,
                     const Options& options, Report& report) {
  LineCheck check(marks, options, report);
  const Status read = database.Query(
      "SELECT idx, line FROM entry ORDER BY idx",
      [&](const Row& row) { return check.Take(row.Number(0), AsText(row.Bytes(1))); });
  if (!read) report.Find("ledger.db", read.error().message);
  check.BlameLinks(database);
  Entries out = check.TakeResult();
  report.entries = out.tree.size();
  report.root = EncodeBase64(out.tree.Root());
  if (out.tree.size() < 2) report.Find("ledger.db", "the first two entries are missing");
  return out;
}

}  // namespace assay::verify
