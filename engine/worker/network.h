// Address prefixes as configuration of tenants writes them: "10.0.0.0/8", "2001:db8::/32", "*".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::worker {

/// An address prefix of either family. IPv4 within IPv6 (::ffff:a.b.c.d) counts as IPv4.
struct Prefix {
  std::array<uint8_t, 16> bytes{};
  int bits = 0;          ///< length of the prefix
  int width = 0;         ///< 32 or 128
  bool written = false;  ///< the text had a length after "/"

  /// True when every address of `inner` is in this prefix.
  bool Contains(const Prefix& inner) const;
};

/// An address, or an address "/" length. Nothing for other text. Bits behind the prefix are not
/// looked at.
std::optional<Prefix> ParsePrefix(std::string_view text);

/// True when no address of the prefix is routed on the public internet: private, shared, loopback,
/// link-local, documentation, multicast, reserved.
bool IsPrivate(const Prefix& prefix);

}  // namespace assay::worker
