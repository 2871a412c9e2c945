// assay ledger witness|monitor|timestamp: what is kept of the ledger outside of this machine.
#include <fmt/format.h>

#include <csignal>
#include <thread>

#include "anchor/monitor.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/outside.h"
#include "cli/workspace.h"
#include "config/values.h"

namespace assay::cli {
namespace {

volatile std::sig_atomic_t g_stop = 0;
void OnStop(int) { g_stop = 1; }

constexpr size_t kMaxFile = 64 * 1024;

std::string OutcomeJson(const anchor::Outcome& outcome) {
  std::string times;
  for (const auto& cosignature : outcome.cosignatures)
    times += fmt::format("{}{{\"name\":{},\"time\":{}}}", times.empty() ? "" : ",",
                         JsonString(cosignature.name), cosignature.time);
  return fmt::format(
      "{{\"place\":{},\"size\":{},\"cosignatures\":[{}],\"error\":{},\"remark\":{}}}",
      JsonString(outcome.place), outcome.size, times,
      outcome.error ? JsonString(outcome.error->ToString()) : "null", JsonString(outcome.remark));
}

void ShowOutcome(Context& context, const anchor::Outcome& outcome) {
  if (outcome.error) {
    Report(context, *outcome.error);
    return;
  }
  Say(context, fmt::format("  {}  {} entries{}\n", outcome.place, outcome.size,
                           outcome.cosignatures.empty() ? "" : "  cosigned"));
  if (!outcome.remark.empty())
    Tell(context, fmt::format("warning: {}: {}\n", outcome.place, outcome.remark));
}

std::string FindingJson(const anchor::Finding& finding) {
  return fmt::format("{{\"word\":{},\"place\":{},\"message\":{}}}", JsonString(finding.word),
                     JsonString(finding.place), JsonString(finding.message));
}

std::string ReportJson(const anchor::MonitorReport& report) {
  std::string findings, compared, unreached;
  for (const auto& finding : report.findings)
    findings += (findings.empty() ? "" : ",") + FindingJson(finding);
  for (const std::string& place : report.compared)
    compared += (compared.empty() ? "" : ",") + JsonString(place);
  for (const auto& [place, error] : report.unreached)
    unreached += fmt::format("{}{{\"place\":{},\"message\":{}}}", unreached.empty() ? "" : ",",
                             JsonString(place), JsonString(error.ToString()));
  return fmt::format("{{\"tree_size\":{},\"compared\":[{}],\"findings\":[{}],\"unreached\":[{}]}}",
                     report.size, compared, findings, unreached);
}

void ShowEvents(Context& context, const anchor::MonitorReport& report) {
  for (const auto& finding : report.findings)
    Say(context, "{\"event\":\"finding\",\"data\":" + FindingJson(finding) + "}\n");
  Say(context, "{\"event\":\"compared\",\"data\":" + ReportJson(report) + "}\n");
}

void ShowRound(Context& context, const anchor::MonitorReport& report) {
  for (const auto& finding : report.findings)
    Say(context, fmt::format("  {}  {}: {}\n", finding.word, finding.place, finding.message));
  for (const auto& [place, error] : report.unreached)
    Tell(context, fmt::format("warning: {}: not compared: {}\n{}", place, error.ToString(),
                              error.hint.empty() ? "" : "  " + error.hint + "\n"));
  if (report.findings.empty())
    Say(context, fmt::format("  {}  {} entries  compared with: {}\n",
                             report.unreached.empty() ? "nothing speaks against this ledger"
                                                      : "nothing found, but not every place was "
                                                        "compared",
                             report.size, Join(report.compared, ", ")));
  else
    Say(context, "  keep the files as they are; assay explain AS-LED-002\n");
}

int ExitOf(const anchor::MonitorReport& report) {
  if (!report.findings.empty()) return ToInt(ExitCode::kVerification);
  return ToInt(report.unreached.empty() ? ExitCode::kOk : ExitCode::kUnavailable);
}

Result<std::vector<std::pair<std::string, std::string>>> ReadNotes(
    const std::vector<std::string>& files) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& file : files) {
    ASSAY_ASSIGN(const ByteVector bytes, ReadFile(file, kMaxFile));
    out.emplace_back(file, AsText(bytes));
  }
  return out;
}

