// What a program says to the allocator at its start.
#pragma once

namespace assay {

/// Keeps up to 32 MiB that were freed instead of giving them back to the kernel at once: buffers of
/// a few MiB come and go with each body, and each time the kernel would fill them with zeros page
/// by page. For programs that run the ledger; before any thread starts.
void KeepFreedMemory();

}  // namespace assay
