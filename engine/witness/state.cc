#include "witness/state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "proof/tree.h"

namespace assay::witness {
namespace {

constexpr size_t kMaxFile = 1u << 20;
constexpr int kMaxKeptLines = 8;

Answer Refuse(int status, const std::string& why) {
  return {status, "text/plain; charset=utf-8", why + "\n"};
}
Answer SizeConflict(uint64_t size) { return {409, "text/x.tlog.size", fmt::format("{}\n", size)}; }

struct Submission {
  uint64_t old_size = 0;
  std::vector<Digest> path;
  std::string note;
};

// Decimal without leading zeroes, below 2^63.
std::optional<uint64_t> ParseSize(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || std::to_string(value) != text || value >> 63 != 0)
    return std::nullopt;
  return value;
}

// "old N", proof lines, an empty line, the note.
Result<Submission> ParseSubmission(std::string_view body) {
  const auto bad = [](const std::string& why) { return Fail(Code::kInvalidInput, why); };
  const size_t blank = body.find("\n\n");
  if (!body.starts_with("old ") || blank == std::string_view::npos)
    return bad("expected a line \"old SIZE\", proof lines, an empty line and a checkpoint");
  std::vector<std::string_view> lines = Split(body.substr(0, blank), '\n');
  Submission out;
  const auto size = ParseSize(lines[0].substr(4));
  if (!size) return bad("old size is no number");
  out.old_size = *size;
  if (lines.size() - 1 > kMaxProofLines) return bad("more than 63 proof lines");
  for (size_t i = 1; i < lines.size(); ++i) {
    ASSAY_ASSIGN(const ByteVector bytes, ParseBase64(lines[i]));
    ASSAY_ASSIGN(Digest hash, ToDigest(bytes));
    out.path.push_back(hash);
  }
  out.note = body.substr(blank + 2);
  return out;
}

// The ledger's own signature lines, a few of them: what others wrote beside is not kept.
std::string LinesOf(std::string_view lines, const std::string& origin) {
  std::string out;
  int count = 0;
  for (std::string_view line : Split(lines, '\n'))
    if (line.starts_with("\xe2\x80\x94 " + origin + " ") && count++ < kMaxKeptLines)
      out += std::string(line) + "\n";
  return out;
}

// Growth from what is known. Nothing known: everything grows from nothing, without a proof.
std::optional<Answer> CheckGrowth(const Submission& submission,
                                  const std::optional<proof::Checkpoint>& known,
                                  const proof::Checkpoint& head) {
  const uint64_t known_size = known ? known->size : 0;
  if (submission.old_size > head.size) return Refuse(400, "old size is above that of the head");
  if (submission.old_size != known_size) return SizeConflict(known_size);
  if (!known) {
    if (submission.path.empty()) return std::nullopt;
    return Refuse(422, "a proof from nothing is empty");
  }
  if (known->size == head.size && known->root != head.root) return SizeConflict(known_size);
  const Status grows = proof::VerifyConsistency(proof::TreeKind::kEntry, known->size, known->root,
                                                head.size, head.root, submission.path);
  if (!grows) return Refuse(422, grows.error().message);
  return std::nullopt;
}

}  // namespace

Status Witness::Create(const std::filesystem::path& folder, const std::string& name) {
  if (!proof::IsKeyName(name))
    return Fail(Code::kInvalidInput, "witness name " + Quote(name) + ": empty, space or plus sign");
  std::error_code error;
  if (std::filesystem::exists(folder / "witness.key", error))
    return Fail(Code::kAlreadyExists, folder.string() + ": holds a witness already");
  std::filesystem::create_directories(folder / "heads", error);
  if (error || ::chmod(folder.c_str(), 0700) != 0)
    return Fail(Code::kIo, folder.string() + ": cannot be made");
  ASSAY_ASSIGN(const proof::SigningKey key, proof::SigningKey::Generate());
  ASSAY_ASSIGN(std::string pem, key.ToPem());
  const Status written = WriteFileDurably(folder / "witness.key", AsBytes(pem));
  proof::Wipe(pem);
  ASSAY_TRY(written);
  ASSAY_TRY(WriteFileDurably(folder / "name", AsBytes(name + "\n")));
  return WriteFileDurably(folder / "ledgers", AsBytes("# one verifier key a line\n"));
}

