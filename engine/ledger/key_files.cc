#include "ledger/key_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "proof/body.h"

namespace assay::ledger {
namespace {

constexpr size_t kMaxKeyFile = 4096;

Result<proof::SecretBytes> ReadPrivateFile(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return Fail(Code::kNotFound, path.string() + ": no such key file");
    return Fail(ErrnoError(path.string()));
  }
  if ((info.st_mode & 077) != 0)
    return Fail(Error{Code::kDenied,
                      path.string() + ": key file is open to group or others",
                      {},
                      "chmod 600 " + path.string(),
                      {},
                      {}});
  ASSAY_ASSIGN(ByteVector bytes, ReadFile(path, kMaxKeyFile));
  return proof::SecretBytes(std::move(bytes));
}

bool IsAbsent(const std::filesystem::path& path) {
  std::error_code ignored;
  return !std::filesystem::exists(path, ignored);
}

// A key that is there may come from a making that failed at its very end: nothing is sealed or
// signed with it before its name is safe too. Not so one in a folder where only others write.
Status SyncName(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  return ::access(folder.c_str(), W_OK) == 0 ? SyncDirectory(folder) : Status{};
}

Result<proof::SecretKey> UnwrapTenantKey(const std::map<std::string, ByteVector>& wrapped,
                                         const std::string& purpose, const proof::SecretKey& master,
                                         const TenantId& tenant) {
  const auto it = wrapped.find(purpose);
  if (it == wrapped.end()) return Fail(Code::kNotFound, "keys.db: no " + purpose + " key");
  auto opened = proof::Unseal(master, proof::TenantKeyAad(tenant.text(), purpose), it->second);
  if (!opened)
    return Fail(Code::kCorrupt, "keys.db: the master key does not open the " + purpose + " key");
  return proof::SecretKey::From(opened->span());
}

}  // namespace

Result<proof::SecretKey> LoadMasterKey(const std::filesystem::path& path, bool create) {
  if (create && IsAbsent(path)) {
    ASSAY_ASSIGN(proof::SecretKey key, proof::SecretKey::Random());
    ASSAY_TRY(WriteFileDurably(path, key.bytes(), 0600));
    return key;
  }
  ASSAY_ASSIGN(const proof::SecretBytes bytes, ReadPrivateFile(path));
  if (create) ASSAY_TRY(SyncName(path));
  auto key = proof::SecretKey::From(bytes.span());
  if (!key) return Fail(Code::kInvalidInput, path.string() + ": master key must be 32 bytes");
  return key;
}

Result<proof::SigningKey> LoadLedgerKey(const std::filesystem::path& path, bool create) {
  if (create && IsAbsent(path)) {
    ASSAY_ASSIGN(proof::SigningKey key, proof::SigningKey::Generate());
    ASSAY_ASSIGN(std::string pem, key.ToPem());
    const Status written = WriteFileDurably(path, AsBytes(pem), 0600);
    proof::Wipe(pem);
    if (!written) return Fail(written.error());
    return key;
  }
  ASSAY_ASSIGN(const proof::SecretBytes pem, ReadPrivateFile(path));
  if (create) ASSAY_TRY(SyncName(path));
  auto key = proof::SigningKey::FromPem(AsText(pem.span()));
  if (!key) return Fail(std::move(key.error()).Context(path.string()));
  return key;
}

Result<TenantKeys> LoadTenantKeys(LedgerStore& store, const proof::SecretKey& master,
                                  const TenantId& tenant) {
  ASSAY_ASSIGN(const auto wrapped, store.ReadKeys());
  TenantKeys out;
  ASSAY_ASSIGN(out.seal, UnwrapTenantKey(wrapped, "seal", master, tenant));
  ASSAY_ASSIGN(out.index, UnwrapTenantKey(wrapped, "index", master, tenant));
  return out;
}

Result<TenantKeys> CreateTenantKeys(LedgerStore& store, const proof::SecretKey& master,
                                    const TenantId& tenant) {
  TenantKeys out;
  std::map<std::string, ByteVector> wrapped;
  for (auto [purpose, key] : {std::pair{"seal", &out.seal}, std::pair{"index", &out.index}}) {
    ASSAY_ASSIGN(*key, proof::SecretKey::Random());
    ASSAY_ASSIGN(wrapped[purpose],
                 proof::Seal(master, proof::TenantKeyAad(tenant.text(), purpose), key->bytes()));
  }
  ASSAY_TRY(store.WriteKeys(wrapped));
  return out;
}

}  // namespace assay::ledger
