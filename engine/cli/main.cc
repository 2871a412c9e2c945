// The binary `assay`: parses, makes the context, calls one command.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>

#include "assess/prepare.h"
#include "base/environment.h"
#include "base/memory.h"
#include "broker/broker.h"
#include "broker/secret.h"
#include "cli/as_of.h"
#include "cli/check_files.h"
#include "cli/command.h"
#include "cli/command_tree.h"
#include "cli/parse.h"
#include "cli/plugin_kit.h"
#include "config/load.h"
#include "sandbox/spawner.h"

extern char** environ;

namespace assay::cli {
namespace {

struct Entry {
  std::string_view path;
  int (*run)(Context&);
};

constexpr Entry kDispatch[] = {
    {"demo", RunDemo},
    {"demo tamper", RunDemoTamper},
    {"init", RunInit},
    {"run", RunRun},
    {"replay", RunReplay},
    {"status", RunStatus},
    {"explain", RunExplain},
    {"verify", RunVerify},
    {"finding list", RunFindingList},
    {"finding show", RunFindingShow},
    {"finding history", RunFindingHistory},
    {"finding assign", RunFindingAssign},
    {"runs list", RunRunsList},
    {"runs show", RunRunsShow},
    {"runs diff", RunRunsDiff},
    {"exception request", RunExceptionRequest},
    {"exception approve", RunExceptionApprove},
    {"exception reject", RunExceptionReject},
    {"exception renew", RunExceptionRenew},
    {"exception revoke", RunExceptionRevoke},
    {"exception list", RunExceptionList},
    {"exception show", RunExceptionShow},
    {"attest list", RunAttestList},
    {"attest show", RunAttestShow},
    {"attest add", RunAttestAdd},
    {"attest renew", RunAttestRenew},
    {"attest revoke", RunAttestRevoke},
    {"framework list", RunFrameworkList},
    {"framework show", RunFrameworkShow},
    {"framework coverage", RunFrameworkCoverage},
    {"framework gaps", RunFrameworkGaps},
    {"framework soa", RunFrameworkSoa},
    {"framework lint", RunFrameworkLint},
    {"framework diff", RunFrameworkDiff},
    {"check list", RunCheckList},
    {"check show", RunCheckShow},
    {"check new", RunCheckNew},
    {"check test", RunCheckTest},
    {"check lint", RunCheckLint},
    {"plugin list", RunPluginList},
    {"plugin info", RunPluginInfo},
    {"plugin keygen", RunPluginKeygen},
    {"plugin sign", RunPluginSign},
    {"plugin verify", RunPluginVerify},
    {"plugin install", RunPluginInstall},
    {"plugin grant", RunPluginGrant},
    {"plugin revoke", RunPluginRevoke},
    {"plugin new", RunPluginNew},
    {"plugin test", RunPluginTest},
    {"plugin check", RunPluginCheck},
    {"plugin lint", RunPluginLint},
    {"plugin fuzz", RunPluginFuzz},
    {"plugin record", RunPluginRecord},
    {"config check", RunConfigCheck},
    {"config show", RunConfigShow},
    {"ledger verify", RunLedgerVerify},
    {"ledger status", RunLedgerStatus},
    {"ledger show", RunLedgerShow},
    {"ledger checkpoint", RunLedgerCheckpoint},
    {"privacy find", RunPrivacyFind},
    {"privacy erase", RunPrivacyErase},
    {"privacy receipts", RunPrivacyReceipts},
    {"privacy export", RunPrivacyExport},
    {"hold place", RunHoldPlace},
    {"hold release", RunHoldRelease},
    {"hold list", RunHoldList},
    {"evidence expire", RunEvidenceExpire},
    {"backup create", RunBackupCreate},
    {"backup verify", RunBackupVerify},
    {"backup restore", RunBackupRestore},
    {"backup list", RunBackupList},
    {"backup drill", RunBackupDrill},
    {"ledger epoch", RunLedgerEpoch},
    {"ledger recover", RunLedgerRecover},
    {"key list", RunKeyList},
    {"key fingerprint", RunKeyFingerprint},
    {"key export-public", RunKeyExportPublic},
    {"key rotate", RunKeyRotate},
    {"ledger prove", RunLedgerProve},
    {"ledger consistency", RunLedgerConsistency},
    {"ledger witness", RunLedgerWitness},
    {"ledger monitor", RunLedgerMonitor},
    {"ledger timestamp", RunLedgerTimestamp},
    {"evidence list", RunEvidenceList},
    {"evidence show", RunEvidenceShow},
    {"evidence get", RunEvidenceGet},
    {"tenant add", RunTenantAdd},
    {"tenant test", RunTenantTest},
    {"tenant script", RunTenantScript},
    {"tenant list", RunTenantList},
    {"tenant show", RunTenantShow},
    {"evidence access-log", RunEvidenceAccessLog},
    {"doctor", RunDoctor},
    {"version", RunVersion},
    {"completion", RunCompletion},
};

Environment ReadEnvironment() {
  Environment out;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (const char* equals = std::strchr(*entry, '='))
      out.emplace(std::string(static_cast<const char*>(*entry), equals), equals + 1);
  return out;
}

void WriteTo(FILE* file, std::string_view text) { std::fwrite(text.data(), 1, text.size(), file); }

bool RunsPlugins(const std::vector<std::string>& command) {
  for (const char* one : {"run", "replay", "demo", "doctor"})
    if (command.front() == one) return true;
  for (const char* one : {"test", "lint"})
    if (command.front() == "check" && command.back() == one) return true;
  for (const char* one : {"test", "check", "record", "fuzz"})
    if (command.front() == "plugin" && command.back() == one) return true;
  return false;
}

/// Commands that ask a tenant for something, and so read its credential.
bool ReadsSecrets(const std::vector<std::string>& command) {
  return RunsPlugins(command) || command.front() == "tenant";
}

/// Takes every variable that the configuration names as a secret out of the environment, before
/// another process could inherit it. A configuration that does not load names none; the command
/// says so itself.
void HideSecrets(Context& context) {
  config::LoadOptions options;
  options.check_secrets = false;
  const config::Config config = config::LoadConfig(context.options.config, options).config;
  std::vector<std::string> names{"IDENTITY_HEADER"};
  const auto add = [&](const config::CredentialConfig& credential) {
    if (credential.ref.starts_with("env:")) names.push_back(credential.ref.substr(4));
  };
  for (const config::TenantConfig& tenant : config.tenants) add(tenant.credential);
  for (const auto& [name, credential] : config.credentials) add(credential);
  if (const std::string& proxy = config.network.proxy_credential; proxy.starts_with("env:"))
    names.push_back(proxy.substr(4));
  for (const std::string& name : names)
    if (const auto at = context.environment.find(name); at != context.environment.end()) {
      broker::Wipe(at->second);
      context.environment.erase(at);
    }
  TakeFromEnvironment(names);
}

int Dispatch(Context& context) {
  const std::string name = context.CommandName();
  for (const Entry& entry : kDispatch)
    if (entry.path == name) return entry.run(context);
  WriteTo(stderr, "error: no code for " + name + "\n");
  return ToInt(ExitCode::kBug);
}

int Main(const std::vector<std::string>& arguments) {
  ParseOutcome parsed = ParseCommandLine(arguments);
  if (parsed.done) {
    WriteTo(stdout, parsed.out);
    WriteTo(stderr, parsed.err);
    return ToInt(parsed.exit);
  }
  Context context;
  context.options = std::move(parsed.options);
  const Options& options = context.options;
  context.environment = ReadEnvironment();
  const bool tty = options.output_file.empty() && isatty(STDOUT_FILENO) == 1;
  context.terminal =
      DetectTerminal(options.color, options.ascii, options.local, tty, context.environment);
  const auto to = [plain = context.terminal.ascii && !options.json](std::FILE* stream) {
    return [plain, stream](std::string_view text) {
      WriteTo(stream, plain ? PlainSigns(text) : std::string(text));
    };
  };
  context.err = to(stderr);
  context.out = to(stdout);

  if (context.options.config.empty()) {
    // init writes a new file here; every other command reads the first that exists.
    const auto found = FindConfigFile(context);
    context.options.config = found && options.command.front() != "init" ? *found : "assay.toml";
  }

  if (!options.as_of.empty()) {
    const auto moment = ParseAsOf(options.as_of, context.clock->Now());
    if (!moment) return context.Fail(moment.error());
    context.as_of = *moment;
  }

  if (ReadsSecrets(options.command)) HideSecrets(context);

  // Forked before any thread is started and any secret is read, for the commands that run plugins.
  std::unique_ptr<sandbox::Spawner> spawner;
  if (RunsPlugins(options.command)) {
    auto installation = assess::LocateInstallation();
    if (!installation) return context.Fail(installation.error());
    auto started = sandbox::Spawner::Start(installation->worker().string());
    if (!started) return context.Fail(started.error());
    spawner = std::move(*started);
    context.spawner = spawner.get();
  }
  RefuseDumps();

  std::ofstream file;
  if (!options.output_file.empty()) {
    file.open(options.output_file, std::ios::binary | std::ios::trunc);
    if (!file) return context.Fail(ErrnoError(options.output_file));
    context.out = [&file](std::string_view text) { file << text; };
  }
  const int code = Dispatch(context);
  if (!options.output_file.empty() && !file.flush())
    return context.Fail(ErrnoError(options.output_file));
  if (std::fflush(stdout) != 0 && code == 0) return ToInt(ExitCode::kUnavailable);
  return code;
}

}  // namespace
}  // namespace assay::cli

int main(int argc, char** argv) {
  assay::KeepFreedMemory();
  try {
    return assay::cli::Main(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "assay: bug: %s\n", error.what());
    return assay::cli::ToInt(assay::cli::ExitCode::kBug);
  }
}
