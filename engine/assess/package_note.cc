#include "assess/package_note.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

constexpr std::string_view kFirstLine = "assay plugin package v1";

tl::unexpected<Error> BadText(const std::string& what) {
  return Fail(Code::kInvalidInput, "package note: " + what);
}

bool IsHexDigest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// "<word> <digest>" after `prefix`; nothing when the line has another form.
bool TakeDigest(std::string_view& line, std::string_view prefix, std::string& digest) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  digest = line.substr(0, 64);
  line.remove_prefix(digest.size());
  return IsHexDigest(digest);
}

using Digests = std::map<std::string, std::string>;

Digests DigestsOf(const std::vector<PluginFile>& files) {
  Digests out;
  for (const PluginFile& file : files) out[file.name] = EncodeHex(file.digest);
  return out;
}

std::string FileLines(const Digests& files) {
  std::string out;
  for (const auto& [name, digest] : files) out += fmt::format("file {} {}\n", digest, name);
  return out;
}

Error BadSignature(const LoadedPlugin& plugin, const std::string& what) {
  return Error{Code::kDenied,
               fmt::format("plugin {}: signature: {}", plugin.manifest.id, what),
               {},
               "get the package again from its author; nothing of it was run",
               {},
               "AS-PLG-007"};
}

/// What the statement says otherwise than the files; empty when nothing.
std::string Disagreement(const PackageStatement& said, const LoadedPlugin& plugin) {
  const Manifest& manifest = plugin.manifest;
  if (said.id != manifest.id || said.version != manifest.version)
    return fmt::format("is for {} {}, this is {} {}", Quote(said.id), Quote(said.version),
                       manifest.id, manifest.version);
  const auto found = DigestsOf(plugin.files);
  for (const auto& [name, digest] : found) {
    const auto at = said.files.find(name);
    if (at == said.files.end()) return name + " is not among the signed files";
    if (at->second != digest)
      return fmt::format("{} has digest {}, {} was signed", name, digest, at->second);
  }
  for (const auto& [name, digest] : said.files)
    if (!found.contains(name)) return Quote(name) + " was signed but is missing";
  if (said.manifest != EncodeHex(plugin.image.manifest_digest))
    return "another manifest was signed";
  return {};
}

}  // namespace

bool IsAuthorName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@' ||
           c == '.' || c == '_' || c == '-' || c == '/' || c == ':';
  });
}

std::string PackageStatement::ToText() const {
  return fmt::format("{}\n{} {}\nkey {}\nmanifest {}\n{}", kFirstLine, id, version, key.Encode(),
                     manifest, FileLines(files));
}

Result<PackageStatement> PackageStatement::Parse(std::string_view text) {
  const std::vector<std::string_view> lines = Split(text, '\n');
  if (lines.size() < 6 || lines[0] != kFirstLine || !lines.back().empty())
    return BadText("expected \"" + std::string(kFirstLine) + "\" and at least four lines more");
  PackageStatement out;
  const size_t space = lines[1].find(' ');
  if (space == std::string_view::npos) return BadText("no id and version");
  out.id = lines[1].substr(0, space);
  out.version = lines[1].substr(space + 1);
  if (!lines[2].starts_with("key ")) return BadText("no key");
  ASSAY_ASSIGN(out.key, proof::Verifier::Parse(lines[2].substr(4)));
  if (!IsAuthorName(out.key.name)) return BadText("key name " + Quote(out.key.name));
  std::string_view rest = lines[3];
  if (!TakeDigest(rest, "manifest ", out.manifest) || !rest.empty())
    return BadText("no manifest digest");
  for (size_t i = 4; i + 1 < lines.size(); ++i) {
    rest = lines[i];
    std::string digest;
    if (!TakeDigest(rest, "file ", digest) || rest.size() < 2 || rest[0] != ' ')
      return BadText(fmt::format("line {} is no file", i + 1));
    out.files[std::string(rest.substr(1))] = digest;
  }
  if (out.ToText() != text) return BadText("not in canonical form");
  return out;
}

std::string PinOf(const std::vector<PluginFile>& files) {
  return EncodeHex(proof::Sha256(AsBytes("assay plugin pin v1\n" + FileLines(DigestsOf(files)))));
}

Result<std::string> SignPackage(const LoadedPlugin& plugin, const std::string& key_name,
                                const proof::SigningKey& key) {
  if (!IsAuthorName(key_name)) return BadText("key name " + Quote(key_name) + " is not allowed");
  PackageStatement statement{plugin.manifest.id,
                             plugin.manifest.version,
                             {key_name, key.public_key()},
                             EncodeHex(plugin.image.manifest_digest),
                             DigestsOf(plugin.files)};
  return proof::SignNote(statement.ToText(), key_name, key);
}

Result<proof::Verifier> VerifyPackage(const LoadedPlugin& plugin, std::string_view note) {
  const auto parsed = proof::ParseNote(note);
  if (!parsed) return Fail(BadSignature(plugin, parsed.error().message));
  if (parsed->signatures.size() != 1)
    return Fail(BadSignature(plugin, fmt::format("note has {} signatures, exactly one is allowed",
                                                 parsed->signatures.size())));
  const auto said = PackageStatement::Parse(parsed->text);
  if (!said) return Fail(BadSignature(plugin, said.error().message));
  if (const Status good = proof::VerifyNote(*parsed, said->key); !good)
    return Fail(BadSignature(plugin, good.error().message));
  if (const std::string what = Disagreement(*said, plugin); !what.empty())
    return Fail(BadSignature(plugin, what));
  return said->key;
}

}  // namespace assay::assess
