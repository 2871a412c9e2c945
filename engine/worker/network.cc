#include "worker/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace assay::worker {
namespace {

constexpr size_t kLongest = 64;  // INET6_ADDRSTRLEN and a length

/// Registries of special-purpose addresses of IANA, neighbours put together.
constexpr std::string_view kSpecial[] = {
    "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12",   "192.0.0.0/24",   "192.0.2.0/24",  "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",   "::/127",         "100::/64",
    "2001:db8::/32",   "fc00::/7",       "fe80::/10",     "ff00::/8",
};

std::optional<int> ParseLength(std::string_view text, int most) {
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool ok = error == std::errc() && end == text.data() + text.size() && text.size() <= 3 &&
                  out >= 0 && out <= most;
  return ok ? std::optional(out) : std::nullopt;
}

/// ::ffff:a.b.c.d/96+n is a.b.c.d/n.
void Unmap(Prefix& prefix) {
  constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (prefix.width != 128 || prefix.bits < 96 ||
      !std::equal(kMapped.begin(), kMapped.end(), prefix.bytes.begin()))
    return;
  std::rotate(prefix.bytes.begin(), prefix.bytes.begin() + 12, prefix.bytes.end());
  std::fill(prefix.bytes.begin() + 4, prefix.bytes.end(), uint8_t{0});
  prefix.bits -= 96;
  prefix.width = 32;
}

}  // namespace

bool Prefix::Contains(const Prefix& inner) const {
  if (width != inner.width || bits > inner.bits) return false;
  for (int i = 0; i < bits; ++i) {
    const auto at = static_cast<size_t>(i / 8);
    if (((bytes[at] ^ inner.bytes[at]) >> (7 - i % 8)) & 1) return false;
  }
  return true;
}

std::optional<Prefix> ParsePrefix(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, std::min(slash, kLongest)));
  if (address.find('\0') != address.npos) return std::nullopt;
  Prefix out;
  if (inet_pton(AF_INET, address.c_str(), out.bytes.data()) == 1)
    out.width = 32;
  else if (inet_pton(AF_INET6, address.c_str(), out.bytes.data()) == 1)
    out.width = 128;
  else
    return std::nullopt;
  out.bits = out.width;
  if (slash != text.npos) {
    const auto length = ParseLength(text.substr(slash + 1), out.width);
    if (!length) return std::nullopt;
    out.bits = *length;
    out.written = true;
  }
  Unmap(out);
  return out;
}

bool IsPrivate(const Prefix& prefix) {
  static const std::vector<Prefix> special = [] {
    std::vector<Prefix> out;
    for (const std::string_view text : kSpecial) out.push_back(*ParsePrefix(text));
    return out;
  }();
  return std::any_of(special.begin(), special.end(),
                     [&](const Prefix& one) { return one.Contains(prefix); });
}

}  // namespace assay::worker
