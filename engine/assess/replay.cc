#include "assess/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/derive.h"
#include "assess/earlier.h"
#include "assess/history.h"
#include "assess/kept_plugins.h"
#include "assess/line.h"
#include "assess/statement_chain.h"
#include "assess/stored_pages.h"
#include "base/text.h"
#include "broker/export_source.h"
#include "model/limits.h"

namespace assay::assess {
namespace {

Completeness CompletenessOf(std::string_view word) {
  for (const Completeness one : {Completeness::kComplete, Completeness::kPartial})
    if (Name(one) == word) return one;
  return Completeness::kUnavailable;
}

/// Where a replay differs from a run.
class ReplayPorts final : public DerivePorts {
 public:
  ReplayPorts(ledger::Ledger& ledger, const RecordedRun& run, const broker::BrokerOptions& broker,
              ComparingSink& sink, ReplayState& state)
      : ledger_(ledger), run_(run), broker_(broker), sink_(sink), state_(state) {}

  ledger::EntrySink& sink() override { return sink_; }

  std::unique_ptr<Pages> PagesOf(const LoadedPlugin& plugin) override {
    static const std::vector<RecordedRead> kNone;
    const auto reads = run_.reads.find(plugin.manifest.id);
    return std::make_unique<StoredPages>(ledger_, plugin.manifest.id,
                                         reads == run_.reads.end() ? kNone : reads->second, broker_,
                                         state_);
  }

  /// A dataset that did not come again stands as it stood: a check that needs only that can be
  /// decided. One with rows cannot be read.
  void Settle(const DatasetBoard::Named& dataset, DatasetStanding& standing) override {
    const std::string key = fmt::format("dataset {} {}", dataset.plugin, dataset.spec.id);
    const auto entry = run_.entries.find(key);
    if (entry == run_.entries.end() || !sink_.IsExcused(key)) return;
    if (auto recorded = ReadStanding(entry->second)) standing = std::move(*recorded);
    if (standing.completeness != Completeness::kUnavailable)
      state_.Lose(dataset.spec.id, state_.WhyPlugin(dataset.plugin).value_or(""));
  }

  /// Frameworks are given what the run had where a check was not decided again.
  void Settle(std::vector<CheckResult>& results) override {
    std::erase_if(results, [&](const CheckResult& result) {
      return sink_.IsExcused("check " + result.check);
    });
    std::set<std::string> have;
    for (const CheckResult& result : results) have.insert(result.check);
    for (const auto& [key, entry] : run_.entries) {
      if (!key.starts_with("check ") || have.contains(key.substr(6))) continue;
      auto recorded = ReadCheckResult(ledger_, entry);
      if (recorded)
        results.push_back(std::move(*recorded));
      else
        state_.Break(recorded.error());
    }
    std::sort(results.begin(), results.end(),
              [](const auto& a, const auto& b) { return a.check < b.check; });
  }

  bool WasDecided(const std::string& check) override {
    const std::string key = "check " + check;
    return !run_.entries.contains(key) || !sink_.IsExcused(key);
  }

  /// As recorded: who is excepted among the failing subjects of a check that is not decided again.
  void Recall(const std::string& check,
              const std::function<void(const Observation&)>& visit) override {
    CheckView view;
    for (const auto& [key, entry] : run_.entries)
      if (key == "check " + check || key.starts_with("check.part " + check + " "))
        view.bodies.push_back(entry);
    Status read = ReadObservations(ledger_, view, [&](ObservationView one) {
      if (one.absent.empty()) visit(one.observation);
      return true;
    });
    if (!read) state_.Break(read.error());
  }

 private:
  Result<DatasetStanding> ReadStanding(LeafIndex entry) {
    ASSAY_ASSIGN(const std::string text, ledger_.ReadLine(entry));
    ASSAY_ASSIGN(const Line line, Line::Decode(text));
    ASSAY_ASSIGN(const ledger::EntryBody body, ledger_.ReadEntryBody(entry));
    DatasetStanding out;
    out.completeness = CompletenessOf(line.Text("completeness"));
    out.reason = ParseReason(line.Text("reason")).value_or(Reason::kNone);
    out.rows = static_cast<uint64_t>(line.Int("rows"));
    if (!body.segments.empty()) out.detail = AsText(body.segments.front());
    return out;
  }

  ledger::Ledger& ledger_;
  const RecordedRun& run_;
  const broker::BrokerOptions& broker_;
  ComparingSink& sink_;
  ReplayState& state_;
};

/// One replay, step by step.
class Rerun {
 public:
  Rerun(const ReplayPlan& plan, RecordedRun run) : plan_(plan), run_(std::move(run)) {
    report_.run = run_.run;
    report_.outcome = run_.outcome;
    report_.told = run_.told;
    report_.told.erase("run.finished");  // its sums are compared
  }

