// Host extension assay.counts/1: sums of a collector, sent once when it ended.
#pragma once

#include <map>

#include "worker/host.h"

namespace assay::worker {

class CountsExtension : public Extension {
 public:
  explicit CountsExtension(Session& session) : session_(session) {}
  std::string_view id() const override;
  const void* table() const override;
  assay_status_t Flush() override;

  assay_status_t Add(uint32_t dataset, uint32_t kind, uint64_t count);

 private:
  Session& session_;
  std::map<uint32_t, ipc::Counts> sums_;  ///< by the engine's number of the dataset
};

}  // namespace assay::worker
