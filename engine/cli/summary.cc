#include "cli/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace assay::cli {
namespace {

constexpr size_t kShownFailures = 6, kShownGaps = 4;

std::string Seconds(int64_t ms) { return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000); }

Severity SeverityOf(const CheckResult& result, const CheckCatalogue& checks) {
  const auto at = checks.find(result.check);
  return at == checks.end() ? Severity::kMedium : at->second.severity;
}

std::string TitleOf(const CheckResult& result, const CheckCatalogue& checks) {
  const auto at = checks.find(result.check);
  return at == checks.end() ? result.check : at->second.title;
}

std::vector<const CheckResult*> Sorted(const assess::RunReport& report, Verdict verdict,
                                       const CheckCatalogue& checks) {
  std::vector<const CheckResult*> out;
  for (const CheckResult& check : report.checks)
    if (check.verdict == verdict) out.push_back(&check);
  std::stable_sort(out.begin(), out.end(), [&](const CheckResult* a, const CheckResult* b) {
    const Severity sa = SeverityOf(*a, checks), sb = SeverityOf(*b, checks);
    return sa != sb ? sa < sb : a->check < b->check;
  });
  return out;
}

/// What was not assessed, grouped by cause: one missing permission is one line, not ten.
std::string Gaps(const std::vector<const CheckResult*>& gaps, const Style& style) {
  std::vector<std::pair<std::string, std::vector<const CheckResult*>>> causes;
  for (const CheckResult* gap : gaps) {
    const std::string cause = fmt::format("{}: {}", Name(gap->reason), gap->detail);
    auto at =
        std::find_if(causes.begin(), causes.end(), [&](const auto& c) { return c.first == cause; });
    if (at == causes.end()) at = causes.insert(causes.end(), {cause, {}});
    at->second.push_back(gap);
  }
  std::string out;
  for (size_t i = 0; i < std::min(causes.size(), kShownGaps); ++i) {
    const auto& [cause, checks] = causes[i];
    out += fmt::format(
        "    {} {} not assessed{}\n      {}\n", Mark(Verdict::kNotAssessed, style),
        checks.size() == 1 ? checks.front()->check : fmt::format("{} checks", checks.size()),
        checks.size() == 1 ? "" : fmt::format(" ({}, ...)", checks.front()->check), cause);
  }
  if (causes.size() > kShownGaps)
    out += fmt::format("    and {} more causes\n", causes.size() - kShownGaps);
  return out;
}

std::string WorthALook(const assess::RunReport& report, const CheckCatalogue& checks,
                       const Style& style) {
  const auto failures = Sorted(report, Verdict::kFail, checks);
  const auto gaps = Sorted(report, Verdict::kNotAssessed, checks);
  if (failures.empty() && gaps.empty()) return "";
  std::string out = "\n  Worth a look\n";
  size_t width = 0;
  const auto widen = [&](const std::vector<const CheckResult*>& list, size_t most) {
    for (size_t i = 0; i < std::min(list.size(), most); ++i)
      width = std::max(width, list[i]->check.size());
  };
  widen(failures, kShownFailures);
  for (size_t i = 0; i < std::min(failures.size(), kShownFailures); ++i) {
    const CheckResult& f = *failures[i];
    const std::string counts =
        f.subjects() > 1 ? fmt::format("{} of {}: ", f.fail, f.subjects()) : "";
    out += fmt::format("    {} {:<8}  {:<{}}  {}{}\n", Mark(Verdict::kFail, style),
                       Name(SeverityOf(f, checks)), f.check, width, counts, TitleOf(f, checks));
  }
  if (failures.size() > kShownFailures)
    out += fmt::format("    and {} more that fail\n", failures.size() - kShownFailures);
  return out + Gaps(gaps, style);
}

/// What the collecting waited for, when nothing else was done for a second or longer.
std::string Waited(const broker::PaceReport& pace) {
  if (pace.idle < std::chrono::seconds(1)) return "";
  std::string classes;
  for (const auto& [name, one] : pace.classes) {
    std::chrono::milliseconds most{0};
    broker::WaitReason reason = broker::WaitReason::kBudget;
    for (const auto& [why, waited] : one.waited)
      if (waited > most) std::tie(most, reason) = std::tie(waited, why);
    if (most >= std::chrono::seconds(1))
      classes += fmt::format("{}{} ({})", classes.empty() ? "" : " · ", name, Name(reason));
  }
  return fmt::format("  idle     waiting for the services' limits: {}  {}\n", classes,
                     Seconds(pace.idle.count()));
}

/// Areas that no application permission opens: docs/admin/not-reached.md.
std::string NotReachedJson() {
  return R"(["exchange_online_settings","teams_settings","purview_settings",)"
         R"("power_platform_settings","defender_portal_settings"])";
}

std::string WaitsJson(const broker::PaceReport& pace) {
  std::string out;
  for (const auto& [name, one] : pace.classes) {
    out += fmt::format("{}{{\"throttle\":{},\"requests\":{},\"throttled\":{},\"waited_ms\":{{",
                       out.empty() ? "" : ",", JsonString(name), one.requests, one.throttled);
    const char* comma = "";
    for (const auto& [reason, waited] : one.waited) {
      out += fmt::format("{}\"{}\":{}", comma, Name(reason), waited.count());
      comma = ",";
    }
    out += "}}";
  }
  return "[" + out + "]";
}

}  // namespace

