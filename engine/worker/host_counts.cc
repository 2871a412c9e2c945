#include "worker/host_counts.h"

#include <fmt/format.h>

#include <algorithm>

#include "assay/counts.h"

namespace assay::worker {
namespace {

constexpr assay_counts_v1_t kTable{
    [](const assay_host_t* abi, uint32_t dataset, uint32_t kind, uint64_t count) {
      return Guarded(abi, [&](Host& host) { return host.counts->Add(dataset, kind, count); });
    },
};

}  // namespace

std::string_view CountsExtension::id() const { return ASSAY_EXT_COUNTS; }
const void* CountsExtension::table() const { return &kTable; }

assay_status_t CountsExtension::Add(uint32_t dataset, uint32_t kind, uint64_t count) {
  const auto& known = session_.init().datasets;
  if (std::none_of(known.begin(), known.end(), [&](const auto& d) { return d.first == dataset; }))
    return session_.Refuse(ASSAY_E_INVALID,
                           fmt::format("counts: no dataset has number {}", dataset));
  ipc::Counts& sums = sums_[dataset];
  sums.dataset = dataset;
  uint64_t* sum = kind == ASSAY_COUNT_DROPPED    ? &sums.dropped
                  : kind == ASSAY_COUNT_RECORDS  ? &sums.records
                  : kind == ASSAY_COUNT_EXPECTED ? &sums.expected
                                                 : nullptr;
  if (sum == nullptr)
    return session_.Refuse(ASSAY_E_INVALID, fmt::format("counts: there is no kind {}", kind));
  *sum = count > UINT64_MAX - *sum ? UINT64_MAX : *sum + count;
  return ASSAY_OK;
}

assay_status_t CountsExtension::Flush() {
  for (const auto& [dataset, sums] : sums_)
    if (const auto s = session_.Send(ipc::Type::kCounts, Encode(sums)); s != ASSAY_OK) return s;
  sums_.clear();
  return ASSAY_OK;
}

}  // namespace assay::worker
