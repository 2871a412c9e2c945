// Write path of the ledger against raw SQLite inserts of rows of the same size, interleaved in one
// run: prints rows per second and the ratio. Usage: ledger_bench [rounds].
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>

#include "ledger/ledger.h"

namespace assay::ledger {
namespace {

using Steady = std::chrono::steady_clock;

double RatePerSecond(size_t rows, Steady::time_point started) {
  return static_cast<double>(rows) / std::chrono::duration<double>(Steady::now() - started).count();
}

void Execute(sqlite3* db, const char* sql) { sqlite3_exec(db, sql, nullptr, nullptr, nullptr); }

double RawRate(const std::filesystem::path& folder, size_t rows, size_t batch) {
  sqlite3* db = nullptr;
  sqlite3_open((folder / "raw.db").c_str(), &db);
  Execute(db,
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4096;"
          "CREATE TABLE IF NOT EXISTS entry(idx INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO entry(line) VALUES(?1)", -1, &insert, nullptr);
  const std::string line(330, 'x');
  const auto started = Steady::now();
  for (size_t row = 0; row < rows; ++row) {
    if (row % batch == 0) Execute(db, "BEGIN IMMEDIATE");
    sqlite3_bind_blob(insert, 1, line.data(), static_cast<int>(line.size()), SQLITE_STATIC);
    sqlite3_step(insert);
    sqlite3_reset(insert);
    if (row % batch == batch - 1 || row + 1 == rows) Execute(db, "COMMIT");
  }
  const double rate = RatePerSecond(rows, started);
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return rate;
}

double LedgerRate(Ledger& ledger, size_t rows, size_t batch) {
  const auto started = Steady::now();
  for (size_t row = 0; row < rows; ++row) {
    auto done = ledger.Append({"read",
                               "engine",
                               {{"endpoint", "graph-users"},
                                {"page", static_cast<int>(row)},
                                {"plugin", "graph"},
                                {"run", "R-512"},
                                {"status", 200}},
                               {}});
    if (batch == 1) done.wait();
  }
  (void)ledger.Sync();
  return RatePerSecond(rows, started);
}

int Run(int rounds) {
  std::string pattern = (std::filesystem::temp_directory_path() / "assay-bench-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  OpenOptions options{.directory = folder / "ledger",
                      .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                      .origin = "assay.example/bench",
                      .master_key_file = (folder / "master.key").string(),
                      .ledger_key_file = (folder / "ledger.pem").string(),
                      .run_lease_holder = "ledger_bench"};
  options.create = true;
  auto ledger = Ledger::Open(options);
  if (!ledger) {
    fmt::print(stderr, "{}\n", ledger.error().ToString());
    return 1;
  }
  for (int round = 0; round < rounds; ++round)
    for (const auto& [rows, batch] : {std::pair<size_t, size_t>{500, 1}, {20'000, 1000}}) {
      const double raw = RawRate(folder, rows, batch), own = LedgerRate(**ledger, rows, batch);
      fmt::print("batch {:5}: raw {:9.0f}/s  ledger {:9.0f}/s  ratio {:.2f}\n", batch, raw, own,
                 own / raw);
    }
  ledger->reset();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace assay::ledger

int main(int argc, char** argv) { return assay::ledger::Run(argc > 1 ? std::atoi(argv[1]) : 3); }
