#include "ledger/writer.h"

#include <algorithm>

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

template <typename Write>
bool GroupWriter::Enqueue(bool urgent, const Write& write) {
  std::unique_lock lock(mutex_);
  space_.wait(lock, [&] { return intake_.ends.size() < kMaxQueued || stopped_; });
  if (stopped_) return false;
  write(intake_);
  urgent_ = urgent_ || urgent;
  const bool wake =
      chaining_wants_more_ && (!IsBusy() || urgent_ || intake_.ends.size() % kWorthWaking == 0);
  lock.unlock();
  if (wake) chaining_wakes_.notify_one();
  return true;
}

// For the next entry of the intake.
PendingEntry GroupWriter::NextPending() {
  if (awaited_.empty() || last_awaits_ == Acknowledgements::kEntries) {
    awaited_.push_back(std::make_shared<Acknowledgements>());
    last_awaits_ = 0;
  }
  return {awaited_.back(), last_awaits_++};
}

PendingEntry GroupWriter::Append(const PreparedLine& line, ByteVector token) {
  PendingEntry pending;
  const bool queued = Enqueue(false, [&](Intake& intake) {
    if (!token.empty()) intake.tokens.emplace_back(intake.ends.size(), std::move(token));
    intake.texts.append(line.text);
    intake.shapes.push_back(line.shape);
    intake.ends.push_back(intake.texts.size());
    pending = NextPending();
  });
  return queued ? pending : PendingEntry::Failed(WhetherStopped().error());
}

template <typename Item, typename List>
auto GroupWriter::EnqueueAndWait(Item item, List Intake::*list) {
  auto future = item.done.get_future();
  if (!Enqueue(true, [&](Intake& intake) { (intake.*list).push_back(std::move(item)); }))
    item.done.set_value(Fail(WhetherStopped().error()));
  return future.get();
}

Result<BodyRef> GroupWriter::Put(const SealedBody& body) {
  Round round;
  if (!BeginAlone(round)) return EnqueueAndWait(BodyItem{&body, {}}, &Intake::bodies);
  round.bodies.push_back({&body, {}});
  auto future = round.bodies.back().done.get_future();
  Commit(round);
  EndAlone(std::move(round));
  return future.get();
}

// What a lone entry costs beside its sync is mostly the waking of one thread by another, three
// times.
Result<Appended> GroupWriter::AppendDurably(const PreparedLine& line) {
  Round round;
  if (!BeginAlone(round)) return Append(line).get();
  Result<Appended> done = AppendAlone(line, round);
  if (!done) Stop(done.error());
  EndAlone(std::move(round));
  return done;
}

Result<Appended> GroupWriter::AppendAlone(const PreparedLine& line, Round& round) {
  ASSAY_TRY(chain_.MakeReady(store_, 1));
  round.group.first_index = chain_.size();
  const Appended out = chain_.Append(line.text, line.shape, clock_.Now(), round.group);
  round.group.head = chain_.ToStored();
  ASSAY_TRY(store_.AppendGroup(round.group));
  return out;
}

// True when nothing is queued, chained or committed: then neither thread does anything before
// EndAlone, and what others queue meanwhile comes after.
bool GroupWriter::BeginAlone(Round& round) {
  const std::lock_guard lock(mutex_);
  if (!resting_ || !intake_.IsEmpty() || IsBusy() || stopped_ || closing_) return false;
  committing_ = alone_ = true;
  if (!spare_.empty()) {
    round = std::move(spare_.back());
    spare_.pop_back();
  }
  return true;
}

void GroupWriter::EndAlone(Round round) {
  round.Clear();
  const std::lock_guard lock(mutex_);
  spare_.push_back(std::move(round));
  committing_ = alone_ = false;
  if (!intake_.IsEmpty()) chaining_wakes_.notify_one();
}

Result<Head> GroupWriter::Sync() { return EnqueueAndWait(SyncItem{}, &Intake::controls); }

Result<std::string> GroupWriter::Sign() { return EnqueueAndWait(SignItem{}, &Intake::controls); }

Status GroupWriter::Do(std::function<Status()> work) {
  return EnqueueAndWait(WorkItem{std::move(work), {}}, &Intake::controls);
}

void GroupWriter::Intake::Clear() {
  texts.clear();
  shapes.clear();
  ends.clear();
  tokens.clear();
  bodies.clear();
  controls.clear();
  next = 0;
}

bool GroupWriter::Round::IsFull() const {
  return !controls.empty() || appended.size() >= kMaxGroupEntries || bytes >= kMaxGroupBytes;
}

void GroupWriter::Round::Clear() {
  bodies.clear();
  group.lines.Clear();
  group.landmarks.clear();
  group.tiles.clear();
  group.tokens.clear();
  appended.clear();
  controls.clear();
  bytes = 0;
}

void GroupWriter::ChainLoop() {
  Round round;
  while (Next(round)) {
    if (const Status chained = ChainTaken(round); !chained) FailTaken(round, chained.error());
  }
}

