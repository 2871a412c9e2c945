#include "kit/shrink.h"

#include <algorithm>
#include <chrono>

#include "kit/body_shape.h"

namespace assay::kit {
namespace {

using Steady = std::chrono::steady_clock;

constexpr unsigned kMostTrials = 600;
constexpr std::chrono::seconds kMostTime{60};
constexpr std::string_view kNothing = R"({"value":[]})";

/// "crashed: signal 11" and "crashed: signal 6" are one kind.
std::string KindOf(const std::string& problem) { return problem.substr(0, problem.find(':')); }

/// What the fuzzer's client answered, as answers of their own.
Fixture Given(const Bench& bench, const Fixture& fixture, const FuzzCase& one) {
  Fixture out = fixture;
  out.expect.clear();
  if (bench.plugin().manifest.kind == PluginKind::kFramework)
    out.results = RandomResults(bench.plugin(), one.seed);
  for (FixtureAnswer& answer : out.answers)
    for (size_t page = 0; page < answer.pages.size(); ++page) {
      if (!one.endpoint.empty() && one.endpoint != answer.endpoint) continue;
      Dice dice(one.seed + page);
      answer.pages[page] = Mutated(answer.pages[page], dice);
    }
  return out;
}

class Shrinker {
 public:
  Shrinker(const Bench& bench, const Fixture& fair, Fixture broken, std::string problem)
      : bench_(bench), fair_(fair), now_(std::move(broken)), kind_(KindOf(problem)) {}

  Result<std::optional<Fixture>> Go() {
    ASSAY_ASSIGN(const bool alone, Breaks(now_));
    if (!alone) return std::nullopt;
    for (size_t i = 0; i < now_.answers.size(); ++i) ASSAY_TRY(Calm(i));
    for (size_t i = 0; i < now_.answers.size(); ++i)
      for (size_t page = 0; page < now_.answers[i].pages.size(); ++page) ASSAY_TRY(Cut(i, page));
    ASSAY_TRY(Results());
    return std::optional(std::move(now_));
  }

 private:
  Result<bool> Breaks(const Fixture& fixture) {
    if (++trials_ > kMostTrials || Steady::now() > deadline_) return false;
    ASSAY_ASSIGN(const std::string problem, ProblemOf(bench_, fixture, bench_.Fair(), false));
    return !problem.empty() && KindOf(problem) == kind_;
  }
  /// Goes on with `other` when it breaks the plugin too.
  Result<bool> Take(Fixture other) {
    ASSAY_ASSIGN(const bool breaks, Breaks(other));
    if (breaks) now_ = std::move(other);
    return breaks;
  }

  /// An answer without records, else the fair one, in the place of the broken one.
  Status Calm(size_t i) {
    Fixture nothing = now_, fair = now_;
    nothing.answers[i].pages.assign(1, std::string(kNothing));
    ASSAY_ASSIGN(const bool taken, Take(std::move(nothing)));
    if (taken || now_.answers[i].pages == fair_.answers[i].pages) return {};
    fair.answers[i].pages = fair_.answers[i].pages;
    ASSAY_TRY(Take(std::move(fair)));
    return {};
  }

  /// Leaves out parts of a page, large ones first.
  Status Cut(size_t i, size_t page) {
    const auto size = [&] { return now_.answers[i].pages[page].size(); };
    for (size_t part = std::max<size_t>(size(), 2) / 2; part > 0; part /= 2)
      for (size_t at = 0; at < size();) {
        if (trials_ > kMostTrials) return {};
        Fixture less = now_;
        less.answers[i].pages[page].erase(at, part);
        ASSAY_ASSIGN(const bool taken, Take(std::move(less)));
        if (!taken) at += part;
      }
    return {};
  }

  /// Leaves out results; makes those that are left pass.
  Status Results() {
    for (size_t i = now_.results.size(); i-- > 0;) {
      Fixture less = now_, passes = now_;
      less.results.erase(less.results.begin() + static_cast<ptrdiff_t>(i));
      ASSAY_ASSIGN(const bool taken, Take(std::move(less)));
      if (taken) continue;
      passes.results[i] = CheckResult{now_.results[i].check, 1, Verdict::kPass, Reason::kNone, {}};
      passes.results[i].pass = 1;
      ASSAY_TRY(Take(std::move(passes)));
    }
    return {};
  }

  const Bench& bench_;
  const Fixture& fair_;
  Fixture now_;
  const std::string kind_;
  const Steady::time_point deadline_ = Steady::now() + kMostTime;
  unsigned trials_ = 0;
};

}  // namespace

Result<std::optional<Fixture>> Shrink(const Bench& bench, const Fixture& fixture,
                                      const FuzzCase& one) {
  return Shrinker(bench, fixture, Given(bench, fixture, one), one.problem).Go();
}

}  // namespace assay::kit
