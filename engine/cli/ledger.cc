// assay ledger verify|status|show|checkpoint.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "cli/backup_common.h"
#include "cli/command.h"
#include "cli/summary.h"
#include "cli/workspace.h"
#include "ledger/proofs.h"

namespace assay::cli {
namespace {

/// "2 erased (privacy), 14 never kept".
std::string AbsentText(const ledger::VerifyReport& r) {
  std::string out;
  for (const auto& [why, n] : r.absent)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, why);
  return out;
}

std::string AbsentJson(const ledger::VerifyReport& r) {
  std::string out;
  for (const auto& [why, n] : r.absent)
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", JsonString(why), n);
  return "{" + out + "}";
}

std::string ReportJson(const std::string& tenant, const ledger::VerifyReport& r) {
  return fmt::format(
      "{{\"tenant\":{},\"ok\":{},\"since\":{},\"entries\":{},\"bodies\":{},\"bodies_opened\":{},"
      "\"checkpoints\":"
      "{},"
      "\"tree_size\":{},\"root_hash\":\"{}\",\"fingerprint\":{},\"first_bad_index\":{},\"place\":{}"
      ","
      "\"message\":{},\"absent\":{}}}",
      JsonString(tenant), r.ok, r.since ? std::to_string(*r.since) : "null", r.entries, r.bodies,
      r.bodies_opened, r.checkpoints, ToNumber(r.head.size), EncodeBase64(r.head.root),
      JsonString(r.fingerprint), r.first_bad_index ? fmt::format("{}", *r.first_bad_index) : "null",
      JsonString(r.place), JsonString(r.message), AbsentJson(r));
}

/// What a verification that began at a checkpoint leaves to the full one.
void SayNotRead(Context& context, uint64_t since) {
  Say(context, fmt::format("    not read again: entries 0 to {}, with their tiles, time stamps, "
                           "bodies and older checkpoints,\n"
                           "      the names of landmarks among them, and the pages of the files; "
                           "without --since-checkpoint all is\n",
                           since - 1));
}

void ShowReport(Context& context, const std::string& tenant, const ledger::VerifyReport& r) {
  const Style style = StyleOf(context);
  if (r.ok) {
    const std::string entries = r.since ? fmt::format("grew from {} to {}", *r.since, r.entries)
                                        : std::to_string(r.entries);
    Say(context, fmt::format("  {} ledger verifies{}  {}  {} entries · {} bodies, {} opened · {} "
                             "checkpoints\n",
                             Mark(Verdict::kPass, style), r.since ? " since the checkpoint" : "",
                             tenant, entries, r.bodies, r.bodies_opened, r.checkpoints));
    if (r.since) SayNotRead(context, *r.since);
    if (!r.absent.empty())
      Say(context, fmt::format("    absent and explained: {}\n", AbsentText(r)));
    Say(context,
        fmt::format(
            "    head {}  key {}\n    compare the key with what you wrote down: only you can\n",
            EncodeHex(r.head.root), r.fingerprint));
    return;
  }
  Say(context,
      fmt::format("  {} LEDGER DOES NOT VERIFY  {}\n", Mark(Verdict::kFail, style), tenant));
  if (r.first_bad_index) Say(context, fmt::format("    first bad entry  {}\n", *r.first_bad_index));
  Say(context,
      fmt::format("    place            {}\n    what             {}\n", r.place, r.message));
  Say(context,
      "    nothing was repaired, and nothing is appended to this ledger\n"
      "    next: keep the files as they are; compare with an outside copy of a checkpoint;\n"
      "          assay explain AS-LED-002\n");
}

/// Verifies one ledger; the exit code.
int VerifyOne(Context& context, const std::string& name, ledger::Ledger& ledger, std::string& items,
              const std::string& since = {}) {
  auto report = since.empty() ? ledger.Verify() : ledger.VerifySince(since);
  if (!report) return Report(context, report.error());
  items += (items.empty() ? "" : ",") + ReportJson(name, *report);
  if (!context.options.json) ShowReport(context, name, *report);
  return report->ok ? 0 : ToInt(ExitCode::kVerification);
}

/// Opens the tenant's ledger and gives its newest note, empty when there is none; unless
/// `reads_only` with a head that is signed.
Result<std::string> OpenAndSign(OpenedLedger& opened, bool reads_only) {
  ledger::OpenOptions options =
      assess::LedgerOptions(opened.workspace->config, *opened.tenant, false);
  options.run_lease_holder = fmt::format("assay ledger checkpoint, pid {}", ::getpid());
  ASSAY_ASSIGN(opened.ledger,
               reads_only ? ledger::Ledger::OpenReadOnly(options) : ledger::Ledger::Open(options));
  ASSAY_ASSIGN(const std::string note,
               reads_only ? opened.ledger->LatestCheckpoint() : opened.ledger->SignCheckpoint());
  if (note.empty()) return note;
  ASSAY_ASSIGN(const auto proofs, opened.ledger->OpenProofs());
  return proofs->note();  // with the cosignatures that are known
}

/// Second line of a note; 0 without one.
uint64_t SignedSize(const std::string& note) {
  uint64_t size = 0;
  const size_t at = note.find('\n') + 1;
  std::from_chars(note.data() + at, note.data() + note.size(), size);
  return size;
}

/// --dry-run: what signing would do.
int TellSigning(Context& context, const OpenedLedger& opened, const std::string& note) {
  auto head = opened.ledger->ReadHead();
  if (!head) return Report(context, head.error());
  const uint64_t entries = ToNumber(head->size), covered = SignedSize(note);
  if (context.options.json)
    PrintJson(context, "ledger checkpoint", true,
              fmt::format("{{\"tenant\":{},\"entries\":{},\"tree_size\":{},\"would_sign\":{}}}",
                          JsonString(opened.tenant->id), entries, covered, covered != entries));
  else
    Say(context, fmt::format("  {}  {} entries, the newest checkpoint covers {}: {}\n",
                             opened.tenant->id, entries, covered,
                             covered == entries ? "nothing to sign" : "would sign the head"));
  return 0;
}

/// The ledger of a tenant, or the log of the instance under the name that it has.
std::optional<OpenedLedger> OpenAny(Context& context, int& exit) {
  if (context.options.tenant != backup::kInstanceName) return OpenOneForReading(context, exit);
  OpenedLedger out;
  out.workspace = OpenWorkspace(context, exit);
  if (!out.workspace) return std::nullopt;
  out.name = backup::kInstanceName;
  auto log = ledger::Ledger::OpenReadOnly(InstanceLogOptions(*out.workspace));
  if (!log) {
    exit = Report(context, log.error());
    return std::nullopt;
  }
  out.ledger = std::move(*log);
  return out;
}

// The log of the instance is verified with the ledgers of all tenants, if there is one.
int VerifyInstanceLog(Context& context, const Workspace& workspace, std::string& items) {
  const ledger::OpenOptions options = InstanceLogOptions(workspace);
  std::error_code ignored;
  if (!std::filesystem::exists(options.directory / "ledger.db", ignored)) return 0;
  auto log = ledger::Ledger::OpenReadOnly(options);
  return log ? VerifyOne(context, backup::kInstanceName, **log, items)
             : Report(context, log.error());
}

/// The note of --since-checkpoint. What lies among the ledger's own files could be put back
/// together with them, and shows nothing.
Result<std::string> ReadStartingPoint(const std::string& file, const OpenedLedger& opened) {
  const auto refuse = [&](std::string why, std::string hint) {
    return assay::Fail(Error{Code::kInvalidInput,
                             "--since-checkpoint " + Quote(file) + ": " + std::move(why),
                             {},
                             std::move(hint),
                             {},
                             "AS-CLI-003"});
  };
  const Workspace& workspace = *opened.workspace;
  const ledger::OpenOptions options =
      opened.tenant != nullptr ? assess::LedgerOptions(workspace.config, *opened.tenant, false)
                               : InstanceLogOptions(workspace);
  std::error_code error;
  const auto folder = std::filesystem::canonical(options.directory, error).string() + "/";
  const auto path = std::filesystem::canonical(file, error).string();
  if (!error && path.starts_with(folder))
    return refuse("lies in the ledger's own folder, where it can be changed together with it",
                  "keep the checkpoint where those who write the ledger cannot change it");
  constexpr size_t kMaxNote = 64 * 1024;
  auto bytes = ReadFile(file, kMaxNote);
  if (!bytes && bytes.error().code == Code::kNotFound)
    return refuse("no such file",
                  "verify once without it, then keep what "
                  "assay ledger checkpoint --show prints");
  if (!bytes) return assay::Fail(std::move(bytes.error()));
  return std::string(AsText(*bytes));
}

int VerifySince(Context& context) {
  if (context.options.all)
    return Report(context, Error{Code::kInvalidInput,
                                 "--all and --since-checkpoint exclude each other",
                                 {},
                                 "a checkpoint is of one ledger: give its --tenant",
                                 {},
                                 "AS-CLI-003"});
  int exit = 0;
  const auto opened = OpenAny(context, exit);
  if (!opened) return exit;
  const auto note = ReadStartingPoint(context.options.since_checkpoint, *opened);
  if (!note) return Report(context, note.error());
  std::string items;
  exit = VerifyOne(context, opened->name, *opened->ledger, items, *note);
  if (!items.empty() && context.options.json)
    PrintJson(context, "ledger verify", exit == 0, "{\"ledgers\":[" + items + "]}");
  return exit;
}

}  // namespace

