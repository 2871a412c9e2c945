// Write path of the ledger. Usage: ledger_bench MODE [ARGUMENT]
//
// lines [ROUNDS]: entry lines against raw SQLite inserts of the same lines, in turns.
//
// records FILE: records (a JSON object a line) as response bodies of 1,000 with everything on,
// durable after each body. One JSON object on stdout.
//
// rows FILE: the same records as raw SQLite rows, one transaction for each 1,000.
//
// open [ENTRIES]: opening a ledger of that size.
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/memory.h"
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

// Raw SQLite as the ledger uses it: write-ahead log, a sync at each commit, the same table, pages
// of the same size, the log copied back at the same length. Nothing else: no chain, no tree, no
// overwriting of freed bytes.
class RawTable {
 public:
  explicit RawTable(const std::filesystem::path& file) {
    sqlite3_open(file.c_str(), &db_);
    Execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4096;"
        "CREATE TABLE IF NOT EXISTS entry(idx INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT");
    begin_ = Prepare("BEGIN IMMEDIATE");
    insert_ = Prepare("INSERT INTO entry VALUES(?1, ?2)");
    commit_ = Prepare("COMMIT");
  }
  RawTable(const RawTable&) = delete;
  ~RawTable() {
    for (sqlite3_stmt* statement : {begin_, insert_, commit_}) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }
  void Begin() { Run(begin_); }
  void Commit() { Run(commit_); }
  void Insert(std::string_view line) {
    sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(next_++));
    sqlite3_bind_blob(insert_, 2, line.data(), static_cast<int>(line.size()), SQLITE_STATIC);
    Run(insert_);
  }

 private:
  void Execute(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) Die(sqlite3_errmsg(db_));
  }
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* out = nullptr;
    if (sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &out, nullptr) != SQLITE_OK)
      Die(sqlite3_errmsg(db_));
    return out;
  }
  void Run(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) Die(sqlite3_errmsg(db_));
    sqlite3_reset(statement);
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt *begin_ = nullptr, *insert_ = nullptr, *commit_ = nullptr;
  uint64_t next_ = 0;
};

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

// What one trial took: by the clock, and of the processors by all threads (user and system). The
// second does not change with what else the machine does.
struct Cost {
  double seconds = 0, cpu = 0;
};

double ProcessorSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <typename Trial>
Cost Measure(const Trial& trial) {
  const double cpu = ProcessorSeconds();
  const auto started = Steady::now();
  trial();
  return {Seconds(started), ProcessorSeconds() - cpu};
}

void AppendEntries(Ledger& ledger, size_t rows, size_t batch) {
  for (size_t row = 0; row < rows; ++row) {
    if (batch > 1)
      (void)ledger.Append(ReadDraft(row));
    else if (!ledger.AppendDurably(ReadDraft(row)))
      Die("the ledger stopped");
  }
  if (!ledger.Sync()) Die("the ledger stopped");
}

void InsertRows(RawTable& table, const std::vector<std::string>& lines, size_t batch) {
  for (size_t first = 0; first < lines.size(); first += batch) {
    table.Begin();
    const size_t end = std::min(first + batch, lines.size());
    for (size_t at = first; at < end; ++at) table.Insert(lines[at]);
    table.Commit();
  }
}

// The lines that the ledger made of its newest entries: what the peer stores is the same.
std::vector<std::string> NewestLines(Ledger& ledger, size_t count) {
  auto head = ledger.ReadHead();
  if (!head) Die(head.error().ToString());
  std::vector<std::string> out;
  const Status read =
      ledger.ReadLines(LeafIndex{ToNumber(head->size) - count}, LeafIndex{ToNumber(head->size)},
                       [&](LeafIndex, std::string_view line) {
                         out.emplace_back(line);
                         return true;
                       });
  if (!read || out.size() != count) Die("the ledger does not give its lines back");
  return out;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Trials {
  size_t rows, batch;
  std::vector<double> ratios, raw_rates, own_rates, raw_cpu, own_cpu;

  void Add(const Cost& raw, const Cost& own) {
    const auto count = static_cast<double>(rows);
    ratios.push_back(raw.seconds / own.seconds);
    raw_rates.push_back(count / raw.seconds);
    own_rates.push_back(count / own.seconds);
    raw_cpu.push_back(raw.cpu / count * 1e6);
    own_cpu.push_back(own.cpu / count * 1e6);
  }
  void Print() const {
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    fmt::print(
        "batch {:5}: raw {:7.0f}/s  ledger {:7.0f}/s  ratio {:.2f} ({:.2f} to {:.2f})  "
        "cpu a line: raw {:.2f} us, ledger {:.2f} us\n",
        batch, Median(raw_rates), Median(own_rates), Median(ratios), *least, *most, Median(raw_cpu),
        Median(own_cpu));
  }
};

// Both files stay open and grow alike over all rounds; who goes first changes from round to round.
int Lines(int rounds) {
  Folder folder;
  const auto ledger = OpenIn(folder.path);
  RawTable table(folder.path / "raw.db");
  std::vector<Trials> all{{500, 1, {}, {}, {}, {}, {}}, {50'000, 1000, {}, {}, {}, {}, {}}};
  for (const Trials& trials : all) AppendEntries(*ledger, trials.rows, trials.batch);
  InsertRows(table, NewestLines(*ledger, all.back().rows), all.back().batch);
  for (int round = 0; round < rounds; ++round)
    for (Trials& trials : all) {
      const std::vector<std::string> lines = NewestLines(*ledger, trials.rows);
      const auto raw = [&] { InsertRows(table, lines, trials.batch); };
      const auto own = [&] { AppendEntries(*ledger, trials.rows, trials.batch); };
      if (round % 2 == 0) {
        const Cost first = Measure(raw);
        trials.Add(first, Measure(own));
      } else {
        const Cost first = Measure(own);
        trials.Add(Measure(raw), first);
      }
    }
  fmt::print("{} rounds in turns, medians\n", rounds);
  for (const Trials& trials : all) trials.Print();
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
      if (at % kPage == 0) table.Begin();
      table.Insert(records[at]);
      plain += records[at].size();
      if (at % kPage == kPage - 1 || at + 1 == records.size()) table.Commit();
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
      if (!ledger->AppendDurably(std::move(draft))) Die("the ledger stopped");
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
  assay::KeepFreedMemory();  // as the program does
  const std::string mode = argc > 1 ? argv[1] : "lines", argument = argc > 2 ? argv[2] : "";
  if (mode == "lines") return Lines(argument.empty() ? 3 : std::stoi(argument));
  if (mode == "records") return Records(argument);
  if (mode == "rows") return Rows(argument);
  if (mode == "open") return Open(argument.empty() ? 10'000 : std::stoul(argument));
  Die("modes: lines, records, rows, open");
}
