// Poco sockets behind Results. No exception leaves this file.
#include "broker/connection.h"

#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/Session.h>
#include <openssl/ssl.h>
#include <signal.h>

#include <ctime>

namespace assay::broker {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kMaxAddresses = 4;

Poco::Timespan ToTimespan(std::chrono::milliseconds duration) {
  return Poco::Timespan(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

Error Unavailable(std::string message) {
  return Error{Code::kUnavailable, std::move(message), {}, {}, {}, {}};
}

Error Untrusted(const Url& origin, const std::string& why) {
  return Error{Code::kUnavailable,
               "TLS of " + origin.Authority() + " is not trusted: " + why,
               {},
               "check the clock, a proxy that breaks TLS open, or ca_file of the cloud",
               {},
               "AS-NET-001"};
}

/// Host name for resolving and for the certificate: without the brackets of an IPv6 literal.
std::string BareHost(const Url& origin) {
  return origin.host.front() == '[' ? origin.host.substr(1, origin.host.size() - 2) : origin.host;
}

Result<std::vector<Poco::Net::IPAddress>> Resolve(const Url& origin) {
  std::vector<Poco::Net::IPAddress> out;
  try {
    const std::string host = BareHost(origin);
    Poco::Net::IPAddress literal;
    if (Poco::Net::IPAddress::tryParse(host, literal)) return std::vector{literal};
    const bool must_be_loopback = IsLoopbackHost(origin.host);
    const Poco::Net::HostEntry entry = Poco::Net::DNS::hostByName(host);
    for (const auto& address : entry.addresses()) {
      if (address.isLoopback() != must_be_loopback || address.isLinkLocal()) continue;
      if (out.size() < kMaxAddresses) out.push_back(address);
    }
  } catch (const Poco::Exception& e) {
    return Fail(Unavailable("host " + Quote(origin.host) + " does not resolve: " + e.name()));
  }
  if (out.empty())
    return Fail(Unavailable("host " + Quote(origin.host) + " resolves to no usable address"));
  return out;
}

Result<Poco::Net::StreamSocket> ConnectTo(const Url& origin, const Poco::Net::IPAddress& address,
                                          std::chrono::milliseconds timeout, Watchdog& dog,
                                          Watchdog::Time deadline) {
  try {
    Poco::Net::StreamSocket socket(address.family());
    const Watchdog::Watch watch(dog, socket.impl()->sockfd(), deadline);
    socket.connect(Poco::Net::SocketAddress(address, origin.port), ToTimespan(timeout));
    if (watch.cut() == Cut::kCancelled) return Fail(Unavailable("cancelled"));
    socket.setNoDelay(true);
    socket.setReceiveTimeout(ToTimespan(timeout));
    socket.setSendTimeout(ToTimespan(timeout));
    return socket;
  } catch (const Poco::Exception& e) {
    return Fail(Unavailable("connecting to " + origin.Authority() + ": " + e.displayText()));
  }
}

Result<Poco::Net::StreamSocket> ConnectAny(const Url& origin, std::chrono::milliseconds timeout,
                                           Watchdog& dog, Watchdog::Time deadline) {
  ASSAY_ASSIGN(const auto addresses, Resolve(origin));
  Result<Poco::Net::StreamSocket> socket = Fail(Unavailable("no address"));
  for (const auto& address : addresses) {
    socket = ConnectTo(origin, address, timeout, dog, deadline);
    if (socket || dog.cancelled()) break;
  }
  return socket;
}

uint32_t TlsVersionOf(Poco::Net::SecureStreamSocket& socket) {
  const auto session = socket.currentSession();
  if (!session || !session->sslSession()) return 0;
  return static_cast<uint32_t>(SSL_SESSION_get_protocol_version(session->sslSession()));
}

Result<Poco::Net::SecureStreamSocket> StartTls(const Url& origin,
                                               const Poco::Net::StreamSocket& plain,
                                               const Poco::Net::Context::Ptr& context,
                                               Watchdog& dog, Watchdog::Time deadline) {
  const Watchdog::Watch watch(dog, plain.impl()->sockfd(), deadline);
  try {
    auto socket = Poco::Net::SecureStreamSocket::attach(plain, BareHost(origin), context);
    // attach() has verified already; said again so that no later change of it goes unnoticed.
    socket.verifyPeerCertificate(BareHost(origin));
    return socket;
  } catch (const Poco::Net::CertificateValidationException&) {
    return Fail(Untrusted(origin, "the certificate is for another host name"));
  } catch (const Poco::TimeoutException&) {
    return Fail(Unavailable("TLS handshake with " + origin.Authority() + " timed out"));
  } catch (const Poco::Net::SSLException& e) {
    if (watch.cut() != Cut::kNone || e.displayText().find("certificate") == std::string::npos)
      return Fail(Unavailable("TLS handshake with " + origin.Authority() + ": " + e.displayText()));
    return Fail(Untrusted(origin, e.displayText()));
  } catch (const Poco::Exception& e) {
    return Fail(Unavailable("TLS handshake with " + origin.Authority() + ": " + e.displayText()));
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

Result<std::unique_ptr<Connection>> Connection::Open(const Url& origin,
                                                     Poco::Net::Context::Ptr context,
                                                     std::chrono::milliseconds timeout,
                                                     Watchdog& dog, Watchdog::Time deadline) {
  ASSAY_ASSIGN(const Poco::Net::StreamSocket plain, ConnectAny(origin, timeout, dog, deadline));
  if (!origin.tls) return std::unique_ptr<Connection>(new Connection(plain));
  ASSAY_ASSIGN(Poco::Net::SecureStreamSocket secure,
               StartTls(origin, plain, context, dog, deadline));
  auto connection = std::unique_ptr<Connection>(new Connection(secure));
  connection->tls_version_ = TlsVersionOf(secure);
  return connection;
}

Connection::~Connection() {
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
  } catch (const Poco::Exception& e) {
    return Fail(Unavailable(std::string("sending: ") + e.name()));
  }
}

Result<bool> Connection::Fill() {
  try {
    buffer_.erase(0, start_);
    start_ = 0;
    const size_t old = buffer_.size();
    buffer_.resize(old + kReadBytes);
    const int got = socket_.receiveBytes(buffer_.data() + old, kReadBytes);
    buffer_.resize(old + (got > 0 ? static_cast<size_t>(got) : 0));
    return got > 0;
  } catch (const Poco::TimeoutException&) {
    return Fail(Unavailable("no bytes came within the timeout"));
  } catch (const Poco::Net::SSLException& e) {
    // OpenSSL reports a TCP end without close_notify as an error: for us an end, and a cut one.
    if (e.displayText().find("unexpected eof") != std::string::npos) return false;
    return Fail(Unavailable(std::string("receiving: ") + e.displayText()));
  } catch (const Poco::Exception& e) {
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

Result<Poco::Net::Context::Ptr> MakeTlsContext(const std::string& ca_file) {
  try {
    Poco::Net::Context::Params params;
    params.caLocation = ca_file;
    params.loadDefaultCAs = true;
    params.verificationMode = Poco::Net::Context::VERIFY_STRICT;
    params.verificationDepth = 9;
    // Of TLS 1.2; Poco's default would offer everything. Authenticated, forward-secret, AEAD only.
    params.cipherList = "ECDHE+AESGCM:ECDHE+CHACHA20";
    Poco::Net::Context::Ptr context(
        new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params));
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    return context;
  } catch (const Poco::Exception& e) {
    return Fail(Code::kInvalidInput, "ca_file " + Quote(ca_file) + ": " + e.displayText());
  }
}

}  // namespace assay::broker
