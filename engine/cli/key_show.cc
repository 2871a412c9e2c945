// assay key list|fingerprint|export-public: keys as they are, without any secret.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/workspace.h"
#include "ledger/key_change.h"
#include "proof/ed25519.h"

namespace assay::cli {
namespace {

struct Shown {
  std::string tenant;
  ledger::OpenOptions options;
  ledger::KeyOverview keys;
};

// Keys of the selected tenants, of all when none is named; tenants without a ledger are left out.
std::optional<std::vector<Shown>> ReadKeys(Context& context, int& exit) {
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return std::nullopt;
  if (context.options.tenant.empty()) context.options.all = true;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return std::nullopt;
  std::vector<Shown> out;
  for (const config::TenantConfig* tenant : *tenants) {
    Shown one{tenant->id, assess::LedgerOptions(workspace->config, *tenant, false), {}};
    auto keys = ledger::DescribeKeys(one.options);
    if (!keys && keys.error().code == Code::kNotFound && tenants->size() > 1) continue;
    if (!keys) {
      exit = Report(context, std::move(keys.error()).Context("tenant " + tenant->id));
      return std::nullopt;
    }
    one.keys = std::move(*keys);
    out.push_back(std::move(one));
  }
  return out;
}

std::string LedgerKeyJson(const ledger::LedgerKey& key) {
  return fmt::format(
      "{{\"since\":{},\"epoch\":{},\"kind\":{},\"fingerprint\":{},\"vkey\":{},\"pem\":{}}}",
      ToNumber(key.since), key.epoch, JsonString(key.kind), JsonString(key.fingerprint),
      JsonString(key.vkey), JsonString(proof::PublicKeyToPem(key.public_key)));
}

std::string ShownJson(const Shown& one) {
  std::string keys;
  for (const ledger::LedgerKey& key : one.keys.ledger)
    keys += (keys.empty() ? "" : ",") + LedgerKeyJson(key);
  return fmt::format(
      "{{\"tenant\":{},\"ledger\":[{}],\"ledger_file\":{},\"seal\":{},\"seal_keys\":{},\"master\":{"
      "}"
      ",\"master_file\":{},\"master_change_open\":{},\"fault\":{}}}",
      JsonString(one.tenant), keys, JsonString(one.options.ledger_key_file),
      JsonString(one.keys.seal), one.keys.seal_keys, JsonString(one.keys.master),
      JsonString(one.options.master_key_file), one.keys.master_change_open,
      JsonString(one.keys.fault));
}

std::string AllJson(const std::vector<Shown>& all) {
  std::string items;
  for (const Shown& one : all) items += (items.empty() ? "" : ",") + ShownJson(one);
  return "{\"tenants\":[" + items + "]}";
}

void AddRows(Table& table, const Shown& one) {
  const ledger::KeyOverview& keys = one.keys;
  for (size_t i = 0; i < keys.ledger.size(); ++i) {
    const ledger::LedgerKey& key = keys.ledger[i];
    const bool in_force = i + 1 == keys.ledger.size();
    const std::string file = keys.ledger_key_at_hand ? one.options.ledger_key_file : "not at hand";
    table.Row({one.tenant, "ledger", fmt::format("entry {}", ToNumber(key.since)), key.fingerprint,
               in_force ? file : "until " + keys.ledger[i + 1].kind});
  }
  if (!keys.fault.empty()) {
    table.Row({one.tenant, "seal", "", "does not open", keys.fault});
    return;
  }
  table.Row({one.tenant, "seal", "", keys.seal,
             fmt::format("{} of {} open bodies", keys.seal_keys, keys.seal_keys)});
  table.Row({one.tenant, "master", "", keys.master,
             one.options.master_key_file + (keys.master_change_open
                                                ? "  (a change was cut short: assay key rotate "
                                                  "--purpose master goes on)"
                                                : "")});
}

}  // namespace

int RunKeyList(Context& context) {
  int exit = 0;
  const auto all = ReadKeys(context, exit);
  if (!all) return exit;
  Table table({"TENANT", "PURPOSE", "SINCE", "KEY", "WHERE"});
  for (const Shown& one : *all) AddRows(table, one);
  return context.Finish(table.Format(context.terminal), AllJson(*all));
}

int RunKeyFingerprint(Context& context) {
  int exit = 0;
  const auto all = ReadKeys(context, exit);
  if (!all) return exit;
  Table table({"TENANT", "FINGERPRINT"});
  for (const Shown& one : *all)
    if (!one.keys.ledger.empty()) table.Row({one.tenant, one.keys.ledger.back().fingerprint});
  return context.Finish(table.Format(context.terminal), AllJson(*all));
}

int RunKeyExportPublic(Context& context) {
  int exit = 0;
  const auto all = ReadKeys(context, exit);
  if (!all) return exit;
  std::string text;
  for (const Shown& one : *all)
    for (const ledger::LedgerKey& key : one.keys.ledger)
      text +=
          context.options.format == "pem" ? proof::PublicKeyToPem(key.public_key) : key.vkey + "\n";
  return context.Finish(text, AllJson(*all));
}

}  // namespace assay::cli