int RunLedgerVerify(Context& context) {
  if (!context.options.since_checkpoint.empty()) return VerifySince(context);
  int exit = 0, log = 0;
  std::string items;
  const bool only_log = context.options.tenant == backup::kInstanceName;
  const bool with_log = only_log || context.options.tenant.empty();
  if (with_log) {
    const auto workspace = OpenWorkspace(context, exit);
    if (!workspace) return exit;
    log = VerifyInstanceLog(context, *workspace, items);
  }
  const bool visited =
      only_log || VisitLedgers(context, exit, [&](const auto&, const auto& tenant, auto& ledger) {
        return VerifyOne(context, tenant.id, ledger, items);
      });
  exit = ToInt(Worst({ExitCode(exit), ExitCode(log)}));
  if (visited && context.options.json)
    PrintJson(context, "ledger verify", exit == 0, "{\"ledgers\":[" + items + "]}");
  return exit;
}

int RunLedgerStatus(Context& context) {
  int exit = 0;
  auto opened = OpenAny(context, exit);
  if (!opened) return exit;
  auto head = opened->ledger->ReadHead();
  if (!head) return Report(context, head.error());
  auto note = opened->ledger->LatestCheckpoint();
  if (!note) return Report(context, note.error());
  const std::optional<Error> fault = opened->ledger->Fault();
  const int code = fault ? ToInt(ExitCode::kVerification) : 0;
  if (context.options.json) {
    PrintJson(context, "ledger status", !fault,
              fmt::format("{{\"tenant\":{},\"epoch\":{},\"tree_size\":{},\"root_hash\":\"{}\","
                          "\"fingerprint\":{},\"checkpoint\":{},\"fault\":{}}}",
                          JsonString(opened->name), head->epoch, ToNumber(head->size),
                          EncodeBase64(head->root), JsonString(opened->ledger->Fingerprint()),
                          JsonString(*note), JsonString(fault ? fault->message : "")));
    return code;
  }
  Say(context, fmt::format("  {}  epoch {}  {} entries\n    root {}\n    key  {}\n", opened->name,
                           head->epoch, ToNumber(head->size), EncodeHex(head->root),
                           opened->ledger->Fingerprint()));
  if (note->empty()) Say(context, "    no checkpoint signed yet\n");
  return fault ? Report(context, *fault) : 0;
}

