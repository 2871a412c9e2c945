// assay ledger verify|status|show|checkpoint.
#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "cli/command.h"
#include "cli/summary.h"
#include "cli/workspace.h"

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
      "{{\"tenant\":{},\"ok\":{},\"entries\":{},\"bodies\":{},\"bodies_opened\":{},\"checkpoints\":"
      "{},"
      "\"tree_size\":{},\"root_hash\":\"{}\",\"fingerprint\":{},\"first_bad_index\":{},\"place\":{}"
      ","
      "\"message\":{},\"absent\":{}}}",
      JsonString(tenant), r.ok, r.entries, r.bodies, r.bodies_opened, r.checkpoints,
      ToNumber(r.head.size), EncodeBase64(r.head.root), JsonString(r.fingerprint),
      r.first_bad_index ? fmt::format("{}", *r.first_bad_index) : "null", JsonString(r.place),
      JsonString(r.message), AbsentJson(r));
}

void ShowReport(Context& context, const std::string& tenant, const ledger::VerifyReport& r) {
  const Style style = StyleOf(context);
  if (r.ok) {
    Say(context,
        fmt::format(
            "  {} ledger verifies  {}  {} entries · {} bodies, {} opened · {} checkpoints\n",
            Mark(Verdict::kPass, style), tenant, r.entries, r.bodies, r.bodies_opened,
            r.checkpoints));
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
int VerifyOne(Context& context, const std::string& name, ledger::Ledger& ledger,
              std::string& items) {
  auto report = ledger.Verify();
  if (!report) return Report(context, report.error());
  items += (items.empty() ? "" : ",") + ReportJson(name, *report);
  if (!context.options.json) ShowReport(context, name, *report);
  return report->ok ? 0 : ToInt(ExitCode::kVerification);
}

struct OpenedLedger {
  std::optional<Workspace> workspace;
  const config::TenantConfig* tenant = nullptr;
  std::unique_ptr<ledger::Ledger> ledger;
};

std::optional<OpenedLedger> OpenOne(Context& context, int& exit) {
  OpenedLedger out;
  out.workspace = OpenWorkspace(context, exit);
  if (!out.workspace) return std::nullopt;
  const auto tenants = SelectTenants(context, *out.workspace, exit);
  if (!tenants) return std::nullopt;
  out.tenant = tenants->front();
  out.ledger = OpenForReading(context, *out.workspace, *out.tenant, exit);
  if (!out.ledger) return std::nullopt;
  return out;
}

}  // namespace

int RunLedgerVerify(Context& context) {
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  if (context.options.tenant.empty()) context.options.all = true;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  std::string items;
  for (const config::TenantConfig* tenant : *tenants) {
    int one = 0;
    auto ledger = OpenForReading(context, *workspace, *tenant, one);
    if (ledger) one = VerifyOne(context, tenant->id, *ledger, items);
    exit = exit == ToInt(ExitCode::kVerification) ? exit : std::max(exit, one);
  }
  if (context.options.json)
    PrintJson(context, "ledger verify", exit == 0, "{\"ledgers\":[" + items + "]}");
  return exit;
}

int RunLedgerStatus(Context& context) {
  int exit = 0;
  auto opened = OpenOne(context, exit);
  if (!opened) return exit;
  auto head = opened->ledger->ReadHead();
  if (!head) return Report(context, head.error());
  auto note = opened->ledger->LatestCheckpoint();
  if (!note) return Report(context, note.error());
  if (context.options.json) {
    PrintJson(context, "ledger status", true,
              fmt::format("{{\"tenant\":{},\"epoch\":{},\"tree_size\":{},\"root_hash\":\"{}\","
                          "\"fingerprint\":{},\"checkpoint\":{}}}",
                          JsonString(opened->tenant->id), head->epoch, ToNumber(head->size),
                          EncodeBase64(head->root), JsonString(opened->ledger->Fingerprint()),
                          JsonString(*note)));
    return 0;
  }
  Say(context, fmt::format("  {}  epoch {}  {} entries\n    root {}\n    key  {}\n",
                           opened->tenant->id, head->epoch, ToNumber(head->size),
                           EncodeHex(head->root), opened->ledger->Fingerprint()));
  if (note->empty()) Say(context, "    no checkpoint signed yet\n");
  return 0;
}

int RunLedgerShow(Context& context) {
  int exit = 0;
  auto opened = OpenOne(context, exit);
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
  auto opened = OpenOne(context, exit);
  if (!opened) return exit;
  auto note = opened->ledger->LatestCheckpoint();
  if (!note) return Report(context, note.error());
  if (note->empty())
    return Report(context, Error{Code::kNotFound,
                                 "tenant " + opened->tenant->id + ": no checkpoint yet",
                                 {},
                                 "assay run",
                                 {},
                                 {}});
  Say(context, *note);
  return 0;
}

}  // namespace assay::cli
