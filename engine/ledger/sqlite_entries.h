// ledger.db: entry lines, full tiles, head, checkpoints, lease.
#pragma once

#include <mutex>

#include "ledger/schema.h"
#include "ledger/store.h"

namespace assay::ledger {

/// The one connection that writes ledger.db.
class EntryWriter {
 public:
  static Result<EntryWriter> Open(const std::filesystem::path& path);
  Status TakeLease();
  Status Append(const Group& group);
  Status AppendNote(const StoredNote& note);
  Status Settle() { return database_.CopyBack(true); }

 private:
  Status CheckFence(uint64_t expected_size);
  Status InsertRows(const Group& group);
  Status InsertLines(uint64_t first_index, const LineList& lines);
  Status CommitAndCopyBack(Transaction transaction);

  Database database_;
  Statement insert_line_, insert_lines_, insert_tile_, insert_landmark_, update_head_, read_fence_;
  uint64_t writer_ = 0;
};

/// A connection that reads ledger.db. Safe from any thread.
class EntryReader {
 public:
  static Result<std::unique_ptr<EntryReader>> Open(const std::filesystem::path& path);
  Status HoldSnapshot();
  Result<std::optional<StoredHead>> ReadHead();
  Status ReadLines(uint64_t from, uint64_t to, const LedgerStore::LineVisitor& visit);
  Result<std::vector<Landmark>> ReadLandmarks(std::string_view prefix, uint64_t from, uint64_t to);
  Result<std::optional<ByteVector>> FindToken(const Digest& digest);
  Status VisitTokens(const std::function<Status(ByteSpan, ByteSpan)>& visit);
  Result<std::optional<ByteVector>> ReadTile(proof::TileId id);
  Status VisitTiles(const std::function<Status(const proof::Tile&)>& visit);
  Result<uint64_t> CountTiles(uint64_t size);
  Result<std::vector<StoredNote>> ReadNotes(const std::string& order_and_limit);
  Database& database() { return database_; }

 private:
  struct Line {
    uint64_t index;
    std::string text;
  };
  Result<std::vector<Line>> ReadBatch(uint64_t from, uint64_t to);

  std::recursive_mutex mutex_;
  Database database_;
  Statement read_lines_, read_tile_;
};

}  // namespace assay::ledger
