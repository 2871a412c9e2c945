#include "ledger/key_files.h"

#include <unistd.h>

#include <cstdio>

#include "base/files.h"
#include "ledger/master_key.h"
#include "proof/sha256.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;

bool IsAbsent(const fs::path& path) {
  std::error_code ignored;
  return !fs::exists(path, ignored);
}

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

Status StoreLedgerKey(const fs::path& path, const proof::SigningKey& key) {
  ASSAY_ASSIGN(std::string pem, key.ToPem());
  const Status written = WriteFileDurably(path, AsBytes(pem), 0600);
  proof::Wipe(pem);
  return written;
}

Result<proof::SigningKey> LoadLedgerKey(const fs::path& path, bool create) {
  if (create && IsAbsent(path)) {
    ASSAY_ASSIGN(proof::SigningKey key, proof::SigningKey::Generate());
    ASSAY_TRY(StoreLedgerKey(path, key));
    return key;
  }
  ASSAY_ASSIGN(const proof::SecretBytes pem, ReadPrivateFile(path));
  // A key that is there may come from a making that failed at its very end: nothing is signed with
  // it before its name is safe too.
  if (create) ASSAY_TRY(SyncNameOf(path));
  auto key = proof::SigningKey::FromPem(AsText(pem.span()));
  if (!key) return Fail(std::move(key.error()).Context(path.string()));
  return key;
}

fs::path NextKeyPath(const fs::path& path) { return path.string() + ".next"; }

fs::path KeptKeyPath(const fs::path& path, const proof::PublicKey& key) {
  const Digest digest = proof::Sha256(key);
  return path.string() + ".old-" + EncodeHex(ByteSpan(digest).first(4));
}

Result<LedgerKeyFiles> FindLedgerKey(const fs::path& path, const proof::PublicKey& in_force) {
  auto main = LoadLedgerKey(path, false);
  if (main && main->public_key() == in_force)
    return LedgerKeyFiles{std::move(*main), std::nullopt, false};
  auto next = LoadLedgerKey(NextKeyPath(path), false);
  if (next && next->public_key() == in_force) {
    LedgerKeyFiles out{std::move(*next), std::nullopt, true};
    if (main) out.previous = std::move(*main);
    return out;
  }
  // A ledger that was restored to the time before a rotation is signed by a key that was kept.
  auto kept = LoadLedgerKey(KeptKeyPath(path, in_force), false);
  if (kept && kept->public_key() == in_force)
    return LedgerKeyFiles{std::move(*kept), std::nullopt, false};
  // It may be the one that the disk does not give.
  for (auto* one : {&main, &next, &kept})
    if (!*one && one->error().code == Code::kIo) return Fail(std::move(one->error()));
  if (!main) return Fail(std::move(main.error()));
  return Fail(Error{
      Code::kInvalidInput,
      path.string() + ": not the key of this ledger, which is " + proof::FingerprintOf(in_force),
      {},
      "name the right file with [keys] ledger; a key that a rotation kept lies in " +
          KeptKeyPath(path, in_force).string(),
      {},
      {}});
}

Status SettleKeyFiles(const fs::path& path, const LedgerKeyFiles& files) {
  const fs::path next = NextKeyPath(path);
  if (!files.next_is_current && IsAbsent(next)) return {};
  const int failed =
      files.next_is_current ? ::rename(next.c_str(), path.c_str()) : ::unlink(next.c_str());
  if (failed != 0) return Fail(ErrnoError(next.string()));
  return SyncDirectory(FolderOf(path));
}

Status RemoveHalfMade(const fs::path& path) {
  const std::string prefix = path.filename().string() + ".tmp";
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator it(FolderOf(path), error), end; !error && it != end;
       it.increment(error))
    if (it->path().filename().string().starts_with(prefix)) found.push_back(it->path());
  for (const fs::path& one : found)
    if (::unlink(one.c_str()) != 0 && errno != ENOENT) return Fail(ErrnoError(one.string()));
  return {};
}

}  // namespace assay::ledger
