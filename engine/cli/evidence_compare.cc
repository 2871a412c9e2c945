// assay evidence access-log --compare: the tenant's own logs beside what assay wrote down.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/own_traces.h"
#include "cli/workspace.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

constexpr size_t kLongestText = 80;

std::string_view Word(TraceMatch::Kind kind) {
  switch (kind) {
    case TraceMatch::Kind::kMatched:
      return "matched";
    case TraceMatch::Kind::kTenantOnly:
      return "only in the tenant";
    case TraceMatch::Kind::kAssayOnly:
      return "only here";
    default:
      return "too young";
  }
}

uint64_t CountOf(const std::vector<TraceMatch>& matches, TraceMatch::Kind kind) {
  uint64_t count = 0;
  for (const TraceMatch& match : matches) count += match.kind == kind ? 1 : 0;
  return count;
}

bool HasTrace(const TraceMatch& match) {
  return match.kind == TraceMatch::Kind::kMatched || match.kind == TraceMatch::Kind::kTenantOnly;
}

bool HasRequest(const TraceMatch& match) { return match.kind != TraceMatch::Kind::kTenantOnly; }

std::string FormatLogs(const OwnTraces& own) {
  std::string out;
  for (const auto& [name, log] : own.logs)
    out += log.comparable ? fmt::format("  {}: {} records from {} to {}\n", name, log.records,
                                        FormatTime(log.since), FormatTime(log.until))
                          : fmt::format("  {}: not comparable: {}\n", name, log.why);
  return out;
}

std::string FormatMatches(const std::vector<TraceMatch>& matches, const Terminal& terminal) {
  Table table({"OUTCOME", "LOG", "TIME", "REQUEST", "WHAT"});
  for (const TraceMatch& match : matches) {
    const bool trace = HasTrace(match);
    table.Row({std::string(Word(match.kind)), trace ? match.trace.log : "access.log",
               FormatTime(trace ? match.trace.at : match.request.sent),
               HasRequest(match)
                   ? fmt::format("{} number {}", match.request.run, match.request.number)
                   : "",
               trace ? Quote(match.trace.what, kLongestText) : "request for a token"});
  }
  return matches.empty() ? "" : table.Format(terminal);
}

void WriteMatch(report::JsonWriter& json, const TraceMatch& match) {
  json.BeginObject().Member("outcome", Word(match.kind));
  if (HasTrace(match))
    json.Member("log", match.trace.log)
        .Member("id", match.trace.id)
        .Member("what", match.trace.what)
        .Member("at", FormatTime(match.trace.at));
  if (HasRequest(match))
    json.Member("run", match.request.run)
        .Member("number", match.request.number)
        .Member("sent", FormatTime(match.request.sent));
  json.EndObject();
}

std::string WriteComparison(const OwnTraces& own, const std::vector<TraceMatch>& matches) {
  report::JsonWriter json;
  json.BeginObject().Member("run", own.run).Member("app_id", own.identity.app);
  if (!own.identity.principal.empty()) json.Member("principal_id", own.identity.principal);
  json.Key("logs").BeginObject();
  for (const auto& [name, log] : own.logs) {
    json.Key(name).BeginObject().Member("comparable", log.comparable);
    if (!log.comparable) json.Member("why", log.why);
    if (log.since < log.until)
      json.Member("since", FormatTime(log.since)).Member("until", FormatTime(log.until));
    json.Member("records", log.records).EndObject();
  }
  json.EndObject().Key("items").BeginArray();
  for (const TraceMatch& match : matches) WriteMatch(json, match);
  return json.EndArray().EndObject().Take();
}

/// Somebody else's traces outweigh all; without one log to compare nothing was shown.
ExitCode Judge(const OwnTraces& own, const std::vector<TraceMatch>& matches) {
  if (CountOf(matches, TraceMatch::Kind::kTenantOnly) > 0) return ExitCode::kVerification;
  for (const auto& [name, log] : own.logs)
    if (log.comparable) return ExitCode::kOk;
  return ExitCode::kIncomplete;
}

}  // namespace

int CompareAccessLog(Context& context, ledger::Ledger& ledger) {
  const auto own = ReadOwnTraces(ledger, context.options.run);
  if (!own) return Report(context, own.error());
  const std::vector<TraceMatch> matches = MatchTraces(*own);
  const uint64_t foreign = CountOf(matches, TraceMatch::Kind::kTenantOnly);
  const std::string text =
      fmt::format("  {} · identity {}\n{}{}", own->run, own->identity.app, FormatLogs(*own),
                  FormatMatches(matches, context.terminal)) +
      fmt::format("  {} matched, {} only in the tenant, {} only here, {} too young\n",
                  CountOf(matches, TraceMatch::Kind::kMatched), foreign,
                  CountOf(matches, TraceMatch::Kind::kAssayOnly),
                  CountOf(matches, TraceMatch::Kind::kTooYoung)) +
      (foreign == 0
           ? ""
           : "  Somebody else used the identity: revoke its credential, and find out who\n");
  return context.Finish(text, WriteComparison(*own, matches), Judge(*own, matches));
}

}  // namespace assay::cli
