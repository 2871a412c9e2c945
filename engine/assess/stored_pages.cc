#include "assess/stored_pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "assay/read.h"
#include "assess/journal.h"
#include "assess/line.h"
#include "proof/body.h"

namespace assay::assess {
namespace {

// A plugin that waits asks for what it asked then. One that is silent for so long while a page is
// held back for it waits for another order: it does not do again what it did.
constexpr std::chrono::seconds kSilence{60};

broker::ReadRecord RequestOf(const broker::ReadState& read, const broker::Ask& ask) {
  broker::ReadRecord request;
  request.endpoint = read.spec.id;
  request.method = read.plan.method;
  request.url = ask.url.ToString();
  request.request_body = broker::BodyOf(read.plan, ask);
  request.range = read.plan.range;
  return request;
}

/// Why something of a body is not there, else empty.
std::string WhyAbsent(const ledger::EntryBody& body) {
  if (!body.absent.empty()) return body.absent;
  return body.absent_segments.empty() ? "" : body.absent_segments.begin()->second;
}

/// What the entry says of the request's fate.
void FillFrom(const Line& line, broker::ReadResult& out) {
  const auto number = [&](const char* key) { return static_cast<uint32_t>(line.Int(key)); };
  out.outcome = ParseOutcome(line.Text("outcome"));
  out.reason = ParseReason(line.Text("reason")).value_or(Reason::kNone);
  broker::ReadRecord& record = out.record;
  record.http_status = number("status");
  record.attempts = number("attempts");
  record.sent = ParseTime(line.Text("sent")).value_or(Timestamp{});
  record.received = ParseTime(line.Text("received")).value_or(Timestamp{});
  record.client_request_id = line.Text("client_request_id");
  record.request_id = line.Text("request_id");
  record.content_coding = line.Text("coding");
  record.waited_ms = static_cast<uint64_t>(line.Int("waited_ms"));
  record.tls_version = number("tls");
  record.batch = line.Text("batch");
}

}  // namespace

Result<uint64_t> StoredPages::Start(uint64_t ticket, const EndpointSpec& endpoint,
                                    const broker::Params& params, broker::Completion done) {
  OpenRead read{ticket, 1, std::make_unique<broker::ReadState>()};
  ASSAY_ASSIGN(read.state->plan, broker::BuildPlan(broker_.cloud, endpoint, params));
  read.state->spec = endpoint;
  const broker::Ask first{read.state->plan.url};
  ASSAY_TRY(broker::CountLink(*read.state, first, broker_.max_pages));
  const uint64_t id = ++last_read_;
  broker::ReadRecord request = RequestOf(*read.state, first);
  open_.emplace(id, std::move(read));
  Ask({ticket, 0}, std::move(request), std::move(done));
  return id;
}

void StoredPages::StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                            broker::Completion done) {
  const auto at = open_.find(read);
  if (at == open_.end()) return AnswerLost({{}, std::move(done)});
  broker::ReadState& state = *at->second.state;
  auto next = broker::ReadLink(state, body, offset, length);
  if (next) {
    Status counted = broker::CountLink(state, *next, broker_.max_pages);
    if (!counted) next = Fail(std::move(counted.error()));
  }
  // A refused link is journalled under the first URL of its read.
  const broker::Ask asked = next ? *next : broker::Ask{state.plan.url};
  Ask({at->second.ticket, at->second.next++}, RequestOf(state, asked), std::move(done));
}

void StoredPages::Refuse(uint64_t ticket, broker::ReadResult refusal, broker::Completion done) {
  Ask({ticket, 0}, std::move(refusal.record), std::move(done));
}

void StoredPages::Ask(Place place, broker::ReadRecord request, broker::Completion done) {
  asked_.emplace(place, Asked{std::move(request), std::move(done)});
  Deliver();
}

