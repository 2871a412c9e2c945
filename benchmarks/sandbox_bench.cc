// What the confinement costs: start of a worker, rows and bodies through it, many short workers,
// and the same bulk work with and without it. docs/benchmarks.md says what each figure means.
//
// usage: sandbox_bench WORKER PLUGIN [ROUNDS [PART]]     (assay-worker, sandbox_bench_plugin.so;
//        PART: spawn, rows, bodies or many alone)
#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "assay/plugin.h"
#include "assay/read.h"
#include "base/files.h"
#include "ipc/body_memory.h"
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "ipc/row_memory.h"
#include "sandbox/spawner.h"
#include "worker/run_plugin.h"

using namespace assay;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience{60'000};
constexpr uint32_t kDataset = 1;
constexpr size_t kBodyBytes = 8u << 20;

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

double Cpu(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void Die(const std::string& words) {
  fmt::print(stderr, "sandbox_bench: {}\n", words);
  std::exit(1);
}
template <typename T>
T Must(Result<T> result) {
  if (!result) Die(result.error().ToString());
  return std::move(*result);
}
void MustHold(const Status& status) {
  if (!status) Die(status.error().ToString());
}

struct Bench {
  sandbox::Spawner* spawner;
  sandbox::Tier tier;
  sandbox::PluginImage image;
  UniqueFd memfd;
  std::string plugin_path;
};

/// `work`: what the plugin is to do, carried by its id: "nothing", "rows:N", "bodies:N".
sandbox::WorkerSpec SpecFor(const Bench& bench, const std::string& work) {
  sandbox::WorkerSpec spec;
  spec.plugin_memfd = bench.memfd.get();
  spec.init.plugin = "bench";
  spec.init.limits.rows = spec.init.limits.frames = 1ull << 40;
  spec.init.limits.row_bytes = 1ull << 50;
  spec.init.limits.reads = 1ull << 40;
  DatasetSpec dataset;
  dataset.id = "bench_" + work;
  dataset.key = {"text"};
  dataset.columns = {{"text", ColumnType::kText, false}};
  spec.init.datasets.emplace_back(kDataset, dataset);
  EndpointSpec endpoint;
  endpoint.id = "body";
  spec.init.endpoints = {endpoint};
  spec.init.init_array_offset = bench.image.init_array_offset;
  spec.init.init_array_bytes = bench.image.init_array_bytes;
  return spec;
}

/// The engine's part, without ledger and evaluator: counts rows, answers reads with one body that
/// is copied for each page.
struct Served {
  uint64_t rows = 0, row_bytes = 0, bodies = 0;
  double worker_cpu = 0;  ///< seconds
  ipc::Done done;
};

class Server {
 public:
  explicit Server(ipc::Channel& channel) : channel_(channel) {
    MustHold(
        channel_.Send(static_cast<uint16_t>(ipc::Type::kRowMemory), {}, rows_.file(), kPatience));
  }

  Served Run() {
    for (ipc::Frame frame;;) {
      MustHold(channel_.Receive(frame, kPatience));
      switch (static_cast<ipc::Type>(frame.type)) {
        case ipc::Type::kBatch: {
          const ipc::Batch batch = Must(ipc::ParseBatch(frame.payload));
          copy_.clear();
          MustHold(rows_.Take(batch.slot, batch.bytes, copy_));
          served_.rows += batch.count;
          served_.row_bytes += batch.bytes;
          break;
        }
        case ipc::Type::kRequest:
          Answer(Must(ipc::ParseRequest(frame.payload)).ticket);
          break;
        case ipc::Type::kPageDone:
          bodies_.Release(Must(ipc::ParsePageDone(frame.payload)));
          break;
        case ipc::Type::kDone:
          served_.done = Must(ipc::ParseDone(frame.payload));
          return served_;
        default:
          break;
      }
    }
  }

 private:
  void Answer(uint64_t ticket) {
    static const ByteVector body(kBodyBytes, 'x');
    ipc::Page page;
    page.ticket = ticket;
    page.page = ++pages_;
    page.outcome = ASSAY_PAGE_OK;
    page.http_status = 200;
    page.body_len = body.size();
    const int file = Must(bodies_.Lend(page.page, body));
    MustHold(channel_.Send(static_cast<uint16_t>(ipc::Type::kPage), Encode(page), file, kPatience));
    ++served_.bodies;
  }

  ipc::Channel& channel_;
  ipc::RowMemory rows_ = Must(ipc::RowMemory::Make());
  ByteVector copy_;
  ipc::BodyMemory bodies_;
  Served served_;
  uint32_t pages_ = 0;
};

Served RunConfined(const Bench& bench, const std::string& work) {
  const auto worker = Must(bench.spawner->Spawn(SpecFor(bench, work), bench.tier));
  Served served = Server(worker->channel()).Run();
  const auto outcome = worker->Wait(served.done, kPatience);
  if (outcome.fate != sandbox::Fate::kOk)
    Die(fmt::format("{}: {} {}", work, sandbox::Name(outcome.fate), outcome.detail));
  served.worker_cpu = static_cast<double>(outcome.cpu_ms) / 1000;
  return served;
}

/// The same host code and the same plugin in a plain child process.
Served RunUnconfined(const Bench& bench, const std::string& work) {
  auto ends = Must(ipc::Channel::CreatePair());
  const pid_t child = ::fork();
  if (child == 0) {
    ends.first.Close();
    void* library = ::dlopen(bench.plugin_path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) Die(::dlerror());
    const auto* plugin =
        static_cast<const assay_plugin_v1_t*>(::dlsym(library, ASSAY_PLUGIN_SYMBOL));
    const Status ran = worker::RunPlugin(ends.second, SpecFor(bench, work).init, *plugin);
    ::_exit(ran ? 0 : 1);
  }
  ends.second.Close();
  const double before = Cpu(RUSAGE_CHILDREN);
  Served served = Server(ends.first).Run();
  int status = 0;
  ::waitpid(child, &status, 0);
  served.worker_cpu = Cpu(RUSAGE_CHILDREN) - before;
  if (status != 0) Die(work + " unconfined: failed");
  return served;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double SpawnMs(sandbox::Spawner& spawner, const Bench& bench) {
  const auto start = Clock::now();
  const auto worker = Must(spawner.Spawn(SpecFor(bench, "nothing"), bench.tier));
  const double ms = Seconds(start) * 1000;
  worker->Kill(sandbox::Fate::kTimedOut, "");
  return ms;
}

void PrintSpawn(const std::string& what, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  fmt::print("spawn to hello, {}: p50 {:.2f} ms, p90 {:.2f} ms, least {:.2f} ms\n", what,
             ms[ms.size() / 2], ms[ms.size() * 9 / 10], ms[0]);
}

/// The spawner makes the next worker ahead of time. At once: that one is hardly begun when it is
/// asked for. With a pause: it waits. A spawner's first: there is none.
void BenchSpawn(const Bench& bench, const char* engine) {
  std::vector<double> at_once, paused;
  for (int i = 0; i < 200; ++i) at_once.push_back(SpawnMs(*bench.spawner, bench));
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    paused.push_back(SpawnMs(*bench.spawner, bench));
  }
  PrintSpawn(fmt::format("engine {}, one at once after another", engine), at_once);
  PrintSpawn(fmt::format("engine {}, 10 ms between them", engine), paused);
}

void BenchFirstSpawn(const Bench& bench, const std::string& worker) {
  std::vector<double> first;
  for (int i = 0; i < 50; ++i) {
    const auto spawner = Must(sandbox::Spawner::Start(worker));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    first.push_back(SpawnMs(*spawner, bench));
  }
  PrintSpawn("a spawner's first", first);
}

/// An engine that has grown: the spawner was forked before.
void BenchSpawnGrown(const Bench& bench) {
  constexpr size_t kGiB = 1u << 30;
  void* touched = ::mmap(nullptr, kGiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (touched == MAP_FAILED) Die("1 GiB: no memory");
  std::memset(touched, 1, kGiB);
  BenchSpawn(bench, "with 1 GiB touched");
}

void BenchMany(const Bench& bench, int rounds) {
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> left{100};
    const auto start = Clock::now();
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        while (left-- > 0) RunConfined(bench, "nothing");
      });
    for (std::thread& thread : threads) thread.join();
    rates.push_back(100 / Seconds(start));
  }
  fmt::print("100 workers, 8 at a time: {:.0f} workers/s\n", Median(rates));
}

