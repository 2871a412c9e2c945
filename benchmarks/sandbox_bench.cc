// What the confinement costs: start of a worker, rows and bodies through it, many short workers,
// and the same bulk work with and without it. docs/benchmarks.md says what each figure means.
//
// usage: sandbox_bench WORKER PLUGIN [ROUNDS]     (assay-worker, sandbox_bench_plugin.so)
#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/mman.h>
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
#include "ipc/channel.h"
#include "ipc/messages.h"
#include "sandbox/spawner.h"
#include "worker/run_plugin.h"

using namespace assay;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience{60'000};
constexpr size_t kPadding = 64;
constexpr uint32_t kDataset = 1;
constexpr size_t kBodyBytes = 8u << 20;

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
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
/// is sealed anew for each page.
struct Served {
  uint64_t rows = 0, row_bytes = 0, bodies = 0;
  ipc::Done done;
};
Served Serve(ipc::Channel& channel) {
  static const ByteVector body(kBodyBytes, 'x');
  Served served;
  uint32_t pages = 0;
  for (;;) {
    const ipc::Frame frame = Must(channel.Receive(kPatience));
    switch (static_cast<ipc::Type>(frame.type)) {
      case ipc::Type::kRows: {
        const ipc::Rows rows = Must(ipc::ParseRows(frame.payload));
        served.rows += rows.count;
        served.row_bytes += rows.rows.size();
        break;
      }
      case ipc::Type::kRequest: {
        ipc::Page page;
        page.ticket = Must(ipc::ParseRequest(frame.payload)).ticket;
        page.page = ++pages;
        page.outcome = ASSAY_PAGE_OK;
        page.http_status = 200;
        page.body_len = body.size();
        const UniqueFd memfd = Must(SealedMemfd("body", body, kPadding));
        MustHold(channel.Send(static_cast<uint16_t>(ipc::Type::kPage), Encode(page), memfd.get(),
                              kPatience));
        ++served.bodies;
        break;
      }
      case ipc::Type::kDone:
        served.done = Must(ipc::ParseDone(frame.payload));
        return served;
      default:
        break;
    }
  }
}

Served RunConfined(const Bench& bench, const std::string& work) {
  const auto worker = Must(bench.spawner->Spawn(SpecFor(bench, work), bench.tier));
  Served served = Serve(worker->channel());
  const auto outcome = worker->Wait(served.done, kPatience);
  if (outcome.fate != sandbox::Fate::kOk)
    Die(fmt::format("{}: {} {}", work, sandbox::Name(outcome.fate), outcome.detail));
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
  const Served served = Serve(ends.first);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) Die(work + " unconfined: failed");
  return served;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void BenchSpawn(const Bench& bench, const char* engine) {
  std::vector<double> ms;
  for (int i = 0; i < 200; ++i) {
    const auto start = Clock::now();
    const auto worker = Must(bench.spawner->Spawn(SpecFor(bench, "nothing"), bench.tier));
    ms.push_back(Seconds(start) * 1000);
    worker->Kill(sandbox::Fate::kTimedOut, "");
  }
  std::sort(ms.begin(), ms.end());
  fmt::print("spawn to hello, engine {}: p50 {:.2f} ms, p90 {:.2f} ms, least {:.2f} ms\n", engine,
             ms[100], ms[180], ms[0]);
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

/// Confined and unconfined in turns, so that a busy machine slows both.
void BenchBulk(const Bench& bench, const char* what, uint64_t count, int rounds) {
  std::vector<double> confined, plain, ratios;
  const std::string work = fmt::format("{}:{}", what, count);
  Served served;
  for (int round = 0; round < rounds; ++round) {
    auto start = Clock::now();
    served = RunConfined(bench, work);
    confined.push_back(Seconds(start));
    start = Clock::now();
    RunUnconfined(bench, work);
    plain.push_back(Seconds(start));
    ratios.push_back(confined.back() / plain.back());
  }
  const double bytes = static_cast<double>(served.row_bytes + served.bodies * kBodyBytes);
  const double items = static_cast<double>(served.rows + served.bodies);
  fmt::print(
      "{} confined: {:.0f}/s, {:.2f} GB/s; unconfined {:.2f} GB/s; confined/unconfined "
      "{:.3f} (median of {})\n",
      what, items / Median(confined), bytes / Median(confined) / 1e9, bytes / Median(plain) / 1e9,
      Median(ratios), rounds);
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
  BenchSpawn(bench, "small");
  BenchBulk(bench, "rows", 3'000'000, rounds);
  BenchBulk(bench, "bodies", 256, rounds);
  BenchMany(bench, rounds);
  constexpr size_t kGiB = 1u << 30;  // an engine that has grown: the spawner was forked before
  void* touched = ::mmap(nullptr, kGiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (touched == MAP_FAILED) Die("1 GiB: no memory");
  std::memset(touched, 1, kGiB);
  BenchSpawn(bench, "with 1 GiB touched");
  return 0;
}
