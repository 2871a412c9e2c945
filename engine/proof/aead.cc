#include "proof/aead.h"

#include <openssl/evp.h>

#include <climits>
#include <memory>

namespace assay::proof {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const EVP_CIPHER* Algorithm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm;
}

// Both directions differ in the last step only: the tag is written by one and checked by the other.
bool Begin(EVP_CIPHER_CTX* context, const SecretKey& key, const uint8_t* nonce, ByteSpan aad,
           bool encrypt) {
  int n = 0;
  return EVP_CipherInit_ex2(context, Algorithm(), key.bytes().data(), nonce, encrypt ? 1 : 0,
                            nullptr) == 1 &&
         EVP_CipherUpdate(context, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1;
}

}  // namespace

ByteVector JoinPrefixed(std::initializer_list<ByteSpan> pieces) {
  ByteVector out;
  for (ByteSpan piece : pieces) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<uint8_t>(piece.size() >> shift));
    AppendBytes(out, piece);
  }
  return out;
}

Result<ByteVector> Seal(const SecretKey& key, ByteSpan aad, ByteSpan plain) {
  if (plain.size() > INT_MAX / 2) return Fail(Code::kLimitExceeded, "seal: above 1 GiB");
  ByteVector out(kNonceBytes + plain.size() + kTagBytes);
  ASSAY_TRY(FillRandom(std::span(out).first(kNonceBytes)));
  Context context(EVP_CIPHER_CTX_new());
  int n = 0, last = 0;
  uint8_t* text = out.data() + kNonceBytes;
  const bool ok = Begin(context.get(), key, out.data(), aad, true) &&
                  EVP_CipherUpdate(context.get(), text, &n, plain.data(),
                                   static_cast<int>(plain.size())) == 1 &&
                  EVP_CipherFinal_ex(context.get(), text + n, &last) == 1 &&
                  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                                      text + plain.size()) == 1;
  if (!ok) return Fail(Code::kIo, "seal: AES-256-GCM failed");
  return out;
}

Result<SecretBytes> Unseal(const SecretKey& key, ByteSpan aad, ByteSpan sealed) {
  if (sealed.size() < kNonceBytes + kTagBytes || sealed.size() > INT_MAX / 2)
    return Fail(Code::kCorrupt, "sealed bytes: impossible length");
  const size_t length = sealed.size() - kNonceBytes - kTagBytes;
  SecretBytes out(ByteVector(length + 1));  // +1: data() is never null
  std::array<uint8_t, kTagBytes> tag;
  std::copy(sealed.end() - kTagBytes, sealed.end(), tag.begin());
  Context context(EVP_CIPHER_CTX_new());
  int n = 0, last = 0;
  const bool ok =
      Begin(context.get(), key, sealed.data(), aad, false) &&
      EVP_CipherUpdate(context.get(), out.get().data(), &n, sealed.data() + kNonceBytes,
                       static_cast<int>(length)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_CipherFinal_ex(context.get(), out.get().data() + n, &last) == 1;
  if (!ok) return Fail(Code::kCorrupt, "sealed bytes: authentication failed");
  out.get().resize(length);
  return out;
}

}  // namespace assay::proof
