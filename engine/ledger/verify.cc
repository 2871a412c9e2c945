#include "ledger/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ledger/high_water.h"
#include "ledger/key_walk.h"
#include "ledger/line.h"
#include "ledger/verify_bodies.h"

namespace assay::ledger {
namespace {

using proof::TreeKind;

class Verification {
 public:
  explicit Verification(const VerifyInput& input) : in_(input), bodies_(input) {}

  VerifyReport Run() {
    // The log first and then one moment of the database: a writer at work beside is no finding.
    log_ = in_.log.Read();
    Step("ledger.db", in_.store.HoldSnapshot());
    CheckStorage();
    CheckKeyFault();
    Step("ledger.db", ReadNotes());
    Step("ledger.db", CheckLines());
    CheckKeyFiles();
    Step("ledger.db", CheckTiles());
    Step("ledger.db", CheckLandmarks());
    Step("ledger.db table timestamp", CheckTokens());
    Step("ledger.db", CheckHead());
    Step("checkpoint", CheckNotes());
    Step("checkpoints.log", CheckLog());
    CheckBodies();
    report_.ok = !found_;
    return report_;
  }

 private:
  void Find(std::string place, std::string message, std::optional<uint64_t> index = {}) {
    if (index && (!report_.first_bad_index || *index < *report_.first_bad_index))
      report_.first_bad_index = index;
    if (found_) return;
    found_ = true;
    report_.place = std::move(place);
    report_.message = std::move(message);
  }
  void FindEntry(uint64_t index, std::string message) {
    Find(fmt::format("entry {}", index), std::move(message), index);
  }
  void Step(const std::string& place, const Status& status) {
    if (!status) Find(place, status.error().message);
  }

  void CheckStorage() {
    auto faults = in_.store.FindFaults();
    if (!faults) return Find("storage", faults.error().message);
    for (const StorageFault& fault : *faults) Find(fault.place, fault.message);
  }

  Status ReadNotes() {
    return in_.store.VisitNotes([&](const StoredNote& note) -> Status {
      notes_.push_back(note);
      return {};
    });
  }

  Status CheckLines() {
    Status status;
    const Status read =
        in_.store.ReadLines(0, UINT64_MAX >> 1, [&](LeafIndex index, std::string_view line) {
          status = CheckLine(ToNumber(index), line);
          return status.has_value();
        });
    report_.entries = frontier_.size();
    ASSAY_TRY(status);
    if (pending_) ASSAY_TRY(BlameLastLink());
    return read;
  }

  // Bytes are hashed first; what they say is looked at after.
  Status CheckLine(uint64_t index, std::string_view line) {
    const uint64_t expected = frontier_.size();
    if (index != expected) {
      FindEntry(expected, fmt::format("missing, entry {} follows", index));
      return Fail(Code::kCorrupt, "entries are not consecutive");
    }
    const Digest leaf = proof::HashEntry(line);
    before_last_ = frontier_;
    frontier_.Append(leaf);
    tiles_.Append(leaf, full_tiles_);
    CheckFullTiles();
    CompareRootWithNote();
    const auto facts = ParseLine(line);
    if (!facts)
      FindEntry(index, facts.error().message);
    else
      CheckFacts(index, *facts);
    CheckLink(index, facts ? std::optional(facts->prev) : std::nullopt, line);
    return {};
  }

  void CheckFacts(uint64_t index, const LineFacts& facts) {
    if (facts.index != index) FindEntry(index, fmt::format("says that it is {}", facts.index));
    if (facts.tenant != in_.tenant.text()) FindEntry(index, "belongs to another tenant");
    if (facts.time < last_time_) FindEntry(index, "time goes backwards");
    last_time_ = std::max(last_time_, facts.time);
    report_.head.epoch = facts.epoch;
    if (IsLandmarkKind(facts.kind)) landmarks_.push_back({index, facts.kind});
    if (facts.kind == "checkpoint.timestamped") TakeToken(index, facts);
    if (Status taken = bodies_.Take(facts); !taken) FindEntry(index, taken.error().message);
    if (index == 0 && facts.kind != "tenant.created")
      FindEntry(index, "the first entry is not tenant.created");
    if (index == 1 && facts.kind != "key.created")
      FindEntry(1, "the second entry is not key.created");
    FollowKeys(index, facts);
  }

