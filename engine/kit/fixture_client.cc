#include "kit/fixture_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "base/text.h"
#include "broker/url_policy.h"
#include "kit/body_shape.h"
#include "kit/page_reads.h"

namespace assay::kit {
namespace {

using broker::HttpAnswer;
using broker::HttpRequest;

std::string Base64Url(std::string_view text) {
  std::string out = EncodeBase64(AsBytes(text));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

/// What tells one request from another.
std::string NameOf(const HttpRequest& request) {
  return request.url.ToString() + "\n" + std::string(request.body);
}

/// How well a link continues a read: endpoints of one path differ in what they select, and links
/// repeat it; then, the page before it held the link's token.
std::pair<size_t, bool> Likeness(const std::string& first_url, const std::string& last_body,
                                 const std::string& url) {
  const auto [differs, end] =
      std::mismatch(first_url.begin(), first_url.end(), url.begin(), url.end());
  const size_t at = url.rfind('=');
  return {static_cast<size_t>(differs - first_url.begin()),
          at != url.npos && last_body.find(url.substr(at + 1)) != last_body.npos};
}

/// First byte of "bytes=N-M".
uint64_t FirstOf(std::string_view range) {
  uint64_t first = 0;
  range.remove_prefix(std::min(range.size(), range.find('=') + 1));
  std::from_chars(range.data(), range.data() + range.size(), first);
  return first;
}

void AddOffset(const EndpointSpec& endpoint, std::string_view range, broker::Params& params) {
  for (const ParamSpec& param : endpoint.params)
    if (param.type == ParamType::kOffset)
      params.emplace_back(param.name, std::to_string(FirstOf(range)));
}

}  // namespace

FixtureClient::FixtureClient(const Manifest& manifest, const broker::BrokerOptions& options,
                             const Fixture& fixture, const Weather& weather, Asked& asked)
    : manifest_(manifest), options_(options), fixture_(fixture), weather_(weather), asked_(asked) {}

HttpAnswer FixtureClient::Plain(uint32_t status, std::string body) const {
  HttpAnswer answer;
  answer.head.status = status;
  answer.body.assign(body.begin(), body.end());
  answer.sent = answer.received = options_.clock->Now();
  return answer;
}

/// A token that holds what the manifest asks for, so that the consent guard judges exactly that.
HttpAnswer FixtureClient::Token(const HttpRequest& request) const {
  const auto asks = [&](const std::string& scope) {
    return request.body.find(broker::PercentEncode(scope)) != std::string_view::npos;
  };
  std::set<std::string> roles;
  for (const EndpointSpec& endpoint : manifest_.endpoints)
    if (!endpoint.permission.empty()) roles.insert(endpoint.permission);
  // A plugin of Azure alone asks for nothing in Graph, and a token without any power is refused.
  if (roles.empty()) roles.insert("Organization.Read.All");
  std::vector<std::string> quoted;
  for (const std::string& role : roles) quoted.push_back(JsonString(role));
  const broker::Cloud& cloud = options_.cloud;
  const auto& audiences = asks(cloud.arm_scope)       ? cloud.arm_audiences
                          : asks(cloud.storage_scope) ? cloud.storage_audiences
                                                      : cloud.graph_audiences;
  const std::string claims =
      fmt::format(R"({{"aud":{},"tid":"{}","appid":"{}","roles":[{}]}})", JsonString(audiences[0]),
                  options_.tenant.text(), options_.credential.client_id, Join(quoted, ","));
  return Plain(200, fmt::format(R"({{"token_type":"Bearer","expires_in":86400,"access_token":)"
                                R"("{}.{}.none"}})",
                                Base64Url(R"({"alg":"none"})"), Base64Url(claims)));
}

const FixtureAnswer* FixtureClient::AnswerFor(const EndpointSpec& endpoint,
                                              const broker::Params& params) const {
  for (const FixtureAnswer& answer : fixture_.answers) {
    if (answer.endpoint != endpoint.id) continue;
    const bool fits =
        std::all_of(answer.params.begin(), answer.params.end(), [&](const auto& wanted) {
          return std::any_of(params.begin(), params.end(), [&](const auto& given) {
            return given.first == wanted.first && EqualsIgnoreCase(given.second, wanted.second);
          });
        });
    if (fits) return &answer;
  }
  return nullptr;
}

/// The endpoint whose first request this is.
FixtureClient::Read* FixtureClient::NewRead(const HttpRequest& request) {
  const std::string url = request.url.ToString();
  for (const EndpointSpec& endpoint : manifest_.endpoints) {
    auto params = FitRequest(endpoint, request.url.path, request.url.query, request.body);
    if (!params || (request.method == "POST") != !endpoint.read_post.empty()) continue;
    if (!request.range.empty()) AddOffset(endpoint, request.range, *params);
    const auto plan = broker::BuildPlan(options_.cloud, endpoint, *params);
    if (!plan || plan->url.ToString() != url || BodyOf(*plan, {plan->url}) != request.body)
      continue;
    auto read = std::make_unique<Read>();
    read->endpoint = &endpoint;
    read->params = *params;
    read->answer = AnswerFor(endpoint, *params);
    read->first_url = url;
    read->range = request.range;
    read->pages[NameOf(request)] = 0;
    reads_.push_back(std::move(read));
    return reads_.back().get();
  }
  return nullptr;
}

/// A request met before (an attempt after a failure), or the next page of an open read.
FixtureClient::Read* FixtureClient::FindRead(const HttpRequest& request) {
  Read* next = nullptr;
  std::pair<size_t, bool> best;
  const std::string url = request.url.ToString();
  for (const auto& read : reads_) {
    if (read->pages.contains(NameOf(request))) return read.get();
    const auto plan = broker::BuildPlan(options_.cloud, *read->endpoint, read->params);
    const auto params =
        FitRequest(*read->endpoint, request.url.path, request.url.query, request.body);
    if (!params || !plan || plan->method != request.method) continue;
    if (plan->post && !plan->post->query.empty() && *params != read->params) continue;
    const auto likeness = Likeness(read->first_url, read->last_body, url);
    if (next == nullptr || likeness > best) {
      next = read.get();
      best = likeness;
    }
  }
  return next;
}

std::string FixtureClient::Body(Read& read, size_t page) const {
  const auto& pages = read.answer->pages;
  const std::string& body = pages[std::min(page, pages.size() - 1)];
  if (!Hit(read)) return body;
  switch (weather_.kind) {
    case Weather::Kind::kCut:
      return body.substr(0, body.size() * weather_.per_mille / 1000);
    case Weather::Kind::kCutInText:
      return CutInText(body, weather_.per_mille);
    case Weather::Kind::kEmpty:
      return "";
    case Weather::Kind::kHtml:
      return "<!DOCTYPE html><html><body>Sign in</body></html>";
    case Weather::Kind::kHuge:
      return page == 0 ? Padded(body, weather_.bytes) : body;
    case Weather::Kind::kMany:
      return page == 0 ? Grown(body, weather_.bytes) : body;
    case Weather::Kind::kEndless: {
      const std::string_view key = PagingKeyOf(read.endpoint->paging);
      return key.empty() ? body
                         : Continued(pages[0], key,
                                     LinkTo(read.endpoint->paging, read.first_url,
                                            fmt::format("endless{}", page + 1)));
    }
    case Weather::Kind::kMutated: {
      Dice dice(weather_.seed + page);
      return Mutated(body, dice);
    }
    default:
      return body;
  }
}

HttpAnswer FixtureClient::Part(const Read& read, HttpAnswer whole) const {
  const uint64_t total = whole.body.size(), first = FirstOf(read.range);
  if (first >= total) return Plain(416, "");
  const uint64_t length = std::min(kRangeBytes, total - first);
  whole.head.status = 206;
  whole.head.fields.emplace_back("ETag", "\"fixture\"");
  whole.head.fields.emplace_back("Content-Range",
                                 fmt::format("bytes {}-{}/{}", first, first + length - 1, total));
  whole.body = ByteVector(whole.body.begin() + static_cast<ptrdiff_t>(first),
                          whole.body.begin() + static_cast<ptrdiff_t>(first + length));
  return whole;
}

Result<HttpAnswer> FixtureClient::Answer(Read& read, size_t page) {
  if (Hit(read)) {
    const bool later = weather_.kind == Weather::Kind::kLaterLost && page > 0;
    if (weather_.kind == Weather::Kind::kLost || later)
      return Fail(Code::kUnavailable, "connection reset (trial)");
    if (weather_.kind == Weather::Kind::kSlow)
      std::this_thread::sleep_for(std::chrono::milliseconds(weather_.bytes));
    if (weather_.kind == Weather::Kind::kStatus) {
      HttpAnswer answer =
          Plain(weather_.status, R"({"error":{"code":"TrialError","message":"asked for"}})");
      if (weather_.status == 429 || weather_.status == 503)
        answer.head.fields.emplace_back("Retry-After", "2");
      return answer;
    }
  }
  if (read.answer == nullptr) {
    const std::lock_guard lock(asked_.mutex);
    asked_.unanswered.insert(read.endpoint->id);
    return Plain(404, R"({"error":{"code":"NotInFixture","message":"the fixture has no answer"}})");
  }
  const bool last = page + 1 >= read.answer->pages.size();
  const uint32_t status = last ? read.answer->status : 200;
  if (read.answer->pages.empty()) return Plain(status, "");
  HttpAnswer answer = Plain(status, Body(read, page));
  if (answer.body.size() > options_.max_body_bytes)
    return Fail(Code::kLimitExceeded, "body: larger than max_body_bytes");
  if (last && read.answer->retry_after)
    answer.head.fields.emplace_back("Retry-After", std::to_string(*read.answer->retry_after));
  read.last_body.assign(answer.body.begin(), answer.body.end());
  if (!read.range.empty() && status == 200) return Part(read, std::move(answer));
  return answer;
}

Result<HttpAnswer> FixtureClient::Send(const HttpRequest& request) {
  if (cancelled_) return Fail(Code::kUnavailable, "cancelled");
  if (request.url.path.ends_with("/oauth2/v2.0/token")) return Token(request);
  {
    const std::lock_guard lock(asked_.mutex);
    std::string asked = request.method + " " + request.url.ToString();
    if (!request.body.empty())
      asked += " " + std::string(request.body);  // queries share an address
    asked_.requests.push_back(std::move(asked));
  }
  const std::lock_guard lock(mutex_);
  Read* read = NewRead(request);
  if (read == nullptr) read = FindRead(request);
  if (read == nullptr) return Plain(404, R"({"error":{"code":"NotInFixture","message":"?"}})");
  const size_t next = read->pages.size();
  const size_t page = read->pages.emplace(NameOf(request), next).first->second;
  return Answer(*read, page);
}

}  // namespace assay::kit
