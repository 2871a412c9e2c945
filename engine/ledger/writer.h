// The one writer thread: takes what is queued as one group, commits bodies before the entries that
// refer to them, and stops for good at the first failure.
#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "ledger/chain.h"
#include "ledger/checkpoint_log.h"
#include "proof/note.h"

namespace assay::ledger {

class GroupWriter {
 public:
  struct Parts {
    LedgerStore& store;
    Chain chain;
    CheckpointLog log;
    const proof::SigningKey& key;
    std::string origin;
    const Clock& clock;
  };
  explicit GroupWriter(Parts parts);
  /// Writes what is queued, then ends the thread.
  ~GroupWriter();

  /// With `token` the RFC 3161 token that the entry names: both become durable together.
  std::future<Result<Appended>> Append(Fragments fragments, ByteVector token = {});
  /// Waits until the body is committed; gives the earlier reference for bytes seen before.
  Result<BodyRef> Put(const SealedBody& body);
  Result<Head> Sync();
  Result<std::string> Sign();
  /// Epoch of the chain: does not change while open.
  uint32_t epoch() const { return epoch_; }

 private:
  struct EntryItem {
    Fragments fragments;
    ByteVector token;
    std::promise<Result<Appended>> done;
  };
  struct BodyItem {
    const SealedBody* body;
    std::promise<Result<BodyRef>> done;
  };
  struct SyncItem {
    std::promise<Result<Head>> done;
  };
  struct SignItem {
    std::promise<Result<std::string>> done;
  };
  using Item = std::variant<EntryItem, BodyItem, SyncItem, SignItem>;
  struct Batch {
    std::vector<EntryItem> entries;
    std::vector<BodyItem> bodies;
    std::optional<Item> control;  ///< sync or sign: ends a group
  };

  /// Queues, or fails the item at once when the ledger is stopped.
  void Enqueue(Item item);
  void Loop();
  bool TakeBatch(Batch& batch);
  void Process(Batch& batch);
  Status CommitBodies(std::vector<BodyItem>& bodies);
  Status CommitEntries(std::vector<EntryItem>& entries);
  Result<std::string> SignHead();
  void Stop(const Error& error);

  LedgerStore& store_;
  Chain chain_;
  CheckpointLog log_;
  const proof::SigningKey& key_;
  const std::string origin_;
  const Clock& clock_;
  const uint32_t epoch_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::optional<Error> stopped_;  ///< the first failure; guarded by mutex_
  bool closing_ = false;
  std::thread thread_;
};

/// "202611": the evidence file of a moment.
std::string MonthOf(Timestamp time);

}  // namespace assay::ledger
