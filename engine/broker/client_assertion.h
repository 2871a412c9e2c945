// The signed statement by which an application with a certificate asks for a token (RFC 7523;
// Microsoft's "certificate credentials"): who it is, for whom, for a few minutes, once.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "broker/secret.h"

namespace assay::broker {

/// How long an assertion is good; Microsoft advises five to ten minutes.
inline constexpr int64_t kAssertionSeconds = 540;

struct AssertionWish {
  std::string client_id;
  std::string audience;             ///< the token endpoint
  std::string algorithm = "PS256";  ///< "PS256" or "RS256"
  std::string id;                   ///< `jti`, never used twice
  Timestamp now{};
};

/// A compact JWT signed with `key_pem`, whose header names the certificate by the SHA-256 of its
/// DER (`x5t#S256`). kDenied with id AS-CON-008: certificate or key is not PEM, not RSA of 2048
/// bits or more, the two do not belong together, or the certificate is not valid at `now`. Never
/// quotes the key. [any thread]
Result<Secret> SignAssertion(const AssertionWish& wish, std::string_view certificate_pem,
                             std::string_view key_pem);

/// base64url without padding. [any thread]
std::string EncodeBase64Url(std::string_view bytes);

}  // namespace assay::broker
