// What is computed from the segments of a body once it is open.
#pragma once

#include "proof/body.h"
#include "verify/line.h"

namespace assay::verify {

/// Hashes over the segments that are left of a body.
struct BodyHashes {
  std::vector<Digest> leaves;  ///< of the record tree
  Result<Digest> ident;        ///< keyed digest that finds bytes seen before; kCorrupt
};

/// `key` is the tenant's for keyed digests. The ident only when asked for: without all segments
/// there is none. [any thread]
BodyHashes HashesOf(ByteSpan key, std::string_view scheme, const proof::EnvelopeView& view,
                    bool with_ident);

/// Length of the whole: of a rec/1 body, what its skeleton says and what lies between the records.
/// kCorrupt when skeleton and segments do not agree.
Result<uint64_t> LengthOf(const BodyMember& member, const std::vector<ByteSpan>& segments);

}  // namespace assay::verify
