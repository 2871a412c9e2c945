// Comparing a ledger with what is known of it elsewhere: what one machine cannot show about itself.
#pragma once

#include "anchor/place.h"

namespace assay::anchor {

/// How far a clock may be ahead before it counts.
constexpr std::chrono::seconds kClockTolerance{300};

struct Finding {
  std::string word;  ///< "TRUNCATED", "ROLLED BACK", "FORKED", "FUTURE", "UNKNOWN KEY", "DAMAGED"
  std::string place, message;
};

struct MonitorInput {
  ledger::OpenOptions ledger;
  std::vector<Place> places;
  /// Notes given by hand: name and content.
  std::vector<std::pair<std::string, std::string>> notes;
  const Clock* clock = &SystemClock();
};

struct MonitorReport {
  uint64_t size = 0;                  ///< of the newest signed head of the ledger
  std::vector<std::string> compared;  ///< places that were asked and answered
  std::vector<Finding> findings;      ///< none: nothing speaks against this ledger
  std::vector<std::pair<std::string, Error>> unreached;  ///< places that were not compared
};

/// Never fails for what it finds. Only reads; a C2SP witness is asked by handing it the newest
/// checkpoint, which it may cosign.
MonitorReport Monitor(const MonitorInput& input);

}  // namespace assay::anchor
