#include "cli/check_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/catalogue.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/installed.h"
#include "config/load.h"
#include "sandbox/spawner.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxText = 4u << 20;

std::vector<fs::path> TomlFiles(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".toml" && it->is_regular_file(error)) out.push_back(it->path());
  std::sort(out.begin(), out.end());
  return out;
}

bool IsSources(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "manifest.toml", error);
}

Result<std::string> ReadText(const fs::path& path) {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(path, kMaxText));
  return std::string(AsText(bytes));
}

/// views.sql of a folder; none is no error.
std::string ViewsOf(const fs::path& folder) {
  return ReadText(folder / "views.sql").value_or(std::string());
}

Result<Manifest> ManifestOf(const fs::path& sources) {
  const fs::path file = sources / "manifest.toml";
  ASSAY_ASSIGN(const std::string text, ReadText(file));
  return config::ParseManifest(text, file.string());
}

}  // namespace

fs::path OwnChecksFolder(const Context& context) {
  std::error_code error;
  if (!fs::exists(context.options.config, error)) return "checks.d";
  config::LoadOptions options;
  options.check_secrets = false;
  const fs::path named = config::LoadConfig(context.options.config, options).config.checks_dir;
  return named.empty() ? fs::path("checks.d") : named;
}

Result<CheckPlace> FindChecks(const Context& context) {
  const std::string& named = context.options.argument;
  const fs::path path = named.empty() ? OwnChecksFolder(context) : fs::path(named);
  std::error_code error;
  if (!fs::exists(path, error))
    return Fail(Error{Code::kNotFound,
                      path.string() + ": no such file or folder",
                      {},
                      "assay check new ID writes a first check",
                      {},
                      {}});
  CheckPlace out;
  out.plugin = kOwnChecks;
  fs::path folder = path;
  if (fs::is_regular_file(path, error)) {
    out.files = {path};
    folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  } else {
    if (IsSources(path)) folder = path / "checks";
    out.files = TomlFiles(folder);
  }
  out.cases = folder / "cases";
  const fs::path parent = fs::weakly_canonical(folder, error).parent_path();
  if (!IsSources(parent)) return out;
  ASSAY_ASSIGN(const Manifest manifest, ManifestOf(parent));
  out.sources = parent;
  out.plugin = manifest.id;
  return out;
}

Result<std::vector<config::CheckSource>> ReadSources(const CheckPlace& place) {
  std::vector<config::CheckSource> out;
  for (const fs::path& file : place.files) {
    ASSAY_ASSIGN(const std::string text, ReadText(file));
    out.emplace_back(text, file.string(), place.plugin);
  }
  return out;
}

Result<std::unique_ptr<kit::CaseWorld>> OpenWorld(const Context& context, const CheckPlace& place,
                                                  std::vector<std::string>& taken) {
  ASSAY_ASSERT(context.spawner != nullptr, "main starts the spawner for this command");
  ASSAY_ASSIGN(const sandbox::TierReport offered, context.spawner->Probe());
  if (offered.best != sandbox::Tier::kStrict)
    context.Narrate(fmt::format("note: sandbox tier {}: {}\n", Name(offered.best), offered.why));
  if (Status canary = context.spawner->RunCanary(offered.best); !canary)
    return Fail(Error(std::move(canary.error())).Id("AS-SBX-002"));
  ASSAY_ASSIGN(const assess::Catalogue catalogue, OpenFullCatalogue(context));
  std::vector<kit::CaseCollector> collectors;
  for (const assess::InstalledPlugin& plugin : catalogue.plugins()) {
    if (plugin.manifest.kind != PluginKind::kCollector || plugin.manifest.id == place.plugin)
      continue;
    collectors.push_back({plugin.manifest.id, plugin.manifest.datasets, ViewsOf(plugin.folder)});
    for (const CheckSpec& check : plugin.checks) taken.push_back(check.id);
  }
  if (!place.sources.empty()) {
    ASSAY_ASSIGN(const Manifest manifest, ManifestOf(place.sources));
    collectors.push_back({manifest.id, manifest.datasets, ViewsOf(place.sources)});
  }
  return std::make_unique<kit::CaseWorld>(*context.spawner, offered.best, std::move(collectors));
}

}  // namespace assay::cli
