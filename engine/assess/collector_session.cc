#include "assess/collector_session.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "assay/read.h"
#include "assess/worker_spec.h"
#include "base/text.h"
#include "ipc/wire.h"

namespace assay::assess {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

// A page message is below 2 KiB and at most `outstanding` of them wait: they fit the socket's
// buffer, so a worker that does not read them floods itself and is ended.
constexpr milliseconds kSendTimeout{2'000};
constexpr milliseconds kFrameTimeout{10'000};  // a frame once begun must end
constexpr milliseconds kEndTimeout{10'000};
constexpr int kPollMs = 200;  // how soon a cancel is seen

Status Broken(const char* message) {
  return Fail(Code::kCorrupt, fmt::format("message {} is malformed or out of turn", message));
}

}  // namespace

CollectorSession::CollectorSession(CollectContext& context, const LoadedPlugin& plugin,
                                   Pages& source, std::map<std::string, uint32_t> dataset_numbers)
    : context_(context),
      plugin_(plugin),
      source_(source),
      dataset_numbers_(std::move(dataset_numbers)),
      inbox_(std::make_shared<Inbox<Arrival>>()) {
  for (const auto& [id, number] : dataset_numbers_) {
    own_datasets_.insert(number);
    row_digests_[number];
  }
  report_.plugin = plugin.manifest.id;
}

const EndpointSpec* CollectorSession::FindEndpoint(const std::string& id) const {
  for (const EndpointSpec& endpoint : plugin_.manifest.endpoints)
    if (endpoint.id == id) return &endpoint;
  return nullptr;
}

std::string CollectorSession::MissingPermission(const EndpointSpec& endpoint) const {
  if (endpoint.host == ServiceHost::kBlob) return "";
  if (endpoint.host == ServiceHost::kArm)
    return context_.arm_available ? "" : "a token for Azure Resource Manager";
  if (endpoint.permission.empty() || context_.roles.contains(endpoint.permission)) return "";
  for (const std::string& other : endpoint.also)
    if (context_.roles.contains(other)) return "";
  return endpoint.permission;
}

namespace {

std::string Describe(sandbox::Fate fate, const std::string& detail) {
  return std::string(sandbox::Name(fate)) + (detail.empty() ? "" : ": " + detail);
}

/// The fate and the most telling words about it: the host's, else the worker's own, else how the
/// talk with it ended.
std::string WhyNot(const sandbox::WorkerOutcome& outcome, const std::optional<ipc::Done>& done,
                   const Status& ended) {
  if (!outcome.detail.empty()) return Describe(outcome.fate, outcome.detail);
  if (done && !done->message.empty()) return Describe(outcome.fate, Quote(done->message));
  return Describe(outcome.fate, ended ? "" : ended.error().message);
}

}  // namespace

Status CollectorSession::Quota(bool within, const char* name) {
  if (within) return {};
  return Fail(Code::kLimitExceeded, fmt::format("quota {} is used up", name));
}

void CollectorSession::NoteOutcome(const EndpointSpec& endpoint, const broker::ReadResult& result) {
  if (result.record.http_status != 0) ++answers_;
  if (result.outcome == ASSAY_PAGE_OK) report_.answered.insert(endpoint.id);
  const bool none = endpoint.absent && result.record.http_status == 404;
  const Reason reason = result.reason == Reason::kNone ? Reason::kUnavailable : result.reason;
  const std::string detail = fmt::format("{}: {}", endpoint.id, result.detail);
  for (const std::string& id : endpoint.datasets) {
    const auto number = dataset_numbers_.find(id);
    if (number == dataset_numbers_.end()) continue;
    if (none || result.outcome == ASSAY_PAGE_OK)
      context_.board->ReadSucceeded(number->second);
    else if (!endpoint.optional)
      context_.board->ReadFailed(number->second, reason, detail);
    else if (result.outcome == ASSAY_PAGE_REFUSED)
      context_.board->OptionalReadRefused(number->second, reason, detail);
  }
}

Status CollectorSession::SendPage(uint64_t ticket, uint32_t page, uint32_t index,
                                  const broker::ReadResult& result) {
  ipc::Page message;
  message.ticket = ticket;
  message.page = page;
  message.index = index;
  message.outcome = result.outcome;
  message.http_status = result.record.http_status;
  message.body_len = result.body.size();
  message.reason = result.outcome == ASSAY_PAGE_OK ? "" : result.detail;
  int body = -1;
  if (!result.body.empty()) {
    ASSAY_ASSIGN(body, bodies_.Lend(page, result.body));
  }
  return worker_->channel().Send(static_cast<uint16_t>(ipc::Type::kPage), ipc::Encode(message),
                                 body, kSendTimeout);
}

CollectorSession::OpenPage CollectorSession::Number(Arrival arrival) {
  --pending_;
  Ticket& ticket = tickets_.at(arrival.ticket);
  OpenPage page;
  page.ticket = arrival.ticket;
  page.journal = {plugin_.manifest.id, source_.TakeNumber(),      ticket.pages++,
                  ticket.number,       std::move(arrival.result), {}};
  return page;
}

Status CollectorSession::HandleArrival(Arrival arrival) {
  const EndpointSpec& endpoint = *tickets_.at(arrival.ticket).endpoint;
  NoteOutcome(endpoint, arrival.result);
  OpenPage page = Number(std::move(arrival));
  const uint32_t number = page.journal.page;
  auto& stored = pages_.emplace(number, std::move(page)).first->second;
  context_.progress->EndpointFinished(plugin_.manifest.id, endpoint.id);
  return SendPage(stored.ticket, number, stored.journal.index, stored.journal.result);
}

broker::Completion CollectorSession::ArriveFor(uint64_t ticket) {
  ++pending_;
  return [inbox = inbox_, ticket](broker::ReadResult result) {
    inbox->Put({ticket, std::move(result)});
  };
}

Status CollectorSession::Refuse(uint64_t ticket, Reason reason, const std::string& why) {
  const EndpointSpec& endpoint = *tickets_.at(ticket).endpoint;
  broker::ReadResult result;
  result.outcome = ASSAY_PAGE_REFUSED;
  result.reason = reason;
  result.detail = why;
  result.record.endpoint = endpoint.id;
  result.record.method = endpoint.read_post.empty() ? "GET" : "POST";
  result.record.sent = result.record.received = source_.Now();
  source_.Refuse(tickets_.at(ticket).number, std::move(result), ArriveFor(ticket));
  return {};
}

Status CollectorSession::OnRequest(ByteSpan payload) {
  ASSAY_ASSIGN(ipc::Request request, ipc::ParseRequest(payload));
  const WorkerLimits& limits = plugin_.manifest.limits;
  if (request.ticket <= last_ticket_) return Broken("request");
  last_ticket_ = request.ticket;
  ASSAY_TRY(Quota(++reads_ <= limits.reads, "reads"));
  ASSAY_TRY(Quota(pending_ + pages_.size() < limits.outstanding, "outstanding"));
  const EndpointSpec* endpoint = FindEndpoint(request.endpoint);
  if (endpoint == nullptr)
    return Fail(Code::kCorrupt, "asked for unknown endpoint " + Quote(request.endpoint));
  report_.asked.insert(endpoint->id);
  Ticket& ticket = tickets_[request.ticket];
  ticket.endpoint = endpoint;
  ticket.number = ++requests_;
  if (const std::string missing = MissingPermission(*endpoint); !missing.empty()) {
    auto& list = report_.missing_permissions;
    if (std::find(list.begin(), list.end(), missing) == list.end()) list.push_back(missing);
    return Refuse(request.ticket, Reason::kPermission, "needs " + missing);
  }
  auto started = source_.Start(ticket.number, *endpoint, request.params, ArriveFor(request.ticket));
  if (!started) {
    --pending_;  // that completion never comes
    return Refuse(request.ticket, Reason::kUnsupported, started.error().message);
  }
  ++sent_;
  ticket.read = *started;
  return {};
}

Status CollectorSession::OnMarks(ByteSpan payload) {
  ipc::Reader in(payload);
  const auto page = pages_.find(in.U32());
  const uint32_t n = in.Count(16);
  if (!in.ok() || page == pages_.end()) return Broken("marks");
  auto& marks = page->second.journal.marks;
  ASSAY_TRY(
      Quota(marks.size() + n <= plugin_.manifest.limits.records_per_body, "records_per_body"));
  for (uint32_t i = 0; i < n; ++i) {
    const uint64_t offset = in.U64();
    marks.push_back({offset, in.U64()});
  }
  return in.Done() ? Status{} : Broken("marks");
}

Status CollectorSession::OnNextPage(ByteSpan payload) {
  ipc::Reader in(payload);
  const auto at = pages_.find(in.U32());
  const uint64_t offset = in.U64(), length = in.U64();
  if (!in.Done() || at == pages_.end() || at->second.continued) return Broken("next_page");
  ASSAY_TRY(Quota(++reads_ <= plugin_.manifest.limits.reads, "reads"));
  OpenPage& page = at->second;
  const ByteVector& body = page.journal.result.body;
  if (page.journal.result.outcome != ASSAY_PAGE_OK || length > body.size() ||
      offset > body.size() - length)
    return Broken("next_page");
  page.continued = true;
  source_.StartNext(tickets_.at(page.ticket).read, body, offset, length, ArriveFor(page.ticket));
  return {};
}

Status CollectorSession::OnPageDone(ByteSpan payload) {
  ipc::Reader in(payload);
  const auto at = pages_.find(in.U32());
  if (!in.Done() || at == pages_.end()) return Broken("page_done");
  OpenPage page = std::move(at->second);
  bodies_.Release(at->first);
  pages_.erase(at);
  Ticket& ticket = tickets_.at(page.ticket);
  if (!page.continued && ticket.read != 0) source_.Finish(ticket.read);
  return Commit(std::move(page));
}

ledger::Keep CollectorSession::KeepFor(const EndpointSpec& endpoint) const {
  if (context_.raw != ledger::Keep::kRedacted) return context_.raw;
  bool personal = endpoint.personal;
  for (const DatasetSpec& dataset : plugin_.manifest.datasets) {
    const bool fed = std::find(endpoint.datasets.begin(), endpoint.datasets.end(), dataset.id) !=
                     endpoint.datasets.end();
    for (const ColumnSpec& column : dataset.columns)
      personal = personal || (fed && column.personal);
  }
  return personal ? ledger::Keep::kRedacted : ledger::Keep::kFull;
}

/// Hashing, sealing and storing a page takes as long as parsing one: the worker gets its next page
/// meanwhile. One at a time, so that entries keep the order of pages and only one body more is
/// held.
Status CollectorSession::Commit(OpenPage page) {
  ASSAY_TRY(FinishStoring());
  const uint32_t number = page.journal.page;
  const ledger::Keep keep = KeepFor(*tickets_.at(page.ticket).endpoint);
  const uint32_t most = plugin_.manifest.limits.records_per_body;
  if (!MarksHold(page.journal, most)) ++report_.wrong_marks[page.journal.result.record.endpoint];
  storing_ = Storing{number, std::async(std::launch::async | std::launch::deferred,
                                        [journal = std::move(page.journal), pages = context_.pages,
                                         run = context_.run, most, keep] {
                                          return pages->Commit(run, journal, most, keep);
                                        })};
  return {};
}

Status CollectorSession::FinishStoring() {
  if (!storing_) return {};
  Storing stored = std::move(*storing_);
  storing_.reset();
  auto entry = stored.entry.get();
  if (!entry) {
    report_.ledger_failure = entry.error();
    return Fail(entry.error());
  }
  committed_.emplace(stored.page, std::move(*entry));
  return {};
}

Status CollectorSession::OnDatasetState(ByteSpan payload) {
  ASSAY_ASSIGN(ipc::DatasetState state, ipc::ParseDatasetState(payload));
  if (!own_datasets_.contains(state.dataset)) return Broken("dataset_state");
  context_.board->PluginSaid(state.dataset, state.completeness, state.reason, state.detail);
  return {};
}

Status CollectorSession::OnBatch(ByteSpan payload) {
  ASSAY_ASSIGN(const ipc::Batch batch, ipc::ParseBatch(payload));
  if (!own_datasets_.contains(batch.dataset)) return Broken("batch");
  ASSAY_TRY(Quota((rows_ += batch.count) <= plugin_.manifest.limits.rows, "rows"));
  rows_frame_ = ipc::Encode(ipc::Rows{batch.dataset, batch.count, {}});
  ASSAY_TRY(rows_memory_.Take(batch.slot, batch.bytes, rows_frame_));
  ASSAY_TRY(
      Quota((row_bytes_ += rows_frame_.size()) <= plugin_.manifest.limits.row_bytes, "row_bytes"));
  context_.board->RowsAdded(batch.dataset, batch.count);
  row_digests_.at(batch.dataset).Add(ByteSpan(rows_frame_).subspan(ipc::RowMapping::kHead));
  return context_.rows->RelayRows(rows_frame_);
}

Status CollectorSession::OnCounts(ByteSpan payload) {
  ASSAY_ASSIGN(const ipc::Counts counts, ipc::ParseCounts(payload));
  if (!own_datasets_.contains(counts.dataset)) return Broken("counts");
  context_.board->Counted(counts);
  return {};
}

Status CollectorSession::LendRowMemory() {
  ASSAY_ASSIGN(rows_memory_, ipc::RowMemory::Make());
  Status sent = worker_->channel().Send(static_cast<uint16_t>(ipc::Type::kRowMemory), {},
                                        rows_memory_.file(), kSendTimeout);
  // A worker that has ended already needs none; what it said lies in the channel.
  if (!sent && sent.error().code == Code::kUnavailable) return {};
  return sent;
}

Status CollectorSession::OnLog(ByteSpan payload) {
  ipc::Reader in(payload);
  const uint8_t severity = in.U8();
  const std::string line(in.Text(1024));
  if (!in.Done()) return Broken("log");
  log_bytes_ += line.size();
  if (log_bytes_ <= plugin_.manifest.limits.log_bytes)
    context_.progress->PluginLog(plugin_.manifest.id, severity, line);
  return {};
}

Status CollectorSession::HandleFrame(const ipc::Frame& frame) {
  ASSAY_TRY(Quota(++frames_ <= plugin_.manifest.limits.frames, "frames"));
  switch (static_cast<ipc::Type>(frame.type)) {
    case ipc::Type::kRequest:
      return OnRequest(frame.payload);
    case ipc::Type::kMarks:
      return OnMarks(frame.payload);
    case ipc::Type::kNextPage:
      return OnNextPage(frame.payload);
    case ipc::Type::kPageDone:
      return OnPageDone(frame.payload);
    case ipc::Type::kDatasetState:
      return OnDatasetState(frame.payload);
    case ipc::Type::kBatch:
      return OnBatch(frame.payload);
    case ipc::Type::kCounts:
      return OnCounts(frame.payload);
    case ipc::Type::kLog:
      return OnLog(frame.payload);
    case ipc::Type::kDone: {
      ASSAY_ASSIGN(done_, ipc::ParseDone(frame.payload));
      return {};
    }
    default:
      return Fail(Code::kCorrupt, fmt::format("message {} is not its to send", frame.type));
  }
}

/// A worker may end while a page is on its way to it: what it said last still lies in the channel
/// and counts, not that the page could not be sent.
Status CollectorSession::TakeArrivals() {
  while (auto arrival = inbox_->Take()) {
    Status handled = HandleArrival(std::move(*arrival));
    if (handled) continue;
    if (handled.error().code != Code::kUnavailable) return handled;
    while (!done_) {
      auto frame = worker_->channel().Receive(milliseconds(0));
      if (!frame) return handled;
      ASSAY_TRY(HandleFrame(*frame));
    }
    return {};
  }
  return {};
}

Status CollectorSession::Loop() {
  auto deadline = Steady::now() + std::chrono::seconds(plugin_.manifest.limits.wall_seconds);
  auto heard = Steady::now();
  bool cancel_sent = false;
  ipc::Frame frame;  // its memory serves for every message
  while (!done_) {
    if (Steady::now() > deadline) {
      const std::string why = cancel_sent ? fmt::format("cancel: did not end within {} ms",
                                                        context_.cancel_grace.count())
                                          : fmt::format("wall_seconds: ran longer than {} s",
                                                        plugin_.manifest.limits.wall_seconds);
      worker_->Kill(sandbox::Fate::kTimedOut, why);
      return Fail(Code::kLimitExceeded, why);
    }
    if (!cancel_sent && *context_.cancelled) {
      cancel_sent = true;
      deadline = std::min(deadline, Steady::now() + context_.cancel_grace);
      ASSAY_TRY(
          worker_->channel().Send(static_cast<uint16_t>(ipc::Type::kCancel), {}, -1, kSendTimeout));
    }
    pollfd fds[2] = {{worker_->channel().fd(), POLLIN, 0}, {inbox_->fd(), POLLIN, 0}};
    const int n = ::poll(fds, 2, kPollMs);
    if (n < 0 && errno != EINTR) return Fail(ErrnoError("poll"));
    ASSAY_TRY(TakeArrivals());
    if (done_) break;
    if (n == 0)
      source_.WorkerIsSilent(std::chrono::duration_cast<milliseconds>(Steady::now() - heard));
    else
      heard = Steady::now();
    if (n > 0 && fds[0].revents != 0) {
      ASSAY_TRY(worker_->channel().Receive(frame, kFrameTimeout));
      ASSAY_TRY(HandleFrame(frame));
    }
  }
  return {};
}

/// Evidence that was read stays, whatever the worker did: pages never given back, and pages still
/// under way.
void CollectorSession::CommitLeftovers() {
  source_.WorkerEnded();
  const auto deadline = Steady::now() + std::chrono::seconds(120);
  while (pending_ > 0 && Steady::now() < deadline && !*context_.cancelled) {
    pollfd fd{inbox_->fd(), POLLIN, 0};
    ::poll(&fd, 1, kPollMs);
    while (auto arrival = inbox_->Take()) {
      OpenPage page = Number(std::move(*arrival));
      pages_.emplace(page.journal.page, std::move(page));
    }
  }
  for (auto& [number, page] : pages_) {
    if (tickets_.at(page.ticket).read != 0) source_.Finish(tickets_.at(page.ticket).read);
    if (!report_.ledger_failure) (void)Commit(std::move(page));  // kept in ledger_failure
  }
  pages_.clear();
  (void)FinishStoring();  // likewise
}

void CollectorSession::WaitForLedger() {
  for (auto& [page, entry] : committed_) {
    auto appended = entry.get();
    if (appended)
      report_.pages[page] = appended->index;
    else if (!report_.ledger_failure)
      report_.ledger_failure = appended.error();
  }
}

CollectorReport CollectorSession::Run() {
  const auto fault = [&](const std::string& detail) {
    report_.detail = detail;
    context_.board->PluginFailed(plugin_.manifest.id, detail);
  };
  auto image = SealedMemfd("plugin", plugin_.image.sealed_image);
  if (!image) return fault(image.error().ToString()), report_;
  sandbox::WorkerSpec spec =
      PluginWorkerSpec(plugin_, ipc::Role::kCollector, context_.now_ms, image->get());
  for (const DatasetSpec& dataset : plugin_.manifest.datasets)
    spec.init.datasets.emplace_back(dataset_numbers_.at(dataset.id), dataset);
  spec.init.endpoints = plugin_.manifest.endpoints;
  spec.init.settings = context_.settings;
  spec.init.drill = context_.drill;
  auto worker = context_.spawner->Spawn(spec, context_.tier);
  if (!worker) {
    report_.outcome.fate = worker.error().code == Code::kInvalidInput ? sandbox::Fate::kLoadFailed
                                                                      : sandbox::Fate::kSetupFailed;
    return fault(Describe(report_.outcome.fate, worker.error().ToString())), report_;
  }
  worker_ = std::move(*worker);

  Status ended = LendRowMemory();
  if (ended) ended = Loop();
  if (!ended) {
    const Code code = ended.error().code;
    if (code == Code::kCorrupt) worker_->Kill(sandbox::Fate::kProtocolError, ended.error().message);
    if (code == Code::kLimitExceeded) worker_->Kill(sandbox::Fate::kFlooded, ended.error().message);
  }
  report_.outcome = worker_->Wait(done_, kEndTimeout);
  report_.ok = ended.has_value() && report_.outcome.fate == sandbox::Fate::kOk;
  if (!report_.ok) fault(WhyNot(report_.outcome, done_, ended));
  CommitLeftovers();
  WaitForLedger();
  report_.done = done_;
  report_.sent = sent_;
  report_.answered_any = answers_ > 0;
  for (auto& [dataset, stream] : row_digests_) report_.rows[dataset] = stream.Finish();
  for (const auto& [endpoint, pages] : report_.wrong_marks)
    context_.progress->MarksRefused(plugin_.manifest.id, endpoint, pages);
  context_.progress->CollectorFinished(plugin_.manifest.id, report_.ok, report_.detail);
  return report_;
}

}  // namespace assay::assess
