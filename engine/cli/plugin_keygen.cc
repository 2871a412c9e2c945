// assay plugin keygen: the key with which an author signs plugins.
#include <fmt/format.h>
#include <sys/stat.h>

#include "assess/package_note.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/author_key.h"
#include "cli/command.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

/// Both files or none: a private key whose name nobody knows signs nothing.
Status Store(const AuthorKeyFiles& files, const proof::SigningKey& key, const std::string& vkey) {
  std::error_code error;
  for (const fs::path& path : {files.pem, files.vkey})
    if (fs::exists(path, error))
      return Fail(Error{Code::kAlreadyExists,
                        path.string() + ": is there already",
                        {},
                        "--out names another place; nothing is overwritten",
                        {},
                        {}});
  const fs::path folder = files.pem.parent_path();
  if (!folder.empty() && !fs::exists(folder, error)) {
    fs::create_directories(folder, error);
    if (error) return Fail(Code::kIo, folder.string() + ": " + error.message());
    ::chmod(folder.c_str(), 0700);
  }
  ASSAY_TRY(WriteFileDurably(files.vkey, AsBytes(vkey + "\n"), 0644));
  ASSAY_ASSIGN(std::string pem, key.ToPem());
  const Status written = WriteFileDurably(files.pem, AsBytes(pem), 0600);
  proof::Wipe(pem);
  if (!written) fs::remove(files.vkey, error);
  return written;
}

}  // namespace

int RunPluginKeygen(Context& context) {
  auto key = proof::SigningKey::Generate();
  if (!key) return Report(context, key.error());
  const std::string fingerprint = proof::FingerprintOf(key->public_key());
  const AuthorKeyFiles files = AuthorKeyAt(context, context.options.out);
  proof::Verifier verifier{context.options.key_name, key->public_key()};
  // Without a name the key's own: nothing of the account or the machine gets into packages.
  if (verifier.name.empty())
    verifier.name = fmt::format("author-{:08x}", proof::KeyId("author", verifier.key));
  if (!assess::IsAuthorName(verifier.name))
    return Report(context,
                  Error{Code::kInvalidInput,
                        "key name " + Quote(verifier.name) + " is not allowed",
                        {},
                        "up to 64 letters, digits and @ . _ - / : such as --name maria@example",
                        {},
                        "AS-CLI-003"});
  if (Status stored = Store(files, *key, verifier.Encode()); !stored)
    return Report(context, stored.error());
  return context.Finish(
      fmt::format("  {}  private: keep it, and a copy\n  {}  public\n  {} {}\n  Publish the "
                  "fingerprint where those who install your plugins can compare it.\n",
                  files.pem.string(), files.vkey.string(), verifier.name, fingerprint),
      fmt::format("{{\"private\":{},\"public\":{},\"name\":{},\"fingerprint\":{},\"vkey\":{}}}",
                  JsonString(files.pem.string()), JsonString(files.vkey.string()),
                  JsonString(verifier.name), JsonString(fingerprint),
                  JsonString(verifier.Encode())));
}

}  // namespace assay::cli