/// Yardstick: GB/s at which 8 MiB are copied to memory that was touched before.
double CopyRate(size_t bytes, double* cpu_rate) {
  static const ByteVector from(kBodyBytes, 'x');
  static ByteVector to(kBodyBytes, 'y');
  const double cpu = Cpu(RUSAGE_SELF);
  const auto start = Clock::now();
  for (size_t done = 0; done < bytes; done += kBodyBytes) {
    std::memcpy(to.data(), from.data(), kBodyBytes);
    asm volatile("" ::"r"(to.data()) : "memory");
  }
  *cpu_rate = static_cast<double>(bytes) / (Cpu(RUSAGE_SELF) - cpu) / 1e9;
  return static_cast<double>(bytes) / Seconds(start) / 1e9;
}

/// Yardstick: GB/s of pieces of 256 KiB from a child through a socket pair such as the channel is
/// made of, without frames, host or plugin.
double SocketRate(size_t bytes) {
  auto ends = Must(ipc::Channel::CreatePair());
  static ByteVector piece(256 << 10, 'x');
  const auto start = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    for (size_t sent = 0; sent < bytes; sent += piece.size())
      for (size_t at = 0; at < piece.size();) {
        const ssize_t n = ::send(ends.second.fd(), piece.data() + at, piece.size() - at, 0);
        if (n <= 0) ::_exit(1);
        at += static_cast<size_t>(n);
      }
    ::_exit(0);
  }
  ends.second.Close();
  size_t received = 0;
  for (ssize_t n = 1; n > 0; received += static_cast<size_t>(std::max<ssize_t>(n, 0)))
    n = ::recv(ends.first.fd(), piece.data(), piece.size(), 0);
  ::waitpid(child, nullptr, 0);
  if (received < bytes) Die("socket yardstick: bytes are missing");
  return static_cast<double>(received) / Seconds(start) / 1e9;
}

