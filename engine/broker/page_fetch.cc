// The attempt loop and how statuses become outcomes and reasons.
#include "broker/page_fetch.h"

#include "assay/read.h"
#include "broker/access_log.h"
#include "broker/connection.h"
#include "broker/export_source.h"
#include "broker/link_policy.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

// In a row without an answer; a peer that answers, however badly, gets all attempts.
constexpr unsigned kNetworkAttempts = 5;
constexpr milliseconds kWorthTelling{1000};
// A test server is asked again soon.
constexpr milliseconds kLoopbackBackOff{50};

constexpr char kChanged[] = "the file changed while it was read";

/// What the engine knows from the status alone. 503 is throttling when the service says for how
/// long.
Reason ReasonOf(const HttpAnswer& answer) {
  const uint32_t status = answer.head.status;
  if (status == 206) return Reason::kPartial;
  if (status == 401 || status == 403) return Reason::kPermission;
  if (status == 429) return Reason::kThrottled;
  if (status == 503 && answer.head.Find("Retry-After")) return Reason::kThrottled;
  if (status >= 500 || (status >= 300 && status < 400)) return Reason::kUnavailable;
  return Reason::kNone;
}

std::string DetailOf(uint32_t status, unsigned attempts) {
  std::string text = "HTTP " + std::to_string(status);
  if (status >= 300 && status < 400) text += ": redirects are not followed";
  if (status == 206) text += ": a provider of the service did not answer";
  if (attempts > 1) text += " after " + std::to_string(attempts) + " attempts";
  return text;
}

void FillRecord(ReadRecord& record, const HttpAnswer& answer) {
  const HttpHead& head = answer.head;
  record.http_status = head.status;
  record.received = answer.received;
  record.request_id = RequestIdOf(head);
  record.server_date = head.Find("Date").value_or("");
  record.content_coding = answer.coding;
  record.tls_version = answer.tls_version;
}

bool Final(PageTask& task, uint32_t outcome, Reason reason, std::string detail) {
  task.result.outcome = outcome;
  task.result.reason = reason;
  task.result.detail = std::move(detail);
  return true;
}

}  // namespace

bool IsThrottle(uint32_t status) { return status == 429 || status == 503; }

bool IsWorthAnother(uint32_t status) {
  return IsThrottle(status) || status == 500 || status == 502 || status == 504;
}

PageFetcher::PageFetcher(const BrokerOptions& options, HttpClient& client, TokenSource& tokens,
                         Pacer& pacer)
    : options_(options),
      client_(client),
      tokens_(tokens),
      pacer_(pacer),
      jitter_(options.jitter_seed) {}

Result<Ask> ReadLink(const ReadState& read, ByteSpan body, uint64_t offset, uint64_t length) {
  if (read.plan.paging == Paging::kMarkerXml) {
    ASSAY_ASSIGN(const std::string marker, ExtractMarker(body, offset, length));
    Url url = read.plan.url;
    url.query += (url.query.empty() ? "marker=" : "&marker=") + PercentEncode(marker);
    return Ask{std::move(url)};
  }
  ASSAY_ASSIGN(std::string link, ExtractLink(body, offset, length, read.plan.paging));
  if (read.plan.paging == Paging::kSkipToken) {
    ASSAY_TRY(CheckSkipToken(link));
    return Ask{read.plan.url, std::move(link)};
  }
  ASSAY_ASSIGN(Url url, CheckLink(read.plan, link));
  return Ask{std::move(url)};
}

Status CountLink(ReadState& read, const Ask& ask, uint32_t max_pages) {
  if (!read.seen.insert(ask.url.ToString() + "\n" + ask.skip_token).second)
    return Fail(Code::kDenied,
                "continuation link: seen before in this read, paging goes in circles");
  if (read.pages >= max_pages)
    return Fail(Code::kLimitExceeded,
                "continuation link: more than " + std::to_string(max_pages) + " pages (max_pages)");
  ++read.pages;
  return {};
}

ReadResult Refusal(const ReadState& read, const Url& url, Reason reason, std::string detail) {
  ReadResult result;
  result.outcome = ASSAY_PAGE_REFUSED;
  result.reason = reason;
  result.detail = std::move(detail);
  result.record.endpoint = read.spec.id;
  result.record.method = read.plan.method;
  result.record.url = url.ToString();
  result.record.attempts = 0;
  return result;
}

std::unique_ptr<PageTask> PageFetcher::Begin(std::shared_ptr<ReadState> read,
                                             const Ask& ask) const {
  auto task = std::make_unique<PageTask>();
  const Plan& plan = read->plan;
  task->request.method = plan.method;
  task->request.url = ask.url;
  task->body = BodyOf(plan, ask);
  task->request.body = task->body;
  task->request.content_type = task->body.empty() ? "" : "application/json";
  task->request.client_request_id = NewGuid();
  if (plan.host == ServiceHost::kBlob) task->request.accept = "*/*";
  task->request.service_version = plan.service_version;
  task->request.range = plan.range;
  const RequestShape shape{plan.host, plan.segments, plan.first_query};
  const ThrottleClass& throttle = ThrottleClassOf(shape);
  task->pace = {&throttle, BudgetScopeOf(throttle, shape), CostOf(throttle, shape), plan.host};
  task->batch_key = BatchKeyOf(*read, ask, throttle);
  ReadRecord& record = task->result.record;
  record.endpoint = read->spec.id;
  record.method = plan.method;
  record.url = ask.url.ToString();
  record.request_body = task->body;
  record.range = plan.range;
  record.client_request_id = task->request.client_request_id;
  record.attempts = 0;
  task->read = std::move(read);
  return task;
}

