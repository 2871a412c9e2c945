// One connection to one origin over Poco's sockets: connect, TLS with strict verification, buffered
// reads. Knows nothing of HTTP.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "broker/network.h"
#include "broker/tls_context.h"
#include "broker/url.h"
#include "broker/watchdog.h"

namespace assay::broker {

/// Keeps SIGPIPE away from the calling thread: OpenSSL writes without MSG_NOSIGNAL, and a library
/// must not change the signal dispositions of its process.
class SigpipeGuard {
 public:
  SigpipeGuard();
  ~SigpipeGuard();
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  bool was_pending_ = false;
  bool was_blocked_ = false;
};

/// The phases of an exchange, as a message about a deadline names them.
inline constexpr std::string_view kSending = "sending the request";
inline constexpr std::string_view kAwaitingHead = "waiting for the answer's head";
inline constexpr std::string_view kReadingBody = "reading the answer's body";

/// kUnavailable "<phase> timed out after <limit in seconds> s". [any thread]
Error TimedOut(std::string_view phase, std::chrono::milliseconds limit);
/// Whether an error is one of TimedOut. [any thread]
bool IsTimedOut(const Error& error);
/// What a watchdog's cut means for the `error` it caused: the passed deadline or "cancelled"; the
/// error itself without a cut. [any thread]
Error WhyCut(Error error, Cut cut, std::string_view phase, std::chrono::milliseconds limit);

/// Host name for resolving and for the certificate: without the brackets of an IPv6 literal. [any
/// thread]
std::string BareHost(const Url& origin);

/// What bounds the opening of a connection.
struct OpenLimits {
  std::chrono::milliseconds timeout;  ///< longest silence, later between bytes too
  Watchdog& dog;
  Watchdog::Time deadline;  ///< of connecting and handshake together
};

/// Used by one thread at a time.
class Connection {
 public:
  /// kUnavailable; TLS that is not trusted has id AS-NET-001 (AS-NET-005: no pinned key) and is
  /// not worth a retry. `context` is used with TLS only. A connection with TLS has ended its
  /// handshake and has shown a certificate of that host: nothing can be written before. What is TLS
  /// goes through `proxy` when there is one and the host is not excepted.
  static Result<std::unique_ptr<Connection>> Open(const Url& origin, const TlsContext& context,
                                                  const ProxySettings& proxy,
                                                  const OpenLimits& limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status Write(std::string_view bytes);
  /// Reads more into the buffer. Gives false at the end of the stream; a silence is told with the
  /// name of the `phase`.
  Result<bool> Fill(std::string_view phase);
  /// What has been read and not consumed.
  std::string_view buffered() const { return std::string_view(buffer_).substr(start_); }
  void Consume(size_t count);
  /// True when bytes or an end wait on an idle connection: it must not be used again.
  bool HasUnexpectedInput();
  int fd() const;
  uint32_t tls_version() const { return tls_version_; }
  /// The peer ended or broke the connection; not set by a time limit.
  bool broken() const { return broken_; }
  /// Bytes read so far.
  uint64_t received() const { return received_; }

 private:
  Connection(Poco::Net::StreamSocket socket, std::chrono::milliseconds timeout);

  Poco::Net::StreamSocket socket_;
  std::chrono::milliseconds timeout_;
  uint32_t tls_version_ = 0;
  bool broken_ = false;
  uint64_t received_ = 0;
  std::string buffer_;
  size_t start_ = 0;
};

}  // namespace assay::broker
