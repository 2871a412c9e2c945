// The proxy's address and who goes past it.
#include "broker/network.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace assay::broker {
namespace {

tl::unexpected<Error> Bad(std::string_view text, const char* why) {
  return Fail(Code::kInvalidInput, "proxy " + Quote(text) + ": " + why);
}

bool IsHostText(std::string_view host) {
  const bool address = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (address) host = host.substr(1, host.size() - 2);
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (address ? c == ':' : c == '.' || c == '-');
  });
}

}  // namespace

Result<Url> ParseProxyUrl(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return Bad(text, "expected \"http://HOST:PORT\"");
  std::string_view rest = text.substr(kScheme.size());
  if (rest.find('@') != rest.npos)
    return Bad("http://...", "its credential belongs into proxy_credential, as a reference");
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t colon = rest.rfind(':');
  if (colon == rest.npos || !IsHostText(rest.substr(0, colon)))
    return Bad(text, "expected \"http://HOST:PORT\"");
  const std::string_view digits = rest.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 65535)
    return Bad(text, "port is not a number from 1 to 65535");
  Url url;
  url.tls = false;
  url.host = rest.substr(0, colon);
  url.port = static_cast<uint16_t>(port);
  url.path = "/";
  return url;
}

bool BypassesProxy(const ProxySettings& proxy, std::string_view host) {
  return std::any_of(proxy.bypass.begin(), proxy.bypass.end(), [&](const std::string& one) {
    const std::string lower = AsciiLower(one);
    return lower.starts_with('.') ? host.ends_with(lower) : host == lower;
  });
}

}  // namespace assay::broker
