// What an application or identity proves itself with, by reference: no member holds a secret.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace assay::broker {

enum class CredentialKind : uint8_t {
  kSecret,            ///< client secret
  kCertificate,       ///< assertion signed with the certificate's key (RFC 7523)
  kManagedIdentity,   ///< the Azure machine or app service that assay runs on
  kWorkloadIdentity,  ///< token of another issuer, from a file that it renews
};

/// Values are read when a token is asked for and wiped after.
struct Credential {
  std::string client_id{};  ///< may be empty for the identity that a machine has by itself
  std::string ref{};        ///< client secret, private key (PEM) or token file: "env:NAME",
                            ///< "file:/path" (mode 0600 or less), "cred:NAME"
  ///< ($CREDENTIALS_DIRECTORY/NAME), "keyvault:https://VAULT/secrets/NAME"
  CredentialKind kind = CredentialKind::kSecret;
  std::string certificate{};                ///< PEM file of the public certificate
  std::string algorithm = "PS256";          ///< of the assertion: "PS256" or "RS256"
  std::string directory_id{};               ///< where it asks for tokens; empty: the tenant itself
  std::shared_ptr<const Credential> via{};  ///< what reads a "keyvault:" reference
};

}  // namespace assay::broker
