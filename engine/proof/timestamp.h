// RFC 3161 time stamps over a note: the query, the token of a reply, and what a token shows.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace assay::proof {

constexpr size_t kMaxTokenBytes = 64 * 1024;

/// A query in DER: SHA-256 of all bytes of the note, a random nonce of 64 bits, and the wish for
/// the authority's certificate. kIo when there are no random bytes.
Result<ByteVector> MakeTimestampQuery(std::string_view note);

/// The token (DER) of a reply to `query`: granted, of the same imprint and nonce. kDenied with the
/// authority's words when it refused, kCorrupt when the reply is not one to this query.
Result<ByteVector> TokenOfReply(ByteSpan reply, ByteSpan query);
/// The same without the query at hand: the nonce is not looked at, the imprint is by
/// VerifyTimestamp.
Result<ByteVector> TokenOfReply(ByteSpan reply);

struct TimestampFacts {
  Digest imprint{};       ///< of what was stamped
  Timestamp time{};       ///< genTime, whole seconds mostly
  std::string policy;     ///< OID
  std::string authority;  ///< subject of the certificate that signed, one line
};
/// kCorrupt unless the token is of this note, signed by a certificate for time stamping that leads
/// to one in `ca_pem`, valid at the time that it states. With `crl_pem` that certificate must not
/// be revoked (CheckNotRevoked; kInvalidInput for lists that cannot be used). [any thread]
Result<TimestampFacts> VerifyTimestamp(ByteSpan token, std::string_view note,
                                       std::string_view ca_pem, std::string_view crl_pem = {});
/// What a token says of itself, believed by nobody yet. kCorrupt when it is none.
Result<TimestampFacts> ReadTimestamp(ByteSpan token);

}  // namespace assay::proof
