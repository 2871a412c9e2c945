#include "cli/run_tenant.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "assess/privacy.h"
#include "base/files.h"
#include "cli/outside.h"
#include "proof/sha256.h"

namespace assay::cli {

std::string DigestOf(const std::filesystem::path& file) {
  const auto bytes = ReadFile(file, 512u << 20);
  return bytes ? EncodeHex(proof::Sha256(*bytes)) : "";
}

std::string OwnDigest() { return DigestOf("/proc/self/exe"); }

namespace {

std::vector<std::string> UnsignedPlugins(const assess::RunPlan& plan) {
  std::vector<std::string> out;
  for (const auto* set : {&plan.collectors, &plan.frameworks})
    for (const assess::LoadedPlugin& plugin : *set)
      if (plugin.trust == assess::Trust::kUnsigned) out.push_back(plugin.manifest.id);
  return out;
}

/// The run is committed whatever comes of this.
void TellChanges(ledger::Ledger& ledger, TenantRun& run) {
  if (run.report.stopped || run.report.cancelled) return;
  auto changes = ReadChanges(ledger, run.report.head.size, run.checks);
  if (changes)
    run.changes = std::move(*changes);
  else
    run.report.warnings.push_back("what changed is not known: " + changes.error().ToString());
}

}  // namespace

Result<TenantRun> RunTenant(const RunRequest& request) {
  ASSAY_ASSIGN(assess::RunPlan plan, assess::PlanRun(*request.installation, *request.config,
                                                     *request.tenant, request.selection));
  ASSAY_ASSIGN(const sandbox::TierReport offered, request.spawner->Probe());
  ASSAY_ASSIGN(plan.tier, assess::ChooseTier(*request.config, offered));
  if (Status canary = request.spawner->RunCanary(plan.tier); !canary) {
    canary.error().id = "AS-SBX-002";
    return Fail(std::move(canary.error()));
  }
  ledger::OpenOptions options = assess::LedgerOptions(*request.config, *request.tenant, true);
  options.run_lease_holder = fmt::format("assay run, pid {}", ::getpid());
  ASSAY_ASSIGN(const auto ledger, ledger::Ledger::Open(options));
  TenantRun out;
  out.tier = plan.tier;
  out.fingerprint = ledger->Fingerprint();
  for (const CheckSpec& check : plan.checks) out.checks.emplace(check.id, check);
  const std::vector<std::string> unsigned_ones = UnsignedPlugins(plan);
  plan.spawner = request.spawner;
  plan.ledger = ledger.get();
  plan.progress = request.progress;
  plan.cancelled = request.cancelled;
  plan.actor = request.actor;
  plan.engine_version = ASSAY_VERSION;
  plan.engine_sha256 = OwnDigest();
  plan.worker_sha256 = DigestOf(request.installation->worker());
  auto report = assess::Run(std::move(plan));
  if (!report) return Fail(std::move(report.error()).Context("tenant " + request.tenant->id));
  out.report = std::move(*report);
  for (const std::string& id : unsigned_ones)
    out.report.warnings.push_back("plugin " + id + " is unsigned: a developer's pin lets it run");
  TellChanges(*ledger, out);
  const auto rules = assess::RetentionRules(*request.config);
  if (!rules.empty()) {
    auto expired = ledger->Expire(rules, request.actor, false);
    // A backup is being made for long: the next run, or "evidence expire", removes what is over.
    if (!expired && expired.error().id != "AS-LED-001") return Fail(std::move(expired.error()));
    if (expired) out.expired = std::move(*expired);
  }
  if (std::any_of(out.expired.begin(), out.expired.end(),
                  [](const ledger::ExpiryDone& one) { return one.entry; }))
    ASSAY_TRY(ledger->SignCheckpoint());
  SendOutside(*request.config, *request.tenant, *ledger, out.report.warnings);
  return out;
}

}  // namespace assay::cli
