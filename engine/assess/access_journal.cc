#include "assess/access_journal.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"

namespace assay::assess {
namespace {

/// An entry costs a sync of the disk; a run that is killed has fewer requests than these only in
/// its `read` entries.
constexpr size_t kTogether = 256;

}  // namespace

std::string AccessLine(const broker::AccessRecord& record) {
  const auto text = [](std::string_view key, const std::string& value) {
    return value.empty() ? "" : fmt::format("\"{}\":{},", key, JsonString(value));
  };
  return "{" + text("batch", record.batch) + fmt::format("\"bytes\":{},", record.bytes) +
         text("client_request_id", record.client_request_id) + text("failure", record.failure) +
         text("method", record.method) +
         fmt::format("\"number\":{},\"received\":\"{}\",", record.number,
                     FormatTime(record.received)) +
         text("request_id", record.request_id) +
         fmt::format("\"sent\":\"{}\",\"status\":{},\"url\":{}}}", FormatTime(record.sent),
                     record.status, JsonString(record.url));
}

void AccessJournal::Add(const broker::AccessRecord& record) {
  std::vector<std::string> full;
  {
    const std::lock_guard lock(mutex_);
    lines_.push_back(AccessLine(record));
    if (lines_.size() >= kTogether) full.swap(lines_);
  }
  if (!full.empty()) Commit(std::move(full));
}

void AccessJournal::Commit(std::vector<std::string> lines) {
  ledger::EntryDraft draft;
  draft.kind = "access.log";
  draft.actor = actor_;
  draft.members = {{"requests", uint64_t{lines.size()}}};
  if (!run_.empty()) draft.members.emplace("run", run_);
  Result<ledger::BodyRef> body = sink_.PutSegments(lines);
  const std::lock_guard lock(mutex_);
  if (!body) {
    if (!failure_) failure_ = std::move(body.error());
    return;
  }
  draft.body = std::move(*body);
  pending_ = sink_.Append(std::move(draft));
}

Status AccessJournal::Flush() {
  std::vector<std::string> rest;
  {
    const std::lock_guard lock(mutex_);
    rest.swap(lines_);
  }
  if (!rest.empty()) Commit(std::move(rest));
  const std::lock_guard lock(mutex_);
  if (failure_) return Fail(*failure_);
  if (!pending_.valid()) return {};
  ASSAY_TRY(pending_.get());
  return {};
}

}  // namespace assay::assess
