// Certificates made on the spot: a private CA and leaves with any name and any validity.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace assay::test {

struct FreeSsl {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};

/// A certificate and its key.
struct Identity {
  std::unique_ptr<X509, FreeSsl> certificate;
  std::unique_ptr<EVP_PKEY, FreeSsl> key;
};

inline void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// A leaf for `alt_names` ("DNS:localhost,IP:127.0.0.1") signed by `ca`, or a CA when `ca` is null.
/// Valid from `from_days` to `to_days` from now.
inline Identity MakeIdentity(const Identity* ca, const std::string& alt_names, int from_days = -1,
                             int to_days = 1) {
  static long serial = 1;
  Identity out;
  out.key.reset(EVP_EC_gen("P-256"));
  out.certificate.reset(X509_new());
  X509* cert = out.certificate.get();
  X509* issuer = ca ? ca->certificate.get() : cert;
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
  X509_gmtime_adj(X509_getm_notBefore(cert), 86400L * from_days);
  X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * to_days);
  X509_set_pubkey(cert, out.key.get());
  const std::string name = ca ? "assay test leaf" : "assay test CA";
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(issuer));
  AddExtension(cert, issuer, NID_basic_constraints, ca ? "critical,CA:FALSE" : "critical,CA:TRUE");
  if (!alt_names.empty()) AddExtension(cert, issuer, NID_subject_alt_name, alt_names);
  X509_sign(cert, ca ? ca->key.get() : out.key.get(), EVP_sha256());
  return out;
}

/// A PEM file that goes away with its object.
class PemFile {
 public:
  explicit PemFile(const Identity& identity) {
    static int count = 0;
    path_ = (std::filesystem::temp_directory_path() /
             ("assay-ca-" + std::to_string(getpid()) + "-" + std::to_string(count++) + ".pem"))
                .string();
    FILE* file = fopen(path_.c_str(), "wb");
    PEM_write_X509(file, identity.certificate.get());
    fclose(file);
  }
  ~PemFile() { std::filesystem::remove(path_); }
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace assay::test
