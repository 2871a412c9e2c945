// RSA keys with self-signed certificates, as an app registration takes them.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <string>

#include "base/time.h"
#include "support/test_certificates.h"

namespace assay::test {

struct RsaIdentity : Identity {
  std::string certificate_pem, key_pem;
};

inline std::string TextOf(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string out(text, static_cast<size_t>(size));
  BIO_free(bio);
  return out;
}

/// Valid from `from_days` to `to_days` from the moment of `clock`, from the machine's when null.
inline RsaIdentity MakeRsaIdentity(unsigned bits = 2048, int from_days = -3650, int to_days = 3650,
                                   const Clock* clock = nullptr) {
  RsaIdentity out;
  out.key.reset(EVP_RSA_gen(bits));
  out.certificate.reset(X509_new());
  X509* x = out.certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  const std::time_t now = ToUnixMs((clock ? *clock : SystemClock()).Now()) / 1000;
  ASN1_TIME_set(X509_getm_notBefore(x), now + from_days * 86400L);
  ASN1_TIME_set(X509_getm_notAfter(x), now + to_days * 86400L);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("assay test"), -1, -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(x));
  X509_set_pubkey(x, out.key.get());
  X509_sign(x, out.key.get(), EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, x);
  out.certificate_pem = TextOf(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, out.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  out.key_pem = TextOf(bio);
  return out;
}

}  // namespace assay::test
