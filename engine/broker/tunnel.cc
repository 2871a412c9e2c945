// The request, the credential, and as much of the answer as decides.
#include "broker/tunnel.h"

#include "base/bytes.h"
#include "broker/broker.h"
#include "broker/secret.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxAnswer = 8 * 1024;
constexpr std::string_view kTunnelling = "waiting for the proxy's answer to CONNECT";

Error Refused(const ProxySettings& proxy, const Url& target, const std::string& status,
              const char* hint, const char* id) {
  return Error{Code::kUnavailable,
               "proxy " + proxy.url + " answered " + status + " to CONNECT " + target.host,
               {},
               hint,
               {},
               id};
}

std::string TargetOf(const Url& target) { return target.host + ":" + std::to_string(target.port); }

/// Reserved up front, so that no reallocation leaves a copy of the credential behind.
Result<std::string> FormatConnect(const ProxySettings& proxy, const Url& target) {
  std::string out;
  out.reserve(2048 + 2 * target.host.size());
  const std::string to = TargetOf(target);
  out.append("CONNECT ").append(to).append(" HTTP/1.1\r\nHost: ").append(to).append("\r\n");
  if (!proxy.credential.empty()) {
    Result<std::string> secret = ResolveSecret(proxy.credential, proxy.production);
    if (!secret) return Fail(std::move(secret.error()).Context("proxy_credential"));
    std::string encoded = EncodeBase64(AsBytes(*secret));
    Wipe(*secret);
    if (encoded.size() > 1024) return Fail(Code::kInvalidInput, "proxy_credential: is too long");
    out.append("Proxy-Authorization: Basic ").append(encoded).append("\r\n");
    Wipe(encoded);
  }
  out.append("\r\n");
  return out;
}

/// The three digits of the status. Proxies may answer as HTTP/1.0; a body of a refusal is not read.
Result<std::string> ReadStatus(Connection& connection) {
  for (;;) {
    const std::string_view text = connection.buffered();
    const size_t end = text.find("\r\n\r\n");
    if (end != text.npos) {
      const bool known = text.starts_with("HTTP/1.1 ") || text.starts_with("HTTP/1.0 ");
      const std::string status(known ? text.substr(9, 3) : "");
      if (status.size() != 3 || status.find_first_not_of("0123456789") != status.npos)
        return Fail(Code::kCorrupt, "proxy: its answer is no HTTP");
      // The target speaks second: bytes behind a success are not from there.
      if (status[0] == '2' && text.size() != end + 4)
        return Fail(Code::kCorrupt, "proxy: bytes behind its answer to CONNECT");
      connection.Consume(text.size());
      return status;
    }
    if (text.size() > kMaxAnswer)
      return Fail(Code::kLimitExceeded, "proxy: answer to CONNECT is larger than 8 KiB");
    ASSAY_ASSIGN(const bool more, connection.Fill(kTunnelling));
    if (!more) return Fail(Code::kUnavailable, "proxy: closed the connection instead of CONNECT");
  }
}

}  // namespace

Status OpenTunnel(Connection& connection, const ProxySettings& proxy, const Url& target) {
  ASSAY_ASSIGN(std::string request, FormatConnect(proxy, target));
  const Status sent = connection.Write(request);
  Wipe(request);
  ASSAY_TRY(sent);
  ASSAY_ASSIGN(const std::string status, ReadStatus(connection));
  if (status[0] == '2') return {};
  // Some proxies say 401 where 407 belongs.
  if (status == "407" || status == "401")
    return Fail(Refused(proxy, target, status,
                        "proxy_credential in [network] must refer to its \"user:password\"",
                        "AS-NET-003"));
  if (status[0] == '4')
    return Fail(
        Refused(proxy, target, status, "the proxy must allow this host and port", "AS-NET-004"));
  return Fail(Code::kUnavailable,
              "proxy " + proxy.url + " answered " + status + " to CONNECT " + target.host);
}

}  // namespace assay::broker
