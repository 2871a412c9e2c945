#include "assess/kept_files.h"

#include <fmt/format.h>

#include <set>

#include "assess/derive.h"
#include "assess/line.h"

namespace assay::assess {

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
               PutTogether(sink, fresh.size(), [&](size_t i) -> Result<std::vector<std::string>> {
                 return std::vector<std::string>{std::string(AsText(fresh[i]->bytes))};
               }));
  for (size_t i = 0; i < fresh.size(); ++i) {
    ledger::EntryDraft draft;
    draft.kind = "plugin.file";
    draft.actor = actor;
    draft.members = {{"plugin", fresh[i]->plugin}, {"sha256", fresh[i]->sha256}};
    if (newest_) draft.members.emplace("previous", ToNumber(*newest_));
    draft.body = std::move(bodies[i]);
    ASSAY_ASSIGN(const ledger::Appended appended, sink.AppendDurably(std::move(draft)));
    entries_[fresh[i]->sha256] = appended.index;
    newest_ = appended.index;
  }
  return {};
}

}  // namespace assay::assess
