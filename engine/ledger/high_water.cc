#include "ledger/high_water.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/chain.h"

namespace assay::ledger {
namespace {

constexpr char kWayOut[] =
    "nothing is appended to it; assay ledger recover --dry-run says what is missing";

tl::unexpected<Error> Truncated(uint64_t signed_size, uint64_t size, const std::string& by) {
  return Fail(Error{Code::kCorrupt,
                    fmt::format("ledger.db: TRUNCATED, checkpoints.log has a signed head of {} "
                                "entries{} and the database has {}",
                                signed_size, by, size),
                    {},
                    kWayOut,
                    {},
                    "AS-LED-003"});
}

tl::unexpected<Error> Forked(uint64_t signed_size) {
  return Fail(Error{Code::kCorrupt,
                    fmt::format("ledger.db: FORKED, the signed head of {} entries in "
                                "checkpoints.log is of another history",
                                signed_size),
                    {},
                    kWayOut,
                    {},
                    "AS-LED-004"});
}

Result<proof::Checkpoint> ReadUnverified(const std::string& note) {
  ASSAY_ASSIGN(const proof::Note parsed, proof::ParseNote(note));
  return proof::Checkpoint::Parse(parsed.text);
}

Result<uint64_t> StoredSize(LedgerStore& store) {
  ASSAY_ASSIGN(const std::optional<StoredHead> head, store.ReadHead());
  return head ? head->size : 0;
}

Result<bool> Contains(LedgerStore& store, const proof::Checkpoint& checkpoint) {
  ASSAY_ASSIGN(const std::optional<StoredHead> head, store.ReadHead());
  if (checkpoint.size > (head ? head->size : 0)) return false;
  ASSAY_ASSIGN(const Digest root,
               StoredRootAt(store, head.value_or(StoredHead{}), checkpoint.size));
  return root == checkpoint.root;
}

enum class Signed { kGood, kWrong, kUnknownKey };

// By any key that the ledger ever named, under the name that the note itself has.
Signed SignatureOf(const std::string& note, const std::string& name,
                   const std::vector<proof::PublicKey>& keys) {
  const auto parsed = proof::ParseNote(note);
  if (!parsed) return Signed::kWrong;
  Signed out = Signed::kUnknownKey;
  for (const proof::PublicKey& key : keys) {
    if (proof::VerifyNote(*parsed, {name, key})) return Signed::kGood;
    for (const proof::NoteSignature& line : parsed->signatures)
      if (line.name == name && line.key_id == proof::KeyId(name, key)) out = Signed::kWrong;
  }
  return out;
}

std::vector<proof::PublicKey> KeysOf(const proof::KeyHistory& history) {
  std::vector<proof::PublicKey> out;
  for (const proof::KeyStep& step : history.steps()) out.push_back(step.verifier.key);
  return out;
}

// A key that came into force in the lost part is not known here: its notes count as a mark too. A
// head of a lost epoch bears another name, which is a fork and no bad signature.
Status CheckNewest(LedgerStore& store, const std::string& note, const proof::KeyHistory& keys) {
  const auto corrupt = [](const Error& error) {
    return Fail(Code::kCorrupt, "checkpoints.log: " + error.message);
  };
  const auto mark = ReadUnverified(note);
  if (!mark) return corrupt(mark.error());
  ASSAY_ASSIGN(const uint64_t size, StoredSize(store));
  const Signed by = SignatureOf(note, mark->origin, KeysOf(keys));
  const auto verified = keys.OpenNote(note, mark->size);
  if (mark->size > size && by != Signed::kWrong)
    return Truncated(mark->size, size,
                     by == Signed::kGood ? "" : " by a key that it does not name");
  ASSAY_ASSIGN(const bool contained, Contains(store, *mark));
  if (!contained && by == Signed::kGood) return Forked(mark->size);
  return verified ? Status{} : corrupt(verified.error());
}

// A crash after epoch.started and before the lost notes were taken out of the log: the newest step
// is that epoch, no head of it is signed, and the log ends within what the entry says is lost.
Result<bool> EpochIsUnfinished(LedgerStore& store, const std::string& last_note,
                               const std::vector<StoredNote>& newest,
                               const proof::KeyHistory& keys) {
  const proof::KeyStep* step = keys.Newest();
  if (step == nullptr || step->kind != "epoch.started") return false;
  if (!newest.empty() && newest[0].size > step->index) return false;
  ASSAY_ASSIGN(const std::string line, ReadOneLine(store, step->index));
  ASSAY_ASSIGN(const LineFacts facts, ParseLine(line));
  ASSAY_ASSIGN(const int64_t known, proof::IntegerAt(facts.members, "known_size"));
  const auto mark = ReadUnverified(last_note);
  return mark && mark->size <= static_cast<uint64_t>(known);
}

tl::unexpected<Error> Disagree() {
  return Fail(Error{Code::kCorrupt,
                    "checkpoints.log: does not end with the newest stored checkpoint",
                    {},
                    kWayOut,
                    {},
                    "AS-LED-005"});
}

// A crash between row and log leaves the note before the last and any part of the last one; one
// that is whole may still be in memory only, and others are about to be written after it.
Result<bool> CompleteNewest(LedgerStore& store, const std::vector<StoredNote>& newest,
                            CheckpointLog& log, const proof::KeyHistory& keys) {
  if (newest.empty()) return false;
  const std::string before = newest.size() > 1 ? newest[1].note : std::string();
  ASSAY_ASSIGN(const std::optional<size_t> part, log.PartOf(before, newest[0].note));
  if (!part) return false;
  ASSAY_TRY(CheckNewest(store, newest[0].note, keys));
  ASSAY_TRY(log.Append(newest[0].note, *part));
  return true;
}

// The heads of one ledger bear its origin, with or without an epoch; the key is any of those given.
Status CheckKnown(const KnownHead& head, const proof::KeyHistory& keys,
                  const std::vector<proof::PublicKey>& also) {
  const std::string& name = head.checkpoint.origin;
  if (name != keys.origin() && !name.starts_with(keys.origin() + "/epoch-"))
    return Fail(Code::kInvalidInput, "checkpoint: of another origin " + Quote(name));
  std::vector<proof::PublicKey> candidates = KeysOf(keys);
  candidates.insert(candidates.end(), also.begin(), also.end());
  if (SignatureOf(head.note, name, candidates) == Signed::kGood) return {};
  return Fail(Code::kCorrupt,
              fmt::format("checkpoint of {} entries: signed by no key that is known",
                          head.checkpoint.size));
}

}  // namespace

Status RewriteLog(LedgerStore& store, CheckpointLog& log) {
  std::vector<std::string> kept;
  ASSAY_TRY(store.VisitNotes([&](const StoredNote& note) -> Status {
    kept.push_back(note.note);
    return {};
  }));
  return log.Replace(kept);
}

Status CheckMark(LedgerStore& store, const CheckpointLog& log, const proof::KeyHistory& keys) {
  ASSAY_ASSIGN(const CheckpointLog::Content end, log.ReadEnd());
  return end.notes.empty() ? Status{} : CheckNewest(store, end.notes.back(), keys);
}

Status CompareWithLog(LedgerStore& store, CheckpointLog& log, const proof::KeyHistory& keys) {
  ASSAY_ASSIGN(const std::vector<StoredNote> newest, store.NewestNotes(2));
  ASSAY_ASSIGN(const bool is_complete, CompleteNewest(store, newest, log, keys));
  if (is_complete) return {};
  ASSAY_ASSIGN(const CheckpointLog::Content end, log.ReadEnd());
  if (end.notes.empty()) return newest.empty() && end.rest.empty() ? Status{} : Status(Disagree());
  Status mark = CheckNewest(store, end.notes.back(), keys);
  if (mark) return Disagree();
  ASSAY_ASSIGN(const bool unfinished, EpochIsUnfinished(store, end.notes.back(), newest, keys));
  return unfinished ? RewriteLog(store, log) : mark;
}

Result<std::vector<KnownHead>> FindLost(LedgerStore& store, const CheckpointLog& log,
                                        const proof::KeyHistory& keys,
                                        const std::vector<proof::PublicKey>& also,
                                        const std::vector<std::string>& others) {
  ASSAY_ASSIGN(const CheckpointLog::Content content, log.Read());
  std::vector<std::string> notes = content.notes;
  notes.insert(notes.end(), others.begin(), others.end());
  std::vector<KnownHead> out;
  for (std::string& note : notes) {
    ASSAY_ASSIGN(proof::Checkpoint checkpoint, ReadUnverified(note));
    ASSAY_ASSIGN(const bool contained, Contains(store, checkpoint));
    if (contained) continue;
    KnownHead head{std::move(checkpoint), std::move(note)};
    ASSAY_TRY(CheckKnown(head, keys, also));
    const bool again = std::any_of(out.begin(), out.end(),
                                   [&](const KnownHead& one) { return one.note == head.note; });
    if (!again) out.push_back(std::move(head));
  }
  std::stable_sort(out.begin(), out.end(), [](const KnownHead& a, const KnownHead& b) {
    return a.checkpoint.size < b.checkpoint.size;
  });
  return out;
}

}  // namespace assay::ledger
