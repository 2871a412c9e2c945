#include "cli/plugin_kit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "kit/fixture.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

using State = kit::TestCase::State;

const char* Word(State state) {
  if (state == State::kPassed) return "passed";
  return state == State::kFailed ? "failed" : "skipped";
}

const char* Sign(const kit::TestCase& one) {
  if (one.state == State::kPassed) return "✓";
  return one.state == State::kFailed ? "✗" : "-";
}

std::string Line(const kit::TestCase& one) {
  std::string out = fmt::format("  {} {}", Sign(one), one.name);
  if (!one.detail.empty()) out += (one.state == State::kPassed ? "  " : ": ") + one.detail;
  return out + "\n";
}

std::string EveryCase(const kit::OutcomeList& list) {
  std::string out;
  for (const kit::TestCase& one : list.cases()) out += Line(one);
  return out;
}

/// One line for each group, then its failures.
std::string Groups(const kit::OutcomeList& list) {
  std::string out;
  std::vector<std::string> order;
  for (const kit::TestCase& one : list.cases())
    if (std::find(order.begin(), order.end(), one.group) == order.end()) order.push_back(one.group);
  for (const std::string& group : order) {
    size_t total = 0, failed = 0;
    std::string below;
    for (const kit::TestCase& one : list.cases()) {
      if (one.group != group) continue;
      ++total;
      failed += one.state == State::kFailed ? 1 : 0;
      if (one.state != State::kPassed) below += "  " + Line(one);
    }
    out += fmt::format("  {} {:<14} {:>4} {}\n", failed == 0 ? "✓" : "✗", group, total,
                       failed == 0 ? "passed" : fmt::format("of which {} failed", failed));
    out += below;
  }
  return out;
}

std::string ToJson(const kit::OutcomeList& list) {
  report::JsonWriter json;
  json.BeginObject().Member("suite", list.suite()).Member("cases", list.cases().size());
  json.Member("failed", list.failed()).Key("items").BeginArray();
  for (const kit::TestCase& one : list.cases())
    json.BeginObject()
        .Member("group", one.group)
        .Member("name", one.name)
        .Member("state", Word(one.state))
        .Member("detail", one.detail)
        .EndObject();
  json.EndArray().EndObject();
  return json.Take();
}

}  // namespace

Result<std::unique_ptr<KitBench>> OpenBench(const Context& context) {
  ASSAY_ASSERT(context.spawner != nullptr, "main starts the spawner for this command");
  ASSAY_ASSIGN(const sandbox::TierReport offered, context.spawner->Probe());
  auto out = std::make_unique<KitBench>();
  out->tier = offered.best;
  if (out->tier != sandbox::Tier::kStrict)
    context.Narrate(fmt::format("note: sandbox tier {}: {}\n", Name(out->tier), offered.why));
  if (Status canary = context.spawner->RunCanary(out->tier); !canary)
    return Fail(Error(std::move(canary.error())).Id("AS-SBX-002"));
  auto plugin = kit::LoadByPath(context.options.argument);
  if (!plugin) {
    if (plugin.error().code == Code::kNotFound || plugin.error().code == Code::kIo)
      return Fail(std::move(plugin.error()));
    out->refused = plugin.error().ToString();
    return out;
  }
  out->plugin = std::move(*plugin);
  out->bench = std::make_unique<kit::Bench>(*context.spawner, out->tier, out->plugin);
  return out;
}

Result<Fixture> FixtureFor(const Context& context, const KitBench& bench) {
  if (!context.options.fixture.empty())
    return kit::LoadFixture(context.options.fixture, bench.plugin.manifest);
  return kit::EmptyFixture(bench.plugin.manifest);
}

int ShowOutcome(const Context& context, const kit::OutcomeList& list, bool every_case) {
  if (!context.options.junit.empty())
    if (Status written =
            WriteFileDurably(context.options.junit, AsBytes(kit::FormatJunit(list)), 0644);
        !written)
      return context.Fail(written.error());
  std::string text = list.suite() + "\n" + (every_case ? EveryCase(list) : Groups(list));
  text += fmt::format("  {} cases, {} failed\n", list.cases().size(), list.failed());
  return context.Finish(text, ToJson(list),
                        list.failed() == 0 ? ExitCode::kOk : ExitCode::kPluginRefused);
}

}  // namespace assay::cli
