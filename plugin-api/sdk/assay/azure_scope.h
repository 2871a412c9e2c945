// Which Azure subscriptions are wanted: what the tenant's configuration includes and excludes.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "assay/config.h"
#include "assay/context.h"

namespace assay {

/// Made once for a run. Ids and display names compare without regard to the case of ASCII letters.
class AzureScope {
 public:
  explicit AzureScope(Context& context)
      : wanted_(Folded(context.Setting(ASSAY_CONFIG_SUBSCRIPTIONS))),
        excluded_(Folded(context.Setting(ASSAY_CONFIG_EXCLUDE_SUBSCRIPTIONS))),
        unseen_(wanted_) {}

  /// Whether this subscription is to be read. Call it for each that the service lists.
  bool Wants(std::string_view id, std::string_view display_name) {
    const std::string keys[] = {Fold(id), Fold(display_name)};
    const auto named = [&](const std::vector<std::string>& list) {
      return Has(list, keys[0]) || Has(list, keys[1]);
    };
    for (const std::string& key : keys) std::erase(unseen_, key);
    return (wanted_.empty() || named(wanted_)) && !named(excluded_);
  }

  /// States `datasets` partial when a subscription that the configuration asks for was never
  /// listed: a check must not pass over what this identity cannot see. Call it after the list
  /// ended.
  void StateUnseen(Context& context, const std::vector<const DatasetInfo*>& datasets) const {
    if (unseen_.empty()) return;
    constexpr std::string_view kGroup = "management group ";
    const bool group = unseen_.front().compare(0, kGroup.size(), kGroup) == 0;
    const std::string detail =
        (group ? "" : "subscription ") + unseen_.front() +
        " of the configuration is not visible to this identity" +
        (unseen_.size() > 1 ? " (and " + std::to_string(unseen_.size() - 1) + " more)" : "");
    for (const DatasetInfo* dataset : datasets)
      context.State(*dataset, ASSAY_PARTIAL, Why::kPermission, detail);
  }

 private:
  static std::string Fold(std::string_view text) {
    std::string out(text);
    for (char& c : out)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
  }
  static std::vector<std::string> Folded(std::vector<std::string> list) {
    for (std::string& text : list) text = Fold(text);
    return list;
  }
  static bool Has(const std::vector<std::string>& list, const std::string& key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  }

  std::vector<std::string> wanted_, excluded_, unseen_;
};

}  // namespace assay
