// Observations of one check one after another, in the order of their subjects: what is compared or
// searched over a million subjects takes the memory of one body.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/history.h"
#include "base/result.h"
#include "ledger/ledger.h"

namespace assay::assess {

class ObservationCursor {
 public:
  /// Of no check: at its end at once.
  ObservationCursor() = default;
  /// `check` names it in errors; `bodies` as in CheckView.
  ObservationCursor(ledger::Ledger& ledger, std::string check, std::vector<LeafIndex> bodies)
      : ledger_(&ledger), check_(std::move(check)), bodies_(std::move(bodies)) {}

  /// The next one, null at the end; valid until the next call. What is erased or expired is passed
  /// over and counted. kCorrupt when a subject stands twice, or before one that it should follow:
  /// the message names both places.
  Result<const ObservationView*> Next();

  /// Observations passed over by why they cannot be shown; a whole body counts as one.
  const std::map<std::string, uint64_t>& absent() const { return absent_; }
  /// Entry whose body the last one came from, and the segment there.
  LeafIndex entry() const { return bodies_[body_ - 1]; }
  uint64_t segment() const { return segment_ - 1; }

 private:
  Status OpenBody();
  Status CheckOrder() const;

  ledger::Ledger* ledger_ = nullptr;
  std::string check_;
  std::vector<LeafIndex> bodies_;
  ledger::EntryBody open_;
  size_t body_ = 0, segment_ = 0;  ///< of those taken so far
  ObservationView view_;
  std::string last_;  ///< subject before this one, and where it stands
  LeafIndex last_entry_{};
  uint64_t last_segment_ = 0;
  std::map<std::string, uint64_t> absent_;
};

/// The observation of one subject, by halves over the bodies. Nothing when the check did not speak
/// of it; with `absent` set when that cannot be told any more. kCorrupt, kIo.
Result<std::optional<ObservationView>> FindObservation(ledger::Ledger& ledger,
                                                       const CheckView& check,
                                                       const std::string& subject);

}  // namespace assay::assess
