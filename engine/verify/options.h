// Command line of assay-verify.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace assay::verify {

struct Options {
  std::filesystem::path path;         ///< directory of a ledger or backup, file of a bundle
  std::string key;                    ///< expected fingerprint, empty when none was given
  uint64_t min_size = 0;              ///< entries that a signed head must cover
  std::optional<Timestamp> min_time;  ///< the last entry must not be older
  std::string master_key;             ///< file; opens sealed bodies
  std::string tsa_ca;                 ///< file of PEM certificates; verifies RFC 3161 tokens
  bool json = false;
  bool help = false;
  bool version = false;
};

extern const char kUsage[];

/// kInvalidInput names the argument.
Result<Options> ParseOptions(const std::vector<std::string>& arguments);

}  // namespace assay::verify
