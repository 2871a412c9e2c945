// What a verification finds: the first finding is the one that is reported.
#pragma once

#include <optional>
#include <string>

#include "ledger/ledger.h"

namespace assay::ledger {

/// Keeps place and message of the first finding, and the smallest index among all of them. One
/// thread at a time.
class Findings {
 public:
  explicit Findings(VerifyReport& report) : report_(report) {}

  void Find(std::string place, std::string message, std::optional<uint64_t> index = {}) {
    if (index && (!report_.first_bad_index || *index < *report_.first_bad_index))
      report_.first_bad_index = index;
    if (any_) return;
    any_ = true;
    report_.place = std::move(place);
    report_.message = std::move(message);
  }
  void FindEntry(uint64_t index, std::string message) {
    Find("entry " + std::to_string(index), std::move(message), index);
  }
  /// A step that did not work is a finding too.
  void Step(const std::string& place, const Status& status) {
    if (!status) Find(place, status.error().message);
  }
  bool any() const { return any_; }
  VerifyReport& report() { return report_; }

 private:
  VerifyReport& report_;
  bool any_ = false;
};

}  // namespace assay::ledger
