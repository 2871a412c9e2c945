#include "ledger/high_water.h"

#include <fmt/format.h>

#include "ledger/chain.h"

namespace assay::ledger {
namespace {

// The last signed head of the log against the stored tree.
Status CheckMark(LedgerStore& store, const std::string& note, const proof::Verifier& verifier) {
  auto mark = proof::OpenCheckpoint(note, verifier);
  if (!mark) return Fail(Code::kCorrupt, "checkpoints.log: " + mark.error().message);
  ASSAY_ASSIGN(const std::optional<StoredHead> head, store.ReadHead());
  const uint64_t size = head ? head->size : 0;
  if (mark->size > size)
    return Fail(Code::kCorrupt,
                fmt::format("ledger.db: TRUNCATED, checkpoints.log has a signed head of {} entries "
                            "and the database has {}",
                            mark->size, size));
  ASSAY_ASSIGN(const Digest root, StoredRootAt(store, head.value_or(StoredHead{}), mark->size));
  if (root != mark->root)
    return Fail(Code::kCorrupt, fmt::format("ledger.db: FORKED, the signed head of {} entries in "
                                            "checkpoints.log is of another history",
                                            mark->size));
  return {};
}

}  // namespace

Status CompareWithLog(LedgerStore& store, CheckpointLog& log, const proof::Verifier& verifier) {
  ASSAY_ASSIGN(const std::vector<StoredNote> newest, store.NewestNotes(2));
  ASSAY_ASSIGN(const CheckpointLog::Content end, log.ReadEnd());
  if (!end.notes.empty()) ASSAY_TRY(CheckMark(store, end.notes.back(), verifier));
  const auto disagree = [] {
    return Fail(Code::kCorrupt, "checkpoints.log: does not end with the newest stored checkpoint");
  };
  if (newest.empty()) return end.notes.empty() && end.rest.empty() ? Status{} : disagree();
  const bool ends_with_last = !end.notes.empty() && end.notes.back() == newest[0].note;
  if (ends_with_last) return end.rest.empty() ? Status{} : disagree();
  // A crash between row and log leaves the note before the last, and any part of the last.
  const bool ends_before = newest.size() == 1
                               ? end.notes.empty()
                               : !end.notes.empty() && end.notes.back() == newest[1].note;
  if (!ends_before || !LogForm(newest[0].note).starts_with(end.rest)) return disagree();
  return log.Append(newest[0].note, end.rest.size());
}

}  // namespace assay::ledger
