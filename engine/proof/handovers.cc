#include "proof/handovers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "proof/canonical_json.h"
#include "proof/key_history.h"

namespace assay::proof {
namespace {

Result<Signature> ParseSignature(std::string_view text) {
  ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(text));
  Signature out;
  if (bytes.size() != out.size()) return Fail(Code::kInvalidInput, "signature is not 64 bytes");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<Signature> SignatureAt(const JsonObject& members, std::string_view key) {
  ASSAY_ASSIGN(const std::string text, TextAt(members, key));
  return ParseSignature(text);
}

template <typename Add>
Status AddAll(const std::vector<std::string>& items, const Add& add) {
  for (size_t at = 0; at < items.size(); ++at)
    if (Status added = add(items[at]); !added)
      return Fail(Code::kCorrupt, fmt::format("handovers: {}: {}", at, added.error().message));
  return items.empty() ? Fail(Code::kCorrupt, "handovers: empty") : Status{};
}

}  // namespace

bool IsKeyKind(std::string_view kind) {
  return kind == "key.created" || kind == "key.rotated" || kind == "epoch.started";
}

Status Handovers::AddRotation(const Verifier& to, const Signature& by_old,
                              const Signature& by_new) {
  const Verifier& from = newest();
  const std::string message = RotationStatement(from, to);
  if (to.name != from.name) return Fail(Code::kCorrupt, "the new key bears another name");
  if (!VerifySignature(from.key, AsBytes(message), by_old))
    return Fail(Code::kCorrupt, "the old key did not sign the rotation");
  if (!VerifySignature(to.key, AsBytes(message), by_new))
    return Fail(Code::kCorrupt, "the new key did not sign the rotation");
  stages_.push_back({{}, to, " " + EncodeBase64(by_old) + " " + EncodeBase64(by_new)});
  return {};
}

Status Handovers::AddEpoch(const Verifier& to) {
  if (to.name != EpochName(origin(), static_cast<uint32_t>(epoch_ + 1)))
    return Fail(Code::kCorrupt, "the name is not that of the next epoch");
  if (to.key != newest().key) return Fail(Code::kCorrupt, "an epoch does not change the key");
  ++epoch_;
  stages_.push_back({{}, to, {}});
  return {};
}

Status Handovers::AddLine(const std::string& line) {
  ASSAY_ASSIGN(const Json json, ReadJson(line));
  if (json.object() == nullptr) return Fail(Code::kInvalidInput, "not an object");
  const JsonObject& members = *json.object();
  ASSAY_ASSIGN(const std::string kind, TextAt(members, "kind"));
  ASSAY_ASSIGN(const int64_t index, IntegerAt(members, "index"));
  ASSAY_ASSIGN(const std::string vkey, TextAt(members, "vkey"));
  ASSAY_ASSIGN(Verifier verifier, Verifier::Parse(vkey));
  if (stages_.empty() && kind == "key.created" && index == 1) {
    stages_.push_back({{}, std::move(verifier), {}});
  } else if (!stages_.empty() && kind == "key.rotated") {
    ASSAY_ASSIGN(const std::string previous, TextAt(members, "previous"));
    ASSAY_ASSIGN(const Signature by_old, SignatureAt(members, "signature_old"));
    ASSAY_ASSIGN(const Signature by_new, SignatureAt(members, "signature_new"));
    if (previous != FingerprintOf(newest().key))
      return Fail(Code::kCorrupt, "rotation is not from the key before");
    ASSAY_TRY(AddRotation(verifier, by_old, by_new));
  } else if (!stages_.empty() && kind == "epoch.started") {
    ASSAY_TRY(AddEpoch(verifier));
  } else {
    return Fail(Code::kCorrupt, "unexpected kind " + Quote(kind));
  }
  stages_.back().index = static_cast<uint64_t>(index);
  return {};
}

Status Handovers::AddHandover(const std::string& handover) {
  const std::vector<std::string_view> parts = Split(handover, ' ');
  ASSAY_ASSIGN(Verifier verifier, Verifier::Parse(parts[0]));
  if (stages_.empty() && parts.size() == 1) {
    stages_.push_back({{}, std::move(verifier), {}});
    return {};
  }
  if (stages_.empty() || (parts.size() != 1 && parts.size() != 3))
    return Fail(Code::kCorrupt, "expected a verifier key, or one with two signatures");
  if (parts.size() == 1) return AddEpoch(verifier);
  ASSAY_ASSIGN(const Signature by_old, ParseSignature(parts[1]));
  ASSAY_ASSIGN(const Signature by_new, ParseSignature(parts[2]));
  return AddRotation(verifier, by_old, by_new);
}

Result<Handovers> Handovers::FromLines(const std::vector<std::string>& lines) {
  Handovers out;
  ASSAY_TRY(AddAll(lines, [&](const std::string& line) { return out.AddLine(line); }));
  return out;
}

Result<Handovers> Handovers::FromHandovers(const std::vector<std::string>& handovers) {
  Handovers out;
  ASSAY_TRY(AddAll(handovers, [&](const std::string& item) { return out.AddHandover(item); }));
  return out;
}

std::vector<std::string> Handovers::HandoversFor(uint64_t size) const {
  std::vector<std::string> out;
  for (const Stage& stage : stages_)
    if (!stage.index || *stage.index < size)
      out.push_back(stage.verifier.Encode() + stage.signatures);
  return out;
}

bool Handovers::Knows(std::string_view fingerprint) const {
  return std::any_of(stages_.begin(), stages_.end(), [&](const Stage& stage) {
    return FingerprintOf(stage.verifier.key) == fingerprint;
  });
}

Result<Checkpoint> Handovers::Open(std::string_view note) const {
  ASSAY_ASSIGN(const Note parsed, ParseNote(note));
  ASSAY_ASSIGN(const Checkpoint said, Checkpoint::Parse(parsed.text));
  Result<Checkpoint> opened = Fail(
      Code::kCorrupt, "checkpoint: of another origin, " + Quote(said.origin) + ", or too small");
  for (auto stage = stages_.rbegin(); stage != stages_.rend(); ++stage) {
    if (stage->index && *stage->index >= said.size) continue;
    if (stage->index || stage->verifier.name == said.origin)
      opened = OpenCheckpoint(note, stage->verifier);
    if (stage->index || opened) break;
  }
  return opened;
}

}  // namespace assay::proof
