// Arbitrary text as assay.toml: every diagnostic has a code and stands within the file.
#include <algorithm>

#include "config/load.h"
#include "unit/config/config_files.h"

using namespace assay;
using namespace assay::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const ConfigFolder folder;
  const std::string text(AsText({data, size}));
  const Loaded loaded = LoadConfig(folder.Write("assay.toml", text), WithoutSecrets());
  const auto lines = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const Diagnostic& d : loaded.diagnostics) {
    ASSAY_ASSERT(d.code.starts_with("AS-CFG-"), "a diagnostic has a code");
    ASSAY_ASSERT(!d.message.empty(), "a diagnostic says what is wrong");
    ASSAY_ASSERT(d.place.line <= lines, "a diagnostic stands within the file");
  }
  ASSAY_ASSERT(!CanonicalText(loaded.config).empty(), "any configuration has a canonical text");
  return 0;
}
