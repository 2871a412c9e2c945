// `assay plugin fuzz`: a collector over mutated answers, a framework over results of checks;
// bounded, repeatable. Finds ends that a plugin's run may not have, rows that do not fit, controls
// that do not follow, and runs that differ.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kit/bench.h"

namespace assay::kit {

struct FuzzLimits {
  uint64_t runs = 1000;
  std::optional<uint64_t> seconds;  ///< of real time; whichever comes first
};

/// One mutated run and what was wrong with it: all that is needed to do it again.
struct FuzzCase {
  std::string plugin;
  uint64_t seed = 0;
  std::string endpoint;        ///< whose answers are mutated; empty: of all
  std::string fixture_sha256;  ///< of the answers that were mutated; of a framework's mapped checks
  std::string problem;
};

struct FuzzReport {
  uint64_t runs = 0;
  std::optional<FuzzCase> found;    ///< the first; the search ends there
  std::optional<Fixture> smallest;  ///< input that breaks it so; nothing when it takes more
};

/// Searches. Run n of a random state is the same everywhere. Errors are those of the machine.
Result<FuzzReport> Fuzz(const Bench& bench, const Fixture& fixture, uint64_t random_state,
                        const FuzzLimits& limits, const std::function<void(uint64_t)>& tick);

/// Does one case again; the problem, empty when there is none any more.
Result<std::string> RunFuzzCase(const Bench& bench, const Fixture& fixture, const FuzzCase& one);

/// The file that --reproduce takes, and back. kInvalidInput. [any thread]
std::string FormatFuzzCase(const FuzzCase& one);
Result<FuzzCase> ParseFuzzCase(std::string_view text);

}  // namespace assay::kit