void StoredPages::Deliver() {
  for (; in_order_ && next_ < reads_.size(); ++next_) {
    const auto at = asked_.find({reads_[next_].ticket, reads_[next_].index});
    if (at == asked_.end()) return;  // held back until the plugin asks for this one
    Asked asked = std::move(at->second);
    asked_.erase(at);
    Answer(reads_[next_], std::move(asked));
  }
  if (!in_order_) return OutOfOrder();
  for (auto& [place, asked] : asked_) AnswerLost(std::move(asked));
  asked_.clear();
}

void StoredPages::OutOfOrder() {
  std::map<Place, Asked> asked;
  asked.swap(asked_);
  for (auto& [place, one] : asked) {
    const auto read = std::find_if(reads_.begin(), reads_.end(), [&](const RecordedRead& r) {
      return Place{r.ticket, r.index} == place;
    });
    read == reads_.end() ? AnswerLost(std::move(one)) : Answer(*read, std::move(one));
  }
}

void StoredPages::Answer(const RecordedRead& read, Asked asked) {
  auto result = FromJournal(read, std::move(asked.request));
  if (!result) {
    if (result.error().code != Code::kNotFound) state_.Break(result.error());
    state_.Withhold(plugin_, read.page, result.error().message);
    result = broker::ReadResult{};
    result->record.http_status = read.status;  // that the service answered is known all the same
    result->outcome = ASSAY_PAGE_UNAVAILABLE;
    result->reason = Reason::kUnavailable;
    result->detail = "not in the journal any more";
  }
  // A worker holds the engine to ascending numbers, in whatever order pages come.
  last_number_ = std::max(read.page, last_number_ + 1);
  numbers_.push_back(last_number_);
  asked.done(std::move(*result));
}

void StoredPages::AnswerLost(Asked asked) {
  broker::ReadResult result;
  result.outcome = ASSAY_PAGE_UNAVAILABLE;
  result.reason = Reason::kUnavailable;
  result.detail = "the journal has no answer";
  result.record = std::move(asked.request);
  numbers_.push_back(++last_number_);
  asked.done(std::move(result));
}

/// The page as it was delivered then; an error tells why it is not there.
Result<broker::ReadResult> StoredPages::FromJournal(const RecordedRead& read,
                                                    broker::ReadRecord request) {
  ASSAY_ASSIGN(const std::string text, ledger_.ReadLine(read.entry));
  ASSAY_ASSIGN(const Line line, Line::Decode(text));
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger_.ReadEntryBody(read.entry));
  if (const std::string why = WhyAbsent(body); !why.empty())
    return Fail(Code::kNotFound,
                fmt::format("entry {} ({}): {}", ToNumber(read.entry), request.endpoint, why));
  if (body.scheme != proof::kRecordScheme || body.segments.empty())
    return Fail(Code::kCorrupt,
                fmt::format("entry {}: is a read without an answer", ToNumber(read.entry)));
  std::vector<ByteSpan> records(body.segments.begin() + 1, body.segments.end());
  ASSAY_ASSIGN(const ByteVector bytes, proof::FillSkeleton(body.segments.front(), records));
  const auto request_bytes = static_cast<size_t>(line.Int("request_len"));
  if (request_bytes == 0 || request_bytes > bytes.size())
    return Fail(Code::kCorrupt,
                fmt::format("entry {}: request_len is beyond its body", ToNumber(read.entry)));
  broker::ReadResult out;
  out.record = std::move(request);
  FillFrom(line, out);
  out.body.assign(bytes.begin() + static_cast<ptrdiff_t>(request_bytes), bytes.end());
  ASSAY_ASSIGN(const Line asked_then, Line::Decode(AsText(bytes).substr(0, request_bytes - 1)));
  out.detail = asked_then.Text("detail");
  return out;
}

uint32_t StoredPages::TakeNumber() {
  ASSAY_ASSERT(!numbers_.empty(), "a number stands for each page delivered");
  const uint32_t number = numbers_.front();
  numbers_.pop_front();
  return number;
}

void StoredPages::WorkerIsSilent(std::chrono::milliseconds since) {
  if (since < kSilence || asked_.empty()) return;
  WorkerEnded();
}

void StoredPages::WorkerEnded() {
  in_order_ = false;
  Deliver();
}

}  // namespace assay::assess
