// The attempt loop and how statuses become outcomes and reasons.
#include "broker/page_fetch.h"

#include "assay/read.h"
#include "broker/link_policy.h"
#include "broker/retry.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kNetworkAttempts = 4;
constexpr milliseconds kWorthTelling{1000};

bool IsThrottle(uint32_t status) { return status == 429 || status == 503 || status == 504; }

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
  record.request_id = head.Find("request-id").value_or(head.Find("x-ms-request-id").value_or(""));
  record.server_date = head.Find("Date").value_or("");
  record.content_coding = answer.coding;
  record.tls_version = answer.tls_version;
}

}  // namespace

struct PageFetcher::Attempt {
  ReadState& read;
  HttpRequest request;
  const PaceRule& rule;
  ReadResult result;
  Token token;
  unsigned number = 0;
  unsigned network_failures = 0;
  bool renewed = false;

  bool Final(uint32_t outcome, Reason reason, std::string detail) {
    result.outcome = outcome;
    result.reason = reason;
    result.detail = std::move(detail);
    return true;
  }
};

Result<Url> ReadLink(const ReadState& read, ByteSpan body, uint64_t offset, uint64_t length) {
  ASSAY_ASSIGN(const std::string link, ExtractLink(body, offset, length, read.plan.paging));
  return CheckLink(read.plan, link);
}

Status CountLink(ReadState& read, const Url& url, uint32_t max_pages) {
  if (!read.seen.insert(url.ToString()).second)
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

bool PageFetcher::WaitForSlot(Attempt& attempt) {
  milliseconds penalty{0};
  const milliseconds wait = pacer_.Reserve(attempt.rule, options_.clock->Now(), &penalty);
  if (!FitsBudget(attempt, penalty))
    return attempt.Final(ASSAY_PAGE_UNAVAILABLE, Reason::kThrottled,
                         "throttled: the wait that is asked for exceeds throttle_budget");
  attempt.read.waited_ms += penalty.count();
  attempt.result.record.waited_ms += static_cast<uint64_t>(penalty.count());
  if (penalty >= kWorthTelling && options_.on_wait)
    options_.on_wait(attempt.read.spec.id, penalty,
                     static_cast<int>(attempt.result.record.http_status));
  if (!SleepUnlessCancelled(*options_.clock, wait, client_))
    return attempt.Final(ASSAY_PAGE_UNAVAILABLE, Reason::kUnavailable, "cancelled");
  return false;
}

bool PageFetcher::FitsBudget(const Attempt& attempt, milliseconds wait) const {
  return attempt.read.waited_ms + wait.count() <= options_.throttle_budget.count();
}

bool PageFetcher::PlanRetry(Attempt& attempt, milliseconds wait, uint32_t status) {
  attempt.result.record.http_status = status;
  if (attempt.number >= options_.max_attempts || client_.cancelled()) return false;
  if (!FitsBudget(attempt, wait)) return false;
  pacer_.Hold(attempt.rule, options_.clock->Now() + wait);
  return true;
}

bool PageFetcher::TakeAnswer(Attempt& attempt, HttpAnswer answer) {
  const uint32_t status = answer.head.status;
  FillRecord(attempt.result.record, answer);
  if (status == 401 && !attempt.renewed && attempt.number < options_.max_attempts) {
    attempt.renewed = true;
    tokens_.Invalidate(attempt.read.plan.host, attempt.token, ClaimsChallenge(answer.head));
    return false;
  }
  if (IsThrottle(status)) {
    const milliseconds wait =
        RetryAfterOf(answer.head, answer.received).value_or(BackOff(attempt.number));
    if (PlanRetry(attempt, wait, status)) return false;
  }
  attempt.result.body = std::move(answer.body);
  const bool good = status >= 200 && status < 300;
  const Reason reason = ReasonOf(answer);
  return attempt.Final(good ? ASSAY_PAGE_OK : ASSAY_PAGE_HTTP_ERROR, reason,
                       good && reason == Reason::kNone ? "" : DetailOf(status, attempt.number));
}

bool PageFetcher::TakeError(Attempt& attempt, const Error& error) {
  attempt.result.record.received = options_.clock->Now();
  const bool network = error.code == Code::kUnavailable && error.id.empty();
  if (network && ++attempt.network_failures < kNetworkAttempts &&
      PlanRetry(attempt, BackOff(attempt.network_failures), 0))
    return false;
  return attempt.Final(ASSAY_PAGE_UNAVAILABLE, Reason::kUnavailable,
                       client_.cancelled() ? "cancelled" : error.ToString());
}

bool PageFetcher::Try(Attempt& attempt) {
  if (WaitForSlot(attempt)) return true;
  Result<Token> token = tokens_.Get(attempt.read.plan.host);
  if (!token) {
    const bool denied = token.error().code == Code::kDenied;
    return attempt.Final(denied ? ASSAY_PAGE_REFUSED : ASSAY_PAGE_UNAVAILABLE,
                         denied ? Reason::kPermission : Reason::kUnavailable,
                         token.error().ToString());
  }
  attempt.token = *token;
  attempt.request.bearer = attempt.token->view();
  if (Status gate = CheckOutgoing(options_.cloud, attempt.read.spec, attempt.request.method,
                                  attempt.request.url);
      !gate)
    return attempt.Final(ASSAY_PAGE_REFUSED, Reason::kPartial, gate.error().ToString());
  attempt.result.record.attempts = ++attempt.number;
  attempt.result.record.sent = options_.clock->Now();
  Result<HttpAnswer> answer = client_.Send(attempt.request);
  if (!answer) return TakeError(attempt, answer.error());
  attempt.result.record.sent = answer->sent;
  return TakeAnswer(attempt, std::move(*answer));
}

ReadResult PageFetcher::Fetch(ReadState& read, const Url& url) {
  Attempt attempt{read, {}, PaceRuleOf(read.plan.host, read.plan.segments), {}, {}, 0, 0, false};
  attempt.request.method = read.plan.method;
  attempt.request.url = url;
  attempt.request.body = read.plan.body;
  attempt.request.content_type = read.plan.body.empty() ? "" : "application/json";
  attempt.request.client_request_id = NewGuid();
  ReadRecord& record = attempt.result.record;
  record.endpoint = read.spec.id;
  record.method = read.plan.method;
  record.url = url.ToString();
  record.request_body = read.plan.body;
  record.client_request_id = attempt.request.client_request_id;
  record.attempts = 0;
  while (!Try(attempt)) {
  }
  return std::move(attempt.result);
}

}  // namespace assay::broker
