#include "range_reader.h"

#include "assay/answer.h"

namespace assay::cost {

Problem RangeReader::Ask(const std::string& name, uint64_t offset) {
  const Param params[] = {{"blob", name}, {"offset", std::to_string(offset)}};
  uint64_t ticket = 0;
  const assay_status_t status = context_.TryRequest(endpoint_, params, ticket);
  if (status == ASSAY_OK) {
    asked_[ticket] = offset;
    return {};
  }
  if (status == ASSAY_E_INVALID) return {Why::kUnsupported, "a file has a name that is not read"};
  if (status == ASSAY_E_DENIED) return {Why::kPermission, "reading files is not granted"};
  if (status == ASSAY_E_LIMIT) return {Why::kPartial, "the limit of reads is used up"};
  throw PluginError(status, "request " + std::string(endpoint_));
}

Problem RangeReader::TakeInOrder(const std::string& name, uint64_t bytes, const OnBytes& take) {
  uint64_t wanted = 0, next = 0;  // first byte not taken, and not asked for
  while (wanted < bytes) {
    while (next < bytes && asked_.size() + came_.size() < kAhead) {
      if (Problem problem = Ask(name, next)) return problem;
      next += kRangeBytes;
    }
    const auto ready = came_.find(wanted);
    if (ready == came_.end()) {
      const std::optional<Page> page = context_.Wait();
      if (!page) throw PluginError(ASSAY_E_INTERNAL, "a range never came");
      const auto asked = asked_.find(page->ticket());
      if (asked == asked_.end()) throw PluginError(ASSAY_E_INTERNAL, "a page of no read");
      came_.emplace(asked->second, *page);
      asked_.erase(asked);
      continue;
    }
    const Page page = ready->second;
    if (!page.ok()) return Explain(page, endpoint_);
    const uint64_t length = std::min(kRangeBytes, bytes - wanted);
    if (page.body().size() != length)
      return {Why::kPartial, "a file is not as long as the listing says"};
    if (!take(page)) return {};
    context_.Done(page);
    came_.erase(ready);
    wanted += length;
  }
  return {};
}

/// What was asked ahead and is not needed any more.
void RangeReader::GiveBackRest() {
  while (!asked_.empty()) {
    const std::optional<Page> page = context_.Wait();
    if (!page) break;
    asked_.erase(page->ticket());
    context_.Done(*page);
  }
  for (const auto& [offset, page] : came_) context_.Done(page);
  asked_.clear();
  came_.clear();
}

Problem RangeReader::Read(const std::string& name, uint64_t bytes, const OnBytes& take) {
  Problem problem = TakeInOrder(name, bytes, take);
  GiveBackRest();
  return problem;
}

}  // namespace assay::cost