// A round grows while the one before it is committed, and is handed over when that is done or when
// it is full: no timer, so a lone entry does not wait for others and a burst shares one sync, and
// the committing thread finds the next round there when there is enough for it.
bool GroupWriter::Next(Round& round) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (TakeQueued(round)) {
      lock.unlock();
      space_.notify_all();
      return true;
    }
    if (!round.IsEmpty() && !handed_ && (!committing_ || round.IsFull())) {
      HandOver(round);
      continue;
    }
    if (closing_ && intake_.IsEmpty() && taken_.IsEmpty() && round.IsEmpty()) {
      chained_all_ = true;
      committing_wakes_.notify_one();
      return false;
    }
    chaining_wants_more_ = !round.IsFull();
    resting_ = round.IsEmpty() && taken_.IsEmpty();
    chaining_wakes_.wait(lock);
    chaining_wants_more_ = resting_ = false;
  }
}

// True when the round has room and there is something to fill it with.
bool GroupWriter::TakeQueued(const Round& round) {
  if (round.IsFull() || alone_) return false;
  if (!taken_.IsEmpty()) return true;
  const bool worth = !IsBusy() || urgent_ || closing_ || intake_.ends.size() >= kWorthWaking;
  if (intake_.IsEmpty() || !worth) return false;
  taken_.Clear();
  std::swap(taken_, intake_);
  urgent_ = false;
  return true;
}

void GroupWriter::HandOver(Round& round) {
  round.group.head = chain_.ToStored();
  round.head = chain_.head();
  handed_ = std::move(round);
  round = {};
  if (!spare_.empty()) {
    round = std::move(spare_.back());
    spare_.pop_back();
  }
  if (!committing_) committing_wakes_.notify_one();
}

// As many of the taken entries as the round has room for.
Status GroupWriter::ChainTaken(Round& round) {
  for (BodyItem& item : taken_.bodies) {
    for (const ByteVector& part : item.body->parts) round.bytes += part.size();
    round.bodies.push_back(std::move(item));
  }
  taken_.bodies.clear();
  ASSAY_TRY(chain_.MakeReady(store_, std::min(taken_.ends.size() - taken_.next, kMaxGroupEntries)));
  for (; taken_.next < taken_.ends.size() && !round.IsFull(); ++taken_.next) {
    const std::string_view text = taken_.TextOf(taken_.next);
    if (round.appended.empty()) round.group.first_index = chain_.size();
    round.bytes += text.size();
    round.appended.push_back(
        chain_.Append(text, taken_.shapes[taken_.next], clock_.Now(), round.group));
  }
  for (auto& [entry, token] : taken_.tokens)
    if (entry < taken_.next && !token.empty())
      round.group.tokens.push_back(std::exchange(token, {}));
  if (taken_.next < taken_.ends.size()) return {};
  round.controls = std::exchange(taken_.controls, {});
  return {};
}

// Nothing of it may follow what is being committed; that is told the truth first.
void GroupWriter::FailTaken(Round& round, const Error& error) {
  {
    std::unique_lock lock(mutex_);
    chaining_wakes_.wait(lock, [&] { return !IsBusy(); });
  }
  Stop(error);
  const auto fail = [&](auto& item) { item.done.set_value(Fail(error)); };
  for (auto* bodies : {&round.bodies, &taken_.bodies})
    for (BodyItem& item : *bodies) fail(item);
  for (auto* controls : {&round.controls, &taken_.controls})
    for (Control& control : *controls) std::visit(fail, control);
  round.Clear();
  taken_.Clear();
}

void GroupWriter::CommitLoop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    committing_wakes_.wait(lock, [&] { return handed_ || chained_all_; });
    if (!handed_) return;
    Round round = std::move(*handed_);
    handed_.reset();
    committing_ = true;
    lock.unlock();
    chaining_wakes_.notify_one();  // it may hold the next one, full
    Commit(round);
    round.Clear();
    lock.lock();
    spare_.push_back(std::move(round));
    committing_ = false;
    if (!handed_) chaining_wakes_.notify_one();
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
    for (Control& control : round.controls) std::visit(fail, control);
    return;
  }
  for (Control& control : round.controls) Perform(control, round.head);
}

void GroupWriter::Perform(Control& control, const Head& head) {
  if (auto* sync = std::get_if<SyncItem>(&control)) sync->done.set_value(head);
  if (auto* sign = std::get_if<SignItem>(&control)) {
    Result<std::string> note = SignHead(head);
    if (!note) Stop(note.error());
    sign->done.set_value(std::move(note));
  }
  if (auto* work = std::get_if<WorkItem>(&control)) work->done.set_value(work->work());
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
  Acknowledge(round.appended);
  return {};
}

void GroupWriter::Acknowledge(std::span<const Appended> appended) {
  while (!appended.empty()) {
    std::shared_ptr<Acknowledgements> first;
    {
      const std::lock_guard lock(mutex_);
      if (awaited_.empty()) return;  // told otherwise already
      first = awaited_.front();
      if (first->room() <= appended.size()) awaited_.pop_front();
    }
    const size_t count = std::min<size_t>(first->room(), appended.size());
    first->Add(appended.first(count));
    appended = appended.subspan(count);
  }
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
  Intake left;
  std::deque<std::shared_ptr<Acknowledgements>> awaited;
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) stopped_ = error;
    std::swap(left, intake_);
    awaited.swap(awaited_);
  }
  space_.notify_all();
  const auto fail = [&](auto& item) { item.done.set_value(Fail(error)); };
  for (const auto& entries : awaited) entries->Fail(error);
  for (BodyItem& item : left.bodies) fail(item);
  for (Control& control : left.controls) std::visit(fail, control);
}

}  // namespace assay::ledger
