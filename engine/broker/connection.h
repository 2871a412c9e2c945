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

/// Used by one thread at a time.
class Connection {
 public:
  /// kUnavailable; TLS that is not trusted has id AS-NET-001 and is not worth a retry. `context` is
  /// null without TLS. `deadline` bounds connecting and the handshake together.
  static Result<std::unique_ptr<Connection>> Open(const Url& origin,
                                                  Poco::Net::Context::Ptr context,
                                                  std::chrono::milliseconds timeout, Watchdog& dog,
                                                  Watchdog::Time deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status Write(std::string_view bytes);
  /// Reads more into the buffer. Gives false at the end of the stream.
  Result<bool> Fill();
  /// What has been read and not consumed.
  std::string_view buffered() const { return std::string_view(buffer_).substr(start_); }
  void Consume(size_t count);
  /// True when bytes or an end wait on an idle connection: it must not be used again.
  bool HasUnexpectedInput();
  int fd() const;
  uint32_t tls_version() const { return tls_version_; }

 private:
  explicit Connection(Poco::Net::StreamSocket socket) : socket_(std::move(socket)) {}

  Poco::Net::StreamSocket socket_;
  uint32_t tls_version_ = 0;
  std::string buffer_;
  size_t start_ = 0;
};

/// The TLS client context: VERIFY_STRICT, TLS 1.2 or newer, system trust plus `ca_file`.
/// kInvalidInput when the file cannot be used. [any thread]
Result<Poco::Net::Context::Ptr> MakeTlsContext(const std::string& ca_file);

}  // namespace assay::broker
