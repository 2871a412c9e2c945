// Whether the certificate of a time-stamping authority was revoked, by lists that the reader gives.
#pragma once

#include <openssl/x509.h>

#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace assay::proof {

/// RFC 3161, section 4: a certificate that is revoked for a reason other than its key's loss
/// (unspecified, affiliation changed, superseded, cessation of operation) takes nothing from stamps
/// made before; every other reason, and none, takes all of them. `crl_pem`: complete lists of the
/// certificate's issuer, who is among `candidates`. kCorrupt: revoked at `stamped`. kInvalidInput:
/// no list of that issuer whose signature holds, one for a part only, or one that has run out.
/// [any thread]
Status CheckNotRevoked(X509* signer, const std::vector<X509*>& candidates, std::string_view crl_pem,
                       Timestamp stamped);

}  // namespace assay::proof
