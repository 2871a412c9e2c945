// assay key rotate: a new signing key, seal key or master key.
#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "cli/command.h"
#include "cli/workspace.h"
#include "ledger/key_change.h"
#include "proof/canonical_json.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

struct Named {
  std::string tenant;
  ledger::OpenOptions options;
};

bool HoldsLedger(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / "ledger.db", ignored);
}

// A ledger that lies under a store and is no configured tenant's: the log of the instance, or one
// whose tenant was taken out of the configuration. Its first entry says whose it is.
Result<Named> DescribeStray(const config::Config& config, const fs::path& directory) {
  // Lines are read without knowing whose they are; keys do not open yet.
  ASSAY_ASSIGN(TenantId nobody, TenantId::Parse("00000000-0000-0000-0000-000000000000"));
  const std::string name = directory.filename().string();
  Named out{name, {directory, std::move(nobody), {}, {}, {}, false, {}, {}, &SystemClock()}};
  out.options.master_key_file = config.master_key_file.string();
  out.options.ledger_key_file =
      (config.ledger_key_dir.empty() ? directory / "ledger.key"
                                     : config.ledger_key_dir / (name + ".key"))
          .string();
  ASSAY_ASSIGN(const auto ledger, ledger::Ledger::OpenReadOnly(out.options));
  ASSAY_ASSIGN(const std::string line, ledger->ReadLine(LeafIndex{0}));
  ASSAY_ASSIGN(const proof::Json json, proof::ReadJson(line));
  if (json.object() == nullptr) return assay::Fail(Code::kCorrupt, "entry 0: not an object");
  ASSAY_ASSIGN(const std::string tenant, proof::TextAt(*json.object(), "tenant"));
  ASSAY_ASSIGN(out.options.origin, proof::TextAt(*json.object(), "origin"));
  ASSAY_ASSIGN(out.options.tenant, TenantId::Parse(tenant));
  return out;
}

// Every ledger that a master key may have to open: those of the tenants that have one, and all
// others below the stores.
Result<std::vector<Named>> AllLedgers(const config::Config& config) {
  std::vector<Named> out;
  std::set<fs::path> known;
  for (const config::TenantConfig& tenant : config.tenants) {
    Named one{tenant.id, assess::LedgerOptions(config, tenant, false)};
    known.insert(one.options.directory);
    if (HoldsLedger(one.options.directory)) out.push_back(std::move(one));
  }
  for (const auto& [name, store] : config.storage) {
    std::error_code error;
    for (fs::directory_iterator it(store.path, error), end; !error && it != end;
         it.increment(error)) {
      if (known.count(it->path()) != 0 || !HoldsLedger(it->path())) continue;
      auto stray = DescribeStray(config, it->path());
      if (!stray) return assay::Fail(std::move(stray.error()).Context(it->path().string()));
      out.push_back(std::move(*stray));
    }
  }
  return out;
}

Result<std::string> RotateOne(const Named& one, const Options& options) {
  if (options.purpose == "seal") {
    ASSAY_ASSIGN(const std::string name, ledger::RotateSealKey(one.options));
    return fmt::format("  {}  new bodies are sealed under {}; the older keys stay in keys.db\n",
                       one.tenant, name);
  }
  ASSAY_ASSIGN(const ledger::LedgerRotation done,
               ledger::RotateLedgerKey(one.options, options.keep_old, "cli"));
  return fmt::format(
      "  {}  ledger key handed over in entry {}\n    from {}\n    to   {}  <- write this down; "
      "auditors compare it\n{}",
      one.tenant, ToNumber(done.index), done.from, done.to,
      done.kept.empty() ? "" : "    the old private key is kept in " + done.kept + "\n");
}

