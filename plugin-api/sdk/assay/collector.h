// Base of a collector plugin. Derive, implement Collect, end the file with ASSAY_PLUGIN(YourType).
#pragma once

#include "assay/context.h"
#include "assay/export.h"
#include "assay/reader.h"

namespace assay {

/// A collector reads what its manifest declares and emits rows. It has no state between runs.
class Collector {
 public:
  Collector() = default;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  virtual ~Collector() = default;

  /// Does the work. May throw: the message reaches the engine as the plugin's error.
  virtual void Collect(Context& context) = 0;

  /// Entry of the trampolines.
  void Run(const assay_host_t* host) {
    Context context(host);
    Collect(context);
  }
};

}  // namespace assay
