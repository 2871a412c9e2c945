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
#include <sstream>

namespace assay::broker {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kMaxAddresses = 4;
constexpr std::string_view kConnecting = "connecting";
constexpr std::string_view kHandshake = "TLS handshake";

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
                                          const OpenLimits& limits) {
  try {
    Poco::Net::StreamSocket socket(address.family());
    const Watchdog::Watch watch(limits.dog, socket.impl()->sockfd(), limits.deadline);
    try {
      socket.connect(Poco::Net::SocketAddress(address, origin.port), ToTimespan(limits.timeout));
    } catch (const Poco::TimeoutException&) {
      return Fail(TimedOut(kConnecting, limits.timeout));
    } catch (const Poco::Exception& e) {
      return Fail(
          WhyCut(Unavailable("connecting to " + origin.Authority() + ": " + e.displayText()),
                 watch.cut(), kConnecting, limits.timeout));
    }
    if (watch.cut() == Cut::kCancelled) return Fail(Unavailable("cancelled"));
    socket.setNoDelay(true);
    socket.setReceiveTimeout(ToTimespan(limits.timeout));
    socket.setSendTimeout(ToTimespan(limits.timeout));
    return socket;
  } catch (const Poco::Exception& e) {
    return Fail(Unavailable("connecting to " + origin.Authority() + ": " + e.displayText()));
  }
}

Result<Poco::Net::StreamSocket> ConnectAny(const Url& origin, const OpenLimits& limits) {
  ASSAY_ASSIGN(const auto addresses, Resolve(origin));
  Result<Poco::Net::StreamSocket> socket = Fail(Unavailable("no address"));
  for (const auto& address : addresses) {
    socket = ConnectTo(origin, address, limits);
    if (socket || limits.dog.cancelled()) break;
  }
  return socket;
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
                                               const Poco::Net::Context::Ptr& context,
                                               const OpenLimits& limits) {
  const Watchdog::Watch watch(limits.dog, plain.impl()->sockfd(), limits.deadline);
  const auto failed = [&](const Poco::Exception& e) {
    return Fail(WhyCut(Unavailable(std::string(kHandshake) + ": " + e.displayText()), watch.cut(),
                       kHandshake, limits.timeout));
  };
  try {
    auto socket = Poco::Net::SecureStreamSocket::attach(plain, BareHost(origin), context);
    ASSAY_TRY(FinishHandshake(socket, origin, limits));
    return socket;
  } catch (const Poco::Net::CertificateValidationException&) {
    return Fail(Untrusted(origin, "the certificate is for another host name"));
  } catch (const Poco::TimeoutException&) {
    return Fail(TimedOut(kHandshake, limits.timeout));
  } catch (const Poco::Net::SSLException& e) {
    if (watch.cut() != Cut::kNone || !IsOfCertificate(e.displayText())) return failed(e);
    return Fail(Untrusted(origin, e.displayText()));
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
  return Unavailable(std::string(phase) + " timed out after " + Seconds(limit));
}

Error WhyCut(Error error, Cut cut, std::string_view phase, std::chrono::milliseconds limit) {
  if (cut == Cut::kDeadline) return TimedOut(phase, limit);
  if (cut == Cut::kCancelled) return Unavailable("cancelled");
  return error;
}

Result<std::unique_ptr<Connection>> Connection::Open(const Url& origin,
                                                     Poco::Net::Context::Ptr context,
                                                     const OpenLimits& limits) {
  ASSAY_ASSIGN(const Poco::Net::StreamSocket plain, ConnectAny(origin, limits));
  if (!origin.tls) return std::unique_ptr<Connection>(new Connection(plain, limits.timeout));
  ASSAY_ASSIGN(Poco::Net::SecureStreamSocket secure, StartTls(origin, plain, context, limits));
  auto connection = std::unique_ptr<Connection>(new Connection(secure, limits.timeout));
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
  } catch (const Poco::TimeoutException&) {
    return Fail(Silent(kSending, timeout_));
  } catch (const Poco::Exception& e) {
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
    return got > 0;
  } catch (const Poco::TimeoutException&) {
    return Fail(Silent(phase, timeout_));
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