PageStep PageFetcher::Step(PageTask& task) {
  if (const auto wait = WaitForPlace(task)) return *wait;
  bool done = true;
  try {
    done = SendOnce(task);
  } catch (const std::exception&) {
    FailMemory(task);
  }
  pacer_.Done(task.pace, IsThrottle(task.result.record.http_status), options_.clock->Now());
  return StepAfter(task, done);
}

PageStep PageFetcher::StepAfter(PageTask& task, bool done) const {
  return {done ? PageStep::Kind::kDone : PageStep::Kind::kWait,
          std::max(options_.clock->Now(), task.not_before), true};
}

std::optional<PageStep> PageFetcher::WaitForPlace(PageTask& task, bool joins) {
  const PageStep done{};
  if (client_.cancelled()) {
    Final(task, ASSAY_PAGE_UNAVAILABLE, Reason::kUnavailable, "cancelled");
    return done;
  }
  const Timestamp now = options_.clock->Now();
  if (now < task.not_before) return PageStep{PageStep::Kind::kWait, task.not_before, false};
  // Before a place is taken: who waits here for a token to be judged must not hold one.
  if (task.request.url.host != kFolderHost) {
    Result<Token> token = tokens_.Get(task.read->plan.host);
    if (!token) {
      FailToken(task, token.error());
      return done;
    }
    task.token = std::move(*token);
  }
  const PaceAnswer answer = joins ? pacer_.AskToJoin(task.pace, now) : pacer_.Ask(task.pace, now);
  if (answer.kind == PaceAnswer::Kind::kGo) return std::nullopt;
  if (answer.kind == PaceAnswer::Kind::kCrowd) return PageStep{PageStep::Kind::kCrowd, {}, false};
  if (!FitsBudget(task, answer.penalty)) {
    Final(task, ASSAY_PAGE_UNAVAILABLE, Reason::kThrottled,
          "throttled: the wait that is asked for exceeds throttle_budget");
    return done;
  }
  task.read->waited_ms += answer.penalty.count();
  task.result.record.waited_ms += static_cast<uint64_t>(answer.penalty.count());
  CountWait(task, answer.reason, answer.at - now);
  task.not_before = answer.at;
  return PageStep{PageStep::Kind::kWait, answer.at, false};
}

void PageFetcher::CountWait(PageTask& task, WaitReason reason, milliseconds wait) {
  {
    const std::lock_guard lock(mutex_);
    classes_[std::string(task.pace.throttle->name)].waited[reason] += wait;
  }
  if (wait < kWorthTelling || !options_.on_wait) return;
  options_.on_wait({task.read->spec.id, std::string(task.pace.throttle->name), reason, wait,
                    static_cast<int>(task.result.record.http_status)});
}

PaceReport PageFetcher::Report() const {
  const std::lock_guard lock(mutex_);
  return {classes_, milliseconds(0)};
}

bool PageFetcher::FitsBudget(const PageTask& task, milliseconds wait) const {
  return task.read->waited_ms + wait.count() <= options_.throttle_budget.count();
}

milliseconds PageFetcher::BackOffFor(const PageTask& task, unsigned failures) {
  const bool loopback = IsLoopbackHost(task.request.url.host);
  return BackOff(failures, jitter_,
                 options_.first_back_off.value_or(loopback ? kLoopbackBackOff
                                                           : task.pace.throttle->first_back_off));
}

/// What the service told everyone of a budget is waited for by all; a failure only by who met it.
bool PageFetcher::PlanRetry(PageTask& task, milliseconds wait, WaitReason reason, bool for_all) {
  if (task.number >= options_.max_attempts || client_.cancelled()) return false;
  if (!FitsBudget(task, wait)) return false;
  const Timestamp until = options_.clock->Now() + wait;
  if (for_all) {
    pacer_.Hold(task.pace, until, reason);
    return true;
  }
  task.not_before = until;
  task.read->waited_ms += wait.count();
  task.result.record.waited_ms += static_cast<uint64_t>(wait.count());
  CountWait(task, reason, wait);
  return true;
}

bool PageFetcher::AskAgainLater(PageTask& task, const HttpAnswer& answer) {
  const uint32_t status = answer.head.status;
  if (IsThrottle(status)) {
    const std::lock_guard lock(mutex_);
    ++classes_[std::string(task.pace.throttle->name)].throttled;
  }
  const auto asked = RetryAfterOf(answer.head, answer.received);
  return PlanRetry(task, asked ? *asked : BackOffFor(task, task.number),
                   asked ? WaitReason::kRetryAfter : WaitReason::kBackOff,
                   status == 429 || (status == 503 && asked));
}