// In short steps, so that a signal ends the wait.
void WaitFor(std::chrono::seconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (g_stop == 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

int CheckStamps(Context& context, ledger::Ledger& ledger, const anchor::Authority& authority) {
  const auto checks = anchor::VerifyStamps(ledger, authority);
  if (!checks) return Report(context, checks.error());
  std::vector<ExitCode> exits{ExitCode::kOk};
  for (const anchor::StampCheck& check : *checks) {
    // A list that cannot be used says nothing of the stamp; everything else speaks against it.
    const bool judged = check.facts || check.facts.error().code != Code::kInvalidInput;
    if (!check.facts)
      exits.push_back(judged ? ExitCode::kVerification : ExitFor(check.facts.error()));
    Say(context,
        fmt::format("  entry {}  checkpoint of {} entries  {}\n", check.entry, check.size,
                    check.facts ? FormatTime(check.facts->time) + "  " + check.facts->authority
                                : (judged ? "DOES NOT VERIFY: " : "NOT VERIFIED: ") +
                                      check.facts.error().ToString()));
  }
  if (checks->empty()) Say(context, "  no time stamp is kept\n");
  return ToInt(Worst(exits));
}

int WriteQuery(Context& context, ledger::Ledger& ledger) {
  const auto note = ledger.LatestCheckpoint();
  if (!note) return Report(context, note.error());
  const auto query = proof::MakeTimestampQuery(*note);
  if (!query) return Report(context, query.error());
  const Status written = WriteFileDurably(context.options.query, *query, 0644);
  return written ? 0 : Report(context, written.error());
}

Result<anchor::Stamped> Stamp(Context& context, ledger::Ledger& ledger,
                              const anchor::Authority& authority) {
  ByteVector query, reply;
  if (context.options.reply.empty()) {
    ASSAY_ASSIGN(const std::string note, ledger.LatestCheckpoint());
    ASSAY_ASSIGN(query, proof::MakeTimestampQuery(note));
    ASSAY_ASSIGN(reply, anchor::AskAuthority(authority, query));
  } else {
    if (!context.options.query.empty()) {
      ASSAY_ASSIGN(query, ReadFile(context.options.query, kMaxFile));
    }
    ASSAY_ASSIGN(reply, ReadFile(context.options.reply, kMaxFile));
  }
  return anchor::KeepReply(ledger, authority, reply, query);
}

}  // namespace

int RunLedgerWitness(Context& context) {
  int exit = 0;
  auto opened = OpenOneForAppending(context, exit);
  if (!opened) return exit;
  const config::Config& config = opened->workspace->config;
  const auto places = PlacesOf(config);
  if (places.empty())
    return Report(
        context,
        Error{Code::kNotFound, "no witness is configured", {}, "add [[ledger.witness]]", {}, {}});
  anchor::SendOptions options;
  options.sent_file = SentFile(config, *opened->tenant);
  const auto sent = anchor::SendCheckpoint(*opened->ledger, places, options);
  if (!sent) return Report(context, sent.error());
  std::string items;
  std::vector<ExitCode> exits{ExitCode::kOk};
  for (const anchor::Outcome& outcome : *sent) {
    items += (items.empty() ? "" : ",") + OutcomeJson(outcome);
    if (!context.options.json) ShowOutcome(context, outcome);
    if (outcome.error) exits.push_back(ExitFor(*outcome.error));
  }
  exit = ToInt(Worst(exits));
  if (context.options.json)
    PrintJson(context, "ledger witness", exit == 0, "{\"places\":[" + items + "]}");
  return exit;
}

int RunLedgerMonitor(Context& context) {
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  const auto every = config::ParseDuration(context.options.every);
  auto notes = ReadNotes(context.options.notes);
  if (!every || !notes) return Report(context, every ? notes.error() : every.error());
  const anchor::MonitorInput input{
      assess::LedgerOptions(workspace->config, *tenants->front(), false),
      PlacesOf(workspace->config), std::move(*notes)};
  std::signal(SIGINT, OnStop);
  std::signal(SIGTERM, OnStop);
  for (;;) {
    const anchor::MonitorReport report = anchor::Monitor(input);
    exit = exit == ToInt(ExitCode::kVerification) ? exit : ExitOf(report);
    if (context.options.json)
      PrintJson(context, "ledger monitor", ExitOf(report) == 0, ReportJson(report));
    else if (context.options.jsonl)
      ShowEvents(context, report);
    else
      ShowRound(context, report);
    if (context.options.once || context.options.json) return exit;
    WaitFor(*every);
    if (g_stop != 0) return exit;
  }
}

int RunLedgerTimestamp(Context& context) {
  const Options& options = context.options;
  int exit = 0;
  const bool reads = options.check || (!options.query.empty() && options.reply.empty());
  auto opened = reads ? OpenOneForReading(context, exit) : OpenOneForAppending(context, exit);
  if (!opened) return exit;
  if (reads && !options.check) return WriteQuery(context, *opened->ledger);
  const auto authority = AuthorityOf(opened->workspace->config);
  if (!authority) return Report(context, authority.error());
  if (options.check) return CheckStamps(context, *opened->ledger, *authority);
  const auto stamped = Stamp(context, *opened->ledger, *authority);
  if (!stamped) return Report(context, stamped.error());
  Say(context, fmt::format("  checkpoint of {} entries existed at {}  {}\n", stamped->size,
                           FormatTime(stamped->facts.time), stamped->facts.authority));
  return 0;
}

}  // namespace assay::cli
