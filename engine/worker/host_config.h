// Host extension assay.config/1: settings of the tenant, as the engine's first message gave them.
#pragma once

#include "worker/host.h"

namespace assay::worker {

/// Has no state: the values stand in Session::init().
class ConfigExtension : public Extension {
 public:
  std::string_view id() const override;
  const void* table() const override;
};

}  // namespace assay::worker
