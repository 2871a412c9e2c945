#include "verify/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "proof/sha256.h"
#include "verify/line.h"

namespace assay::verify {
namespace {

tl::unexpected<Error> Bad(std::string why) { return Fail(Code::kCorrupt, std::move(why)); }

Result<proof::Signature> SignatureAt(const proof::JsonObject& says, std::string_view key) {
  ASSAY_ASSIGN(const std::string text, proof::TextAt(says, key));
  ASSAY_ASSIGN(const ByteVector bytes, ParseBytes(text, 64));
  proof::Signature out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

bool IsOf(const KeyStep& step, const proof::NoteSignature& line) {
  return proof::KeyId(step.verifier.name, step.verifier.key) == line.key_id;
}

bool SameKey(const KeyStep& a, const KeyStep& b) { return a.verifier.key == b.verifier.key; }

}  // namespace

Status KeyChain::CheckHandover(const proof::Verifier& next, const std::string& vkey,
                               const proof::JsonObject& says) const {
  const std::string message =
      fmt::format("assay/key-rotation/1\n{}\n{}\n", steps_.back().vkey, vkey);
  ASSAY_ASSIGN(const proof::Signature by_old, SignatureAt(says, "signature_old"));
  ASSAY_ASSIGN(const proof::Signature by_new, SignatureAt(says, "signature_new"));
  if (!proof::VerifySignature(steps_.back().verifier.key, AsBytes(message), by_old))
    return Bad("old key did not sign");
  if (!proof::VerifySignature(next.key, AsBytes(message), by_new))
    return Bad("new key did not sign");
  return {};
}

Status KeyChain::Take(uint64_t index, std::string_view kind, const proof::JsonObject& says) {
  if (steps_.empty() != (kind == "key.created")) return Bad("the first key is not the first step");
  const uint64_t epoch = epoch_ + (kind == "epoch.started" ? 1 : 0);
  const std::string name = epoch == 1 ? origin_ : fmt::format("{}/epoch-{}", origin_, epoch);
  ASSAY_ASSIGN(const std::string vkey, proof::TextAt(says, "vkey"));
  ASSAY_ASSIGN(proof::Verifier verifier, proof::Verifier::Parse(vkey));
  if (verifier.name != name) return Bad("key is of " + Quote(verifier.name) + ", not " + name);
  if (kind == "key.rotated") ASSAY_TRY(CheckHandover(verifier, vkey, says));
  if (kind == "epoch.started" && verifier.key != steps_.back().verifier.key)
    return Bad("an epoch keeps its key");
  epoch_ = epoch;
  steps_.push_back({index, std::string(kind), std::move(verifier), vkey});
  return {};
}

std::vector<KeyStep> KeyChain::Signers(uint64_t size, uint64_t before) const {
  auto end = steps_.begin();
  while (end != steps_.end() && (end == steps_.begin() || end->index < size)) ++end;
  if (end == steps_.begin()) return {};
  auto first = end - 1;
  while (first != steps_.begin() && first->kind == "key.rotated" && first->index >= before) --first;
  return {first, end};
}

Result<proof::Checkpoint> KeyChain::Open(std::string_view note,
                                         const std::vector<KeyStep>& signers) const {
  if (signers.empty()) return Bad("no key to verify checkpoints with");
  ASSAY_ASSIGN(const proof::Note parsed, proof::ParseNote(note));
  const std::string& name = signers.back().verifier.name;
  if (parsed.signatures.front().name != name)
    return Bad("signature of the ledger is not the first one");
  std::vector<KeyStep> good;
  for (const proof::NoteSignature& line : parsed.signatures) {
    if (line.name != name) continue;
    const auto known = std::find_if(steps_.begin(), steps_.end(), [&](const KeyStep& step) {
      return step.verifier.name == name && IsOf(step, line);
    });
    proof::Signature signature{};
    if (line.bytes.size() == signature.size())
      std::copy(line.bytes.begin(), line.bytes.end(), signature.begin());
    if (known == steps_.end() ||
        !proof::VerifySignature(known->verifier.key, AsBytes(parsed.text), signature))
      return Bad("signature under the name of the ledger is wrong");
    if (std::any_of(signers.begin(), signers.end(), [&](auto& s) { return SameKey(s, *known); }))
      good.push_back(*known);
  }
  if (!std::equal(good.begin(), good.end(), signers.begin(), signers.end(), SameKey))
    return Bad("not signed by the key in force");
  ASSAY_ASSIGN(proof::Checkpoint checkpoint, proof::Checkpoint::Parse(parsed.text));
  if (checkpoint.origin != name) return Bad("checkpoint is of another origin");
  return checkpoint;
}

Status KeyChain::CheckTrust(const std::string& fingerprint) const {
  const auto is_it = [&](const KeyStep& step) {
    return proof::FingerprintOf(step.verifier.key) == fingerprint;
  };
  if (fingerprint.empty() || std::any_of(steps_.begin(), steps_.end(), is_it)) return {};
  return Bad("signed by " + Fingerprint() + ", never by that key");
}

std::string KeyChain::Fingerprint() const {
  return steps_.empty() ? std::string() : proof::FingerprintOf(steps_.back().verifier.key);
}

Status CheckCosignature(std::string_view line, std::string_view vkey, std::string_view note) {
  constexpr uint8_t kType = 0x04;
  const size_t first = vkey.find('+'), second = vkey.find('+', first + 1);
  if (first == vkey.npos || second == vkey.npos) return Bad("witness key is none");
  const std::string_view name = vkey.substr(0, first);
  ASSAY_ASSIGN(const ByteVector tagged, ParseBytes(vkey.substr(second + 1), 33));
  proof::PublicKey key;
  std::copy(tagged.begin() + 1, tagged.end(), key.begin());
  const std::array<uint8_t, 2> kind{0x0a, kType};
  const Digest hash = proof::Sha256({AsBytes(name), kind, key});
  if (tagged[0] != kType || name.empty() ||
      vkey.substr(first + 1, second - first - 1) != EncodeHex(ByteSpan(hash).first(4)))
    return Bad("witness key is of another type or has another id");
  const std::string start = fmt::format("\xe2\x80\x94 {} ", name);
  if (!line.starts_with(start)) return Bad("cosignature is of another name");
  ASSAY_ASSIGN(const ByteVector data, ParseBytes(line.substr(start.size()), 76));
  uint64_t seconds = 0;
  for (size_t i = 4; i < 12; ++i) seconds = seconds << 8 | data[i];
  proof::Signature signature;
  std::copy(data.begin() + 12, data.end(), signature.begin());
  const std::string message =
      fmt::format("cosignature/v1\ntime {}\n{}", seconds, note.substr(0, note.rfind("\n\n") + 1));
  if (!std::equal(data.begin(), data.begin() + 4, hash.begin()) ||
      !proof::VerifySignature(key, AsBytes(message), signature))
    return Bad("cosignature is wrong");
  return {};
}

}  // namespace assay::verify
