// Reading the lines: two threads take blocks of 256 of them in turn, hash and parse them, compare
// the tile that they fill and look at their bodies; what depends on order is done block after
// block.
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <thread>

#include "base/in_order.h"
#include "proof/sha256_lanes.h"
#include "proof/tile.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

using proof::kTileWidth;

/// A line within a block, and what one thread alone can say of it.
struct Item {
  size_t begin = 0, size = 0;
  Digest hash{};  ///< SHA-256 of the line: `prev` of the next one
  Line line;
  std::unique_ptr<const std::string> fault;
  std::unique_ptr<const BodyVerdict> body;  ///< of a line that has one
};

/// 256 neighbouring lines; the last block of a ledger may have fewer.
struct Block {
  uint64_t number = 0;
  std::string text;
  std::vector<Item> items;
  std::vector<Digest> leaves;
  std::optional<uint64_t> gap;  ///< the index that stands where the next line should be
  Digest root{};
  std::optional<Finding> bad_tile;

  std::string_view TextOf(const Item& item) const {
    return std::string_view(text).substr(item.begin, item.size);
  }
  uint64_t first() const { return number * kTileWidth; }
};

Finding AtEntry(uint64_t index, std::string message) {
  return {fmt::format("entry {}", index), std::move(message), index};
}

std::optional<Finding> CompareTile(proof::TileId id, ByteSpan wanted, ByteSpan stored) {
  const std::string name = fmt::format("tile/{}/{:03}", id.level, id.index);
  if (stored.size() != wanted.size())
    return Finding{name, "tile is missing or of a wrong length", {}};
  const auto differ = std::mismatch(stored.begin(), stored.end(), wanted.begin()).first;
  if (differ == stored.end()) return {};
  const auto hash = static_cast<uint64_t>(differ - stored.begin()) / 32;
  const uint64_t first = (id.index * kTileWidth + hash) << (proof::kTileBits * id.level);
  return Finding{name, fmt::format("hash {} is another", hash), first};
}

/// Gives out the lines in blocks. [any thread]
class Source {
 public:
  Source(Query query) : query_(std::move(query)) {}

  /// False at the end.
  Result<bool> Next(Block& block) {
    const std::lock_guard lock(mutex_);
    block.number = next_;
    block.gap.reset();
    block.bad_tile.reset();
    block.text.clear();
    block.items.clear();
    while (!ended_ && block.items.size() < kTileWidth) {
      ASSAY_ASSIGN(const bool there, query_.Step());
      ended_ = !there;
      if (there) Take(block);
    }
    ++next_;
    return !block.items.empty() || block.gap;
  }

 private:
  void Take(Block& block) {
    const Row row = query_.row();
    const uint64_t expected = block.first() + block.items.size();
    if (row.Number(0) != expected) {
      block.gap = row.Number(0);
      ended_ = true;
      return;
    }
    const ByteSpan line = row.Bytes(1);
    Item& item = block.items.emplace_back();
    item.begin = block.text.size();
    item.size = line.size();
    block.text.append(AsText(line));
  }

  std::mutex mutex_;
  Query query_;
  uint64_t next_ = 0;
  bool ended_ = false;
};

/// What one thread does with a block.
class BlockWork {
 public:
  BlockWork(Database database, Query find_tile, const BodyStore& bodies, size_t number)
      : database_(std::move(database)), find_tile_(std::move(find_tile)), bodies_(bodies, number) {}

  static Result<std::unique_ptr<BlockWork>> Make(const Options& options, const BodyStore& bodies,
                                                 size_t number) {
    ASSAY_ASSIGN(Database database, Database::Open(options.path / "ledger.db", bodies.still));
    ASSAY_ASSIGN(Query find,
                 database.Prepare("SELECT hashes FROM tile WHERE level = ?1 AND idx = ?2"));
    return std::make_unique<BlockWork>(std::move(database), std::move(find), bodies, number);
  }

  /// The stored hashes of a tile; they live until the next one is looked for.
  Result<ByteSpan> FindTile(proof::TileId id) {
    find_tile_.Restart();
    ASSAY_ASSIGN(const bool there, find_tile_.Bind(1, uint64_t{id.level}).Bind(2, id.index).Step());
    return there ? find_tile_.row().Bytes(0) : ByteSpan();
  }

  Status Do(Block& block) {
    block.leaves.clear();
    for (Item& item : block.items) {
      const std::string_view text = block.TextOf(item);
      const proof::LineHashes hashes = proof::HashLine(text);
      block.leaves.push_back(hashes.leaf);
      item.hash = hashes.whole;
      auto line = ReadLine(text);
      if (!line) {
        item.fault = std::make_unique<std::string>(line.error().message);
        continue;
      }
      item.line = std::move(*line);
      if (item.line.has_body)
        item.body = std::make_unique<const BodyVerdict>(bodies_.Check(item.line));
    }
    if (block.items.size() < kTileWidth) return {};
    block.root = proof::RootOf(proof::TreeKind::kEntry, block.leaves);
    ASSAY_ASSIGN(const ByteSpan stored, FindTile({0, block.number}));
    const auto* wanted = reinterpret_cast<const uint8_t*>(block.leaves.data());
    block.bad_tile = CompareTile({0, block.number}, {wanted, proof::kTileBytes}, stored);
    return {};
  }

