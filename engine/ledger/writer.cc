#include "ledger/writer.h"

namespace assay::ledger {
namespace {

constexpr size_t kMaxGroupEntries = 1000;
constexpr size_t kMaxGroupBytes = 4u << 20;
constexpr size_t kMaxQueued = 16'384;  // an appender waits beyond this

constexpr size_t kWorthWaking = 128;  // while a commit is under way

}  // namespace

std::string MonthOf(Timestamp time) {
  const std::string text = FormatTime(time);
  return text.substr(0, 4) + text.substr(5, 2);
}

GroupWriter::GroupWriter(Parts parts)
    : store_(parts.store),
      chain_(std::move(parts.chain)),
      log_(std::move(parts.log)),
      origin_(std::move(parts.origin)),
      key_(parts.key),
      previous_(parts.previous),
      clock_(parts.clock),
      epoch_(chain_.epoch()),
      chaining_thread_([this] { ChainLoop(); }),
      committing_thread_([this] { CommitLoop(); }) {}

GroupWriter::~GroupWriter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  chaining_wakes_.notify_one();
  chaining_thread_.join();
  committing_thread_.join();
}

void GroupWriter::Enqueue(Item item) {
  std::unique_lock lock(mutex_);
  space_.wait(lock, [&] { return queue_.size() < kMaxQueued || stopped_; });
  if (stopped_) {
    std::visit([&](auto& queued) { queued.done.set_value(Fail(*stopped_)); }, item);
    return;
  }
  urgent_ = urgent_ || !std::holds_alternative<EntryItem>(item);
  queue_.push_back(std::move(item));
  const bool wake = !committing_ || urgent_ || queue_.size() % kWorthWaking == 0;
  lock.unlock();
  if (wake) chaining_wakes_.notify_one();
}

std::future<Result<Appended>> GroupWriter::Append(PreparedLine line, ByteVector token) {
  EntryItem item{std::move(line), std::move(token), {}};
  auto future = item.done.get_future();
  Enqueue(std::move(item));
  return future;
}

Result<BodyRef> GroupWriter::Put(const SealedBody& body) {
  BodyItem item{&body, {}};
  auto future = item.done.get_future();
  Enqueue(std::move(item));
  return future.get();
}

Result<Head> GroupWriter::Sync() {
  SyncItem item;
  auto future = item.done.get_future();
  Enqueue(std::move(item));
  return future.get();
}

Result<std::string> GroupWriter::Sign() {
  SignItem item;
  auto future = item.done.get_future();
  Enqueue(std::move(item));
  return future.get();
}

Status GroupWriter::Do(std::function<Status()> work) {
  WorkItem item{std::move(work), {}};
  auto future = item.done.get_future();
  Enqueue(std::move(item));
  return future.get();
}

bool GroupWriter::Round::IsFull() const {
  return control || appended.size() >= kMaxGroupEntries || bytes >= kMaxGroupBytes;
}

void GroupWriter::ChainLoop() {
  Round round;
  std::vector<Item> taken;
  while (Next(round, taken)) {
    if (const Status ready = chain_.MakeReady(store_, taken.size()); !ready) {
      Stop(ready.error());
      for (Item& item : taken)
        std::visit([&](auto& queued) { queued.done.set_value(Fail(ready.error())); }, item);
    } else {
      for (Item& item : taken) Add(round, std::move(item));
    }
    taken.clear();
  }
}

// A round grows while the one before it is committed, and is handed over when that is done: no
// timer, so a lone entry does not wait for others and a burst shares one sync.
bool GroupWriter::Next(Round& round, std::vector<Item>& taken) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool worth = !committing_ || urgent_ || closing_ || queue_.size() >= kWorthWaking;
    if (!queue_.empty() && !round.IsFull() && worth) {
      TakeQueued(round, taken);
      lock.unlock();
      space_.notify_all();
      return true;
    }
    if (!round.IsEmpty() && !committing_) {
      round.group.head = chain_.ToStored();
      round.head = chain_.head();
      handed_ = std::exchange(round, {});
      committing_ = true;
      committing_wakes_.notify_one();
      continue;
    }
    if (closing_ && queue_.empty() && round.IsEmpty()) {
      chained_all_ = true;
      committing_wakes_.notify_one();
      return false;
    }
    chaining_wakes_.wait(lock);
  }
}

void GroupWriter::TakeQueued(const Round& round, std::vector<Item>& taken) {
  size_t entries = round.appended.size(), bytes = round.bytes;
  bool ended = false;
  while (!queue_.empty() && !ended && entries < kMaxGroupEntries && bytes < kMaxGroupBytes) {
    Item& item = queue_.front();
    if (const auto* entry = std::get_if<EntryItem>(&item)) {
      ++entries;
      bytes += entry->line.text.size();
    } else if (const auto* body = std::get_if<BodyItem>(&item)) {
      for (const ByteVector& part : body->body->parts) bytes += part.size();
    } else {
      ended = true;
    }
    taken.push_back(std::move(item));
    queue_.pop_front();
  }
  if (queue_.empty()) urgent_ = false;
}