/// Seconds of several runs of the same work.
struct Series {
  std::vector<double> wall, engine_cpu, worker_cpu;

  template <typename Run>
  Served Add(Run run) {
    const double cpu = Cpu(RUSAGE_SELF);
    const auto start = Clock::now();
    Served served = run();
    wall.push_back(Seconds(start));
    engine_cpu.push_back(Cpu(RUSAGE_SELF) - cpu);
    worker_cpu.push_back(served.worker_cpu);
    return served;
  }
  std::string Words(const char* name, double items, double bytes) const {
    const double engine = Median(engine_cpu), worker = Median(worker_cpu);
    return fmt::format(
        "  {}: {:.0f}/s, {:.2f} GB/s by wall; processor: engine {:.2f} s, worker {:.2f} s, so at "
        "most {:.0f}/s, {:.2f} GB/s\n",
        name, items / Median(wall), bytes / Median(wall) / 1e9, engine, worker,
        items / std::max(engine, worker), bytes / std::max(engine, worker) / 1e9);
  }
};

/// Confined, unconfined and yardsticks in turns, so that a busy machine slows all. "At most": what
/// the busier of the two processes allows when nobody else wants its processor.
void BenchBulk(const Bench& bench, const char* what, uint64_t count, int rounds) {
  Series confined, plain;
  std::vector<double> ratios, copies, copies_cpu, sockets;
  const std::string work = fmt::format("{}:{}", what, count);
  Served served;
  for (int round = 0; round < rounds; ++round) {
    served = confined.Add([&] { return RunConfined(bench, work); });
    plain.Add([&] { return RunUnconfined(bench, work); });
    ratios.push_back(confined.wall.back() / plain.wall.back());
    const size_t bytes = served.row_bytes + served.bodies * kBodyBytes;
    double cpu_rate = 0;
    copies.push_back(CopyRate(bytes, &cpu_rate));
    copies_cpu.push_back(cpu_rate);
    sockets.push_back(SocketRate(bytes));
  }
  const double bytes = static_cast<double>(served.row_bytes + served.bodies * kBodyBytes);
  const double items = static_cast<double>(served.rows + served.bodies);
  fmt::print("{}, median of {}:\n{}{}", what, rounds, confined.Words("confined", items, bytes),
             plain.Words("unconfined", items, bytes));
  fmt::print(
      "  confined/unconfined {:.3f} by wall; same bytes: memcpy {:.2f} GB/s ({:.2f} by processor), "
      "bare socket pair {:.2f} GB/s\n",
      Median(ratios), Median(copies), Median(copies_cpu), Median(sockets));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) Die("usage: sandbox_bench WORKER PLUGIN [ROUNDS]");
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  auto spawner = Must(sandbox::Spawner::Start(argv[1]));
  Bench bench{spawner.get(), Must(spawner->Probe()).best, {}, {}, argv[2]};
  bench.image = Must(sandbox::InspectPlugin(Must(ReadFile(argv[2]))));
  bench.memfd = Must(SealedMemfd("plugin", bench.image.sealed_image));
  fmt::print("tier {}\n", sandbox::Name(bench.tier));
  const std::string only = argc > 4 ? argv[4] : "";
  const auto wanted = [&](const char* part) { return only.empty() || only == part; };
  if (wanted("spawn")) BenchFirstSpawn(bench, argv[1]);
  if (wanted("spawn")) BenchSpawn(bench, "small");
  if (wanted("rows")) BenchBulk(bench, "rows", 3'000'000, rounds);
  if (wanted("bodies")) BenchBulk(bench, "bodies", 256, rounds);
  if (wanted("many")) BenchMany(bench, rounds);
  if (only.empty()) BenchSpawnGrown(bench);
  return 0;
}
