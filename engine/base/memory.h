// What a program says to the allocator at its start.
#pragma once

namespace assay {

/// Keeps up to 32 MiB that were freed instead of giving them back to the kernel at once: buffers of
/// a few MiB come and go with each body, and each time the kernel would fill them with zeros page
/// by page. For programs that run the ledger; before any thread starts.
void KeepFreedMemory();

/// From now on this process leaves no core dump, and other processes of the same account can
/// neither trace it nor read its memory or environment: it is about to hold secrets. Children that
/// are forked later inherit it until they execute something.
void RefuseDumps();

}  // namespace assay
