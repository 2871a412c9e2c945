#include "assess/kept_files.h"

#include <fmt/format.h>

#include <set>

#include "assess/derive.h"
#include "assess/line.h"
#include "base/files.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

/// The bytes of a file, which must still be those that were loaded.
Result<std::vector<std::string>> ReadAgain(const UsedFile& file) {
  ASSAY_ASSIGN(const ByteVector bytes, ReadFile(file.path));
  const std::string digest = EncodeHex(proof::Sha256(bytes));
  if (digest != file.sha256)
    return Fail(Code::kUnavailable,
                fmt::format("plugin {}: {} changed while the run began: it had digest {}, now {}",
                            file.plugin, file.path.string(), file.sha256, digest));
  return std::vector<std::string>{std::string(AsText(bytes))};
}

}  // namespace

Result<KeptFiles> KeptFiles::Load(ledger::Ledger& ledger, std::optional<LeafIndex> newest) {
  KeptFiles out;
  out.newest_ = newest;
  for (std::optional<LeafIndex> at = newest; at;) {
    ASSAY_ASSIGN(const std::string text, ledger.ReadLine(*at));
    ASSAY_ASSIGN(const Line line, Line::Decode(text));
    const auto previous = LeafIndex{static_cast<uint64_t>(line.Int("previous"))};
    if (line.Text("kind") != "plugin.file" || (line.Has("previous") && previous >= *at))
      return Fail(
          Code::kCorrupt,
          fmt::format("entry {}: is no plugin.file that follows an earlier one", ToNumber(*at)));
    out.entries_[line.Text("sha256")] = *at;
    at = line.Has("previous") ? std::optional(previous) : std::nullopt;
  }
  return out;
}

std::optional<LeafIndex> KeptFiles::Find(const std::string& sha256) const {
  const auto at = entries_.find(sha256);
  return at == entries_.end() ? std::nullopt : std::optional(at->second);
}

Status KeptFiles::Keep(ledger::EntrySink& sink, const std::string& actor,
                       const std::vector<UsedFile>& files) {
  std::vector<const UsedFile*> fresh;
  std::set<std::string> taken;
  for (const UsedFile& file : files)
    if (!Find(file.sha256) && taken.insert(file.sha256).second) fresh.push_back(&file);
  ASSAY_ASSIGN(std::vector<ledger::BodyRef> bodies,
               PutTogether(sink, fresh.size(), [&](size_t i) { return ReadAgain(*fresh[i]); }));
  for (size_t i = 0; i < fresh.size(); ++i) {
    ledger::EntryDraft draft;
    draft.kind = "plugin.file";
    draft.actor = actor;
    draft.members = {{"plugin", fresh[i]->plugin}, {"sha256", fresh[i]->sha256}};
    if (newest_) draft.members.emplace("previous", ToNumber(*newest_));
    draft.body = std::move(bodies[i]);
    ASSAY_ASSIGN(const ledger::Appended appended, sink.Append(std::move(draft)).get());
    entries_[fresh[i]->sha256] = appended.index;
    newest_ = appended.index;
  }
  return {};
}

}  // namespace assay::assess
