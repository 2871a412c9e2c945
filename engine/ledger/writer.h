// The writer of a ledger, two threads: one gives entries their place (index, time, prev, tree), the
// other commits them as a group, bodies before the entries that refer to them. Both stop for good
// at the first failure.
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
    std::string origin;  ///< name of the epoch
    const proof::SigningKey& key;
    const proof::SigningKey* previous;  ///< signs the first head too, when it handed over
    const Clock& clock;
  };
  explicit GroupWriter(Parts parts);
  /// Writes what is queued, then ends the threads.
  ~GroupWriter();

  /// With `token` the RFC 3161 token that the entry names: both become durable together.
  std::future<Result<Appended>> Append(PreparedLine line, ByteVector token = {});
  /// Waits until the body is committed; gives the earlier reference for bytes seen before.
  Result<BodyRef> Put(const SealedBody& body);
  Result<Head> Sync();
  Result<std::string> Sign();
  /// Does something to the storage on the committing thread, between two rounds and after all that
  /// was queued before. A failure is the caller's alone: the writer goes on. `work` must not queue
  /// anything itself.
  Status Do(std::function<Status()> work);
  /// Epoch of the chain: does not change while open.
  uint32_t epoch() const { return epoch_; }

 private:
  struct EntryItem {
    PreparedLine line;
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
  struct WorkItem {
    std::function<Status()> work;
    std::promise<Status> done;
  };
  using Item = std::variant<EntryItem, BodyItem, SyncItem, SignItem, WorkItem>;
  using Waiting = std::promise<Result<Appended>>;

  /// What one commit takes.
  struct Round {
    std::vector<BodyItem> bodies;
    Group group;
    std::vector<std::pair<Appended, Waiting>> appended;  ///< for each line of the group
    std::optional<Item> control;                         ///< sync, sign or work: ends a round
    Head head;                                           ///< after the group
    size_t bytes = 0;

    bool IsEmpty() const { return bodies.empty() && appended.empty() && !control; }
    bool IsFull() const;
  };

  /// Queues, or fails the item at once when the ledger is stopped.
  void Enqueue(Item item);
  void ChainLoop();
  bool Next(Round& round, std::vector<Item>& taken);
  void TakeQueued(const Round& round, std::vector<Item>& taken);
  void Add(Round& round, Item item);
  void CommitLoop();
  Status WhetherStopped();
  void Commit(Round& round);
  Status CommitBodies(std::vector<BodyItem>& bodies);
  Status CommitEntries(Round& round);
  Result<std::string> SignHead(const Head& head);
  Result<std::string> MakeNote(const Head& head) const;
  void Stop(const Error& error);

  LedgerStore& store_;
  Chain chain_;  ///< the chaining thread's
  CheckpointLog log_;
  const std::string origin_;
  const proof::SigningKey& key_;
  const proof::SigningKey* previous_;  ///< null after the first head
  const Clock& clock_;
  const uint32_t epoch_;

  std::mutex mutex_;  ///< guards all below
  std::condition_variable space_, chaining_wakes_, committing_wakes_;
  std::deque<Item> queue_;
  std::optional<Round> handed_;   ///< from the chaining to the committing thread
  bool committing_ = false;       ///< a round is handed over or being committed
  bool urgent_ = false;           ///< something queued must not wait for company
  std::optional<Error> stopped_;  ///< the first failure
  bool closing_ = false, chained_all_ = false;
  std::thread chaining_thread_, committing_thread_;
};

/// "202611": the evidence file of a moment.
std::string MonthOf(Timestamp time);

}  // namespace assay::ledger
