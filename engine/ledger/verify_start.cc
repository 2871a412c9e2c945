#include "ledger/verify_start.h"

#include <fmt/format.h>

#include "ledger/chain.h"

namespace assay::ledger {
namespace {

using proof::TreeKind;

// The complete subtrees that the hashes of the open tiles make, widest first. Under the right root
// each of these hashes is bound: a tile that becomes full later can be compared with them.
Result<proof::Frontier> FrontierOf(uint64_t size, const std::vector<ByteVector>& open) {
  std::vector<Digest> nodes;
  for (auto level = open.rbegin(); level != open.rend(); ++level) {
    proof::Frontier tile;
    for (ByteSpan hashes = *level; !hashes.empty(); hashes = hashes.subspan(sizeof(Digest))) {
      ASSAY_ASSIGN(const Digest hash, ToDigest(hashes.subspan(0, sizeof(Digest))));
      tile.Append(hash);
    }
    nodes.insert(nodes.end(), tile.nodes().begin(), tile.nodes().end());
  }
  return proof::Frontier::FromNodes(TreeKind::kEntry, size, std::move(nodes));
}

Result<AbsenceBook> ReadBook(LedgerStore& store, const StoredHead& head) {
  AbsenceBook book;
  ASSAY_ASSIGN(const std::vector<Landmark> landmarks,
               ReadFamilies(store, kAbsenceFamilies, 0, head.size));
  for (const Landmark& landmark : landmarks) {
    ASSAY_ASSIGN(const LineFacts facts, ReadLandmarkLine(store, head, landmark));
    ASSAY_TRY(book.Take(facts));
  }
  return book;
}

Status CheckSize(LedgerStore& store, uint64_t size) {
  ASSAY_ASSIGN(const std::optional<StoredHead> head, store.ReadHead());
  const uint64_t stored = head ? head->size : 0;
  if (size <= stored) return {};
  return Fail(Code::kCorrupt,
              fmt::format("TRUNCATED: the starting point is a signed head of {} entries, {} are "
                          "stored",
                          size, stored));
}

}  // namespace

Result<proof::Checkpoint> ReadStart(std::string_view note, std::string_view origin) {
  const auto parsed = proof::ParseNote(note);
  auto checkpoint = parsed ? proof::Checkpoint::Parse(parsed->text) : Fail(parsed.error());
  if (!checkpoint)
    return Fail(Code::kInvalidInput,
                "starting point: no checkpoint: " + checkpoint.error().message);
  const std::string epochs = std::string(origin) + "/epoch-";
  if (checkpoint->origin != origin && !checkpoint->origin.starts_with(epochs))
    return Fail(Code::kInvalidInput,
                "starting point: a checkpoint of another ledger, " + Quote(checkpoint->origin));
  if (checkpoint->size == 0)
    return Fail(Code::kInvalidInput, "starting point: a checkpoint of no entries");
  return checkpoint;
}

Result<VerifyStart> LoadStart(LedgerStore& store, const proof::Checkpoint& checkpoint) {
  const uint64_t size = checkpoint.size;
  ASSAY_TRY(CheckSize(store, size));
  ASSAY_ASSIGN(std::vector<ByteVector> open, proof::OpenTiles(size, ReadStoredTree(store, size)));
  VerifyStart start;
  ASSAY_ASSIGN(start.frontier, FrontierOf(size, open));
  if (start.frontier.Root() != checkpoint.root)
    return Fail(Code::kCorrupt,
                "the stored tree has another root than this signed head: what lies before it was "
                "changed, or it is of another history");
  StoredHead head{size, checkpoint.root, 1, start.frontier.Encode()};
  // From here on each line that counts is shown to be a leaf of that tree.
  ASSAY_ASSIGN(const std::string line, ReadOneLine(store, size - 1));
  ASSAY_ASSIGN(const bool contained, IsInTree(store, head, size - 1, proof::HashEntry(line)));
  if (!contained)
    return Fail(Code::kCorrupt, fmt::format("entry {}: line is not the one in the tree", size - 1));
  ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
  head.epoch = facts.epoch;
  ASSAY_ASSIGN(start.walk, WalkKeys(store, head, size));
  ASSAY_ASSIGN(start.book, ReadBook(store, head));
  start.tiles = proof::TileBuilder(size, std::move(open));
  start.last_hash = proof::Sha256(AsBytes(line));
  start.last_time = facts.time;
  start.epoch = facts.epoch;
  return start;
}

}  // namespace assay::ledger
