// assay ledger epoch|recover: the lives of a ledger, and how it goes on after a loss.
#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/workspace.h"
#include "ledger/epoch.h"
#include "proof/canonical_json.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxNoteFile = size_t{1} << 20;

// What an epoch.started says, beside its name.
struct Loss {
  std::string reason, time;
  int64_t known_size = 0, lost = 0;
};

Result<Loss> ReadLoss(ledger::Ledger& ledger, LeafIndex index) {
  ASSAY_ASSIGN(const std::string line, ledger.ReadLine(index));
  ASSAY_ASSIGN(const proof::Json json, proof::ReadJson(line));
  const proof::JsonObject* members = json.object();
  if (members == nullptr) return assay::Fail(Code::kCorrupt, "entry: not an object");
  Loss out;
  ASSAY_ASSIGN(out.reason, proof::TextAt(*members, "reason"));
  ASSAY_ASSIGN(out.time, proof::TextAt(*members, "time"));
  ASSAY_ASSIGN(out.known_size, proof::IntegerAt(*members, "known_size"));
  ASSAY_ASSIGN(out.lost, proof::IntegerAt(*members, "lost"));
  return out;
}

std::string NameOf(const ledger::LedgerKey& key) { return key.vkey.substr(0, key.vkey.find('+')); }

std::string OutcomeJson(const std::string& tenant, const ledger::EpochOutcome& o) {
  return fmt::format(
      "{{\"tenant\":{},\"started\":{},\"epoch\":{},\"name\":{},\"tree_size\":{},\"known_size\":{},"
      "\"known_root\":\"{}\",\"lost\":{},\"checkpoints\":{}}}",
      JsonString(tenant), o.started, o.epoch, JsonString(o.name), o.size, o.known_size,
      EncodeBase64(o.known_root), o.lost, o.notes);
}

void ShowOutcome(Context& context, const std::string& tenant, const ledger::EpochOutcome& o) {
  if (o.notes == 0) {
    Say(context, fmt::format("  {}  {} entries, nothing is lost: epoch {} goes on\n", tenant,
                             o.size, o.epoch));
    if (!context.options.accept_loss)
      Say(context,
          "    --accept-loss makes checkpoints.log anew from the stored checkpoints when it is "
          "old, "
          "cut or gone\n");
    return;
  }
  Say(context, fmt::format("  {}  {} entries are here, a signed head of {} is known: {} lost, {} "
                           "checkpoint{} of another history\n",
                           tenant, o.size, o.known_size, o.lost, o.notes, o.notes == 1 ? "" : "s"));
  Say(context, fmt::format("    {} as epoch {}, under the name {}\n",
                           o.started ? "goes on" : "would go on", o.epoch, o.name));
}

// Missing consent is wrong use, so that a script cannot accept a loss by accident.
Error NotAccepted(const std::string& tenant) {
  return Error{Code::kInvalidInput,
               "nothing was changed: what is lost stays lost, and the ledger says so for ever",
               {},
               "assay ledger recover -t " + tenant + " --accept-loss",
               {},
               "AS-CLI-003"};
}

Result<ledger::EpochRequest> MakeRequest(const Options& options) {
  ledger::EpochRequest request;
  request.actor = "cli";
  request.dry_run = options.dry_run || !options.accept_loss;
  for (const std::string& file : options.checkpoints) {
    ASSAY_ASSIGN(const ByteVector bytes, ReadFile(file, kMaxNoteFile));
    request.known_notes.emplace_back(AsText(bytes));
  }
  return request;
}

}  // namespace

int RunLedgerEpoch(Context& context) {
  int exit = 0;
  auto one = OpenOneForReading(context, exit);
  if (!one) return exit;
  const auto& ledger = one->ledger;
  Table table({"EPOCH", "FROM ENTRY", "LOST", "REASON", "TIME", "NAME"});
  std::string items;
  const auto add = [&](const ledger::LedgerKey& key, uint64_t from, const Loss& loss) {
    table.Row({std::to_string(key.epoch), std::to_string(from), std::to_string(loss.lost),
               loss.reason, loss.time, NameOf(key)});
    items += fmt::format(
        "{}{{\"epoch\":{},\"from\":{},\"name\":{},\"reason\":{},\"time\":{},\"known_size\":{},"
        "\"lost\":{}}}",
        items.empty() ? "" : ",", key.epoch, from, JsonString(NameOf(key)), JsonString(loss.reason),
        JsonString(loss.time), loss.known_size, loss.lost);
  };
  for (const ledger::LedgerKey& key : ledger->Keys()) {
    if (key.kind == "key.created") add(key, 0, {"created", "", 0, 0});
    if (key.kind != "epoch.started") continue;
    auto loss = ReadLoss(*ledger, key.since);
    if (!loss) return Report(context, loss.error());
    add(key, ToNumber(key.since), *loss);
  }
  return context.Finish(table.Format(context.terminal), "{\"epochs\":[" + items + "]}");
}

int RunLedgerRecover(Context& context) {
  int exit = 0;
  auto one = SelectOne(context, exit);
  if (!one) return exit;
  auto request = MakeRequest(context.options);
  if (!request) return Report(context, request.error());
  auto outcome = ledger::StartEpoch(
      assess::LedgerOptions(one->workspace->config, *one->tenant, false), *request);
  if (!outcome)
    return Report(context, std::move(outcome.error()).Context("tenant " + one->tenant->id));
  if (!context.options.json) ShowOutcome(context, one->tenant->id, *outcome);
  if (context.options.accept_loss && outcome->started && !context.options.json)
    Say(context, "    tell those who keep checkpoints of it; then  assay ledger verify\n");
  if (outcome->notes > 0 && !context.options.accept_loss && !context.options.dry_run)
    return Report(context, NotAccepted(one->tenant->id));
  if (context.options.json)
    PrintJson(context, "ledger recover", true, OutcomeJson(one->tenant->id, *outcome));
  return 0;
}

}  // namespace assay::cli
