// Time stamps by an authority that openssl plays. [CL-12]
#include "anchor/stamp.h"

#include <algorithm>

#include "base/text.h"
#include "support/mutate.h"
#include "support/sql.h"
#include "unit/anchor/stamping.h"

namespace assay::anchor {
namespace {

using testing::Stamping;

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
    // The certificates that go along are not signed by the token; what it says may not differ. That
    // a kept token is another one is found by its digest: see below.
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

// An instrumented build takes every 31st change only: it looks for bad reads, not for a missed bit.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kEvery = 31;
#else
constexpr int kEvery = 1;
#endif

// The token's digest stands in a signed line, so what its signature does not cover is found as
// well.
TEST_CASE("Timestamp: EveryBitOfAKeptTokenCounts [CL-12]") {
  Stamping s;
  const ByteVector reply = s.openssl.Answer(s.query);
  REQUIRE_OK(s.Keep(reply, s.query));
  const auto file = s.ledger.home.directory() / "ledger.db";
  const Authority authority = s.openssl.authority();
  REQUIRE_OK_AND_ASSIGN(const ByteVector token, proof::TokenOfReply(reply, s.query));
  // Guards against mistakes are out of the way of one who means it.
  testing::RunSql(file, "DROP TRIGGER timestamp_no_update");
  const auto store = [&](ByteSpan bytes) {
    testing::RunSql(
        file, "PRAGMA synchronous=OFF; UPDATE timestamp SET token = x'" + EncodeHex(bytes) + "'");
  };
  REQUIRE_OK_AND_ASSIGN(const auto opened, s.ledger.home.OpenReadOnly());
  int missed = 0, missed_by_verify = 0, flips = 0, seen = 0;
  const auto look = [&](const ByteVector& changed, const std::string& how) {
    if (++seen % kEvery != 0) return;
    store(changed);
    const auto checks = VerifyStamps(*opened, authority);
    const bool found = checks && checks->size() == 1 && !checks->front().facts;
    if (!found) UNSCOPED_INFO(how);
    missed += found ? 0 : 1;
    if (++flips % 101 == 0) missed_by_verify += opened->Verify()->ok ? 1 : 0;
  };
  test::FlipBits(token, look);
  test::Truncate(token, look);
  CHECK(missed == 0);
  CHECK(missed_by_verify == 0);
  CHECK(flips > 8 * 1000 / kEvery);
  store(token);
  REQUIRE_OK_AND_ASSIGN(const auto healed, VerifyStamps(*opened, authority));
  CHECK(healed[0].facts);
  std::printf("kept token of %zu bytes: %d changes, all found\n", token.size(), flips);
}

}  // namespace
}  // namespace assay::anchor
