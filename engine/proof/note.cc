#include "proof/note.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "proof/sha256.h"

namespace assay::proof {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr uint8_t kEd25519 = 0x01;
constexpr size_t kMaxSignatures = 100;

tl::unexpected<Error> Refuse(const std::string& why) {
  return Fail(Code::kInvalidInput, "note: " + why);
}

// C2SP names Unicode spaces too: U+0085, U+00A0, U+1680, U+2000-200A, U+2028/9, U+202F, U+205F,
// U+3000.
bool HasUnicodeSpace(std::string_view name) {
  for (std::string_view space : {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8",
                                 "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"})
    if (name.find(space) != std::string_view::npos) return true;
  for (size_t at = 0; (at = name.find("\xe2\x80", at)) != std::string_view::npos; at += 2)
    if (at + 2 < name.size() && static_cast<uint8_t>(name[at + 2]) <= 0x8a) return true;
  return false;
}

Result<std::string> SignatureLine(std::string_view text, std::string_view name,
                                  const SigningKey& key) {
  ASSAY_ASSIGN(const Signature signature, key.Sign(AsBytes(text)));
  const uint32_t id = KeyId(name, key.public_key());
  ByteVector bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(id >> shift));
  AppendBytes(bytes, signature);
  return fmt::format("{}{} {}\n", kDash, name, EncodeBase64(bytes));
}

Result<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kDash)) return Refuse("signature line " + Quote(line) + " has no dash");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return Refuse("signature line has no signature");
  NoteSignature out;
  out.name = line.substr(0, space);
  if (!IsKeyName(out.name)) return Refuse("key name " + Quote(out.name) + " is not allowed");
  ASSAY_ASSIGN(ByteVector bytes, ParseBase64(line.substr(space + 1)));
  if (bytes.size() < 5) return Refuse("signature is too short");
  for (int i = 0; i < 4; ++i) out.key_id = out.key_id << 8 | bytes[static_cast<size_t>(i)];
  out.bytes.assign(bytes.begin() + 4, bytes.end());
  return out;
}

}  // namespace

bool IsKeyName(std::string_view name) {
  return !name.empty() && IsUtf8(name) && !HasUnicodeSpace(name) &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || c == '+' || c == 0x7f;
         });
}

uint32_t KeyId(std::string_view name, const PublicKey& key) {
  const std::array<uint8_t, 2> kind{0x0a, kEd25519};
  const Digest hash = Sha256({AsBytes(name), kind, key});
  return uint32_t{hash[0]} << 24 | uint32_t{hash[1]} << 16 | uint32_t{hash[2]} << 8 | hash[3];
}

std::string Verifier::Encode() const {
  ByteVector tagged{kEd25519};
  AppendBytes(tagged, key);
  return fmt::format("{}+{:08x}+{}", name, KeyId(name, key), EncodeBase64(tagged));
}

Result<Verifier> Verifier::Parse(std::string_view vkey) {
  const size_t first = vkey.find('+');
  const size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos)
    return Fail(Code::kInvalidInput, "verifier key " + Quote(vkey) + ": expected name+id+key");
  ASSAY_ASSIGN(const ByteVector tagged, ParseBase64(vkey.substr(second + 1)));
  if (tagged.size() != 33 || tagged[0] != kEd25519)
    return Fail(Code::kInvalidInput, "verifier key: not an Ed25519 key");
  Verifier out{std::string(vkey.substr(0, first)), {}};
  std::copy(tagged.begin() + 1, tagged.end(), out.key.begin());
  if (!IsKeyName(out.name) || out.Encode() != vkey)
    return Fail(Code::kInvalidInput, "verifier key " + Quote(vkey) + ": name or key id is wrong");
  return out;
}

Result<Note> ParseNote(std::string_view note) {
  if (!IsUtf8(note) || !note.ends_with('\n')) return Refuse("not text that ends with a newline");
  if (std::any_of(note.begin(), note.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; }))
    return Refuse("control character");
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return Refuse("no blank line before the signatures");
  Note out{std::string(note.substr(0, blank + 1)), {}};
  const std::string_view lines = note.substr(blank + 2);
  if (lines.empty()) return Refuse("no signature");
  for (std::string_view line : Split(lines.substr(0, lines.size() - 1), '\n')) {
    if (out.signatures.size() == kMaxSignatures) return Refuse("too many signatures");
    ASSAY_ASSIGN(NoteSignature signature, ParseSignatureLine(line));
    out.signatures.push_back(std::move(signature));
  }
  return out;
}

Result<std::string> SignNote(std::string_view text, std::string_view name, const SigningKey& key) {
  if (!text.ends_with('\n') || !IsKeyName(name)) return Refuse("text or key name is not allowed");
  ASSAY_ASSIGN(const std::string line, SignatureLine(text, name, key));
  return fmt::format("{}\n{}", text, line);
}

Result<std::string> CountersignNote(std::string_view note, std::string_view name,
                                    const SigningKey& key) {
  if (!IsKeyName(name)) return Refuse("key name is not allowed");
  ASSAY_ASSIGN(const Note parsed, ParseNote(note));
  ASSAY_ASSIGN(const std::string line, SignatureLine(parsed.text, name, key));
  return std::string(note) + line;
}

Status VerifyNote(const Note& note, const Verifier& verifier) {
  const uint32_t id = KeyId(verifier.name, verifier.key);
  bool found = false;
  for (const NoteSignature& line : note.signatures) {
    if (line.name != verifier.name || line.key_id != id) continue;
    Signature signature;
    const bool whole = line.bytes.size() == signature.size();
    if (whole) std::copy(line.bytes.begin(), line.bytes.end(), signature.begin());
    if (!whole || !VerifySignature(verifier.key, AsBytes(note.text), signature))
      return Fail(Code::kCorrupt, "note: signature of " + Quote(verifier.name) + " is wrong");
    found = true;
  }
  if (!found) return Fail(Code::kCorrupt, "note: not signed by " + Quote(verifier.name));
  return {};
}

std::string Checkpoint::ToText() const {
  return fmt::format("{}\n{}\n{}\n", origin, size, EncodeBase64(root));
}

Result<Checkpoint> Checkpoint::Parse(std::string_view text) {
  const std::vector<std::string_view> lines = Split(text, '\n');
  if (lines.size() != 4 || !lines[3].empty())
    return Fail(Code::kInvalidInput, "checkpoint: expected origin, size and root, one a line");
  Checkpoint out;
  out.origin = lines[0];
  const auto parsed = std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), out.size);
  if (parsed.ec != std::errc())
    return Fail(Code::kInvalidInput, "checkpoint: size " + Quote(lines[1]) + " is no number");
  ASSAY_ASSIGN(const ByteVector root, ParseBase64(lines[2]));
  ASSAY_ASSIGN(out.root, ToDigest(root));
  if (!IsKeyName(out.origin) || out.ToText() != text)
    return Fail(Code::kInvalidInput, "checkpoint: not in canonical form");
  return out;
}

Result<Checkpoint> OpenCheckpoint(std::string_view note, const Verifier& verifier) {
  ASSAY_ASSIGN(const Note parsed, ParseNote(note));
  ASSAY_TRY(VerifyNote(parsed, verifier));
  ASSAY_ASSIGN(Checkpoint checkpoint, Checkpoint::Parse(parsed.text));
  if (checkpoint.origin != verifier.name)
    return Fail(Code::kCorrupt, "checkpoint: of another origin " + Quote(checkpoint.origin));
  return checkpoint;
}

}  // namespace assay::proof
