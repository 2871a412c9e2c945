#include "base/utc_time.h"

#include "base/time.h"

namespace assay {

bool IsUtcTime(std::string_view text) {
  const bool form =
      HasForm(text, "0000-00-00T00:00:00Z") || HasForm(text, "0000-00-00T00:00:00.000Z");
  return form && ParseTime(text).has_value();
}

}  // namespace assay
