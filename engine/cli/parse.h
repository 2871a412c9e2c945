// From arguments to Options. The only part that knows the argument parser's library is parse.cc.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/options.h"

namespace assay::cli {

/// Either `options` are complete, or `done`: `out` and `err` are to be printed and `exit` returned.
struct ParseOutcome {
  Options options;
  bool done = false;
  ExitCode exit = ExitCode::kOk;
  std::string out, err;
};

/// `arguments` without the program's name. Usage errors say the nearest command or flag and exit 2.
/// [any thread]
ParseOutcome ParseCommandLine(const std::vector<std::string>& arguments);

}  // namespace assay::cli
