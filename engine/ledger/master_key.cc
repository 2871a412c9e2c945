#include "ledger/master_key.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/files.h"
#include "proof/aead.h"
#include "proof/sha256.h"

namespace assay::ledger {
namespace {

constexpr size_t kMaxKeyFile = 4096;

class FileMasterKey : public MasterKey {
 public:
  explicit FileMasterKey(proof::SecretKey key) : key_(std::move(key)) {
    const Digest mac = proof::HmacSha256(key_.bytes(), {AsBytes("assay/master-key-id/1")});
    id_ = EncodeHex(ByteSpan(mac).first(8));
  }
  Result<ByteVector> Wrap(ByteSpan aad, ByteSpan plain) const override {
    return proof::Seal(key_, aad, plain);
  }
  Result<proof::SecretBytes> Unwrap(ByteSpan aad, ByteSpan wrapped) const override {
    return proof::Unseal(key_, aad, wrapped);
  }
  const std::string& id() const override { return id_; }

 private:
  proof::SecretKey key_;
  std::string id_;
};

Result<std::unique_ptr<MasterKey>> FromBytes(ByteSpan bytes, const std::string& name) {
  auto key = proof::SecretKey::From(bytes);
  if (!key) return Fail(Code::kInvalidInput, name + ": master key must be 32 bytes");
  return std::unique_ptr<MasterKey>(std::make_unique<FileMasterKey>(std::move(*key)));
}

}  // namespace

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

Result<std::filesystem::path> PathOfKeyReference(const std::string& reference) {
  for (const char* scheme : {"keyvault:", "pkcs11:"})
    if (reference.starts_with(scheme))
      return Fail(Code::kUnsupported,
                  "master key " + Quote(reference) + ": this version reads file: and cred: only");
  if (reference.starts_with("file:")) return std::filesystem::path(reference.substr(5));
  if (!reference.starts_with("cred:")) return std::filesystem::path(reference);
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr)
    return Fail(Code::kNotFound,
                "master key " + Quote(reference) + ": CREDENTIALS_DIRECTORY is not set");
  return std::filesystem::path(folder) / reference.substr(5);
}

Result<std::unique_ptr<MasterKey>> OpenMasterKey(const std::string& reference, bool create) {
  ASSAY_ASSIGN(const std::filesystem::path path, PathOfKeyReference(reference));
  std::error_code ignored;
  if (create && !std::filesystem::exists(path, ignored)) {
    proof::SecretBytes raw;
    ASSAY_ASSIGN(auto key, MakeMasterKey(raw));
    ASSAY_TRY(WriteFileDurably(path, raw.span(), 0600));
    return key;
  }
  ASSAY_ASSIGN(const proof::SecretBytes bytes, ReadPrivateFile(path));
  // One that is there may come from a making that failed at its very end: nothing is sealed with it
  // before its name is safe too.
  if (create) ASSAY_TRY(SyncNameOf(path));
  return FromBytes(bytes.span(), path.string());
}

Result<std::unique_ptr<MasterKey>> MakeMasterKey(proof::SecretBytes& raw) {
  raw = proof::SecretBytes(ByteVector(32));
  ASSAY_TRY(proof::FillRandom(raw.get()));
  return FromBytes(raw.span(), "new master key");
}

}  // namespace assay::ledger
