// What the pages, the comparison and the ports of one replay know in common: what could not be
// replayed, and why. [any thread]
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"

namespace assay::assess {

class ReplayState {
 public:
  /// The body of a page is not there: the plugin gets to see an outage in its place.
  void Withhold(const std::string& plugin, uint32_t page, const std::string& why) {
    const std::lock_guard lock(mutex_);
    pages_.emplace(page, why);
    plugins_.emplace(plugin, why);
  }
  /// What the plugin gives need not be what it gave: because of a page, or of how it ended.
  void Excuse(const std::string& plugin, const std::string& why) {
    const std::lock_guard lock(mutex_);
    plugins_.emplace(plugin, why);
  }
  /// Checks that read this dataset cannot be decided again.
  void Lose(const std::string& dataset, const std::string& why) {
    const std::lock_guard lock(mutex_);
    datasets_.emplace(dataset, why);
  }
  /// What this check compares with is not there: it cannot be decided again.
  void LoseCheck(const std::string& check, const std::string& why) {
    const std::lock_guard lock(mutex_);
    checks_.emplace(check, why);
  }
  /// The ledger itself does not hold together: there is nothing to compare with. The first stays.
  void Break(Error error) {
    const std::lock_guard lock(mutex_);
    if (!broken_) broken_ = std::move(error);
  }
  std::optional<Error> broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
  }
  std::optional<std::string> WhyPage(uint32_t page) const { return Find(pages_, page); }
  std::optional<std::string> WhyPlugin(const std::string& id) const { return Find(plugins_, id); }
  std::optional<std::string> WhyCheck(const std::string& id) const { return Find(checks_, id); }
  std::optional<std::string> WhyDataset(const std::string& id) const { return Find(datasets_, id); }

 private:
  template <typename Map>
  std::optional<std::string> Find(const Map& map, const typename Map::key_type& key) const {
    const std::lock_guard lock(mutex_);
    const auto at = map.find(key);
    return at == map.end() ? std::nullopt : std::optional(at->second);
  }

  mutable std::mutex mutex_;
  std::map<uint32_t, std::string> pages_;
  std::map<std::string, std::string> plugins_, datasets_, checks_;
  std::optional<Error> broken_;
};

}  // namespace assay::assess