  // A key or epoch that does not follow from the one before is reported and not taken: what it
  // signs does not verify then.
  void FollowKeys(uint64_t index, const LineFacts& facts) {
    if (Status taken = TakeKeyLine(index, facts.members, walk_); !taken)
      FindEntry(index, taken.error().message);
    if (facts.epoch != keys_.EpochOf(index))
      FindEntry(index, fmt::format("says that it is of epoch {}, it is of {}", facts.epoch,
                                   keys_.EpochOf(index)));
    if (index == 1 && keys_.Newest() != nullptr && keys_.origin() != in_.origin)
      FindEntry(1, "is of another origin, " + Quote(keys_.origin()));
    if (keys_.Newest() != nullptr)
      report_.fingerprint = proof::FingerprintOf(keys_.Newest()->verifier.key);
  }

  void CheckKeyFiles() {
    if (in_.keys != nullptr && !walk_.seal.empty() && !HasSealKey(*in_.keys, walk_.seal))
      Find("keys.db", "lacks the " + Quote(walk_.seal) + " key that the ledger names");
    const proof::KeyStep* newest = keys_.Newest();
    if (newest == nullptr || !in_.expected_key || newest->verifier.key == *in_.expected_key) return;
    FindEntry(newest->index,
              "ledger is signed by another key than the ledger key file, " + report_.fingerprint);
  }

  // When the link between two lines is broken one of them was changed: if the next link holds, the
  // later line is as it was and the earlier one is bad. A line that cannot be read has no link.
  void CheckLink(uint64_t index, std::optional<Digest> prev, std::string_view line) {
    const bool broken = prev && *prev != previous_hash_;
    if (pending_) {
      FindEntry(broken ? index - 1 : index - 2, broken ? "prev is not the hash of the line before"
                                                       : "line is not the one that the next names");
      pending_ = false;
    } else if (broken && index == 0) {
      FindEntry(0, "prev is not zero");
    } else {
      pending_ = broken;
    }
    if (pending_) repaired_leaf_ = RepairedLeaf(line, *prev);
    previous_hash_ = proof::Sha256(AsBytes(line));
  }

  // The line as it would be if only its prev had been changed.
  Digest RepairedLeaf(std::string_view line, const Digest& prev) const {
    std::string repaired(line);
    const std::string wrong = EncodeBase64(prev);
    if (const size_t at = repaired.find(wrong); at != std::string::npos)
      repaired.replace(at, wrong.size(), EncodeBase64(previous_hash_));
    return proof::HashEntry(repaired);
  }

  // The link to the very last line is broken, and no later one tells which of the two is bad: it is
  // the last one when putting its prev right gives the stored root.
  Status BlameLastLink() {
    const uint64_t last = frontier_.size() - 1;
    ASSAY_ASSIGN(const std::optional<StoredHead> head, in_.store.ReadHead());
    before_last_.Append(repaired_leaf_);
    const bool last_is_bad = head && head->root == before_last_.Root();
    FindEntry(last_is_bad ? last : last - 1, last_is_bad
                                                 ? "prev is not the hash of the line before"
                                                 : "line is not the one that the next names");
    return {};
  }

  void CheckFullTiles() {
    for (const proof::Tile& tile : full_tiles_) {
      auto stored = in_.store.ReadTile(tile.id);
      const std::string name = proof::TilePath(tile.id);
      if (!stored) {
        Find(name, stored.error().message);
      } else if (!*stored) {
        Find(name, "tile is missing");
      } else if (**stored != tile.hashes) {
        CompareTile(tile, **stored);
      }
      ++tile_count_;
    }
    full_tiles_.clear();
  }

  void CompareTile(const proof::Tile& tile, const ByteVector& stored) {
    const std::string name = proof::TilePath(tile.id);
    if (stored.size() != tile.hashes.size()) return Find(name, "tile has a wrong length");
    const auto differ = std::mismatch(stored.begin(), stored.end(), tile.hashes.begin()).first;
    const auto position = static_cast<uint64_t>(differ - stored.begin()) / 32;
    const uint64_t leaf = (tile.id.index * proof::kTileWidth + position)
                          << (proof::kTileBits * tile.id.level);
    Find(name, fmt::format("hash {} is not that of the stored entries", position), leaf);
  }

