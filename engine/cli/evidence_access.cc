// assay evidence access-log: every request that a run sent, from its ledger.
#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "cli/as_of.h"
#include "cli/command.h"
#include "cli/workspace.h"
#include "ledger/line.h"

namespace assay::cli {
namespace {

std::string Text(const proof::JsonObject& object, std::string_view key) {
  return proof::TextAt(object, key).value_or("");
}
int64_t Number(const proof::JsonObject& object, std::string_view key) {
  return proof::IntegerAt(object, key).value_or(0);
}

/// In the place of a run: requests of `tenant test`.
constexpr const char* kNoRun = "-";

/// Requests of the selected runs, in the order of the ledger.
class AccessLog {
 public:
  AccessLog(ledger::Ledger& ledger, std::string run) : ledger_(ledger), run_(std::move(run)) {}

  Status Read(TreeSize size);
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::string Format(const Terminal& terminal) const { return table_.Format(terminal); }
  std::string Json() const { return fmt::format("{{\"items\":[{}]}}", items_); }

 private:
  using Runs = std::map<std::string, std::vector<LeafIndex>>;

  Status TakeLog(const std::string& run, LeafIndex entry);
  Status TakeReads(const std::string& run, const std::vector<LeafIndex>& reads);
  Result<std::string> UrlOf(LeafIndex read, const ledger::LineFacts& facts);
  void Row(const std::string& run, LeafIndex entry, const std::string& source,
           const proof::JsonObject& request);

  ledger::Ledger& ledger_;
  const std::string run_;
  std::set<std::string> logged_;  ///< client_request_id of what an access.log names
  Table table_{{"RUN", "SENT", "METHOD", "STATUS", "BYTES", "CLIENT-REQUEST-ID", "URL"}};
  std::string items_;
  std::vector<std::string> warnings_;
};

void AccessLog::Row(const std::string& run, LeafIndex entry, const std::string& source,
                    const proof::JsonObject& request) {
  const int64_t status = Number(request, "status");
  const std::string failure = Text(request, "failure");
  table_.Row({run, Text(request, "sent"), Text(request, "method"),
              status != 0 ? std::to_string(status) : failure,
              std::to_string(Number(request, "bytes")), Text(request, "client_request_id"),
              Text(request, "url")});
  proof::JsonObject item = request;
  item.insert_or_assign("run", proof::Json{run});
  item.insert_or_assign("entry", proof::Json{static_cast<int64_t>(ToNumber(entry))});
  item.insert_or_assign("source", proof::Json{source});
  const auto json = proof::WriteJson(proof::Json{std::move(item)});
  if (json) items_ += (items_.empty() ? "" : ",") + *json;
}

Status AccessLog::TakeLog(const std::string& run, LeafIndex entry) {
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger_.ReadEntryBody(entry));
  if (!body.absent.empty())
    warnings_.push_back(
        fmt::format("entry {} of {}: its requests are {}", ToNumber(entry), run, body.absent));
  std::map<std::string, uint64_t> gone;
  for (const auto& [segment, why] : body.absent_segments) ++gone[why];
  for (const auto& [why, requests] : gone)
    warnings_.push_back(fmt::format("entry {} of {}: {} of its {} requests are {}", ToNumber(entry),
                                    run, requests, body.segments.size(), why));
  for (size_t i = 0; i < body.segments.size(); ++i) {
    if (body.absent_segments.contains(i)) continue;
    ASSAY_ASSIGN(const proof::Json request, proof::ReadJson(AsText(body.segments[i])));
    if (request.object() == nullptr)
      return Fail(Code::kCorrupt,
                  fmt::format("entry {}: a request is not an object", ToNumber(entry)));
    logged_.insert(Text(*request.object(), "client_request_id"));
    Row(run, entry, "access.log", *request.object());
  }
  return {};
}

/// The URL stands in the body, because it may name persons.
Result<std::string> AccessLog::UrlOf(LeafIndex read, const ledger::LineFacts& facts) {
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger_.ReadEntryBody(read));
  if (!body.absent.empty() || !facts.body) return std::string();
  ASSAY_ASSIGN(const ByteVector bytes, ledger_.ReadBody(facts.body->root));
  const std::string_view line = AsText(bytes).substr(0, AsText(bytes).find('\n'));
  ASSAY_ASSIGN(const proof::Json request, proof::ReadJson(line));
  return request.object() == nullptr ? std::string() : Text(*request.object(), "url");
}

/// Reads that no log names: a run that was killed had its last requests in its reads only.
Status AccessLog::TakeReads(const std::string& run, const std::vector<LeafIndex>& reads) {
  uint64_t taken = 0;
  for (const LeafIndex entry : reads) {
    ASSAY_ASSIGN(const std::string line, ledger_.ReadLine(entry));
    ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
    const std::string id = Text(facts.members, "client_request_id");
    if (id.empty() || Number(facts.members, "attempts") == 0 || logged_.contains(id)) continue;
    proof::JsonObject request;
    for (const char* key : {"client_request_id", "received", "request_id", "sent"})
      if (const auto text = proof::TextAt(facts.members, key))
        request.emplace(key, proof::Json{*text});
    request.emplace("status", proof::Json{Number(facts.members, "status")});
    if (const auto url = UrlOf(entry, facts); url && !url->empty())
      request.emplace("url", proof::Json{*url});
    Row(run, entry, "read", request);
    ++taken;
  }
  if (taken > 0)
    warnings_.push_back(fmt::format(
        "{} was cut before it wrote its last requests down: {} of them stand here as its reads "
        "name them, with the last attempt only",
        run, taken));
  return {};
}

Status AccessLog::Read(TreeSize size) {
  Runs logs, reads;
  std::vector<std::string> order;
  Status bad;
  ASSAY_TRY(ledger_.ReadLines(LeafIndex{0}, LeafIndex{ToNumber(size)},
                              [&](LeafIndex index, std::string_view line) {
                                const auto facts = ledger::ParseLine(line);
                                if (!facts) return bad = Fail(facts.error()), false;
                                std::string run = Text(facts->members, "run");
                                if (run.empty() && facts->kind == "access.log")
                                  run = std::string(kNoRun);
                                if (run.empty() || (!run_.empty() && run != run_)) return true;
                                if (order.empty() || order.back() != run) order.push_back(run);
                                if (facts->kind == "access.log") logs[run].push_back(index);
                                if (facts->kind == "read") reads[run].push_back(index);
                                if (facts->kind == "run.finished") reads.erase(run);
                                return true;
                              }));
  ASSAY_TRY(std::move(bad));
  if (order.empty() && !run_.empty())
    return Fail(Code::kNotFound, fmt::format("run {}: the ledger has no such run", Quote(run_)));
  for (const std::string& run : order) {
    for (const LeafIndex entry : logs[run]) ASSAY_TRY(TakeLog(run, entry));
    ASSAY_TRY(TakeReads(run, reads[run]));
    logs.erase(run);
    reads.erase(run);
  }
  return {};
}

}  // namespace

int RunEvidenceAccessLog(Context& context) {
  int exit = 0;
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return exit;
  if (context.options.compare) return CompareAccessLog(context, *opened->ledger);
  AccessLog log(*opened->ledger, context.options.run);
  const auto size = SizeShown(context, *opened->ledger);
  if (!size) return Report(context, size.error());
  if (Status read = log.Read(*size); !read) return Report(context, read.error());
  for (const std::string& warning : log.warnings()) Tell(context, "warning: " + warning + "\n");
  return context.Finish(log.Format(context.terminal), log.Json());
}

}  // namespace assay::cli
