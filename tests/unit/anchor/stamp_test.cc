// Time stamps by an authority that openssl plays. [CL-12]
#include "anchor/stamp.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "unit/anchor/outside.h"

namespace assay::anchor {
namespace {

using testing::GrowingLedger;

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
              "basicConstraints = CA:FALSE\n[plain]\nbasicConstraints = CA:FALSE\n");
    Write("serial", "01\n");
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
  Authority authority(const std::string& ca = "ca.pem") const {
    return {"", std::string(AsText(*ReadFile(folder_ / ca))), ""};
  }

 private:
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
  Result<Stamped> Keep(ByteSpan reply, ByteSpan to, const std::string& ca = "ca.pem") {
    ASSAY_ASSIGN(const auto opened, ledger.home.Open());
    return KeepReply(*opened, openssl.authority(ca), reply, to);
  }
};

TEST_CASE("Timestamp: ATokenIsKeptAndVerifiesAgain [CL-12]") {
  Stamping s;
  const ByteVector reply = s.openssl.Answer(s.query);
  REQUIRE_OK_AND_ASSIGN(const Stamped stamped, s.Keep(reply, s.query));
  CHECK(stamped.size == 7);
  CHECK(stamped.facts.policy == "1.2.3.4.1");
  CHECK(stamped.facts.authority == "CN=Test TSA");
  s.ledger.Grow(3);
  REQUIRE_OK_AND_ASSIGN(const auto opened, s.ledger.home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const auto checks, VerifyStamps(*opened, s.openssl.authority()));
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].facts);
  REQUIRE_OK_AND_ASSIGN(const auto others, VerifyStamps(*opened, s.openssl.authority("other.pem")));
  CHECK_FALSE(others[0].facts);
  CHECK(opened->Verify()->ok);
}

TEST_CASE("Timestamp: AReplyToSomethingElseIsNotKept [CL-12]") {
  Stamping s;
  REQUIRE_OK_AND_ASSIGN(const ByteVector second, proof::MakeTimestampQuery(s.note));
  const ByteVector reply = s.openssl.Answer(s.query);
  CHECK_FAILS(s.Keep(reply, second), Code::kCorrupt, "nonce is not that of the query");
  REQUIRE_OK_AND_ASSIGN(const ByteVector foreign, proof::MakeTimestampQuery("another note"));
  const ByteVector of_other = s.openssl.Answer(foreign);
  CHECK_FAILS(s.Keep(of_other, foreign), Code::kCorrupt, "imprint is of no checkpoint");
  CHECK_FAILS(s.Keep(reply, s.query, "other.pem"), Code::kCorrupt, "time stamp:");
  CHECK_FAILS(s.Keep(AsBytes("rubbish"), s.query), Code::kCorrupt, "not a reply in DER");
  // A refusal by the authority, with its words.
  ByteVector unknown = s.query;
  const ByteVector sha256{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
  const auto at = std::search(unknown.begin(), unknown.end(), sha256.begin(), sha256.end());
  REQUIRE(at != unknown.end());
  at[8] = 4;  // SHA-224: not accepted by the authority
  CHECK_FAILS(s.Keep(s.openssl.Answer(unknown), unknown), Code::kDenied, "refused: status 2");
}

TEST_CASE("Timestamp: NoChangedReplyIsKept [CL-12]") {
  Stamping s;
  const ByteVector reply = s.openssl.Answer(s.query);
  const auto authority = s.openssl.authority();
  REQUIRE_OK_AND_ASSIGN(const ByteVector token, proof::TokenOfReply(reply, s.query));
  REQUIRE_OK_AND_ASSIGN(const auto facts, proof::VerifyTimestamp(token, s.note, authority.ca_pem));
  int alarms = 0, same = 0;
  for (size_t at = 0; at < token.size(); at += 3) {
    ByteVector changed = token;
    changed[at] = static_cast<uint8_t>(changed[at] ^ 1 << (at % 8));
    const auto verified = proof::VerifyTimestamp(changed, s.note, authority.ca_pem);
    // The certificates that go along are not signed by the token; what it says may not differ.
    if (verified) CHECK((verified->time == facts.time && verified->imprint == facts.imprint));
    ++(verified ? same : alarms);
  }
  std::printf("time-stamp token: %d changes refused, %d without effect\n", alarms, same);
  CHECK(alarms > 4 * same);
  for (size_t length = 0; length < token.size(); length += 11)
    CHECK_FALSE(proof::VerifyTimestamp(ByteSpan(token).first(length), s.note, authority.ca_pem));
}

TEST_CASE("Timestamp: NotOfATimeBeforeTheEntriesThatItCovers [CL-12]") {
  Stamping s;
  s.ledger.home.clock.Set(SystemClock().Now() + std::chrono::hours(1));
  const std::string later = s.ledger.Grow(1);
  REQUIRE_OK_AND_ASSIGN(const ByteVector query, proof::MakeTimestampQuery(later));
  const ByteVector reply = s.openssl.Answer(query);
  CHECK_FAILS(s.Keep(reply, query), Code::kCorrupt, "before entry");
}

}  // namespace
}  // namespace assay::anchor
