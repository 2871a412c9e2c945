// Sums of decimal text without rounding: money, and prices with twenty digits behind the point.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::cost {

__extension__ typedef __int128 Wide;  // NOLINT: "using" knows no __extension__

/// A number in pieces of 18 digits: up to 36 before the point, up to 54 behind it.
struct Amount {
  static constexpr size_t kLimbs = 5, kPointAfter = 2;  ///< limbs before the point
  std::array<uint64_t, kLimbs> limbs{};                 ///< most significant first, below 10^18
  bool negative = false;

  /// Reads "-12.50", "1E-05", "+3", ".5". False when it is not such a number, or too long.
  static bool Parse(std::string_view text, Amount& out);
};

/// Adds up to 10^18 amounts.
class ExactSum {
 public:
  void Add(const Amount& amount) {
    for (size_t i = 0; i < Amount::kLimbs; ++i) {
      const auto limb = static_cast<Wide>(amount.limbs[i]);
      limbs_[i] += amount.negative ? -limb : limb;
    }
  }
  /// "-12.5": a sign, digits, one point; no zeros at the end and never "-0".
  std::string Text() const;

 private:
  std::array<Wide, Amount::kLimbs> limbs_{};
};

}  // namespace assay::cost
