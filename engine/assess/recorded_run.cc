#include "assess/recorded_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/journal.h"
#include "base/text.h"
#include "ledger/proofs.h"
#include "proof/tree.h"

namespace assay::assess {
namespace {

std::string TextOf(const proof::JsonObject& members, std::string_view key) {
  return proof::TextAt(members, key).value_or(std::string());
}

uint64_t NumberOf(const proof::JsonObject& members, std::string_view key) {
  return static_cast<uint64_t>(proof::IntegerAt(members, key).value_or(0));
}

/// Lines of one run, taken in order.
class RunReader {
 public:
  RunReader(ledger::Ledger& ledger, std::string run) : ledger_(ledger) {
    out_.run = std::move(run);
    out_.outcome = "interrupted";
  }

  Status Take(LeafIndex index, std::string_view line) {
    ASSAY_ASSIGN(ledger::LineFacts facts, ledger::ParseLine(line));
    if (TextOf(facts.members, "run") != out_.run) return {};
    if (facts.kind == "run.started") return TakeStart(index, facts.members);
    if (!started_ || facts.kind == "run.interrupted") return {};
    out_.last = index;
    if (facts.kind == "auth.consent") {
      out_.consented = true;
      if (facts.body) roles_ = index;
      out_.arm_token = NumberOf(facts.members, "arm_token") == 1;
      out_.app_id = TextOf(facts.members, "app_id");
      scoped_ = NumberOf(facts.members, "scoped") == 1;
    }
    if (facts.kind == "finding.opened") out_.opened += NumberOf(facts.members, "count");
    if (facts.kind == "run.finished") TakeEnd(facts.members);
    if (facts.kind == "plugin.fault")
      out_.faults[TextOf(facts.members, "plugin")] = TextOf(facts.members, "fate");
    // What the consent guard read is asked of the tenant only: nothing follows from it.
    if (facts.kind == "read" && TextOf(facts.members, "plugin") == kGuardPlugin) return {};
    if (facts.kind == "read") TakeRead(index, facts.members);
    const std::string key = KeyOf(facts.kind, facts.members);
    if (key.empty())
      ++out_.told[facts.kind];
    else if (!out_.entries.emplace(key, index).second)
      out_.again.emplace(key, index);
    return {};
  }

  Result<RecordedRun> Finish() {
    if (!started_)
      return Fail(Code::kNotFound, "run " + Quote(out_.run) + ": the ledger has no such run");
    for (auto& [plugin, reads] : out_.reads)
      std::sort(reads.begin(), reads.end(),
                [](const auto& a, const auto& b) { return a.page < b.page; });
    if (!roles_) return std::move(out_);
    ASSAY_ASSIGN(ledger::EntryBody roles, ledger_.ReadEntryBody(*roles_));
    if (scoped_ && !roles.segments.empty()) {
      ASSAY_ASSIGN(RunSettings last, ReadRunSettings({std::string(AsText(roles.segments.back()))}));
      out_.settings = std::move(last.settings);
      roles.segments.pop_back();
    }
    for (const ByteVector& role : roles.segments) out_.roles.emplace(AsText(role));
    return std::move(out_);
  }

 private:
  Status TakeStart(LeafIndex index, const proof::JsonObject& members) {
    if (started_)
      return Fail(Code::kCorrupt,
                  fmt::format("entry {}: run {} starts a second time", ToNumber(index), out_.run));
    started_ = true;
    out_.first = out_.last = index;
    if (const auto at = ParseTime(TextOf(members, "at"))) out_.at = *at;
    out_.engine = TextOf(members, "engine");
    out_.engine_sha256 = TextOf(members, "engine_sha256");
    out_.worker_sha256 = TextOf(members, "worker_sha256");
    if (members.contains("files")) out_.files = LeafIndex{NumberOf(members, "files")};
    if (const auto plugins = members.find("plugins");
        plugins != members.end() && plugins->second.object() != nullptr)
      for (const auto& [id, digest] : *plugins->second.object())
        if (digest.text() != nullptr) out_.plugins[id] = *digest.text();
    return {};
  }
  void TakeEnd(const proof::JsonObject& members) {
    out_.outcome = TextOf(members, "outcome");
    out_.sqlite = TextOf(members, "sqlite");
    out_.finished = members;
  }
  void TakeRead(LeafIndex index, const proof::JsonObject& members) {
    out_.reads[TextOf(members, "plugin")].push_back(
        {NumberOf(members, "ticket"), static_cast<uint32_t>(NumberOf(members, "page")),
         static_cast<uint32_t>(NumberOf(members, "page_index")),
         static_cast<uint32_t>(NumberOf(members, "status")), index});
  }

