// `assay check new`: a check of the administrator with its cases, which pass as they are written.
#pragma once

#include <string>

#include "base/result.h"
#include "model/manifest.h"

namespace assay::kit {

struct CheckTexts {
  std::string check;  ///< <id>.toml
  std::string cases;  ///< cases/<id>.toml
};

/// A check over one column of `dataset`: a flag that must be set, or else a text that must be one
/// of a list. kInvalidInput for a dataset that has neither.
Result<CheckTexts> WriteCheckTexts(const std::string& id, const DatasetSpec& dataset);

}  // namespace assay::kit
