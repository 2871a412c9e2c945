// Runs one plugin over one fixture in the real sandbox, with the real host, broker and session;
// only the answers come from files and the pages and rows go into memory. What it did is kept as a
// trace.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "assess/collector_session.h"
#include "assess/framework_session.h"
#include "kit/fixture_client.h"

namespace assay::kit {

/// What one trial changes.
struct Trial {
  Weather weather{};
  ipc::Drill drill{};
  WorkerLimits limits{};  ///< set from the plugin's own and then changed
};

/// Rows of one dataset as they came.
struct EmittedRows {
  uint64_t count = 0;
  ByteVector bytes;  ///< ipc/row.h, one after another
};

/// One page as the broker gave it.
struct KeptPage {
  std::string endpoint, url, request_body;
  uint32_t index = 0;  ///< within its ticket
  uint32_t outcome = 0, status = 0;
  std::string detail;  ///< the broker's words when it is no answer
  ByteVector body;
};

/// What a collector did.
struct Trace {
  assess::CollectorReport report;
  std::map<std::string, EmittedRows> rows;                     ///< by dataset
  std::map<std::string, assess::DatasetStanding> standings;    ///< by dataset
  std::map<uint32_t, std::vector<ledger::RecordRange>> marks;  ///< by page
  std::map<uint32_t, KeptPage> pages;                          ///< by number
  std::vector<std::string> requests;                           ///< as sent
  std::set<std::string> unanswered;
  std::vector<std::string> log;
  uint64_t records = 0;
  int64_t took_ms = 0;

  const sandbox::WorkerOutcome& outcome() const { return report.outcome; }
  /// Everything that must be the same in every run: requests, rows, marks, standings, log, end.
  std::string Text() const;
};

/// What a framework did.
struct FrameworkTrace {
  Result<std::vector<ControlResult>> results = Fail(Code::kUnavailable, "did not run");
  sandbox::WorkerOutcome outcome;
  std::optional<ipc::Done> done;
  int64_t took_ms = 0;
};

class Bench {
 public:
  Bench(sandbox::Spawner& spawner, sandbox::Tier tier, const assess::LoadedPlugin& plugin)
      : spawner_(spawner), tier_(tier), plugin_(plugin) {}

  const assess::LoadedPlugin& plugin() const { return plugin_; }
  sandbox::Spawner& spawner() const { return spawner_; }
  sandbox::Tier tier() const { return tier_; }
  /// A trial with the plugin's own limits and nothing wrong.
  Trial Fair() const;
  /// Numbers of threads to run it with besides its own: none for a plugin of one thread.
  std::vector<uint32_t> ThreadCounts() const;
  /// A fair trial with so many threads.
  Trial WithThreads(uint32_t threads) const;
  /// Errors are those of the machine or of the manifest (consent guard), not of the plugin's run.
  Result<Trace> Collect(const Fixture& fixture, const Trial& trial) const;
  /// The same over a broker of the caller's, whose consent guard was passed with `roles`.
  Trace CollectFrom(broker::Broker& broker, const std::vector<std::string>& roles,
                    bool arm_available) const;
  FrameworkTrace Conclude(const std::vector<CheckResult>& results, const Trial& trial) const;

 private:
  Trace Run(broker::Broker& broker, const std::vector<std::string>& roles, bool arm_available,
            int64_t now_ms, const Trial& trial) const;

  sandbox::Spawner& spawner_;
  sandbox::Tier tier_;
  const assess::LoadedPlugin& plugin_;
};

/// Loads a plugin by path: its folder or its .so. Errors as assess::LoadPlugin, with the rule.
Result<assess::LoadedPlugin> LoadByPath(const std::string& path);

}  // namespace assay::kit
