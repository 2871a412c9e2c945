#include "assess/observations.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace assay::assess {

Status ObservationCursor::OpenBody() {
  ASSAY_ASSIGN(open_, ledger_->ReadEntryBody(bodies_[body_++]));
  segment_ = 0;
  if (!open_.absent.empty()) ++absent_[open_.absent];
  return {};
}

Status ObservationCursor::CheckOrder() const {
  if (last_.empty() || last_ < view_.observation.subject) return {};
  const char* what = last_ == view_.observation.subject ? "stands twice" : "stands out of order";
  return Fail(
      Code::kCorrupt,
      fmt::format("check {}: a subject {}: entry {} segment {}, entry {} segment {}", check_, what,
                  ToNumber(last_entry_), last_segment_, ToNumber(entry()), segment()));
}

Result<const ObservationView*> ObservationCursor::Next() {
  while (true) {
    if (segment_ >= open_.segments.size()) {
      if (body_ >= bodies_.size()) return nullptr;
      ASSAY_TRY(OpenBody());
      continue;
    }
    const size_t at = segment_++;
    if (const auto gone = open_.absent_segments.find(at); gone != open_.absent_segments.end()) {
      ++absent_[gone->second];
      continue;
    }
    ASSAY_ASSIGN(ObservationView view, DecodeObservation(AsText(open_.segments[at])));
    if (view.observation.subject.empty()) continue;  // of the check itself: why not assessed
    std::swap(view_, view);
    ASSAY_TRY(CheckOrder());
    last_ = view_.observation.subject;
    last_entry_ = entry();
    last_segment_ = segment();
    return &view_;
  }
}

namespace {

/// Where a subject stands to the subjects of one body.
struct BodySearch {
  enum class Side : uint8_t { kBefore, kWithin, kAfter } side = Side::kWithin;
  std::optional<ObservationView> found;
  std::string absent;  ///< part of what could have been it
};

Result<BodySearch> SearchBody(ledger::Ledger& ledger, LeafIndex entry, const std::string& subject) {
  BodySearch out;
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(entry));
  out.absent = body.absent;
  if (!body.absent_segments.empty()) out.absent = body.absent_segments.begin()->second;
  std::string first, last;
  for (size_t i = 0; i < body.segments.size(); ++i) {
    if (body.absent_segments.contains(i)) continue;
    ASSAY_ASSIGN(ObservationView view, DecodeObservation(AsText(body.segments[i])));
    if (first.empty()) first = view.observation.subject;
    last = view.observation.subject;
    if (last == subject) return out.found = std::move(view), out;
    if (last > subject) break;
  }
  // What is gone of a body may have stood at its edges: then both neighbours stay possible, and
  // the search goes on over all of them.
  if (!out.absent.empty()) return out;
  if (!first.empty() && subject < first) out.side = BodySearch::Side::kBefore;
  if (!last.empty() && last < subject) out.side = BodySearch::Side::kAfter;
  return out;
}

}  // namespace

Result<std::optional<ObservationView>> FindObservation(ledger::Ledger& ledger,
                                                       const CheckView& check,
                                                       const std::string& subject) {
  std::string absent;
  size_t low = 0, high = check.bodies.size();
  while (low < high) {
    // Once something is absent, the order of what is left no longer says where to look.
    const size_t at = absent.empty() ? low + (high - low) / 2 : low;
    ASSAY_ASSIGN(BodySearch search, SearchBody(ledger, check.bodies[at], subject));
    if (search.found) return std::move(search.found);
    if (!search.absent.empty() && absent.empty()) {
      absent = search.absent;
      continue;  // again, one by one
    }
    if (!absent.empty()) {
      low = at + 1;
    } else if (search.side == BodySearch::Side::kBefore) {
      high = at;
    } else if (search.side == BodySearch::Side::kAfter) {
      low = at + 1;
    } else {
      return std::optional<ObservationView>();
    }
  }
  if (absent.empty()) return std::optional<ObservationView>();
  ObservationView unknown;
  unknown.absent = absent;
  return std::optional(std::move(unknown));
}

}  // namespace assay::assess
