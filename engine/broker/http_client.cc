// Writing requests, pooling connections, one exchange after the other.
#include "broker/http_client.h"

#include <openssl/rand.h>

#include <algorithm>

#include "broker/body_reader.h"
#include "broker/connection.h"
#include "broker/managed_identity.h"
#include "broker/secret.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxIdlePerOrigin = 8;
constexpr auto kMaxIdleTime = std::chrono::seconds(30);
// A whole answer may take this many timeouts; a peer that drips bytes is cut then.
constexpr int kAnswerTimeouts = 10;

constexpr std::string_view kKeptGone = "the kept connection was gone";

bool IsFieldText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool IsTarget(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Everything that goes onto the wire is looked at once more here, whoever built it.
Status CheckRequest(const HttpRequest& request, bool carries_out) {
  const bool put = request.method == "PUT" && carries_out;
  if (carries_out && !request.bearer.empty())
    return Fail(Code::kDenied, "a token has no business outside the tenant's services");
  if (request.method != "GET" && request.method != "POST" && !put)
    return Fail(Code::kDenied, "method " + Quote(request.method) + " is not a read");
  if (request.method == "GET" && !request.body.empty())
    return Fail(Code::kDenied, "a GET has no body");
  if (!request.url.path.starts_with('/') || !IsTarget(request.url.path) ||
      !IsTarget(request.url.query) || !IsTarget(request.url.host))
    return Fail(Code::kDenied, "request target holds a character that could split the request");
  if (!IsTarget(request.bearer) || !IsFieldText(request.content_type) ||
      !IsTarget(request.client_request_id) || !IsFieldText(request.accept) ||
      !IsTarget(request.field_name) || !IsFieldText(request.field_value) ||
      !IsTarget(request.service_version) || !IsTarget(request.range) ||
      !IsFieldText(request.if_match))
    return Fail(Code::kDenied, "request field holds a character that could split the request");
  if (request.on_machine && !IsMachineHost(request.url.host))
    return Fail(Code::kDenied, "the identity endpoint is not on this machine");
  if (!request.url.tls && !IsLoopbackHost(request.url.host) && !request.on_machine)
    return Fail(Code::kDenied, "plain http is for loopback addresses only");
  return {};
}

/// Reserved up front, so that no reallocation leaves a copy of the token behind.
std::string FormatRequest(const HttpRequest& request, const std::string& user_agent) {
  std::string out;
  out.reserve(1024 + request.url.path.size() + request.url.query.size() + request.bearer.size() +
              request.body.size() + request.field_value.size());
  const auto field = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  out.append(request.method).append(" ").append(request.url.path);
  if (!request.url.query.empty()) out.append("?").append(request.url.query);
  out.append(" HTTP/1.1\r\n");
  field("Host", request.url.Authority());
  if (!request.bearer.empty())
    out.append("Authorization: Bearer ").append(request.bearer).append("\r\n");
  if (!request.field_name.empty()) field(request.field_name, request.field_value);
  field("Accept", request.accept);
  field("Accept-Encoding", request.range.empty() ? "gzip" : "identity");
  if (!request.service_version.empty()) field("x-ms-version", request.service_version);
  if (!request.range.empty()) field("x-ms-range", request.range);
  if (!request.if_match.empty()) field("If-Match", request.if_match);
  field("User-Agent", user_agent);
  if (!request.client_request_id.empty()) {
    field("client-request-id", request.client_request_id);
    field("return-client-request-id", "true");
  }
  if (request.method != "GET") {
    if (!request.content_type.empty()) field("Content-Type", request.content_type);
    field("Content-Length", std::to_string(request.body.size()));
  }
  out.append("\r\n").append(request.body);
  return out;
}

bool KeepsAlive(const HttpHead& head) {
  const auto value = head.Find("Connection");
  return !value || *value == "keep-alive" || *value == "Keep-Alive";
}

}  // namespace

struct HttpClient::Impl {
  struct Idle {
    std::string origin;
    std::unique_ptr<Connection> connection;
    std::chrono::steady_clock::time_point since;
  };

  HttpOptions options;
  std::unique_ptr<TlsContext> context;
  std::map<std::string, std::unique_ptr<TlsContext>> pinned;  ///< by host
  Watchdog dog;
  mutable std::mutex mutex;
  std::vector<Idle> idle;
  std::map<std::string, uint64_t> counts;

  static std::string OriginOf(const Url& url) { return (url.tls ? "s " : "p ") + url.Authority(); }

  std::unique_ptr<Connection> TakeIdle(const std::string& origin) {
    const std::lock_guard lock(mutex);
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(idle, [&](const Idle& item) { return now - item.since > kMaxIdleTime; });
    while (true) {
      const auto at = std::find_if(idle.begin(), idle.end(),
                                   [&](const Idle& item) { return item.origin == origin; });
      if (at == idle.end()) return nullptr;
      auto connection = std::move(at->connection);
      idle.erase(at);
      if (!connection->HasUnexpectedInput()) return connection;
    }
  }

  void GiveBack(const std::string& origin, std::unique_ptr<Connection> connection) {
    if (connection->HasUnexpectedInput()) return;
    const std::lock_guard lock(mutex);
    const auto same = std::count_if(idle.begin(), idle.end(),
                                    [&](const Idle& item) { return item.origin == origin; });
    if (static_cast<size_t>(same) < kMaxIdlePerOrigin)
      idle.push_back({origin, std::move(connection), std::chrono::steady_clock::now()});
  }

