// The writer of a ledger, two threads: one gives entries their place (index, time, prev, tree), the
// other commits them as a group, bodies before the entries that refer to them. While neither has
// anything to do, a caller who waits for one entry or body does both itself. All stop for good at
// the first failure.
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
  PendingEntry Append(const PreparedLine& line, ByteVector token = {});
  /// Append, and waits until the entry is durable.
  Result<Appended> AppendDurably(const PreparedLine& line);
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
  using Control = std::variant<SyncItem, SignItem, WorkItem>;

  /// What callers queued since the chaining thread last took it. Two of them change places for
  /// ever, so that an entry costs no memory of its own.
  struct Intake {
    std::string texts;  ///< of the prepared lines, one behind the other
    std::vector<LineShape> shapes;
    std::vector<size_t> ends;                           ///< of each in `texts`
    std::vector<std::pair<size_t, ByteVector>> tokens;  ///< with the number of their entry
    std::vector<BodyItem> bodies;
    std::vector<Control> controls;  ///< done when all entries beside them are durable
    size_t next = 0;                ///< entries before it are chained

    bool IsEmpty() const { return next == ends.size() && bodies.empty() && controls.empty(); }
    std::string_view TextOf(size_t entry) const {
      const size_t begin = entry == 0 ? 0 : ends[entry - 1];
      return std::string_view(texts).substr(begin, ends[entry] - begin);
    }
    void Clear();
  };

  /// What one commit takes.
  struct Round {
    std::vector<BodyItem> bodies;
    Group group;
    std::vector<Appended> appended;  ///< for each line of the group
    std::vector<Control> controls;   ///< sync, sign or work: they end a round
    Head head;                       ///< after the group
    size_t bytes = 0;

    bool IsEmpty() const { return bodies.empty() && appended.empty() && controls.empty(); }
    bool IsFull() const;
    void Clear();
  };

  /// `write` puts something into the intake. False when the ledger is stopped.
  template <typename Write>
  bool Enqueue(bool urgent, const Write& write);
  template <typename Item, typename List>
  auto EnqueueAndWait(Item item, List Intake::*list);
  PendingEntry NextPending();
  void ChainLoop();
  bool Next(Round& round);
  bool TakeQueued(const Round& round);
  void HandOver(Round& round);
  Status ChainTaken(Round& round);
  bool IsBusy() const { return committing_ || handed_; }
  void CommitLoop();
  Status WhetherStopped();
  void Commit(Round& round);
  void Perform(Control& control, const Head& head);
  Status CommitBodies(std::vector<BodyItem>& bodies);
  Status CommitEntries(Round& round);
  void Acknowledge(std::span<const Appended> appended);
  Result<std::string> SignHead(const Head& head);
  Result<std::string> MakeNote(const Head& head) const;
  void FailTaken(Round& round, const Error& error);
  bool BeginAlone(Round& round);
  Result<Appended> AppendAlone(const PreparedLine& line, Round& round);
  void EndAlone(Round round);
  void Stop(const Error& error);

  LedgerStore& store_;
  Chain chain_;  ///< the chaining thread's, or of who works alone
  CheckpointLog log_;
  const std::string origin_;
  const proof::SigningKey& key_;
  const proof::SigningKey* previous_;  ///< null after the first head
  const Clock& clock_;
  const uint32_t epoch_;

  Intake taken_;  ///< the chaining thread's

  std::mutex mutex_;  ///< guards all below
  std::condition_variable space_, chaining_wakes_, committing_wakes_;
  Intake intake_;
  std::deque<std::shared_ptr<Acknowledgements>> awaited_;  ///< of the entries that are not durable
  uint32_t last_awaits_ = 0;                               ///< entries queued in the last of them
  std::optional<Round> handed_;       ///< from the chaining to the committing thread
  std::vector<Round> spare_;          ///< done; their memory is used again
  bool committing_ = false;           ///< a round is being committed
  bool chaining_wants_more_ = false;  ///< it sleeps, and its round has room
  bool resting_ = false;              ///< it sleeps and holds nothing
  bool alone_ = false;                ///< a caller chains and commits: committing_ is set, too
  bool urgent_ = false;               ///< something queued must not wait for company
  std::optional<Error> stopped_;      ///< the first failure
  bool closing_ = false, chained_all_ = false;
  std::thread chaining_thread_, committing_thread_;
};

/// "202611": the evidence file of a moment.
std::string MonthOf(Timestamp time);

}  // namespace assay::ledger
