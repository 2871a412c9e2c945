#include "assess/kept_plugins.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/kept_files.h"
#include "assess/run.h"
#include "base/text.h"
#include "config/load.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

class KeptLoader {
 public:
  KeptLoader(ledger::Ledger& ledger, const RecordedRun& run, const RunSettings& settings,
             KeptFiles files, ReplayState& state)
      : ledger_(ledger), run_(run), settings_(settings), files_(std::move(files)), state_(state) {}

  Result<KeptPlugins> Load() {
    for (const NamedPlugin& named : settings_.plugins)
      ASSAY_TRY(named.id == kOwnChecks ? TakeOwnChecks(named) : TakePlugin(named));
    ApplySettings();
    return std::move(out_);
  }

 private:
  Status TakePlugin(const NamedPlugin& named) {
    auto plugin = LoadNamed(named);
    if (!plugin && plugin.error().code != Code::kNotFound &&
        plugin.error().code != Code::kUnsupported)
      return Fail(std::move(plugin.error()));
    if (!plugin) return Lose(named.id, plugin.error().message), Status{};
    out_.files += plugin->files.size();
    if (const auto limits = settings_.limits.find(named.id); limits != settings_.limits.end())
      plugin->manifest.limits = limits->second;
    const bool collects = plugin->manifest.kind == PluginKind::kCollector;
    (collects ? out_.collectors : out_.frameworks).push_back(std::move(*plugin));
    return {};
  }

  /// Trusted as the run trusted it: its digests are in the ledger. kNotFound: a file is not there.
  Result<LoadedPlugin> LoadNamed(const NamedPlugin& named) {
    PackageFiles files{fmt::format("run {}, plugin {}", run_.run, named.id), named.id, {}, {}};
    const std::string library = named.id + ".so";
    if (!named.files.contains(library))
      return Fail(Code::kNotFound, library + ": the run names no such file");
    for (const auto& [name, digest] : named.files) {
      auto bytes = Read(name, digest);
      if (!bytes && (name == library || bytes.error().code != Code::kNotFound))
        return Fail(std::move(bytes.error()));
      if (!bytes) continue;  // what it decided is told as not replayed
      PluginFile file{name, proof::Sha256(*bytes), std::move(*bytes)};
      files.files.insert(name == library ? files.files.begin() : files.files.end(),
                         std::move(file));
    }
    ASSAY_ASSIGN(LoadedPlugin plugin, OpenPlugin(std::move(files)));
    ASSAY_TRY(CheckAbi(plugin.manifest));
    ASSAY_TRY(LoadData(plugin));
    return plugin;
  }

  Status TakeOwnChecks(const NamedPlugin& named) {
    for (const auto& [name, digest] : named.files) {
      const auto bytes = Read(name, digest);
      if (!bytes && bytes.error().code == Code::kNotFound) continue;
      if (!bytes) return Fail(bytes.error());
      ASSAY_ASSIGN(auto checks, config::ParseChecks(AsText(*bytes), name, named.id));
      std::move(checks.begin(), checks.end(), std::back_inserter(out_.checks));
      ++out_.files;
    }
    return {};
  }

  /// A file by its digest. kNotFound says why it is not there.
  Result<ByteVector> Read(const std::string& name, const std::string& digest) {
    const auto entry = files_.Find(digest);
    if (!entry)
      return Fail(Code::kNotFound, fmt::format("{} (SHA-256 {}) was never kept", name, digest));
    ASSAY_TRY(ProveRange(ledger_, *entry, *entry));
    ASSAY_ASSIGN(ledger::EntryBody body, ledger_.ReadEntryBody(*entry));
    std::string why = body.absent;
    if (!body.absent_segments.empty()) why = body.absent_segments.begin()->second;
    if (!why.empty())
      return Fail(Code::kNotFound, fmt::format("{} (entry {}) is {}", name, ToNumber(*entry), why));
    if (body.segments.size() != 1 || EncodeHex(proof::Sha256(body.segments[0])) != digest)
      return Fail(Code::kCorrupt, fmt::format("entry {}: its body is not the file {} that it names",
                                              ToNumber(*entry), name));
    return std::move(body.segments[0]);
  }

  void Lose(const std::string& plugin, const std::string& why) {
    state_.Excuse(plugin, why);
    const std::string prefix = fmt::format("dataset {} ", plugin);
    for (const auto& [key, entry] : run_.entries)
      if (key.starts_with(prefix)) state_.Lose(key.substr(prefix.size()), why);
  }

  void ApplySettings() {
    for (LoadedPlugin& plugin : out_.frameworks) {
      const auto decided = settings_.controls.find(plugin.manifest.id);
      std::erase_if(plugin.framework.controls, [&](const ControlSpec& control) {
        return decided == settings_.controls.end() ||
               std::find(decided->second.begin(), decided->second.end(), control.id) ==
                   decided->second.end();
      });
    }
    for (const LoadedPlugin& plugin : out_.collectors)
      out_.checks.insert(out_.checks.end(), plugin.checks.begin(), plugin.checks.end());
    std::vector<CheckSpec> wanted;
    for (CheckSpec& check : out_.checks) {
      const auto setting = settings_.checks.find(check.id);
      if (setting == settings_.checks.end() || IsLost(check)) continue;
      check.params = setting->second.params;
      check.elsewhere = setting->second.elsewhere;
      check.severity = ParseSeverity(setting->second.severity).value_or(check.severity);
      wanted.push_back(std::move(check));
    }
    std::sort(wanted.begin(), wanted.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    out_.checks = std::move(wanted);
  }

  /// A check over a dataset that no plugin declares would stop the evaluator.
  bool IsLost(const CheckSpec& check) const {
    return std::any_of(check.reads.begin(), check.reads.end(), [&](const std::string& dataset) {
      return state_.WhyDataset(dataset).has_value();
    });
  }

  ledger::Ledger& ledger_;
  const RecordedRun& run_;
  const RunSettings& settings_;
  const KeptFiles files_;
  ReplayState& state_;
  KeptPlugins out_;
};

}  // namespace

Result<KeptPlugins> LoadKeptPlugins(ledger::Ledger& ledger, const RecordedRun& run,
                                    const RunSettings& settings, ReplayState& state) {
  ASSAY_ASSIGN(KeptFiles files, KeptFiles::Load(ledger, run.files));
  return KeptLoader(ledger, run, settings, std::move(files), state).Load();
}

}  // namespace assay::assess
