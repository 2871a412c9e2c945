// What a check said in an earlier run of the same ledger, for checks that compare with it
// (docs/decisions/0077-a-check-sees-what-it-said-before.md).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"
#include "model/check.h"

namespace assay::assess {

/// A check that declares this parameter gets there what it said before: a JSON object, subject to
/// detail. Empty text: no earlier run is known.
inline constexpr std::string_view kPreviousParameter = "previous";

/// Where a check told of its subjects: its entry, and those of its parts before it.
struct EarlierCheck {
  LeafIndex entry{};
  std::vector<LeafIndex> bodies;  ///< in order
};

/// For each of `checks` that compares: the newest entry before `size` of the same version, with
/// subjects, of a run that came to its end. Looks back over four such runs. kCorrupt, kIo.
Result<std::map<std::string, EarlierCheck>> FindEarlier(ledger::Ledger& ledger, TreeSize size,
                                                        const std::vector<CheckSpec>& checks);

/// The parameter's value, at most 256 KiB: what is longer counts as unknown. kNotFound (with why)
/// when a body that it rests on was erased or has expired; kCorrupt, kIo.
Result<std::string> ReadEarlier(ledger::Ledger& ledger, const EarlierCheck& earlier);

/// Where each check that compares looks, and its parameter filled. What cannot be read counts as
/// unknown and is told in `notes`.
Result<std::map<std::string, EarlierCheck>> FillEarlier(ledger::Ledger& ledger, TreeSize size,
                                                        std::vector<CheckSpec>& checks,
                                                        std::map<std::string, std::string>& notes);

}  // namespace assay::assess
