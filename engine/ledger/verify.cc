#include "ledger/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/high_water.h"
#include "ledger/key_walk.h"
#include "ledger/verify_entries.h"

namespace assay::ledger {
namespace {

class Verification {
 public:
  explicit Verification(const VerifyInput& input)
      : in_(input), findings_(report_), bodies_(input) {}

  VerifyReport Run() {
    // The log first and then one moment of the database: a writer at work beside is no finding.
    log_ = in_.log.Read();
    findings_.Step("ledger.db", in_.store.HoldSnapshot());
    CheckStorage();
    CheckKeyFault();
    if (VerifyStart start; Begin(start)) CheckAll(std::move(start));
    report_.ok = !findings_.any();
    return report_;
  }

 private:
  // What is not bound to the starting point cannot be judged: without one there is nothing to do.
  bool Begin(VerifyStart& start) {
    if (!in_.since) return true;
    report_.since = in_.since->size;
    const std::string place = fmt::format("checkpoint {}", in_.since->size);
    auto loaded = LoadStart(in_.store, *in_.since);
    findings_.Step(place, loaded ? Status{} : Status(Fail(loaded.error())));
    if (!loaded) return false;
    start = std::move(*loaded);
    if (start.walk.history.origin() != in_.origin)
      findings_.FindEntry(1, "is of another origin, " + Quote(start.walk.history.origin()));
    bodies_.StartWith(start.book, start.size());
    return true;
  }

  void CheckAll(VerifyStart start) {
    since_ = start.size();
    findings_.Step("ledger.db", ReadNotes());
    EntryAudit entries(in_, std::move(start), notes_, bodies_, findings_);
    entries_ = &entries;
    findings_.Step("ledger.db", entries.Run());
    report_.head = {TreeSize{tree().size()}, tree().Root(), entries.epoch()};
    CheckKeyFiles();
    findings_.Step("ledger.db", CheckTiles());
    findings_.Step("ledger.db", CheckLandmarks());
    findings_.Step("ledger.db table timestamp", since_ == 0 ? CheckTokens() : CheckNewTokens());
    findings_.Step("ledger.db", CheckHead());
    findings_.Step("checkpoint", CheckNotes());
    findings_.Step("checkpoints.log", CheckLog());
    bodies_.Run(report_, [&](std::string place, std::string message) {
      findings_.Find(std::move(place), std::move(message));
    });
  }

  const proof::Frontier& tree() const { return entries_->tree(); }
  const proof::KeyHistory& keys() const { return entries_->keys().history; }

  void CheckStorage() {
    auto faults = in_.store.FindFaults(!in_.since);
    if (!faults) return findings_.Find("storage", faults.error().message);
    for (const StorageFault& fault : *faults) findings_.Find(fault.place, fault.message);
  }

  Status ReadNotes() {
    if (since_ > 0) {
      ASSAY_ASSIGN(const std::vector<StoredNote> before, in_.store.NewestNotes(1, since_));
      if (!before.empty()) note_before_ = before[0].size;
    }
    return in_.store.VisitNotes(
        [&](const StoredNote& note) -> Status {
          notes_.push_back(note);
          return {};
        },
        since_);
  }

  void CheckKeyFiles() {
    const std::string& seal = entries_->keys().seal;
    if (in_.keys != nullptr && !seal.empty() && !HasSealKey(*in_.keys, seal))
      findings_.Find("keys.db", "lacks the " + Quote(seal) + " key that the ledger names");
    const proof::KeyStep* newest = keys().Newest();
    if (newest == nullptr) return;
    report_.fingerprint = proof::FingerprintOf(newest->verifier.key);
    if (!in_.expected_key || newest->verifier.key == *in_.expected_key) return;
    findings_.FindEntry(
        newest->index,
        "ledger is signed by another key than the ledger key file, " + report_.fingerprint);
  }

