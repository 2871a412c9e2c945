// assay doctor: what this machine and this configuration offer, one line each; exit 5 when
// something is missing.
#include <fmt/format.h>

#include <fstream>

#include "base/text.h"
#include "cli/apparmor.h"
#include "cli/backup_common.h"
#include "cli/summary.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

struct Finding {
  bool ok;
  std::string name, text;
};

void Show(Context& context, const std::vector<Finding>& all) {
  std::string items;
  for (const Finding& one : all) {
    items += fmt::format("{}{{\"ok\":{},\"name\":{},\"text\":{}}}", items.empty() ? "" : ",",
                         one.ok, JsonString(one.name), JsonString(one.text));
    if (!context.options.json)
      Say(context,
          fmt::format("  {} {:<11} {}\n",
                      Mark(one.ok ? Verdict::kPass : Verdict::kNotAssessed, StyleOf(context)),
                      one.name, one.text));
  }
  if (context.options.json) PrintJson(context, "doctor", true, "{\"items\":[" + items + "]}");
}

void LookAtSandbox(Context& context, std::vector<Finding>& out,
                   std::optional<sandbox::TierReport>& tier) {
  auto report = context.spawner->Probe();
  if (!report) {
    out.push_back({false, "sandbox", report.error().ToString()});
    return;
  }
  tier = *report;
  out.push_back({report->best == sandbox::Tier::kStrict, "sandbox",
                 fmt::format("tier {}; user namespaces {}, Landlock ABI {}, seccomp {}{}{}",
                             sandbox::Name(report->best), report->user_namespaces ? "yes" : "no",
                             report->landlock_abi, report->seccomp ? "yes" : "no",
                             report->why.empty() ? "" : ": ", report->why)});
  Status canary = context.spawner->RunCanary(report->best);
  out.push_back({canary.has_value(), "canary",
                 canary ? "open, connect, exec, kill, writable+executable map: all denied"
                        : canary.error().ToString()});
}

void LookAtAppArmor(const std::optional<sandbox::TierReport>& tier, std::vector<Finding>& out) {
  std::string setting;
  std::ifstream(kUsernsSwitch) >> setting;  // not there: empty
  if (!tier) return;
  if (auto advice = JudgeAppArmor(setting, tier->best))
    out.push_back({advice->ok, "apparmor", advice->text});
}

void LookAtPlugins(const assess::Installation& installation, const config::Config& config,
                   std::vector<Finding>& out) {
  for (const config::TenantConfig& tenant : config.tenants) {
    auto plan = assess::PlanRun(installation, config, tenant, {});
    if (!plan) {
      out.push_back({false, "plugins", tenant.id + ": " + plan.error().ToString()});
      continue;
    }
    out.push_back(
        {true, "plugins",
         fmt::format("{}: {} collectors, {} frameworks, {} checks; digests as locked", tenant.id,
                     plan->collectors.size(), plan->frameworks.size(), plan->checks.size())});
  }
}

void LookAtLedgers(const config::Config& config, std::vector<Finding>& out) {
  for (const config::TenantConfig& tenant : config.tenants) {
    auto ledger = ledger::Ledger::OpenReadOnly(assess::LedgerOptions(config, tenant, false));
    if (!ledger) {
      const bool absent = ledger.error().code == Code::kNotFound;
      out.push_back(
          {absent, "ledger", tenant.id + ": " + (absent ? "none yet" : ledger.error().ToString())});
      continue;
    }
    if (const auto fault = (*ledger)->Fault()) {
      out.push_back({false, "ledger", tenant.id + ": " + fault->ToString()});
      continue;
    }
    auto head = (*ledger)->ReadHead();
    out.push_back({head.has_value(), "ledger",
                   head ? fmt::format("{}: {} entries, key {}", tenant.id, ToNumber(head->size),
                                      (*ledger)->Fingerprint())
                        : tenant.id + ": " + head.error().ToString()});
  }
}

void LookAtBackups(const Workspace& workspace, std::vector<Finding>& out) {
  if (workspace.config.backup.target.empty()) {
    out.push_back({true, "backup", "no [backup] target is configured"});
    return;
  }
  for (const config::TenantConfig& tenant : workspace.config.tenants) {
    const auto ages = AgesOf(workspace, tenant);
    out.push_back(
        {ages && !ages->AnyLate(), "backup",
         tenant.id + ": " +
             (ages ? AgesText(*ages, workspace.config.backup) : ages.error().ToString())});
  }
}

}  // namespace

int RunDoctor(Context& context) {
  std::vector<Finding> out;
  std::optional<sandbox::TierReport> tier;
  LookAtSandbox(context, out, tier);
  LookAtAppArmor(tier, out);
  out.push_back({true, "storage", ledger::StorageVersion()});
  if (std::filesystem::exists(context.options.config)) {
    int exit = 0;
    auto workspace = OpenWorkspace(context, exit, true);
    if (!workspace) return exit;
    out.push_back({true, "config", context.options.config + ": valid"});
    if (tier) {
      auto chosen = assess::ChooseTier(workspace->config, *tier);
      if (!chosen)
        out.push_back({false, "config", chosen.error().message + "; " + chosen.error().hint});
    }
    LookAtPlugins(workspace->installation, workspace->config, out);
    LookAtLedgers(workspace->config, out);
    LookAtBackups(*workspace, out);
  } else {
    out.push_back({true, "config", context.options.config + ": not there (assay init writes one)"});
  }
  Show(context, out);
  for (const Finding& one : out)
    if (!one.ok) return ToInt(ExitCode::kIncomplete);
  return 0;
}

}  // namespace assay::cli
