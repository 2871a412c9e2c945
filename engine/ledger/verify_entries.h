// The part of verification that reads the lines: form, order, links, tree, tiles, keys.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "ledger/findings.h"
#include "ledger/verify.h"
#include "ledger/verify_bodies.h"
#include "ledger/verify_start.h"

namespace assay::ledger {

/// Reads every line from the starting point on. Two threads hash and parse blocks of lines; what
/// depends on their order is judged in it, so findings are those of one thread.
class EntryAudit {
 public:
  /// `notes` are those whose roots are wanted, smallest size first.
  EntryAudit(const VerifyInput& input, VerifyStart start, const std::vector<StoredNote>& notes,
             BodyAudit& bodies, Findings& findings);
  Status Run();

  const proof::Frontier& tree() const { return frontier_; }
  uint32_t epoch() const { return epoch_; }
  const KeyWalk& keys() const { return walk_; }
  /// At the sizes of the notes.
  const std::map<uint64_t, Digest>& roots() const { return roots_; }
  uint64_t tiles() const { return tile_count_; }  ///< that became full
  const std::vector<Landmark>& landmarks() const { return landmarks_; }
  /// SHA-256 of the RFC 3161 tokens that entries name.
  const std::set<ByteVector>& tokens() const { return tokens_; }

 private:
  struct Line;
  struct Block;

  bool Read(Block& block);
  static void Work(Block& block);
  bool Take(Block& block);
  Status TakeLine(const Line& line, std::string_view text);
  void TakeFacts(uint64_t index, const LineFacts& facts);
  void FollowKeys(uint64_t index, const LineFacts& facts);
  void TakeToken(uint64_t index, const LineFacts& facts);
  void CheckLink(uint64_t index, const Line& line, std::string_view text);
  Digest RepairedLeaf(std::string_view line, const Digest& prev) const;
  Status BlameLastLink();
  void CheckFullTiles();
  void CompareTile(const proof::Tile& tile, const ByteVector& stored);
  void CompareRootWithNote();

  const VerifyInput& in_;
  const std::vector<StoredNote>& notes_;
  BodyAudit& bodies_;
  Findings& findings_;
  const uint64_t first_;
  uint64_t next_;        ///< where the next block begins
  Status order_, read_;  ///< a line that is not the next one; the storage's own
  proof::Frontier frontier_;
  proof::TileBuilder tiles_;
  std::vector<proof::Tile> full_tiles_;
  uint64_t tile_count_ = 0;
  size_t next_note_ = 0;
  std::map<uint64_t, Digest> roots_;
  std::vector<Landmark> landmarks_;
  std::set<ByteVector> tokens_;
  KeyWalk walk_;
  uint32_t epoch_ = 1;
  Timestamp last_time_{};
  Digest previous_hash_{};
  bool pending_ = false;    ///< the link to the previous line was broken
  Digest repaired_leaf_{};  ///< of the newest line, should only its prev be wrong
  proof::Frontier before_last_;
};

}  // namespace assay::ledger
