// Full verification against SHA-256 of openssl on two cores, in one run: how much of the machine's
// hashing speed is left when every line, node and sealed body of a ledger is checked.
// Usage: verify_bench ASSAY-VERIFY [entries] [bodies] [rounds]. docs/benchmarks.md says what it
// means.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "ledger/ledger.h"

namespace assay::ledger {
namespace {

using Steady = std::chrono::steady_clock;

constexpr size_t kRecords = 100, kRecordBytes = 1000;

/// What a verifier must hash at least: each line as a leaf and as the next line's `prev`, one node
/// for each leaf, and of a body each segment with its salt and one node for it.
struct Work {
  std::string folder;
  uint64_t hashed = 0, lines = 0, line_bytes = 0, bodies = 0;
};

/// So many messages of one size.
struct Messages {
  uint64_t count = 0, bytes = 0;
};

// The same work message by message, as openssl would have to do it: a line is hashed with its
// prefix and as it is, a node is 65 bytes, a record has a prefix and a salt, and the ident of a
// body is a hash over all of it.
std::vector<Messages> MessagesOf(const Work& work) {
  const uint64_t segments = work.bodies * (kRecords + 1), body = kRecords * kRecordBytes;
  return {{2 * work.lines, work.line_bytes / work.lines},
          {work.lines + segments, 65},
          {segments, kRecordBytes + 17},
          {work.bodies, body}};
}

double SecondsSince(Steady::time_point started) {
  return std::chrono::duration<double>(Steady::now() - started).count();
}

OpenOptions OptionsOf(const std::string& folder) {
  OpenOptions options{.directory = folder + "/ledger",
                      .tenant = *TenantId::Parse("7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"),
                      .origin = "assay.example/bench",
                      .master_key_file = folder + "/master.key",
                      .ledger_key_file = folder + "/ledger.pem",
                      .run_lease_holder = "verify_bench"};
  options.create = true;
  return options;
}

std::string MakeResponse(size_t number, std::vector<RecordRange>& records) {
  std::string out = "{\"value\":[";
  uint64_t seed = number * 2654435761u + 1;
  for (size_t i = 0; i < kRecords; ++i) {
    if (i > 0) out += ',';
    const size_t begin = out.size();
    out += fmt::format("{{\"id\":\"{:08x}\",\"displayName\":\"user {}\",\"note\":\"", number, i);
    while (out.size() < begin + kRecordBytes - 2) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      out += fmt::format("{:08x} member of a group with a name; ", seed >> 32);
    }
    out += "\"}";
    records.push_back({begin, out.size() - begin});
  }
  return out + "]}";
}

Status Fill(Ledger& ledger, size_t entries, size_t bodies) {
  for (size_t i = 0; i < entries; ++i) {
    EntryDraft draft{"read",
                     "engine",
                     {{"endpoint", "graph-users"},
                      {"page", static_cast<int64_t>(i)},
                      {"plugin", "graph"},
                      {"run", "R-512"},
                      {"status", 200}},
                     {}};
    if (i < bodies) {
      std::vector<RecordRange> records;
      const std::string bytes = MakeResponse(i, records);
      ASSAY_ASSIGN(draft.body, ledger.PutBody(AsBytes(bytes), records));
    }
    (void)ledger.Append(std::move(draft));
    if (i % 20'000 == 0) ASSAY_TRY(ledger.Sync());
  }
  ASSAY_TRY(ledger.SignCheckpoint());
  return {};
}

Result<Work> MakeLedger(const std::string& root, const char* name, size_t entries, size_t bodies) {
  Work work{root + "/" + name};
  std::filesystem::create_directories(work.folder);
  ASSAY_ASSIGN(const auto ledger, Ledger::Open(OptionsOf(work.folder)));
  ASSAY_TRY(Fill(*ledger, entries, bodies));
  ASSAY_TRY(ledger->ReadLines(LeafIndex{0}, LeafIndex{UINT64_MAX >> 1},
                              [&](LeafIndex, std::string_view line) {
                                ++work.lines;
                                work.line_bytes += line.size();
                                work.hashed += 2 * line.size() + 1 + 65;
                                return true;
                              }));
  std::vector<RecordRange> records;
  const uint64_t body = MakeResponse(0, records).size() + (kRecords + 1) * (17 + 65);
  work.hashed += bodies * body;
  work.bodies = bodies;
  return work;
}

/// Megabytes a second of `openssl speed` on messages of this size: of two processes by wall clock,
/// or of two cores by the processor time of one process.
double OpenSslRate(uint64_t bytes, bool by_wall) {
  const std::string command =
      fmt::format("openssl speed {} -seconds 1 -bytes {} -evp sha256 2>/dev/null | tail -n 1",
                  by_wall ? "-multi 2" : "", bytes);
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 256> line{};
  const bool read = pipe != nullptr && std::fgets(line.data(), line.size(), pipe) != nullptr;
  if (pipe != nullptr) ::pclose(pipe);
  double thousands = 0;
  if (read) std::sscanf(line.data(), "%*s %lfk", &thousands);
  return thousands / 1000 * (by_wall ? 1 : 2);
}

/// Seconds of openssl alone for the same messages, each size at the speed it has for that size.
double OpenSslSeconds(const Work& work, bool by_wall) {
  double seconds = 0;
  for (const auto& [count, bytes] : MessagesOf(work))
    if (count > 0)
      seconds += static_cast<double>(count * bytes) / 1e6 / OpenSslRate(bytes, by_wall);
  return seconds;
}

struct Measured {
  double seconds = 0, cpu = 0;
  long peak_kib = 0;
};

double CpuOf(const rusage& usage) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A process of its own, so that its peak memory is its own too.
Measured Time(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::fflush(stdout);
  const auto started = Steady::now();
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen("/dev/null", "w", stdout) != nullptr) ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  const double seconds = SecondsSince(started);
  if (status != 0) fmt::print(stderr, "{} failed\n", command[0]);
  return {seconds, CpuOf(usage), usage.ru_maxrss};
}

Measured TimeEngine(const Work& work) {
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  const auto started = Steady::now();
  auto ledger = Ledger::OpenReadOnly(OptionsOf(work.folder));
  const auto report = ledger ? (*ledger)->Verify() : Fail(ledger.error());
  if (!report || !report->ok) fmt::print(stderr, "engine: does not verify\n");
  const double seconds = SecondsSince(started);
  ::getrusage(RUSAGE_SELF, &after);
  return {seconds, CpuOf(after) - CpuOf(before), 0};
}

// By wall clock as it was; and by processor time, which a busy machine does not spoil: what two
// cores do that have nothing else to do, if both threads are busy all the time.
void Print(const char* what, const Work& work, const Measured& measured) {
  const uint64_t bytes = work.line_bytes / work.lines;
  const double hashed = static_cast<double>(work.hashed) / 1e6;
  fmt::print("{:28}", what);
  for (const bool by_wall : {true, false}) {
    const double rate = hashed / (by_wall ? measured.seconds : measured.cpu / 2);
    const double seconds = by_wall ? measured.seconds : measured.cpu;
    fmt::print("  {} {:5.2f} s {:5.0f} MB/s = {:.2f} of 16 KiB, {:.2f} of {} bytes, ",
               by_wall ? "wall" : "cpu", seconds, rate, rate / OpenSslRate(16384, by_wall),
               rate / OpenSslRate(bytes, by_wall), bytes);
    const double alone = OpenSslSeconds(work, by_wall) * (by_wall ? 1 : 2);
    fmt::print("{:.2f} of the same messages;", alone / seconds);
  }
  if (measured.peak_kib > 0) fmt::print("  peak {} MiB", measured.peak_kib / 1024);
  fmt::print("\n");
}

Status Run(const std::string& verifier, size_t entries, size_t bodies, int rounds) {
  std::string pattern = (std::filesystem::temp_directory_path() / "assay-bench-XXXXXX").string();
  const std::string root = ::mkdtemp(pattern.data());
  ASSAY_ASSIGN(const Work lines, MakeLedger(root, "lines", entries, 0));
  ASSAY_ASSIGN(const Work sealed, MakeLedger(root, "sealed", bodies, bodies));
  fmt::print("{} lines of {} bytes; {} bodies of {} KiB\n", lines.lines,
             lines.line_bytes / lines.lines, bodies, kRecords * kRecordBytes / 1024);
  for (int round = 0; round < rounds; ++round) {
    Print("assay-verify, lines and tree", lines, Time({verifier, lines.folder + "/ledger"}));
    Print(
        "assay-verify, bodies opened", sealed,
        Time({verifier, sealed.folder + "/ledger", "--master-key", sealed.folder + "/master.key"}));
    Print("engine, lines and tree", lines, TimeEngine(lines));
    Print("engine, bodies opened", sealed, TimeEngine(sealed));
  }
  std::filesystem::remove_all(root);
  return {};
}

size_t NumberOr(int argc, char** argv, int at, size_t otherwise) {
  return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
}

}  // namespace
}  // namespace assay::ledger

int main(int argc, char** argv) {
  using assay::ledger::NumberOr;
  if (argc < 2) {
    fmt::print(stderr, "usage: verify_bench ASSAY-VERIFY [entries] [bodies] [rounds]\n");
    return 2;
  }
  const assay::Status done =
      assay::ledger::Run(argv[1], NumberOr(argc, argv, 2, 300'000), NumberOr(argc, argv, 3, 2'000),
                         static_cast<int>(NumberOr(argc, argv, 4, 3)));
  if (!done) fmt::print(stderr, "{}\n", done.error().ToString());
  return done ? 0 : 1;
}
