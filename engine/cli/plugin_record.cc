// `assay plugin record`: a fixture from a real tenant.
#include <fmt/format.h>

#include "assess/tenant_broker.h"
#include "cli/plugin_kit.h"
#include "cli/workspace.h"
#include "kit/record.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

bool NeedsArm(const Manifest& manifest) {
  for (const EndpointSpec& endpoint : manifest.endpoints)
    if (endpoint.host == ServiceHost::kArm) return true;
  return false;
}

Result<kit::Recording> RecordFrom(const Context& context, const KitBench& bench,
                                  const config::Config& config, const config::TenantConfig& tenant,
                                  const std::filesystem::path& folder) {
  ASSAY_ASSIGN(broker::BrokerOptions options, assess::BrokerFor(config, tenant));
  options.concurrency = 1;  // pages in the order of their requests
  options.graph_batch = false;
  ASSAY_ASSIGN(const auto broker, broker::Broker::Create(std::move(options)));
  ASSAY_ASSIGN(const broker::Consent consent,
               broker->CheckConsent(NeedsArm(bench.plugin.manifest)));
  return kit::Record(*bench.bench, *broker, consent.roles, consent.arm_token, folder,
                     context.options.redact);
}

}  // namespace

int RunPluginRecord(Context& context) {
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const auto tenants = SelectTenants(context, *workspace, exit);
  if (!tenants) return exit;
  auto bench = OpenBench(context);
  if (!bench) return context.Fail(bench.error());
  if (!(*bench)->bench)
    return context.Fail(Error{Code::kInvalidInput, (*bench)->refused, {}, {}, {}, "AS-PLG-001"});
  if ((*bench)->plugin.manifest.kind != PluginKind::kCollector)
    return context.Fail(Error{Code::kInvalidInput,
                              "plugin record: a framework reads nothing of a tenant: what it gets "
                              "are results of checks, which hold no data",
                              {},
                              "write [[result]] tables into fixture.toml by hand; assay plugin "
                              "fuzz makes all kinds of them",
                              {},
                              "AS-CLI-003"});
  const config::TenantConfig& tenant = *tenants->front();
  const std::filesystem::path folder =
      context.options.to.empty() ? "fixtures/" + tenant.id : context.options.to;
  const auto recorded = RecordFrom(context, **bench, workspace->config, tenant, folder);
  if (!recorded) return context.Fail(recorded.error());
  if (!recorded->detail.empty())
    context.Narrate(fmt::format("warning: the plugin did not end well: {}\n", recorded->detail));
  report::JsonWriter json;
  json.BeginObject().Member("folder", folder.string()).Member("pages", recorded->pages);
  json.Key("files").Strings(recorded->files).EndObject();
  return context.Finish(
      fmt::format("  Wrote {}/ · {} pages, {} files\n  Read them before you give them away: what "
                  "is personal is told by the manifest and by form, not by understanding\n",
                  folder.string(), recorded->pages, recorded->files.size()),
      json.Take());
}

}  // namespace assay::cli
