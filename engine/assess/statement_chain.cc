#include "assess/statement_chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/history.h"
#include "assess/line.h"
#include "proof/canonical_json.h"

namespace assay::assess {
namespace {

Result<Line> LineAt(ledger::Ledger& ledger, LeafIndex index) {
  ASSAY_ASSIGN(const std::string text, ledger.ReadLine(index));
  return Line::Decode(text);
}

tl::unexpected<Error> Corrupt(LeafIndex index, const std::string& what) {
  return Fail(Code::kCorrupt, fmt::format("entry {}: {}", ToNumber(index), what));
}

Status TakeBody(ledger::Ledger& ledger, StatementEntry& entry) {
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(entry.index));
  entry.absent = body.absent;
  if (!body.absent_segments.empty()) entry.absent = body.absent_segments.begin()->second;
  if (!entry.absent.empty() || body.segments.empty()) return {};
  auto json = proof::ReadJson(AsText(body.segments.front()));
  if (!json || json->object() == nullptr) return Corrupt(entry.index, "its body is no object");
  for (const auto& [key, value] : *json->object())
    if (value.text() != nullptr) entry.said.emplace(key, *value.text());
  return {};
}

StatementEntry FromLine(LeafIndex index, const Line& line) {
  StatementEntry out;
  out.index = index;
  out.kind = line.Text("kind");
  out.actor = line.Text("actor");
  out.run = line.Text("run");
  const bool exception = out.kind.starts_with("exception.");
  out.number = static_cast<uint64_t>(line.Int(exception ? "exception" : "attestation"));
  out.check = line.Text("check");
  out.compensating_check = line.Text("compensating_check");
  out.framework = line.Text("framework");
  out.control = line.Text("control");
  out.finding = static_cast<uint64_t>(line.Int("finding"));
  out.wildcard = line.Int("wildcard") == 1;
  return out;
}

/// The entry before, and that it is one.
Result<std::optional<LeafIndex>> Before(LeafIndex index, const Line& line) {
  if (!line.Has("previous")) return std::optional<LeafIndex>();
  const LeafIndex previous{static_cast<uint64_t>(line.Int("previous"))};
  if (previous >= index) return Corrupt(index, "points forward");
  return std::optional(previous);
}

}  // namespace

Result<StatementEntry> ReadStatement(ledger::Ledger& ledger, LeafIndex index) {
  ASSAY_ASSIGN(const Line line, LineAt(ledger, index));
  if (!IsStatement(line.Text("kind"))) return Corrupt(index, "expected a statement");
  StatementEntry out = FromLine(index, line);
  ASSAY_ASSIGN(out.time, ParseTime(line.Text("time")));
  if (line.Has("expires")) {
    auto expires = ParseTime(line.Text("expires"));
    if (!expires) return Corrupt(index, "expires: not a time");
    out.expires = *expires;
  }
  if (!line.BodyRoot().empty()) ASSAY_TRY(TakeBody(ledger, out));
  return out;
}

Result<Statements> LoadStatements(ledger::Ledger& ledger, std::optional<LeafIndex> last) {
  std::vector<LeafIndex> chain;
  for (std::optional<LeafIndex> at = last; at;) {
    chain.push_back(*at);
    ASSAY_ASSIGN(const Line line, LineAt(ledger, *at));
    ASSAY_ASSIGN(at, Before(*at, line));
  }
  Statements out;
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    ASSAY_ASSIGN(StatementEntry entry, ReadStatement(ledger, *at));
    out.Take(std::move(entry));
  }
  return out;
}

Result<Statements> LoadStatements(ledger::Ledger& ledger, TreeSize size) {
  ASSAY_ASSIGN(const History history, ReadHistory(ledger, size));
  return LoadStatements(ledger, history.last_statement_entry);
}

Result<Statements> LoadStatements(ledger::Ledger& ledger) {
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  return LoadStatements(ledger, head.size);
}

}  // namespace assay::assess
