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

  std::future<Result<Appended>> Append(Fragments fragments);
  /// Waits until the body is committed; gives the earlier reference for bytes seen before.
  Result<BodyRef> Put(const SealedBody& body);
  Result<Head> Sync();
  Result<std::string> Sign();
  /// Does something to the storage on the writer's thread, after all that was queued before. A
  /// failure is the caller's alone: the writer goes on.
  Status Do(std::function<Status()> work);
  /// Epoch of the chain: does not change while open.
  uint32_t epoch() const { return epoch_; }

 private:
  struct EntryItem {
    Fragments fragments;
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
  struct WorkItem {
    std::function<Status()> work;
    std::promise<Status> done;
  };
  using Item = std::variant<EntryItem, BodyItem, SyncItem, SignItem, WorkItem>;
  struct Batch {
    std::vector<EntryItem> entries;
    std::vector<BodyItem> bodies;
    std::optional<Item> control;  ///< sync, sign or work: ends a group
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
