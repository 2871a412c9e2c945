#include "backup/signer.h"

#include "ledger/chain.h"

namespace assay::backup {
namespace {

Result<ledger::LineFacts> FactsOf(ledger::LedgerStore& store, uint64_t index) {
  ASSAY_ASSIGN(const std::string line, ledger::ReadOneLine(store, index));
  return ledger::ParseLine(line);
}

}  // namespace

Result<proof::Verifier> CurrentSigner(ledger::LedgerStore& store) {
  uint64_t from = 1;  // key.created
  for (const char* family : {"key.rotated", "epoch.started"}) {
    ASSAY_ASSIGN(const std::vector<ledger::Landmark> changes, store.ReadLandmarks(family));
    if (!changes.empty()) from = std::max(from, changes.back().index);
  }
  ASSAY_ASSIGN(const ledger::LineFacts facts, FactsOf(store, from));
  auto vkey = proof::TextAt(facts.members, "vkey");
  auto verifier =
      vkey ? proof::Verifier::Parse(*vkey) : Result<proof::Verifier>(Fail(std::move(vkey.error())));
  if (!verifier)
    return Fail(Code::kCorrupt, "entry " + std::to_string(from) + ": " + verifier.error().message);
  return verifier;
}

Result<std::string> OriginOf(ledger::LedgerStore& store) {
  ASSAY_ASSIGN(const ledger::LineFacts facts, FactsOf(store, 0));
  auto origin = proof::TextAt(facts.members, "origin");
  if (!origin) return Fail(Code::kCorrupt, "entry 0: " + origin.error().message);
  return origin;
}

Result<proof::Checkpoint> OpenNoteOfAnyEpoch(const std::string& note, const std::string& origin,
                                             const proof::PublicKey& key) {
  const std::string name = note.substr(0, note.find('\n'));
  if (name != origin && !name.starts_with(origin + "/epoch-"))
    return Fail(Code::kInvalidInput, "checkpoint of " + Quote(name) + ", not of " + Quote(origin));
  return proof::OpenCheckpoint(note, proof::Verifier{name, key});
}

}  // namespace assay::backup
