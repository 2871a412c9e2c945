#include "kit/fuzz.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "base/text.h"
#include "kit/body_shape.h"
#include "kit/examine_parts.h"
#include "kit/shrink.h"
#include "proof/sha256.h"

namespace assay::kit {
namespace {

constexpr std::string_view kHead = "assay plugin fuzz case v1";
constexpr uint32_t kWallSeconds = 10;
/// One run in so many is done twice: nondeterminism shows in few, and a second run costs as much as
/// another mutation.
constexpr uint64_t kTwiceEvery = 8;

Trial TrialOf(const Bench& bench, const FuzzCase& one) {
  Trial trial = bench.Fair();
  trial.limits.wall_seconds = std::min(trial.limits.wall_seconds, kWallSeconds);
  trial.limits.cpu_seconds = std::min(trial.limits.cpu_seconds, kWallSeconds);
  trial.weather.kind = Weather::Kind::kMutated;
  trial.weather.endpoint = one.endpoint;
  trial.weather.seed = one.seed;
  return trial;
}

bool IsFramework(const Bench& bench) {
  return bench.plugin().manifest.kind == PluginKind::kFramework;
}

/// What a case is of: another one means another run under the same seed.
std::string InputDigest(const Bench& bench, const Fixture& fixture) {
  std::string all;
  if (IsFramework(bench))
    for (const std::string& check : MappedChecks(bench.plugin())) all += check + "\n";
  for (const FixtureAnswer& answer : fixture.answers) {
    all += fmt::format("{} {} {}\n", answer.endpoint, answer.status, answer.pages.size());
    for (const auto& [name, value] : answer.params) all += fmt::format("{}={}\n", name, value);
    for (const std::string& page : answer.pages) all += fmt::format("{}\n{}", page.size(), page);
  }
  return EncodeHex(proof::Sha256(AsBytes(all)));
}

Result<std::string> RunOnce(const Bench& bench, const Fixture& fixture, const FuzzCase& one,
                            bool twice) {
  if (!IsFramework(bench)) return ProblemOf(bench, fixture, TrialOf(bench, one), twice);
  Fixture of_framework;
  of_framework.results = RandomResults(bench.plugin(), one.seed);
  return ProblemOf(bench, of_framework, TrialOf(bench, one), twice);
}

std::string_view ValueOf(std::string_view text, std::string_view key) {
  for (std::string_view line : Split(text, '\n'))
    if (line.substr(0, key.size() + 1) == std::string(key) + " ")
      return line.substr(key.size() + 1);
  return {};
}

}  // namespace

Result<FuzzReport> Fuzz(const Bench& bench, const Fixture& fixture, uint64_t random_state,
                        const FuzzLimits& limits, const std::function<void(uint64_t)>& tick) {
  using Steady = std::chrono::steady_clock;
  const auto deadline = Steady::now() + std::chrono::seconds(limits.seconds.value_or(0));
  const auto& endpoints = bench.plugin().manifest.endpoints;
  Dice dice(random_state);
  FuzzReport report;
  while (report.runs < limits.runs && (!limits.seconds || Steady::now() < deadline)) {
    FuzzCase one;
    one.plugin = bench.plugin().manifest.id;
    one.seed = dice.Next();
    const size_t which = dice.Below(endpoints.size() + 1);
    if (which < endpoints.size()) one.endpoint = endpoints[which].id;
    ++report.runs;
    ASSAY_ASSIGN(one.problem, RunOnce(bench, fixture, one, report.runs % kTwiceEvery == 0));
    tick(report.runs);
    if (one.problem.empty()) continue;
    one.fixture_sha256 = InputDigest(bench, fixture);
    ASSAY_ASSIGN(report.smallest, Shrink(bench, fixture, one));
    report.found = std::move(one);
    break;
  }
  return report;
}

Result<std::string> RunFuzzCase(const Bench& bench, const Fixture& fixture, const FuzzCase& one) {
  if (one.plugin != bench.plugin().manifest.id)
    return Fail(Code::kInvalidInput, fmt::format("the case is of plugin {}, not of {}", one.plugin,
                                                 bench.plugin().manifest.id));
  if (one.fixture_sha256 != InputDigest(bench, fixture))
    return Fail(Code::kInvalidInput, "the case was found with another fixture");
  return RunOnce(bench, fixture, one, true);
}

std::string FormatFuzzCase(const FuzzCase& one) {
  return fmt::format("{}\nplugin {}\nseed {}\nendpoint {}\nfixture {}\nproblem {}\n", kHead,
                     one.plugin, one.seed, one.endpoint.empty() ? "*" : one.endpoint,
                     one.fixture_sha256, ipc::OneLine(one.problem));
}

Result<FuzzCase> ParseFuzzCase(std::string_view text) {
  if (text.substr(0, kHead.size()) != kHead)
    return Fail(Code::kInvalidInput, "is no case of assay plugin fuzz");
  FuzzCase one;
  one.plugin = ValueOf(text, "plugin");
  one.endpoint = ValueOf(text, "endpoint");
  if (one.endpoint == "*") one.endpoint.clear();
  one.fixture_sha256 = ValueOf(text, "fixture");
  one.problem = ValueOf(text, "problem");
  const std::string_view seed = ValueOf(text, "seed");
  const auto [end, error] = std::from_chars(seed.data(), seed.data() + seed.size(), one.seed);
  if (error != std::errc() || end != seed.data() + seed.size())
    return Fail(Code::kInvalidInput, "seed is no number");
  return one;
}

}  // namespace assay::kit
