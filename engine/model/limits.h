// The limits of a worker by name, as manifests, grants, locks and ledgers call them. Every quota
// has its reason in docs/decisions/0004-quotas.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/manifest.h"

namespace assay {

struct LimitField {
  std::string_view name;   ///< "memory_bytes"
  std::string_view grant;  ///< what `grants` in assay.toml calls it: "memory"; empty: not there
  uint64_t (*get)(const WorkerLimits& limits);
  /// A number that is too large for the field becomes the largest that is not.
  void (*set)(WorkerLimits& limits, uint64_t value);
};

/// All of them. [any thread]
std::span<const LimitField> LimitFields();

/// A manifest may ask for this many times the default; beyond that only assay.toml helps.
inline constexpr uint64_t kMostTimesDefault = 8;

}  // namespace assay