  Status CheckTiles() {
    uint64_t stored = 0;
    ASSAY_TRY(in_.store.VisitTiles([&](const proof::Tile&) -> Status {
      ++stored;
      return {};
    }));
    if (stored != tile_count_)
      Find("ledger.db table tile",
           fmt::format("{} tiles are stored, the entries fill {}", stored, tile_count_));
    return {};
  }

  Status CheckLandmarks() {
    ASSAY_ASSIGN(const std::vector<Landmark> stored, in_.store.ReadLandmarks(""));
    const auto [at, wanted] =
        std::mismatch(stored.begin(), stored.end(), landmarks_.begin(), landmarks_.end());
    if (at != stored.end())
      Find("ledger.db table landmark",
           fmt::format("entry {} is named {}, which it is not", at->index, Quote(at->kind)));
    else if (wanted != landmarks_.end())
      Find("ledger.db table landmark",
           fmt::format("entry {} ({}) is not named", wanted->index, wanted->kind));
    return {};
  }

  void TakeToken(uint64_t index, const LineFacts& facts) {
    const auto text = proof::TextAt(facts.members, "digest");
    const auto digest = text ? ParseBase64(*text) : Result<ByteVector>(Fail(text.error()));
    if (!digest) return FindEntry(index, "names no time stamp: " + digest.error().message);
    tokens_.insert(*digest);
  }

  // The tokens that entries name, each of its own digest, and no other.
  Status CheckTokens() {
    uint64_t rows = 0;
    ASSAY_TRY(in_.store.VisitTokens([&](ByteSpan digest, ByteSpan token) -> Status {
      ++rows;
      const Digest hash = proof::Sha256(token);
      if (!std::equal(digest.begin(), digest.end(), hash.begin(), hash.end()) ||
          tokens_.count({hash.begin(), hash.end()}) == 0)
        return Fail(Code::kCorrupt,
                    "time stamp " + EncodeBase64(digest) + ": changed, or named by no entry");
      return {};
    }));
    if (rows == tokens_.size()) return {};
    return Fail(Code::kCorrupt, fmt::format("{} time stamps are stored, the entries name {}", rows,
                                            tokens_.size()));
  }

  void CompareRootWithNote() {
    if (next_note_ >= notes_.size() || notes_[next_note_].size != frontier_.size()) return;
    roots_[frontier_.size()] = frontier_.Root();
    ++next_note_;
  }

  Status CheckHead() {
    ASSAY_ASSIGN(const std::optional<StoredHead> head, in_.store.ReadHead());
    if (!head) return Fail(Code::kCorrupt, "head row is missing");
    report_.head.size = TreeSize{frontier_.size()};
    report_.head.root = frontier_.Root();
    if (head->size != frontier_.size()) {
      const uint64_t first = std::min(head->size, frontier_.size());
      Find(fmt::format("entry {}", first),
           fmt::format("head is at {} entries, {} are stored", head->size, frontier_.size()),
           first);
    } else if (head->root != frontier_.Root() || head->frontier != frontier_.Encode()) {
      // Every line but the last is vouched for by the one after it.
      const uint64_t last = frontier_.size() == 0 ? 0 : frontier_.size() - 1;
      Find(fmt::format("entry {}", last), "head is not the root of the stored entries",
           report_.first_bad_index.value_or(last));
    } else if (head->epoch != report_.head.epoch) {
      Find("ledger.db table head", "epoch is not that of the last entry");
    }
    return {};
  }

