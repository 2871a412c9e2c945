// OpenSSL's context under Poco's, with the one callback that pins and reasons need.
#include "broker/tls_context.h"

#include <Poco/Exception.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace assay::broker {
namespace {

// A handshake runs on the thread that wants it; the callback has no other way to say why.
thread_local TlsContext::Failure t_failure;

std::string KeyDigest(X509* certificate) {
  uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return "";
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(der, static_cast<size_t>(size), reinterpret_cast<uint8_t*>(digest.data()));
  OPENSSL_free(der);
  return digest;
}

/// The usual verification first; a pin can only take trust away.
int VerifyChain(X509_STORE_CTX* store, void* argument) {
  if (X509_verify_cert(store) <= 0) {
    t_failure = {false, X509_verify_cert_error_string(X509_STORE_CTX_get_error(store))};
    return 0;
  }
  const auto& pins = *static_cast<const std::vector<std::string>*>(argument);
  if (pins.empty()) return 1;
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(store);
  for (int i = 0; chain && i < sk_X509_num(chain); ++i) {
    const std::string digest = KeyDigest(sk_X509_value(chain, i));
    if (std::find(pins.begin(), pins.end(), digest) != pins.end()) return 1;
  }
  t_failure.pin = true;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

Result<std::string> ParsePin(const std::string& pin) {
  constexpr std::string_view kForm = "sha256/";
  if (pin.starts_with(kForm))
    if (const auto digest = ParseBase64(std::string_view(pin).substr(kForm.size()));
        digest && digest->size() == SHA256_DIGEST_LENGTH)
      return std::string(AsText(*digest));
  return Fail(Code::kInvalidInput,
              "pin " + Quote(pin) + ": expected \"sha256/\" and the base64 of 32 bytes");
}

}  // namespace

const TlsContext::Failure& TlsContext::LastFailure() { return t_failure; }
void TlsContext::ForgetFailure() { t_failure = {}; }

Result<std::unique_ptr<TlsContext>> TlsContext::Create(const std::vector<std::string>& ca_files,
                                                       const std::vector<std::string>& pins) {
  auto out = std::unique_ptr<TlsContext>(new TlsContext);
  try {
    Poco::Net::Context::Params params;
    params.loadDefaultCAs = true;
    params.verificationMode = Poco::Net::Context::VERIFY_STRICT;
    params.verificationDepth = 9;
    // Of TLS 1.2; Poco's default would offer everything. Authenticated, forward-secret, AEAD only.
    params.cipherList = "ECDHE+AESGCM:ECDHE+CHACHA20";
    out->context_ = new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params);
    out->context_->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
  } catch (const Poco::Exception& e) {
    return Fail(Code::kInvalidInput, "TLS: " + e.displayText());
  }
  SSL_CTX* const raw = out->context_->sslContext();
  for (const std::string& file : ca_files)
    if (!file.empty() && SSL_CTX_load_verify_locations(raw, file.c_str(), nullptr) != 1)
      return Fail(Code::kInvalidInput,
                  "ca_file " + Quote(file) + ": cannot be read, or holds no PEM certificate");
  for (const std::string& pin : pins) {
    ASSAY_ASSIGN(std::string digest, ParsePin(pin));
    out->pins_.push_back(std::move(digest));
  }
  SSL_CTX_set_cert_verify_callback(raw, VerifyChain, &out->pins_);
  return out;
}

}  // namespace assay::broker
