// Bodies made from bodies: cut, grown, continued for ever, mutated. Works on JSON text without
// building it, so that what comes out is as odd as what went in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::kit {

/// About `bytes` longer, by a first member that nobody asked for. [any thread]
std::string Padded(std::string_view body, size_t bytes);
/// About `bytes` long: the elements of "value" (or "data") repeated. Unchanged when there are none.
/// [any thread]
std::string Grown(std::string_view body, size_t bytes);

/// Ends inside a text value, the first one from `per_mille` of the body on; cut there when there is
/// none. [any thread]
std::string CutInText(std::string_view body, uint32_t per_mille);

/// With `link` as the continuation link under `key` ("@odata.nextLink"), in the place of one that
/// is there. [any thread]
std::string Continued(std::string_view body, std::string_view key, std::string_view link);

/// Numbers that depend on nothing but the seed: splitmix64. Not thread-safe.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  /// 0 .. below - 1; 0 when `below` is 0.
  size_t Below(size_t below) { return below == 0 ? 0 : static_cast<size_t>(Next() % below); }

 private:
  uint64_t state_;
};

/// One to four changes: bytes flipped, parts cut, doubled or moved, values of another type, huge
/// numbers, deep nesting, broken escapes. At most `max_bytes`.
std::string Mutated(std::string_view body, Dice& dice, size_t max_bytes = 1u << 20);

}  // namespace assay::kit
