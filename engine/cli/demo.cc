// assay demo: the whole main job on a fictional tenant served on loopback; nothing leaves this
// machine.
#include <fmt/format.h>

#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/progress_lines.h"
#include "cli/run_tenant.h"
#include "cli/tamper.h"
#include "cli/workspace.h"
#include "demo/cost_export.h"
#include "demo/loopback.h"
#include "demo/server.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = ".assay-demo";  // what makes a folder ours to start over in
constexpr const char* kTenant = "aurelia";

fs::path Home(const Context& context) {
  return context.options.directory.empty() ? fs::path("assay-demo")
                                           : fs::path(context.options.directory);
}

/// Makes the demo's folder, or empties the one that an earlier demo made. kAlreadyExists for any
/// other folder.
Status PrepareHome(const fs::path& home) {
  std::error_code error;
  if (fs::exists(home) && !fs::is_empty(home, error)) {
    if (!fs::exists(home / kMarker))
      return Fail(Error{Code::kAlreadyExists,
                        home.string() + ": is not empty and no demo made it",
                        {},
                        "assay demo --dir OTHER",
                        {},
                        {}});
    fs::remove_all(home, error);
    if (error) return Fail(Code::kIo, home.string() + ": " + error.message());
  }
  fs::create_directories(home, error);
  if (error) return Fail(Code::kIo, home.string() + ": " + error.message());
  return WriteFileDurably(home / kMarker, AsBytes("made by assay demo; removed by the next one\n"),
                          0644);
}

std::string ConfigText(const demo::DemoServer& server, sandbox::Tier tier, const fs::path& secret) {
  const demo::CloudUrls& urls = server.urls();
  std::string text = fmt::format(
      "# Written by assay demo. The cloud is a server on loopback that lives as long as the demo "
      "runs.\n"
      "schema = 1\n\n[instance]\nname = \"Aurelia Instruments (fictional)\"\norigin = "
      "\"demo.assay.example\"\n\n"
      "[storage]\ndefault = \"main\"\n[storage.main]\nkind = \"sqlite\"\npath = \"data\"\nregion = "
      "\"eu\"\n\n"
      "[clouds.demo]\nlogin = \"{}\"\ngraph = \"{}\"\narm = \"{}\"\ngraph_scope = "
      "\"{}\"\narm_scope = \"{}\"\n"
      "graph_audiences = [\"{}\"]\narm_audiences = [\"{}\"]\n\n",
      urls.login, urls.graph, urls.arm, urls.graph_scope, urls.arm_scope, urls.graph_audience,
      urls.arm_audience);
  text += fmt::format(
      "[[tenants]]\nid = \"{}\"\nname = \"Aurelia Instruments\"\ndirectory_id = \"{}\"\ncloud = "
      "\"demo\"\n"
      "cost = {{ path = \"exports\" }}\n"
      "region = \"eu\"\nstore = \"main\"\n"
      "credential = {{ kind = \"secret\", client_id = \"{}\", ref = \"file:{}\" }}\n\n",
      kTenant, server.tenant_id(), server.client_id(), secret.string());
  for (const char* framework : {"iso27001-2022", "dora", "gdpr"})
    text += fmt::format("[[frameworks]]\nid = \"{}\"\nversion = \"1\"\ntenants = [\"*\"]\n\n",
                        framework);
  if (tier != sandbox::Tier::kStrict)
    text += fmt::format(
        "[sandbox]\naccept = \"{}\"   # this machine offers no more; the demo's data is "
        "fictional\n",
        sandbox::Name(tier));
  return text;
}

/// What a daily copy of the container would leave on this machine.
Status WriteExport(const fs::path& folder, const demo::World& world) {
  for (const auto& [name, content] : demo::CostExport(world)) {
    std::error_code error;
    fs::create_directories((folder / name).parent_path(), error);
    if (error) return Fail(Code::kIo, folder.string() + ": " + error.message());
    ASSAY_TRY(WriteFileDurably(folder / name, AsBytes(content), 0644));
  }
  return {};
}

Result<std::unique_ptr<demo::DemoServer>> StartServer(const Context& context) {
  ASSAY_TRY(demo::LoopbackUp());
  demo::DemoOptions options;
  options.seed = context.options.random_state.value_or(1);
  options.now = SystemClock().Now();
  return demo::DemoServer::Start(options);
}

