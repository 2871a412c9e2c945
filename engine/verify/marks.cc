// What was derived from the lines and stored beside them: tiles, head, signed checkpoints, log.
#include <fmt/format.h>

#include "base/files.h"
#include "proof/tile.h"
#include "verify/verify.h"

namespace assay::verify {
namespace {

using proof::kTileWidth;

constexpr size_t kMaxLog = size_t{1} << 30;

void CompareTile(proof::TileId id, std::span<const Digest> wanted, const ByteVector* stored,
                 Report& report) {
  const std::string name = proof::TilePath(id);
  if (stored == nullptr || stored->size() != proof::kTileBytes)
    return report.Find(name, "tile is missing or has a wrong length");
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (std::equal(wanted[i].begin(), wanted[i].end(), stored->begin() + 32 * i)) continue;
    return report.Find(name, fmt::format("hash {} is another", i),
                       (id.index * kTileWidth + i) << (proof::kTileBits * id.level));
  }
}

void CheckStrangeNote(const std::string& rest, const Entries& entries, const std::string& message,
                      Report& report) {
  const size_t blank = rest.find("\n\n");
  const std::string note = rest.substr(0, rest.find("\n\n", blank + 2) + 1);
  auto mark = entries.verifier ? proof::OpenCheckpoint(note, *entries.verifier)
                               : Fail(Code::kCorrupt, message);
  if (mark && mark->size > entries.tree.size())
    return report.Find("checkpoints.log",
                       fmt::format("TRUNCATED: signed head of {} entries, {} are stored",
                                   mark->size, entries.tree.size()),
                       entries.tree.size());
  report.Find("checkpoints.log", mark ? "FORKED: " + message : mark.error().message);
}

}  // namespace

void CheckTiles(const Database& database, const Entries& entries, Report& report) {
  std::map<std::pair<unsigned, uint64_t>, ByteVector> stored;
  const Status read = database.Query("SELECT level, idx, hashes FROM tile", [&](const Row& row) {
    stored[{static_cast<unsigned>(row.Number(0)), row.Number(1)}] = row.Copy(2);
    return true;
  });
  if (!read) report.Find("ledger.db", read.error().message);
  size_t count = 0;
  std::vector<Digest> hashes = entries.leaves, above;
  for (unsigned level = 0; hashes.size() >= kTileWidth;
       ++level, hashes = std::exchange(above, {})) {
    for (uint64_t index = 0; (index + 1) * kTileWidth <= hashes.size(); ++index, ++count) {
      const auto wanted = std::span(hashes).subspan(index * kTileWidth, kTileWidth);
      above.push_back(proof::RootOf(proof::TreeKind::kEntry, {wanted.begin(), wanted.end()}));
      const auto found = stored.find({level, index});
      CompareTile({level, index}, wanted, found == stored.end() ? nullptr : &found->second, report);
    }
  }
  if (count != stored.size())
    report.Find("ledger.db",
                fmt::format("{} tiles are stored, the entries fill {}", stored.size(), count));
}

void CheckHead(const Database& database, const Entries& entries, Report& report) {
  const uint64_t count = entries.tree.size();
  bool found = false;
  const auto compare = [&](const Row& row) {
    found = true;
    const Digest root = entries.tree.Root();
    const ByteVector frontier = entries.tree.Encode();
    const bool same =
        row.Copy(1) == ByteVector(root.begin(), root.end()) && row.Copy(3) == frontier;
    const uint64_t first = std::min(row.Number(0), count), last = count == 0 ? 0 : count - 1;
    if (row.Number(0) != count)
      report.Find(fmt::format("entry {}", first),
                  fmt::format("head is at {} entries, {} are stored", row.Number(0), count), first);
    else if (!same)
      report.Find(fmt::format("entry {}", last), "head is not the root of the stored entries",
                  report.first_bad.value_or(last));
    else if (row.Number(2) != entries.epoch)
      report.Find("ledger.db", "epoch is not that of the last entry");
    return false;
  };
  const Status read = database.Query("SELECT size, root, epoch, frontier FROM head", compare);
  if (!read || !found)
    report.Find("ledger.db", read ? "head row is missing" : read.error().message);
}

std::vector<Mark> ReadMarks(const Database& database, Report& report) {
  std::vector<Mark> out;
  const Status read =
      database.Query("SELECT size, note FROM checkpoint ORDER BY size", [&](const Row& row) {
        out.push_back({row.Number(0), std::string(AsText(row.Bytes(1)))});
        return true;
      });
  if (!read) report.Find("ledger.db", read.error().message);
  return out;
}

void CheckMarks(const std::vector<Mark>& marks, const Entries& entries, Report& report) {
  report.checkpoints = marks.size();
  if (marks.empty()) report.Find("ledger.db", "no checkpoint was ever signed");
  uint64_t good = 0;
  for (const Mark& mark : marks) {
    const std::string place = fmt::format("checkpoint {}", mark.size);
    auto said = entries.verifier ? proof::OpenCheckpoint(mark.note, *entries.verifier)
                                 : Fail(Code::kCorrupt, "no key to verify it with");
    const auto root = entries.roots.find(mark.size);
    if (!said || said->size != mark.size) {
      report.Find(place, said ? "note is of another size" : said.error().message);
    } else if (root == entries.roots.end()) {
      report.Find(place, "signed head is beyond the entries", entries.tree.size());
    } else if (root->second != said->root) {
      if (!report.first_bad || *report.first_bad >= mark.size) report.first_bad = good;
      report.Find(place, "signed root is not that of the stored entries");
    } else {
      good = mark.size;
    }
  }
}

void CheckLog(const std::filesystem::path& path, const std::vector<Mark>& marks,
              const Entries& entries, Report& report) {
  auto content = ReadFile(path, kMaxLog);
  if (!content && content.error().code != Code::kNotFound)
    return report.Find("checkpoints.log", content.error().message);
  std::string rest = content ? std::string(AsText(*content)) : std::string();
  for (const Mark& mark : marks) {
    const std::string form = mark.note + '\n';
    if (rest.starts_with(form))
      rest.erase(0, form.size());
    else if (&mark == &marks.back() && form.starts_with(rest))
      return;  // a crash between the database and the log
    else
      return CheckStrangeNote(rest, entries, "is not the stored checkpoint or is missing", report);
  }
  if (!rest.empty()) CheckStrangeNote(rest, entries, "bytes after the last note", report);
}

}  // namespace assay::verify
