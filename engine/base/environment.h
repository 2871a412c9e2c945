// Environment variables with secrets in them: taken out of the environment before other processes
// can inherit or show them, and found by name afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace assay {

/// Moves these variables out of the process's environment: their bytes there are overwritten
/// (/proc/PID/environ shows zeros), and the values are kept in memory that neither a forked child
/// nor a core dump gets. Names that are not set are skipped. Before any thread starts.
void TakeFromEnvironment(const std::vector<std::string>& names);

/// The value of a variable, taken or not; nothing when it is not set. [any thread]
std::optional<std::string> FindEnvironment(const std::string& name);

}  // namespace assay
