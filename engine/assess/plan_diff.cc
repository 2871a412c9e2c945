#include "assess/plan_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assess/earlier.h"
#include "assess/journal.h"
#include "assess/line.h"
#include "assess/needs.h"
#include "assess/read_set.h"
#include "assess/recorded_run.h"

namespace assay::assess {
namespace {

using Names = std::set<std::string>;

/// What the earlier run was told and what it did.
struct Then {
  std::string run;
  RunSettings settings;
  Names roles;
  bool roles_known = false;
  std::map<std::string, uint64_t> reads;  ///< by endpoint
  std::map<std::string, CheckView> checks;

  bool HadPlugin(const std::string& id) const { return FilesOf(id) != nullptr; }
  const std::map<std::string, std::string>* FilesOf(const std::string& id) const {
    for (const NamedPlugin& plugin : settings.plugins)
      if (plugin.id == id) return &plugin.files;
    return nullptr;
  }
};

/// The newest that was asked for everything, else the newest that ended.
const RunRow* Base(const std::vector<RunRow>& runs) {
  const RunRow* base = nullptr;
  for (const RunRow& run : runs)
    if (run.ended() && (base == nullptr || base->only || !run.only)) base = &run;
  return base;
}

Status CountReads(ledger::Ledger& ledger, const RunRow& run, Then& then) {
  Status bad;
  ASSAY_TRY(ledger.ReadLines(
      run.first, LeafIndex{ToNumber(run.last) + 1}, [&](LeafIndex, std::string_view text) {
        if (text.find("\"kind\":\"read\"") == text.npos) return true;
        const auto line = Line::Decode(text);
        if (!line) return bad = Fail(line.error()), false;
        // What the consent guard asks, it asks anyway.
        if (line->Text("run") == run.run && line->Text("plugin") != kGuardPlugin)
          ++then.reads[line->Text("endpoint")];
        return true;
      }));
  return bad;
}

Result<Then> ReadThen(ledger::Ledger& ledger, const RunRow& run) {
  Then out;
  out.run = run.run;
  RecordedRun recorded;
  recorded.run = run.run;
  recorded.first = run.first;
  auto settings = ReadSettings(ledger, recorded);
  if (!settings && settings.error().code != Code::kNotFound) return Fail(settings.error());
  if (settings) out.settings = std::move(*settings);
  ASSAY_ASSIGN(RunDecisions decided, ReadDecisions(ledger, run));
  out.checks = std::move(decided.checks);
  ASSAY_TRY(CountReads(ledger, run, out));
  auto full = ReadRecordedRun(ledger, run.run);
  if (!full && full.error().code == Code::kCorrupt) return Fail(full.error());
  out.roles_known = full && full->consented;
  if (full) out.roles.insert(full->roles.begin(), full->roles.end());
  return out;
}

/// Writes the lines of one plan.
class Comparison {
 public:
  Comparison(const RunPlan& plan, const Then& then, bool some_frameworks)
      : plan_(plan), then_(then), some_frameworks_(some_frameworks) {}

  PlanDiff Go() {
    out_.since = then_.run;
    for (const LoadedPlugin& framework : plan_.frameworks) Framework(framework);
    for (const LoadedPlugin& collector : plan_.collectors) Collector(collector);
    Gone();
    Checks();
    Permissions();
    for (const auto& [endpoint, reads] : then_.reads) out_.requests_then += reads;
    return std::move(out_);
  }

 private:
  void Add(char mark, const char* what, std::string id, std::string note) {
    out_.changes.push_back({mark, what, std::move(id), std::move(note)});
  }
  std::string Since() const { return then_.run.empty() ? "" : " in " + then_.run; }

  void Framework(const LoadedPlugin& plugin) {
    const FrameworkSpec& spec = plugin.framework;
    Names needed, enabled;
    for (const CheckSpec& check : plan_.checks) enabled.insert(check.id);
    for (const ControlSpec& control : spec.controls)
      for (const std::string& check : control.checks)
        if (enabled.contains(check)) needed.insert(check);
    const auto decided = std::count_if(needed.begin(), needed.end(), [&](const std::string& id) {
      return then_.checks.contains(id);
    });
    const auto before = then_.settings.controls.find(plugin.manifest.id);
    if (before == then_.settings.controls.end())
      return Add('+', "framework", spec.id,
                 fmt::format("{} controls, {} checks needed, {} already decided{}",
                             spec.controls.size(), needed.size(), decided, Since()));
    Names was(before->second.begin(), before->second.end()), is;
    for (const ControlSpec& control : spec.controls) is.insert(control.id);
    const auto fresh = Missing(is, was), gone = Missing(was, is);
    if (fresh + gone != 0)
      Add('~', "framework", spec.id, fmt::format("+ {} controls, - {}", fresh, gone));
    else if (Changed(plugin))
      Add('~', "framework", spec.id, "its files changed");
  }
  /// How many of `all` are not in `some`.
  static int64_t Missing(const Names& all, const Names& some) {
    return std::count_if(all.begin(), all.end(),
                         [&](const std::string& one) { return !some.contains(one); });
  }

