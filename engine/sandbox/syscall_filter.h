// The two system call filters of a worker. Allow-list: what is not named there is refused with an
// errno when it is something that ordinary libraries try, and kills the process when it is not.
#pragma once

#include <string>

#include "base/files.h"
#include "base/result.h"

namespace assay::sandbox {

/// Stage A: what the loader needs. Stage B: what plugin code needs, once everything is loaded.
enum class FilterStage { kLoad, kRun };

/// What is said to a worker that wants one more thread.
enum class ThreadRule {
  kNone,    ///< its manifest asks for one thread: refused and counted like any forbidden call
  kNoMore,  ///< it asked, and gets none here: EAGAIN, as from a machine with too many of them
  kSome,    ///< thread creation in pthread_create's own form; RLIMIT_NPROC counts them
};

/// Puts the filter in force for good. B can only narrow A. kDenied. [single-threaded]
///
/// In B a refused call waits for the spawner's word, which arrives through the listener that is
/// returned: so every denial is counted and named. A refuses by SECCOMP_RET_TRACE without a tracer
/// (ENOSYS), the one refusal that does not take precedence over B's. Where the kernel gives no
/// listener (another one is in force around us), B refuses by itself and the descriptor is none.
Result<UniqueFd> LoadFilter(FilterStage stage, ThreadRule threads);

/// What becomes of a refused call.
enum class Refusal { kAccess, kUnknown, kKill };
/// The spawner's word on a call that the filter refused. [any thread]
Refusal JudgeCall(int number);
/// "openat", or the number of a call that has no name here. [any thread]
std::string CallName(int number);

}  // namespace assay::sandbox
