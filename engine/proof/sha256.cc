#include "proof/sha256.h"

#include <openssl/evp.h>

#include <memory>

#include "proof/secret.h"

namespace assay::proof {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// One-shot SHA256() looks the algorithm up at each call: 315 ns against 84 ns for 33 bytes.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

class Hashing {
 public:
  // The algorithm stays: to begin anew without naming it is the cheapest way to begin.
  Hashing() : ok_(EVP_DigestInit_ex2(Context(), nullptr, nullptr) == 1) {}
  void Add(ByteSpan bytes) {
    ok_ = ok_ && EVP_DigestUpdate(Context(), bytes.data(), bytes.size()) == 1;
  }
  void Add(std::initializer_list<ByteSpan> pieces) {
    for (ByteSpan piece : pieces) Add(piece);
  }
  Digest Finish() {
    Digest out;
    unsigned length = 0;
    ok_ = ok_ && EVP_DigestFinal_ex(Context(), out.data(), &length) == 1 && length == out.size();
    ASSAY_ASSERT(ok_, "SHA-256 is not available");
    return out;
  }

 private:
  static EVP_MD_CTX* Context() {
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(Make());
    return context.get();
  }
  static EVP_MD_CTX* Make() {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ASSAY_ASSERT(EVP_DigestInit_ex2(context, Algorithm(), nullptr) == 1,
                 "SHA-256 is not available");
    return context;
  }
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

Digest HmacSha256(ByteSpan key, std::initializer_list<ByteSpan> pieces) {
  std::array<uint8_t, 64> inner{}, outer{};
  const Digest short_key = key.size() > 64 ? Sha256(key) : Digest{};
  const ByteSpan used = key.size() > 64 ? ByteSpan(short_key) : key;
  for (size_t i = 0; i < 64; ++i) {
    const uint8_t byte = i < used.size() ? used[i] : 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  Hashing hashing;
  hashing.Add(inner);
  hashing.Add(pieces);
  const Digest middle = hashing.Finish();
  const Digest out = Sha256({outer, middle});
  Wipe(inner);
  Wipe(outer);
  return out;
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
