#include "model/limits.h"

#include <algorithm>
#include <limits>

namespace assay {
namespace {

template <auto Field>
constexpr LimitField Limit(std::string_view name, std::string_view grant) {
  return {name, grant, [](const WorkerLimits& limits) { return uint64_t{limits.*Field}; },
          [](WorkerLimits& limits, uint64_t value) {
            using Number = std::remove_reference_t<decltype(limits.*Field)>;
            limits.*Field =
                static_cast<Number>(std::min<uint64_t>(value, std::numeric_limits<Number>::max()));
          }};
}

constexpr LimitField kLimits[] = {
    Limit<&WorkerLimits::memory_bytes>("memory_bytes", "memory"),
    Limit<&WorkerLimits::cpu_seconds>("cpu_seconds", "cpu"),
    Limit<&WorkerLimits::wall_seconds>("wall_seconds", "wall"),
    Limit<&WorkerLimits::rows>("rows", "rows"),
    Limit<&WorkerLimits::row_bytes>("row_bytes", "row_bytes"),
    Limit<&WorkerLimits::frames>("frames", "frames"),
    Limit<&WorkerLimits::reads>("reads", "requests"),
    Limit<&WorkerLimits::outstanding>("outstanding", "outstanding"),
    Limit<&WorkerLimits::log_bytes>("log_bytes", "log_bytes"),
    Limit<&WorkerLimits::denied_calls>("denied_calls", "denied_calls"),
    Limit<&WorkerLimits::records_per_body>("records_per_body", "records_per_body"),
    Limit<&WorkerLimits::threads>("threads", ""),
    Limit<&WorkerLimits::threads_at_most>("threads_at_most", "threads"),
};

}  // namespace

std::span<const LimitField> LimitFields() { return kLimits; }

}  // namespace assay
