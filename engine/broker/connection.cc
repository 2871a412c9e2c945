// Poco sockets behind Results. No exception leaves this file.
#include "broker/connection.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/Session.h>
#include <openssl/ssl.h>
#include <signal.h>

#include <ctime>
#include <sstream>

#include "broker/dial.h"
#include "broker/secret.h"
#include "broker/tunnel.h"

namespace assay::broker {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
constexpr std::string_view kTimedOut = " timed out after ";
constexpr std::string_view kHandshake = "TLS handshake";
constexpr std::string_view kTunnelling = "opening a tunnel through the proxy";

Error Unavailable(std::string message) {
  return Error{Code::kUnavailable, std::move(message), {}, {}, {}, {}};
}

Error Untrusted(const Url& origin, const std::string& why) {
  return Error{Code::kUnavailable,
               "TLS of " + origin.Authority() + " is not trusted: " + why,
               {},
               "check the clock, a proxy that breaks TLS open, or ca_file in [network]",
               {},
               "AS-NET-001"};
}

Error NotPinned(const Url& origin) {
  return Error{
      Code::kUnavailable,
      "TLS of " + origin.Authority() + ": no key of the chain is one of its pins",
      {},
      "a proxy may break TLS open; when the service has new keys, change pins in [network]",
      {},
      "AS-NET-005"};
}

/// "0.3 s", "30 s".
std::string Seconds(std::chrono::milliseconds limit) {
  std::ostringstream out;
  out << static_cast<double>(limit.count()) / 1000 << " s";
  return out.str();
}

/// The socket's own limit passed without a byte; worded like the deadline of the whole phase.
Error Silent(std::string_view phase, std::chrono::milliseconds limit) {
  Error error = TimedOut(phase, limit);
  error.message += " without a byte";
  return error;
}

uint32_t TlsVersionOf(Poco::Net::SecureStreamSocket& socket) {
  const auto session = socket.currentSession();
  if (!session || !session->sslSession()) return 0;
  return static_cast<uint32_t>(SSL_SESSION_get_protocol_version(session->sslSession()));
}

/// A handshake that is over, and a certificate of that host. Both are looked at here, because
/// attach() returns without an error, and without having looked at any certificate, when the
/// socket's own time limit ends its wait: the handshake would then go on at the first write.
Status FinishHandshake(Poco::Net::SecureStreamSocket& socket, const Url& origin,
                       const OpenLimits& limits) {
  if (socket.completeHandshake() != 1) return Fail(TimedOut(kHandshake, limits.timeout));
  if (!socket.havePeerCertificate()) return Fail(Untrusted(origin, "it shows no certificate"));
  socket.verifyPeerCertificate(BareHost(origin));
  return {};
}

/// Whether a failed handshake is about the certificate. A signature in the chain that does not
/// hold, under an issuer who only bears the name of a trusted one, is told by the layer below.
bool IsOfCertificate(const std::string& why) {
  return why.find("certificate") != std::string::npos ||
         why.find("asn1 encoding routines") != std::string::npos;
}

Result<Poco::Net::SecureStreamSocket> StartTls(const Url& origin,
                                               const Poco::Net::StreamSocket& plain,
                                               const TlsContext& context,
                                               const OpenLimits& limits) {
  TlsContext::ForgetFailure();
  const Watchdog::Watch watch(limits.dog, plain.impl()->sockfd(), limits.deadline);
  const auto failed = [&](const Poco::Exception& e) {
    return Fail(WhyCut(Unavailable(std::string(kHandshake) + ": " + e.displayText()), watch.cut(),
                       kHandshake, limits.timeout));
  };
  try {
    auto socket = Poco::Net::SecureStreamSocket::attach(plain, BareHost(origin), context.get());
    ASSAY_TRY(FinishHandshake(socket, origin, limits));
    return socket;
  } catch (const Poco::Net::CertificateValidationException&) {
    return Fail(Untrusted(origin, "the certificate is for another host name"));
  } catch (const Poco::TimeoutException&) {
    return Fail(TimedOut(kHandshake, limits.timeout));
  } catch (const Poco::Net::SSLException& e) {
    if (TlsContext::LastFailure().pin) return Fail(NotPinned(origin));
    if (watch.cut() != Cut::kNone || !IsOfCertificate(e.displayText())) return failed(e);
    const std::string& why = TlsContext::LastFailure().why;
    return Fail(Untrusted(origin, why.empty() ? e.displayText() : why));
  } catch (const Poco::Exception& e) {
    return failed(e);
  }
}

}  // namespace

SigpipeGuard::SigpipeGuard() {
  sigset_t pending, pipe, old;
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGPIPE);
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &old);
  was_blocked_ = sigismember(&old, SIGPIPE);
}

