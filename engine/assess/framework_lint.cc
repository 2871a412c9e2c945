#include "assess/framework_lint.h"

#include <fmt/format.h>

#include <map>

#include "base/result.h"
#include "base/text.h"
#include "model/retired_controls.h"

namespace assay::assess {
namespace {

class Linter {
 public:
  Linter(const FrameworkSpec& spec, const std::set<std::string>& known)
      : spec_(spec), known_(known) {}

  std::vector<FrameworkProblem> Lint() {
    for (const ControlSpec& control : spec_.controls) {
      Numbers(control);
      Mapping(control);
      Words(control);
      if (spec_.kind == "law") LawItem(control);
    }
    return std::move(out_);
  }

 private:
  void Error(const ControlSpec& control, std::string what) {
    out_.push_back({spec_.id + ":" + control.id, std::move(what), true});
  }
  void Warning(const ControlSpec& control, std::string what) {
    out_.push_back({spec_.id + ":" + control.id, std::move(what), false});
  }

  void Numbers(const ControlSpec& control) {
    const auto became = RetiredTargets(control.id);
    if (spec_.id.starts_with("iso27001") && !became.empty())
      Error(control, "is a number of ISO/IEC 27001:2013, became " + Join(became, ", "));
    const auto [at, fresh] = titles_.emplace(control.title, control.id);
    if (!fresh) Error(control, fmt::format("has the title of {}", Quote(at->second)));
  }

  void Mapping(const ControlSpec& control) {
    for (const std::string& check : control.checks)
      if (!known_.empty() && !known_.contains(check))
        Error(control, fmt::format("is mapped to check {}, which does not exist", Quote(check)));
    if (control.automation == "manual" && !control.checks.empty())
      Warning(control, fmt::format("is manual, and {} checks are mapped", control.checks.size()));
    if ((control.automation == "automated" || control.automation == "partial") &&
        control.checks.empty())
      Warning(control, fmt::format("is {}, and no check is mapped", control.automation));
  }

  void Words(const ControlSpec& control) {
    if (control.responsibility.empty()) Error(control, "does not say who is responsible");
    const bool unread = control.automation == "manual" || control.automation == "n/a";
    if (unread && control.reason.empty())
      Error(control, fmt::format("does not say why it is {}", control.automation));
    if (!control.checks.empty() && control.not_shown.empty())
      Error(control, "does not say what its checks do not show");
  }

  void LawItem(const ControlSpec& control) {
    if (control.level.empty() || control.reason.empty())
      Error(control, "is an item of a law without level or reason");
    if (control.automation == "automated")
      Error(control, "is an item of a law: a person has to attest part of it");
  }

  const FrameworkSpec& spec_;
  const std::set<std::string>& known_;
  std::map<std::string, std::string> titles_;
  std::vector<FrameworkProblem> out_;
};

}  // namespace

std::vector<FrameworkProblem> LintFramework(const FrameworkSpec& spec,
                                            const std::set<std::string>& known_checks) {
  return Linter(spec, known_checks).Lint();
}

std::vector<std::string> UnmappedChecks(const std::vector<const FrameworkSpec*>& frameworks,
                                        const std::set<std::string>& known_checks) {
  std::set<std::string> left = known_checks;
  for (const FrameworkSpec* framework : frameworks)
    for (const ControlSpec& control : framework->controls)
      for (const std::string& check : control.checks) left.erase(check);
  return {left.begin(), left.end()};
}

}  // namespace assay::assess
