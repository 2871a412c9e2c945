#include "backup/known.h"

#include <fmt/format.h>

#include "backup/signer.h"
#include "ledger/chain.h"
#include "ledger/checkpoint_log.h"
#include "ledger/sqlite_store.h"

namespace assay::backup {
namespace {

namespace fs = std::filesystem;

Result<KnownHead> Open(const std::string& note, const Signer& signer, std::string where) {
  ASSAY_ASSIGN(const proof::Checkpoint head, OpenNoteOfAnyEpoch(note, signer.origin, signer.keys));
  return KnownHead{head.size, head.root, note, std::move(where)};
}

void AddGood(const std::string& note, const Signer& signer, const std::string& where,
             std::vector<KnownHead>& out) {
  if (auto head = Open(note, signer, where)) out.push_back(std::move(*head));
}

}  // namespace

Result<std::vector<KnownHead>> ReadKnownFile(const fs::path& file, const Signer& signer) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return Fail(Code::kNotFound, file.string() + ": no such file");
  ASSAY_ASSIGN(ledger::CheckpointLog::Content content, ledger::CheckpointLog(file).Read());
  if (!content.rest.empty()) content.notes.push_back(content.rest);  // a note by itself
  std::vector<KnownHead> out;
  for (const std::string& note : content.notes) {
    auto head = Open(note, signer, file.string());
    if (!head) return Fail(std::move(head.error()).Context(file.string()));
    out.push_back(std::move(*head));
  }
  if (out.empty()) return Fail(Code::kInvalidInput, file.string() + ": holds no checkpoint");
  return out;
}

Status UnlessUnread(Error error) {
  if (error.code != Code::kIo) return {};
  return Fail(std::move(error)
                  .Context("ledger in place")
                  .Hint("it may know of erasures and of newer entries; move it away to restore "
                        "without what it knows"));
}

Result<std::vector<KnownHead>> ReadKnownInPlace(const fs::path& directory, const Signer& signer) {
  std::vector<KnownHead> out;
  const fs::path log = directory / "checkpoints.log";
  const auto content = ledger::CheckpointLog(log).Read();
  if (!content) ASSAY_TRY(UnlessUnread(content.error()));
  if (content)
    for (const std::string& note : content->notes) AddGood(note, signer, log.string(), out);
  std::error_code ignored;
  if (!fs::exists(directory / "ledger.db", ignored)) return out;
  const auto store = ledger::OpenSqliteStore(directory, ledger::StoreMode::kRead);
  if (!store) {
    ASSAY_TRY(UnlessUnread(store.error()));
    return out;
  }
  const Status read = (*store)->VisitNotes([&](const ledger::StoredNote& note) -> Status {
    AddGood(note.note, signer, (directory / "ledger.db").string(), out);
    return {};
  });
  if (!read) ASSAY_TRY(UnlessUnread(read.error()));
  return out;
}

Result<std::optional<KnownHead>> FindLostHead(ledger::LedgerStore& store, uint64_t size,
                                              const std::vector<KnownHead>& known) {
  std::optional<KnownHead> lost;
  const proof::HashReader read = ledger::ReadStoredTree(store, size);
  for (const KnownHead& head : known) {
    if (head.size > size) {
      if (!lost || head.size > lost->size) lost = head;
      continue;
    }
    ASSAY_ASSIGN(const Digest root, proof::RootAt(proof::TreeKind::kEntry, head.size, read));
    if (root != head.root)
      return Fail(Error{Code::kCorrupt,
                        fmt::format("FORKED: the signed head of {} entries in {} is of another "
                                    "history than the backup",
                                    head.size, head.where),
                        {},
                        "--to-size N restores what both have in common",
                        {},
                        {}});
  }
  return lost;
}

}  // namespace assay::backup
