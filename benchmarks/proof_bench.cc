// Time of one inclusion proof from cold tiles, and of making ready for the first, as the ledger
// grows. Usage: proof_bench [SIZE...] (10,000, 100,000 and 1,000,000 without). Each proof is of a
// random entry, made from a database that was opened after the writing ended, and verified.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

#include "ledger/proofs.h"
#include "support/test_ledger.h"

using namespace assay;

namespace {

constexpr int kProofs = 2000;

double MicrosecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
      .count();
}

[[noreturn]] void Die(const Error& error) {
  fmt::print(stderr, "proof_bench: {}\n", error.ToString());
  std::exit(1);
}

template <typename T>
T Must(Result<T> result) {
  if (!result) Die(result.error());
  return std::move(*result);
}

void Fill(const testing::TestLedger& home, uint64_t from, uint64_t to) {
  const auto ledger = Must(home.Open());
  for (uint64_t i = from; i < to; ++i) (void)ledger->Append(testing::Draft(static_cast<int>(i)));
  Must(ledger->SignCheckpoint());
}

void Measure(const testing::TestLedger& home) {
  const auto opened = std::chrono::steady_clock::now();
  const auto ledger = Must(home.OpenReadOnly());
  const auto proofs = Must(ledger->OpenProofs());
  const double ready = MicrosecondsSince(opened);
  std::mt19937_64 random(7);
  std::vector<double> times;
  for (int i = 0; i < kProofs; ++i) {
    const uint64_t index = random() % proofs->head().size;
    const auto start = std::chrono::steady_clock::now();
    const auto path = Must(proofs->InclusionPath(LeafIndex{index}));
    times.push_back(MicrosecondsSince(start));
    const std::string line = Must(ledger->ReadLine(LeafIndex{index}));
    const Status holds =
        proof::VerifyInclusion(proof::TreeKind::kEntry, proof::HashEntry(line), index,
                               proofs->head().size, path, proofs->head().root);
    if (!holds) Die(holds.error());
  }
  std::sort(times.begin(), times.end());
  fmt::print(
      "{{\"entries\":{},\"ready_us\":{:.0f},\"proof_p50_us\":{:.1f},\"proof_p99_us\":{:.1f},"
      "\"worst_us\":{:.1f}}}\n",
      proofs->head().size, ready, times[times.size() / 2], times[times.size() * 99 / 100],
      times.back());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<uint64_t> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
  if (sizes.empty()) sizes = {10'000, 100'000, 1'000'000};
  const testing::TestLedger home;
  uint64_t filled = 0;
  for (const uint64_t size : sizes) {
    Fill(home, filled, size);
    filled = size;
    Measure(home);
  }
}