bool PageFetcher::TakeAnswer(PageTask& task, HttpAnswer answer) {
  const uint32_t status = answer.head.status;
  FillRecord(task.result.record, answer);
  task.network_failures = 0;
  pacer_.Learn(task.pace, answer.head, options_.clock->Now());
  if (status == 401 && !task.renewed && task.number < options_.max_attempts) {
    task.renewed = true;
    tokens_.Invalidate(task.read->plan.host, task.token, ClaimsChallenge(answer.head));
    return false;
  }
  if (IsWorthAnother(status) && AskAgainLater(task, answer)) return false;
  if (!task.request.range.empty()) {
    if (status == 412) return Final(task, ASSAY_PAGE_UNAVAILABLE, Reason::kUnavailable, kChanged);
    if (status == 200 || status == 206) {
      Status part = CheckPart(task, answer);
      if (part) task.result.body = std::move(answer.body);
      return Final(task, part ? ASSAY_PAGE_OK : ASSAY_PAGE_UNAVAILABLE,
                   part ? Reason::kNone : Reason::kUnavailable, part ? "" : part.error().message);
    }
  }
  task.result.body = std::move(answer.body);
  const bool good = status >= 200 && status < 300;
  const Reason reason = ReasonOf(answer);
  return Final(task, good ? ASSAY_PAGE_OK : ASSAY_PAGE_HTTP_ERROR, reason,
               good && reason == Reason::kNone ? "" : DetailOf(status, task.number));
}

bool PageFetcher::TakeError(PageTask& task, const Error& error) {
  task.result.record.received = options_.clock->Now();
  task.result.record.http_status = 0;
  if (IsKeptGone(error) && task.number < options_.max_attempts && !client_.cancelled())
    return false;
  const bool network = error.code == Code::kUnavailable && error.id.empty();
  // Silence has cost its time already: it counts twice.
  task.network_failures += IsTimedOut(error) ? 2 : 1;
  if (network && task.network_failures < kNetworkAttempts &&
      PlanRetry(task, BackOffFor(task, task.network_failures), WaitReason::kBackOff, false))
    return false;
  return Final(task, ASSAY_PAGE_UNAVAILABLE, Reason::kUnavailable,
               client_.cancelled() ? "cancelled" : error.ToString());
}

/// Memory is what can run out here (a page may hold 64 MiB); the page fails, not the engine.
void PageFetcher::FailMemory(PageTask& task) {
  task.result.body.clear();
  Final(task, ASSAY_PAGE_REFUSED, Reason::kUnavailable, "the engine ran out of memory");
}

bool PageFetcher::FailToken(PageTask& task, const Error& error) {
  const bool denied = error.code == Code::kDenied;
  return Final(task, denied ? ASSAY_PAGE_REFUSED : ASSAY_PAGE_UNAVAILABLE,
               denied ? Reason::kPermission : Reason::kUnavailable, error.ToString());
}

Status PageFetcher::CheckGate(const PageTask& task) const {
  return CheckOutgoing(options_.cloud, task.read->spec, task.request.method, task.request.url,
                       task.request.body);
}

void PageFetcher::CountRequest(const PageTask& task) {
  const std::lock_guard lock(mutex_);
  ++classes_[std::string(task.pace.throttle->name)].requests;
}

void PageFetcher::AskForVersion(PageTask& task) const {
  if (task.request.range.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto known = versions_.find(task.request.url.ToString());
  if (known != versions_.end()) task.request.if_match = known->second;
}

Status PageFetcher::CheckPart(const PageTask& task, const HttpAnswer& answer) {
  ASSAY_TRY(CheckRangeAnswer(task.request.range, answer.head, answer.body.size()));
  const std::string version = answer.head.Find("ETag").value_or("");
  if (version.empty()) return Fail(Code::kUnavailable, "range: the answer names no version (ETag)");
  const std::lock_guard lock(mutex_);
  const auto known = versions_.emplace(task.request.url.ToString(), version).first;
  if (known->second != version) return Fail(Code::kUnavailable, kChanged);
  return {};
}

/// True when the result is final.
bool PageFetcher::SendOnce(PageTask& task) {
  if (task.token) task.request.bearer = task.token->view();
  AskForVersion(task);
  if (Status gate = CheckGate(task); !gate)
    return Final(task, ASSAY_PAGE_REFUSED, Reason::kPartial, gate.error().ToString());
  task.result.record.attempts = ++task.number + task.misses;
  task.result.record.batch.clear();
  task.result.record.sent = options_.clock->Now();
  CountRequest(task);
  Result<HttpAnswer> answer = client_.Send(task.request);
  if (!answer) return TakeError(task, answer.error());
  task.result.record.sent = answer->sent;
  return TakeAnswer(task, std::move(*answer));
}

}  // namespace assay::broker
