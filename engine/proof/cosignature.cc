#include "proof/cosignature.h"

#include <fmt/format.h>

#include <algorithm>

#include "proof/sha256.h"

namespace assay::proof {
namespace {

constexpr uint8_t kCosignature = 0x04;
constexpr size_t kTimeBytes = 8;

std::string MessageOf(std::string_view note_text, uint64_t time) {
  return fmt::format("cosignature/v1\ntime {}\n{}", time, note_text);
}

void AppendBigEndian(ByteVector& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<uint8_t>(value >> shift));
}

std::string LineOf(const NoteSignature& signature) {
  ByteVector bytes;
  AppendBigEndian(bytes, signature.key_id, 4);
  AppendBytes(bytes, signature.bytes);
  return fmt::format("\xe2\x80\x94 {} {}", signature.name, EncodeBase64(bytes));
}

Result<Cosignature> Verify(const Note& note, const NoteSignature& line, const Cosigner& cosigner) {
  const auto bad = [&] {
    return Fail(Code::kCorrupt, "cosignature of " + Quote(cosigner.name) + " is wrong");
  };
  Signature signature;
  if (line.bytes.size() != kTimeBytes + signature.size()) return bad();
  Cosignature out{line.name, 0, LineOf(line)};
  for (size_t i = 0; i < kTimeBytes; ++i) out.time = out.time << 8 | line.bytes[i];
  std::copy(line.bytes.begin() + kTimeBytes, line.bytes.end(), signature.begin());
  const std::string message = MessageOf(note.text, out.time);
  if (out.time >> 63 != 0 || !VerifySignature(cosigner.key, AsBytes(message), signature))
    return bad();
  return out;
}

}  // namespace

uint32_t Cosigner::Id() const {
  const std::array<uint8_t, 2> kind{0x0a, kCosignature};
  const Digest hash = Sha256({AsBytes(name), kind, key});
  return uint32_t{hash[0]} << 24 | uint32_t{hash[1]} << 16 | uint32_t{hash[2]} << 8 | hash[3];
}

std::string Cosigner::Encode() const {
  ByteVector tagged{kCosignature};
  AppendBytes(tagged, key);
  return fmt::format("{}+{:08x}+{}", name, Id(), EncodeBase64(tagged));
}

Result<Cosigner> Cosigner::Parse(std::string_view vkey) {
  const auto refuse = [&](const char* why) {
    return Fail(Code::kInvalidInput, "witness key " + Quote(vkey) + ": " + why);
  };
  const size_t first = vkey.find('+');
  const size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) return refuse("expected name+id+key");
  const auto tagged = ParseBase64(vkey.substr(second + 1));
  if (!tagged || tagged->size() != 33 || tagged->front() != kCosignature)
    return refuse("not an Ed25519 cosignature key (type 4)");
  Cosigner out{std::string(vkey.substr(0, first)), {}};
  std::copy(tagged->begin() + 1, tagged->end(), out.key.begin());
  if (!IsKeyName(out.name) || out.Encode() != vkey) return refuse("name or key id is wrong");
  return out;
}

Result<std::string> Cosign(std::string_view note_text, const std::string& name,
                           const SigningKey& key, uint64_t time) {
  if (!note_text.ends_with('\n') || !IsKeyName(name) || time >> 63 != 0)
    return Fail(Code::kInvalidInput, "cosignature: text, name or time is not allowed");
  ASSAY_ASSIGN(const Signature signature, key.Sign(AsBytes(MessageOf(note_text, time))));
  NoteSignature line{name, Cosigner{name, key.public_key()}.Id(), {}};
  AppendBigEndian(line.bytes, time, kTimeBytes);
  AppendBytes(line.bytes, signature);
  return LineOf(line);
}

Result<std::vector<Cosignature>> FindCosignatures(const Note& note, const Cosigner& cosigner) {
  std::vector<Cosignature> out;
  for (const NoteSignature& line : note.signatures) {
    if (line.name != cosigner.name || line.key_id != cosigner.Id()) continue;
    ASSAY_ASSIGN(Cosignature found, Verify(note, line, cosigner));
    out.push_back(std::move(found));
  }
  return out;
}

Result<std::vector<Cosignature>> ReadCosignatureLines(std::string_view note, std::string_view lines,
                                                      const Cosigner& cosigner) {
  ASSAY_ASSIGN(const Note parsed, ParseNote(std::string(note) + std::string(lines)));
  return FindCosignatures(parsed, cosigner);
}

}  // namespace assay::proof
