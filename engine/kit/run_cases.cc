// Cases from files, on several threads.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "config/fixture_file.h"
#include "kit/case_world.h"
#include "kit/examine.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr unsigned kMostThreads = 4;

/// One thing to try: a case, or what `empty` states when `one` is null.
struct Attempt {
  const CheckSpec* check;
  std::optional<CheckCase> one;
  CaseOutcome outcome;
};

void Plan(const CheckSpec& check, const fs::path& folder, std::vector<Attempt>& attempts) {
  const fs::path file = folder / (check.id + ".toml");
  const auto done = [&](std::string problem) {
    attempts.push_back({nullptr, {}, {check.id, "cases", std::move(problem), 0}});
  };
  const auto text = ReadFile(file, 4u << 20);
  if (!text) return done("no cases: " + text.error().ToString());
  const auto cases = config::ParseCases(AsText(*text), file.string());
  if (!cases) return done(cases.error().ToString());
  for (const CheckCase& one : *cases)
    attempts.push_back({&check, one, {check.id, one.name, "", 0}});
  if (check.empty) attempts.push_back({&check, {}, {check.id, "tables without rows", "", 0}});
}

void Try(const CaseWorld& world, Attempt& attempt) {
  if (attempt.check == nullptr) return;
  const auto begin = steady_clock::now();
  attempt.outcome.problem = attempt.one ? world.Problem(*attempt.check, *attempt.one)
                                        : world.EmptyProblem(*attempt.check);
  attempt.outcome.took_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin).count();
}

}  // namespace

std::vector<CaseOutcome> RunCases(const CaseWorld& world, const std::vector<CheckSpec>& checks,
                                  const fs::path& folder) {
  std::vector<Attempt> attempts;
  for (const CheckSpec& check : checks) Plan(check, folder, attempts);
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < attempts.size(); i = next++) Try(world, attempts[i]);
  };
  std::vector<std::thread> threads;
  const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  for (unsigned i = 1; i < count; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  std::vector<CaseOutcome> out;
  for (Attempt& attempt : attempts) out.push_back(std::move(attempt.outcome));
  return out;
}

void TestCases(const Bench& bench, const fs::path& folder, OutcomeList& out) {
  const assess::LoadedPlugin& plugin = bench.plugin();
  const CaseWorld world(bench.spawner(), bench.tier(),
                        {{plugin.manifest.id, plugin.manifest.datasets, plugin.views_sql}});
  for (CaseOutcome& one : RunCases(world, plugin.checks, folder))
    out.Add("cases", one.check + ": " + one.name, std::move(one.problem), one.took_ms);
}

}  // namespace assay::kit