Result<std::string> RotateMaster(const std::vector<Named>& all, const Options& options) {
  std::vector<ledger::OpenOptions> ledgers;
  for (const Named& one : all) ledgers.push_back(one.options);
  ASSAY_ASSIGN(const ledger::MasterRotation done,
               ledger::RotateMasterKey(ledgers, options.keep_old));
  return fmt::format(
      "  the tenant keys of {} ledger{} are wrapped by master key {} (was {})\n{}    make a backup "
      "of it now: without it no body opens\n",
      ledgers.size(), ledgers.size() == 1 ? "" : "s", done.to, done.from,
      done.kept.empty() ? "" : "    the old one is kept in " + done.kept + "\n");
}

std::string PlanText(const std::vector<Named>& all, const Options& options) {
  std::string out;
  for (const Named& one : all)
    out += fmt::format("  {}  {} key {}\n", one.tenant, options.purpose,
                       options.purpose == "ledger" ? one.options.ledger_key_file
                       : options.purpose == "seal" ? (one.options.directory / "keys.db").string()
                                                   : one.options.master_key_file);
  return out + "  Nothing was changed.\n";
}

std::optional<std::vector<Named>> SelectLedgers(Context& context, const Workspace& workspace,
                                                int& exit) {
  if (context.options.purpose == "master") {
    auto all = AllLedgers(workspace.config);
    if (!all) return exit = Report(context, all.error()), std::nullopt;
    return std::move(*all);
  }
  const auto tenants = SelectTenants(context, workspace, exit);
  if (!tenants) return std::nullopt;
  std::vector<Named> out;
  for (const config::TenantConfig* tenant : *tenants)
    out.push_back({tenant->id, assess::LedgerOptions(workspace.config, *tenant, false)});
  return out;
}

// A dry run takes no lease but looks whether each ledger is sound.
Status CheckPlan(const std::vector<Named>& all) {
  for (const Named& one : all) {
    ASSAY_ASSIGN(const auto ledger, ledger::Ledger::OpenReadOnly(one.options));
    if (const auto fault = ledger->Fault()) return assay::Fail(Error(*fault));
    ASSAY_ASSIGN(const ledger::KeyOverview keys, ledger::DescribeKeys(one.options));
    if (!keys.fault.empty()) return assay::Fail(Code::kCorrupt, keys.fault);
  }
  return {};
}

Error UsageOf(std::string message, std::string hint) {
  return Error{Code::kInvalidInput, std::move(message), {}, std::move(hint), {}, "AS-CLI-003"};
}

Status CheckUsage(const Options& options) {
  if (options.purpose.empty())
    return assay::Fail(
        UsageOf("key rotate: which key is not said", "--purpose ledger, seal or master"));
  if (options.purpose == "master" && !options.tenant.empty())
    return assay::Fail(UsageOf("the master key wraps the keys of every tenant",
                               "leave --tenant away; --purpose seal is of one tenant"));
  if (options.purpose == "seal" && options.keep_old)
    return assay::Fail(
        UsageOf("seal keys are always kept: they open the older bodies", "leave --keep-old away"));
  return {};
}

}  // namespace

int RunKeyRotate(Context& context) {
  const Options& options = context.options;
  if (Status usage = CheckUsage(options); !usage) return Report(context, usage.error());
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const auto all = SelectLedgers(context, *workspace, exit);
  if (!all) return exit;
  std::string text;
  if (options.dry_run) {
    if (Status plan = CheckPlan(*all); !plan) return Report(context, plan.error());
    text = PlanText(*all, options);
  } else if (options.purpose == "master") {
    auto done = RotateMaster(*all, options);
    if (!done) return Report(context, done.error());
    text = std::move(*done);
  } else {
    for (const Named& one : *all) {
      auto done = RotateOne(one, options);
      if (!done) {
        Tell(context, text);  // what was done before it
        return Report(context, std::move(done.error()).Context("tenant " + one.tenant));
      }
      text += *done;
    }
  }
  return context.Finish(text,
                        fmt::format("{{\"purpose\":{},\"dry_run\":{},\"ledgers\":{}}}",
                                    JsonString(options.purpose), options.dry_run, all->size()));
}

}  // namespace assay::cli
