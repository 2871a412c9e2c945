#include "ledger/writer.h"

namespace assay::ledger {
namespace {

constexpr size_t kMaxGroupEntries = 1000;
constexpr size_t kMaxGroupBytes = 4u << 20;
constexpr size_t kMaxQueued = 16'384;  // an appender waits beyond this

size_t SizeOf(const Fragments& fragments) {
  size_t size = 0;
  for (const auto& [key, value] : fragments) size += key.size() + value.size();
  return size;
}

}  // namespace

std::string MonthOf(Timestamp time) {
  const std::string text = FormatTime(time);
  return text.substr(0, 4) + text.substr(5, 2);
}

GroupWriter::GroupWriter(Parts parts)
    : store_(parts.store),
      chain_(std::move(parts.chain)),
      log_(std::move(parts.log)),
      key_(parts.key),
      origin_(std::move(parts.origin)),
      clock_(parts.clock),
      epoch_(chain_.epoch()),
      thread_([this] { Loop(); }) {}

GroupWriter::~GroupWriter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void GroupWriter::Enqueue(Item item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.size() < kMaxQueued || stopped_; });
  if (stopped_) {
    std::visit([&](auto& queued) { queued.done.set_value(Fail(*stopped_)); }, item);
    return;
  }
  queue_.push_back(std::move(item));
  lock.unlock();
  changed_.notify_all();
}

std::future<Result<Appended>> GroupWriter::Append(Fragments fragments) {
  EntryItem item{std::move(fragments), {}};
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

void GroupWriter::Loop() {
  for (;;) {
    Batch batch;
    if (!TakeBatch(batch)) return;
    Process(batch);
  }
}

// A group closes at its bounds, at a sync or sign, or when the queue is empty: no timer, so a lone
// entry does not wait for others and a burst shares one sync.
bool GroupWriter::TakeBatch(Batch& batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
  if (queue_.empty()) return false;
  size_t bytes = 0;
  while (!queue_.empty() && !batch.control && batch.entries.size() < kMaxGroupEntries &&
         bytes < kMaxGroupBytes) {
    Item item = std::move(queue_.front());
    queue_.pop_front();
    if (auto* entry = std::get_if<EntryItem>(&item)) {
      bytes += SizeOf(entry->fragments);
      batch.entries.push_back(std::move(*entry));
    } else if (auto* body = std::get_if<BodyItem>(&item)) {
      for (const ByteVector& part : body->body->parts) bytes += part.size();
      batch.bodies.push_back(std::move(*body));
    } else {
      batch.control = std::move(item);
    }
  }
  lock.unlock();
  changed_.notify_all();
  return true;
}

void GroupWriter::Process(Batch& batch) {
  Status committed = CommitBodies(batch.bodies);
  if (committed) committed = CommitEntries(batch.entries);
  if (!committed) {
    Stop(committed.error());
    const auto fail = [&](auto& item) { item.done.set_value(Fail(committed.error())); };
    for (BodyItem& item : batch.bodies) fail(item);
    for (EntryItem& item : batch.entries) fail(item);
    if (batch.control) std::visit(fail, *batch.control);
    return;
  }
  if (!batch.control) return;
  if (auto* sync = std::get_if<SyncItem>(&*batch.control)) sync->done.set_value(chain_.head());
  if (auto* sign = std::get_if<SignItem>(&*batch.control)) {
    Result<std::string> note = SignHead();
    if (!note) Stop(note.error());
    sign->done.set_value(std::move(note));
  }
  if (auto* work = std::get_if<WorkItem>(&*batch.control)) work->done.set_value(work->work());
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

Status GroupWriter::CommitEntries(std::vector<EntryItem>& items) {
  if (items.empty()) return {};
  Group group;
  group.first_index = chain_.size();
  std::vector<Appended> appended;
  for (const EntryItem& item : items)
    appended.push_back(chain_.Append(item.fragments, clock_.Now(), group));
  group.head = chain_.ToStored();
  ASSAY_TRY(store_.AppendGroup(group));
  for (size_t i = 0; i < items.size(); ++i) items[i].done.set_value(appended[i]);
  return {};
}

// The row is committed before the log is written: after a crash between the two the log lacks its
// last note, which is then known and added at the next open (ledger_open.cc).
Result<std::string> GroupWriter::SignHead() {
  ASSAY_ASSIGN(const std::vector<StoredNote> newest, store_.NewestNotes(1));
  if (newest.empty() || newest[0].size != chain_.size()) {
    const proof::Checkpoint checkpoint{origin_, chain_.size(), chain_.ToStored().root};
    ASSAY_ASSIGN(const std::string note, proof::SignNote(checkpoint.ToText(), origin_, key_));
    ASSAY_TRY(store_.AppendNote({chain_.size(), note}));
    ASSAY_TRY(log_.Append(note));
    ASSAY_TRY(store_.Settle());
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
  changed_.notify_all();
  for (Item& item : left)
    std::visit([&](auto& queued) { queued.done.set_value(Fail(error)); }, item);
}

}  // namespace assay::ledger
