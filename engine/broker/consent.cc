// Claims, identity and the judgement over a whole token.
#include "broker/consent.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "broker/json_object.h"
#include "broker/permission_words.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxTokenBytes = 128 * 1024;
constexpr size_t kMaxNamed = 20;

tl::unexpected<Error> Denied(const char* id, std::string message, std::string hint) {
  return Fail(Error{Code::kDenied, std::move(message), {}, std::move(hint), {}, id});
}

tl::unexpected<Error> Unreadable(const std::string& why) {
  return Denied("AS-CON-005", "the token is not readable: " + why,
                "a token that does not say what it may do proves nothing; nothing was read");
}

/// A member that must be an array of strings when it is there at all.
Result<std::vector<std::string>> ListOf(const JsonObject& json, const std::string& name,
                                        std::string_view payload) {
  if (const auto at = json.lists.find(name); at != json.lists.end()) return at->second;
  // Present in another shape: not "no power", but unknown power.
  if (json.Has(name) || payload.find("\"" + name + "\"") != payload.npos)
    return Unreadable(name + " is not a list of names");
  return std::vector<std::string>{};
}

Result<std::string> Payload(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return Unreadable("larger than 128 KiB");
  const auto parts = Split(token, '.');
  if (parts.size() != 3) return Unreadable("it has not the three parts of a JWT");
  const auto bytes = ParseBase64Url(parts[1]);
  if (!bytes) return Unreadable("its payload is not base64url");
  return std::string(AsText(*bytes));
}

bool Accepts(const std::vector<std::string>& audiences, const std::string& audience) {
  return std::find(audiences.begin(), audiences.end(), audience) != audiences.end();
}

/// Control characters in a permission's name must not reach a terminal.
std::string Printable(const std::string& name) {
  const bool plain =
      std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return plain ? name : Quote(name, 100);
}

bool IsIssuer(const BrokerOptions& options, const TokenClaims& claims) {
  const auto fits = [&](std::string text) {
    if (const size_t at = text.find("{tid}"); at != text.npos) text.replace(at, 5, claims.tenant);
    return EqualsIgnoreCase(text, claims.issuer);
  };
  const auto& known = options.cloud.issuers;
  return known.empty() || std::any_of(known.begin(), known.end(), fits);
}

/// Sorts powers into tolerated and refused ones.
struct Judge {
  const BrokerOptions& options;
  Consent& consent;
  std::vector<std::string> writes{}, content{};
  bool any = false;

  /// `shown` stands in messages; `name` is what allow_excess may name.
  void Take(const std::string& shown, const std::string& name, Power power) {
    any = any || power != Power::kNeutral;
    if (power == Power::kNeutral || power == Power::kRead) return;
    auto& list = IsTolerated(options, name) ? consent.excess
                 : power == Power::kWrite   ? writes
                                            : content;
    const std::string plain = Printable(shown);
    if (std::find(list.begin(), list.end(), plain) == list.end()) list.push_back(plain);
  }
};

std::string CredentialOf(const JsonObject& json) {
  std::string kind = json.Has("appidacr") ? json.Text("appidacr") : json.Text("azpacr");
  return kind == "1" ? "secret" : kind == "2" ? "certificate" : "";
}

/// Permissions of the token first; what only the directory knows of comes after them.
void TakeAll(const TokenClaims& claims, Judge& judge) {
  for (const std::string& name : judge.consent.roles) judge.Take(name, name, JudgePermission(name));
  for (const std::string& name : claims.granted) judge.Take(name, name, JudgePermission(name));
  for (const ForeignPermission& other : claims.others)
    judge.Take(other.resource + "/" + other.name, other.name, JudgePermission(other.name));
  for (const std::string& role : claims.directory_roles)
    if (!IsReadOnlyDirectoryRole(role)) judge.Take("directory-role:" + role, role, Power::kWrite);
}

}  // namespace

bool IsTolerated(const BrokerOptions& options, std::string_view permission) {
  return std::any_of(
      options.allow_excess.begin(), options.allow_excess.end(), [&](const AllowedExcess& item) {
        return EqualsIgnoreCase(item.permission, permission) && options.clock->Now() < item.until;
      });
}

