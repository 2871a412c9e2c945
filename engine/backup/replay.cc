#include "backup/replay.h"

#include <algorithm>
#include <set>

#include "ledger/absent.h"
#include "ledger/chain.h"
#include "ledger/rebuild.h"
#include "ledger/sqlite_store.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;

ledger::Member ToMember(const proof::Json& json) {
  if (const int64_t* number = json.integer()) return {*number};
  if (const std::string* text = json.text()) return {*text};
  if (const proof::JsonArray* array = json.array()) {
    ledger::MemberList list;
    for (const proof::Json& item : *array) list.push_back(ToMember(item));
    return {std::move(list)};
  }
  ledger::MemberMap map;
  for (const auto& [key, value] : *json.object()) map.emplace(key, ToMember(value));
  return {std::move(map)};
}

bool IsLedgersOwn(std::string_view key) {
  static constexpr std::string_view kOwn[] = {"actor", "body", "clock_behind_ms", "epoch", "index",
                                              "kind",  "prev", "tenant",          "time",  "v"};
  return std::find(std::begin(kOwn), std::end(kOwn), key) != std::end(kOwn);
}

Replay::Entry ToEntry(const ledger::LineFacts& facts) {
  Replay::Entry out{facts.index, facts.kind, "engine", {}, facts.body};
  out.actor = proof::TextAt(facts.members, "actor").value_or("engine");
  for (const auto& [key, value] : facts.members)
    if (!IsLedgersOwn(key)) out.members.emplace(key, ToMember(value));
  return out;
}

class Replaying {
 public:
  Replaying(ledger::LedgerStore& known, const fs::path& restored, uint64_t size)
      : known_(known), restored_(restored), size_(size) {}

  Result<Replay> Run() {
    ASSAY_ASSIGN(const std::vector<ledger::Landmark> landmarks,
                 ledger::ReadFamilies(known_, ledger::kAbsenceFamilies, size_));
    for (const ledger::Landmark& one : landmarks) ASSAY_TRY(Take(one.index));
    if (!out_.entries.empty()) ASSAY_TRY(ReplaceBodies());
    return std::move(out_);
  }

 private:
  Status Take(uint64_t index) {
    ASSAY_ASSIGN(const std::string line, ledger::ReadOneLine(known_, index));
    ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
    Replay::Entry entry = ToEntry(facts);
    if (facts.kind == "erasure.record") {
      ASSAY_ASSIGN(const std::string text, proof::TextAt(facts.members, "root"));
      ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(text));
      ASSAY_ASSIGN(const Digest root, ToDigest(bytes));
      touched_.insert(root);
    }
    if (facts.kind == "retention.expired") ASSAY_TRY(TakeExpired(facts, entry));
    if (entry.body) carried_.insert(entry.body->root);
    out_.entries.push_back(std::move(entry));
    return {};
  }

  // What retention took is what the other ledger does not have any more.
  Status TakeExpired(const ledger::LineFacts& facts, Replay::Entry& entry) {
    ASSAY_ASSIGN(const int64_t through, proof::IntegerAt(facts.members, "through"));
    const uint64_t last = std::min<uint64_t>(static_cast<uint64_t>(through), size_ - 1);
    entry.members.insert_or_assign("through", ledger::Member(last));
    Status status;
    ASSAY_TRY(known_.ReadLines(0, last + 1, [&](LeafIndex, std::string_view line) {
      const auto one = ledger::ParseLine(line);
      if (!one) return status = Fail(one.error()), false;
      if (one->body) expired_.insert(one->body->root);
      return true;
    }));
    return status;
  }

  Status ReplaceBodies() {
    std::set<Digest> removed;
    std::vector<ledger::SealedBody> put;
    ASSAY_ASSIGN(const auto older,
                 ledger::OpenSqliteStore(restored_, ledger::StoreMode::kRead, "none"));
    for (const Digest& root : expired_) {
      ASSAY_ASSIGN(const auto body, known_.FindBody(root));
      if (!body) removed.insert(root);
    }
    for (const Digest& root : touched_) {
      ASSAY_ASSIGN(const auto body, older->FindBody(root));
      if (!body) continue;  // of an entry that is not restored
      removed.insert(root);
      ASSAY_TRY(Collect(root, put));
    }
    for (const Digest& root : carried_)
      if (!touched_.contains(root)) ASSAY_TRY(Collect(root, put));
    ASSAY_TRY(ledger::RemoveBodies(restored_, removed));
    ASSAY_ASSIGN(const auto store, ledger::OpenSqliteStore(restored_, ledger::StoreMode::kWrite));
    for (const ledger::SealedBody& body : put) {
      const std::string month = body.place.substr(std::string_view("evidence-").size(), 6);
      ASSAY_TRY(store->PutBodies(month, {&body}));
    }
    return store->Settle();
  }

  Status Collect(const Digest& root, std::vector<ledger::SealedBody>& out) {
    ASSAY_ASSIGN(auto body, known_.FindBody(root));
    if (body) out.push_back(std::move(*body));
    return {};
  }

  ledger::LedgerStore& known_;
  const fs::path restored_;
  const uint64_t size_;
  std::set<Digest> touched_;  ///< bodies of which segments are erased
  std::set<Digest> expired_;  ///< bodies that retention may have taken
  std::set<Digest> carried_;  ///< bodies of the erasure entries themselves
  Replay out_;
};

}  // namespace

Result<Replay> ReplayErasures(const fs::path& known, const fs::path& restored, uint64_t size) {
  ASSAY_ASSIGN(const auto store, ledger::OpenSqliteStore(known, ledger::StoreMode::kRead, "none"));
  return Replaying(*store, restored, size).Run();
}

Status RecordReplay(ledger::Ledger& ledger, const Replay& replay) {
  for (const Replay::Entry& entry : replay.entries)
    ASSAY_TRY(ledger.AppendDurably({entry.kind, entry.actor, entry.members, entry.body}));
  ASSAY_TRY(ledger.SignCheckpoint());
  return {};
}

}  // namespace assay::backup
