// Secrets that lie in an Azure key vault: their references, and the one request that reads them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "broker/http_client.h"
#include "broker/secret.h"

namespace assay::broker {

struct Cloud;

/// "keyvault:https://VAULT/secrets/NAME" or ".../NAME/VERSION", as the request that reads it.
/// kInvalidInput: another form, or a host that is not VAULT.<vault suffix of the cloud> (a cloud on
/// loopback takes a vault on loopback): a token for vaults goes nowhere else. [any thread]
Result<Url> ParseVaultReference(const Cloud& cloud, std::string_view ref);

/// Reads the secret. `bearer` is a token for vaults. kDenied with id AS-CON-009 (not allowed, not
/// there, disabled), kUnavailable. Never quotes the answer. [any thread]
Result<Secret> ReadVaultSecret(HttpClient& client, const Url& url, std::string_view bearer);

}  // namespace assay::broker
