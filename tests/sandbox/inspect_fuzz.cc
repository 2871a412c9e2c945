// libFuzzer entry for the ELF pass. Seeds: the plugins that the build made.
#include "sandbox/spawner.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)assay::sandbox::InspectPlugin(assay::ByteSpan(data, size));
  return 0;
}
