// One connection to one origin over Poco's sockets: connect, TLS with strict verification, buffered
// reads. Knows nothing of HTTP.
#pragma once

#include <Poco/Net/Context.h>
#include <Poco/Net/StreamSocket.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/bytes.h"
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
/// What a watchdog's cut means for the `error` it caused: the passed deadline or "cancelled"; the
/// error itself without a cut. [any thread]
Error WhyCut(Error error, Cut cut, std::string_view phase, std::chrono::milliseconds limit);

/// What bounds the opening of a connection.
struct OpenLimits {
  std::chrono::milliseconds timeout;  ///< longest silence, later between bytes too
  Watchdog& dog;
  Watchdog::Time deadline;  ///< of connecting and handshake together
};

/// Used by one thread at a time.
class Connection {
 public:
  /// kUnavailable; TLS that is not trusted has id AS-NET-001 and is not worth a retry. `context` is
  /// null without TLS. A connection with TLS has ended its handshake and has shown a certificate of
  /// that host: nothing can be written before.
  static Result<std::unique_ptr<Connection>> Open(const Url& origin,
                                                  Poco::Net::Context::Ptr context,
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

 private:
  Connection(Poco::Net::StreamSocket socket, std::chrono::milliseconds timeout)
      : socket_(std::move(socket)), timeout_(timeout) {}

  Poco::Net::StreamSocket socket_;
  std::chrono::milliseconds timeout_;
  uint32_t tls_version_ = 0;
  std::string buffer_;
  size_t start_ = 0;
};

/// The TLS client context: VERIFY_STRICT, TLS 1.2 or newer, system trust plus `ca_file`.
/// kInvalidInput when the file cannot be used. [any thread]
Result<Poco::Net::Context::Ptr> MakeTlsContext(const std::string& ca_file);

}  // namespace assay::broker
