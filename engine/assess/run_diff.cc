#include "assess/run_diff.h"

#include <algorithm>

#include "assess/questions.h"

namespace assay::assess {
namespace {

/// One run's word on one check, subject by subject.
class Side {
 public:
  Side(ledger::Ledger& ledger, const CheckView* check, std::string missing)
      : check_(check), word_(std::move(missing)) {
    if (check == nullptr) return;
    cursor_ = ObservationCursor(ledger, check->result.check, check->bodies);
    word_ = "absent";
    if (check->result.subjects() != 0) return;
    whole_ = {check->result.verdict, check->result.reason};
    word_ = Name(check->result.verdict);
  }

  Status Next() {
    ASSAY_ASSIGN(at_, cursor_.Next());
    return {};
  }
  const ObservationView* at() const { return at_; }
  const std::map<std::string, uint64_t>& absent() const { return cursor_.absent(); }
  /// Part of what it said cannot be read any more: what is missing may be that.
  bool lost() const { return check_ != nullptr && !cursor_.absent().empty(); }

  Standing StandingOf(const ObservationView* view) const {
    return view == nullptr ? whole_ : Standing{view->observation.verdict, view->observation.reason};
  }
  std::string WordOf(const ObservationView* view) const {
    if (view != nullptr) return std::string(Name(view->observation.verdict));
    return lost() ? cursor_.absent().begin()->first : word_;
  }

 private:
  const CheckView* check_;
  ObservationCursor cursor_;
  const ObservationView* at_ = nullptr;
  Standing whole_;  ///< of a subject that is not listed
  std::string word_;
};

Delta BucketOf(const CheckPair& check, const DiffRow& row, bool lost_before) {
  if (check.before == nullptr) return Delta::kNewCheck;
  if (check.now == nullptr && !check.not_asked) return Delta::kRemovedCheck;
  if (!check.changed.empty()) return Delta::kCheckChanged;
  // Nothing is left that it could be better or worse than.
  if (lost_before && row.before == nullptr) return Delta::kNewCheck;
  return DeltaOf(row.was, row.is);
}

class PairMerge {
 public:
  PairMerge(ledger::Ledger& ledger, const CheckPair& check, const PairVisitor& visitor)
      : check_(check),
        visitor_(visitor),
        before_(ledger, check.before, "no_check"),
        now_(ledger, check.now, check.not_asked ? "not_asked" : "no_check") {}

  Status Go() {
    ASSAY_TRY(before_.Next());
    ASSAY_TRY(now_.Next());
    if (before_.at() == nullptr && now_.at() == nullptr) Show(nullptr, nullptr);
    while (before_.at() != nullptr || now_.at() != nullptr) ASSAY_TRY(Step());
    if (visitor_.absent && check_.now != nullptr) visitor_.absent(check_, now_.absent());
    return {};
  }

 private:
  Status Step() {
    const ObservationView *a = before_.at(), *b = now_.at();
    const int order = a == nullptr   ? 1
                      : b == nullptr ? -1
                                     : a->observation.subject.compare(b->observation.subject);
    Show(order <= 0 ? a : nullptr, order >= 0 ? b : nullptr);
    if (order <= 0) ASSAY_TRY(before_.Next());
    if (order >= 0) ASSAY_TRY(now_.Next());
    return {};
  }

  void Show(const ObservationView* before, const ObservationView* now) {
    DiffRow row;
    row.check = &check_;
    row.before = before;
    row.now = now;
    row.was = before_.StandingOf(before);
    row.is = now_.StandingOf(now);
    row.was_word = before_.WordOf(before);
    row.is_word = now_.WordOf(now);
    row.delta = BucketOf(check_, row, before_.lost());
    visitor_.pair(row);
  }

  const CheckPair& check_;
  const PairVisitor& visitor_;
  Side before_, now_;
};

const CheckView* Find(const RunDecisions& run, const std::string& check) {
  const auto at = run.checks.find(check);
  return at == run.checks.end() ? nullptr : &at->second;
}

void PairChecks(const std::map<std::string, std::string>& changed, RunDiff& diff) {
  std::map<std::string, CheckPair> pairs;
  for (const auto* run : {&diff.decided_before, &diff.decided_now})
    for (const auto& [id, view] : run->checks) pairs[id].check = id;
  for (auto& [id, pair] : pairs) {
    pair.before = Find(diff.decided_before, id);
    pair.now = Find(diff.decided_now, id);
    pair.not_asked = pair.now == nullptr && (diff.now.only || !diff.now.ended());
    if (pair.before != nullptr && pair.now != nullptr) {
      const uint32_t was = pair.before->result.version, is = pair.now->result.version;
      const auto how = changed.find(id);
      if (how != changed.end()) pair.changed = how->second;
      if (was != is)
        pair.changed = "version " + std::to_string(is) + ", was " + std::to_string(was);
    }
    diff.checks.push_back(std::move(pair));
  }
}

void PairControls(RunDiff& diff) {
  const auto &was = diff.decided_before.controls, &is = diff.decided_now.controls;
  std::map<std::string, ControlChange> pairs;
  for (const auto& [id, state] : was) pairs[id].before = state;
  for (const auto& [id, state] : is) pairs[id].now = state;
  for (auto& [id, change] : pairs) {
    change.control = id;
    if (change.before == change.now)
      ++diff.controls_unchanged[id.substr(0, id.find(':'))];
    else
      diff.controls.push_back(std::move(change));
  }
}

}  // namespace

Result<RunDiff> CompareRuns(ledger::Ledger& ledger, const RunRow* before, const RunRow& now) {
  RunDiff diff;
  diff.now = now;
  ASSAY_ASSIGN(diff.decided_now, ReadDecisions(ledger, now));
  std::map<std::string, std::string> changed;
  if (before != nullptr) {
    diff.before = *before;
    ASSAY_ASSIGN(diff.decided_before, ReadDecisions(ledger, *before));
    ASSAY_ASSIGN(changed, ChangedQuestions(ledger, *before, now, diff.notes));
  }
  PairChecks(changed, diff);
  PairControls(diff);
  return diff;
}

Status VisitPairs(ledger::Ledger& ledger, const RunDiff& diff,
                  const std::function<bool(const CheckPair&)>& wanted, const PairVisitor& visitor) {
  for (const CheckPair& check : diff.checks)
    if (!wanted || wanted(check)) ASSAY_TRY(PairMerge(ledger, check, visitor).Go());
  return {};
}

}  // namespace assay::assess