void GroupWriter::Add(Round& round, Item item) {
  if (auto* entry = std::get_if<EntryItem>(&item)) {
    if (round.appended.empty()) round.group.first_index = chain_.size();
    round.bytes += entry->line.text.size();
    round.appended.emplace_back(chain_.Append(entry->line, clock_.Now(), round.group),
                                std::move(entry->done));
    if (!entry->token.empty()) round.group.tokens.push_back(std::move(entry->token));
  } else if (auto* body = std::get_if<BodyItem>(&item)) {
    for (const ByteVector& part : body->body->parts) round.bytes += part.size();
    round.bodies.push_back(std::move(*body));
  } else {
    round.control = std::move(item);
  }
}

void GroupWriter::CommitLoop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    committing_wakes_.wait(lock, [&] { return handed_ || chained_all_; });
    if (!handed_) return;
    Round round = std::move(*handed_);
    handed_.reset();
    lock.unlock();
    Commit(round);
    lock.lock();
    committing_ = false;
    chaining_wakes_.notify_one();
  }
}

// A round that was chained before an earlier one failed must not reach the disk.
Status GroupWriter::WhetherStopped() {
  const std::lock_guard lock(mutex_);
  return stopped_ ? Status(Fail(*stopped_)) : Status{};
}

void GroupWriter::Commit(Round& round) {
  Status committed = WhetherStopped();
  if (committed) committed = CommitBodies(round.bodies);
  if (committed) committed = CommitEntries(round);
  if (!committed) {
    Stop(committed.error());
    const auto fail = [&](auto& item) { item.done.set_value(Fail(committed.error())); };
    for (BodyItem& item : round.bodies) fail(item);
    for (auto& [appended, waiting] : round.appended) waiting.set_value(Fail(committed.error()));
    if (round.control) std::visit(fail, *round.control);
    return;
  }
  if (!round.control) return;
  if (auto* sync = std::get_if<SyncItem>(&*round.control)) sync->done.set_value(round.head);
  if (auto* sign = std::get_if<SignItem>(&*round.control)) {
    Result<std::string> note = SignHead(round.head);
    if (!note) Stop(note.error());
    sign->done.set_value(std::move(note));
  }
  if (auto* work = std::get_if<WorkItem>(&*round.control)) work->done.set_value(work->work());
}

Status GroupWriter::CommitBodies(std::vector<BodyItem>& items) {
  if (items.empty()) return {};
  std::vector<const SealedBody*> bodies;
  for (const BodyItem& item : items) bodies.push_back(item.body);
  ASSAY_ASSIGN(std::vector<BodyRef> refs, store_.PutBodies(MonthOf(clock_.Now()), bodies));
  for (size_t i = 0; i < items.size(); ++i) items[i].done.set_value(std::move(refs[i]));
  items.clear();  // acknowledged: a failure of the entries is not theirs
  return {};
}

Status GroupWriter::CommitEntries(Round& round) {
  if (round.appended.empty()) return {};
  ASSAY_TRY(store_.AppendGroup(round.group));
  for (auto& [appended, waiting] : round.appended) waiting.set_value(appended);
  return {};
}

// After a rotation the old key first, then the new one.
Result<std::string> GroupWriter::MakeNote(const Head& head) const {
  const std::string text = proof::Checkpoint{origin_, ToNumber(head.size), head.root}.ToText();
  if (previous_ == nullptr) return proof::SignNote(text, origin_, key_);
  ASSAY_ASSIGN(const std::string note, proof::SignNote(text, origin_, *previous_));
  return proof::CountersignNote(note, origin_, key_);
}

// The row is committed before the log is written: after a crash between the two the log lacks its
// last note, which is then known and added at the next open (ledger_open.cc).
Result<std::string> GroupWriter::SignHead(const Head& head) {
  const uint64_t size = ToNumber(head.size);
  ASSAY_ASSIGN(const std::vector<StoredNote> newest, store_.NewestNotes(1));
  if (newest.empty() || newest[0].size != size) {
    ASSAY_ASSIGN(const std::string note, MakeNote(head));
    ASSAY_TRY(store_.AppendNote({size, note}));
    ASSAY_TRY(log_.Append(note));
    ASSAY_TRY(store_.Settle());
    previous_ = nullptr;
    return note;
  }
  ASSAY_TRY(store_.Settle());
  return newest[0].note;
}

void GroupWriter::Stop(const Error& error) {
  std::deque<Item> left;
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) stopped_ = error;
    left.swap(queue_);
  }
  space_.notify_all();
  for (Item& item : left)
    std::visit([&](auto& queued) { queued.done.set_value(Fail(error)); }, item);
}

}  // namespace assay::ledger
