#include "broker/access_log.h"

#include <algorithm>
#include <atomic>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr size_t kLongestId = 64;

bool IsPlainId(const std::string& text) {
  return !text.empty() && text.size() <= kLongestId &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-';
         });
}

}  // namespace

std::string RequestIdOf(const HttpHead& head) {
  const std::string id =
      head.Find("request-id").value_or(head.Find("x-ms-request-id").value_or(""));
  return IsPlainId(id) ? id : "";
}

Result<HttpAnswer> LoggedClient::Send(const HttpRequest& request) {
  AccessRecord record;
  record.sent = clock_.Now();
  Result<HttpAnswer> answer = inner_->Send(request);
  if (!answer && answer.error().code == Code::kDenied) return answer;
  record.method = request.method;
  record.url = request.url.ToString();
  record.client_request_id = request.client_request_id;
  if (answer) {
    record.status = answer->head.status;
    record.bytes = answer->body.size();
    record.request_id = RequestIdOf(answer->head);
    record.sent = answer->sent;
    record.received = answer->received;
  } else {
    record.failure = CodeName(cancelled() ? Code::kCancelled : answer.error().code);
    record.received = clock_.Now();
  }
  on_access_(record);
  return answer;
}

LoggedClient::OnAccess Numbered(LoggedClient::OnAccess on_access) {
  auto last = std::make_shared<std::atomic<uint64_t>>(0);
  return [last, on_access = std::move(on_access)](const AccessRecord& record) {
    AccessRecord numbered = record;
    numbered.number = ++*last;
    on_access(numbered);
  };
}

}  // namespace assay::broker