  Status CheckTiles() {
    ASSAY_ASSIGN(const uint64_t stored, in_.store.CountTiles(since_));
    if (stored == entries_->tiles()) return {};
    findings_.Find("ledger.db table tile", fmt::format("{} tiles are stored, the entries fill {}",
                                                       stored, entries_->tiles()));
    return {};
  }

  Status CheckLandmarks() {
    const std::vector<Landmark>& named = entries_->landmarks();
    ASSAY_ASSIGN(const std::vector<Landmark> stored, in_.store.ReadLandmarks("", since_));
    const auto [at, wanted] =
        std::mismatch(stored.begin(), stored.end(), named.begin(), named.end());
    if (at != stored.end())
      findings_.Find(
          "ledger.db table landmark",
          fmt::format("entry {} is named {}, which it is not", at->index, Quote(at->kind)));
    else if (wanted != named.end())
      findings_.Find("ledger.db table landmark",
                     fmt::format("entry {} ({}) is not named", wanted->index, wanted->kind));
    return {};
  }

  static Status BadToken(ByteSpan digest) {
    return Fail(Code::kCorrupt,
                "time stamp " + EncodeBase64(digest) + ": changed, or named by no entry");
  }

  // The tokens that entries name, each of its own digest, and no other.
  Status CheckTokens() {
    const std::set<ByteVector>& named = entries_->tokens();
    uint64_t rows = 0;
    ASSAY_TRY(in_.store.VisitTokens([&](ByteSpan digest, ByteSpan token) -> Status {
      ++rows;
      const Digest hash = proof::Sha256(token);
      const bool own = std::equal(digest.begin(), digest.end(), hash.begin(), hash.end());
      return own && named.count({hash.begin(), hash.end()}) != 0 ? Status{} : BadToken(digest);
    }));
    if (rows == named.size()) return {};
    return Fail(Code::kCorrupt,
                fmt::format("{} time stamps are stored, the entries name {}", rows, named.size()));
  }

  Status CheckNewTokens() {
    for (const ByteVector& name : entries_->tokens()) {
      ASSAY_ASSIGN(const Digest digest, ToDigest(name));
      ASSAY_ASSIGN(const std::optional<ByteVector> token, in_.store.FindToken(digest));
      if (!token || proof::Sha256(*token) != digest) return BadToken(name);
    }
    return {};
  }

  Status CheckHead() {
    ASSAY_ASSIGN(const std::optional<StoredHead> head, in_.store.ReadHead());
    if (!head) return Fail(Code::kCorrupt, "head row is missing");
    const uint64_t size = tree().size();
    if (head->size != size) {
      const uint64_t first = std::min(head->size, size);
      findings_.Find(fmt::format("entry {}", first),
                     fmt::format("head is at {} entries, {} are stored", head->size, size), first);
    } else if (head->root != tree().Root() || head->frontier != tree().Encode()) {
      // Every line but the last is vouched for by the one after it.
      const uint64_t last = size == 0 ? 0 : size - 1;
      findings_.Find(fmt::format("entry {}", last), "head is not the root of the stored entries",
                     report_.first_bad_index.value_or(last));
    } else if (head->epoch != report_.head.epoch) {
      findings_.Find("ledger.db table head", "epoch is not that of the last entry");
    }
    return {};
  }

  Status CheckNotes() {
    uint64_t good = since_, previous = note_before_;
    if (since_ > 0 && (notes_.empty() || notes_[0].size != since_))
      findings_.Find(fmt::format("checkpoint {}", since_), "was signed and is not stored");
    for (const StoredNote& note : notes_) {
      const std::string place = fmt::format("checkpoint {}", note.size);
      ++report_.checkpoints;
      if (keys().Newest() == nullptr)
        return Fail(Code::kCorrupt, "no key to verify checkpoints with");
      auto checkpoint = keys().OpenNote(note.note, previous);
      previous = note.size;
      const auto root = entries_->roots().find(note.size);
      if (!checkpoint) {
        findings_.Find(place, checkpoint.error().ToString());
      } else if (checkpoint->size != note.size) {
        findings_.Find(place, fmt::format("note is of {} entries", checkpoint->size));
      } else if (root == entries_->roots().end()) {
        findings_.Find(
            place,
            fmt::format("signed head of {} entries, {} are stored", note.size, tree().size()),
            tree().size());
      } else if (root->second != checkpoint->root) {
        BlameSince(good, note.size);
        findings_.Find(place, "signed root is not that of the stored entries",
                       report_.first_bad_index);
      } else {
        good = note.size;
      }
    }
    if (notes_.empty())
      findings_.Find("ledger.db table checkpoint", "no checkpoint was ever signed");
    return {};
  }

