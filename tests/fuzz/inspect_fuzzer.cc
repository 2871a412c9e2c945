// Arbitrary bytes as a plugin's ELF file: judged without a crash. Seeds: heads of plugins.
#include "sandbox/spawner.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)assay::sandbox::InspectPlugin(assay::ByteSpan(data, size));
  return 0;
}
