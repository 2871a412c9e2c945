#include "ledger/proofs.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/chain.h"

namespace assay::ledger {
namespace {

using proof::TreeKind;

Result<std::vector<Digest>> RecordPath(const OpenedBody& body, uint64_t segment) {
  std::vector<Digest> leaves;
  for (size_t i = 0; i < body.segments().size(); ++i) {
    const auto gone = body.erased().find(i);
    leaves.push_back(gone != body.erased().end()
                         ? gone->second
                         : proof::HashRecord(body.Salt(i), body.segments()[i]));
  }
  const proof::HashReader read = [&](unsigned level, uint64_t index) -> Result<Digest> {
    proof::Frontier frontier(TreeKind::kRecord);
    for (uint64_t i = index << level; i < (index + 1) << level; ++i) frontier.Append(leaves[i]);
    return frontier.Root();
  };
  return proof::InclusionProof(TreeKind::kRecord, segment, leaves.size(), read);
}

}  // namespace

Result<std::vector<std::string>> ReadKeyLines(LedgerStore& store, uint64_t size) {
  constexpr std::string_view kFamilies[] = {"key.", "epoch."};
  ASSAY_ASSIGN(const std::vector<Landmark> landmarks, ReadFamilies(store, kFamilies, 0, size));
  std::vector<std::string> out;
  for (const Landmark& landmark : landmarks) {
    if (!proof::IsKeyKind(landmark.kind)) continue;
    ASSAY_ASSIGN(std::string line, ReadOneLine(store, landmark.index));
    out.push_back(std::move(line));
  }
  return out;
}

Result<std::unique_ptr<Proofs>> Proofs::Load(LedgerStore& store, BodyOpener open_body) {
  ASSAY_ASSIGN(const std::vector<StoredNote> notes, store.NewestNotes(1));
  if (notes.empty())
    return Fail(
        Error{Code::kNotFound, "ledger: no checkpoint was signed yet", {}, "assay run", {}, {}});
  std::unique_ptr<Proofs> out(new Proofs(store, std::move(open_body)));
  out->note_ = notes[0].note;
  out->head_.size = notes[0].size;
  ASSAY_TRY(out->LoadKeys());
  ASSAY_TRY(out->LoadTree());
  ASSAY_TRY(out->AddCosignatures());
  return out;
}

Status Proofs::LoadKeys() {
  ASSAY_ASSIGN(const std::vector<std::string> lines, ReadKeyLines(store_, head_.size));
  ASSAY_ASSIGN(keys_, proof::Handovers::FromLines(lines));
  const uint64_t size = head_.size;
  ASSAY_ASSIGN(head_, keys_->Open(note_));
  if (head_.size != size) return Fail(Code::kCorrupt, "checkpoint: of another size than its row");
  return {};
}

Status Proofs::LoadTree() {
  ASSAY_ASSIGN(std::vector<ByteVector> open,
               proof::OpenTiles(head_.size, ReadStoredTree(store_, head_.size)));
  closed_ = head_.size / proof::kTileWidth * proof::kTileWidth;
  const auto read_tile = [this](proof::TileId id) -> Result<ByteVector> {
    if (tiles_.size() <= id.level) tiles_.resize(id.level + 1);
    CachedTile& cached = tiles_[id.level];
    if (!cached.hashes.empty() && cached.id == id) return cached.hashes;
    ASSAY_ASSIGN(std::optional<ByteVector> tile, store_.ReadTile(id));
    if (!tile) return Fail(Code::kCorrupt, proof::TilePath(id) + ": tile is missing");
    cached = {id, std::move(*tile)};
    return cached.hashes;
  };
  read_ = proof::ReadFromTiles(head_.size, read_tile, std::move(open));
  ASSAY_ASSIGN(const Digest root, RootAt(TreeSize{head_.size}));
  if (root != head_.root)
    return Fail(Code::kCorrupt,
                fmt::format("ledger.db: FORKED, the signed head of {} entries is not that of the "
                            "stored entries",
                            head_.size));
  return {};
}

// The cosignatures of a checkpoint are entries after it.
Status Proofs::AddCosignatures() {
  ASSAY_ASSIGN(const std::vector<Landmark> landmarks, store_.ReadLandmarks("", head_.size));
  for (const Landmark& landmark : landmarks) {
    if (landmark.kind != "checkpoint.cosigned") continue;
    ASSAY_ASSIGN(const std::string line, ReadOneLine(store_, landmark.index));
    ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
    const auto size = proof::IntegerAt(facts.members, "size");
    const auto signature = proof::TextAt(facts.members, "line");
    if (!size || !signature || static_cast<uint64_t>(*size) != head_.size) continue;
    const std::string longer = note_ + *signature + "\n";
    if (proof::ParseNote(longer)) note_ = longer;
  }
  return {};
}

// Nodes at the right edge are wanted by every proof; they are worked out once.
Result<Digest> Proofs::ReadNode(unsigned level, uint64_t index) {
  const bool at_edge = ((index + 1) << level) > closed_ || level >= proof::kTileBits;
  if (at_edge) {
    const auto known = edge_.find({level, index});
    if (known != edge_.end()) return known->second;
  }
  ASSAY_ASSIGN(const Digest hash, read_(level, index));
  const unsigned tile_level = level / proof::kTileBits;
  const uint64_t width = proof::kTileBits * (tile_level + 1);
  const bool is_open = ((((index << level) >> width) + 1) << width) > head_.size;
  if (is_open) edge_[{level, index}] = hash;
  return hash;
}

Result<Digest> Proofs::RootAt(TreeSize size) {
  const std::lock_guard lock(mutex_);
  if (ToNumber(size) > head_.size)
    return Fail(Code::kInvalidInput, fmt::format("tree of {} entries: the signed head has {}",
                                                 ToNumber(size), head_.size));
  return proof::RootAt(TreeKind::kEntry, ToNumber(size),
                       [this](unsigned level, uint64_t index) { return ReadNode(level, index); });
}

Result<std::vector<Digest>> Proofs::InclusionPath(LeafIndex index) {
  const std::lock_guard lock(mutex_);
  return proof::InclusionProof(
      TreeKind::kEntry, ToNumber(index), head_.size,
      [this](unsigned level, uint64_t node) { return ReadNode(level, node); });
}

Result<std::vector<Digest>> Proofs::ConsistencyPath(TreeSize size) {
  const std::lock_guard lock(mutex_);
  return proof::ConsistencyProof(
      TreeKind::kEntry, ToNumber(size), head_.size,
      [this](unsigned level, uint64_t node) { return ReadNode(level, node); });
}

Result<proof::ShownRecord> Proofs::ShowSegment(const std::string& line, uint64_t segment) {
  ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
  if (!facts.body) return Fail(Code::kNotFound, fmt::format("entry {}: has no body", facts.index));
  ASSAY_ASSIGN(const OpenedBody body, open_body_(facts.body->root));
  if (segment >= body.segments().size())
    return Fail(Code::kNotFound, fmt::format("entry {}: its body has segments 0 to {}", facts.index,
                                             body.segments().size() - 1));
  if (body.erased().contains(segment))
    return Fail(Code::kNotFound,
                fmt::format("entry {}: segment {} of its body is erased", facts.index, segment));
  const ByteSpan bytes = body.segments()[segment];
  ASSAY_TRY(proof::CheckShownAsRecord(body.scheme(), segment, bytes));
  proof::ShownRecord out;
  AppendBytes(out.bytes, bytes);
  AppendBytes(out.salt, body.Salt(segment));
  out.segment = segment;
  out.segments = body.segments().size();
  ASSAY_ASSIGN(out.path, RecordPath(body, segment));
  return out;
}

Result<std::string> Proofs::Prove(LeafIndex index, std::optional<uint64_t> segment) {
  proof::Bundle bundle;
  bundle.index = ToNumber(index);
  ASSAY_ASSIGN(bundle.line, ReadOneLine(store_, bundle.index));
  if (bundle.index >= head_.size)
    return Fail(Error{
        Code::kUnavailable,
        fmt::format("entry {}: the newest signed head covers {} entries", bundle.index, head_.size),
        {},
        "the next run signs a newer one",
        {},
        {}});
  ASSAY_ASSIGN(bundle.path, InclusionPath(index));
  if (segment) {
    ASSAY_ASSIGN(bundle.record, ShowSegment(bundle.line, *segment));
  }
  bundle.keys = keys_->HandoversFor(head_.size);
  bundle.note = note_;
  return proof::WriteBundle(bundle);
}

Result<std::string> Proofs::ProveConsistency(const std::string& from) {
  ASSAY_ASSIGN(const proof::Checkpoint earlier, keys_->Open(from));
  if (earlier.size > head_.size)
    return Fail(Code::kCorrupt,
                fmt::format("TRUNCATED: the note is of {} entries, the newest signed head here has "
                            "{}",
                            earlier.size, head_.size));
  ASSAY_ASSIGN(const Digest root, RootAt(TreeSize{earlier.size}));
  if (root != earlier.root)
    return Fail(Code::kCorrupt,
                fmt::format("FORKED: the note of {} entries is of another history", earlier.size));
  ASSAY_ASSIGN(std::vector<Digest> path, ConsistencyPath(TreeSize{earlier.size}));
  return proof::WriteBundle(
      proof::ConsistencyBundle{from, note_, std::move(path), keys_->HandoversFor(head_.size)});
}

}  // namespace assay::ledger
