// A place that takes notes by HTTP PUT and gives them back by GET of the same address.
#pragma once

#include "anchor/place.h"

namespace assay::anchor {

/// What lies at an address of such a place.
struct ReadBack {
  enum class State {
    kThere,      ///< `note` is what was given back, believed by nobody yet
    kNothing,    ///< 404, 410
    kUnreadable  ///< 401, 403, 405, 501: who may write may not read
  };
  State state = State::kNothing;
  std::string note;
  uint32_t status = 0;  ///< of the answer
};

/// The newest note of this ledger at a place: `newest.note` beside the numbered ones. kUnavailable
/// for every other answer, redirects among them, and what SendTo fails with.
Result<ReadBack> ReadNewest(const Place& place, const std::string& origin);

/// Puts the newest checkpoint there, after a look at what is there: kCorrupt, and nothing is
/// written, when that is a later head (ROLLED BACK), one of another history (FORKED) or no note of
/// this ledger. A place that cannot be read gets the numbered note only; `remark` says so.
Result<Sent> PutNote(const Place& place, ledger::Proofs& proofs);

}  // namespace assay::anchor
