#include "ledger/retention.h"

#include <fmt/format.h>

#include <algorithm>

namespace assay::ledger {
namespace {

constexpr std::string_view kRootMember = "\"root\":\"";

/// A stored body and its newest reference.
struct Candidate {
  std::string file;
  bool referred = false;
  uint64_t newest = 0;
  Timestamp time{};
  std::string_view class_name;
};
using Candidates = std::map<Digest, Candidate>;

/// First moment of the month of "evidence-202611.db".
Result<Timestamp> MonthStart(const std::string& file) {
  const std::string digits = file.substr(std::string_view("evidence-").size(), 6);
  return ParseTime(fmt::format("{}-{}-01T00:00:00.000Z", digits.substr(0, 4), digits.substr(4, 2)));
}

/// Bodies in files that may hold something old enough. A body's references are not older than its
/// file, so that younger files need no look.
Result<Candidates> FindCandidates(LedgerStore& store, Timestamp newest_cutoff) {
  Candidates out;
  ASSAY_ASSIGN(const std::vector<std::string> files, store.EvidenceFiles());
  for (const std::string& file : files) {
    const auto start = MonthStart(file);
    if (!start || *start >= newest_cutoff) continue;
    ASSAY_ASSIGN(const std::vector<Digest> roots, store.RootsIn(file));
    for (const Digest& root : roots) out[root].file = file;
  }
  return out;
}

/// Root of the body that a line refers to, looked for as text: most lines are of no interest here.
std::optional<Digest> RootIn(std::string_view line) {
  constexpr size_t kBase64 = 44;
  const size_t body = line.find("\"body\":{");
  const size_t at = body == std::string_view::npos ? body : line.find(kRootMember, body);
  if (at == std::string_view::npos) return std::nullopt;
  const auto bytes = ParseBase64(line.substr(at + kRootMember.size(), kBase64));
  const auto root = bytes ? ToDigest(*bytes) : Result<Digest>(Fail(Code::kCorrupt, ""));
  return root ? std::optional(*root) : std::nullopt;
}

Status FindReferences(LedgerStore& store, Candidates& candidates) {
  Status status;
  ASSAY_TRY(store.ReadLines(0, UINT64_MAX >> 1, [&](LeafIndex index, std::string_view line) {
    const auto root = RootIn(line);
    const auto it = root ? candidates.find(*root) : candidates.end();
    if (it == candidates.end()) return true;
    const auto facts = ParseLine(line);
    if (!facts) {
      status = Fail(facts.error());
      return false;
    }
    it->second.referred = true;
    it->second.newest = ToNumber(index);
    it->second.time = facts->time;
    it->second.class_name = RetentionClassOf(facts->kind);
    return true;
  }));
  return status;
}

/// Bodies that a crash left without an entry, in months that are over for every rule. Nothing tells
/// of them, so nothing has to.
Status RemoveOrphans(const EraseContext& context, const Candidates& candidates, Timestamp cutoff) {
  constexpr std::chrono::hours kMonth{24 * 31};
  std::map<std::string, std::vector<Digest>> orphans;
  for (const auto& [root, body] : candidates) {
    const auto start = MonthStart(body.file);
    if (!body.referred && start && *start + kMonth < cutoff) orphans[body.file].push_back(root);
  }
  for (const auto& [file, roots] : orphans)
    ASSAY_TRY(context.writer.Do([&] { return context.store.RemoveBodies(file, roots); }));
  return {};
}

/// What one rule does to the candidates.
class RuleRun {
 public:
  RuleRun(const EraseContext& context, const AbsenceBook& book, const std::set<Digest>& held)
      : context_(context), book_(book), held_(held) {}

  void Choose(const RetentionRule& rule, const Candidates& candidates, Timestamp now) {
    done_.class_name = rule.class_name;
    for (const auto& [root, body] : candidates) {
      const bool of_class = body.referred && body.class_name == rule.class_name;
      if (!of_class || body.time + rule.keep >= now) continue;
      if (held_.contains(root)) {
        ++done_.held;
        continue;
      }
      removed_[body.file].push_back(root);
      if (WasSaid(body)) continue;  // a crash came between that entry and the removal
      ++done_.bodies;
      done_.through = std::max(done_.through, body.newest);
    }
  }
  /// The entry first, then the rows.
  Status CarryOut(const std::string& actor) {
    if (done_.bodies > 0) {
      ASSAY_ASSIGN(
          const PreparedLine line,
          PrepareLine(
              {"retention.expired",
               actor,
               {{"class", done_.class_name}, {"through", done_.through}, {"bodies", done_.bodies}},
               {}}));
      ASSAY_ASSIGN(const Appended appended, context_.writer.AppendDurably(line));
      done_.entry = appended.index;
    }
    for (const auto& [file, roots] : removed_)
      ASSAY_TRY(context_.writer.Do([&] { return context_.store.RemoveBodies(file, roots); }));
    return {};
  }
  ExpiryDone Take() { return std::move(done_); }

 private:
  bool WasSaid(const Candidate& body) const {
    const auto binds = [&](const Expiry& expiry) {
      return std::any_of(book_.holds().begin(), book_.holds().end(),
                         [&](const Hold& hold) { return hold.Binds(body.newest, expiry.index); });
    };
    return std::any_of(book_.expiries().begin(), book_.expiries().end(), [&](const Expiry& expiry) {
      return expiry.class_name == body.class_name && body.newest <= expiry.through &&
             !binds(expiry);
    });
  }

  const EraseContext& context_;
  const AbsenceBook& book_;
  const std::set<Digest>& held_;
  ExpiryDone done_;
  std::map<std::string, std::vector<Digest>> removed_;
};

}  // namespace

Result<std::vector<ExpiryDone>> ExpireBodies(const EraseContext& context,
                                             const std::vector<RetentionRule>& rules,
                                             const std::string& actor, Timestamp now,
                                             bool dry_run) {
  std::vector<ExpiryDone> out;
  if (rules.empty()) return out;
  std::chrono::seconds shortest = rules.front().keep;
  for (const RetentionRule& rule : rules) shortest = std::min(shortest, rule.keep);
  std::optional<MaintenanceLock> lock;
  if (!dry_run) {
    ASSAY_ASSIGN(lock, context.Lock());
  }
  ASSAY_ASSIGN(Candidates candidates, FindCandidates(context.store, now - shortest));
  ASSAY_ASSIGN(const AbsenceBook book, AbsenceBook::Read(context.store));
  ASSAY_ASSIGN(const std::set<Digest> held, HeldRoots(context.store, book));
  if (!candidates.empty()) ASSAY_TRY(FindReferences(context.store, candidates));
  if (!dry_run) ASSAY_TRY(RemoveOrphans(context, candidates, now - shortest));
  for (const RetentionRule& rule : rules) {
    RuleRun run(context, book, held);
    run.Choose(rule, candidates, now);
    if (!dry_run) ASSAY_TRY(run.CarryOut(actor));
    out.push_back(run.Take());
  }
  return out;
}

}  // namespace assay::ledger
