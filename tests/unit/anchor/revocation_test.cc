// Whether the certificate of a time-stamping authority was revoked, by lists that openssl makes.
// [CL-12]
#include "unit/anchor/stamping.h"

namespace assay::anchor {
namespace {

using testing::Stamping;

struct Revoking {
  Stamping s;
  ByteVector token;

  Revoking() {
    const ByteVector reply = s.openssl.Answer(s.query);
    REQUIRE_OK_AND_ASSIGN(token, proof::TokenOfReply(reply, s.query));
  }
  Result<proof::TimestampFacts> Verify(const std::string& lists) {
    return proof::VerifyTimestamp(token, s.note, s.openssl.authority().ca_pem, lists);
  }
};

TEST_CASE("Revocation: ReasonAndTimeDecide [CL-12]") {
  Revoking r;
  CHECK(r.Verify(r.s.openssl.List("")));
  const std::string before = "200101000000Z", after = "390101000000Z";
  for (const char* reason :
       {"unspecified", "affiliationChanged", "superseded", "cessationOfOperation"}) {
    INFO(reason);
    CHECK(r.Verify(r.s.openssl.List(after + "," + reason)));
    CHECK_FAILS(r.Verify(r.s.openssl.List(before + "," + reason)), Code::kCorrupt,
                "revoked since 2020-01-01");
  }
  for (const char* reason : {"", ",keyCompromise", ",CACompromise"})
    for (const std::string& time : {before, after}) {
      INFO(time << reason);
      CHECK_FAILS(r.Verify(r.s.openssl.List(time + reason)), Code::kCorrupt,
                  "takes earlier stamps as well");
    }
}

TEST_CASE("Revocation: AListThatCannotBeUsedIsNoVerdict [CL-12]") {
  Revoking r;
  const std::string good = r.s.openssl.List(""), forged = r.s.openssl.ForgedList();
  const auto refused = [&](const std::string& lists, const char* words) {
    CHECK_FAILS(r.Verify(lists), Code::kInvalidInput, words);
  };
  refused("no list at all", "none of the authority's issuer");
  refused(forged, "none of the authority's issuer");
  CHECK(r.Verify(forged + good));
  refused(r.s.openssl.List("", "-crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z"),
          "has run out");
  refused(r.s.openssl.List("", "-crldays 1 -crlexts part"), "covers a part only");
  // Of two lists the later one counts.
  const std::string revoked = r.s.openssl.List("200101000000Z,keyCompromise",
                                               "-crl_lastupdate 20250101000000Z -crl_nextupdate "
                                               "20391201000000Z");
  CHECK_FAILS(r.Verify(revoked), Code::kCorrupt, "revoked since");
  CHECK(r.Verify(revoked + good));
  CHECK(r.Verify(good + revoked));
}

TEST_CASE("Revocation: ARevokedAuthoritysStampIsNotKeptAndIsToldLater [CL-12]") {
  Stamping s;
  const ByteVector reply = s.openssl.Answer(s.query);
  Authority authority = s.openssl.authority();
  authority.crl_pem = s.openssl.List("200101000000Z,superseded");
  REQUIRE_OK_AND_ASSIGN(const auto opened, s.ledger.home.Open());
  CHECK_FAILS(KeepReply(*opened, authority, reply, s.query), Code::kCorrupt, "revoked since");
  authority.crl_pem = s.openssl.List("");
  REQUIRE_OK(KeepReply(*opened, authority, reply, s.query));
  REQUIRE_OK_AND_ASSIGN(const auto right, VerifyStamps(*opened, authority));
  CHECK(right[0].facts);
  authority.crl_pem = s.openssl.List("390101000000Z,keyCompromise");
  REQUIRE_OK_AND_ASSIGN(const auto checks, VerifyStamps(*opened, authority));
  CHECK_FAILS(checks[0].facts, Code::kCorrupt, "takes earlier stamps as well (reason 1)");
}

}  // namespace
}  // namespace assay::anchor