  // A signed root says that a line before `size` is bad; `good` ones are vouched for.
  void BlameSince(uint64_t good, uint64_t size) {
    if (!report_.first_bad_index || *report_.first_bad_index >= size)
      report_.first_bad_index = good;
  }

  // How many notes at the beginning of the log are of smaller heads than the starting point.
  size_t NotesBefore(const std::vector<std::string>& notes) const {
    size_t at = since_ == 0 ? 0 : notes.size();
    for (; at > 0; --at) {
      const auto parsed = proof::ParseNote(notes[at - 1]);
      const auto said = parsed ? proof::Checkpoint::Parse(parsed->text) : Fail(parsed.error());
      if (said && said->size < since_) break;
    }
    return at;
  }

  Status CheckLog() {
    if (!log_) return Fail(log_.error());
    const CheckpointLog::Content& content = *log_;
    const size_t before = NotesBefore(content.notes);
    const size_t logged = content.notes.size() - before;
    for (size_t i = 0; i < logged; ++i) {
      const std::string& note = content.notes[before + i];
      if (i >= notes_.size() || note != notes_[i].note) return CheckStrangeNote(before + i, note);
    }
    // A crash between row and log: the last note is missing, or a part of it is there.
    const size_t missing = notes_.size() - logged;
    if (missing == 0 && content.rest.empty()) return {};
    if (missing == 1 && LogForm(notes_.back().note).starts_with(content.rest)) return {};
    return Fail(Code::kCorrupt, missing > 1 ? fmt::format("{} notes are missing", missing)
                                            : "bytes after the last note");
  }

  Status CheckStrangeNote(size_t position, const std::string& note) {
    const auto mark = keys().OpenNote(note, kEveryIndex);
    const std::string name = fmt::format("note {}: ", position);
    if (!mark) {  // of a key that came into force in a lost part, or a bad one: the words differ
      if (Status newest = CheckMark(in_.store, in_.log, keys());
          !newest && !newest.error().id.empty())
        return newest;
      return Fail(Code::kCorrupt, name + mark.error().message);
    }
    if (mark->size > tree().size()) {
      findings_.Find("checkpoints.log",
                     fmt::format("TRUNCATED: note {} is a signed head of {} entries, {} are stored",
                                 position, mark->size, tree().size()),
                     tree().size());
      return {};
    }
    return Fail(Code::kCorrupt, "FORKED: " + name + "is not the stored checkpoint");
  }

  // A tenant that was erased has no keys: that nothing opens is what the entry says.
  void CheckKeyFault() {
    if (!in_.key_fault) return;
    const auto erased = in_.store.ReadLandmarks("erasure.tenant");
    const auto keys = in_.store.ReadKeys();
    if (erased && !erased->empty() && keys && keys->empty()) return;
    findings_.Find("keys.db", *in_.key_fault);
  }

  const VerifyInput& in_;
  VerifyReport report_;
  Findings findings_;
  Result<CheckpointLog::Content> log_;
  uint64_t since_ = 0;        ///< entries that are not read again
  uint64_t note_before_ = 0;  ///< size of the newest stored checkpoint below it
  std::vector<StoredNote> notes_;
  BodyAudit bodies_;
  const EntryAudit* entries_ = nullptr;
};

}  // namespace

VerifyReport VerifyLedger(const VerifyInput& input) { return Verification(input).Run(); }

}  // namespace assay::ledger