  bool Changed(const LoadedPlugin& plugin) const {
    const auto* before = then_.FilesOf(plugin.manifest.id);
    return before == nullptr || *before != MakeLockEntry(plugin).files;
  }

  void Collector(const LoadedPlugin& plugin) {
    const bool known = then_.HadPlugin(plugin.manifest.id), changed = Changed(plugin);
    if (known && changed) Add('~', "collector", plugin.manifest.id, "its files changed");
    for (const EndpointSpec& endpoint : plugin.manifest.endpoints) {
      const auto reads = then_.reads.find(endpoint.id);
      if (reads != then_.reads.end()) {
        out_.requests += reads->second;
        continue;
      }
      // Of a plugin that did not change it is not new: there was nothing to ask with it.
      if (known && !changed) continue;
      ++out_.requests;
      Add('+', "collect", endpoint.id,
          fmt::format("{}{}; {}", then_.run.empty() ? "" : "new: ", ReadName(endpoint),
                      GrantOf(endpoint)));
    }
  }

  std::string GrantOf(const EndpointSpec& endpoint) const {
    if (endpoint.permission.empty())
      return endpoint.arm_action.empty() ? "no permission of the directory"
                                         : "role with " + endpoint.arm_action;
    const bool held = then_.roles.contains(endpoint.permission) ||
                      std::any_of(endpoint.also.begin(), endpoint.also.end(),
                                  [&](const auto& one) { return then_.roles.contains(one); });
    const char* state = !then_.roles_known ? "not known whether granted"
                        : held             ? "already granted"
                                           : "not granted";
    return fmt::format("permission {} {}", endpoint.permission, state);
  }

  /// Plugins and endpoints of the earlier run that the plan does not have.
  void Gone() {
    Names endpoints, plugins;
    for (const auto* set : {&plan_.collectors, &plan_.frameworks})
      for (const LoadedPlugin& plugin : *set) {
        plugins.insert(plugin.manifest.id);
        for (const EndpointSpec& endpoint : plugin.manifest.endpoints)
          endpoints.insert(endpoint.id);
      }
    for (const NamedPlugin& plugin : then_.settings.plugins) {
      const bool framework = then_.settings.controls.contains(plugin.id);
      if (plugins.contains(plugin.id) || plugin.id == kOwnChecks) continue;
      if (framework && some_frameworks_) continue;
      Add('-', framework ? "framework" : "collector", plugin.id, "not any more");
    }
    for (const auto& [endpoint, reads] : then_.reads)
      if (!endpoints.contains(endpoint))
        Add('-', "collect", endpoint, fmt::format("{} requests{}", reads, Since()));
  }

  void Checks() {
    Names now;
    for (const CheckSpec& check : plan_.checks) {
      now.insert(check.id);
      const auto at = then_.checks.find(check.id);
      if (at == then_.checks.end()) {
        Add('+', "check", check.id, check.title);
        continue;
      }
      const std::string how = HowChanged(check, at->second);
      if (!how.empty()) Add('~', "check", check.id, how);
    }
    if (plan_.only) return;  // the others are not gone
    for (const auto& [id, view] : then_.checks)
      if (!now.contains(id)) Add('-', "check", id, "not any more");
  }

  std::string HowChanged(const CheckSpec& check, const CheckView& before) const {
    if (check.version != before.result.version)
      return fmt::format("version {}, was {}", check.version, before.result.version);
    const auto told = then_.settings.checks.find(check.id);
    if (told == then_.settings.checks.end()) return "";
    auto was = told->second.params, is = check.params;
    was.erase(std::string(kPreviousParameter));
    is.erase(std::string(kPreviousParameter));
    return was == is ? "" : "other parameters";
  }

  void Permissions() {
    if (!then_.roles_known) return;
    const std::vector<std::string> held(then_.roles.begin(), then_.roles.end());
    for (const PermissionNeed& need :
         assess::Missing(GraphNeeds(plan_.collectors, plan_.checks), held))
      if (!need.checks.empty()) out_.missing.push_back(need.permission);
  }

  const RunPlan& plan_;
  const Then& then_;
  const bool some_frameworks_;
  PlanDiff out_;
};

}  // namespace

Result<PlanDiff> ComparePlan(ledger::Ledger* ledger, const RunPlan& plan, bool some_frameworks) {
  Then then;
  if (ledger != nullptr) {
    ASSAY_ASSIGN(const ledger::Head head, ledger->ReadHead());
    ASSAY_ASSIGN(const std::vector<RunRow> runs, ReadRuns(*ledger, head.size));
    if (const RunRow* base = Base(runs)) {
      ASSAY_ASSIGN(then, ReadThen(*ledger, *base));
    }
  }
  return Comparison(plan, then, some_frameworks).Go();
}

}  // namespace assay::assess