int ShowDemo(Context& context, const fs::path& home, const TenantRun& run) {
  if (context.options.json) {
    PrintJson(context, "demo", true, RunReportJson(run.report, kTenant));
    return 0;
  }
  Say(context, RunSummary(run.report, run.checks, StyleOf(context)));
  std::string check = "graph-ca-mfa-all-users";
  Severity worst = Severity::kInfo;
  for (const CheckResult& result : run.report.checks) {
    const auto spec = run.checks.find(result.check);
    if (result.verdict != Verdict::kFail || spec == run.checks.end() ||
        spec->second.severity >= worst)
      continue;
    worst = spec->second.severity;
    check = result.check;
  }
  const std::string c = "-C " + (home / "assay.toml").string();
  Say(context, fmt::format("\n  Ledger key {}\n\n  Next   assay explain {}\n"
                           "         assay finding list {}\n"
                           "         assay ledger verify {}     check the evidence yourself\n"
                           "         assay demo tamper{}    flip one byte and see the alarm\n"
                           "         assay init               start with your own tenant\n",
                           run.fingerprint, check, c, c,
                           context.options.directory.empty() ? "" : " --dir " + home.string()));
  return 0;
}

}  // namespace

int RunDemo(Context& context) {
  const fs::path home = Home(context);
  if (Status made = PrepareHome(home); !made) {
    Report(context, made.error());
    return ToInt(ExitCode::kUsage);
  }
  auto server = StartServer(context);
  if (!server) return Report(context, server.error());
  auto offered = context.spawner->Probe();
  if (!offered) return Report(context, offered.error());
  Status written = WriteExport(home / "exports", (*server)->tenant().world());
  if (written)
    written = WriteFileDurably(home / "client.secret", AsBytes((*server)->client_secret()), 0600);
  if (written)
    written = WriteFileDurably(
        home / "assay.toml",
        AsBytes(ConfigText(**server, offered->best, fs::absolute(home / "client.secret"))), 0644);
  if (!written) return Report(context, written.error());
  if (!context.options.json) {
    Say(context, fmt::format("  Demo tenant \"Aurelia Instruments\" (fictional)\n"
                             "  Working in {} · nothing leaves this computer\n",
                             home.string()));
    if (offered->best != sandbox::Tier::kStrict)
      Say(context, fmt::format("  Plugins run in sandbox tier \"{}\": {}\n",
                               sandbox::Name(offered->best), offered->why));
    Say(context, "\n");
  }
  context.options.config = (home / "assay.toml").string();
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit, true);
  if (!workspace) return exit;
  ProgressLines progress(!context.options.quiet && !context.options.json);
  RunRequest request{&workspace->installation,
                     &workspace->config,
                     &workspace->config.tenants.front(),
                     {},
                     context.spawner,
                     &progress,
                     nullptr,
                     "demo"};
  auto run = RunTenant(request);
  if (!run) return Report(context, run.error());
  if (run->report.stopped) {
    Report(context, *run->report.stopped);
    return ExitForRun(*run, "");
  }
  if (!run->report.plugin_faults.empty()) {
    for (const auto& [plugin, what] : run->report.plugin_faults)
      Tell(context, fmt::format("plugin_fault: {}: {}\n", plugin, what));
    return ExitForRun(*run, "");
  }
  return ShowDemo(context, home, *run);
}

int RunDemoTamper(Context& context) {
  const fs::path home = Home(context);
  const fs::path file = home / "data" / kTenant / "ledger.db";
  if (!fs::exists(home / kMarker))
    return Report(
        context,
        Error{Code::kNotFound, home.string() + ": no demo here", {}, "assay demo", {}, {}});
  auto tampered = TamperWithCheckEntry(file);
  if (!tampered) return Report(context, tampered.error());
  if (!context.options.json)
    Say(context,
        fmt::format("  Changed one byte of {}: {} became {} at byte {} ({})\n\n", file.string(),
                    tampered->before, tampered->after, tampered->offset, tampered->excerpt));
  context.options.config = (home / "assay.toml").string();
  context.options.tenant = kTenant;
  return RunLedgerVerify(context);
}

}  // namespace assay::cli
