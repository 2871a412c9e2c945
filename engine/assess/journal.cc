#include "assess/journal.h"

#include <fmt/format.h>

#include "assay/read.h"
#include "base/text.h"

namespace assay::assess {
std::string_view OutcomeName(uint32_t outcome) {
  switch (outcome) {
    case ASSAY_PAGE_OK:
      return "ok";
    case ASSAY_PAGE_HTTP_ERROR:
      return "http_error";
    case ASSAY_PAGE_REFUSED:
      return "refused";
    default:
      return "unavailable";
  }
}

uint32_t ParseOutcome(std::string_view word) {
  for (uint32_t outcome = ASSAY_PAGE_OK; outcome <= ASSAY_PAGE_REFUSED; ++outcome)
    if (OutcomeName(outcome) == word) return outcome;
  return ASSAY_PAGE_UNAVAILABLE;
}

namespace {

ledger::MemberMap Members(const std::string& run, const JournalPage& page, size_t request_bytes,
                          bool marks_hold) {
  const broker::ReadRecord& r = page.result.record;
  ledger::MemberMap m{{"run", run},
                      {"plugin", page.plugin},
                      {"endpoint", r.endpoint},
                      {"page", page.page},
                      {"page_index", page.index},
                      {"ticket", page.ticket},
                      {"outcome", OutcomeName(page.result.outcome)},
                      {"status", r.http_status},
                      {"attempts", r.attempts},
                      {"request_len", uint64_t{request_bytes}},
                      {"sent", FormatTime(r.sent)},
                      {"received", FormatTime(r.received)}};
  if (!r.client_request_id.empty()) m.emplace("client_request_id", r.client_request_id);
  if (!r.request_id.empty()) m.emplace("request_id", r.request_id);
  if (!r.content_coding.empty()) m.emplace("coding", r.content_coding);
  if (r.waited_ms != 0) m.emplace("waited_ms", r.waited_ms);
  if (r.tls_version != 0) m.emplace("tls", r.tls_version);
  if (!r.batch.empty()) m.emplace("batch", r.batch);
  if (page.result.reason != Reason::kNone) m.emplace("reason", Name(page.result.reason));
  if (!marks_hold) m.emplace("marks", "refused");
  return m;
}

}  // namespace

std::string RequestLine(const broker::ReadResult& result) {
  const broker::ReadRecord& record = result.record;
  std::string line = "{";
  if (!record.request_body.empty())
    line += fmt::format("\"body\":{},", JsonString(record.request_body));
  if (!result.detail.empty()) line += fmt::format("\"detail\":{},", JsonString(result.detail));
  line += fmt::format("\"method\":{},", JsonString(record.method));
  if (!record.range.empty()) line += fmt::format("\"range\":{},", JsonString(record.range));
  return line + fmt::format("\"url\":{}}}\n", JsonString(record.url));
}

bool MarksHold(const JournalPage& page, uint32_t max_records) {
  const uint64_t body_bytes = page.result.body.size();
  // At most one record for each 16 bytes: more would cost more leaves than evidence.
  if (page.marks.size() > max_records || page.marks.size() > body_bytes / 16 + 1) return false;
  uint64_t end = 0;
  for (const ledger::RecordRange& mark : page.marks) {
    if (mark.offset < end || mark.length == 0 || mark.length > body_bytes ||
        mark.offset > body_bytes - mark.length)
      return false;
    end = mark.offset + mark.length;
  }
  return true;
}

Result<ledger::PendingEntry> CommitPage(ledger::EntrySink& ledger, const std::string& run,
                                        const JournalPage& page, uint32_t max_records,
                                        ledger::Keep keep) {
  const std::string request = RequestLine(page.result);
  ByteVector bytes(request.begin(), request.end());
  AppendBytes(bytes, page.result.body);
  const bool hold = MarksHold(page, max_records);
  std::vector<ledger::RecordRange> records;
  if (hold && !page.marks.empty()) {
    records.reserve(page.marks.size());
    for (const auto& mark : page.marks)
      records.push_back({mark.offset + request.size(), mark.length});
  } else if (!page.result.body.empty()) {
    records.push_back({request.size(), page.result.body.size()});
  }
  ledger::EntryDraft draft;
  draft.kind = "read";
  draft.members = Members(run, page, request.size(), hold);
  ASSAY_ASSIGN(ledger::KeptBody kept, ledger.PutBody(bytes, records, keep));
  draft.body = std::move(kept.ref);
  draft.members.merge(kept.members);
  return ledger.Append(std::move(draft));
}

}  // namespace assay::assess