std::string ListNames(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size() && i < kMaxNamed; ++i)
    out += (i ? ", " : "") + (names[i].size() <= 100 ? names[i] : Quote(names[i], 100));
  if (names.size() > kMaxNamed) out += " and " + std::to_string(names.size() - kMaxNamed) + " more";
  return out;
}

Result<TokenClaims> ReadClaims(std::string_view token) {
  ASSAY_ASSIGN(const std::string payload, Payload(token));
  const auto json = ParseJsonObject(payload);
  if (!json) return Unreadable("its payload is not JSON");
  TokenClaims claims;
  claims.audience = json->Text("aud");
  claims.tenant = AsciiLower(json->Text("tid"));
  claims.app_id = json->Has("appid") ? json->Text("appid") : json->Text("azp");
  claims.issuer = json->Text("iss");
  claims.principal = AsciiLower(json->Text("oid"));
  claims.credential = CredentialOf(*json);
  if (json->Has("ver") && json->Text("ver") != "1.0" && json->Text("ver") != "2.0")
    return Unreadable("its version is not known");
  ASSAY_ASSIGN(claims.roles, ListOf(*json, "roles", payload));
  ASSAY_ASSIGN(claims.directory_roles, ListOf(*json, "wids", payload));
  if (json->Has("scp") && !json->texts.count("scp")) return Unreadable("scp is not text");
  const std::string scopes = json->Text("scp");
  for (const std::string_view word : Split(scopes, ' '))
    if (!word.empty()) claims.scopes.emplace_back(word);
  return claims;
}

Status CheckIdentity(const TokenClaims& claims, const BrokerOptions& options, ServiceHost host) {
  const auto& audiences = host == ServiceHost::kGraph ? options.cloud.graph_audiences
                          : host == ServiceHost::kArm ? options.cloud.arm_audiences
                                                      : options.cloud.storage_audiences;
  if (claims.tenant != options.tenant.text())
    return Denied("AS-CON-006",
                  "the token belongs to tenant " + Quote(claims.tenant, 60) + ", not to " +
                      options.tenant.text(),
                  "check the tenant's directory_id");
  if (!Accepts(audiences, claims.audience))
    return Denied("AS-CON-006", "the token is for another API: " + Quote(claims.audience, 100),
                  "check the cloud's scopes and audiences");
  if (!claims.issuer.empty() && !IsIssuer(options, claims))
    return Denied("AS-CON-006", "the token has another issuer: " + Quote(claims.issuer, 100),
                  "check the tenant's cloud");
  // The identity that a machine has by itself is not named in the configuration.
  const std::string& client = options.credential.client_id;
  if (!client.empty() && !EqualsIgnoreCase(claims.app_id, client))
    return Denied("AS-CON-006", "the token names another app: " + Quote(claims.app_id, 60),
                  "check client_id");
  return {};
}

Result<Consent> JudgeGraphToken(const TokenClaims& claims, const BrokerOptions& options) {
  Consent consent;
  consent.graph_checked = true;
  consent.roles = claims.roles;
  consent.roles.insert(consent.roles.end(), claims.scopes.begin(), claims.scopes.end());
  consent.app_id = claims.app_id;
  consent.principal_id = claims.principal;
  consent.token_tenant = claims.tenant;
  consent.credential = claims.credential;
  Judge judge{options, consent};
  TakeAll(claims, judge);
  if (!judge.writes.empty())
    return Denied("AS-CON-003", "the token may write to your tenant: " + ListNames(judge.writes),
                  "remove the permission, or tolerate it with reason and expiry: "
                  "assay explain AS-CON-003");
  if (!judge.content.empty())
    return Denied("AS-CON-007",
                  "the token may read secrets or content: " + ListNames(judge.content),
                  "remove the permission, assay needs none of these; or tolerate it: "
                  "assay explain AS-CON-007");
  if (!judge.any && options.needs_graph)
    return Denied("AS-CON-002", "the token holds no permission at all",
                  "grant the read permissions of assay's plugins and give admin consent");
  return consent;
}

}  // namespace assay::broker
