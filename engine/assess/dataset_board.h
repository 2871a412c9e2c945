// What is known of every dataset's completeness while a run collects: the worst of what the reads
// show and what the plugin says. Absence of evidence is never a pass (promise 6), so a dataset that
// nothing was read for, and that its plugin did not call complete, is unavailable.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ipc/messages.h"
#include "model/manifest.h"
#include "model/verdict.h"

namespace assay::assess {

struct DatasetStanding {
  Completeness completeness = Completeness::kUnavailable;
  Reason reason = Reason::kUnavailable;
  std::string detail;  ///< one line, no personal data
  uint64_t rows = 0;
  uint64_t pages = 0;   ///< answers that reads of its endpoints gave
  ipc::Counts counted;  ///< by its collector
};

/// One for each run; numbers datasets over all plugins. [any thread]
class DatasetBoard {
 public:
  /// Registers a dataset and returns its number within the run (from 1).
  uint32_t Add(const std::string& plugin, const DatasetSpec& spec);

  void ReadSucceeded(uint32_t dataset);
  void ReadFailed(uint32_t dataset, Reason reason, const std::string& detail);
  /// The engine did not let a read of an optional endpoint out. That alone takes nothing from the
  /// dataset; if its plugin says that it is incomplete, this is why.
  void OptionalReadRefused(uint32_t dataset, Reason reason, const std::string& detail);
  void PluginSaid(uint32_t dataset, Completeness completeness, Reason reason,
                  const std::string& detail);
  void RowsAdded(uint32_t dataset, uint64_t rows);
  void Counted(const ipc::Counts& counts);
  /// The plugin did not end well: whatever it gave proves nothing.
  void PluginFailed(const std::string& plugin, const std::string& detail);

  DatasetStanding Conclude(uint32_t dataset) const;

  struct Named {
    uint32_t number;
    std::string plugin;
    DatasetSpec spec;
  };
  /// In order of number.
  std::vector<Named> All() const;

 private:
  struct State {
    Named named;
    uint64_t succeeded = 0, failed = 0, rows = 0;
    Reason failure = Reason::kNone, refusal = Reason::kNone;
    std::string failure_detail, refusal_detail;
    bool said = false, plugin_failed = false;
    Completeness said_completeness = Completeness::kComplete;
    Reason said_reason = Reason::kNone;
    std::string said_detail;
    ipc::Counts counted;
  };
  mutable std::mutex mutex_;
  std::vector<State> states_;
};

}  // namespace assay::assess
