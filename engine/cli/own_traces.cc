// Answers of the tenant's logs are read from evidence, records that name the identity are kept.
#include "cli/own_traces.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "broker/json_rows.h"
#include "broker/url.h"
#include "ledger/line.h"

namespace assay::cli {
namespace {

constexpr std::chrono::minutes kApart{5};
constexpr std::chrono::hours kLag{3};

// Endpoints of the collector activity-log, and the logs that they are of.
constexpr std::pair<std::string_view, std::string_view> kEndpoints[] = {
    {"log-activity-events", "activity_log"},
    {"log-tenant-activity-events", "tenant_activity_log"},
    {"log-directory-audits", "directory_audits"},
    {"log-sign-ins", "sign_ins"},
};

std::string Text(const proof::JsonObject& object, std::string_view key) {
  return proof::TextAt(object, key).value_or("");
}

std::string LogOf(std::string_view endpoint) {
  for (const auto& [id, log] : kEndpoints)
    if (id == endpoint) return std::string(log);
  return {};
}

/// The time after `word` in a filter, quoted or not.
std::optional<Timestamp> TimeAfter(std::string_view filter, std::string_view word) {
  const size_t at = filter.find(word);
  if (at == filter.npos) return {};
  std::string_view rest = filter.substr(at + word.size());
  if (rest.starts_with('\'')) rest.remove_prefix(1);
  const auto time = ParseTime(rest.substr(0, rest.find_first_of("' &)")));
  return time ? std::optional(*time) : std::nullopt;
}

bool IsTokenUrl(std::string_view url) { return url.ends_with("/oauth2/v2.0/token"); }

/// Reads one ledger for one run.
class Reader {
 public:
  Reader(ledger::Ledger& ledger, std::string run) : ledger_(ledger) { own_.run = std::move(run); }

  Result<OwnTraces> Read();

 private:
  struct Entry {
    LeafIndex index;
    std::string run, log, outcome;
  };

  Status TakeLine(LeafIndex index, std::string_view line);
  Status TakeRequests(const Entry& entry);
  Status TakeAnswer(const Entry& entry);
  void TakeRow(const std::string& log, const broker::JsonRow& row);
  void TakeSignIn(const broker::JsonRow& row);
  bool IsOwn(const std::string& id) const;
  void Conclude();

