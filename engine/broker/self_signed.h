// A key and a certificate for an app registration, made on this machine: Microsoft gets the public
// half only, and needs no authority to have signed it.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "broker/secret.h"

namespace assay::broker {

struct SelfSigned {
  std::string certificate_pem;
  Secret key_pem;          ///< PKCS#8 without a passphrase: for a file of mode 0600
  std::string thumbprint;  ///< SHA-1 of the DER as the portal shows it: "3A91..."
  std::string expires;     ///< "2027-11-20"
};

/// RSA of 3072 bits, valid from `now` for `days`. `name` becomes its common name: plain letters,
/// digits and dashes. kInvalidInput. Takes about a second. [any thread]
Result<SelfSigned> MakeSelfSigned(const std::string& name, Timestamp now, int days);

struct CertificateFacts {
  std::string subject, expires;
  int64_t days_left = 0;
};
/// Of a PEM certificate. kInvalidInput. [any thread]
Result<CertificateFacts> ReadCertificate(std::string_view pem, Timestamp now);

}  // namespace assay::broker
