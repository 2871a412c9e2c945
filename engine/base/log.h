// Diagnostics on stderr, one line each. Results go to stdout elsewhere; evidence goes to the
// ledger.
#pragma once

#include <string_view>

namespace assay {

enum class LogLevel { kError, kWarning, kInfo, kDebug };

/// Lines above this level are dropped. Default kWarning. [any thread]
void SetLogLevel(LogLevel level);
/// Writes "assay: <level>: <text>" to stderr in one write(2). Never pass a secret. [any thread]
void Log(LogLevel level, std::string_view text);

}  // namespace assay
