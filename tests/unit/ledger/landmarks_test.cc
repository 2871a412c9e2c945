// What opening costs when there are many landmarks: counted in steps of SQLite's machine, not
// timed.
#include <sqlite3.h>

#include "ledger/chain.h"
#include "ledger/proofs.h"
#include "ledger/sqlite_store.h"
#include "support/matchers.h"
#include "support/sql.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using testing::Draft;
using testing::RunSql;
using testing::TestLedger;

constexpr int kMany = 50'000;  // cosignatures of half a year, every five minutes

uint64_t steps = 0;  // of all statements that ended since it was set to 0

int AddSteps(unsigned, void*, void* statement, void*) {
  steps += static_cast<uint64_t>(
      sqlite3_stmt_status(static_cast<sqlite3_stmt*>(statement), SQLITE_STMTSTATUS_VM_STEP, 1));
  return 0;
}

int CountSteps(sqlite3* connection, const char**, const void*) {
  return sqlite3_trace_v2(connection, SQLITE_TRACE_PROFILE, AddSteps, nullptr);
}

/// Counts on every connection that is opened while it lives.
struct Counting {
  Counting() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(CountSteps)); }
  ~Counting() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(CountSteps)); }
};

void AddLandmarks(const TestLedger& home) {
  RunSql(home.directory() / "ledger.db",
         "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n LIMIT " +
             std::to_string(kMany) +
             ") INSERT INTO landmark SELECT i, 'checkpoint.cosigned' FROM n");
}

uint64_t StepsToRead(const TestLedger& home, bool writes) {
  steps = 0;
  { REQUIRE_OK_AND_ASSIGN(auto ledger, writes ? home.Open() : home.OpenReadOnly()); }
  return steps;
}

TEST_CASE("Landmarks: OpeningDoesNotReadThoseThatDoNotMatter") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    REQUIRE_OK(ledger->Append(Draft(1)).get());
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  const Counting counting;
  const uint64_t few_read = StepsToRead(home, false), few_written = StepsToRead(home, true);
  AddLandmarks(home);
  const uint64_t many_read = StepsToRead(home, false), many_written = StepsToRead(home, true);
  INFO(few_read << " and " << few_written << " steps, then " << many_read << " and "
                << many_written);
  CHECK(few_read > 100);  // the counting works
  CHECK(many_read <= few_read + 500);
  CHECK(many_written <= few_written + 500);
}

TEST_CASE("Landmarks: FamiliesAreReadByTheirIndexWhateverTheirPlace") {
  TestLedger home;
  REQUIRE_OK(home.Open());
  AddLandmarks(home);
  RunSql(home.directory() / "ledger.db",
         "INSERT INTO landmark VALUES(60000, 'hold.placed'), (60002, 'erasure.record'), "
         "(60001, 'hold.released'), (60003, 'holder')");
  const Counting counting;
  REQUIRE_OK_AND_ASSIGN(const auto store, OpenSqliteStore(home.directory(), StoreMode::kRead));
  steps = 0;
  constexpr std::string_view kFamilies[] = {"erasure.", "hold."};
  const auto read = [&](uint64_t from, uint64_t to) {
    REQUIRE_OK_AND_ASSIGN(const auto landmarks, ReadFamilies(*store, kFamilies, from, to));
    std::vector<uint64_t> out;
    for (const Landmark& one : landmarks) out.push_back(one.index);
    return out;
  };
  CHECK(read(0, kEveryIndex) == std::vector<uint64_t>{60000, 60001, 60002});
  CHECK(read(60001, kEveryIndex) == std::vector<uint64_t>{60001, 60002});
  CHECK(read(3, 60002) == std::vector<uint64_t>{60000, 60001});
  CHECK(read(5, 50'000).empty());
  CHECK(steps > 0);
  CHECK(steps < 1000);
}

}  // namespace
}  // namespace assay::ledger
