#include "proof/sha256.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <memory>

#include "proof/secret.h"

namespace assay::proof {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

// The low-level functions, which OpenSSL 3 calls deprecated: a tree is hashes of 33 to 300 bytes,
// and of a node's time the general interface takes a third for finding, making and freeing its
// context.
class Hashing {
 public:
  Hashing() : ok_(SHA256_Init(&context_) == 1) {}
  void Add(ByteSpan bytes) {
    ok_ = ok_ && SHA256_Update(&context_, bytes.data(), bytes.size()) == 1;
  }
  void Add(std::initializer_list<ByteSpan> pieces) {
    for (ByteSpan piece : pieces) Add(piece);
  }
  /// Wipes what is left of the last bytes, too.
  Digest Finish() {
    Digest out;
    ok_ = ok_ && SHA256_Final(out.data(), &context_) == 1;
    ASSAY_ASSERT(ok_, "SHA-256 is not available");
    return out;
  }

 private:
  SHA256_CTX context_;
  bool ok_;
};

}  // namespace

struct Sha256Stream::Context {
  std::unique_ptr<EVP_MD_CTX, FreeContext> md{EVP_MD_CTX_new()};
  bool ok = EVP_DigestInit_ex2(md.get(), Algorithm(), nullptr) == 1;
};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) {}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Add(ByteSpan bytes) {
  context_->ok =
      context_->ok && EVP_DigestUpdate(context_->md.get(), bytes.data(), bytes.size()) == 1;
}

Digest Sha256Stream::Finish() {
  Digest out;
  unsigned length = 0;
  const bool ok = context_->ok &&
                  EVP_DigestFinal_ex(context_->md.get(), out.data(), &length) == 1 &&
                  length == out.size();
  ASSAY_ASSERT(ok, "SHA-256 is not available");
  return out;
}

Digest Sha256(std::initializer_list<ByteSpan> pieces) {
  Hashing hashing;
  hashing.Add(pieces);
  return hashing.Finish();
}

HmacPads::HmacPads(ByteSpan key) {
  const Digest short_key = key.size() > 64 ? Sha256(key) : Digest{};
  const ByteSpan used = key.size() > 64 ? ByteSpan(short_key) : key;
  for (size_t i = 0; i < 64; ++i) {
    const uint8_t byte = i < used.size() ? used[i] : 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
}

HmacPads::~HmacPads() {
  Wipe(inner);
  Wipe(outer);
}

Digest HmacSha256(ByteSpan key, std::initializer_list<ByteSpan> pieces) {
  const HmacPads pads(key);
  Hashing hashing;
  hashing.Add(pads.inner);
  hashing.Add(pieces);
  return Sha256({pads.outer, hashing.Finish()});
}

Digest HashLeaf(TreeKind kind, std::initializer_list<ByteSpan> content) {
  const auto prefix = static_cast<uint8_t>(kind);
  Hashing hashing;
  hashing.Add(ByteSpan(&prefix, 1));
  hashing.Add(content);
  return hashing.Finish();
}

Digest HashNode(TreeKind kind, const Digest& left, const Digest& right) {
  std::array<uint8_t, 65> bytes;
  bytes[0] = static_cast<uint8_t>(kind) + 1;
  std::copy(left.begin(), left.end(), bytes.begin() + 1);
  std::copy(right.begin(), right.end(), bytes.begin() + 33);
  return Sha256(bytes);
}

}  // namespace assay::proof
