#include "assess/plugin_trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assess/admin_lock.h"
#include "assess/package_note.h"
#include "assess/versions.h"
#include "base/files.h"
#include "base/text.h"

namespace assay::assess {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> Refuse(const char* code, const std::string& id, const std::string& what,
                             std::string hint) {
  return Fail(
      Error{Code::kDenied, fmt::format("plugin {}: {}", id, what), {}, std::move(hint), {}, code});
}

std::string PinHint(const std::string& pin) {
  return fmt::format("one that you make yourself: dev_pin = \"{}\" pins all of its files", pin);
}

/// A path to a file of another name would run something that nobody named.
Result<fs::path> FolderOf(const config::PluginConfig& wanted) {
  const fs::path path = wanted.path;
  std::error_code error;
  if (fs::is_directory(path, error)) return path;
  if (path.filename() == wanted.id + ".so") return path.parent_path();
  return Fail(Code::kInvalidInput, fmt::format("plugin {}: path {} is neither a folder nor {}.so",
                                               wanted.id, Quote(wanted.path), wanted.id));
}

Status CheckPins(const LoadedPlugin& plugin, const config::PluginConfig& wanted) {
  const std::string digest = EncodeHex(plugin.image.file_digest), pin = PinOf(plugin.files);
  if (!wanted.sha256.empty() && AsciiLower(wanted.sha256) != digest)
    return Refuse("AS-PLG-004", wanted.id,
                  fmt::format("file has digest {}, sha256 says {}", digest, wanted.sha256),
                  "look at what changed, then write the new digest");
  if (wanted.dev_pin.empty() || AsciiLower(wanted.dev_pin) == pin) return {};
  if (AsciiLower(wanted.dev_pin) == digest)
    return Refuse("AS-PLG-004", wanted.id,
                  "dev_pin is the digest of the .so alone, which leaves out its checks and data",
                  PinHint(pin));
  return Refuse("AS-PLG-004", wanted.id,
                fmt::format("its files have pin {}, dev_pin says {}", pin, wanted.dev_pin),
                "look at what changed, then write the new pin");
}

Status CheckSignature(LoadedPlugin& plugin, const config::PluginConfig& wanted) {
  if (plugin.note.empty())
    return Refuse("AS-PLG-007", wanted.id, wanted.id + ".note is missing: the package is unsigned",
                  "get the signed package from its author");
  ASSAY_ASSIGN(const proof::Verifier key, VerifyPackage(plugin, plugin.note));
  plugin.trust = Trust::kSigned;
  plugin.vkey = key.Encode();
  plugin.fingerprint = proof::FingerprintOf(key.key);
  if (plugin.fingerprint == wanted.trust) return {};
  return Refuse("AS-PLG-007", wanted.id,
                fmt::format("is signed by {} ({}), assay.toml trusts {}", plugin.fingerprint,
                            Quote(key.name), wanted.trust),
                "ask the author which key is theirs before you change trust");
}

Status CheckLock(const LoadedPlugin& plugin, const std::vector<LockEntry>& locks) {
  const std::string& id = plugin.manifest.id;
  const LockEntry* lock = FindLock(locks, id);
  if (lock == nullptr)
    return Refuse("AS-PLG-003", id, "is not in assay-plugins.lock",
                  "assay plugin install " + plugin.folder.string());
  if (lock->key != plugin.vkey)
    return Refuse("AS-PLG-004", id, "is signed by another key than the locked one",
                  "assay plugin install " + plugin.folder.string());
  ASSAY_TRY(VerifyFiles(plugin, *lock));
  if (lock->grant_sha256.empty())
    return Refuse("AS-PLG-008", id, "nothing was granted to it",
                  fmt::format("assay plugin grant {} --review shows what it wants to read", id));
  const auto added = CompareReads(lock->reads, plugin.reads).added;
  if (!added.empty())
    return Refuse("AS-PLG-005", id, "asks for more than it was granted: " + Join(added, "; "),
                  fmt::format("assay plugin grant {} --review", id));
  return {};
}

/// Step 4 to 6.
Status CheckTrust(LoadedPlugin& plugin, const config::PluginConfig& wanted,
                  const std::vector<LockEntry>& locks) {
  ASSAY_TRY(CheckPins(plugin, wanted));
  if (!wanted.dev_pin.empty()) {
    plugin.trust = Trust::kUnsigned;
    return {};
  }
  ASSAY_TRY(CheckSignature(plugin, wanted));
  return CheckLock(plugin, locks);
}

/// What of the manifest the list `key` of `grants` does not name.
std::vector<std::string> Beyond(const Manifest& manifest, const std::string& key,
                                const std::vector<std::string>& granted) {
  std::set<std::string> out;
  const auto want = [&](const std::string& name) {
    if (!name.empty() && std::find(granted.begin(), granted.end(), name) == granted.end())
      out.insert(name);
  };
  for (const EndpointSpec& endpoint : manifest.endpoints) {
    if (key == "permissions") want(endpoint.permission);
    if (key == "endpoints" &&
        std::find(granted.begin(), granted.end(), endpoint.id) == granted.end())
      want(ReadName(endpoint));
  }
  for (const DatasetSpec& dataset : manifest.datasets)
    if (key == "data") want(dataset.data_class);
  return {out.begin(), out.end()};
}

/// The line of a place, up to its end: what follows may be somebody's remark.
std::string SourceLine(const config::Place& place) {
  const auto bytes = ReadFile(place.file, 4u << 20);
  if (!bytes) return {};
  const auto lines = Split(AsText(*bytes), '\n');
  if (place.line == 0 || place.line > lines.size()) return {};
  std::string line(lines[place.line - 1]);
  if (place.end_line == place.line && place.end_column > 0 && place.end_column <= line.size())
    line.resize(place.end_column - 1);
  return line;
}

config::Diagnostic BoundExceeded(const LoadedPlugin& plugin, const config::GrantBound& bound,
                                 const std::string& beyond) {
  config::Diagnostic out;
  out.code = "AS-PLG-005";
  out.message = fmt::format("plugin \"{}\" asks for more than it was granted", plugin.manifest.id);
  out.place = bound.place;
  out.source_line = SourceLine(bound.place);
  out.caret_note = "manifest also wants  " + beyond;
  out.notes.push_back(plugin.trust == Trust::kSigned
                          ? "help: assay plugin grant " + plugin.manifest.id + " --review"
                          : "help: assay plugin info " + plugin.manifest.id);
  return out;
}

Status Steps(Examined& out, const config::PluginConfig& wanted, const std::vector<LockEntry>& locks,
             std::vector<config::Diagnostic>* places) {
  ASSAY_ASSIGN(const fs::path folder, FolderOf(wanted));
  const bool signed_one = !wanted.trust.empty();
  ASSAY_ASSIGN(PackageFiles files,
               ReadPackage(folder, wanted.id, signed_one ? kLockedFolder : kDeveloperFolder));
  if (wanted.dev_pin.empty() && !signed_one)
    return Refuse("AS-PLG-003", wanted.id, "is neither locked nor pinned",
                  "a signed package: assay plugin install PACKAGE prints its [[plugins]] table; " +
                      PinHint(PinOf(files.files)));
  ASSAY_ASSIGN(out.plugin, OpenPlugin(std::move(files)));
  ASSAY_TRY(CheckVersion(*out.plugin, wanted));
  ASSAY_TRY(CheckTrust(*out.plugin, wanted, locks));
  ASSAY_TRY(CheckBounds(*out.plugin, wanted, places));
  ASSAY_TRY(CheckAbi(out.plugin->manifest));
  return LoadData(*out.plugin);
}

}  // namespace