  Status MakeContexts() {
    const NetworkSettings& network = options.network;
    const std::vector<std::string> anchors{options.ca_file, network.ca_file};
    ASSAY_ASSIGN(context, TlsContext::Create(anchors));
    for (const auto& [host, pins] : network.pins) {
      ASSAY_ASSIGN(pinned[host], TlsContext::Create(anchors, pins));
    }
    if (network.proxy.url.empty()) return {};
    if (auto proxy = ParseProxyUrl(network.proxy.url); !proxy)
      return Fail(std::move(proxy.error()));
    return {};
  }

  Result<std::unique_ptr<Connection>> Connect(const Url& url, bool on_machine) {
    static const ProxySettings none;
    const auto own = pinned.find(url.host);
    return Connection::Open(
        url, own == pinned.end() ? *context : *own->second,
        on_machine ? none : options.network.proxy,
        {options.timeout, dog, std::chrono::steady_clock::now() + options.timeout});
  }

  Status WriteRequest(Connection& connection, const HttpRequest& request) {
    std::string text = FormatRequest(request, options.user_agent);
    {
      const std::lock_guard lock(mutex);
      ++counts[request.url.Authority()];
    }
    const Status sent = connection.Write(text);
    Wipe(text);
    return sent;
  }

  /// Head within one timeout, body within ten; each also bounded between bytes by the socket.
  Result<HttpAnswer> Receive(Connection& connection, const HttpRequest& request,
                             HttpAnswer answer) {
    const auto start = std::chrono::steady_clock::now();
    {
      const Watchdog::Watch watch(dog, connection.fd(), start + options.timeout);
      Result<HttpHead> head = ReadHead(connection);
      if (!head)
        return Fail(WhyCut(std::move(head.error()), watch.cut(), kAwaitingHead, options.timeout));
      answer.head = std::move(*head);
    }
    // What is answered to a checkpoint or a query is small.
    const auto limit = (options.carries_out ? 1 : kAnswerTimeouts) * options.timeout;
    const Watchdog::Watch watch(dog, connection.fd(), start + limit);
    ASSAY_ASSIGN(BodyFraming framing, FramingOf(answer.head));
    // A part of a compressed file is no compressed file.
    if (!request.range.empty()) framing.coding.clear();
    const uint64_t most = request.max_body_bytes == 0
                              ? options.max_body_bytes
                              : std::min(request.max_body_bytes, options.max_body_bytes);
    Result<ByteVector> body = ReadBody(connection, framing, most);
    if (!body) return Fail(WhyCut(std::move(body.error()), watch.cut(), kReadingBody, limit));
    answer.body = std::move(*body);
    answer.coding = framing.coding;
    answer.received = options.clock->Now();
    return answer;
  }

  /// `connection` goes back to the pool, or to its end. `untouched`: the peer had left before it
  /// saw the request, or said nothing to it.
  Result<HttpAnswer> Exchange(std::unique_ptr<Connection> connection, const HttpRequest& request,
                              bool& untouched) {
    HttpAnswer answer;
    answer.tls_version = connection->tls_version();
    answer.sent = options.clock->Now();
    const uint64_t before = connection->received();
    const auto judge = [&] {
      untouched = connection->broken() && connection->received() == before && !dog.cancelled();
    };
    {
      const Watchdog::Watch watch(dog, connection->fd(),
                                  std::chrono::steady_clock::now() + options.timeout);
      if (Status sent = WriteRequest(*connection, request); !sent) {
        judge();
        return Fail(WhyCut(std::move(sent.error()), watch.cut(), kSending, options.timeout));
      }
    }
    Result<HttpAnswer> received = Receive(*connection, request, std::move(answer));
    if (!received)
      judge();
    else if (KeepsAlive(received->head))
      GiveBack(OriginOf(request.url), std::move(connection));
    return received;
  }

  Result<HttpAnswer> Send(const HttpRequest& request) {
    ASSAY_TRY(CheckRequest(request, options.carries_out));
    if (dog.cancelled()) return Fail(Code::kUnavailable, "cancelled");
    const SigpipeGuard guard;
    bool untouched = false;
    if (auto kept = TakeIdle(OriginOf(request.url))) {
      Result<HttpAnswer> answer = Exchange(std::move(kept), request, untouched);
      if (!answer && untouched) return Fail(Code::kUnavailable, std::string(kKeptGone));
      return answer;
    }
    ASSAY_ASSIGN(auto fresh, Connect(request.url, request.on_machine));
    return Exchange(std::move(fresh), request, untouched);
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient() = default;
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::Create(HttpOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  ASSAY_TRY(impl->MakeContexts());
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

Result<HttpAnswer> HttpClient::Send(const HttpRequest& request) {
  Result<HttpAnswer> answer = impl_->Send(request);
  if (!answer) answer.error().Context(request.url.Authority());
  return answer;
}

void HttpClient::Cancel() { impl_->dog.Cancel(); }
bool HttpClient::cancelled() const { return impl_->dog.cancelled(); }

std::map<std::string, uint64_t> HttpClient::RequestCounts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counts;
}

bool IsKeptGone(const Error& error) { return error.message.find(kKeptGone) != std::string::npos; }

std::string NewGuid() {
  uint8_t bytes[16] = {};
  ASSAY_ASSERT(RAND_bytes(bytes, sizeof bytes) == 1, "the random generator works");
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = EncodeHex(bytes);
  for (const size_t at : {8, 13, 18, 23}) text.insert(at, "-");
  return text;
}

}  // namespace assay::broker
