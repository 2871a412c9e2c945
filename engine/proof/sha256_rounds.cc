#include "proof/sha256_rounds.h"

#include "base/result.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// The rest of the program runs on processors without the extensions, too.
#define ASSAY_SHA __attribute__((target("sha,sse4.1,ssse3")))

namespace assay::proof {
namespace {

alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

ASSAY_SHA inline __m128i Load(const void* at) {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

/// One message: its state and the last sixteen words of its schedule.
struct Rounds {
  __m128i feba, hgdc, words[4];

  ASSAY_SHA inline void Begin(const uint32_t* state) {
    feba = Load(state);
    hgdc = Load(state + 4);
  }
  ASSAY_SHA inline void Add(const Rounds& before) {
    feba = _mm_add_epi32(feba, before.feba);
    hgdc = _mm_add_epi32(hgdc, before.hgdc);
  }
  ASSAY_SHA inline void End(uint32_t* state) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state), feba);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), hgdc);
  }

  // Rounds 4 `step` to 4 `step` + 3.
  ASSAY_SHA inline __attribute__((always_inline)) void Do(int step, const uint8_t* block) {
    __m128i& word = words[step % 4];
    if (step < 4) {
      const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
      word = _mm_shuffle_epi8(Load(block + 16 * step), swap);
    } else {
      const __m128i last = words[(step + 3) % 4];
      const __m128i seventh = _mm_alignr_epi8(last, words[(step + 2) % 4], 4);
      word = _mm_add_epi32(_mm_sha256msg1_epu32(word, words[(step + 1) % 4]), seventh);
      word = _mm_sha256msg2_epu32(word, last);
    }
    const __m128i sum = _mm_add_epi32(word, Load(&kRound[4 * step]));
    hgdc = _mm_sha256rnds2_epu32(hgdc, feba, sum);
    feba = _mm_sha256rnds2_epu32(feba, hgdc, _mm_shuffle_epi32(sum, 0x0e));
  }
};

// While one message waits for its last two rounds the other one goes on.
template <size_t kMessages>
ASSAY_SHA inline __attribute__((always_inline)) void Add(uint32_t* const (&states)[kMessages],
                                                         const uint8_t* const (&bytes)[kMessages],
                                                         size_t blocks) {
  Rounds rounds[kMessages];
  for (size_t i = 0; i < kMessages; ++i) rounds[i].Begin(states[i]);
  for (size_t block = 0; block < blocks; ++block) {
    const Rounds before[] = {rounds[0], rounds[kMessages - 1]};
#pragma GCC unroll 16
    for (int step = 0; step < 16; ++step) {
#pragma GCC unroll 2
      for (size_t i = 0; i < kMessages; ++i) rounds[i].Do(step, bytes[i] + 64 * block);
    }
    for (size_t i = 0; i < kMessages; ++i) rounds[i].Add(before[i]);
  }
  for (size_t i = 0; i < kMessages; ++i) rounds[i].End(states[i]);
}

}  // namespace

bool HasShaExtensions() {
  constexpr unsigned kSha = 1u << 29, kSse41 = 1u << 19, kSsse3 = 1u << 9;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kSse41) == 0 || (c & kSsse3) == 0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kSha) != 0;
}

ASSAY_SHA void AddBlocks(RoundState& state, const uint8_t* bytes, size_t blocks) {
  Add<1>({state.data()}, {bytes}, blocks);
}

ASSAY_SHA void AddBlocks(RoundState& one, const uint8_t* bytes, RoundState& two,
                         const uint8_t* other, size_t blocks) {
  Add<2>({one.data(), two.data()}, {bytes, other}, blocks);
}

}  // namespace assay::proof

#else

namespace assay::proof {

bool HasShaExtensions() { return false; }
void AddBlocks(RoundState&, const uint8_t*, size_t) { ASSAY_ASSERT(false, "no SHA extensions"); }
void AddBlocks(RoundState&, const uint8_t*, RoundState&, const uint8_t*, size_t) {
  ASSAY_ASSERT(false, "no SHA extensions");
}

}  // namespace assay::proof

#endif
