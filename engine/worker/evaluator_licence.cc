#include "worker/evaluator_licence.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/licence.h"

namespace assay::worker {
namespace {

constexpr std::string_view kSuffix = "_plan";

std::string ViewOf(std::string plugin) {
  std::replace(plugin.begin(), plugin.end(), '-', '_');
  return plugin + std::string(kSuffix);
}

std::string ListOf(const std::vector<std::string>& plans) {
  return fmt::format("{}", fmt::join(plans, " or "));
}

std::string_view TextAt(sqlite3_stmt* s, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(s, column))};
}

class Gate {
 public:
  Gate(Database& database, const Evidence& evidence, const CheckSpec& check,
       const Standing& standing, const Budget& budget)
      : database_(database),
        evidence_(evidence),
        check_(check),
        standing_(standing),
        budget_(budget) {}

  std::optional<CheckResult> Decide() {
    auto views = database_.Views();
    if (!views) return NotAssessed(check_, Reason::kPluginFault, views.error().ToString());
    auto statement = Open(*views);
    if (refusal_) return refusal_;
    bool has = false;
    const Status ran = database_.Run(statement.get(), budget_, [&]() -> Status {
      has = has || Gives(TextAt(statement.get(), 0), TextAt(statement.get(), 1));
      return {};
    });
    if (!ran) return Fault(ran.error());
    if (has) return std::nullopt;
    return Missing();
  }

 private:
  /// The view, ready to be read. A check of the administrator has no collector: it asks the first
  /// view of plans whose datasets it reads.
  Statement Open(const std::vector<std::string>& views) {
    if (check_.plugin != kOwnChecks) {
      const std::string view = ViewOf(check_.plugin);
      if (std::find(views.begin(), views.end(), view) == views.end()) {
        Unsupported(fmt::format("collector {} has no view {}", check_.plugin, view));
        return nullptr;
      }
      auto statement = Prepare(view);
      if (statement) return std::move(*statement);
      refusal_ = Fault(statement.error());
      return nullptr;
    }
    for (const std::string& view : views)
      if (view.ends_with(kSuffix))
        if (auto statement = Prepare(view)) return std::move(*statement);
    Unsupported("reads has no dataset with the plans of a collector (entra_sku_plan of graph)");
    return nullptr;
  }

  Result<Statement> Prepare(const std::string& view) {
    return database_.Prepare(fmt::format("SELECT plan_id, plan_name FROM \"{}\"", view),
                             standing_.reads, &seen_);
  }

  void Unsupported(const std::string& why) {
    refusal_ = NotAssessed(check_, Reason::kUnsupported,
                           fmt::format("whether the tenant has {} is unknown: {}", Wanted(), why));
  }

  CheckResult Fault(const Error& error) const {
    return NotAssessed(check_, Reason::kPluginFault,
                       fmt::format("licence {}: {}", Wanted(), error.ToString()));
  }

  std::string Wanted() const { return ListOf(check_.licence); }

  bool Gives(std::string_view id, std::string_view name) const {
    return std::any_of(check_.licence.begin(), check_.licence.end(),
                       [&](const std::string& wanted) { return PlanGives(id, name, wanted); });
  }

  /// No such plan: only a complete list says that there is none.
  CheckResult Missing() const {
    for (const std::string& dataset : seen_) {
      const Condition& c = evidence_.conditions.at(dataset);
      if (c.completeness == Completeness::kComplete) continue;
      return NotAssessed(check_, c.reason == Reason::kNone ? Reason::kPartial : c.reason,
                         fmt::format("whether the tenant has {} is unknown: {} is {}", Wanted(),
                                     dataset, Name(c.completeness)));
    }
    return NotAssessed(check_, Reason::kLicence,
                       fmt::format("the tenant has no plan {}", Wanted()));
  }

  Database& database_;
  const Evidence& evidence_;
  const CheckSpec& check_;
  const Standing& standing_;
  const Budget& budget_;
  std::set<std::string> seen_;  ///< datasets behind the view
  std::optional<CheckResult> refusal_;
};

}  // namespace

std::optional<CheckResult> RefuseLicence(Database& database, const Evidence& evidence,
                                         const CheckSpec& check, const Standing& standing,
                                         const Budget& budget) {
  if (check.licence.empty()) return std::nullopt;
  return Gate(database, evidence, check, standing, budget).Decide();
}

}  // namespace assay::worker
