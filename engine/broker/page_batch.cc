// Pages that go in one request. Each stays a page of its own: it takes its own budget, gets its own
// answer, and is asked for again by itself; a batch that fails is nobody's answer.
#include "broker/access_log.h"
#include "broker/graph_batch.h"
#include "broker/page_fetch.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

// A page that came away empty so often is asked for alone.
constexpr unsigned kMostMisses = 2;
// After so many answers in a row that could not be used no more batches are sent.
constexpr unsigned kMostBadBatches = 3;

/// Whether what went wrong may be over the next time.
bool IsPassing(const Result<HttpAnswer>& answer) {
  if (!answer) return answer.error().code == Code::kUnavailable && answer.error().id.empty();
  return answer->head.status == 401 || IsWorthAnother(answer->head.status);
}

void Miss(PageTask& task, bool passing) {
  ++task.misses;
  if (!passing || task.misses >= kMostMisses) task.batch_key.clear();
}

}  // namespace

/// Endpoints that are asked for one thing of many, first pages only: a page that goes on is asked
/// for by the service's own link. A class that bears few requests at once gets no batches.
std::string PageFetcher::BatchKeyOf(const ReadState& read, const Ask& ask,
                                    const ThrottleClass& throttle) const {
  const Plan& plan = read.plan;
  const bool one_of_many = plan.host == ServiceHost::kGraph && plan.method == "GET" &&
                           read.spec.path.find('{') != std::string::npos;
  if (!options_.graph_batch || batch_off_ || !one_of_many || throttle.in_flight != 0 ||
      ask.url.ToString() != plan.url.ToString())
    return {};
  return plan.segments.front() + " " + std::string(throttle.name);
}

std::vector<PageStep> PageFetcher::StepTogether(const std::vector<PageTask*>& tasks) {
  std::vector<PageStep> steps(tasks.size());
  if (batch_off_) {
    Apart(tasks);
    for (PageStep& step : steps) step = {PageStep::Kind::kWait, options_.clock->Now(), false};
    return steps;
  }
  std::vector<PageTask*> going;
  std::vector<size_t> places;
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (const auto wait = WaitForPlace(*tasks[i], !going.empty())) {
      steps[i] = *wait;
      continue;
    }
    going.push_back(tasks[i]);
    places.push_back(i);
  }
  if (going.empty()) return steps;
  const std::vector<bool> done = SendAll(going);
  bool throttled = false;
  for (const PageTask* task : going)
    throttled = throttled || IsThrottle(task->result.record.http_status);
  pacer_.Done(going.front()->pace, throttled, options_.clock->Now());
  for (size_t i = 0; i < going.size(); ++i) steps[places[i]] = StepAfter(*going[i], done[i]);
  return steps;
}

/// Which of them are final.
std::vector<bool> PageFetcher::SendAll(const std::vector<PageTask*>& tasks) {
  try {
    if (tasks.size() == 1) return {SendOnce(*tasks.front())};
    return SendTogether(tasks);
  } catch (const std::exception&) {
    for (PageTask* task : tasks) FailMemory(*task);
    return std::vector<bool>(tasks.size(), true);
  }
}

/// Each is asked for alone from now on; none is final.
std::vector<bool> PageFetcher::Apart(const std::vector<PageTask*>& tasks) const {
  for (PageTask* task : tasks) task->batch_key.clear();
  return std::vector<bool>(tasks.size(), false);
}

std::vector<bool> PageFetcher::SendTogether(const std::vector<PageTask*>& tasks) {
  const Token token = tasks.front()->token;
  HttpRequest request;
  request.method = "POST";
  request.url = BatchUrl(tasks.front()->request.url);
  request.bearer = token->view();
  request.content_type = "application/json";
  request.client_request_id = NewGuid();
  request.max_body_bytes = kMaxBatchBytes;
  std::vector<BatchPart> parts;
  for (const PageTask* task : tasks) {
    if (!CheckGate(*task)) return Apart(tasks);
    parts.push_back({task->request.url, task->request.client_request_id});
  }
  const Result<std::string> body = WriteBatch(request.url, parts);
  if (!body) return Apart(tasks);
  request.body = *body;
  if (!CheckBatch(options_.cloud, request)) return Apart(tasks);
  for (PageTask* task : tasks) {
    ReadRecord& record = task->result.record;
    task->token = token;
    record.attempts = task->number + task->misses + 1;
    record.batch = request.client_request_id;
    record.sent = options_.clock->Now();
    CountRequest(*task);
  }
  return ReadTogether(tasks, client_.Send(request));
}

