// Write path of the ledger. Usage:
//   ledger_bench lines [ROUNDS]   entry lines against raw SQLite inserts of rows of the same size,
//   interleaved ledger_bench records FILE     records (a JSON object a line) as response bodies of
//   1,000 with everything on,
//                                 durable after each body; one JSON object on stdout
//   ledger_bench rows FILE        the same records as raw SQLite rows, one transaction for each
//   1,000 ledger_bench open [ENTRIES]   opening a ledger of that size
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include "ledger/ledger.h"

namespace assay::ledger {
namespace {

using Steady = std::chrono::steady_clock;

constexpr size_t kPage = 1000;

double Seconds(Steady::time_point started) {
  return std::chrono::duration<double>(Steady::now() - started).count();
}

[[noreturn]] void Die(const std::string& message) {
  fmt::print(stderr, "ledger_bench: {}\n", message);
  std::exit(1);
}

// A folder that goes with the object. TMPDIR says on which disk.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "assay-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  uint64_t Bytes() const {
    uint64_t sum = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(path))
      if (file.is_regular_file()) sum += file.file_size();
    return sum;
  }
};

// Raw SQLite with the pragmas of the ledger: write-ahead log, a sync at each commit.
class RawTable {
 public:
  explicit RawTable(const std::filesystem::path& file) {
    sqlite3_open(file.c_str(), &db_);
    Execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4096;"
        "CREATE TABLE IF NOT EXISTS entry(idx INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT");
    sqlite3_prepare_v2(db_, "INSERT INTO entry(line) VALUES(?1)", -1, &insert_, nullptr);
  }
  ~RawTable() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  void Execute(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Die(sqlite3_errmsg(db_));
  }
  void Insert(std::string_view line) {
    sqlite3_bind_blob(insert_, 1, line.data(), static_cast<int>(line.size()), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) Die(sqlite3_errmsg(db_));
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

double RawRate(const std::filesystem::path& folder, size_t rows, size_t batch) {
  RawTable table(folder / "raw.db");
  const std::string line(330, 'x');
  const auto started = Steady::now();
  for (size_t row = 0; row < rows; ++row) {
    if (row % batch == 0) table.Execute("BEGIN IMMEDIATE");
    table.Insert(line);
    if (row % batch == batch - 1 || row + 1 == rows) table.Execute("COMMIT");
  }
  return static_cast<double>(rows) / Seconds(started);
}

std::unique_ptr<Ledger> OpenIn(const std::filesystem::path& folder) {
  OpenOptions options{.directory = folder / "ledger",
                      .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                      .origin = "assay.example/bench",
                      .master_key_file = (folder / "master.key").string(),
                      .ledger_key_file = (folder / "ledger.pem").string(),
                      .run_lease_holder = "ledger_bench"};
  options.create = true;
  auto ledger = Ledger::Open(options);
  if (!ledger) Die(ledger.error().ToString());
  return std::move(*ledger);
}

EntryDraft ReadDraft(size_t page) {
  return {"read",
          "engine",
          {{"endpoint", "graph-users"},
           {"page", page},
           {"plugin", "graph"},
           {"run", "R-512"},
           {"status", 200}},
          {}};
}

double LedgerRate(Ledger& ledger, size_t rows, size_t batch) {
  const auto started = Steady::now();
  for (size_t row = 0; row < rows; ++row) {
    auto done = ledger.Append(ReadDraft(row));
    if (batch == 1) done.wait();
  }
  if (!ledger.Sync()) Die("the ledger stopped");
  return static_cast<double>(rows) / Seconds(started);
}

int Lines(int rounds) {
  Folder folder;
  const auto ledger = OpenIn(folder.path);
  for (int round = 0; round < rounds; ++round)
    for (const auto& [rows, batch] : {std::pair<size_t, size_t>{500, 1}, {50'000, 1000}}) {
      const double raw = RawRate(folder.path, rows, batch), own = LedgerRate(*ledger, rows, batch);
      fmt::print("batch {:5}: raw {:9.0f}/s  ledger {:9.0f}/s  ratio {:.2f}\n", batch, raw, own,
                 own / raw);
    }
  return 0;
}

std::vector<std::string> ReadRecords(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(std::move(line));
  if (out.empty()) Die(file + ": no records");
  return out;
}

void Report(size_t rows, double seconds, uint64_t plain, uint64_t disk) {
  fmt::print("{{\"rows\":{},\"seconds\":{:.6f},\"plain\":{},\"disk\":{}}}\n", rows, seconds, plain,
             disk);
}

int Rows(const std::string& file) {
  const std::vector<std::string> records = ReadRecords(file);
  Folder folder;
  uint64_t plain = 0;
  double seconds = 0;
  {
    RawTable table(folder.path / "raw.db");
    const auto started = Steady::now();
    for (size_t at = 0; at < records.size(); ++at) {
      if (at % kPage == 0) table.Execute("BEGIN IMMEDIATE");
      table.Insert(records[at]);
      plain += records[at].size();
      if (at % kPage == kPage - 1 || at + 1 == records.size()) table.Execute("COMMIT");
    }
    seconds = Seconds(started);
  }
  Report(records.size(), seconds, plain, folder.Bytes());
  return 0;
}

int Records(const std::string& file) {
  const std::vector<std::string> records = ReadRecords(file);
  Folder folder;
  uint64_t plain = 0;
  double seconds = 0;
  {
    const auto ledger = OpenIn(folder.path);
    const auto started = Steady::now();
    for (size_t first = 0; first < records.size(); first += kPage) {
      std::string page = R"({"value":[)";
      std::vector<RecordRange> marks;
      for (size_t at = first; at < std::min(first + kPage, records.size()); ++at) {
        if (at > first) page += ',';
        marks.push_back({page.size(), records[at].size()});
        page += records[at];
      }
      page += "]}";
      plain += page.size();
      auto body = ledger->PutBody(AsBytes(page), marks);
      if (!body) Die(body.error().ToString());
      EntryDraft draft = ReadDraft(first / kPage);
      draft.body = std::move(*body);
      if (!ledger->Append(std::move(draft)).get()) Die("the ledger stopped");
    }
    seconds = Seconds(started);
    if (!ledger->SignCheckpoint()) Die("the ledger stopped");
  }
  Report(records.size(), seconds, plain, folder.Bytes());
  return 0;
}

int Open(size_t entries) {
  Folder folder;
  {
    const auto ledger = OpenIn(folder.path);
    for (size_t at = 0; at < entries; ++at) (void)ledger->Append(ReadDraft(at));
    if (!ledger->SignCheckpoint()) Die("the ledger stopped");
  }
  for (int round = 0; round < 5; ++round) {
    const auto started = Steady::now();
    const auto ledger = OpenIn(folder.path);
    fmt::print("open {} entries: {:.2f} ms\n", entries, Seconds(started) * 1000);
  }
  return 0;
}

}  // namespace
}  // namespace assay::ledger

int main(int argc, char** argv) {
  using namespace assay::ledger;
  const std::string mode = argc > 1 ? argv[1] : "lines", argument = argc > 2 ? argv[2] : "";
  if (mode == "lines") return Lines(argument.empty() ? 3 : std::stoi(argument));
  if (mode == "records") return Records(argument);
  if (mode == "rows") return Rows(argument);
  if (mode == "open") return Open(argument.empty() ? 10'000 : std::stoul(argument));
  Die("modes: lines, records, rows, open");
}
