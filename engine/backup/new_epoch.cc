#include "backup/new_epoch.h"

#include "proof/note.h"

namespace assay::backup {

Status StartRestoredEpoch(const ledger::OpenOptions& options,
                          const std::vector<std::string>& known_notes) {
  ASSAY_ASSIGN(const auto ledger, ledger::Ledger::Open(options));
  ASSAY_ASSIGN(const ledger::Head head, ledger->ReadHead());
  proof::Checkpoint newest;
  for (const std::string& note : known_notes) {
    ASSAY_ASSIGN(const proof::Note parsed, proof::ParseNote(note));
    ASSAY_ASSIGN(proof::Checkpoint known, proof::Checkpoint::Parse(parsed.text));
    if (known.size >= newest.size) newest = std::move(known);
  }
  ASSAY_ASSIGN(const std::string first, ledger->ReadLine(LeafIndex{1}));
  ledger::EntryDraft draft{"epoch.started", "engine", {}, {}};
  draft.members = {{"reason", "restored"},
                   {"known_size", newest.size},
                   {"known_root", EncodeBase64(newest.root)},
                   {"lost", newest.size - ToNumber(head.size)}};
  ASSAY_ASSIGN(draft.body, ledger->PutSegments(known_notes));
  ASSAY_TRY(ledger->Append(std::move(draft)).get());
  ASSAY_TRY(ledger->SignCheckpoint());
  return {};
}

}  // namespace assay::backup
