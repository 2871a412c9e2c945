// What was derived from the lines and stored beside them: tiles, landmarks, head, signed
// checkpoints and their log.
#include <fmt/format.h>

#include "verify/verify.h"

namespace assay::verify {
namespace {

Status CountTiles(const Database& database, const Entries& entries, Report& report) {
  uint64_t stored = 0;
  ASSAY_TRY(database.Visit("SELECT count(*) FROM tile", [&](const Row& row) {
    stored = row.Number(0);
    return false;
  }));
  if (!entries.bad_tiles.empty()) report.Find(entries.bad_tiles.begin()->second);
  if (stored != entries.tiles)
    report.Find("ledger.db table tile",
                fmt::format("{} are stored, the entries fill {}", stored, entries.tiles));
  return {};
}

Status CompareLandmarks(const Database& database, const Entries& entries, Report& report) {
  const auto& wanted = entries.facts.landmarks;
  size_t at = 0;
  bool same = true;
  ASSAY_TRY(database.Visit("SELECT idx, kind FROM landmark ORDER BY idx", [&](const Row& row) {
    same = at < wanted.size() && wanted[at].first == row.Number(0) &&
           wanted[at].second == AsText(row.Bytes(1));
    ++at;
    return same;
  }));
  if (!same || at != wanted.size())
    report.Find("ledger.db table landmark", "not the landmarks of the lines");
  return {};
}

void CompareHead(const Row& row, const Entries& entries, Report& report) {
  const uint64_t count = entries.size, size = row.Number(0), first = std::min(size, count);
  const Digest root = entries.tree.Root();
  const ByteVector frontier = entries.tree.Encode();
  const uint64_t last = count == 0 ? 0 : count - 1;
  if (size != count)
    report.Find(fmt::format("entry {}", first),
                fmt::format("head is at {} entries, {} are stored", size, count), first);
  else if (row.Copy(1) != ByteVector(root.begin(), root.end()) || row.Copy(3) != frontier)
    report.Find(fmt::format("entry {}", last), "head is not the root of the stored entries", last);
  else if (row.Number(2) != entries.facts.keys.epoch())
    report.Find("ledger.db table head", "epoch is not that of the last entry");
}

Status CheckHead(const Database& database, const Entries& entries, Report& report) {
  bool found = false;
  ASSAY_TRY(database.Visit("SELECT size, root, epoch, frontier FROM head", [&](const Row& row) {
    found = true;
    CompareHead(row, entries, report);
    return false;
  }));
  if (!found) report.Find("ledger.db table head", "head row is missing");
  return {};
}

Status CheckNote(uint64_t size, const std::string& note, uint64_t before, const Entries& entries,
                 Report& report) {
  const std::string place = fmt::format("checkpoint {}", size);
  const KeyChain& keys = entries.facts.keys;
  ASSAY_ASSIGN(const proof::Checkpoint said, keys.Open(note, keys.Signers(size, before)));
  if (said.size != size) return Fail(Code::kCorrupt, "note is of another size");
  const auto root = entries.roots.find(size);
  if (size > entries.size || root == entries.roots.end())
    report.Find(place, "signed head is beyond the entries", entries.size);
  else if (root->second != said.root)
    report.Find(place, "signed root is not that of the stored entries", before);
  return {};
}

// Where the log stops being the stored checkpoints: signed by the ledger's key or not, of more
// entries than are stored or not.
void CheckStrangeNote(const std::string& rest, const Entries& entries, Report& report) {
  const size_t blank = rest.find("\n\n");
  const std::string note =
      blank == rest.npos ? rest : rest.substr(0, rest.find("\n\n", blank + 2) + 1);
  const KeyChain& keys = entries.facts.keys;
  const auto mark = keys.Open(note, keys.Signers(UINT64_MAX, UINT64_MAX));
  if (mark && mark->size > entries.size)
    return report.Find("checkpoints.log",
                       fmt::format("TRUNCATED: signed head of {} entries, {} are stored",
                                   mark->size, entries.size),
                       entries.size);
  report.Find("checkpoints.log", mark ? "FORKED, or a note is missing" : mark.error().message);
}

}  // namespace

void CheckTables(const Database& database, const Entries& entries, Report& report) {
  for (const auto step : {CountTiles, CompareLandmarks, CheckHead})
    if (const Status read = step(database, entries, report); !read)
      report.Find("ledger.db", read.error().message);
}

void CheckNotes(const Facts::Notes& notes, const Entries& entries, Report& report) {
  report.checkpoints = notes.size();
  if (notes.empty()) report.Find("ledger.db table checkpoint", "no checkpoint was ever signed");
  uint64_t before = 0;
  for (const auto& [size, note] : notes) {
    if (const Status good = CheckNote(size, note, before, entries, report); !good)
      report.Find(fmt::format("checkpoint {}", size), good.error().message);
    if (!report.ok) return;
    before = size;
  }
}

void CheckLog(const NoteLog& note_log, const Facts::Notes& notes, const Entries& entries,
              Report& report) {
  if (!note_log.read) return report.Find("checkpoints.log", note_log.read.error().message);
  size_t at = 0, whole = 0;
  for (const auto& [size, note] : notes) whole += note.size() + 1;
  const std::string log = note_log.At(whole);
  for (auto note = notes.begin(); note != notes.end(); ++note) {
    const std::string form = note->second + '\n';
    const std::string_view rest = std::string_view(log).substr(at);
    if (rest.starts_with(form))
      at += form.size();
    else if (std::next(note) == notes.end() && form.starts_with(rest))
      return;  // a crash between the database and the log
    else
      return CheckStrangeNote(std::string(rest), entries, report);
  }
  if (at < log.size()) CheckStrangeNote(log.substr(at), entries, report);
}

}  // namespace assay::verify
