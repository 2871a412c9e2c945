// How the network is left and whom it is left to: proxy, trust anchors, pins. Plain settings.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "broker/url.h"

namespace assay::broker {

/// An HTTP proxy that opens tunnels by CONNECT. What goes through it is TLS to the far end; it is
/// never given a token.
struct ProxySettings {
  std::string url;         ///< "http://proxy.example:3128"; empty: none
  std::string credential;  ///< reference to "user:password", may be empty
  /// Hosts that are reached directly: a name, or ".example.com" for all names below it.
  std::vector<std::string> bypass;
  bool production = false;  ///< refuses a credential from the environment
};

struct NetworkSettings {
  ProxySettings proxy;
  std::string ca_file;  ///< PEM with trust anchors beside those of the system; may be empty
  /// By host: "sha256/" and base64 of the SHA-256 of a public key (SubjectPublicKeyInfo), of which
  /// one must stand in the verified chain.
  std::map<std::string, std::vector<std::string>> pins;
};

/// Origin of a proxy: "http://" host ":" port, where the host may be an address. kInvalidInput.
/// [any thread]
Result<Url> ParseProxyUrl(std::string_view text);
/// Whether `host` is reached past the proxy. [any thread]
bool BypassesProxy(const ProxySettings& proxy, std::string_view host);

}  // namespace assay::broker
