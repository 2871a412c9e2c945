// Resolving, and a race of connects that start a quarter of a second apart.
#include "broker/dial.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <cstring>

namespace assay::broker {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr size_t kMaxAddresses = 6;
constexpr milliseconds kHeadStart{250};
constexpr milliseconds kTick{50};
constexpr std::string_view kConnecting = "connecting";

Error Unavailable(std::string message) {
  return Error{Code::kUnavailable, std::move(message), {}, {}, {}, {}};
}

bool IsWanted(const Poco::Net::IPAddress& address, const Url& origin, Peer peer) {
  if (peer == Peer::kProxy) return !address.isWildcard() && !address.isBroadcast();
  return address.isLoopback() == IsLoopbackHost(origin.host) && !address.isLinkLocal();
}

/// In the order of the system's address selection.
Result<std::vector<Poco::Net::IPAddress>> Resolve(const Url& origin, Peer peer) {
  const std::string host = BareHost(origin);
  Poco::Net::IPAddress literal;
  if (Poco::Net::IPAddress::tryParse(host, literal)) return std::vector{literal};
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (failed != 0)
    return Fail(
        Unavailable("host " + Quote(origin.host) + " does not resolve: " + gai_strerror(failed)));
  std::vector<Poco::Net::IPAddress> out;
  for (const addrinfo* at = list; at; at = at->ai_next) {
    const Poco::Net::IPAddress address =
        Poco::Net::SocketAddress(at->ai_addr, at->ai_addrlen).host();
    if (IsWanted(address, origin, peer) && std::find(out.begin(), out.end(), address) == out.end())
      out.push_back(address);
  }
  freeaddrinfo(list);
  if (out.empty())
    return Fail(Unavailable("host " + Quote(origin.host) + " resolves to no usable address"));
  return out;
}

/// Connects under way to one origin. The first that succeeds wins; the others are closed.
class Race {
 public:
  Race(const Url& origin, std::vector<Poco::Net::IPAddress> addresses, const OpenLimits& limits)
      : origin_(origin), addresses_(std::move(addresses)), limits_(limits) {}

  Result<Poco::Net::StreamSocket> Run() {
    const auto end = std::min(limits_.deadline, Steady::now() + limits_.timeout);
    auto next = Steady::now();
    for (;;) {
      const auto now = Steady::now();
      if (limits_.dog.cancelled()) return Fail(Unavailable("cancelled"));
      if (now >= end) return Fail(TimedOut(kConnecting, limits_.timeout));
      if (started_ < addresses_.size() && (pending_.empty() || now >= next)) {
        Begin(addresses_[started_++]);
        next = now + kHeadStart;
        continue;
      }
      if (pending_.empty())
        return Fail(Unavailable("connecting to " + origin_.Authority() + ": " + why_));
      if (auto socket =
              Await(std::min<milliseconds>(kTick, std::chrono::ceil<milliseconds>(end - now))))
        return *socket;
    }
  }

 private:
  void Begin(const Poco::Net::IPAddress& address) {
    try {
      Poco::Net::StreamSocket socket(address.family());
      socket.connectNB(Poco::Net::SocketAddress(address, origin_.port));
      pending_.push_back(std::move(socket));
    } catch (const Poco::Exception& e) {
      why_ = e.displayText();
    }
  }

  std::optional<Poco::Net::StreamSocket> Await(milliseconds wait) {
    std::vector<pollfd> fds;
    for (const auto& socket : pending_) fds.push_back({socket.impl()->sockfd(), POLLOUT, 0});
    if (poll(fds.data(), fds.size(), static_cast<int>(wait.count())) <= 0) return std::nullopt;
    for (size_t i = fds.size(); i-- > 0;) {
      if (fds[i].revents == 0) continue;
      const int error = pending_[i].impl()->socketError();
      if (error == 0) return pending_[i];
      why_ = std::strerror(error);
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return std::nullopt;
  }

  const Url& origin_;
  const std::vector<Poco::Net::IPAddress> addresses_;
  const OpenLimits& limits_;
  size_t started_ = 0;
  std::vector<Poco::Net::StreamSocket> pending_;
  std::string why_ = "no address";
};

}  // namespace

std::vector<Poco::Net::IPAddress> DialOrder(std::vector<Poco::Net::IPAddress> resolved) {
  std::vector<Poco::Net::IPAddress> out;
  while (!resolved.empty() && out.size() < kMaxAddresses) {
    auto at = resolved.begin();
    if (!out.empty())
      at = std::find_if(resolved.begin(), resolved.end(), [&](const auto& address) {
        return address.family() != out.back().family();
      });
    if (at == resolved.end()) at = resolved.begin();
    out.push_back(*at);
    resolved.erase(at);
  }
  return out;
}

Result<Poco::Net::StreamSocket> Dial(const Url& origin, Peer peer, const OpenLimits& limits) {
  try {
    ASSAY_ASSIGN(auto addresses, Resolve(origin, peer));
    ASSAY_ASSIGN(auto socket, Race(origin, DialOrder(std::move(addresses)), limits).Run());
    const Poco::Timespan timeout(
        std::chrono::duration_cast<std::chrono::microseconds>(limits.timeout).count());
    socket.setBlocking(true);
    socket.setNoDelay(true);
    socket.setReceiveTimeout(timeout);
    socket.setSendTimeout(timeout);
    return socket;
  } catch (const Poco::Exception& e) {
    return Fail(Unavailable("connecting to " + origin.Authority() + ": " + e.displayText()));
  }
}

}  // namespace assay::broker
