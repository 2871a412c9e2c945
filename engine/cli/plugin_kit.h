// Commands for authors of plugins. They run a plugin by its path, in the sandbox, without network,
// ledger, lock or trust.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "kit/bench.h"
#include "kit/outcome_list.h"

namespace assay::cli {

int RunPluginNew(Context& context);
int RunPluginTest(Context& context);
int RunPluginCheck(Context& context);
int RunPluginLint(Context& context);
int RunPluginRecord(Context& context);
int RunPluginFuzz(Context& context);

/// A loaded plugin and the sandbox that it is tried in. The plugin must stay where it is.
struct KitBench {
  assess::LoadedPlugin plugin;
  sandbox::Tier tier = sandbox::Tier::kStrict;
  std::string refused;  ///< the rule that the file breaks; then there is no bench
  std::unique_ptr<kit::Bench> bench;
};

/// Loads the plugin at the command's argument and chooses the best tier of this machine. A plugin
/// that breaks a static rule is a result (`refused`); errors are those of place and machine.
Result<std::unique_ptr<KitBench>> OpenBench(const Context& context);

/// The fixture of --fixture; without it, empty lists.
Result<Fixture> FixtureFor(const Context& context, const KitBench& bench);

/// Shows the outcome (every case, or groups and what failed), writes --junit, gives the exit code.
int ShowOutcome(const Context& context, const kit::OutcomeList& list, bool every_case);

}  // namespace assay::cli