  Status CheckNotes() {
    uint64_t good = 0, previous = 0;
    for (const StoredNote& note : notes_) {
      const std::string place = fmt::format("checkpoint {}", note.size);
      ++report_.checkpoints;
      if (keys_.Newest() == nullptr)
        return Fail(Code::kCorrupt, "no key to verify checkpoints with");
      auto checkpoint = keys_.OpenNote(note.note, previous);
      previous = note.size;
      const auto root = roots_.find(note.size);
      if (!checkpoint) {
        Find(place, checkpoint.error().ToString());
      } else if (checkpoint->size != note.size) {
        Find(place, fmt::format("note is of {} entries", checkpoint->size));
      } else if (root == roots_.end()) {
        Find(place,
             fmt::format("signed head of {} entries, {} are stored", note.size, frontier_.size()),
             frontier_.size());
      } else if (root->second != checkpoint->root) {
        BlameSince(good, note.size);
        Find(place, "signed root is not that of the stored entries", report_.first_bad_index);
      } else {
        good = note.size;
      }
    }
    if (notes_.empty()) Find("ledger.db table checkpoint", "no checkpoint was ever signed");
    return {};
  }

  // A signed root says that a line before `size` is bad; `good` ones are vouched for.
  void BlameSince(uint64_t good, uint64_t size) {
    if (!report_.first_bad_index || *report_.first_bad_index >= size)
      report_.first_bad_index = good;
  }

  Status CheckLog() {
    if (!log_) return Fail(log_.error());
    const CheckpointLog::Content& content = *log_;
    for (size_t i = 0; i < content.notes.size(); ++i) {
      if (i < notes_.size() && content.notes[i] == notes_[i].note) continue;
      return CheckStrangeNote(i, content.notes[i]);
    }
    // A crash between row and log: the last note is missing, or a part of it is there.
    const size_t missing = notes_.size() - content.notes.size();
    if (missing == 0 && content.rest.empty()) return {};
    if (missing == 1 && LogForm(notes_.back().note).starts_with(content.rest)) return {};
    return Fail(Code::kCorrupt, missing > 1 ? fmt::format("{} notes are missing", missing)
                                            : "bytes after the last note");
  }

  Status CheckStrangeNote(size_t position, const std::string& note) {
    const auto mark = keys_.OpenNote(note, UINT64_MAX);
    const std::string name = fmt::format("note {}: ", position);
    if (!mark) {  // of a key that came into force in a lost part, or a bad one: the words differ
      if (Status newest = CheckMark(in_.store, in_.log, keys_);
          !newest && !newest.error().id.empty())
        return newest;
      return Fail(Code::kCorrupt, name + mark.error().message);
    }
    if (mark->size > frontier_.size()) {
      Find("checkpoints.log",
           fmt::format("TRUNCATED: note {} is a signed head of {} entries, {} are stored", position,
                       mark->size, frontier_.size()),
           frontier_.size());
      return {};
    }
    return Fail(Code::kCorrupt, "FORKED: " + name + "is not the stored checkpoint");
  }

  void CheckBodies() {
    bodies_.Run(report_, [&](std::string place, std::string message) {
      Find(std::move(place), std::move(message));
    });
  }

  // A tenant that was erased has no keys: that nothing opens is what the entry says.
  void CheckKeyFault() {
    if (!in_.key_fault) return;
    const auto erased = in_.store.ReadLandmarks("erasure.tenant");
    const auto keys = in_.store.ReadKeys();
    if (erased && !erased->empty() && keys && keys->empty()) return;
    Find("keys.db", *in_.key_fault);
  }

  const VerifyInput& in_;
  Result<CheckpointLog::Content> log_;
  VerifyReport report_;
  bool found_ = false;
  std::vector<StoredNote> notes_;
  size_t next_note_ = 0;
  std::map<uint64_t, Digest> roots_;
  proof::Frontier frontier_;
  proof::TileBuilder tiles_;
  std::vector<proof::Tile> full_tiles_;
  uint64_t tile_count_ = 0;
  std::vector<Landmark> landmarks_;
  BodyAudit bodies_;
  KeyWalk walk_;
  const proof::KeyHistory& keys_ = walk_.history;
  std::set<ByteVector> tokens_;
  Timestamp last_time_{};
  Digest previous_hash_{};
  bool pending_ = false;    ///< the link to the previous line was broken
  Digest repaired_leaf_{};  ///< of the newest line, should only its prev be wrong
  proof::Frontier before_last_;
};

}  // namespace

VerifyReport VerifyLedger(const VerifyInput& input) { return Verification(input).Run(); }

}  // namespace assay::ledger
