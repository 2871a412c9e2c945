// What a command gets and gives: one function for each command, in its own file. They are called
// from main.cc only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/output.h"
#include "config/diagnostic.h"

namespace assay::ledger {
class Ledger;
}
namespace assay::sandbox {
class Spawner;
}

namespace assay::cli {

/// Everything a command may use of the process. Tests make one with sinks that collect.
struct Context {
  Options options;
  Terminal terminal;
  Environment environment;
  Sink out, err;  ///< stdout (or -o), stderr
  sandbox::Spawner* spawner =
      nullptr;  ///< forked at the top of main; null when this command needs none
  const Clock* clock = &SystemClock();
  std::optional<Timestamp> as_of;  ///< --as-of

  /// Of what a command tells: --as-of, else now.
  Timestamp Moment() const { return as_of ? *as_of : clock->Now(); }

  /// A result. Nothing else goes to stdout.
  void Print(std::string_view text) const { out(text); }
  /// Narration on stderr; dropped by --quiet and --json.
  void Narrate(std::string_view text) const {
    if (!options.quiet && !options.json) err(text);
  }
  /// "finding list".
  std::string CommandName() const;
  /// With --json the document on stdout, else the errors in their text form on stderr. Returns the
  /// exit code.
  int Fail(const Error& error) const;
  /// With --json the document around `data`, else `text`. Returns `code`.
  int Finish(const std::string& text, const std::string& data_json,
             ExitCode code = ExitCode::kOk) const;
};

// The same as free functions, which read well in commands.
inline void Say(const Context& context, std::string_view text) { context.Print(text); }
inline void Tell(const Context& context, std::string_view text) { context.Narrate(text); }
inline int Report(const Context& context, const Error& error) { return context.Fail(error); }
/// The document of --json around `data`.
void PrintJson(const Context& context, std::string_view command, bool ok, std::string data);
/// Prints diagnostics, in the form that --json asks for when there are errors. True when there are
/// none.
bool ShowDiagnostics(const Context& context, const std::vector<config::Diagnostic>& diagnostics);

/// -C, else ASSAY_CONFIG, ./assay.toml, $XDG_CONFIG_HOME/assay/assay.toml, /etc/assay/assay.toml:
/// the first that exists. kNotFound (AS-CFG-006) with the hint to run `assay init`.
Result<std::string> FindConfigFile(const Context& context);

int RunDemo(Context& context);
int RunDemoTamper(Context& context);
int RunInit(Context& context);
int RunRun(Context& context);
int RunReplay(Context& context);
int RunStatus(Context& context);
int RunExplain(Context& context);
int RunVerify(Context& context);
int RunFindingList(Context& context);
int RunFindingShow(Context& context);
int RunFindingHistory(Context& context);
int RunFindingAssign(Context& context);
int RunRunsList(Context& context);
int RunRunsShow(Context& context);
int RunRunsDiff(Context& context);
int RunExceptionRequest(Context& context);
int RunExceptionApprove(Context& context);
int RunExceptionReject(Context& context);
int RunExceptionRenew(Context& context);
int RunExceptionRevoke(Context& context);
int RunExceptionList(Context& context);
int RunExceptionShow(Context& context);
int RunAttestList(Context& context);
int RunAttestShow(Context& context);
int RunAttestAdd(Context& context);
int RunAttestRenew(Context& context);
int RunAttestRevoke(Context& context);
int RunFrameworkList(Context& context);
int RunFrameworkShow(Context& context);
int RunFrameworkCoverage(Context& context);
int RunFrameworkGaps(Context& context);
int RunFrameworkSoa(Context& context);
int RunFrameworkLint(Context& context);
int RunFrameworkDiff(Context& context);
int RunCheckList(Context& context);
int RunCheckShow(Context& context);
int RunPluginList(Context& context);
int RunPluginInfo(Context& context);
int RunPluginKeygen(Context& context);
int RunPluginSign(Context& context);
int RunPluginVerify(Context& context);
int RunPluginInstall(Context& context);
int RunPluginGrant(Context& context);
int RunPluginRevoke(Context& context);
int RunConfigCheck(Context& context);
int RunConfigShow(Context& context);
int RunLedgerVerify(Context& context);
int RunLedgerStatus(Context& context);
int RunLedgerShow(Context& context);
int RunLedgerCheckpoint(Context& context);
int RunPrivacyFind(Context& context);
int RunPrivacyErase(Context& context);
int RunPrivacyReceipts(Context& context);
int RunPrivacyExport(Context& context);
int RunHoldPlace(Context& context);
int RunHoldRelease(Context& context);
int RunHoldList(Context& context);
int RunEvidenceExpire(Context& context);
int RunBackupCreate(Context& context);
int RunBackupVerify(Context& context);
int RunBackupRestore(Context& context);
int RunBackupList(Context& context);
int RunBackupDrill(Context& context);
int RunLedgerEpoch(Context& context);
int RunLedgerRecover(Context& context);
int RunKeyList(Context& context);
int RunKeyFingerprint(Context& context);
int RunKeyExportPublic(Context& context);
int RunKeyRotate(Context& context);
int RunLedgerProve(Context& context);
int RunLedgerConsistency(Context& context);
int RunLedgerWitness(Context& context);
int RunLedgerMonitor(Context& context);
int RunLedgerTimestamp(Context& context);
int RunEvidenceList(Context& context);
int RunEvidenceShow(Context& context);
int RunEvidenceGet(Context& context);
int RunTenantAdd(Context& context);
int RunTenantTest(Context& context);
int RunTenantScript(Context& context);
int RunTenantList(Context& context);
int RunTenantShow(Context& context);
int RunEvidenceAccessLog(Context& context);
/// Its --compare.
int CompareAccessLog(Context& context, ledger::Ledger& ledger);
int RunDoctor(Context& context);
int RunVersion(Context& context);
int RunCompletion(Context& context);

}  // namespace assay::cli
