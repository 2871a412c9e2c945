// An authority for time stamps that openssl plays, with its certificate authority.
#pragma once

#include <cstdlib>

#include "anchor/stamp.h"
#include "base/text.h"
#include "unit/anchor/outside.h"

namespace assay::testing {

/// A certificate authority, an authority for time stamps under it, and one that may not stamp.
class OpensslAuthority {
 public:
  explicit OpensslAuthority(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directory(folder_);
    Write("tsa.cnf",
          "[tsa]\ndefault_tsa = t\n[t]\nserial = " + Path("serial") +
              "\nsigner_cert = " + Path("tsa.pem") + "\ncerts = " + Path("ca.pem") +
              "\nsigner_key = " + Path("tsa.key") +
              "\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256, sha512\n"
              "accuracy = secs:1\n"
              "ess_cert_id_alg = sha256\n[ext]\nextendedKeyUsage = critical,timeStamping\n"
              "basicConstraints = CA:FALSE\n[plain]\nbasicConstraints = CA:FALSE\n"
              "[ca]\ndefault_ca = c\n[c]\ndatabase = index.txt\nnew_certs_dir = .\n"
              "serial = ca.srl\ncrlnumber = crlnumber\ndefault_md = default\npolicy = p\n"
              "certificate = ca.pem\nprivate_key = ca.key\n[p]\ncommonName = supplied\n"
              "[part]\nissuingDistributionPoint = critical,@idp\n[idp]\nonlyuser = TRUE\n");
    Write("serial", "01\n");
    Write("crlnumber", "01\n");
    Write("index.txt", "");
    Run("req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.pem -subj '/CN=Test CA' -days 9");
    Run("req -x509 -newkey ed25519 -nodes -keyout o.key -out other.pem -subj '/CN=Other' -days 9");
    Run("req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj '/CN=Test TSA'");
    Run("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 5 "
        "-extfile tsa.cnf -extensions ext");
  }
  ByteVector Answer(ByteSpan query) {
    Write("q.tsq", AsText(query));
    Run("ts -reply -queryfile q.tsq -config tsa.cnf -section t -out r.tsr");
    return *ReadFile(folder_ / "r.tsr");
  }
  anchor::Authority authority(const std::string& ca = "ca.pem") const {
    anchor::Authority out;
    out.ca_pem = Text(ca);
    return out;
  }
  /// From now on stamps bear a certificate that ran out years ago.
  void UseExpiredCertificate() {
    Run("ca -config tsa.cnf -batch -notext -in tsa.csr -out tsa.pem -extensions ext "
        "-extfile tsa.cnf -startdate 20200101000000Z -enddate 20200201000000Z");
  }
  /// A list in PEM; `revoked` is "" or a time and a reason ("260101000000Z,superseded") of the
  /// authority's certificate.
  std::string List(const std::string& revoked, const std::string& options = "-crldays 1") {
    Run("x509 -in tsa.pem -noout -serial -out serial.txt");
    const std::string serial(Trim(std::string_view(Text("serial.txt")).substr(7)));
    Write("index.txt", revoked.empty() ? ""
                                       : "R\t391231000000Z\t" + revoked + "\t" + serial +
                                             "\tunknown\t/CN=Test TSA\n");
    Run("ca -config tsa.cnf -gencrl " + options + " -out list.pem");
    return Text("list.pem");
  }
  /// A list that somebody else made, in the name of the right issuer.
  std::string ForgedList() {
    Run("req -x509 -newkey ed25519 -nodes -keyout f.key -out f.pem -subj '/CN=Test CA' -days 9");
    Run("ca -config tsa.cnf -gencrl -crldays 1 -cert f.pem -keyfile f.key -out forged.pem");
    return Text("forged.pem");
  }

 private:
  std::string Text(const std::string& name) const {
    return std::string(AsText(*ReadFile(folder_ / name)));
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Write(const std::string& name, std::string_view text) {
    REQUIRE_OK(WriteFileDurably(folder_ / name, AsBytes(text)));
  }
  void Run(const std::string& arguments) {
    const std::string command =
        "cd '" + folder_.string() + "' && openssl " + arguments + " >openssl.log 2>&1";
    INFO(command);
    REQUIRE(std::system(command.c_str()) == 0);
  }
  std::filesystem::path folder_;
};

struct Stamping {
  GrowingLedger ledger;
  OpensslAuthority openssl;
  std::string note;
  ByteVector query;

  Stamping() : openssl(ledger.home.root() / "tsa") {
    note = ledger.Grow(5);
    query = *proof::MakeTimestampQuery(note);
  }
  Result<anchor::Stamped> Keep(ByteSpan reply, ByteSpan to, const std::string& ca = "ca.pem") {
    ASSAY_ASSIGN(const auto opened, ledger.home.Open());
    return anchor::KeepReply(*opened, openssl.authority(ca), reply, to);
  }
};

}  // namespace assay::testing
