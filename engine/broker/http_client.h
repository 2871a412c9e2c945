// HTTP/1.1 as the broker needs it: one request, one answer, strictly framed, every bound named,
// nothing followed. Why not Poco's own session: docs/decisions/0003-http-framing.md.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/http_head.h"
#include "broker/network.h"
#include "broker/url.h"

namespace assay::broker {

struct HttpRequest {
  std::string method;  ///< "GET" | "POST", "PUT" with HttpOptions::carries_out; else refused
  Url url;
  std::string_view bearer;  ///< token, may be empty; must outlive the call
  std::string_view body;    ///< of a POST; may be secret, must outlive the call
  std::string content_type;
  std::string client_request_id{};  ///< GUID, may be empty
  std::string accept = "application/json";
  std::string_view field_name{}, field_value{};  ///< one field more, the value may be secret; both
                                                 ///< must outlive the call
  /// Of a read of Azure Storage: x-ms-version, x-ms-range and If-Match. The bytes of a range come
  /// as they lie there, whatever coding the answer names.
  std::string service_version{}, range{}, if_match{};
  /// Goes to the identity endpoint of this very machine: plain http to 169.254.0.0/16 too, and
  /// never through a proxy.
  bool on_machine = false;
  uint64_t max_body_bytes = 0;  ///< of the answer, where less than HttpOptions says; 0: as it says
};

struct HttpAnswer {
  HttpHead head;
  ByteVector body;     ///< transfer and content coding undone
  std::string coding;  ///< "gzip" or ""
  uint32_t tls_version = 0;
  Timestamp sent{}, received{};
};

struct HttpOptions {
  std::string ca_file;      ///< of the peer, beside that of the network
  NetworkSettings network;  ///< proxy, trust, pins
  std::string user_agent;
  uint64_t max_body_bytes = 64ull << 20;
  std::chrono::milliseconds timeout{60'000};  ///< connect, head, and between bytes
  const Clock* clock = &SystemClock();
  /// For a client that carries our own checkpoints to places outside, never one that talks to a
  /// tenant: PUT is allowed, and a bearer is refused.
  bool carries_out = false;
};

/// Sends requests over pooled connections. What answers a plugin under test from files derives from
/// it: nothing else does. [any thread]
class HttpClient {
 public:
  /// kInvalidInput when a CA file, a pin or the proxy's address is unusable.
  static Result<std::unique_ptr<HttpClient>> Create(HttpOptions options);
  virtual ~HttpClient();

  /// The answer, whatever its status; 3xx is an answer too. kUnavailable (network, cut, timeout:
  /// worth a retry unless it has an id), kCorrupt (framing), kLimitExceeded (names the bound),
  /// kUnsupported (coding), kDenied (method, characters). Messages never hold the bearer or a body.
  virtual Result<HttpAnswer> Send(const HttpRequest& request);
  /// Cuts what runs; later requests fail as cancelled.
  virtual void Cancel();
  virtual bool cancelled() const;
  /// Requests written so far, by "host" or "host:port".
  virtual std::map<std::string, uint64_t> RequestCounts() const;

 protected:
  HttpClient();

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whether a kept connection turned out to be gone: the request was not answered, and may be sent
/// again at once. [any thread]
bool IsKeptGone(const Error& error);

/// A random version 4 GUID, lower-case. [any thread]
std::string NewGuid();

}  // namespace assay::broker
