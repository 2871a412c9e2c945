// The compression function of SHA-256 (FIPS 180-4, 6.2.2) by the SHA extensions of x86 processors,
// for one message or for two at once. Only sha256_lanes.cc includes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace assay::proof {

/// The eight words a to h in the order in which the extensions keep them: f e b a, h g d c.
using RoundState = std::array<uint32_t, 8>;
inline constexpr RoundState kFirstState{0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667,
                                        0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372};

/// The words a to h, most significant byte first.
inline Digest ToDigest(const RoundState& state) {
  constexpr std::array<size_t, 8> kPlaces{3, 2, 7, 6, 1, 0, 5, 4};
  Digest out;
  for (size_t i = 0; i < kPlaces.size(); ++i) {
    const uint32_t word = __builtin_bswap32(state[kPlaces[i]]);  // x86 alone gets here
    std::memcpy(&out[4 * i], &word, sizeof word);
  }
  return out;
}

/// Whether the two functions below may be called.
bool HasShaExtensions();
/// Takes blocks of 64 bytes into a state.
void AddBlocks(RoundState& state, const uint8_t* bytes, size_t blocks);
/// Takes as many blocks into each of two states.
void AddBlocks(RoundState& one, const uint8_t* bytes, RoundState& two, const uint8_t* other,
               size_t blocks);

}  // namespace assay::proof
