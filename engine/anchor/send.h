// Carrying the newest checkpoint to all places that are due, and keeping what witnesses say.
#pragma once

#include "anchor/place.h"

namespace assay::anchor {

struct Outcome {
  std::string place;
  bool due = true;  ///< false: not asked, it is not time yet
  uint64_t size = 0;
  std::vector<proof::Cosignature> cosignatures;
  std::optional<Error> error;
  std::string remark;  ///< what the place cannot do, in words; mostly empty
};

struct SendOptions {
  bool only_due = false;            ///< leave out places whose `every` has not passed
  std::filesystem::path sent_file;  ///< when what went where; no evidence
  const Clock* clock = &SystemClock();
};

/// Sends the newest checkpoint of `ledger`, which is open for writing, to each place in turn; every
/// cosignature becomes an entry `checkpoint.cosigned`. What goes wrong with a place is in its
/// outcome. Fails only for the ledger itself.
Result<std::vector<Outcome>> SendCheckpoint(ledger::Ledger& ledger,
                                            const std::vector<Place>& places,
                                            const SendOptions& options);

/// The newest size that a witness cosigned, by the entries; 0 when none.
Result<uint64_t> NewestCosigned(ledger::Ledger& ledger, const std::string& vkey);

}  // namespace assay::anchor
