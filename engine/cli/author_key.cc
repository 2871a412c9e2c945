#include "cli/author_key.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "ledger/master_key.h"

namespace assay::cli {
namespace {

std::string Get(const Environment& env, const char* name) {
  const auto it = env.find(name);
  return it == env.end() ? "" : it->second;
}

std::filesystem::path DefaultPlace(const Environment& env) {
  std::filesystem::path home = Get(env, "XDG_CONFIG_HOME");
  if (home.empty() && !Get(env, "HOME").empty())
    home = std::filesystem::path(Get(env, "HOME")) / ".config";
  return home.empty() ? std::filesystem::path("author") : home / "assay" / "author";
}

}  // namespace

AuthorKeyFiles AuthorKeyAt(const Context& context, const std::string& path) {
  std::filesystem::path stem = path;
  if (path.empty()) stem = DefaultPlace(context.environment);
  if (stem.extension() == ".pem") stem.replace_extension();
  return {stem.string() + ".pem", stem.string() + ".vkey"};
}

Result<AuthorKey> LoadAuthorKey(const AuthorKeyFiles& files) {
  auto pem = ledger::ReadPrivateFile(files.pem);
  if (!pem && pem.error().code == Code::kNotFound)
    return Fail(std::move(pem.error()).Hint("assay plugin keygen makes one, --key FILE names one"));
  if (!pem) return Fail(std::move(pem.error()));
  auto key = proof::SigningKey::FromPem(AsText(pem->span()));
  if (!key) return Fail(std::move(key.error()).Context(files.pem.string()));
  ASSAY_ASSIGN(const ByteVector text, ReadFile(files.vkey, 4096));
  auto verifier = proof::Verifier::Parse(Trim(AsText(text)));
  if (!verifier) return Fail(std::move(verifier.error()).Context(files.vkey.string()));
  if (verifier->key != key->public_key())
    return Fail(Code::kInvalidInput, fmt::format("{} is not the public key of {}",
                                                 files.vkey.string(), files.pem.string()));
  return AuthorKey{verifier->name, std::move(*key)};
}

}  // namespace assay::cli
