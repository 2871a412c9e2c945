#include "ledger/verify_entries.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/two_threads.h"
#include "proof/sha256_lanes.h"

namespace assay::ledger {
namespace {

constexpr size_t kBlock = 512;  // lines that one thread takes at a time: one batch of the storage

}  // namespace

/// What one thread alone can say of a line.
struct EntryAudit::Line {
  uint64_t index = 0;
  size_t begin = 0, size = 0;  ///< in the block's text
  Digest leaf{}, hash{};
  Result<LineFacts> facts{LineFacts{}};
};

struct EntryAudit::Block {
  std::string text;
  std::vector<Line> lines;
  Status status;

  std::string_view TextOf(const Line& line) const {
    return std::string_view(text).substr(line.begin, line.size);
  }
};

EntryAudit::EntryAudit(const VerifyInput& input, VerifyStart start,
                       const std::vector<StoredNote>& notes, BodyAudit& bodies, Findings& findings)
    : in_(input),
      notes_(notes),
      bodies_(bodies),
      findings_(findings),
      first_(start.size()),
      next_(start.size()),
      frontier_(std::move(start.frontier)),
      tiles_(std::move(start.tiles)),
      walk_(std::move(start.walk)),
      epoch_(start.epoch),
      last_time_(start.last_time),
      previous_hash_(start.last_hash) {}

Status EntryAudit::Run() {
  CompareRootWithNote();
  TwoThreads<Block> threads({[this](Block& block) { return Read(block); },
                             [](Block& block) { Work(block); },
                             [this](Block& block) { return Take(block); }});
  threads.Run();
  findings_.report().entries = frontier_.size();
  ASSAY_TRY(order_);
  if (pending_) ASSAY_TRY(BlameLastLink());
  return read_;
}

bool EntryAudit::Read(Block& block) {
  block.text.clear();
  block.lines.clear();
  block.status = in_.store.ReadLines(next_, kEveryIndex, [&](LeafIndex at, std::string_view text) {
    Line& line = block.lines.emplace_back();
    line.index = ToNumber(at);
    line.begin = block.text.size();
    line.size = text.size();
    block.text += text;
    return block.lines.size() < kBlock;
  });
  if (!block.lines.empty()) next_ = block.lines.back().index + 1;
  return !block.lines.empty() || !block.status;
}

// Bytes are hashed first; what they say is looked at after.
void EntryAudit::Work(Block& block) {
  for (Line& line : block.lines) {
    const std::string_view text = block.TextOf(line);
    const proof::LineHashes hashes = proof::HashLine(text);
    line.leaf = hashes.leaf;
    line.hash = hashes.whole;
    line.facts = ParseLineForAudit(text);
  }
}

bool EntryAudit::Take(Block& block) {
  for (const Line& line : block.lines) {
    order_ = TakeLine(line, block.TextOf(line));
    if (!order_) return false;
  }
  read_ = block.status;
  return read_.has_value();
}

Status EntryAudit::TakeLine(const Line& line, std::string_view text) {
  const uint64_t expected = frontier_.size();
  if (line.index != expected) {
    findings_.FindEntry(expected, fmt::format("missing, entry {} follows", line.index));
    return Fail(Code::kCorrupt, "entries are not consecutive");
  }
  if (line.facts && line.facts->prev != previous_hash_) before_last_ = frontier_;
  frontier_.Append(line.leaf);
  tiles_.Append(line.leaf, full_tiles_);
  CheckFullTiles();
  CompareRootWithNote();
  if (!line.facts)
    findings_.FindEntry(expected, line.facts.error().message);
  else
    TakeFacts(expected, *line.facts);
  CheckLink(expected, line, text);
  return {};
}

void EntryAudit::TakeFacts(uint64_t index, const LineFacts& facts) {
  if (facts.index != index)
    findings_.FindEntry(index, fmt::format("says that it is {}", facts.index));
  if (facts.tenant != in_.tenant.text()) findings_.FindEntry(index, "belongs to another tenant");
  if (facts.time < last_time_) findings_.FindEntry(index, "time goes backwards");
  last_time_ = std::max(last_time_, facts.time);
  epoch_ = facts.epoch;
  if (IsLandmarkKind(facts.kind)) landmarks_.push_back({index, facts.kind});
  if (facts.kind == "checkpoint.timestamped") TakeToken(index, facts);
  if (Status taken = bodies_.Take(facts); !taken) findings_.FindEntry(index, taken.error().message);
  if (index == 0 && facts.kind != "tenant.created")
    findings_.FindEntry(index, "the first entry is not tenant.created");
  if (index == 1 && facts.kind != "key.created")
    findings_.FindEntry(1, "the second entry is not key.created");
  FollowKeys(index, facts);
}

// A key or epoch that does not follow from the one before is reported and not taken: what it
// signs does not verify then.
void EntryAudit::FollowKeys(uint64_t index, const LineFacts& facts) {
  const proof::KeyHistory& keys = walk_.history;
  if (Status taken = TakeKeyLine(index, facts.members, walk_); !taken)
    findings_.FindEntry(index, taken.error().message);
  if (facts.epoch != keys.EpochOf(index))
    findings_.FindEntry(index, fmt::format("says that it is of epoch {}, it is of {}", facts.epoch,
                                           keys.EpochOf(index)));
  if (index == 1 && keys.Newest() != nullptr && keys.origin() != in_.origin)
    findings_.FindEntry(1, "is of another origin, " + Quote(keys.origin()));
}

void EntryAudit::TakeToken(uint64_t index, const LineFacts& facts) {
  const auto text = proof::TextAt(facts.members, "digest");
  const auto digest = text ? ParseBase64(*text) : Result<ByteVector>(Fail(text.error()));
  if (!digest) return findings_.FindEntry(index, "names no time stamp: " + digest.error().message);
  tokens_.insert(*digest);
}

// When the link between two lines is broken one of them was changed: if the next link holds, the
// later line is as it was and the earlier one is bad. A line that cannot be read has no link.
void EntryAudit::CheckLink(uint64_t index, const Line& line, std::string_view text) {
  const bool broken = line.facts && line.facts->prev != previous_hash_;
  if (pending_) {
    findings_.FindEntry(broken ? index - 1 : index - 2,
                        broken ? "prev is not the hash of the line before"
                               : "line is not the one that the next names");
    pending_ = false;
  } else if (broken && index == first_) {  // what is before it is certain
    findings_.FindEntry(
        index, index == 0 ? "prev is not zero" : "prev is not the hash of the line before");
  } else {
    pending_ = broken;
  }
  if (pending_) repaired_leaf_ = RepairedLeaf(text, line.facts->prev);
  previous_hash_ = line.hash;
}

// The line as it would be if only its prev had been changed.
Digest EntryAudit::RepairedLeaf(std::string_view line, const Digest& prev) const {
  std::string repaired(line);
  const std::string wrong = EncodeBase64(prev);
  if (const size_t at = repaired.find(wrong); at != std::string::npos)
    repaired.replace(at, wrong.size(), EncodeBase64(previous_hash_));
  return proof::HashEntry(repaired);
}

// The link to the very last line is broken, and no later one tells which of the two is bad: it is
// the last one when putting its prev right gives the stored root.
Status EntryAudit::BlameLastLink() {
  const uint64_t last = frontier_.size() - 1;
  ASSAY_ASSIGN(const std::optional<StoredHead> head, in_.store.ReadHead());
  before_last_.Append(repaired_leaf_);
  const bool last_is_bad = head && head->root == before_last_.Root();
  findings_.FindEntry(last_is_bad ? last : last - 1,
                      last_is_bad ? "prev is not the hash of the line before"
                                  : "line is not the one that the next names");
  return {};
}

void EntryAudit::CheckFullTiles() {
  for (const proof::Tile& tile : full_tiles_) {
    auto stored = in_.store.ReadTile(tile.id);
    const std::string name = proof::TilePath(tile.id);
    if (!stored) {
      findings_.Find(name, stored.error().message);
    } else if (!*stored) {
      findings_.Find(name, "tile is missing");
    } else if (**stored != tile.hashes) {
      CompareTile(tile, **stored);
    }
    ++tile_count_;
  }
  full_tiles_.clear();
}

void EntryAudit::CompareTile(const proof::Tile& tile, const ByteVector& stored) {
  const std::string name = proof::TilePath(tile.id);
  if (stored.size() != tile.hashes.size()) return findings_.Find(name, "tile has a wrong length");
  const auto differ = std::mismatch(stored.begin(), stored.end(), tile.hashes.begin()).first;
  const auto position = static_cast<uint64_t>(differ - stored.begin()) / 32;
  const uint64_t leaf = (tile.id.index * proof::kTileWidth + position)
                        << (proof::kTileBits * tile.id.level);
  findings_.Find(name, fmt::format("hash {} is not that of the stored entries", position), leaf);
}

void EntryAudit::CompareRootWithNote() {
  if (next_note_ >= notes_.size() || notes_[next_note_].size != frontier_.size()) return;
  roots_[frontier_.size()] = frontier_.Root();
  ++next_note_;
}

}  // namespace assay::ledger
