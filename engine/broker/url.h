// Strict URLs: what the broker builds, and what it accepts from a body. No resolving, no
// normalising: an address that needs either is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assay::broker {

/// Longest URL that is built or followed; front ends commonly cut at 16 KiB.
inline constexpr size_t kMaxUrlBytes = 16 * 1024;

/// An absolute http(s) URL in pieces. `path` begins with '/' and is encoded; `query` is encoded and
/// without its '?'. Never holds userinfo or a fragment.
struct Url {
  bool tls = true;
  std::string host;  ///< as in the Host field; an IPv6 address with its brackets
  uint16_t port = 443;
  std::string path;
  std::string query;

  /// "host" or "host:port" when the port is not the scheme's own.
  std::string Authority() const;
  std::string ToString() const;
  bool SameOrigin(const Url& other) const {
    return tls == other.tls && host == other.host && port == other.port;
  }
};

/// True for "localhost", 127.0.0.0/8 in plain dotted form and "[::1]". [any thread]
bool IsLoopbackHost(std::string_view host);

/// A base URL of a cloud ("https://graph.microsoft.com"): a DNS name over https, or a loopback
/// address over http or https; no path, userinfo, query or fragment. kInvalidInput. [any thread]
Result<Url> ParseBaseUrl(std::string_view text);

/// An absolute URL as a service wrote it. Raw spaces and other bytes that RFC 3986 does not allow
/// are percent-encoded in the query only. kDenied names the refused feature; kLimitExceeded. The
/// message never quotes the URL: it is tenant data. [any thread]
Result<Url> ParseForeignUrl(std::string_view text);

/// Percent-encodes all but unreserved characters and those of `keep`. [any thread]
std::string PercentEncode(std::string_view text, std::string_view keep = {});
/// Undoes %XX; kDenied for a '%' that two hex digits do not follow. '+' is left alone. [any thread]
Result<std::string> PercentDecode(std::string_view text);
/// Query parameters in order, names and values percent-decoded. [any thread]
Result<std::vector<std::pair<std::string, std::string>>> ParseQuery(std::string_view query);

}  // namespace assay::broker