  Result<ReplayReport> Go() {
    ASSAY_ASSIGN(report_.range, ProveRange(*plan_.ledger, run_.first, run_.last));
    if (report_.range.signed_size <= ToNumber(run_.last))
      report_.notes.push_back(
          "no signed head covers the whole run: its last entries are only "
          "chained to each other");
    NoteVersions();
    auto settings = ReadSettings(*plan_.ledger, run_);
    if (!settings && settings.error().code != Code::kNotFound)
      return Fail(std::move(settings.error()));
    if (!settings) return Impossible(settings.error().message);
    if (!run_.at || !settings->complete)
      return Impossible("it was made by an engine that did not write down what a replay needs");
    if (!run_.consented)
      return Impossible("it ended before its first read: there is nothing to derive");
    Excuse();
    Bound(*settings);
    ASSAY_TRY(Derive(*settings));
    if (const auto broken = state_.broken()) return Fail(*broken);
    report_.whole = report_.compared.not_replayed.empty() && !run_.partial();
    return std::move(report_);
  }

 private:
  Result<ReplayReport> Impossible(const std::string& why) {
    report_.impossible = why;
    return std::move(report_);
  }
  void NoteVersions();
  void Excuse();
  void Bound(RunSettings& settings);
  Status LookBack(std::vector<CheckSpec>& checks);
  Result<Statements> StatementsThen(const std::vector<LoadedPlugin>& frameworks);
  Status Derive(const RunSettings& settings);
  void CompareEnd(const RunReport& again);
  RunPlan PlanAgain(KeptPlugins& kept) const;
  Result<FindingRegister> Findings() const;

