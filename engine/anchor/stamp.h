// Time stamps of the newest checkpoint by an RFC 3161 authority.
#pragma once

#include "anchor/place.h"
#include "proof/timestamp.h"

namespace assay::anchor {

struct Authority {
  std::string url;     ///< empty: replies come as files
  std::string ca_pem;  ///< certificates that the authority's leads to
  std::string tls_ca_file;
  broker::NetworkSettings network;
  std::string crl_pem;  ///< lists that its certificate must not be on; empty: not asked
  std::chrono::milliseconds timeout = kTimeout;
};

struct Stamped {
  uint64_t size = 0;
  proof::TimestampFacts facts;
};

/// Asks the authority over HTTP: the reply in DER. kUnavailable for every other answer, and what
/// SendTo fails with.
Result<ByteVector> AskAuthority(const Authority& authority, ByteSpan query);
/// Verifies a reply over any checkpoint of the ledger (to `query` when it is not empty) and keeps
/// its token: entry `checkpoint.timestamped`. kCorrupt names what does not hold; among it a time
/// before that of the newest entry under the checkpoint.
Result<Stamped> KeepReply(ledger::Ledger& ledger, const Authority& authority, ByteSpan reply,
                          ByteSpan query);

/// A kept token, verified again.
struct StampCheck {
  uint64_t entry = 0, size = 0;
  Result<proof::TimestampFacts> facts;
};
/// All tokens of the ledger against their notes.
Result<std::vector<StampCheck>> VerifyStamps(ledger::Ledger& ledger, const Authority& authority);

}  // namespace assay::anchor