std::string ControlSummary(const std::vector<ControlResult>& controls, const Style&) {
  std::vector<std::string> order;
  std::map<std::string, std::map<ControlState, int>> counts;
  for (const ControlResult& control : controls) {
    if (!counts.contains(control.framework)) order.push_back(control.framework);
    ++counts[control.framework][control.state];
  }
  std::string out;
  for (const std::string& framework : order) {
    auto& n = counts[framework];
    const int satisfied = n[ControlState::kSatisfied], excepted = n[ControlState::kExcepted];
    const int failing = n[ControlState::kNotSatisfied], unknown = n[ControlState::kUnknown];
    const int uncovered = n[ControlState::kUncovered];
    const int assessed = satisfied + failing + excepted;
    out += fmt::format(
        "  {:<14} {} satisfied of {} assessed of {} mapped · {} not satisfied · "
        "{} unknown · {} not covered by any check\n",
        framework, satisfied, assessed, assessed + unknown, failing, unknown, uncovered);
  }
  // Said aloud wherever controls are counted: what no application can read is implied by nothing.
  if (!out.empty())
    out +=
        "  not read: settings of Exchange, Teams and Purview, and more (assay explain "
        "not_reached)\n";
  return out;
}

std::string RunSummary(const assess::RunReport& report, const CheckCatalogue& checks,
                       const Style& style) {
  std::string collect;
  for (const auto& [plugin, done] : report.endpoints_done)
    collect +=
        fmt::format("{}{} {}/{}", collect.empty() ? "" : " · ", plugin, done.first, done.second);
  std::string out;
  out += fmt::format("  collect  {}  {}\n", collect, Seconds(report.collect_ms));
  out += Waited(report.pace);
  if (!report.checks.empty())
    out += fmt::format("  check    {} checks on {} subjects  {}\n", report.checks.size(),
                       report.subjects, Seconds(report.check_ms));
  const std::string root = EncodeHex(report.head.root);
  out += fmt::format("  commit   {} entries · head {}…{} · checkpoint signed  {}\n", report.entries,
                     root.substr(0, 4), root.substr(root.size() - 4), Seconds(report.commit_ms));
  if (report.checks.empty()) return out;
  std::map<Verdict, int> n;
  for (const CheckResult& check : report.checks) ++n[check.verdict];
  const auto part = [&](Verdict v, const char* word) {
    return fmt::format("{} {} {}", Mark(v, style), n[v], word);
  };
  out += fmt::format("\n  {}   {}   {}   {}   {}\n", part(Verdict::kFail, "fail"),
                     part(Verdict::kPass, "pass"), part(Verdict::kManual, "manual"),
                     part(Verdict::kNotAssessed, "not assessed"),
                     part(Verdict::kNotApplicable, "not applicable"));
  out += WorthALook(report, checks, style);
  if (!report.controls.empty()) out += "\n" + ControlSummary(report.controls, style);
  return out;
}

std::string RunReportJson(const assess::RunReport& report, const std::string& tenant,
                          const std::string& changes) {
  std::string checks, controls, missing, faults, warnings;
  for (const CheckResult& c : report.checks)
    checks += fmt::format(
        "{}{{\"check\":{},\"version\":{},\"verdict\":\"{}\",\"reason\":{},\"detail\":{},\"pass\":{}"
        ","
        "\"fail\":{},\"manual\":{},\"not_applicable\":{},\"not_assessed\":{}}}",
        checks.empty() ? "" : ",", JsonString(c.check), c.version, Name(c.verdict),
        c.reason == Reason::kNone ? "null" : JsonString(Name(c.reason)), JsonString(c.detail),
        c.pass, c.fail, c.manual, c.not_applicable, c.not_assessed);
  for (const ControlResult& c : report.controls)
    controls += fmt::format("{}{{\"framework\":{},\"control\":{},\"state\":\"{}\",\"why\":{}}}",
                            controls.empty() ? "" : ",", JsonString(c.framework),
                            JsonString(c.control), Name(c.state), JsonString(c.why));
  for (const std::string& m : report.missing_permissions)
    missing += (missing.empty() ? "" : ",") + JsonString(m);
  for (const auto& [plugin, what] : report.plugin_faults)
    faults += fmt::format("{}{{\"plugin\":{},\"detail\":{}}}", faults.empty() ? "" : ",",
                          JsonString(plugin), JsonString(what));
  for (const std::string& warning : report.warnings)
    warnings += (warnings.empty() ? "" : ",") + JsonString(warning);
  return fmt::format(
      "{{\"tenant\":{},\"run\":\"{}\",\"interrupted_run\":{},\"reads\":{},\"entries\":{},"
      "\"subjects\":{},\"new_findings\":{},\"tree_size\":{},\"root_hash\":\"{}\",\"checks\":[{}],"
      "\"controls\":[{}],\"not_reached\":{},\"missing_permissions\":[{}],\"plugin_faults\":[{}],"
      "\"warnings\":[{}],"
      "\"stopped\":{},\"idle_ms\":{},\"pace\":{},\"changes\":{}}}",
      JsonString(tenant), report.run,
      report.interrupted_run.empty() ? "null" : JsonString(report.interrupted_run), report.reads,
      report.entries, report.subjects, report.new_findings, ToNumber(report.head.size),
      EncodeBase64(report.head.root), checks, controls, NotReachedJson(), missing, faults, warnings,
      report.stopped ? JsonString(report.stopped->ToString()) : "null", report.pace.idle.count(),
      WaitsJson(report.pace), changes);
}

}  // namespace assay::cli
