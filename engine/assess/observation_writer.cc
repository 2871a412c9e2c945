#include "assess/observation_writer.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace assay::assess {
namespace {

// Observations held before they are written: about 4 MiB of text, so that a check over a million
// subjects takes no more memory than one over twenty thousand.
constexpr size_t kPartSegments = 20'000;
// Records named for one subject: enough to find the evidence again, bounded for shared subjects.
constexpr size_t kMaxRecords = 16;

}  // namespace

void ObservationWriter::AppendRecords(std::string& out, const std::vector<RecordRef>& records) {
  size_t named = 0;
  for (const RecordRef& ref : records) {
    const auto page = pages_.find(ref.page);
    if (page == pages_.end()) continue;
    if (named++ == kMaxRecords) break;
    out += named == 1 ? "[" : ",[";
    out += fmt::format_int(ToNumber(page->second)).c_str();
    if (ref.record != kNoRecord) out.append(",").append(fmt::format_int(ref.record).c_str());
    out += ']';
  }
}

// A million subjects come through here: pieces are put together without formatting.
void ObservationWriter::AddSegment(const std::string& check, const Observation& o) {
  if (count_ == segments_.size()) segments_.emplace_back();
  std::string& out = segments_[count_++];
  out.clear();
  const auto text = [&](std::string_view name, std::string_view value) {
    out += name;
    AppendJsonString(out, value);
  };
  text("{\"detail\":", o.detail);
  if (o.verdict == Verdict::kFail) {
    const fmt::format_int number(findings_.NumberOf(check, o.subject));
    out.append(",\"finding\":").append(number.data(), number.size());
  }
  text(",\"label\":", o.label);
  if (o.reason != Reason::kNone) text(",\"reason\":", Name(o.reason));
  out += ",\"records\":[";
  AppendRecords(out, o.records);
  text("],\"subject\":", o.subject);
  text(",\"subject_type\":", o.subject_type);
  text(",\"verdict\":", Name(o.verdict));
  out += '}';
}

Status ObservationWriter::Failed(Error error) {
  ledger_failure_ = error;
  return Fail(std::move(error));
}

// Hashing, compressing and sealing a part takes as long as gathering one: it is done meanwhile, one
// at a time. Nothing else of this run is written before it has ended and its entry is appended.
Status ObservationWriter::Store(ledger::EntryDraft draft, std::launch when) {
  ASSAY_TRY(FinishStoring());
  draft.actor = actor_;
  draft.members.emplace("run", run_);
  storing_ = Storing{std::move(draft), {}};
  if (count_ == 0) return {};
  std::swap(segments_, stored_);  // the next part is gathered in the strings of the one before
  stored_.resize(std::exchange(count_, 0));
  storing_->body = std::async(when, [this] { return ledger_.PutSegments(stored_); });
  return {};
}

Status ObservationWriter::FinishStoring() {
  if (!storing_) return {};
  Storing stored = std::move(*storing_);
  storing_.reset();
  if (stored.body.valid()) {
    auto body = stored.body.get();
    if (!body) return Failed(std::move(body.error()));
    stored.draft.body = std::move(*body);
  }
  auto appended = ledger_.AppendDurably(std::move(stored.draft));
  if (!appended) return Failed(std::move(appended.error()));
  Status opened = findings_.Commit(ledger_, run_, false);
  return opened ? opened : Failed(std::move(opened.error()));
}

Status ObservationWriter::FlushPart(const std::string& check) {
  ledger::EntryDraft draft;
  draft.kind = "check.part";
  draft.members = {{"check", check}, {"part", parts_++}};
  return Store(std::move(draft), std::launch::async | std::launch::deferred);
}

Status ObservationWriter::Add(const std::string& check, std::vector<Observation> batch) {
  for (const Observation& observation : batch) {
    AddSegment(check, observation);
    if (count_ >= kPartSegments) ASSAY_TRY(FlushPart(check));
  }
  return {};
}

Status ObservationWriter::Conclude(const CheckResult& result) {
  ledger::EntryDraft draft;
  draft.kind = "check";
  draft.members = {{"check", result.check},
                   {"check_version", result.version},
                   {"verdict", Name(result.verdict)},
                   {"counts", ledger::MemberMap{{"pass", result.pass},
                                                {"fail", result.fail},
                                                {"manual", result.manual},
                                                {"not_applicable", result.not_applicable},
                                                {"not_assessed", result.not_assessed}}}};
  if (result.reason != Reason::kNone) draft.members.emplace("reason", Name(result.reason));
  if (parts_ != 0) draft.members.emplace("parts", parts_);
  if (result.subjects() == 0 && !result.detail.empty()) {
    segments_.resize(count_);
    segments_.push_back(fmt::format("{{\"detail\":{}}}", JsonString(result.detail)));
    ++count_;
  }
  parts_ = 0;
  ASSAY_TRY(Store(std::move(draft), std::launch::deferred));
  return FinishStoring();
}

}  // namespace assay::assess
