// Exact decimal arithmetic on text: sign, digits, at most one point ("-12.340"). For amounts, which
// are never floating point.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace assay::worker {

/// A decimal number of any length. [one thread]
class Decimal {
 public:
  /// Nothing unless `text` is [+-]? digits [. digits]? with at least one digit on each side given
  /// and at most 4,096 bytes.
  static std::optional<Decimal> Parse(std::string_view text);
  Decimal& operator+=(const Decimal& other);
  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const { return (*this <=> other) == 0; }
  /// Shortest form: "-12.34", "0"; no exponent.
  std::string ToString() const;

 private:
  void Align(size_t fraction);
  bool negative_ = false;
  std::string digits_ = "0";  ///< whole and fraction, most significant first
  size_t fraction_ = 0;       ///< digits after the point
};

}  // namespace assay::worker
