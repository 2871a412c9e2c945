// The token request, its answer and its retries.
#include "broker/token_source.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "broker/aadsts.h"
#include "broker/json_object.h"
#include "broker/retry.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kAttempts = 3;  // of a service that is busy or not reached; a refusal is final
constexpr milliseconds kLongestWait{30'000};
constexpr int64_t kRenewBeforeSeconds = 300;
constexpr int64_t kMaxLifeSeconds = 86'400;

/// `expires_in` as a number or, from some issuers, as text.
int64_t LifeOf(const JsonObject& json) {
  int64_t life = 0;
  if (const auto at = json.numbers.find("expires_in"); at != json.numbers.end()) life = at->second;
  const std::string text = json.Text("expires_in");
  std::from_chars(text.data(), text.data() + text.size(), life);
  return std::clamp<int64_t>(life, 0, kMaxLifeSeconds);
}

Error Unusable(const std::string& why) {
  return {Code::kDenied,
          "no token: the token service's answer " + why,
          {},
          "check the cloud's login URL; a proxy may have answered",
          {},
          "AS-CON-001"};
}

/// The form with the secret in it: reserved once, so that no copy of it stays behind.
Result<Secret> MakeForm(const BrokerOptions& options, const std::string& scope) {
  ASSAY_ASSIGN(std::string secret, ResolveSecret(options.credential.ref, options.production));
  std::string encoded = PercentEncode(secret);
  Wipe(secret);
  std::string form;
  form.reserve(512 + 3 * scope.size() + encoded.size() + options.credential.client_id.size());
  form.append("client_id=").append(PercentEncode(options.credential.client_id));
  form.append("&scope=").append(PercentEncode(scope));
  form.append("&client_secret=").append(encoded);
  form.append("&grant_type=client_credentials");
  Wipe(encoded);
  return Secret(std::move(form));
}

}  // namespace

bool SleepUnlessCancelled(const Clock& clock, milliseconds duration, const HttpClient& client) {
  constexpr milliseconds kStep{100};
  while (duration > milliseconds(0) && !client.cancelled()) {
    const milliseconds step = std::min(duration, kStep);
    clock.SleepFor(step);
    duration -= step;
  }
  return !client.cancelled();
}

Result<HttpAnswer> TokenSource::Ask(ServiceHost host) {
  const Cloud& cloud = options_.cloud;
  ASSAY_ASSIGN(
      const Secret form,
      MakeForm(options_, host == ServiceHost::kGraph ? cloud.graph_scope : cloud.arm_scope));
  HttpRequest request;
  request.method = "POST";
  ASSAY_ASSIGN(request.url, ParseBaseUrl(cloud.login));
  request.url.path = "/" + options_.tenant.text() + "/oauth2/v2.0/token";
  request.body = form.view();
  request.content_type = "application/x-www-form-urlencoded";
  request.client_request_id = NewGuid();
  Result<HttpAnswer> answer = client_.Send(request);
  if (answer) return answer;
  Error error = std::move(answer.error());
  if (error.code != Code::kUnavailable) {
    // A mangled answer will be mangled again: unavailable, but not worth a retry.
    error.code = Code::kUnavailable;
    error.id = "AS-NET-002";
  }
  return Fail(std::move(error).Context("token service"));
}

Result<TokenSource::Slot> TokenSource::ReadAnswer(HttpAnswer answer) {
  if (answer.head.status != 200) return Fail(TokenError(answer));
  Result<JsonObject> json = ParseJsonObject(AsText(answer.body));
  // The parser's own copy cannot be reached; ours can.
  OPENSSL_cleanse(answer.body.data(), answer.body.size());
  if (!json) return Fail(Unusable("is not JSON"));
  Secret token(std::move(json->texts["access_token"]));
  const std::string_view text = token.view();
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.empty() || !plain) return Fail(Unusable("holds no access_token"));
  if (!EqualsIgnoreCase(json->Text("token_type"), "Bearer"))
    return Fail(Unusable("is not for a Bearer token"));
  const int64_t life = LifeOf(*json);
  if (life == 0) return Fail(Unusable("names no lifetime"));
  Slot slot;
  // A token that lives shorter than the margin is used for half its life, not fetched for each
  // read.
  slot.good_until =
      answer.received + std::chrono::seconds(std::max(life - kRenewBeforeSeconds, life / 2));
  slot.token = std::make_shared<const Secret>(std::move(token));
  return slot;
}

Result<TokenSource::Slot> TokenSource::Fetch(ServiceHost host) {
  for (unsigned attempt = 1;; ++attempt) {
    Result<HttpAnswer> answer = Ask(host);
    milliseconds wait = BackOff(attempt);
    Error error;
    if (answer) {
      if (const auto date = ParseHttpDate(answer->head.Find("Date").value_or("")))
        clock_offset_ms_ = ToUnixMs(answer->received) - ToUnixMs(*date);
      wait = RetryAfterOf(answer->head, answer->received).value_or(wait);
      Result<Slot> slot = ReadAnswer(std::move(*answer));
      if (slot) return slot;
      error = std::move(slot.error());
    } else {
      error = std::move(answer.error());
    }
    const bool retry = error.code == Code::kUnavailable && error.id.empty();
    if (!retry || attempt == kAttempts || wait > kLongestWait) return Fail(std::move(error));
    if (!SleepUnlessCancelled(*options_.clock, wait, client_))
      return Fail(Code::kUnavailable, "cancelled");
  }
}

Result<Token> TokenSource::Get(ServiceHost host) {
  const std::lock_guard lock(mutex_);
  Slot& slot = SlotOf(host);
  if (slot.token && options_.clock->Now() < slot.good_until) return slot.token;
  slot = Slot{};
  ASSAY_ASSIGN(Slot fresh, Fetch(host));
  ASSAY_TRY(vet_(host, fresh.token->view()));
  slot = std::move(fresh);
  return slot.token;
}

void TokenSource::Invalidate(ServiceHost host, const Token& used) {
  const std::lock_guard lock(mutex_);
  if (SlotOf(host).token == used) SlotOf(host) = Slot{};
}

int64_t TokenSource::clock_offset_ms() const {
  const std::lock_guard lock(mutex_);
  return clock_offset_ms_;
}

}  // namespace assay::broker
