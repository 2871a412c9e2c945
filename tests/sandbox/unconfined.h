// The control of the attack corpus: the same plugin code without assay's confinement, in a
// throwaway process. What succeeds here and not in a worker was stopped by a layer and not by
// chance.
#pragma once

#include <chrono>
#include <string>

namespace assay::sandbox {

/// What an attack came to without confinement.
enum class Control {
  kObtained,    ///< it got what it wanted
  kRefused,     ///< the kernel refused it anyway
  kAbsent,      ///< this kernel has no such call or protocol: nothing can be shown here
  kReplaced,    ///< another program runs in the process's place
  kKilled,      ///< a signal ended it
  kExited,      ///< it left on its own account
  kGoesOn,      ///< still at it when the time was up
  kNotOffered,  ///< this machine lets nobody make the namespaces that keep the host safe from it
};
std::string Name(Control control);

/// Runs one attack of `plugin_path` without seccomp, Landlock, capabilities taken or descriptors
/// closed, as root of user, pid, mount, network, IPC and UTS namespaces of its own, on a root
/// folder of its own, under generous rlimits, for at most `wall`. The host is as safe from it as
/// from any process of the caller in a container; call it only for attacks that the table says are
/// safe. [single-threaded]
Control RunUnconfined(const std::string& plugin_path, const std::string& attack,
                      std::chrono::milliseconds wall);

}  // namespace assay::sandbox
