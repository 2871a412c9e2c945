// A collector that marks wrongly: whatever it claims about records, the bytes come back as they
// came, in the ledger and after it is opened again.
#include <limits>
#include <random>

#include "fault/home.h"
#include "support/matchers.h"

namespace assay::fault {
namespace {

using ledger::BodyRef;
using ledger::Ledger;
using ledger::RecordRange;
using Marks = std::vector<RecordRange>;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

std::string TwoPeople(int n) {
  const std::string id = std::to_string(n);
  return R"({"value":[{"mail":"anna)" + id + R"(@contoso.example"},{"mail":"bert)" + id +
         R"(@contoso.example"}],"n":)" + id + "}";
}

// A body, what a collector says of it, and what the ledger made of it.
struct Claim {
  std::string bytes;
  Marks marks;
  BodyRef ref;
};

void CheckKept(Ledger& ledger, const Claim& claim) {
  REQUIRE_OK_AND_ASSIGN(const ByteVector bytes, ledger.ReadBody(claim.ref.root));
  REQUIRE(AsText(bytes) == claim.bytes);
  REQUIRE(claim.ref.len == claim.bytes.size());
  // Not hidden either: all segments together hold every byte that is no table of lengths.
  REQUIRE_OK_AND_ASSIGN(const std::vector<ByteVector> segments,
                        ledger.ReadSegments(claim.ref.root));
  uint64_t sum = 0;
  for (const ByteVector& segment : segments) sum += segment.size();
  REQUIRE(sum >= claim.bytes.size());
}

void PutAndAppend(Ledger& ledger, Claim& claim) {
  REQUIRE_OK_AND_ASSIGN(claim.ref, ledger.PutBody(AsBytes(claim.bytes), claim.marks));
  REQUIRE_OK(ledger.Append({"read", "engine", {}, claim.ref}).get());
  CheckKept(ledger, claim);
}

void CheckAll(const Home& home, const GateClock& clock, const std::vector<Claim>& claims) {
  REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(OptionsFor(home, clock)));
  for (const Claim& claim : claims) CheckKept(*ledger, claim);
  REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport report, ledger->Verify());
  INFO(report.place << ": " << report.message);
  REQUIRE(report.ok);
  REQUIRE(report.bodies_opened == report.bodies);
}

Marks EveryByte(uint64_t size) {
  Marks out;
  for (uint64_t i = 0; i < size; ++i) out.push_back({i, 1});
  return out;
}

TEST_CASE("Marks: NoLieAboutRecordsTouchesAByte [CL-12]") {
  Home home;
  GateClock clock;
  std::vector<Claim> claims;
  int n = 0;
  const uint64_t size = TwoPeople(100).size();
  const Marks lies[] = {
      {},
      {{10, 30}, {20, 30}},  // overlap
      {{10, 30}, {10, 30}},  // twice
      {{50, 10}, {10, 10}},  // out of order
      EveryByte(size),       // one byte a record
      {{10, size - 20}},     // two people in one
      {{0, size}},           // all of it
      {{0, size + 1}},       // one byte beyond
      {{size, 0}},           // nothing, at the end
      {{size + 1, 0}},       // nothing, beyond the end
      {{kMax, 1}},           // offset and length wrap around
      {{1, kMax}},
      {{kMax - 3, 8}},
      {{5, 0}, {5, 0}, {5, 0}},              // empty ones
      {{15, 7}},                             // half a record
      {{0, 10}, {10, 10}, {20, size - 20}},  // no skeleton left
  };
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(OptionsFor(home, clock)));
    for (const Marks& marks : lies) {
      INFO("lie " << n);
      Claim claim{TwoPeople(100 + n++), marks, {}};
      PutAndAppend(*ledger, claim);
      claims.push_back(claim);
    }
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  CheckAll(home, clock, claims);
}

// Half of the marks are in order and apart, the other half anything at all.
Marks RandomMarks(std::mt19937& random, uint64_t size) {
  Marks out;
  const bool orderly = random() % 2 == 0;
  uint64_t at = 0;
  for (uint32_t i = random() % 12; i > 0; --i) {
    const uint64_t offset = orderly ? at + random() % 40 : random() % (size + 20);
    const uint64_t length = random() % 60;
    out.push_back({offset, random() % 50 == 0 ? kMax - offset % 7 : length});
    at = offset + length;
  }
  return out;
}

std::string RandomBytes(std::mt19937& random) {
  std::string out(random() % 700, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST_CASE("Marks: RandomOnesAreNeverMoreThanAClaim [CL-12]") {
  Home home;
  GateClock clock;
  std::mt19937 random(1118);
  std::vector<Claim> claims;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(OptionsFor(home, clock)));
    for (int i = 0; i < 1500; ++i) {
      INFO("round " << i);
      Claim claim{RandomBytes(random), {}, {}};
      claim.marks = RandomMarks(random, claim.bytes.size());
      PutAndAppend(*ledger, claim);
      claims.push_back(std::move(claim));
    }
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  CheckAll(home, clock, claims);
}

TEST_CASE("Marks: TheSameBytesUnderOtherMarksAreKeptBothTimes [CL-12]") {
  Home home;
  GateClock clock;
  std::vector<Claim> claims;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(OptionsFor(home, clock)));
    const Marks kinds[] = {{}, {{10, 30}}, {{10, 30}, {50, 20}}, {{10, 30}, {20, 20}}};
    for (const Marks& marks : kinds) {
      Claim claim{TwoPeople(7), marks, {}};
      PutAndAppend(*ledger, claim);
      claims.push_back(claim);
    }
  }
  CheckAll(home, clock, claims);
}

}  // namespace
}  // namespace assay::fault
