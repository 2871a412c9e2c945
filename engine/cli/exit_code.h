// What the exit status of assay says, and which one wins when several apply.
#pragma once

#include <vector>

#include "base/result.h"

namespace assay::cli {

enum class ExitCode : int {
  kOk = 0,
  kBug = 1,
  kUsage = 2,
  kConfig = 3,
  kFindings = 4,      ///< at or above --fail-on
  kIncomplete = 5,    ///< something wanted was not assessed
  kCredential = 6,    ///< no token, no permission, or a power too many
  kVerification = 7,  ///< ledger, pack, document
  kPluginRefused = 8,
  kBusy = 9,
  kUnavailable = 10,  ///< store, network or upstream
  kNotAllowed = 11,
  kNoSuchObject = 12,
  kInterrupted = 130,
  kTerminated = 143,
};

constexpr int ToInt(ExitCode code) { return static_cast<int>(code); }

/// By the message code where it names a family (AS-CON, AS-PLG, AS-SBX, AS-CFG, AS-LED-001),
/// else by Code.
ExitCode ExitFor(const Error& error);
/// The code only: for results without a message.
ExitCode ExitFor(Code code);
/// The one that wins: 7 > 8 > 6 > 10 > 5 > 4; any other non-zero code wins over these. kDone for
/// none.
ExitCode Worst(const std::vector<ExitCode>& codes);

}  // namespace assay::cli
