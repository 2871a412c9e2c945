// What the commands about plugins of others show alike: who signed, what is read, what differs.
#pragma once

#include <string>

#include "assess/install.h"
#include "cli/workspace.h"
#include "report/json_writer.h"

namespace assay::cli {

/// "guest-review 0.1.0 by maria SHA256:…".
std::string WhoText(const assess::LoadedPlugin& plugin);
/// Members id, version, kind, key (name, fingerprint, vkey, pem), manifest and files.
void WriteWho(report::JsonWriter& json, const assess::LoadedPlugin& plugin);

/// One screen: each read that is new with "+", each that is gone with "-", how many stay (all of
/// them with --verbose). Permissions that nothing else in this instance uses are marked.
std::string DifferenceText(const Context& context, const Workspace& workspace,
                           const assess::LoadedPlugin& plugin,
                           const assess::ReadDifference& difference);
/// Members added, kept, removed: lines of the read set.
void WriteDifference(report::JsonWriter& json, const assess::ReadDifference& difference);

/// What an administrator configured and installed.
struct AdminView {
  Workspace workspace;
  std::vector<LockEntry> locks;
};
/// The configuration and its lock. Prints and gives nothing when that fails.
std::optional<AdminView> OpenAdminView(Context& context, int& exit);

}  // namespace assay::cli