  const ReplayPlan& plan_;
  const RecordedRun run_;
  ReplayState state_;
  ReplayReport report_;
};

void Rerun::NoteVersions() {
  const auto differs = [&](const char* what, const std::string& then, const std::string& now) {
    if (!then.empty() && !now.empty() && then != now)
      report_.notes.push_back(fmt::format(
          "{} differs: {} in the run, {} now; a difference may come from that", what, then, now));
  };
  differs("engine version", run_.engine, plan_.engine_version);
  differs("engine", run_.engine_sha256, plan_.engine_sha256);
  differs("worker", run_.worker_sha256, plan_.worker_sha256);
}

/// What ended a plugin or the run from outside is not in the journal.
void Rerun::Excuse() {
  for (const auto& [plugin, fate] : run_.faults)
    state_.Excuse(plugin, fmt::format("plugin {} ended as {} in the run", plugin, fate));
  const bool collected = std::any_of(run_.entries.begin(), run_.entries.end(), [](const auto& one) {
    return one.first.starts_with("dataset ");
  });
  if (run_.partial())
    report_.notes.push_back(
        fmt::format("the run is {}: what it has was replayed, nothing more", run_.outcome));
  if (run_.outcome != "cancelled" && (collected || !run_.partial())) return;
  for (const auto& [plugin, digest] : run_.plugins)
    state_.Excuse(plugin, fmt::format("the run was {} while it collected", run_.outcome));
}

/// A ledger that somebody hands over may name any limit. What no manifest could ask for is given
/// only as far as the one who replays says so.
void Rerun::Bound(RunSettings& settings) {
  for (auto& [plugin, limits] : settings.limits)
    for (const LimitField& field : LimitFields()) {
      uint64_t most = field.get(WorkerLimits()) * kMostTimesDefault;
      for (const config::PluginConfig& own : plan_.config->plugins)
        if (const auto at = own.limits.find(std::string(field.name));
            own.id == plugin && at != own.limits.end())
          most = std::max(most, static_cast<uint64_t>(at->second));
      if (field.get(limits) <= most) continue;
      report_.notes.push_back(fmt::format(
          "plugin {}: {} was {} in the run and is {} here; {} under its grants in assay.toml "
          "raises it",
          plugin, field.name, field.get(limits), most, field.grant));
      field.set(limits, most);
    }
}

RunPlan Rerun::PlanAgain(KeptPlugins& kept) const {
  static const std::atomic<bool> never{false};
  static Progress silent;
  RunPlan out{plan_.config,
              plan_.tenant,
              std::move(kept.collectors),
              std::move(kept.frameworks),
              std::move(kept.checks),
              broker::BrokerOptions{*plan_.tenant->directory_id},
              plan_.spawner,
              plan_.tier,
              plan_.ledger,
              plan_.progress == nullptr ? &silent : plan_.progress,
              &SystemClock(),
              plan_.cancelled == nullptr ? &never : plan_.cancelled,
              "",
              "",
              "",
              "replay",
              "",
              {}};
  return out;
}

/// Numbers as the run gave them, so that they are the same even where a part is not replayed.
Result<FindingRegister> Rerun::Findings() const {
  ASSAY_ASSIGN(const History then, ReadHistory(*plan_.ledger, TreeSize{ToNumber(run_.last) + 1}));
  return FindingRegister::Load(*plan_.ledger, then.last_finding_entry);
}

/// What checks compare with is looked for anew: the name of an entry in the run proves nothing.
Status Rerun::LookBack(std::vector<CheckSpec>& checks) {
  std::map<std::string, std::string> unknown;
  const auto filled = FillEarlier(*plan_.ledger, TreeSize{ToNumber(run_.first)}, checks, unknown);
  if (!filled) return Fail(filled.error());
  for (const auto& [check, why] : unknown) state_.LoseCheck(check, why);
  std::erase_if(checks, [&](const CheckSpec& check) { return unknown.contains(check.id); });
  return {};
}

/// Exceptions and attestations as they stood before the run. What was erased of one that counted
/// then lets no control follow again for certain.
Result<Statements> Rerun::StatementsThen(const std::vector<LoadedPlugin>& frameworks) {
  ASSAY_ASSIGN(Statements out, LoadStatements(*plan_.ledger, TreeSize{ToNumber(run_.first)}));
  std::string why;
  for (const auto& [number, one] : out.exceptions())
    if (one.IsOpen(*run_.at) && !one.absent.empty())
      why = fmt::format("what exception E-{} is about is {}", number, one.absent);
  for (const auto& [number, one] : out.attestations())
    if (one.At(*run_.at) == AttestationState::kValid && !one.absent.empty())
      why = fmt::format("attestation AT-{} is {}", number, one.absent);
  if (why.empty()) return out;
  for (const LoadedPlugin& plugin : frameworks) state_.Excuse(plugin.framework.id, why);
  return out;
}

Status Rerun::Derive(const RunSettings& settings) {
  ASSAY_ASSIGN(KeptPlugins kept, LoadKeptPlugins(*plan_.ledger, run_, settings, state_));
  report_.files = kept.files;
  RunPlan again = PlanAgain(kept);
  again.broker.cloud.graph = settings.graph;
  again.broker.cloud.arm = settings.arm;
  broker::RestoreExports(again.broker.cloud, settings.exports, settings.exports_prefix);
  again.settings = settings.settings;
  for (const auto& [key, values] : run_.settings) again.settings[key] = values;
  ASSAY_TRY(LookBack(again.checks));
  ASSAY_ASSIGN(FindingRegister findings, Findings());
  ASSAY_ASSIGN(Statements statements, StatementsThen(again.frameworks));
  const RunStart start{run_.run,
                       *run_.at,
                       run_.roles,
                       run_.arm_token,
                       ledger::Keep::kFull,
                       run_.app_id,
                       std::move(statements)};
  ComparingSink sink(*plan_.ledger, run_, state_, again.checks, plan_.only, findings.has_gaps());
  ReplayPorts ports(*plan_.ledger, run_, again.broker, sink, state_);
  RunReport report;
  Derivation derivation(again, start, ports, findings, report);
  Status derived = derivation.Collect();
  // A run that no service answered, or that was killed before one did, has nothing to judge.
  const bool silent = !derived && derived.error().code == Code::kUnavailable &&
                      !report.datasets.empty() && run_.partial();
  if (derived && *again.cancelled) return Fail(Code::kCancelled, "replay: interrupted");
  if (derived && run_.outcome != "cancelled") derived = derivation.Judge();
  if (const auto broken = state_.broken()) return Fail(*broken);
  if (!derived && !silent) return derived;
  report_.compared = sink.Finish();
  if (run_.sqlite != "" && derivation.sqlite_version() != run_.sqlite)
    report_.notes.push_back(
        fmt::format("SQLite differs: {} in the run, {} now; a difference may come from that",
                    run_.sqlite, derivation.sqlite_version()));
  if (!run_.partial() && plan_.only.empty()) CompareEnd(report);
  return {};
}

/// The sums of run.finished, from the results that the replay ended with.
void Rerun::CompareEnd(const RunReport& again) {
  std::map<std::string, uint64_t> counts;
  for (const CheckResult& check : again.checks) ++counts[std::string(Name(check.verdict))];
  std::map<std::string, uint64_t> said;
  const auto at = run_.finished.find("counts");
  if (at != run_.finished.end() && at->second.object() != nullptr)
    for (const auto& [verdict, n] : *at->second.object())
      if (n.integer() != nullptr) said[verdict] = static_cast<uint64_t>(*n.integer());
  const auto number = [&](const char* key) {
    return static_cast<uint64_t>(proof::IntegerAt(run_.finished, key).value_or(0));
  };
  uint64_t reads = 0;
  for (const auto& [plugin, of_one] : run_.reads) reads += of_one.size();
  Tally& tally = report_.compared.kinds["run"];
  const auto hold = [&](const char* what, bool same) {
    ++tally.compared;
    tally.identical += same ? 1 : 0;
    if (!same)
      report_.compared.differences.push_back(
          {"run.finished", run_.last, fmt::format("{} do not follow from its entries", what), "",
           ""});
  };
  hold("counts", said == counts);
  hold("reads", number("reads") == reads);
  hold("new_findings", number("new_findings") == run_.opened);
}

}  // namespace

Result<ReplayReport> Replay(const ReplayPlan& plan) {
  ASSAY_ASSIGN(RecordedRun run, ReadRecordedRun(*plan.ledger, plan.run));
  return Rerun(plan, std::move(run)).Go();
}

}  // namespace assay::assess