SigpipeGuard::~SigpipeGuard() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  const timespec now{};
  if (!was_pending_) sigtimedwait(&pipe, nullptr, &now);
  if (!was_blocked_) pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

Error TimedOut(std::string_view phase, std::chrono::milliseconds limit) {
  return Unavailable(std::string(phase) + std::string(kTimedOut) + Seconds(limit));
}

bool IsTimedOut(const Error& error) { return error.message.find(kTimedOut) != std::string::npos; }

Error WhyCut(Error error, Cut cut, std::string_view phase, std::chrono::milliseconds limit) {
  if (cut == Cut::kDeadline) return TimedOut(phase, limit);
  if (cut == Cut::kCancelled) return Unavailable("cancelled");
  return error;
}

std::string BareHost(const Url& origin) {
  return origin.host.front() == '[' ? origin.host.substr(1, origin.host.size() - 2) : origin.host;
}

Result<std::unique_ptr<Connection>> Connection::Open(const Url& origin, const TlsContext& context,
                                                     const ProxySettings& proxy,
                                                     const OpenLimits& limits) {
  const bool tunnel = origin.tls && !proxy.url.empty() && !BypassesProxy(proxy, origin.host);
  Url first = origin;
  if (tunnel) {
    ASSAY_ASSIGN(first, ParseProxyUrl(proxy.url));
  }
  ASSAY_ASSIGN(const auto plain, Dial(first, tunnel ? Peer::kProxy : Peer::kService, limits));
  auto connection = std::unique_ptr<Connection>(new Connection(plain, limits.timeout));
  if (tunnel) {
    const Watchdog::Watch watch(limits.dog, connection->fd(), limits.deadline);
    if (Status opened = OpenTunnel(*connection, proxy, origin); !opened)
      return Fail(WhyCut(std::move(opened.error()), watch.cut(), kTunnelling, limits.timeout));
  }
  if (!origin.tls) return connection;
  ASSAY_ASSIGN(auto secure, StartTls(origin, plain, context, limits));
  connection->tls_version_ = TlsVersionOf(secure);
  connection->socket_ = std::move(secure);
  return connection;
}

Connection::Connection(Poco::Net::StreamSocket socket, std::chrono::milliseconds timeout)
    : socket_(std::move(socket)), timeout_(timeout) {
  // Room for what is normally unread: a buffer that moves leaves its bytes behind.
  buffer_.reserve(2 * kReadBytes);
}

Connection::~Connection() {
  Wipe(buffer_);
  const SigpipeGuard guard;
  try {
    socket_.close();
  } catch (const Poco::Exception&) {
    // Closing is all that was wanted.
  }
}

Status Connection::Write(std::string_view bytes) {
  try {
    while (!bytes.empty()) {
      const int sent = socket_.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
      if (sent <= 0) return Fail(Unavailable("the connection was closed while sending"));
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return {};
  } catch (const Poco::TimeoutException&) {
    return Fail(Silent(kSending, timeout_));
  } catch (const Poco::Exception& e) {
    broken_ = true;
    return Fail(Unavailable(std::string("sending: ") + e.name()));
  }
}

Result<bool> Connection::Fill(std::string_view phase) {
  try {
    buffer_.erase(0, start_);
    start_ = 0;
    const size_t old = buffer_.size();
    buffer_.resize(old + kReadBytes);
    const int got = socket_.receiveBytes(buffer_.data() + old, kReadBytes);
    buffer_.resize(old + (got > 0 ? static_cast<size_t>(got) : 0));
    received_ += got > 0 ? static_cast<uint64_t>(got) : 0;
    broken_ = got <= 0;
    return got > 0;
  } catch (const Poco::TimeoutException&) {
    return Fail(Silent(phase, timeout_));
  } catch (const Poco::Net::SSLException& e) {
    broken_ = true;
    // OpenSSL reports a TCP end without close_notify as an error: for us an end, and a cut one.
    if (e.displayText().find("unexpected eof") != std::string::npos) return false;
    return Fail(Unavailable(std::string("receiving: ") + e.displayText()));
  } catch (const Poco::Exception& e) {
    broken_ = true;
    return Fail(Unavailable(std::string("receiving: ") + e.name()));
  }
}

void Connection::Consume(size_t count) {
  start_ += count;
  if (start_ == buffer_.size()) {
    buffer_.clear();
    start_ = 0;
  }
}

bool Connection::HasUnexpectedInput() {
  try {
    return !buffered().empty() || socket_.available() > 0 ||
           socket_.poll(Poco::Timespan(0), Poco::Net::Socket::SELECT_READ);
  } catch (const Poco::Exception&) {
    return true;
  }
}

int Connection::fd() const { return socket_.impl()->sockfd(); }

}  // namespace assay::broker
