// What a run was told beside its plugins: checks with their parameters, limits, the controls that
// were decided. It stands in the body of `run.started`, so that a replay uses the same.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assess/plugin_set.h"
#include "base/result.h"

namespace assay::assess {

struct EarlierCheck;
struct RunPlan;
struct RunStart;

/// One plugin as `run.started` names it.
struct NamedPlugin {
  std::string id;
  std::map<std::string, std::string> files;  ///< name within its folder -> hexadecimal digest
};

struct CheckSetting {
  std::map<std::string, std::string> params;
  std::string severity;
  std::map<std::string, std::string> elsewhere;  ///< dataset -> collector that was not enabled
};

/// The body of `run.started`, read.
struct RunSettings {
  std::vector<NamedPlugin> plugins;  ///< collectors, then frameworks, then "checks.d"
  std::map<std::string, CheckSetting> checks;
  std::map<std::string, WorkerLimits> limits;                ///< by plugin
  std::map<std::string, std::vector<std::string>> controls;  ///< by plugin: those decided, in order
  ipc::Settings settings;                                    ///< what collectors could ask for
  std::string graph, arm;                                    ///< base URLs
  std::string exports, exports_prefix;                       ///< container of cost exports, or ""
  bool complete = false;  ///< the run was made by an engine that writes all this down
};

/// One segment for each plugin, then those of the settings: docs/formats/evidence-body.md.
/// `earlier`: what checks compare with, by check.
std::vector<std::string> DescribeRun(const RunPlan& plan,
                                     const std::map<std::string, EarlierCheck>& earlier);
/// One setting as a segment of its own.
std::string DescribeSetting(const std::string& key, const std::vector<std::string>& values);
/// kCorrupt. Segments of unknown form are passed over.
Result<RunSettings> ReadRunSettings(const std::vector<std::string>& segments);

}  // namespace assay::assess