 private:
  Database database_;
  Query find_tile_;
  BodyReader bodies_;
};

/// What is done with the blocks in order, by one thread at a time.
class Order {
 public:
  Order(const Database& database, const Facts::Notes& notes) : database_(database), out_(notes) {
    for (const auto& [size, note] : notes) sizes_.push_back(size);
  }

  /// False when nothing after this block can matter.
  bool Take(Block& block, BlockWork& work) {
    NoteRoots(block);
    for (size_t i = 0; i < block.items.size() && !form_; ++i)
      TakeItem(block.first() + i, block.items[i], block.TextOf(block.items[i]));
    if (block.gap && !form_)
      form_ = AtEntry(block.first() + block.items.size(),
                      fmt::format("missing, entry {} follows", *block.gap));
    if (form_) return false;
    if (block.bad_tile) out_.bad_tiles[{0, block.number}] = *block.bad_tile;
    ends_full_ = block.items.size() == kTileWidth;
    if (ends_full_) TakeFullBlock(block, work);
    last_leaves_ = std::move(block.leaves);
    return true;
  }

  Entries Finish(Report& report) {
    out_.size = blocks_.size() * kTileWidth + (ends_full_ ? 0 : last_leaves_.size());
    out_.tree = TreeOf(blocks_, ends_full_ ? std::vector<Digest>() : last_leaves_);
    if (!form_ && !link_ && broken_) BlameLast();
    for (const auto& finding : {form_, link_, fact_})
      if (finding) report.Find(*finding);
    return std::move(out_);
  }

 private:
  static proof::Frontier TreeOf(const proof::Frontier& blocks, const std::vector<Digest>& leaves) {
    proof::Frontier tail;
    for (const Digest& leaf : leaves) tail.Append(leaf);
    proof::Frontier whole = blocks;
    if (leaves.size() == kTileWidth) whole.Append(tail.Root());
    std::vector<Digest> nodes = whole.nodes();
    if (leaves.size() < kTileWidth)
      nodes.insert(nodes.end(), tail.nodes().begin(), tail.nodes().end());
    const uint64_t size = blocks.size() * kTileWidth + leaves.size();
    return *proof::Frontier::FromNodes(proof::TreeKind::kEntry, size, std::move(nodes));
  }

  // Roots at the sizes of checkpoints that lie within the block.
  void NoteRoots(const Block& block) {
    size_t taken = 0;
    proof::Frontier tail;
    for (; next_size_ < sizes_.size(); ++next_size_) {
      const uint64_t size = sizes_[next_size_];
      if (size > block.first() + block.leaves.size()) return;
      for (; block.first() + taken < size; ++taken) tail.Append(block.leaves[taken]);
      std::vector<Digest> nodes = blocks_.nodes();
      nodes.insert(nodes.end(), tail.nodes().begin(), tail.nodes().end());
      if (taken == kTileWidth) {
        proof::Frontier whole = blocks_;
        whole.Append(block.root);
        nodes = whole.nodes();
      }
      if (auto tree = proof::Frontier::FromNodes(proof::TreeKind::kEntry, size, std::move(nodes)))
        out_.roots[size] = tree->Root();
    }
  }

  void TakeItem(uint64_t index, Item& item, std::string_view text) {
    if (item.fault) {
      form_ = AtEntry(index, *item.fault);
      return;
    }
    CheckLink(index, item.line.prev);
    previous_ = item.hash;
    if (form_ || fact_) return;
    if (const Status status = out_.facts.Take(index, item.line, text); !status)
      fact_ = AtEntry(index, status.error().message);
    if (item.body) TakeBody(index, item.line, *item.body);
  }

  // If the next link holds, the line is as it was and the one before it is bad.
  void CheckLink(uint64_t index, std::string_view prev) {
    const bool holds = prev == EncodeBase64(previous_);
    if (!holds && !ParseBytes(prev, 32)) {
      form_ = AtEntry(index, "prev is no hash");
    } else if (broken_ && !link_) {
      const uint64_t bad = *broken_ == 0 || !holds ? *broken_ : *broken_ - 1;
      link_ = AtEntry(bad, "line and prev of the next do not agree");
    } else if (!holds && !broken_) {
      broken_ = index;
    }
  }

