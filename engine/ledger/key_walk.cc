#include "ledger/key_walk.h"

#include <fmt/format.h>

#include "ledger/chain.h"

namespace assay::ledger {
namespace {

bool Concerns(std::string_view kind) {
  return kind == "key.rewrapped" || proof::KeyHistory::Concerns(kind);
}

}  // namespace

Result<LineFacts> ReadLandmarkLine(LedgerStore& store, const StoredHead& head,
                                   const Landmark& landmark) {
  const auto refuse = [&](const std::string& why) {
    return Fail(Code::kCorrupt, fmt::format("entry {}: {}", landmark.index, why));
  };
  if (landmark.index >= head.size) return refuse("named as a landmark, but not in the ledger");
  auto line = ReadOneLine(store, landmark.index);
  if (!line && line.error().code != Code::kNotFound) return Fail(std::move(line.error()));
  if (!line) return refuse(line.error().message);
  ASSAY_ASSIGN(const bool contained,
               IsInTree(store, head, landmark.index, proof::HashEntry(*line)));
  if (!contained) return refuse("line is not the one in the tree");
  auto facts = ParseLine(*line);
  if (!facts) return refuse(facts.error().message);
  if (facts->kind != landmark.kind || facts->index != landmark.index)
    return refuse("is no " + Quote(landmark.kind) + ", as the landmark table says");
  return facts;
}

Status TakeKeyLine(uint64_t index, const proof::JsonObject& members, KeyWalk& walk) {
  ASSAY_TRY(walk.history.Take(index, members));
  const auto kind = proof::TextAt(members, "kind");
  if (!kind || *kind != "key.rewrapped") return {};
  const auto purpose = proof::TextAt(members, "purpose");
  const auto which = proof::TextAt(members, "which");
  if (!purpose || !which || (*purpose != "seal" && *purpose != "master"))
    return Fail(Code::kCorrupt, "key.rewrapped: purpose or which is not known");
  (*purpose == "seal" ? walk.seal : walk.master) = *which;
  return {};
}

Result<KeyWalk> WalkKeys(LedgerStore& store, const StoredHead& head, uint64_t to) {
  KeyWalk walk;
  if (head.size < 2) return walk;
  constexpr std::string_view kFamilies[] = {"key.", "epoch."};
  ASSAY_ASSIGN(const std::vector<Landmark> landmarks, ReadFamilies(store, kFamilies, 0, to));
  for (const Landmark& landmark : landmarks) {
    if (!Concerns(landmark.kind)) continue;
    ASSAY_ASSIGN(const LineFacts facts, ReadLandmarkLine(store, head, landmark));
    if (Status taken = TakeKeyLine(landmark.index, facts.members, walk); !taken)
      return Fail(Code::kCorrupt,
                  fmt::format("entry {}: {}", landmark.index, taken.error().message));
  }
  const proof::KeyStep* newest = walk.history.Newest();
  if (newest == nullptr)
    return Fail(Code::kCorrupt, "entry 1: is not named as key.created in the landmark table");
  if (newest->epoch != head.epoch)
    return Fail(Code::kCorrupt,
                fmt::format("ledger.db: head is of epoch {}, its entries of epoch {}", head.epoch,
                            newest->epoch));
  return walk;
}

}  // namespace assay::ledger
