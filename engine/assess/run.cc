#include "assess/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <memory>
#include <thread>

#include "assess/collector_session.h"
#include "assess/evaluator_session.h"
#include "assess/findings.h"
#include "assess/framework_session.h"
#include "assess/history.h"
#include "assess/observation_writer.h"
#include "base/text.h"

namespace assay::assess {
namespace {

using Steady = std::chrono::steady_clock;

int64_t MsSince(Steady::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start).count();
}

/// Everything that was loaded of a plugin: one segment of run.started's body.
std::string PluginProvenance(const LoadedPlugin& plugin) {
  std::string files;
  for (const auto& [name, digest] : MakeLockEntry(plugin).files)
    files += fmt::format("{}{}:{}", files.empty() ? "" : ",", JsonString(name), JsonString(digest));
  // With the note an auditor can tell from the ledger alone who signed what ran.
  std::string key, note;
  if (plugin.trust == Trust::kSigned) {
    key = fmt::format("\"key\":{},", JsonString(plugin.vkey));
    note = fmt::format("\"note\":{},", JsonString(plugin.note));
  }
  return fmt::format(
      "{{\"files\":{{{}}},\"grant\":\"{}\",\"id\":{},{}\"manifest\":\"{}\",{}\"trust\":\"{}\","
      "\"version\":{}}}",
      files, EncodeHex(plugin.grant_digest), JsonString(plugin.manifest.id), key,
      EncodeHex(plugin.image.manifest_digest), note, Name(plugin.trust),
      JsonString(plugin.manifest.version));
}

ledger::Keep KeepOf(const std::string& evidence_raw) {
  if (evidence_raw == "none") return ledger::Keep::kNone;
  return evidence_raw == "redacted" ? ledger::Keep::kRedacted : ledger::Keep::kFull;
}

/// The steps of one run, in order. Every step leaves the ledger whole.
class RunSteps {
 public:
  explicit RunSteps(RunPlan plan) : plan_(std::move(plan)) {}

  Result<RunReport> Go() {
    ASSAY_TRY(Begin());
    Status worked = Work();
    if (!worked && ledger_failed_) return Fail(worked.error());
    if (!worked) report_.stopped = worked.error();
    ASSAY_TRY(Finish());
    return std::move(report_);
  }

 private:
  Status Begin();
  Status Work();
  Status CheckConsent();
  Status Collect();
  Status Evaluate();
  Status MapControls();
  Result<std::vector<ledger::BodyRef>> PutReasons(const std::vector<ControlResult>& results);
  Status Finish();
  Status StartEvaluator();
  Status RecordDatasets();
  void WarnOfMarks(const std::vector<CollectorReport>& reports);
  Status RecordFaults(const std::vector<CollectorReport>& reports);
  Status RecordDenials(const CollectorReport& report);
  Status Unreachable(const std::vector<CollectorReport>& reports) const;
  Status Append(ledger::EntryDraft draft);
  ledger::EntryDraft Draft(std::string kind) const {
    ledger::EntryDraft draft;
    draft.kind = std::move(kind);
    draft.actor = plan_.actor;
    draft.members.emplace("run", report_.run);
    return draft;
  }
  bool NeedsArm() const;

