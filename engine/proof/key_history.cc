#include "proof/key_history.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::proof {
namespace {

tl::unexpected<Error> Refuse(const std::string& why) { return Fail(Code::kCorrupt, why); }

Result<Verifier> VerifierOf(const JsonObject& members) {
  auto text = TextAt(members, "vkey");
  if (!text) return Refuse(text.error().message);
  auto verifier = Verifier::Parse(*text);
  if (!verifier) return Refuse(verifier.error().message);
  return verifier;
}

Result<Signature> SignatureAt(const JsonObject& members, std::string_view name) {
  auto text = TextAt(members, name);
  if (!text) return Refuse(text.error().message);
  const auto bytes = ParseBase64(*text);
  Signature out;
  if (!bytes || bytes->size() != out.size())
    return Refuse(fmt::format("member {}: not a signature of 64 bytes", name));
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

Status CheckDescription(const JsonObject& members, const Verifier& verifier) {
  const auto algorithm = TextAt(members, "algorithm");
  const auto fingerprint = TextAt(members, "fingerprint");
  if (!algorithm || *algorithm != "ed25519") return Refuse("member algorithm: is not ed25519");
  if (!fingerprint || *fingerprint != FingerprintOf(verifier.key))
    return Refuse("member fingerprint: is not that of the key");
  return {};
}

Status CheckBothSignatures(const JsonObject& members, const Verifier& from, const Verifier& to) {
  const std::string statement = RotationStatement(from, to);
  ASSAY_ASSIGN(const Signature by_old, SignatureAt(members, "signature_old"));
  ASSAY_ASSIGN(const Signature by_new, SignatureAt(members, "signature_new"));
  if (!VerifySignature(from.key, AsBytes(statement), by_old))
    return Refuse("handover is not signed by the key before, " + FingerprintOf(from.key));
  if (!VerifySignature(to.key, AsBytes(statement), by_new))
    return Refuse("handover is not signed by the new key, " + FingerprintOf(to.key));
  return {};
}

}  // namespace

std::string RotationStatement(const Verifier& from, const Verifier& to) {
  return fmt::format("assay/key-rotation/1\n{}\n{}\n", from.Encode(), to.Encode());
}

std::string EpochName(std::string_view origin, uint32_t epoch) {
  return epoch <= 1 ? std::string(origin) : fmt::format("{}/epoch-{}", origin, epoch);
}

bool KeyHistory::Concerns(std::string_view kind) {
  return kind == "key.created" || kind == "key.rotated" || kind == "epoch.started";
}

Status KeyHistory::Take(uint64_t index, const JsonObject& members) {
  const auto kind = TextAt(members, "kind");
  if (!kind || !Concerns(*kind)) return {};
  if (!steps_.empty() && steps_.back().index >= index)
    return Refuse(
        fmt::format("{} of entry {} after one of entry {}", *kind, index, steps_.back().index));
  if (*kind == "key.created") return TakeFirst(index, members);
  if (steps_.empty()) return Refuse(*kind + " before any key.created");
  return *kind == "key.rotated" ? TakeRotation(index, members) : TakeEpoch(index, members);
}

Status KeyHistory::TakeFirst(uint64_t index, const JsonObject& members) {
  if (!steps_.empty() || index != 1) return Refuse("key.created that is not entry 1");
  ASSAY_ASSIGN(Verifier verifier, VerifierOf(members));
  ASSAY_TRY(CheckDescription(members, verifier));
  origin_ = verifier.name;
  steps_.push_back({index, "key.created", 1, std::move(verifier)});
  return {};
}

Status KeyHistory::TakeRotation(uint64_t index, const JsonObject& members) {
  const KeyStep& before = steps_.back();
  ASSAY_ASSIGN(Verifier verifier, VerifierOf(members));
  ASSAY_TRY(CheckDescription(members, verifier));
  const auto previous = TextAt(members, "previous");
  if (!previous || *previous != FingerprintOf(before.verifier.key))
    return Refuse("key.rotated: previous is not the key in force, " +
                  FingerprintOf(before.verifier.key));
  if (verifier.name != before.verifier.name)
    return Refuse("key.rotated: key has the name " + Quote(verifier.name) + ", not " +
                  Quote(before.verifier.name));
  if (verifier.key == before.verifier.key) return Refuse("key.rotated: the key is the same");
  ASSAY_TRY(CheckBothSignatures(members, before.verifier, verifier));
  steps_.push_back({index, "key.rotated", before.epoch, std::move(verifier)});
  return {};
}

Status KeyHistory::TakeEpoch(uint64_t index, const JsonObject& members) {
  const KeyStep& before = steps_.back();
  const uint32_t next = before.epoch + 1;
  const auto epoch = IntegerAt(members, "epoch");
  if (!epoch || *epoch != next)
    return Refuse(fmt::format("epoch.started: is not of epoch {}", next));
  ASSAY_ASSIGN(Verifier verifier, VerifierOf(members));
  if (verifier.name != EpochName(origin_, next) || verifier.key != before.verifier.key)
    return Refuse("epoch.started: vkey is not the key in force under the name " +
                  Quote(EpochName(origin_, next)));
  steps_.push_back({index, "epoch.started", next, std::move(verifier)});
  return {};
}

const Verifier* KeyHistory::At(uint64_t size) const {
  const Verifier* out = nullptr;
  for (const KeyStep& step : steps_)
    if (step.index < size) out = &step.verifier;
  return out;
}

uint32_t KeyHistory::EpochOf(uint64_t index) const {
  uint32_t out = 1;
  for (const KeyStep& step : steps_)
    if (step.index <= index) out = step.epoch;
  return out;
}

const Verifier* KeyHistory::HandoverAt(uint64_t size, uint64_t previous) const {
  const Verifier* out = nullptr;
  for (size_t i = 1; i < steps_.size() && steps_[i].index < size; ++i) {
    if (steps_[i].index < previous) continue;
    if (steps_[i].kind == "epoch.started") out = nullptr;
    // The oldest of several: who trusts that one reaches the newest by the entries.
    if (steps_[i].kind == "key.rotated" && out == nullptr) out = &steps_[i - 1].verifier;
  }
  return out;
}

Result<Checkpoint> KeyHistory::OpenNote(std::string_view note, uint64_t previous) const {
  ASSAY_ASSIGN(const Note parsed, ParseNote(note));
  ASSAY_ASSIGN(Checkpoint checkpoint, Checkpoint::Parse(parsed.text));
  const Verifier* verifier = At(checkpoint.size);
  if (verifier == nullptr) return Refuse("note: no key to verify it with");
  ASSAY_TRY(VerifyNote(parsed, *verifier));
  if (checkpoint.origin != verifier->name)
    return Refuse("checkpoint: of another origin " + Quote(checkpoint.origin));
  if (const Verifier* old = HandoverAt(checkpoint.size, previous)) {
    auto both = VerifyNote(parsed, *old);
    if (!both) return Fail(std::move(both.error()).Context("first head after a rotation"));
  }
  return checkpoint;
}

}  // namespace assay::proof