  ledger::Ledger& ledger_;
  OwnTraces own_;
  std::map<std::string, OwnIdentity> identities_;  ///< by run
  std::string last_run_;
  std::vector<Entry> access_, reads_;
  std::map<std::string, uint64_t> lost_;  ///< by log: answers that are not there
  bool applications_ = false;             ///< sign-ins of applications are among those read
};

Status Reader::TakeLine(LeafIndex index, std::string_view line) {
  ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  const std::string run = Text(facts.members, "run");
  if (facts.kind == "run.started") last_run_ = run;
  if (facts.kind == "auth.consent")
    identities_[run] = {AsciiLower(Text(facts.members, "app_id")),
                        AsciiLower(Text(facts.members, "principal_id"))};
  if (facts.kind == "access.log") access_.push_back({index, run, {}, {}});
  const std::string log =
      facts.kind == "read" ? LogOf(Text(facts.members, "endpoint")) : std::string();
  if (!log.empty()) reads_.push_back({index, run, log, Text(facts.members, "outcome")});
  return {};
}

Status Reader::TakeRequests(const Entry& entry) {
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger_.ReadEntryBody(entry.index));
  for (size_t i = 0; i < body.segments.size(); ++i) {
    if (body.absent_segments.contains(i)) continue;
    ASSAY_ASSIGN(const proof::Json request, proof::ReadJson(AsText(body.segments[i])));
    if (request.object() == nullptr || !IsTokenUrl(Text(*request.object(), "url"))) continue;
    const int64_t status = proof::IntegerAt(*request.object(), "status").value_or(0);
    const auto sent = ParseTime(Text(*request.object(), "sent"));
    // What was throttled or failed on the way left no sign-in.
    if (!sent || status < 200 || status >= 500 || status == 429) continue;
    own_.requests.push_back(
        {*sent, entry.run, proof::IntegerAt(*request.object(), "number").value_or(0)});
  }
  return {};
}

bool Reader::IsOwn(const std::string& id) const {
  return !id.empty() &&
         (EqualsIgnoreCase(id, own_.identity.app) || EqualsIgnoreCase(id, own_.identity.principal));
}

void Reader::TakeSignIn(const broker::JsonRow& row) {
  const auto kinds = row.All("signInEventTypes");
  const bool by_itself = std::find(kinds.begin(), kinds.end(), "servicePrincipal") != kinds.end() ||
                         !row.Text("servicePrincipalId").empty();
  applications_ = applications_ || by_itself;
  if (!IsOwn(row.Text("appId")) && !IsOwn(row.Text("servicePrincipalId"))) return;
  const auto at = ParseTime(row.Text("createdDateTime"));
  own_.traces.push_back({"sign_ins", row.Text("id"),
                         by_itself ? "sign-in to " + row.Text("resourceDisplayName")
                                   : "sign-in of a person through the application",
                         at ? *at : Timestamp{}, by_itself});
}

void Reader::TakeRow(const std::string& log, const broker::JsonRow& row) {
  if (log == "sign_ins") return TakeSignIn(row);
  const bool azure = log.ends_with("activity_log");
  const bool own = azure ? IsOwn(row.Text("caller")) || IsOwn(row.Text("claims.appid"))
                         : IsOwn(row.Text("initiatedBy.app.appId")) ||
                               IsOwn(row.Text("initiatedBy.app.servicePrincipalId"));
  if (!own) return;
  const auto at = ParseTime(row.Text(azure ? "eventTimestamp" : "activityDateTime"));
  own_.traces.push_back({log, row.Text(azure ? "eventDataId" : "id"),
                         row.Text(azure ? "operationName.value" : "activityDisplayName"),
                         at ? *at : Timestamp{}, false});
}

Status Reader::TakeAnswer(const Entry& entry) {
  TenantLog& log = own_.logs[entry.log];
  ASSAY_ASSIGN(const std::string line, ledger_.ReadLine(entry.index));
  ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  ASSAY_ASSIGN(const ledger::EntryBody kept, ledger_.ReadEntryBody(entry.index));
  if (entry.outcome != "ok" || !kept.absent.empty() || !kept.absent_segments.empty() ||
      !facts.body) {
    ++lost_[entry.log];
    return {};
  }
  ASSAY_ASSIGN(const ByteVector bytes, ledger_.ReadBody(facts.body->root));
  const size_t end = AsText(bytes).find('\n');
  ASSAY_ASSIGN(const proof::Json request, proof::ReadJson(AsText(bytes).substr(0, end)));
  const auto rows = broker::ParseJsonRows(AsText(bytes).substr(end + 1), "value");
  if (!rows || request.object() == nullptr) {
    ++lost_[entry.log];
    return {};
  }
  const std::string filter =
      broker::PercentDecode(Text(*request.object(), "url")).value_or(std::string());
  if (const auto since = TimeAfter(filter, " ge ")) log.since = std::min(log.since, *since);
  for (const char* word : {" lt ", " le "})
    if (const auto until = TimeAfter(filter, word)) log.until = std::max(log.until, *until);
  log.records += rows->rows.size();
  for (const broker::JsonRow& row : rows->rows) TakeRow(entry.log, row);
  return {};
}

void Reader::Conclude() {
  for (const auto& [endpoint, name] : kEndpoints) {
    TenantLog& log = own_.logs[std::string(name)];
    const bool read = std::any_of(reads_.begin(), reads_.end(), [&](const Entry& entry) {
      return entry.run == own_.run && entry.log == name;
    });
    if (!read)
      log.why = "this run did not read it";
    else if (const uint64_t lost = lost_[std::string(name)]; lost > 0)
      log.why = fmt::format("{} of its answers did not come or are not kept", lost);
    else if (log.since >= log.until)
      log.why = "its answers do not say which time they are of";
    else if (name == "sign_ins" && !applications_)
      log.why = "no sign-in of an application is among those that were read";
    log.comparable = log.why.empty();
  }
}

Result<OwnTraces> Reader::Read() {
  ASSAY_ASSIGN(const ledger::Head head, ledger_.ReadHead());
  Status bad;
  ASSAY_TRY(ledger_.ReadLines(LeafIndex{0}, LeafIndex{ToNumber(head.size)},
                              [&](LeafIndex index, std::string_view line) {
                                bad = TakeLine(index, line);
                                return bad.has_value();
                              }));
  ASSAY_TRY(std::move(bad));
  if (own_.run.empty()) own_.run = last_run_;
  const auto identity = identities_.find(own_.run);
  if (identity == identities_.end() || identity->second.app.empty())
    return Fail(Code::kNotFound,
                fmt::format("run {}: the ledger does not say as whom it read", Quote(own_.run)));
  own_.identity = identity->second;
  for (const Entry& entry : access_) ASSAY_TRY(TakeRequests(entry));
  for (const Entry& entry : reads_)
    if (entry.run == own_.run) ASSAY_TRY(TakeAnswer(entry));
  Conclude();
  return std::move(own_);
}

std::chrono::milliseconds Distance(Timestamp a, Timestamp b) { return a < b ? b - a : a - b; }

}  // namespace

Result<OwnTraces> ReadOwnTraces(ledger::Ledger& ledger, std::string run) {
  return Reader(ledger, std::move(run)).Read();
}

std::vector<TraceMatch> MatchTraces(const OwnTraces& own) {
  std::vector<TraceMatch> out;
  std::vector<OwnTrace> traces = own.traces;
  std::vector<TokenRequest> left = own.requests;
  std::sort(traces.begin(), traces.end(),
            [](const OwnTrace& a, const OwnTrace& b) { return a.at < b.at; });
  for (const OwnTrace& trace : traces) {
    const auto nearest = std::min_element(
        left.begin(), left.end(), [&](const TokenRequest& a, const TokenRequest& b) {
          return Distance(a.sent, trace.at) < Distance(b.sent, trace.at);
        });
    const bool ours =
        trace.sign_in && nearest != left.end() && Distance(nearest->sent, trace.at) <= kApart;
    out.push_back({ours ? TraceMatch::Kind::kMatched : TraceMatch::Kind::kTenantOnly, trace, {}});
    if (!ours) continue;
    out.back().request = *nearest;
    left.erase(nearest);
  }
  const auto sign_ins = own.logs.find("sign_ins");
  if (sign_ins == own.logs.end() || !sign_ins->second.comparable) return out;
  for (const TokenRequest& request : left) {
    if (request.sent < sign_ins->second.since) continue;
    const bool young = request.sent + kLag >= sign_ins->second.until;
    out.push_back(
        {young ? TraceMatch::Kind::kTooYoung : TraceMatch::Kind::kAssayOnly, {}, request});
  }
  return out;
}

}  // namespace assay::cli