  RunPlan plan_;
  RunReport report_;
  bool ledger_failed_ = false;
  Timestamp started_{};
  uint64_t first_size_ = 0;
  DatasetBoard board_;
  std::map<std::string, std::map<std::string, uint32_t>> numbers_;  ///< plugin -> dataset -> number
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<EvaluatorSession> evaluator_;
  std::optional<FindingRegister> findings_;
  std::map<uint32_t, LeafIndex> pages_;
};

Status RunSteps::Append(ledger::EntryDraft draft) {
  auto appended = plan_.ledger->Append(std::move(draft)).get();
  if (appended) return {};
  ledger_failed_ = true;
  return Fail(std::move(appended.error()));
}

Status RunSteps::Begin() {
  auto history = ReadHistory(*plan_.ledger);
  if (!history) {
    ledger_failed_ = true;
    return Fail(std::move(history.error()));
  }
  first_size_ = history->size;
  started_ = plan_.clock->Now();
  if (!history->unfinished_run.empty()) {
    report_.interrupted_run = history->unfinished_run;
    ledger::EntryDraft interrupted;
    interrupted.kind = "run.interrupted";
    interrupted.actor = plan_.actor;
    interrupted.members = {{"run", history->unfinished_run}};
    ASSAY_TRY(Append(std::move(interrupted)));
  }
  report_.run = fmt::format("R-{}", history->last_run_number + 1);
  auto findings = FindingRegister::Load(*plan_.ledger, history->last_finding_entry);
  if (!findings) {
    ledger_failed_ = true;
    return Fail(std::move(findings.error()));
  }
  findings_ = std::move(*findings);

  ledger::EntryDraft draft = Draft("run.started");
  draft.members.emplace("config", plan_.config_sha256);
  draft.members.emplace("engine", plan_.engine_version);
  draft.members.emplace("engine_sha256", plan_.engine_sha256);
  draft.members.emplace("tier", sandbox::Name(plan_.tier));
  ledger::MemberMap plugins, keys;
  std::vector<std::string> files;
  for (const auto* set : {&plan_.collectors, &plan_.frameworks})
    for (const LoadedPlugin& plugin : *set) {
      plugins.emplace(plugin.manifest.id, EncodeBase64(plugin.image.file_digest));
      if (plugin.trust != Trust::kBuiltIn)
        keys.emplace(plugin.manifest.id, plugin.trust == Trust::kSigned
                                             ? plugin.fingerprint
                                             : std::string(Name(plugin.trust)));
      files.push_back(PluginProvenance(plugin));
    }
  draft.members.emplace("plugins", std::move(plugins));
  if (!keys.empty()) draft.members.emplace("keys", std::move(keys));
  ASSAY_ASSIGN(draft.body, plan_.ledger->PutSegments(files));
  draft.members.emplace("checks", uint64_t{plan_.checks.size()});
  return Append(std::move(draft));
}

Status RunSteps::Work() {
  auto phase = Steady::now();
  plan_.progress->PhaseStarted("collect");
  ASSAY_TRY(CheckConsent());
  ASSAY_TRY(StartEvaluator());
  ASSAY_TRY(Collect());
  report_.collect_ms = MsSince(phase);
  plan_.progress->PhaseFinished("collect");
  if (*plan_.cancelled) {
    report_.cancelled = true;
    return Fail(Code::kCancelled, "run: interrupted");
  }
  phase = Steady::now();
  plan_.progress->PhaseStarted("check");
  ASSAY_TRY(Evaluate());
  ASSAY_TRY(MapControls());
  report_.check_ms = MsSince(phase);
  plan_.progress->PhaseFinished("check");
  return {};
}

bool RunSteps::NeedsArm() const {
  for (const LoadedPlugin& plugin : plan_.collectors)
    for (const EndpointSpec& endpoint : plugin.manifest.endpoints)
      if (endpoint.host == ServiceHost::kArm) return true;
  return false;
}

Status RunSteps::CheckConsent() {
  plan_.broker.on_wait = [progress = plan_.progress](const std::string& endpoint,
                                                     std::chrono::milliseconds wait, int status) {
    progress->Waiting(endpoint, wait, status);
  };
  ASSAY_ASSIGN(broker_, broker::Broker::Create(plan_.broker));
  ASSAY_ASSIGN(report_.consent, broker_->CheckConsent(NeedsArm()));
  const broker::Consent& consent = report_.consent;
  if (!consent.arm_note.empty()) report_.warnings.push_back("arm: " + consent.arm_note);
  if (std::abs(consent.clock_offset_ms) > 5 * 60 * 1000)
    report_.warnings.push_back(
        fmt::format("clock: {} s away from the token service", consent.clock_offset_ms / 1000));
  ledger::EntryDraft draft = Draft("auth.consent");
  draft.members.emplace("graph_checked", consent.graph_checked ? 1 : 0);
  draft.members.emplace("arm_token", consent.arm_token ? 1 : 0);
  draft.members.emplace("arm_checked", consent.arm_note.empty() ? 1 : 0);
  draft.members.emplace("excess", uint64_t{consent.excess.size()});
  ASSAY_ASSIGN(draft.body, plan_.ledger->PutSegments(consent.roles));
  return Append(std::move(draft));
}

Status RunSteps::StartEvaluator() {
  for (const LoadedPlugin& plugin : plan_.collectors)
    for (const DatasetSpec& dataset : plugin.manifest.datasets)
      numbers_[plugin.manifest.id][dataset.id] = board_.Add(plugin.manifest.id, dataset);
  std::vector<std::pair<std::string, std::string>> views;
  for (const LoadedPlugin& plugin : plan_.collectors)
    if (!plugin.views_sql.empty()) views.emplace_back(plugin.manifest.id, plugin.views_sql);
  ASSAY_ASSIGN(evaluator_, EvaluatorSession::Start(*plan_.spawner, plan_.tier, ToUnixMs(started_),
                                                   board_.All(), views, plan_.checks));
  return {};
}

Status RunSteps::Collect() {
  CollectContext context;
  context.run = report_.run;
  context.now_ms = ToUnixMs(started_);
  context.spawner = plan_.spawner;
  context.tier = plan_.tier;
  context.broker = broker_.get();
  LedgerPages pages(*plan_.ledger);
  context.pages = &pages;
  context.rows = evaluator_.get();
  context.board = &board_;
  context.progress = plan_.progress;
  context.cancelled = plan_.cancelled;
  context.raw = KeepOf(plan_.config->evidence_raw);
  context.roles.insert(report_.consent.roles.begin(), report_.consent.roles.end());
  context.arm_available = report_.consent.arm_token;

  std::vector<CollectorReport> reports(plan_.collectors.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < plan_.collectors.size(); ++i)
    threads.emplace_back([&, i] {
      const LoadedPlugin& plugin = plan_.collectors[i];
      reports[i] = CollectorSession(context, plugin, numbers_[plugin.manifest.id]).Run();
    });
  for (std::thread& thread : threads) thread.join();

  for (const CollectorReport& report : reports) {
    if (report.ledger_failure) {
      ledger_failed_ = true;
      return Fail(*report.ledger_failure);
    }
    pages_.insert(report.pages.begin(), report.pages.end());
    report_.reads += report.pages.size();
    report_.endpoints_done.push_back(
        {report.plugin,
         {static_cast<int>(report.answered.size()), static_cast<int>(report.asked.size())}});
    for (const std::string& permission : report.missing_permissions)
      if (std::find(report_.missing_permissions.begin(), report_.missing_permissions.end(),
                    permission) == report_.missing_permissions.end())
        report_.missing_permissions.push_back(permission);
  }
  WarnOfMarks(reports);
  ASSAY_TRY(RecordFaults(reports));
  ASSAY_TRY(RecordDatasets());
  return Unreachable(reports);
}

Status RunSteps::Unreachable(const std::vector<CollectorReport>& reports) const {
  size_t dead = 0, asking = 0;
  for (const CollectorReport& report : reports) {
    if (report.sent > 0) ++asking;
    if (report.sent > 0 && !report.answered_any) ++dead;
  }
  if (asking == 0 || dead < asking) return {};
  return Fail(Code::kUnavailable, "tenant " + plan_.tenant->id + ": no service gave any answer");
}

/// Nothing is lost, but nothing of such a page can be disclosed or erased alone: people should
/// know.
void RunSteps::WarnOfMarks(const std::vector<CollectorReport>& reports) {
  for (const CollectorReport& report : reports)
    for (const auto& [endpoint, pages] : report.wrong_marks)
      report_.warnings.push_back(
          fmt::format("{}: plugin {} marked records wrongly on {} page{} of endpoint {}: each is "
                      "kept whole, as "
                      "one record",
                      "AS-PLG-006", report.plugin, pages, pages == 1 ? "" : "s", endpoint));
}

Status RunSteps::RecordFaults(const std::vector<CollectorReport>& reports) {
  for (const CollectorReport& report : reports) {
    ASSAY_TRY(RecordDenials(report));
    if (report.ok) continue;
    report_.plugin_faults.emplace_back(report.plugin, report.detail);
    ledger::EntryDraft draft = Draft("plugin.fault");
    draft.members.emplace("plugin", report.plugin);
    draft.members.emplace("fate", sandbox::Name(report.outcome.fate));
    draft.members.emplace("signal", report.outcome.signal);
    ASSAY_ASSIGN(draft.body, plan_.ledger->PutSegments({report.detail}));
    ASSAY_TRY(Append(std::move(draft)));
  }
  return {};
}

/// Every kind of call that confinement refused to a plugin, whether it was harmless or not.
Status RunSteps::RecordDenials(const CollectorReport& report) {
  if (report.outcome.denied.empty()) return {};
  ledger::EntryDraft draft = Draft("sandbox.denied");
  draft.members.emplace("plugin", report.plugin);
  ledger::MemberMap calls;
  for (const sandbox::DeniedCall& call : report.outcome.denied)
    calls.emplace(AsciiLower(call.name), uint64_t{call.count});
  draft.members.emplace("calls", std::move(calls));
  return Append(std::move(draft));
}

Status RunSteps::RecordDatasets() {
  for (const auto& dataset : board_.All()) {
    const DatasetStanding standing = board_.Conclude(dataset.number);
    report_.datasets.emplace_back(dataset.spec.id, standing);
    ledger::EntryDraft draft = Draft("dataset");
    draft.members.emplace("dataset", dataset.spec.id);
    draft.members.emplace("plugin", dataset.plugin);
    draft.members.emplace("rows", standing.rows);
    draft.members.emplace("completeness", Name(standing.completeness));
    if (standing.reason != Reason::kNone) draft.members.emplace("reason", Name(standing.reason));
    if (!standing.detail.empty()) {
      ASSAY_ASSIGN(draft.body, plan_.ledger->PutSegments({standing.detail}));
    }
    ASSAY_TRY(Append(std::move(draft)));
  }
  return {};
}

Status RunSteps::Evaluate() {
  std::map<uint32_t, DatasetStanding> standings;
  for (const auto& dataset : board_.All()) {
    standings[dataset.number] = board_.Conclude(dataset.number);
    report_.subjects += dataset.spec.subject.empty() ? 0 : standings[dataset.number].rows;
  }
  ObservationWriter writer(*plan_.ledger, report_.run, plan_.actor, pages_, *findings_);
  Status judged = evaluator_->Evaluate(
      standings,
      [&](const std::string& check, std::vector<Observation> batch) {
        return writer.Add(check, std::move(batch));
      },
      [&](CheckResult result) -> Status {
        plan_.progress->CheckFinished(result);
        ASSAY_TRY(writer.Conclude(result));
        report_.checks.push_back(std::move(result));
        return {};
      });
  if (writer.ledger_failure()) {
    ledger_failed_ = true;
    return Fail(*writer.ledger_failure());
  }
  if (!judged) {
    // The evaluator is ours, but SQL of an admin or a plugin ran in it: what it did not decide is
    // not assessed.
    report_.plugin_faults.emplace_back("evaluator", judged.error().message);
    for (const CheckSpec& check : plan_.checks) {
      const bool decided = std::any_of(report_.checks.begin(), report_.checks.end(),
                                       [&](const CheckResult& r) { return r.check == check.id; });
      if (decided) continue;
      CheckResult lost;
      lost.check = check.id;
      lost.version = check.version;
      lost.reason = Reason::kPluginFault;
      lost.detail = judged.error().message;
      ASSAY_TRY(writer.Conclude(lost));
      report_.checks.push_back(std::move(lost));
    }
  }
  report_.new_findings = findings_->opened();
  return findings_->Commit(*plan_.ledger, report_.run, true);
}

/// A body is durable before its entry is written. One disk sync for each of some hundred sentences
/// took longer than deciding them: bodies put at the same time share one.
Result<std::vector<ledger::BodyRef>> RunSteps::PutReasons(
    const std::vector<ControlResult>& results) {
  constexpr size_t kAtOnce = 16;
  std::vector<ledger::BodyRef> out;
  for (size_t first = 0; first < results.size(); first += kAtOnce) {
    std::vector<std::future<Result<ledger::BodyRef>>> puts;
    for (size_t i = first; i < std::min(results.size(), first + kAtOnce); ++i)
      puts.push_back(
          std::async(std::launch::async | std::launch::deferred,
                     [this, &why = results[i].why] { return plan_.ledger->PutSegments({why}); }));
    for (auto& put : puts) {
      ASSAY_ASSIGN(ledger::BodyRef body, put.get());
      out.push_back(std::move(body));
    }
  }
  return out;
}

Status RunSteps::MapControls() {
  for (const LoadedPlugin& plugin : plan_.frameworks) {
    auto results =
        ConcludeFramework(*plan_.spawner, plan_.tier, ToUnixMs(started_), plugin, report_.checks);
    if (!results) {
      report_.plugin_faults.emplace_back(plugin.manifest.id, results.error().ToString());
      results.emplace();
      for (const ControlSpec& control : plugin.framework.controls)
        results->push_back({plugin.framework.id, control.id, ControlState::kUnknown,
                            "the framework plugin failed"});
    }
    ASSAY_ASSIGN(const std::vector<ledger::BodyRef> reasons, PutReasons(*results));
    for (size_t i = 0; i < results->size(); ++i) {
      ControlResult& result = (*results)[i];
      ledger::EntryDraft draft = Draft("control");
      draft.members.emplace("framework", result.framework);
      draft.members.emplace("control", result.control);
      draft.members.emplace("state", Name(result.state));
      draft.body = reasons[i];
      // Not waited for one by one: the group commit takes them together, Finish() syncs.
      (void)plan_.ledger->Append(std::move(draft));
      report_.controls.push_back(std::move(result));
    }
  }
  return {};
}

Status RunSteps::Finish() {
  const auto phase = Steady::now();
  plan_.progress->PhaseStarted("commit");
  ledger::EntryDraft draft = Draft("run.finished");
  ledger::MemberMap counts;
  std::map<Verdict, uint64_t> by_verdict;
  for (const CheckResult& check : report_.checks) ++by_verdict[check.verdict];
  for (const auto& [verdict, n] : by_verdict) counts.emplace(std::string(Name(verdict)), n);
  const bool incomplete = by_verdict[Verdict::kNotAssessed] > 0 || !report_.plugin_faults.empty();
  draft.members.emplace("outcome", report_.cancelled ? "cancelled"
                                   : report_.stopped ? "stopped"
                                   : incomplete      ? "incomplete"
                                                     : "complete");
  if (!counts.empty()) draft.members.emplace("counts", std::move(counts));
  draft.members.emplace("reads", report_.reads);
  draft.members.emplace("new_findings", report_.new_findings);
  if (findings_ && findings_->last_entry())
    draft.members.emplace("findings", ToNumber(*findings_->last_entry()));
  if (evaluator_) draft.members.emplace("sqlite", evaluator_->sqlite_version());
  std::vector<std::string> notes = report_.warnings;
  for (const std::string& permission : report_.missing_permissions)
    notes.push_back("missing permission: " + permission);
  if (report_.stopped) notes.push_back("stopped: " + report_.stopped->ToString());
  if (!notes.empty()) {
    ASSAY_ASSIGN(draft.body, plan_.ledger->PutSegments(notes));
  }
  ASSAY_TRY(Append(std::move(draft)));
  ASSAY_ASSIGN(report_.checkpoint, plan_.ledger->SignCheckpoint());
  ASSAY_ASSIGN(report_.head, plan_.ledger->ReadHead());
  report_.entries = ToNumber(report_.head.size) - first_size_;
  report_.commit_ms = MsSince(phase);
  plan_.progress->PhaseFinished("commit");
  return {};
}

}  // namespace

Result<RunReport> Run(RunPlan plan) {
  static const std::atomic<bool> never{false};
  static Progress silent;
  if (plan.cancelled == nullptr) plan.cancelled = &never;
  if (plan.progress == nullptr) plan.progress = &silent;
  return RunSteps(std::move(plan)).Go();
}

}  // namespace assay::assess
