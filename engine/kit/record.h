// A fixture from a real tenant: the collector runs over the real broker, with its read-only guard;
// what came is scrubbed before it is written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kit/bench.h"

namespace assay::kit {

struct Recording {
  std::vector<std::string> files;  ///< names in the folder
  uint64_t pages = 0;
  std::string detail;  ///< how the run of the plugin ended, when not well
};

/// Runs the plugin over `broker`, whose consent guard was passed with `roles`, and writes a fixture
/// into `folder`, which must not exist. Links are made anew; GUIDs, personal columns, addresses and
/// tokens are invented. `redact`: every other text for people too. kAlreadyExists, kIo,
/// kUnavailable (nothing could be read).
Result<Recording> Record(const Bench& bench, broker::Broker& broker,
                         const std::vector<std::string>& roles, bool arm_available,
                         const std::filesystem::path& folder, bool redact);

}  // namespace assay::kit
