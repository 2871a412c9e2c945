#include "assess/observation_writer.h"

#include <fmt/format.h>

#include "base/text.h"

namespace assay::assess {
namespace {

// Observations held before they are written: about 4 MiB of text, so that a check over a million
// subjects takes no more memory than one over twenty thousand.
constexpr size_t kPartSegments = 20'000;
// Records named for one subject: enough to find the evidence again, bounded for shared subjects.
constexpr size_t kMaxRecords = 16;

}  // namespace

std::string ObservationWriter::Segment(const std::string& check, const Observation& o) {
  std::string out = fmt::format("{{\"detail\":{}", JsonString(o.detail));
  if (o.verdict == Verdict::kFail)
    out += fmt::format(",\"finding\":{}", findings_.NumberOf(check, o.subject));
  out += fmt::format(",\"label\":{}", JsonString(o.label));
  if (o.reason != Reason::kNone) out += fmt::format(",\"reason\":\"{}\"", Name(o.reason));
  std::string records;
  size_t named = 0;
  for (const RecordRef& ref : o.records) {
    const auto page = pages_.find(ref.page);
    if (page == pages_.end() || ++named > kMaxRecords) continue;
    records += fmt::format("{}[{}{}]", records.empty() ? "" : ",", ToNumber(page->second),
                           ref.record == kNoRecord ? "" : fmt::format(",{}", ref.record));
  }
  return out +
         fmt::format(",\"records\":[{}],\"subject\":{},\"subject_type\":{},\"verdict\":\"{}\"}}",
                     records, JsonString(o.subject), JsonString(o.subject_type), Name(o.verdict));
}

Status ObservationWriter::Flush(ledger::EntryDraft draft) {
  draft.actor = actor_;
  draft.members.emplace("run", run_);
  if (!segments_.empty()) {
    auto body = ledger_.PutSegments(segments_);
    if (!body) return ledger_failure_ = body.error(), Fail(std::move(body.error()));
    draft.body = std::move(*body);
    segments_.clear();
  }
  auto appended = ledger_.AppendDurably(std::move(draft));
  if (!appended) return ledger_failure_ = appended.error(), Fail(std::move(appended.error()));
  Status opened = findings_.Commit(ledger_, run_, false);
  if (!opened) ledger_failure_ = opened.error();
  return opened;
}

Status ObservationWriter::FlushPart(const std::string& check) {
  ledger::EntryDraft draft;
  draft.kind = "check.part";
  draft.members = {{"check", check}, {"part", parts_++}};
  return Flush(std::move(draft));
}

Status ObservationWriter::Add(const std::string& check, std::vector<Observation> batch) {
  for (const Observation& observation : batch) {
    segments_.push_back(Segment(check, observation));
    if (segments_.size() >= kPartSegments) ASSAY_TRY(FlushPart(check));
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
  if (result.subjects() == 0 && !result.detail.empty())
    segments_.push_back(fmt::format("{{\"detail\":{}}}", JsonString(result.detail)));
  parts_ = 0;
  return Flush(std::move(draft));
}

}  // namespace assay::assess
