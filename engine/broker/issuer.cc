// Requests by kind of credential (Microsoft's client credentials grant and managed identities).
#include "broker/issuer.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/environment.h"
#include "base/files.h"
#include "base/text.h"
#include "broker/aadsts.h"
#include "broker/client_assertion.h"
#include "broker/json_object.h"
#include "broker/key_vault.h"
#include "broker/managed_identity.h"
#include "broker/retry.h"

namespace assay::broker {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kAttempts = 3;  // of a service that is busy or not reached; a refusal is final
constexpr milliseconds kLongestWait{30'000};
constexpr int64_t kRenewBeforeSeconds = 300;
constexpr int64_t kMaxLifeSeconds = 86'400;
constexpr size_t kMaxCertificateBytes = 64 * 1024;
constexpr char kAssertionType[] =
    "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// A number, or text that holds one: managed identities write numbers as text.
int64_t NumberOf(const JsonObject& json, const std::string& name) {
  int64_t number = 0;
  if (const auto at = json.numbers.find(name); at != json.numbers.end()) number = at->second;
  const std::string text = json.Text(name);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Seconds from `now`: `expires_in`, else `expires_on` (App Service names only the moment).
int64_t LifeOf(const JsonObject& json, Timestamp now) {
  int64_t life = NumberOf(json, "expires_in");
  const int64_t until = NumberOf(json, "expires_on");
  if (life == 0 && until > 0) life = until - ToUnixMs(now) / 1000;
  return std::clamp<int64_t>(life, 0, kMaxLifeSeconds);
}

Error Unusable(const std::string& why) {
  return {Code::kDenied,
          "no token: the token service's answer " + why,
          {},
          "check the cloud's login URL; a proxy may have answered",
          {},
          "AS-CON-001"};
}

void AddField(std::string& form, std::string_view name, std::string_view encoded) {
  if (!form.empty()) form += '&';
  form.append(name).append("=").append(encoded);
}

/// The token that a cluster writes for its workload: others may read it (they run in the same pod),
/// but nobody else may put another one there.
Result<Secret> ReadTokenFile(const std::string& path) {
  const std::string where = "token file " + Quote(path);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return errno == ENOENT ? Fail(Code::kNotFound, where + " does not exist")
                           : Fail(ErrnoError(where));
  if ((info.st_mode & 0022) != 0)
    return Fail(Error{Code::kDenied,
                      where + " may be changed by others",
                      {},
                      "take the right to write away from group and others",
                      {},
                      "AS-CON-008"});
  ASSAY_ASSIGN(ByteVector bytes, ReadFile(path, kMaxCertificateBytes));
  std::string text(Trim(AsText(bytes)));
  OPENSSL_cleanse(bytes.data(), bytes.size());
  if (text.empty()) return Fail(Code::kInvalidInput, where + " is empty");
  return Secret(std::move(text));
}

}  // namespace

bool SleepUnlessCancelled(const Clock& clock, milliseconds duration, const HttpClient& client) {
  constexpr milliseconds kStep{100};
  while (duration > milliseconds(0) && !client.cancelled()) {
    const milliseconds step = std::min(duration, kStep);
    clock.SleepFor(step);
    duration -= step;
  }
  return !client.cancelled();
}

Result<Secret> Issuer::ReadReference() {
  if (credential_.kind == CredentialKind::kWorkloadIdentity && credential_.ref.starts_with("file:"))
    return ReadTokenFile(credential_.ref.substr(5));
  if (!credential_.ref.starts_with("keyvault:")) {
    ASSAY_ASSIGN(std::string value, ResolveSecret(credential_.ref, options_.production));
    return Secret(std::move(value));
  }
  if (!credential_.via)
    return Fail(Code::kInvalidInput, "secret keyvault: no credential is named that reads it");
  ASSAY_ASSIGN(const Url url, ParseVaultReference(options_.cloud, credential_.ref));
  // How deep credentials lean on each other is settled by the configuration, which refuses circles.
  Issuer reader(options_, *credential_.via, client_);
  Result<IssuedToken> token = reader.Fetch(options_.cloud.vault_scope);
  if (!token) return Fail(std::move(token.error()).Context("key vault"));
  return ReadVaultSecret(client_, url, token->token->view());
}

/// The form with the secret in it: reserved once, so that no copy of it stays behind.
Result<Secret> Issuer::MakeForm(const std::string& scope, const std::string& claims,
                                const std::string& token_url) {
  ASSAY_ASSIGN(Secret proof, ReadReference());
  const bool is_secret = credential_.kind == CredentialKind::kSecret;
  if (credential_.kind == CredentialKind::kCertificate) {
    ASSAY_ASSIGN(const ByteVector pem, ReadFile(credential_.certificate, kMaxCertificateBytes));
    ASSAY_ASSIGN(proof, SignAssertion({credential_.client_id, token_url, credential_.algorithm,
                                       NewGuid(), options_.clock->Now()},
                                      AsText(pem), proof.view()));
  }
  std::string encoded = PercentEncode(proof.view());
  std::string form;
  form.reserve(1024 + 3 * (scope.size() + claims.size()) + encoded.size());
  AddField(form, "client_id", PercentEncode(credential_.client_id));
  AddField(form, "scope", PercentEncode(scope));
  if (!is_secret) AddField(form, "client_assertion_type", kAssertionType);
  AddField(form, is_secret ? "client_secret" : "client_assertion", encoded);
  if (!claims.empty()) AddField(form, "claims", PercentEncode(claims));
  AddField(form, "grant_type", "client_credentials");
  Wipe(encoded);
  return Secret(std::move(form));
}

Result<HttpAnswer> Issuer::AskMachine(const std::string& scope) {
  ASSAY_ASSIGN(const IdentityRequest wish, MakeIdentityRequest(options_.cloud, credential_, scope));
  HttpRequest request;
  request.method = "GET";
  request.url = wish.url;
  request.field_name = wish.field_name;
  request.field_value = wish.field_value.view();
  request.on_machine = true;
  return client_.Send(request);
}

Result<HttpAnswer> Issuer::Ask(const std::string& scope, const std::string& claims) {
  if (credential_.kind == CredentialKind::kManagedIdentity) return AskMachine(scope);
  HttpRequest request;
  request.method = "POST";
  ASSAY_ASSIGN(request.url, ParseBaseUrl(options_.cloud.login));
  request.url.path =
      "/" + (credential_.directory_id.empty() ? options_.tenant.text() : credential_.directory_id) +
      "/oauth2/v2.0/token";
  ASSAY_ASSIGN(const Secret form, MakeForm(scope, claims, request.url.ToString()));
  request.body = form.view();
  request.content_type = "application/x-www-form-urlencoded";
  request.client_request_id = NewGuid();
  return client_.Send(request);
}

Result<IssuedToken> Issuer::ReadAnswer(HttpAnswer answer) {
  const bool machine = credential_.kind == CredentialKind::kManagedIdentity;
  if (answer.head.status != 200) return Fail(machine ? IdentityError(answer) : TokenError(answer));
  Result<JsonObject> json = ParseJsonObject(AsText(answer.body));
  OPENSSL_cleanse(answer.body.data(), answer.body.size());
  if (!json) return Fail(Unusable("is not JSON"));
  Secret token(std::move(json->texts["access_token"]));
  const std::string_view text = token.view();
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.empty() || !plain) return Fail(Unusable("holds no access_token"));
  if (!EqualsIgnoreCase(json->Text("token_type"), "Bearer"))
    return Fail(Unusable("is not for a Bearer token"));
  const int64_t life = LifeOf(*json, answer.received);
  if (life == 0) return Fail(Unusable("names no lifetime"));
  IssuedToken out;
  // A token that lives shorter than the margin is used for half its life, not fetched for each
  // read.
  out.good_until =
      answer.received + std::chrono::seconds(std::max(life - kRenewBeforeSeconds, life / 2));
  out.token = std::make_shared<const Secret>(std::move(token));
  return out;
}

Result<IssuedToken> Issuer::Fetch(const std::string& scope, const std::string& claims) {
  for (unsigned attempt = 1;; ++attempt) {
    Result<HttpAnswer> answer = Ask(scope, claims);
    milliseconds wait = BackOff(attempt);
    Error error;
    if (answer) {
      if (const auto date = ParseHttpDate(answer->head.Find("Date").value_or("")))
        clock_offset_ms_ = ToUnixMs(answer->received) - ToUnixMs(*date);
      wait = RetryAfterOf(answer->head, answer->received).value_or(wait);
      Result<IssuedToken> issued = ReadAnswer(std::move(*answer));
      if (issued) return issued;
      error = std::move(issued.error());
    } else {
      error = std::move(answer.error());
      // A mangled answer will be mangled again: unavailable, but not worth a retry.
      if (error.code == Code::kCorrupt || error.code == Code::kLimitExceeded ||
          error.code == Code::kUnsupported) {
        error.code = Code::kUnavailable;
        error.id = "AS-NET-002";
      }
      error.Context("token service");
    }
    const bool retry = error.code == Code::kUnavailable && error.id.empty();
    if (!retry || attempt == kAttempts || wait > kLongestWait) return Fail(std::move(error));
    if (!SleepUnlessCancelled(*options_.clock, wait, client_))
      return Fail(Code::kUnavailable, "cancelled");
  }
}

}  // namespace assay::broker