  ledger::Ledger& ledger_;
  RecordedRun out_;
  bool started_ = false, scoped_ = false;
  std::optional<LeafIndex> roles_;  ///< where the permissions of the identity stand
};

}  // namespace

std::string KeyOf(std::string_view kind, const proof::JsonObject& members) {
  const auto text = [&](const char* key) { return TextOf(members, key); };
  if (kind == "read") return fmt::format("read {}", NumberOf(members, "page"));
  if (kind == "plugin.fault") return fmt::format("plugin.fault {}", text("plugin"));
  if (kind == "dataset") return fmt::format("dataset {} {}", text("plugin"), text("dataset"));
  if (kind == "check") return fmt::format("check {}", text("check"));
  if (kind == "check.part")
    return fmt::format("check.part {} {}", text("check"), NumberOf(members, "part"));
  if (kind == "control") return fmt::format("control {}:{}", text("framework"), text("control"));
  return "";
}

Result<RecordedRun> ReadRecordedRun(ledger::Ledger& ledger, const std::string& run) {
  RunReader reader(ledger, run);
  const std::string member = fmt::format("\"run\":{}", JsonString(run));
  ASSAY_ASSIGN(const ledger::Head head, ledger.ReadHead());
  Status taken;
  ASSAY_TRY(ledger.ReadLines(LeafIndex{0}, LeafIndex{ToNumber(head.size)},
                             [&](LeafIndex index, std::string_view line) {
                               if (line.find(member) == std::string_view::npos) return true;
                               taken = reader.Take(index, line);
                               return taken.has_value();
                             }));
  ASSAY_TRY(std::move(taken));
  return reader.Finish();
}

Result<RunSettings> ReadSettings(ledger::Ledger& ledger, const RecordedRun& run) {
  ASSAY_ASSIGN(const ledger::EntryBody body, ledger.ReadEntryBody(run.first));
  std::string why = body.absent;
  if (!body.absent_segments.empty()) why = body.absent_segments.begin()->second;
  if (!why.empty())
    return Fail(Code::kNotFound, fmt::format("what run {} was told (body of entry {}) is {}",
                                             run.run, ToNumber(run.first), why));
  std::vector<std::string> segments;
  for (const ByteVector& segment : body.segments) segments.emplace_back(AsText(segment));
  return ReadRunSettings(segments);
}

Result<RangeProof> ProveRange(ledger::Ledger& ledger, LeafIndex first, LeafIndex last) {
  RangeProof out{first, last, 0};
  auto proofs = ledger.OpenProofs();
  if (!proofs && proofs.error().code != Code::kNotFound) return Fail(std::move(proofs.error()));
  const uint64_t size = proofs ? (*proofs)->head().size : 0;
  std::optional<LeafIndex> covered;
  Digest before{}, leaf{};
  Status chained;
  ASSAY_TRY(ledger.ReadLines(
      first, LeafIndex{ToNumber(last) + 1}, [&](LeafIndex index, std::string_view line) {
        const auto facts = ledger::ParseLine(line);
        if (!facts) return chained = Fail(facts.error()), false;
        if (index > first && facts->prev != before)
          return chained = Fail(
                     Code::kCorrupt,
                     fmt::format("entry {}: does not follow from the one before", ToNumber(index))),
                 false;
        before = proof::Sha256(AsBytes(line));
        if (ToNumber(index) < size) covered = index, leaf = proof::HashEntry(line);
        return true;
      }));
  ASSAY_TRY(std::move(chained));
  if (!covered) return out;
  ASSAY_ASSIGN(const std::vector<Digest> path, (*proofs)->InclusionPath(*covered));
  Status included = proof::VerifyInclusion(proof::TreeKind::kEntry, leaf, ToNumber(*covered), size,
                                           path, (*proofs)->head().root);
  if (!included)
    return Fail(Code::kCorrupt,
                fmt::format("entry {}: is not in the tree of the signed head", ToNumber(*covered)));
  out.signed_size = size;
  return out;
}

}  // namespace assay::assess