  // No later link tells which of the two is bad: it is the last line when putting its prev right
  // gives the stored root.
  void BlameLast() {
    const uint64_t last = *broken_;
    std::string before, text, wrong;
    ByteVector head;
    (void)database_.Visit("SELECT line FROM entry ORDER BY idx DESC LIMIT 2", [&](const Row& row) {
      (text.empty() ? text : before) = AsText(row.Bytes(0));
      return true;
    });
    (void)database_.Visit("SELECT root FROM head", [&](const Row& row) {
      head = row.Copy(0);
      return false;
    });
    if (const auto line = ReadLine(text)) wrong = line->prev;
    if (const size_t at = text.find("\"prev\":\"" + wrong); last > 0 && at != text.npos)
      text.replace(at + 8, wrong.size(), EncodeBase64(proof::Sha256(AsBytes(before))));
    std::vector<Digest> leaves = last_leaves_;
    leaves.back() = proof::HashEntry(text);
    const Digest root = TreeOf(ends_full_ ? blocks_before_ : blocks_, leaves).Root();
    const bool is_last =
        last == 0 || std::equal(root.begin(), root.end(), head.begin(), head.end());
    link_ = AtEntry(is_last ? last : last - 1, "line and prev of the next do not agree");
  }

  void TakeBody(uint64_t index, const Line& line, const BodyVerdict& body) {
    using State = BodyVerdict::State;
    const Digest& root = line.body.root;
    BodyTally& tally = out_.bodies;
    tally.bodies += body.first ? 1 : 0;
    tally.opened += body.opened ? 1 : 0;
    if (body.state == State::kBad) tally.bad.emplace(index, body.why);
    if (body.state == State::kMissing && tally.missing.emplace(root, true).second) ++tally.bodies;
    if (body.state == State::kMissing || watched_.count(root) != 0)
      out_.facts.Watch(root, {index, line.kind == "read", line.kind == "plugin.file"});
  }

  void TakeFullBlock(const Block& block, BlockWork& work) {
    blocks_before_ = blocks_;
    blocks_.Append(block.root);
    ++out_.tiles;
    std::vector<proof::Tile> full;
    upper_.Append(block.root, full);
    for (const proof::Tile& tile : full) CheckUpperTile(tile, work);
  }

  void CheckUpperTile(const proof::Tile& tile, BlockWork& work) {
    const proof::TileId id{tile.id.level + 1, tile.id.index};
    ++out_.tiles;
    const auto stored = work.FindTile(id);
    if (auto bad = CompareTile(id, tile.hashes, stored ? *stored : ByteSpan()))
      out_.bad_tiles[{id.level, id.index}] = *bad;
  }

 public:
  /// Bodies that some later entry erases: who refers to them is remembered.
  std::map<Digest, Erasure> watched_;

 private:
  const Database& database_;
  Entries out_;
  std::vector<uint64_t> sizes_;
  size_t next_size_ = 0;
  proof::Frontier blocks_, blocks_before_;  ///< over the roots of full blocks
  proof::TileBuilder upper_;                ///< tiles above those of the lines
  std::vector<Digest> last_leaves_;
  bool ends_full_ = false;
  Digest previous_{};
  std::optional<uint64_t> broken_;
  std::optional<Finding> form_, link_, fact_;
};

/// What each of the threads does until the lines are at an end or there is no use in more.
Status Run(Source& source, Order& order, InOrder<Block>& turns, BlockWork& work) {
  for (bool more = true; more;) {
    auto block = turns.Spare();
    ASSAY_ASSIGN(const bool there, source.Next(*block));
    if (!there) return {};
    ASSAY_TRY(work.Do(*block));
    const uint64_t number = block->number;
    more =
        turns.Give(number, std::move(block), [&](Block& next) { return order.Take(next, work); });
  }
  return {};
}

Status ReadAll(const Database& database, const Options& options, const BodyStore& bodies,
               Order& order) {
  ASSAY_ASSIGN(Query lines, database.Prepare("SELECT idx, line FROM entry ORDER BY idx"));
  Source source(std::move(lines));
  InOrder<Block> turns;
  const auto run = [&](BlockWork& work) {
    Status status = Run(source, order, turns, work);
    if (!status) turns.Stop();
    return status;
  };
  ASSAY_ASSIGN(const auto mine, BlockWork::Make(options, bodies, 0));
  ASSAY_ASSIGN(const auto other, BlockWork::Make(options, bodies, 1));
  auto helper = std::async(std::launch::async, [&] { return run(*other); });
  const Status here = run(*mine);
  const Status there = helper.get();
  return here ? there : here;
}

}  // namespace

Entries CheckEntries(const Database& database, const Facts::Notes& notes, const Options& options,
                     const BodyStore& bodies, Report& report) {
  Order order(database, notes);
  order.watched_ = bodies.erasures;
  const Status read = ReadAll(database, options, bodies, order);
  Entries out = order.Finish(report);
  if (!read) report.Find("ledger.db", read.error().message);
  report.entries = out.size;
  report.root = EncodeBase64(out.tree.Root());
  if (out.size < 2) report.Find("ledger.db", "the first two entries are missing");
  return out;
}

}  // namespace assay::verify
