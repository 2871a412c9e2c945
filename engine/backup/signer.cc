#include "backup/signer.h"

#include "ledger/key_walk.h"

namespace assay::backup {

Result<proof::KeyHistory> HistoryOf(ledger::LedgerStore& store) {
  ASSAY_ASSIGN(const std::optional<ledger::StoredHead> head, store.ReadHead());
  ledger::KeyWalk walk;
  if (head) {
    ASSAY_ASSIGN(walk, ledger::WalkKeys(store, *head));
  }
  if (walk.history.Newest() == nullptr)
    return Fail(Code::kNotFound, "ledger.db: holds no ledger yet");
  return std::move(walk.history);
}

Result<proof::Checkpoint> OpenNoteOfAnyEpoch(const std::string& note, const std::string& origin,
                                             const std::vector<proof::PublicKey>& keys) {
  const std::string name = note.substr(0, note.find('\n'));
  if (name != origin && !name.starts_with(origin + "/epoch-"))
    return Fail(Code::kInvalidInput, "checkpoint of " + Quote(name) + ", not of " + Quote(origin));
  Error refusal{Code::kCorrupt, "no key of this ledger is known", {}, {}, {}, {}};
  for (const proof::PublicKey& key : keys) {
    auto head = proof::OpenCheckpoint(note, proof::Verifier{name, key});
    if (head) return head;
    refusal = std::move(head.error());
  }
  return Fail(std::move(refusal));
}

}  // namespace assay::backup
