// Labels to bits: FNV-1a over the label, then the SplitMix64 finaliser.
#include "demo/seeded.h"

#include <fmt/format.h>

namespace assay::demo {
namespace {

uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

uint64_t Seeded::Bits(std::string_view label) const {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char c : label) hash = (hash ^ c) * 0x100000001b3u;
  return Mix(hash ^ Mix(seed_));
}

std::string Seeded::Guid(std::string_view label) const {
  uint64_t high = Bits(label);
  uint64_t low = Mix(high);
  high = (high & ~uint64_t{0xf000}) | 0x4000;
  low = (low & ~(uint64_t{0xc} << 60)) | (uint64_t{0x8} << 60);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffffu);
}

std::string Seeded::Day(std::string_view label, int days) const {
  auto back = std::chrono::seconds(Below(std::string(label) + "/time", 20 * 3600));
  return Seconds(now_ + std::chrono::days(days) - back);
}

std::string Seeded::At(int days) const { return Seconds(now_ + std::chrono::days(days)); }

std::string Seconds(Timestamp time) { return FormatTime(time).substr(0, 19) + "Z"; }

}  // namespace assay::demo
