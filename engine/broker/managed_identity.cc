// The two forms: instance metadata service (api-version 2018-02-01), App Service (2019-08-01).
#include "broker/managed_identity.h"

#include <algorithm>
#include <charconv>

#include "base/environment.h"
#include "base/text.h"
#include "broker/broker.h"

namespace assay::broker {
namespace {

constexpr char kMetadataPath[] = "/metadata/identity/oauth2/token";

std::string Query(const char* version, const Credential& credential, const std::string& scope) {
  std::string out =
      std::string("api-version=") + version + "&resource=" + PercentEncode(ResourceOf(scope));
  if (!credential.client_id.empty()) out += "&client_id=" + PercentEncode(credential.client_id);
  return out;
}

bool IsOctet(std::string_view text) {
  unsigned value = 256;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && at == text.data() + text.size() && value < 256 &&
         (text.size() == 1 || text[0] != '0');
}

/// An address of this machine or its host, as the platform sets it.
Result<Url> ParseEndpoint(const std::string& text) {
  const auto refuse = [&] {
    return Fail(Error{Code::kInvalidInput,
                      "IDENTITY_ENDPOINT is not an address on this machine: " + Quote(text, 100),
                      {},
                      "only the platform sets it; unset it elsewhere",
                      {},
                      "AS-CON-001"});
  };
  const size_t scheme = text.find("://");
  if (scheme == text.npos) return refuse();
  const size_t slash = text.find('/', scheme + 3);
  Result<Url> url = ParseMachineUrl(text.substr(0, slash));
  if (!url) return refuse();
  url->path = slash == text.npos ? "/" : text.substr(slash);
  if (url->path.find_first_of("?#%\\") != std::string::npos) return refuse();
  return url;
}

}  // namespace

bool IsMachineHost(std::string_view host) {
  if (IsLoopbackHost(host)) return true;
  const auto parts = Split(host, '.');
  return parts.size() == 4 && parts[0] == "169" && parts[1] == "254" && IsOctet(parts[2]) &&
         IsOctet(parts[3]);
}

Result<Url> ParseMachineUrl(const std::string& text) {
  if (Result<Url> url = ParseBaseUrl(text); url && IsMachineHost(url->host)) return url;
  constexpr std::string_view kHttp = "http://";
  Url url;
  url.tls = false;
  url.port = 80;
  const std::string rest = text.starts_with(kHttp) ? text.substr(kHttp.size()) : std::string();
  const size_t colon = std::min(rest.find(':'), rest.size());
  url.host = rest.substr(0, colon);
  if (colon < rest.size()) {
    const char* end = rest.data() + rest.size();
    const auto [at, error] = std::from_chars(rest.data() + colon + 1, end, url.port);
    if (error != std::errc() || at != end || url.port == 0) url.host.clear();
  }
  if (!IsMachineHost(url.host))
    return Fail(Code::kInvalidInput, "not an address on this machine: " + Quote(text, 100));
  return url;
}

std::string ResourceOf(const std::string& scope) {
  constexpr std::string_view kTail = "/.default";
  return scope.ends_with(kTail) ? scope.substr(0, scope.size() - kTail.size()) : scope;
}

Result<IdentityRequest> MakeIdentityRequest(const Cloud& cloud, const Credential& credential,
                                            const std::string& scope) {
  IdentityRequest out;
  auto endpoint = FindEnvironment("IDENTITY_ENDPOINT");
  auto header = FindEnvironment("IDENTITY_HEADER");
  if (endpoint && header && !header->empty()) {
    out.field_name = "X-IDENTITY-HEADER";
    out.field_value = Secret(std::move(*header));
    ASSAY_ASSIGN(out.url, ParseEndpoint(*endpoint));
    out.url.query = Query("2019-08-01", credential, scope);
    return out;
  }
  ASSAY_ASSIGN(out.url, ParseMachineUrl(cloud.imds));
  out.url.path = kMetadataPath;
  out.url.query = Query("2018-02-01", credential, scope);
  out.field_name = "Metadata";
  out.field_value = Secret(std::string("true"));
  return out;
}

Error IdentityError(const HttpAnswer& answer) {
  const uint32_t status = answer.head.status;
  const std::string text = "HTTP " + std::to_string(status);
  if (status == 404 || status == 410 || status == 429 || status >= 500)
    return {Code::kUnavailable,
            "the identity endpoint of this machine is not ready (" + text + ")",
            {},
            "check that a managed identity is assigned to this machine",
            {},
            {}};
  return {Code::kDenied,
          "no token: the identity endpoint of this machine refused (" + text + ")",
          {},
          "assign a managed identity to this machine; for a user-assigned one, check client_id",
          {},
          "AS-CON-001"};
}

}  // namespace assay::broker
