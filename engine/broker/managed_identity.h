// Where a machine in Azure gets tokens for the identity it was given, without any secret of ours.
#pragma once

#include "base/result.h"
#include "broker/credential.h"
#include "broker/http_client.h"
#include "broker/secret.h"

namespace assay::broker {

struct Cloud;

/// The address and the one field of the request; `field_value` is secret where a service demands
/// its own header.
struct IdentityRequest {
  Url url;
  std::string field_name;
  Secret field_value;
};

/// The request for a token of `scope` (".default" is cut off: these endpoints take resources).
/// App Service, Functions and Container Apps name their endpoint in IDENTITY_ENDPOINT and
/// IDENTITY_HEADER; else the instance metadata service of the cloud is asked. kInvalidInput when
/// IDENTITY_ENDPOINT is not an address on this machine. [any thread]
Result<IdentityRequest> MakeIdentityRequest(const Cloud& cloud, const Credential& credential,
                                            const std::string& scope);

/// The error of an answer that holds no token. kUnavailable without id for what is worth a retry
/// (404, 410, 429, 5xx: the endpoint starts up or is busy), else kDenied AS-CON-001. [any thread]
Error IdentityError(const HttpAnswer& answer);

/// True for loopback addresses and 169.254.0.0/16 in plain dotted form: this machine or its host.
/// [any thread]
bool IsMachineHost(std::string_view host);

/// A base URL on this machine: http or https, a host as above, perhaps a port. kInvalidInput. [any
/// thread]
Result<Url> ParseMachineUrl(const std::string& text);

/// The resource of a scope: without "/.default". [any thread]
std::string ResourceOf(const std::string& scope);

}  // namespace assay::broker