std::vector<bool> PageFetcher::ReadTogether(const std::vector<PageTask*>& tasks,
                                            Result<HttpAnswer> answer) {
  std::vector<bool> done(tasks.size(), false);
  if (!answer || answer->head.status != 200) {
    TakeRefusal(tasks, answer);
    return done;
  }
  auto answers = ReadBatch(*answer, tasks.size());
  bad_batches_ = answers ? 0 : bad_batches_ + 1;
  if (bad_batches_ >= kMostBadBatches) batch_off_ = true;
  if (!answers) answers.emplace(tasks.size());
  answer->body = {};
  for (size_t i = 0; i < tasks.size(); ++i) {
    PageTask& task = *tasks[i];
    task.result.record.sent = answer->sent;
    std::optional<HttpAnswer>& own = (*answers)[i];
    if (own) {
      ++task.number;
      TellAnswer(task, *own);
      done[i] = TakeAnswer(task, std::move(*own));
    } else {
      TellFailure(task, Code::kCorrupt);
      task.result.record.http_status = 0;
      Miss(task, false);
    }
  }
  return done;
}

/// The batch as a whole was not answered. A service that knows none is not asked for one again.
void PageFetcher::TakeRefusal(const std::vector<PageTask*>& tasks,
                              const Result<HttpAnswer>& answer) {
  const PageTask& first = *tasks.front();
  const Timestamp now = options_.clock->Now();
  const uint32_t status = answer ? answer->head.status : 0;
  const bool passing = IsPassing(answer);
  if (answer && !passing) batch_off_ = true;
  if (status == 401)
    tokens_.Invalidate(ServiceHost::kGraph, first.token, ClaimsChallenge(answer->head));
  milliseconds wait{0};
  if (IsThrottle(status)) {
    const auto asked = RetryAfterOf(answer->head, answer->received);
    pacer_.Hold(first.pace, now + (asked ? *asked : BackOffFor(first, first.misses + 1)),
                asked ? WaitReason::kRetryAfter : WaitReason::kBackOff);
  } else if (passing && status != 401 && (answer || !IsKeptGone(answer.error()))) {
    wait = BackOffFor(first, first.misses + 1);
  }
  for (PageTask* task : tasks) {
    TellFailure(*task, answer ? Code::kUnavailable : answer.error().code);
    task->result.record.http_status = status;
    task->result.record.received = now;
    Miss(*task, passing);
    if (wait.count() == 0) continue;
    task->not_before = now + wait;
    CountWait(*task, WaitReason::kBackOff, wait);
  }
}

void PageFetcher::TellAnswer(const PageTask& task, const HttpAnswer& answer) const {
  if (!options_.on_access) return;
  AccessRecord record = AccessOf(task);
  record.status = answer.head.status;
  record.bytes = answer.body.size();
  record.request_id = RequestIdOf(answer.head);
  record.received = answer.received;
  options_.on_access(record);
}

void PageFetcher::TellFailure(const PageTask& task, Code why) const {
  if (!options_.on_access) return;
  AccessRecord record = AccessOf(task);
  record.failure = CodeName(client_.cancelled() ? Code::kCancelled : why);
  record.received = options_.clock->Now();
  options_.on_access(record);
}

AccessRecord PageFetcher::AccessOf(const PageTask& task) {
  AccessRecord record;
  record.method = task.request.method;
  record.url = task.request.url.ToString();
  record.client_request_id = task.request.client_request_id;
  record.batch = task.result.record.batch;
  record.sent = task.result.record.sent;
  return record;
}

}  // namespace assay::broker