int RunLedgerShow(Context& context) {
  int exit = 0;
  auto opened = OpenAny(context, exit);
  if (!opened) return exit;
  const std::string& argument = context.options.argument;
  auto head = opened->ledger->ReadHead();
  if (!head) return Report(context, head.error());
  uint64_t from = 0, to = ToNumber(head->size);
  if (!argument.empty()) {
    const auto [end, error] =
        std::from_chars(argument.data(), argument.data() + argument.size(), from);
    if (error != std::errc() || end != argument.data() + argument.size() || from >= to)
      return Report(context, Error{Code::kNotFound,
                                   fmt::format("entry {}: the ledger holds entries 0 to {}",
                                               Quote(argument), to == 0 ? 0 : to - 1),
                                   {},
                                   {},
                                   {},
                                   {}});
    to = from + 1;
  }
  Status read = opened->ledger->ReadLines(LeafIndex{from}, LeafIndex{to},
                                          [&](LeafIndex, std::string_view line) {
                                            Say(context, std::string(line) + "\n");
                                            return true;
                                          });
  return read ? 0 : Report(context, read.error());
}

int RunLedgerCheckpoint(Context& context) {
  int exit = 0;
  auto opened = SelectOne(context, exit);
  if (!opened) return exit;
  const bool reads_only = context.options.show || context.options.dry_run;
  auto note = OpenAndSign(*opened, reads_only);
  if (!note)
    return Report(context, std::move(note.error()).Context("tenant " + opened->tenant->id));
  if (context.options.dry_run && !context.options.show) return TellSigning(context, *opened, *note);
  if (note->empty())
    return Report(context, Error{Code::kNotFound,
                                 "tenant " + opened->tenant->id + ": no checkpoint yet",
                                 {},
                                 "assay ledger checkpoint",
                                 {},
                                 {}});
  if (context.options.json)
    PrintJson(context, "ledger checkpoint", true,
              fmt::format("{{\"tenant\":{},\"tree_size\":{},\"checkpoint\":{}}}",
                          JsonString(opened->tenant->id), SignedSize(*note), JsonString(*note)));
  else
    Say(context, *note);
  return 0;
}

}  // namespace assay::cli
