#include "ledger/key_walk.h"

#include <fmt/format.h>

#include "ledger/chain.h"

namespace assay::ledger {
namespace {

// The line of a landmark, when it is what table and tree say.
Result<LineFacts> ReadLandmarkLine(LedgerStore& store, const StoredHead& head,
                                   const Landmark& landmark) {
  const auto refuse = [&](const std::string& why) {
    return Fail(Code::kCorrupt, fmt::format("entry {}: {}", landmark.index, why));
  };
  if (landmark.index >= head.size) return refuse("named as a landmark, but not in the ledger");
  auto line = ReadOneLine(store, landmark.index);
  if (!line) return refuse(line.error().message);
  ASSAY_ASSIGN(const std::vector<Digest> path,
               proof::InclusionProof(proof::TreeKind::kEntry, landmark.index, head.size,
                                     ReadStoredTree(store, head.size)));
  if (!proof::VerifyInclusion(proof::TreeKind::kEntry, proof::HashEntry(*line), landmark.index,
                              head.size, path, head.root))
    return refuse("line is not the one in the tree");
  auto facts = ParseLine(*line);
  if (!facts) return refuse(facts.error().message);
  if (facts->kind != landmark.kind || facts->index != landmark.index)
    return refuse("is no " + Quote(landmark.kind) + ", as the landmark table says");
  return facts;
}

}  // namespace

Result<proof::KeyHistory> ReadKeyHistory(LedgerStore& store, const StoredHead& head) {
  proof::KeyHistory history;
  if (head.size < 2) return history;
  ASSAY_ASSIGN(const std::vector<Landmark> landmarks, store.ReadLandmarks(""));
  for (const Landmark& landmark : landmarks) {
    if (!proof::KeyHistory::Concerns(landmark.kind)) continue;
    ASSAY_ASSIGN(const LineFacts facts, ReadLandmarkLine(store, head, landmark));
    if (Status taken = history.Take(landmark.index, facts.members); !taken)
      return Fail(Code::kCorrupt,
                  fmt::format("entry {}: {}", landmark.index, taken.error().message));
  }
  if (history.Newest() == nullptr)
    return Fail(Code::kCorrupt, "entry 1: is not named as key.created in the landmark table");
  if (history.Newest()->epoch != head.epoch)
    return Fail(Code::kCorrupt,
                fmt::format("ledger.db: head is of epoch {}, its entries of epoch {}", head.epoch,
                            history.Newest()->epoch));
  return history;
}

Result<std::string> ReadRewrap(LedgerStore& store, std::string_view purpose) {
  ASSAY_ASSIGN(const std::optional<StoredHead> head, store.ReadHead());
  ASSAY_ASSIGN(const std::vector<Landmark> landmarks, store.ReadLandmarks("key.rewrapped"));
  for (auto it = landmarks.rbegin(); head && it != landmarks.rend(); ++it) {
    ASSAY_ASSIGN(const LineFacts facts, ReadLandmarkLine(store, *head, *it));
    const auto of = proof::TextAt(facts.members, "purpose");
    if (of && *of == purpose) return proof::TextAt(facts.members, "which");
  }
  return std::string();
}

}  // namespace assay::ledger
