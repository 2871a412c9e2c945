// Opening and appending cost the same at any size: counted, not timed. ASSAY_FAULT_LARGE names
// further sizes, comma-separated (tools/soak-ledger: a million and ten).
#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <set>
#include <sstream>

#include "fault/watch.h"
#include "fault/workload.h"
#include "support/matchers.h"

namespace assay::fault {
namespace {

using ledger::Ledger;

constexpr uint64_t kTile = 256;
constexpr int kAppends = 100;

// Rows of table entry that SQLite gave out, seen by a trace on every new connection.
struct RowCount {
  std::set<uint64_t> distinct;
  uint64_t all = 0;
};
RowCount rows;

int CountRow(unsigned, void*, void* statement, void*) {
  auto* row = static_cast<sqlite3_stmt*>(statement);
  const char* sql = sqlite3_sql(row);  // none for SQLite's own
  if (sql == nullptr || !std::string_view(sql).starts_with("SELECT idx, line FROM entry")) return 0;
  ++rows.all;
  rows.distinct.insert(static_cast<uint64_t>(sqlite3_column_int64(row, 0)));
  return 0;
}

int TraceRows(sqlite3* connection, char**, const void*) {
  return sqlite3_trace_v2(connection, SQLITE_TRACE_ROW, CountRow, nullptr);
}

// Peak of resident memory in KiB since ResetPeak.
uint64_t PeakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  return 0;
}
void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// What one size costs.
struct Cost {
  uint64_t size = 0;
  Watch::Total reads;       ///< of ledger.db while it is opened
  RowCount rows;            ///< lines read while it is opened
  uint64_t operations = 0;  ///< of kAppends single appends, all kinds and files
  Watch::Total writes;      ///< to the log of ledger.db by them
  uint64_t filling = 0;     ///< KiB that filling the ledger added to the peak
  uint64_t memory = 0;      ///< KiB that opening and appending added to the peak
};

Status Fill(const Home& home, uint64_t size) {
  GateClock clock;
  ASSAY_ASSIGN(auto ledger, Ledger::Open(OptionsFor(home, clock)));
  std::deque<ledger::PendingEntry> waiting;
  const auto await = [&]() -> Status {
    auto done = waiting.front().get();
    waiting.pop_front();
    return done ? Status{} : Fail(std::move(done.error()));
  };
  for (uint64_t i = 2; i < size; ++i) {
    waiting.push_back(ledger->Append(
        {"read", "engine", {{"endpoint", "graph-users"}, {"page", i}, {"status", 200}}, {}}));
    if (waiting.size() > 8000) ASSAY_TRY(await());
    if (i % 250'000 == 0) ASSAY_TRY(ledger->SignCheckpoint());
  }
  while (!waiting.empty()) ASSAY_TRY(await());
  ASSAY_TRY(ledger->SignCheckpoint());
  return {};
}

Result<Cost> Measure(const Home& home, uint64_t size) {
  GateClock clock;
  Cost cost;
  cost.size = size;
  rows = {};
  ResetPeak();
  const uint64_t before = PeakMemory();
  Watch::Get().StartCounting(home.root());
  ASSAY_ASSIGN(auto ledger, Ledger::Open(OptionsFor(home, clock)));
  cost.reads = Watch::Get().TotalOf(OpKind::kRead, "/ledger.db");
  cost.rows = rows;
  Watch::Get().StartCounting(home.root());
  for (int i = 0; i < kAppends; ++i)
    ASSAY_TRY(ledger->Append({"read", "engine", {{"page", i}}, {}}).get());
  cost.operations = Watch::Get().count();
  cost.writes = Watch::Get().TotalOf(OpKind::kWrite, "/ledger.db-wal");
  Watch::Get().Stop();
  cost.memory = PeakMemory() - before;
  return cost;
}

void Print(const Cost& cost) {
  fmt::print(
      "ledger of {} entries: open reads {} pages, {} lines ({} distinct); {} appends make {} "
      "operations, {} writes of {} bytes; peak memory +{} KiB (filling: +{})\n",
      cost.size, cost.reads.operations, cost.rows.all, cost.rows.distinct.size(), kAppends,
      cost.operations, cost.writes.operations, cost.writes.bytes, cost.memory, cost.filling);
  std::fflush(stdout);
}

// The last tile is as full as it can be without being one: the worst case for an opening.
uint64_t WorstNear(uint64_t size) { return size / kTile * kTile + kTile - 1; }

std::vector<uint64_t> Sizes() {
  std::vector<uint64_t> out = {WorstNear(1000), WorstNear(100'000)};
  const char* text = std::getenv("ASSAY_FAULT_LARGE");
  std::istringstream more(text != nullptr ? text : "");
  for (std::string one; std::getline(more, one, ',');)
    out.push_back(WorstNear(std::strtoull(one.c_str(), nullptr, 10)));
  return out;
}

TEST_CASE("Size: OpeningAndAppendingCostTheSameAtAnySize [CL-12]") {
  RegisterWatchedVfs();
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(TraceRows));
  std::vector<Cost> costs;
  for (const uint64_t size : Sizes()) {
    Home home;
    ResetPeak();
    const uint64_t before = PeakMemory();
    REQUIRE_OK(Fill(home, size));
    const uint64_t filling = PeakMemory() - before;
    REQUIRE_OK_AND_ASSIGN(Cost cost, Measure(home, size));
    cost.filling = filling;
    Print(cost);
    costs.push_back(cost);
  }
  sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(TraceRows));
  const Cost& small = costs.front();
  for (const Cost& cost : costs) {
    INFO("size " << cost.size);
    // The tail of at most 255, and entry 1, which has the key.
    CHECK(cost.rows.distinct.size() <= kTile - 1 + 1);
    CHECK(cost.rows.all <= kTile - 1 + 1);
    // A larger tree is a page or two deeper, in each of the few places that are looked up.
    CHECK(cost.reads.operations <= small.reads.operations + 24);
    CHECK(cost.operations <= small.operations + small.operations / 10);
    CHECK(cost.writes.bytes <= small.writes.bytes + small.writes.bytes / 10);
    CHECK(cost.memory <= small.memory + 8192);
    CHECK(cost.filling <= 128 * 1024);  // the queue, whatever the size
  }
}

// The first tile of level 1 is filled by a process that never read its first hashes.
TEST_CASE("Size: ATileBegunBeforeARestartIsWhole [CL-12]") {
  Home home;
  REQUIRE_OK(Fill(home, 65'300));
  REQUIRE_OK(Fill(home, 400));  // more
  GateClock clock;
  REQUIRE_OK_AND_ASSIGN(auto ledger, Ledger::Open(OptionsFor(home, clock)));
  REQUIRE_OK_AND_ASSIGN(const ledger::VerifyReport report, ledger->Verify());
  INFO(report.place << ": " << report.message);
  CHECK(report.ok);
  CHECK(report.entries > 65'536);
}

}  // namespace
}  // namespace assay::fault