Status CheckBounds(const LoadedPlugin& plugin, const config::PluginConfig& wanted,
                   std::vector<config::Diagnostic>* places) {
  std::string all;
  for (const auto& [key, bound] : wanted.bounds) {
    const auto beyond = Beyond(plugin.manifest, key, bound.names);
    if (beyond.empty()) continue;
    if (places != nullptr) places->push_back(BoundExceeded(plugin, bound, Join(beyond, ", ")));
    all += (all.empty() ? "" : ", ") + Join(beyond, ", ");
  }
  if (all.empty()) return {};
  return Refuse("AS-PLG-005", plugin.manifest.id, "asks for more than it was granted: " + all,
                "grants in assay.toml bound it");
}

Status CheckVersion(const LoadedPlugin& plugin, const config::PluginConfig& wanted) {
  if (AcceptsVersion(wanted.version, plugin.manifest.version)) return {};
  return Refuse("AS-PLG-010", wanted.id,
                fmt::format("is version {}, assay.toml accepts {}", plugin.manifest.version,
                            Quote(wanted.version)),
                "install that version, or change version in its [[plugins]] table");
}

Examined ExamineForeign(const config::PluginConfig& wanted, const std::vector<LockEntry>& locks,
                        std::vector<config::Diagnostic>* places) {
  Examined out{wanted.id, {}, {}};
  if (Status done = Steps(out, wanted, locks, places); !done)
    out.refusal = AsRefusal(std::move(done.error()));
  return out;
}

Result<LoadedPlugin> LoadForeign(const config::PluginConfig& wanted,
                                 const std::vector<LockEntry>& locks,
                                 std::vector<config::Diagnostic>* places) {
  Examined examined = ExamineForeign(wanted, locks, places);
  if (examined.refusal) return Fail(std::move(*examined.refusal));
  return std::move(*examined.plugin);
}

namespace {

Result<LoadedPlugin> Open(const PackagePlace& place, bool signed_only) {
  ASSAY_ASSIGN(PackageFiles files, ReadPackage(place.folder, place.id, kOfferedFolder));
  ASSAY_ASSIGN(LoadedPlugin plugin, OpenPlugin(std::move(files)));
  if (signed_only) {
    if (plugin.note.empty())
      return Refuse("AS-PLG-007", place.id, place.id + ".note is missing: the package is unsigned",
                    "its author signs it with assay plugin sign; " + PinHint(PinOf(plugin.files)));
    ASSAY_ASSIGN(const proof::Verifier key, VerifyPackage(plugin, plugin.note));
    plugin.trust = Trust::kSigned;
    plugin.vkey = key.Encode();
    plugin.fingerprint = proof::FingerprintOf(key.key);
  }
  ASSAY_TRY(CheckAbi(plugin.manifest));
  ASSAY_TRY(LoadData(plugin));
  return plugin;
}

}  // namespace

Result<LoadedPlugin> OpenOffered(const fs::path& path, bool signed_only) {
  ASSAY_ASSIGN(const PackagePlace place, FindPackage(path));
  auto plugin = Open(place, signed_only);
  if (!plugin) return Fail(AsRefusal(std::move(plugin.error())));
  return plugin;
}

}  // namespace assay::assess
