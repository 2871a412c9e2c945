#include "cli/inventory.h"

#include <fmt/format.h>

#include "base/text.h"

namespace assay::cli {

Error NotInstalled(const char* what, const std::string& id, const std::vector<std::string>& known) {
  const std::string near = NearestWord(id, known);
  Error error{
      Code::kNotFound, fmt::format("{} {}: not installed", what, Quote(id)), {}, {}, {}, {}};
  error.hint = near.empty() ? fmt::format("assay {} list shows what is", what)
                            : fmt::format("did you mean \"{}\"?", near);
  return error;
}

}  // namespace assay::cli
