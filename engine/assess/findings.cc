#include "assess/findings.h"

#include <fmt/format.h>

#include <cstring>

#include "assess/line.h"
#include "base/text.h"
#include "proof/sha256.h"

namespace assay::assess {
namespace {

constexpr size_t kPerEntry = 20'000;  // pending findings held before they are written

}  // namespace

FindingRegister::Key FindingRegister::KeyOf(const std::string& check, const std::string& subject) {
  const Digest digest = proof::Sha256(AsBytes(check + '\n' + subject));
  Key key;
  std::memcpy(&key.high, digest.data(), sizeof key.high);
  std::memcpy(&key.low, digest.data() + sizeof key.high, sizeof key.low);
  return key;
}

Result<FindingRegister> FindingRegister::Load(ledger::Ledger& ledger,
                                              std::optional<LeafIndex> last) {
  FindingRegister out;
  out.last_ = last;
  uint64_t committed = 0;  // numbers are given without gaps: those of erased findings count
  for (std::optional<LeafIndex> at = last; at;) {
    ASSAY_ASSIGN(const std::string text, ledger.ReadLine(*at));
    ASSAY_ASSIGN(const Line line, Line::Decode(text));
    if (line.Text("kind") != "finding.opened")
      return Fail(Code::kCorrupt, fmt::format("entry {}: expected finding.opened", ToNumber(*at)));
    committed += static_cast<uint64_t>(line.Int("count"));
    ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(*at));
    out.has_gaps_ = out.has_gaps_ || !body.absent.empty() || !body.absent_segments.empty();
    for (size_t i = 0; i < body.segments.size(); ++i) {
      if (body.absent_segments.contains(i)) continue;
      ASSAY_ASSIGN(const Line finding, Line::Decode(AsText(body.segments[i])));
      const auto number = static_cast<uint64_t>(finding.Int("finding"));
      out.numbers_[KeyOf(finding.Text("check"), finding.Text("subject"))] = number;
      out.next_ = std::max(out.next_, number + 1);
    }
    const bool more = line.Has("previous");
    const auto previous = LeafIndex{static_cast<uint64_t>(line.Int("previous"))};
    if (more && previous >= *at)
      return Fail(Code::kCorrupt, fmt::format("entry {}: points forward", ToNumber(*at)));
    at = more ? std::optional<LeafIndex>(previous) : std::nullopt;
  }
  out.next_ = std::max(out.next_, committed + 1);
  return out;
}

std::optional<uint64_t> FindingRegister::Find(const std::string& check,
                                              const std::string& subject) const {
  const auto at = numbers_.find(KeyOf(check, subject));
  return at == numbers_.end() ? std::nullopt : std::optional<uint64_t>(at->second);
}

uint64_t FindingRegister::NumberOf(const std::string& check, const std::string& subject) {
  const auto [at, opened] = numbers_.try_emplace(KeyOf(check, subject), next_);
  if (!opened) return at->second;
  ++next_;
  ++opened_;
  pending_.push_back(fmt::format("{{\"check\":{},\"finding\":{},\"subject\":{}}}",
                                 JsonString(check), at->second, JsonString(subject)));
  return at->second;
}

Status FindingRegister::Commit(ledger::EntrySink& ledger, const std::string& run, bool all) {
  if (pending_.empty() || (!all && pending_.size() < kPerEntry)) return {};
  ledger::EntryDraft draft;
  draft.kind = "finding.opened";
  draft.members = {{"run", run}, {"count", uint64_t{pending_.size()}}};
  if (last_) draft.members.emplace("previous", ToNumber(*last_));
  ASSAY_ASSIGN(draft.body, ledger.PutSegments(pending_));
  pending_.clear();
  ASSAY_ASSIGN(const ledger::Appended appended, ledger.AppendDurably(std::move(draft)));
  last_ = appended.index;
  return {};
}

}  // namespace assay::assess
