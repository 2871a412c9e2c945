#include "assess/earlier.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/line.h"
#include "base/text.h"

namespace assay::assess {
namespace {

constexpr int kMostRuns = 4;
constexpr size_t kMostBytes = 256u << 10;

bool Compares(const CheckSpec& check) {
  return check.params.contains(std::string(kPreviousParameter));
}

/// Takes the lines of a ledger from the newest to the oldest.
class Search {
 public:
  explicit Search(const std::vector<CheckSpec>& checks) {
    for (const CheckSpec& check : checks)
      if (Compares(check)) wanted_[check.id] = check.version;
  }

  bool ended() const { return ended_ || wanted_.empty(); }

  void Take(LeafIndex index, const Line& line) {
    const std::string kind = line.Text("kind");
    if (kind == "run.finished") {
      const std::string outcome = line.Text("outcome");
      run_ = outcome == "complete" || outcome == "incomplete" ? line.Text("run") : "";
    }
    if (run_.empty() || line.Text("run") != run_) return;
    if (kind == "run.started") ended_ = found_.size() == wanted_.size() || ++runs_ == kMostRuns;
    if (kind == "check") TakeCheck(index, line);
    if (kind == "check.part" && line.Text("check") == open_) AddBody(index, line);
  }

  std::map<std::string, EarlierCheck> found() && { return std::move(found_); }

 private:
  void TakeCheck(LeafIndex index, const Line& line) {
    const std::string check = line.Text("check");
    open_.clear();
    const auto wanted = wanted_.find(check);
    int64_t subjects = 0;
    for (const auto& [verdict, count] : line.Counts("counts")) subjects += count;
    if (wanted == wanted_.end() || subjects == 0 || found_.contains(check) ||
        line.Int("check_version") != static_cast<int64_t>(wanted->second))
      return;
    open_ = check;
    found_[check].entry = index;
    AddBody(index, line);
  }
  void AddBody(LeafIndex index, const Line& line) {
    auto& bodies = found_[open_].bodies;
    if (!line.BodyRoot().empty()) bodies.insert(bodies.begin(), index);
  }

  std::map<std::string, uint32_t> wanted_;  ///< check -> version
  std::map<std::string, EarlierCheck> found_;
  std::string run_;   ///< whose lines count; empty: one that did not come to its end
  std::string open_;  ///< check whose parts come next
  int runs_ = 0;
  bool ended_ = false;
};

Status TakeBody(ledger::Ledger& ledger, LeafIndex index, std::map<std::string, std::string>& out) {
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(index));
  std::string why = body.absent;
  if (!body.absent_segments.empty()) why = body.absent_segments.begin()->second;
  if (!why.empty())
    return Fail(Code::kNotFound,
                fmt::format("what was said before (entry {}) is {}", ToNumber(index), why));
  for (const ByteVector& segment : body.segments) {
    ASSAY_ASSIGN(const Line line, Line::Decode(AsText(segment)));
    if (line.Has("subject")) out[line.Text("subject")] = line.Text("detail");
  }
  return {};
}

}  // namespace

Result<std::map<std::string, EarlierCheck>> FindEarlier(ledger::Ledger& ledger, TreeSize size,
                                                        const std::vector<CheckSpec>& checks) {
  Search search(checks);
  for (uint64_t i = ToNumber(size); i-- > 0 && !search.ended();) {
    ASSAY_ASSIGN(const std::string text, ledger.ReadLine(LeafIndex{i}));
    ASSAY_ASSIGN(const Line line, Line::Decode(text));
    search.Take(LeafIndex{i}, line);
  }
  return std::move(search).found();
}

Result<std::string> ReadEarlier(ledger::Ledger& ledger, const EarlierCheck& earlier) {
  std::map<std::string, std::string> said;
  for (const LeafIndex index : earlier.bodies) ASSAY_TRY(TakeBody(ledger, index, said));
  std::string out = "{";
  for (const auto& [subject, detail] : said) {
    out +=
        fmt::format("{}{}:{}", out.size() == 1 ? "" : ",", JsonString(subject), JsonString(detail));
    if (out.size() > kMostBytes) return std::string();
  }
  return out + "}";
}

Result<std::map<std::string, EarlierCheck>> FillEarlier(ledger::Ledger& ledger, TreeSize size,
                                                        std::vector<CheckSpec>& checks,
                                                        std::map<std::string, std::string>& notes) {
  ASSAY_ASSIGN(auto found, FindEarlier(ledger, size, checks));
  for (CheckSpec& check : checks) {
    if (!Compares(check)) continue;
    std::string& value = check.params[std::string(kPreviousParameter)];
    value.clear();
    const auto at = found.find(check.id);
    if (at == found.end()) continue;
    auto read = ReadEarlier(ledger, at->second);
    if (!read && read.error().code != Code::kNotFound) return Fail(std::move(read.error()));
    if (read)
      value = std::move(*read);
    else
      notes[check.id] = read.error().message;
  }
  return found;
}

}  // namespace assay::assess
