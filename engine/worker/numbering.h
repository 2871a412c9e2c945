// Different values numbered in an order of their own, so that what holds many of them is sorted by
// numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace assay::worker {

/// Numbers from 0 without gaps; 16 bytes a different value. [any thread once made]
class Numbering {
 public:
  /// `before` orders two different values: a strict weak ordering under which none are equal.
  template <class Before>
  Numbering(std::vector<uint64_t> values, const Before& before) : values_(std::move(values)) {
    std::sort(values_.begin(), values_.end());
    values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
    values_.shrink_to_fit();
    order_.resize(values_.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(),
              [&](uint32_t a, uint32_t b) { return before(values_[a], values_[b]); });
    numbers_.resize(order_.size());
    for (uint32_t i = 0; i < order_.size(); ++i) numbers_[order_[i]] = i;
  }

  /// Of one of the values given.
  uint32_t NumberOf(uint64_t value) const {
    const auto at = std::lower_bound(values_.begin(), values_.end(), value);
    return numbers_[static_cast<size_t>(at - values_.begin())];
  }
  uint64_t ValueAt(uint32_t number) const { return values_[order_[number]]; }

 private:
  std::vector<uint64_t> values_;   ///< ascending
  std::vector<uint32_t> order_;    ///< places in values_, in the order asked for
  std::vector<uint32_t> numbers_;  ///< of each place
};

}  // namespace assay::worker
