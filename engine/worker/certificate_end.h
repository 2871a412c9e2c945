// When a certificate ends, from its bytes. Nothing is verified and no key is looked at: the date is
// all that a check needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::worker {

/// notAfter of an X.509 certificate as RFC 3339 ("2027-01-31T12:00:00Z"). `text`: base64 of the DER
/// (white space and PEM lines may stand in it), or DER itself; at most 64 KiB. Nothing for anything
/// else, also when bytes are missing at the end or the date does not exist.
std::optional<std::string> CertificateEnd(std::string_view text);

}  // namespace assay::worker
