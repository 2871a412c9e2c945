#include "broker/key_vault.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/text.h"
#include "broker/broker.h"
#include "broker/json_object.h"

namespace assay::broker {
namespace {

constexpr std::string_view kScheme = "keyvault:";
constexpr char kApiVersion[] = "7.4";

bool IsObjectName(std::string_view name) {
  return !name.empty() && name.size() <= 127 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool IsVaultHost(const Cloud& cloud, const Url& url) {
  const auto login = ParseBaseUrl(cloud.login);
  if (IsLoopbackHost(url.host)) return login && IsLoopbackHost(login->host);
  const std::string host = AsciiLower(url.host), suffix = "." + cloud.vault_suffix;
  return url.tls && url.port == 443 && host.size() > suffix.size() && host.ends_with(suffix) &&
         IsObjectName(std::string_view(host).substr(0, host.size() - suffix.size()));
}

Error Refused(uint32_t status) {
  const std::string text = " (HTTP " + std::to_string(status) + ")";
  Error out{Code::kDenied, "the key vault gave no secret" + text, {}, {}, {}, "AS-CON-009"};
  if (status == 401 || status == 403) {
    out.message = "the key vault refused to give the secret" + text;
    out.hint = "give the identity that reads it the role Key Vault Secrets User on the vault";
  } else if (status == 404) {
    out.message = "the key vault has no such secret" + text;
    out.hint = "check the name in ref; a deleted or disabled secret counts as absent";
  } else if (status == 429 || status >= 500) {
    out = {Code::kUnavailable, "the key vault is busy" + text, {}, {}, {}, {}};
  }
  return out;
}

}  // namespace

Result<Url> ParseVaultReference(const Cloud& cloud, std::string_view ref) {
  const auto refuse = [&](const std::string& why) {
    return Fail(Error{Code::kInvalidInput,
                      "key vault reference: " + why,
                      {},
                      "write keyvault:https://VAULT." + cloud.vault_suffix + "/secrets/NAME",
                      {},
                      "AS-CON-009"});
  };
  if (!ref.starts_with(kScheme)) return refuse("it does not begin with keyvault:");
  const std::string_view text = ref.substr(kScheme.size());
  const size_t scheme = text.find("://");
  const size_t slash = scheme == text.npos ? text.npos : text.find('/', scheme + 3);
  if (slash == text.npos) return refuse("it names no secret");
  Result<Url> url = ParseBaseUrl(text.substr(0, slash));
  if (!url || !IsVaultHost(cloud, *url)) return refuse("its host is no key vault of this cloud");
  const auto parts = Split(text.substr(slash + 1), '/');
  if ((parts.size() != 2 && parts.size() != 3) || parts[0] != "secrets" ||
      !std::all_of(parts.begin() + 1, parts.end(), IsObjectName))
    return refuse("its path is not /secrets/NAME or /secrets/NAME/VERSION");
  url->path = std::string(text.substr(slash));
  url->query = std::string("api-version=") + kApiVersion;
  return url;
}

Result<Secret> ReadVaultSecret(HttpClient& client, const Url& url, std::string_view bearer) {
  HttpRequest request;
  request.method = "GET";
  request.url = url;
  request.bearer = bearer;
  request.client_request_id = NewGuid();
  Result<HttpAnswer> answer = client.Send(request);
  if (!answer) return Fail(std::move(answer.error()).Context("key vault"));
  if (answer->head.status != 200) return Fail(Refused(answer->head.status));
  Result<JsonObject> json = ParseJsonObject(AsText(answer->body));
  OPENSSL_cleanse(answer->body.data(), answer->body.size());
  if (!json || json->texts["value"].empty()) return Fail(Refused(200));
  return Secret(std::move(json->texts["value"]));
}

}  // namespace assay::broker
