// assay plugin sign|verify: the author's signature over a package. Neither needs a configuration.
#include <fmt/format.h>

#include "assess/package_note.h"
#include "assess/plugin_trust.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/author_key.h"
#include "cli/plugin_text.h"

namespace assay::cli {
namespace {

std::string FilesText(const assess::LoadedPlugin& plugin) {
  std::string out = fmt::format("  manifest  {}\n", EncodeHex(plugin.image.manifest_digest));
  for (const assess::PluginFile& file : plugin.files)
    out += fmt::format("  file      {} {}\n", EncodeHex(file.digest), file.name);
  return out;
}

std::string WhoJson(const assess::LoadedPlugin& plugin, const std::string& note) {
  report::JsonWriter json;
  json.BeginObject();
  WriteWho(json, plugin);
  if (!note.empty()) json.Member("note", note);
  return json.EndObject().Take();
}

}  // namespace

int RunPluginSign(Context& context) {
  // What a run would refuse is not worth a signature.
  auto plugin = assess::OpenOffered(context.options.argument, false);
  if (!plugin) return Report(context, plugin.error());
  auto key = LoadAuthorKey(AuthorKeyAt(context, context.options.key_file));
  if (!key) return Report(context, key.error());
  const auto note = assess::SignPackage(*plugin, key->name, key->key);
  if (!note) return Report(context, note.error());
  const auto path = plugin->folder / (plugin->manifest.id + ".note");
  if (Status written = WriteFileDurably(path, AsBytes(*note), 0644); !written)
    return Report(context, written.error());
  plugin->vkey = proof::Verifier{key->name, key->key.public_key()}.Encode();
  plugin->fingerprint = proof::FingerprintOf(key->key.public_key());
  return context.Finish(
      fmt::format("  {}\n{}  signed   {}\n", WhoText(*plugin), FilesText(*plugin), path.string()),
      WhoJson(*plugin, path.string()));
}

int RunPluginVerify(Context& context) {
  const auto plugin = assess::OpenOffered(context.options.argument, true);
  if (!plugin) return Report(context, plugin.error());
  const std::string& trust = context.options.trust;
  if (!trust.empty() && trust != plugin->fingerprint)
    return Report(context, Error{Code::kDenied,
                                 fmt::format("plugin {}: is signed by {}, not by {}",
                                             plugin->manifest.id, plugin->fingerprint, trust),
                                 {},
                                 "ask the author which key is theirs",
                                 {},
                                 "AS-PLG-007"});
  return context.Finish(
      fmt::format("  {}\n{}  The signature is good. {}\n", WhoText(*plugin), FilesText(*plugin),
                  trust.empty() ? "Whether the key is the author's is yours to find out: compare "
                                  "its fingerprint."
                                : "The key is the one that you named."),
      WhoJson(*plugin, ""));
}

}  // namespace assay::cli
