// Damages a valid byte string in every small way there is: each single bit flipped, each byte set
// to 0x00 and 0xff, cut at either end at every length, a tail duplicated. For parsers of untrusted
// bytes: the property under test is "no crash, no excess, never taken for the original".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace assay::test {

using Mutation = std::function<void(const std::vector<uint8_t>& damaged, const std::string& how)>;

inline void FlipBits(const std::vector<uint8_t>& good, const Mutation& visit) {
  std::vector<uint8_t> bytes = good;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] = static_cast<uint8_t>(good[i] ^ (1u << bit));
      visit(bytes, "bit " + std::to_string(bit) + " of byte " + std::to_string(i));
    }
    bytes[i] = good[i];
  }
}

inline void SetBytes(const std::vector<uint8_t>& good, const Mutation& visit) {
  std::vector<uint8_t> bytes = good;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const uint8_t v : {uint8_t{0x00}, uint8_t{0x7f}, uint8_t{0xff}}) {
      if (good[i] == v) continue;
      bytes[i] = v;
      visit(bytes, "byte " + std::to_string(i) + " set to " + std::to_string(v));
    }
    bytes[i] = good[i];
  }
}

inline void Truncate(const std::vector<uint8_t>& good, const Mutation& visit) {
  for (size_t n = 0; n < good.size(); ++n) {
    const auto cut = static_cast<std::ptrdiff_t>(n);
    visit({good.begin(), good.begin() + cut}, "first " + std::to_string(n) + " bytes");
    if (n > 0) visit({good.begin() + cut, good.end()}, "without the first " + std::to_string(n));
  }
}

inline void DuplicateTails(const std::vector<uint8_t>& good, const Mutation& visit) {
  for (size_t n = 1; n <= good.size(); n = n * 2) {
    std::vector<uint8_t> bytes = good;
    bytes.insert(bytes.end(), good.end() - static_cast<std::ptrdiff_t>(n), good.end());
    visit(bytes, "last " + std::to_string(n) + " bytes twice");
  }
}

/// Visits every mutation of `good`; each differs from it.
inline void ForEachMutation(const std::vector<uint8_t>& good, const Mutation& visit) {
  FlipBits(good, visit);
  SetBytes(good, visit);
  Truncate(good, visit);
  DuplicateTails(good, visit);
}

}  // namespace assay::test