Result<std::unique_ptr<Witness>> Witness::Open(const std::filesystem::path& folder,
                                               const Clock& clock) {
  ASSAY_ASSIGN(ByteVector pem, ReadFile(folder / "witness.key", kMaxFile));
  auto key = proof::SigningKey::FromPem(AsText(pem));
  proof::Wipe(pem);
  if (!key) return Fail(std::move(key.error()));
  ASSAY_ASSIGN(const ByteVector name, ReadFile(folder / "name", kMaxFile));
  const std::string trimmed(Trim(AsText(name)));
  if (!proof::IsKeyName(trimmed)) return Fail(Code::kInvalidInput, "file name: no key name");
  UniqueFd lock(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return Fail(ErrnoError((folder / "lock").string()));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Fail(Code::kUnavailable, folder.string() + ": another process is this witness");
  return std::unique_ptr<Witness>(
      new Witness(folder, trimmed, std::move(*key), std::move(lock), clock));
}

Result<std::vector<proof::Verifier>> Witness::KeysOf(std::string_view origin) const {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(folder_ / "ledgers", kMaxFile));
  std::vector<proof::Verifier> out;
  for (std::string_view line : Split(AsText(bytes), '\n')) {
    line = Trim(line);
    if (line.empty() || line.front() == '#') continue;
    ASSAY_ASSIGN(proof::Verifier verifier, proof::Verifier::Parse(line));
    if (verifier.name == origin) out.push_back(std::move(verifier));
  }
  return out;
}

std::filesystem::path Witness::HeadFile(std::string_view origin) const {
  return folder_ / "heads" / (EncodeHex(proof::Sha256(AsBytes(origin))) + ".note");
}

Result<std::optional<std::string>> Witness::ReadHead(std::string_view origin) const {
  auto bytes = ReadFile(HeadFile(origin), kMaxFile);
  if (!bytes && bytes.error().code == Code::kNotFound) return std::optional<std::string>();
  if (!bytes) return Fail(std::move(bytes.error()));
  return std::optional(std::string(AsText(*bytes)));
}

Answer Witness::AddCheckpoint(std::string_view body) {
  if (body.size() > kMaxRequestBytes) return Refuse(413, "request is too long");
  const std::lock_guard lock(mutex_);
  auto answer = Decide(body);
  if (answer) return std::move(*answer);
  return answer.error().code == Code::kInvalidInput ? Refuse(400, answer.error().message)
                                                    : Refuse(500, answer.error().message);
}

Result<Answer> Witness::Decide(std::string_view body) {
  ASSAY_ASSIGN(const Submission submission, ParseSubmission(body));
  ASSAY_ASSIGN(const proof::Note note, proof::ParseNote(submission.note));
  ASSAY_ASSIGN(const proof::Checkpoint head, proof::Checkpoint::Parse(note.text));
  auto keys = KeysOf(head.origin);
  if (!keys) return Fail(Code::kIo, "file ledgers: " + keys.error().message);
  if (keys->empty()) return Refuse(404, "this origin is not served");
  const bool trusted = std::any_of(keys->begin(), keys->end(), [&](const proof::Verifier& key) {
    return proof::VerifyNote(note, key).has_value();
  });
  if (!trusted) return Refuse(403, "no signature of a known key");
  ASSAY_ASSIGN(const std::optional<std::string> stored, ReadHead(head.origin));
  std::optional<proof::Checkpoint> known;
  if (stored) {
    const auto parsed = proof::ParseNote(*stored);
    auto kept = parsed ? proof::Checkpoint::Parse(parsed->text)
                       : Result<proof::Checkpoint>(Fail(parsed.error()));
    if (!kept) return Fail(Code::kCorrupt, "the stored head cannot be read");
    known = std::move(*kept);
  }
  if (auto refused = CheckGrowth(submission, known, head)) return std::move(*refused);
  const auto now = static_cast<uint64_t>(ToUnixMs(clock_.Now()) / 1000);
  ASSAY_ASSIGN(const std::string line, proof::Cosign(note.text, name_, key_, now));
  const std::string lines = submission.note.substr(note.text.size() + 1);
  const std::string kept = note.text + "\n" + LinesOf(lines, head.origin) + line + "\n";
  if (Status written = WriteFileDurably(HeadFile(head.origin), AsBytes(kept)); !written)
    return Fail(Code::kIo, written.error().message);
  return Answer{200, "text/plain; charset=utf-8", line + "\n"};
}

Answer Witness::NewestNote(std::string_view origin) {
  const std::lock_guard lock(mutex_);
  const auto note = ReadHead(origin);
  if (!note) return Refuse(500, note.error().message);
  if (!*note) return Refuse(404, "no checkpoint of this origin");
  return {200, "text/plain; charset=utf-8", **note};
}

}  // namespace assay::witness
