// What the commands about plugins of others show alike: who signed, what is read, what differs.
#pragma once

#include <string>

#include "assess/install.h"
#include "cli/workspace.h"
#include "report/json_writer.h"

namespace assay::cli {

/// Text of a plugin for a terminal: control characters, C1 too, become spaces.
std::string Plain(std::string_view untrusted);

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

/// Appends what was decided about a plugin to the log of the instance (docs/formats/entry.md, kinds
/// plugin.*), with the account of this process. Gives `code`; prints and gives another one when it
/// cannot be recorded.
int RecordDecision(Context& context, const Workspace& workspace, const std::string& kind,
                   ledger::MemberMap members, const std::vector<std::string>& notes, int code);

/// What an administrator configured and installed.
struct AdminView {
  Workspace workspace;
  std::vector<LockEntry> locks;
};
/// The configuration and its lock. Prints and gives nothing when that fails.
std::optional<AdminView> OpenAdminView(Context& context, int& exit);

}  // namespace assay::cli
