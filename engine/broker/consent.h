// The consent guard: what power a token carries, read from its own claims, and whether that is
// reading only. The second lock of the read-only promise; the first is url_policy.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "broker/broker.h"

namespace assay::broker {

/// A permission on another resource than Microsoft Graph.
struct ForeignPermission {
  std::string resource, name;
};

/// The claims that speak of power and identity, and what the directory adds to them.
struct TokenClaims {
  std::string audience, tenant, app_id, issuer;
  std::string principal;                     ///< `oid`
  std::string credential;                    ///< `appidacr`: "secret", "certificate" or ""
  std::vector<std::string> roles;            ///< application permissions
  std::vector<std::string> scopes;           ///< words of `scp`
  std::vector<std::string> directory_roles;  ///< `wids`
  std::vector<std::string> granted;          ///< on Graph by the directory: judged, not counted on
  std::vector<ForeignPermission> others;     ///< by the directory
};

/// Reads the payload of a three-part JWT. Does NOT verify the signature, on purpose: the token came
/// over verified TLS from its issuer and goes back to that issuer's API; Graph tokens cannot be
/// verified by third parties anyway. A forged token would gain nothing but a refusal by the API.
/// kDenied with id AS-CON-005 when it is not readable. Never quotes the token. [any thread]
Result<TokenClaims> ReadClaims(std::string_view token);

/// kDenied with id AS-CON-006 when the token is for another tenant, app or API. [any thread]
Status CheckIdentity(const TokenClaims& claims, const BrokerOptions& options, ServiceHost host);

/// Judges a Graph token and what the directory added. kDenied: AS-CON-003 (may write), AS-CON-007
/// (may read secrets or content), each naming every such permission; AS-CON-002 (no permission at
/// all). [any thread]
Result<Consent> JudgeGraphToken(const TokenClaims& claims, const BrokerOptions& options);

/// True when allow_excess names `permission` and has not expired. [any thread]
bool IsTolerated(const BrokerOptions& options, std::string_view permission);

/// Names of permissions for a message, at most 20. [any thread]
std::string ListNames(const std::vector<std::string>& names);

}  // namespace assay::broker
