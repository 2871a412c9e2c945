// `assay plugin list|info`.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/inventory.h"
#include "cli/plugin_text.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

const char* KindName(PluginKind kind) {
  return kind == PluginKind::kFramework ? "framework" : "collector";
}

/// One word for what a run would do with it.
std::string State(const assess::InstalledPlugin& plugin) {
  if (!plugin.refusal)
    return plugin.trust == assess::Trust::kBuiltIn  ? "built in"
           : plugin.trust == assess::Trust::kSigned ? "granted"
                                                    : "unsigned";
  const std::string& code = plugin.refusal->id;
  if (code == "AS-PLG-003") return "not used";
  if (code == "AS-PLG-005") return "wants more";
  if (code == "AS-PLG-008") return "not granted";
  return "refused";
}

void WritePlugin(report::JsonWriter& json, const assess::InstalledPlugin& plugin) {
  const Manifest& m = plugin.manifest;
  json.BeginObject()
      .Member("id", m.id)
      .Member("version", m.version)
      .Member("kind", KindName(m.kind));
  json.Member("abi", fmt::format("{}.{}", m.abi_major, m.abi_minor)).Member("title", m.title);
  json.Member("file", plugin.file.string()).Member("endpoints", m.endpoints.size());
  json.Member("datasets", m.datasets.size()).Member("checks", plugin.checks.size());
  json.Member("state", State(plugin)).Member("trust", Name(plugin.trust));
  if (!plugin.fingerprint.empty())
    json.Member("key", plugin.fingerprint).Member("vkey", plugin.vkey);
  if (plugin.refusal)
    json.Member("refused", plugin.refusal->id).Member("why", plugin.refusal->ToString());
}

void WriteReads(report::JsonWriter& json, const Manifest& m) {
  json.Key("reads").BeginArray();
  for (const EndpointSpec& e : m.endpoints) {
    json.BeginObject()
        .Member("id", e.id)
        .Member("read", assess::ReadName(e))
        .Member("permission", e.permission);
    json.Member("action", e.arm_action).Member("licence", e.licence).Member("personal", e.personal);
    json.Member("optional", e.optional).Key("datasets").Strings(e.datasets).EndObject();
  }
  json.EndArray();
}

std::string Details(const assess::InstalledPlugin& plugin) {
  const Manifest& m = plugin.manifest;
  std::string out = fmt::format("{} {}  {}, ABI {}.{}\n{}\n{}\n", m.id, m.version, KindName(m.kind),
                                m.abi_major, m.abi_minor, Plain(m.title), plugin.file.string());
  out += fmt::format("{}", State(plugin));
  if (!plugin.fingerprint.empty())
    out += fmt::format(", signed by {} {}", plugin.vkey.substr(0, plugin.vkey.find('+')),
                       plugin.fingerprint);
  out += plugin.refusal ? fmt::format("\nrefused: {}\n", plugin.refusal->ToString()) : "\n";
  if (!m.endpoints.empty()) out += "\nReads\n";
  for (const EndpointSpec& e : m.endpoints)
    out += fmt::format("  {}  {}{}\n", assess::ReadName(e),
                       e.permission.empty() ? Plain(e.arm_action) : e.permission,
                       e.personal ? "  (personal data)" : "");
  if (!m.datasets.empty()) out += "\nGives\n";
  for (const DatasetSpec& d : m.datasets)
    out += fmt::format("  {}  {} columns, key {}\n", d.id, d.columns.size(), Join(d.key, ", "));
  out +=
      fmt::format("\nLimits  memory {} MiB, cpu {} s, time {} s, reads {}, rows {}, threads {}\n",
                  m.limits.memory_bytes >> 20, m.limits.cpu_seconds, m.limits.wall_seconds,
                  m.limits.reads, m.limits.rows, m.limits.threads);
  for (const assess::PluginFile& file : plugin.files)
    out += fmt::format("File  {} {}\n", EncodeHex(file.digest), file.name);
  if (!plugin.checks.empty()) out += fmt::format("Checks  {}\n", plugin.checks.size());
  return out;
}

}  // namespace

int ShowPlugins(const Context& context, const assess::Catalogue& catalogue) {
  Table table({"PLUGIN", "VERSION", "KIND", "STATE", "READS", "CHECKS", "TITLE"});
  report::JsonWriter json;
  json.BeginObject().Key("items").BeginArray();
  for (const assess::InstalledPlugin& plugin : catalogue.plugins()) {
    const Manifest& m = plugin.manifest;
    table.Row({m.id, m.version, KindName(m.kind), State(plugin),
               fmt::format("{}", m.endpoints.size()), fmt::format("{}", plugin.checks.size()),
               m.title});
    WritePlugin(json, plugin);
    json.EndObject();
  }
  json.EndArray().Key("refused").BeginArray();
  for (const assess::BrokenPackage& broken : catalogue.broken()) {
    table.Row({broken.id, "?", "?", "refused", "", "", broken.error.ToString()});
    json.BeginObject().Member("id", broken.id).Member("why", broken.error.ToString()).EndObject();
  }
  json.EndArray().EndObject();
  const ExitCode code = catalogue.broken().empty() ? ExitCode::kOk : ExitCode::kPluginRefused;
  return context.Finish(table.Format(context.terminal), json.Take(), code);
}

int ShowPlugin(const Context& context, const assess::Catalogue& catalogue) {
  const std::string& id = context.options.argument;
  const assess::InstalledPlugin* plugin = catalogue.FindPlugin(id);
  for (const assess::BrokenPackage& broken : catalogue.broken())
    if (plugin == nullptr && broken.id == id)
      return context.Fail(Error(broken.error).Context("plugin " + id).Id("AS-PLG-001"));
  if (plugin == nullptr) {
    std::vector<std::string> known;
    for (const assess::InstalledPlugin& p : catalogue.plugins()) known.push_back(p.manifest.id);
    return context.Fail(NotInstalled("plugin", id, known));
  }
  report::JsonWriter json;
  WritePlugin(json, *plugin);
  WriteReads(json, plugin->manifest);
  if (!plugin->files.empty()) json.Key("files").BeginArray();
  for (const assess::PluginFile& file : plugin->files)
    json.BeginObject()
        .Member("name", file.name)
        .Member("sha256", EncodeHex(file.digest))
        .EndObject();
  if (!plugin->files.empty()) json.EndArray();
  json.EndObject();
  return context.Finish(Details(*plugin), json.Take());
}

}  // namespace assay::cli
