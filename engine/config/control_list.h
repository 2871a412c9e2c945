// A list of controls as CSV, made a framework: docs/formats/control-list.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/framework.h"

namespace assay::config {

/// What the rows of a list may name.
struct ListWorld {
  std::vector<std::string> checks;
  std::vector<const FrameworkSpec*> frameworks;
};

/// The framework that the list makes, under `id`: each row a control, mapped to the checks that it
/// names and to those of the controls that it names. kInvalidInput "file:line:col: message" for
/// each of the first five mistakes: a missing column, a row with too few or too many cells, a
/// quote that does not end, an id that is empty, too long or there already, an empty title, and a
/// check or control that does not exist.
Result<FrameworkSpec> ParseControlList(std::string_view csv, const std::string& file,
                                       const std::string& id, const ListWorld& world);

/// The same framework as the two files of a package. [any thread]
std::string FormatControls(const FrameworkSpec& spec);
std::string FormatMapping(const FrameworkSpec& spec);

}  // namespace assay::config
