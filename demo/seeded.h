// Where the demo tenant's ids, dates and choices come from: a seed and a moment, nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace assay::demo {

/// Every value depends on the seed, the moment and a label, never on the order of calls. [any
/// thread]
class Seeded {
 public:
  Seeded(uint64_t seed, Timestamp now) : seed_(seed), now_(now) {}

  /// 64 well-mixed bits for a label.
  uint64_t Bits(std::string_view label) const;
  /// A version 4 GUID for a label, lower case.
  std::string Guid(std::string_view label) const;
  /// 0 <= n < bound.
  uint64_t Below(std::string_view label, uint64_t bound) const { return Bits(label) % bound; }
  /// "2026-11-02T08:15:04Z", `days` from now (negative: past) and a few seeded hours before that.
  std::string Day(std::string_view label, int days) const;
  /// The same without the seeded hours.
  std::string At(int days) const;
  Timestamp now() const { return now_; }
  uint64_t seed() const { return seed_; }

 private:
  uint64_t seed_;
  Timestamp now_;
};

/// RFC 3339 in whole seconds, as Graph writes most dates.
std::string Seconds(Timestamp time);

}  // namespace assay::demo
