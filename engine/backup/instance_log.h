// The log of the instance: a ledger of its own for what is done to ledgers from outside (backups),
// and what administrators decide, apart from the tenants' evidence (docs/formats/entry.md, kinds
// backup.* and plugin.*).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace assay::backup {

/// The name that stands for the instance in the place of a tenant's.
constexpr char kInstanceName[] = "instance";
/// "00000000-0000-0000-0000-000000000000".
const TenantId& InstanceTenant();

/// What was done with a backup.
struct Event {
  std::string kind;   ///< "backup.created", "backup.verified", "backup.restored", "backup.drilled"
  std::string of;     ///< tenant GUID
  uint64_t size = 0;  ///< entries of the ledger that was copied or restored
  Digest root{};
  uint64_t files = 0, bytes = 0;
  std::string outcome = "ok";  ///< else a word: "damaged", "denied", "older", ...
  std::optional<uint64_t> took_ms, lost, age_s;
  std::vector<std::string> notes;  ///< places, who, messages: sealed, not in the line
};

/// Appends to the log, which is made when there is none, and signs. Another writer is waited for, a
/// few seconds. `options` are those of the instance's log. kNotFound without a master key.
Status Record(const ledger::OpenOptions& options, const Event& event);

/// The same for any other kind of entry, with `notes` as its body; a first entry makes the keys of
/// the instance where there are none. For what administrators decide.
Status RecordEntry(const ledger::OpenOptions& options, ledger::EntryDraft draft,
                   const std::vector<std::string>& notes);

/// An event as it stands in the log.
struct Recorded {
  uint64_t index = 0;
  Timestamp time{};
  Event event;  ///< without notes
};
/// The newest good one of a kind about a tenant. Empty when there is none, or no log. kCorrupt.
Result<std::optional<Recorded>> NewestEvent(const ledger::OpenOptions& options,
                                            std::string_view kind, const TenantId& of);

}  // namespace assay::backup
