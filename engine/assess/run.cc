#include "assess/run.h"

#include <fmt/format.h>

#include <memory>

#include "assay/config.h"
#include "assess/access_journal.h"
#include "assess/derive.h"
#include "assess/earlier.h"
#include "assess/history.h"
#include "assess/run_settings.h"
#include "assess/statement_desk.h"

namespace assay::assess {
namespace {

using Steady = std::chrono::steady_clock;

int64_t MsSince(Steady::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start).count();
}

ledger::Keep KeepOf(const std::string& evidence_raw) {
  if (evidence_raw == "none") return ledger::Keep::kNone;
  return evidence_raw == "redacted" ? ledger::Keep::kRedacted : ledger::Keep::kFull;
}

std::vector<UsedFile> UsedFiles(const RunPlan& plan) {
  std::vector<UsedFile> out = plan.own_checks;
  for (const auto* set : {&plan.collectors, &plan.frameworks})
    for (const LoadedPlugin& plugin : *set)
      for (const PluginFile& file : plugin.files)
        out.push_back({plugin.manifest.id, file.name, EncodeHex(file.digest), file.bytes});
  return out;
}

/// The steps of one run, in order. Every step leaves the ledger whole.
class RunSteps final : public DerivePorts {
 public:
  explicit RunSteps(RunPlan plan) : plan_(std::move(plan)) {}

  Result<RunReport> Go() {
    ASSAY_TRY(Begin());
    Status worked = Work();
    if (!worked && LedgerFailed()) return Fail(worked.error());
    if (!worked) report_.stopped = worked.error();
    if (!worked) ASSAY_TRY(RecordRefusal(worked.error()));
    ASSAY_TRY(Finish());
    return std::move(report_);
  }

 private:
  Status Begin();
  Status RecordStart();
  Status LookAtStatements(std::optional<LeafIndex> last);
  Status RecordStatements();
  Status Work();
  Status CheckConsent();
  Status RecordRefusal(const Error& error);
  Status RecordAccess();
  Status Finish();
  std::vector<std::string> Notes() const;
  Status Append(ledger::EntryDraft draft);
  ledger::EntryDraft Draft(std::string kind) const {
    ledger::EntryDraft draft;
    draft.kind = std::move(kind);
    draft.actor = plan_.actor;
    draft.members.emplace("run", start_.run);
    return draft;
  }
  bool LedgerFailed() const {
    return ledger_failed_ || (derivation_ && derivation_->sink_failed());
  }
  bool Needs(ServiceHost host) const;
  const std::vector<std::string>& Narrow(const broker::AzureScope& scope);
  Status JournalGuard(std::vector<broker::ReadResult> reads);

  ledger::EntrySink& sink() override { return *plan_.ledger; }
  std::unique_ptr<Pages> PagesOf(const LoadedPlugin& /*plugin*/) override {
    return std::make_unique<BrokerPages>(*broker_, next_page_);
  }

  RunPlan plan_;
  RunReport report_;
  RunStart start_;
  bool ledger_failed_ = false;
  uint64_t first_size_ = 0;
  std::atomic<uint32_t> next_page_{1};
  uint64_t guard_reads_ = 0;
  std::optional<AccessJournal> access_;  ///< outlives the broker, whose threads write to it
  std::unique_ptr<broker::Broker> broker_;
  std::optional<FindingRegister> findings_;
  std::optional<KeptFiles> kept_;
  std::map<std::string, EarlierCheck> earlier_;  ///< what checks compare with
  std::optional<LeafIndex> last_statement_;
  std::optional<Derivation> derivation_;
};

Status RunSteps::Append(ledger::EntryDraft draft) {
  auto appended = plan_.ledger->AppendDurably(std::move(draft));
  if (appended) return {};
  ledger_failed_ = true;
  return Fail(std::move(appended.error()));
}

/// A failure before `run.started` ends it all: there is no run yet that could be recorded.
Status RunSteps::Begin() {
  ASSAY_ASSIGN(const History history, ReadHistory(*plan_.ledger));
  first_size_ = history.size;
  start_.at = plan_.clock->Now();
  start_.keep = KeepOf(plan_.config->evidence_raw);
  if (!history.unfinished_run.empty()) {
    report_.interrupted_run = history.unfinished_run;
    ledger::EntryDraft interrupted;
    interrupted.kind = "run.interrupted";
    interrupted.actor = plan_.actor;
    interrupted.members = {{"run", history.unfinished_run}};
    ASSAY_TRY(Append(std::move(interrupted)));
  }
  report_.run = start_.run = fmt::format("R-{}", history.last_run_number + 1);
  ASSAY_TRY(LookAtStatements(history.last_statement_entry));
  ASSAY_ASSIGN(findings_, FindingRegister::Load(*plan_.ledger, history.last_finding_entry));
  ASSAY_ASSIGN(kept_, KeptFiles::Load(*plan_.ledger, history.last_file_entry));
  ASSAY_TRY(kept_->Keep(*plan_.ledger, plan_.actor, UsedFiles(plan_)));
  std::map<std::string, std::string> unknown;
  ASSAY_ASSIGN(earlier_, FillEarlier(*plan_.ledger, TreeSize{history.size}, plan_.checks, unknown));
  for (const auto& [check, why] : unknown)
    report_.warnings.push_back(fmt::format("check {}: {}", check, why));
  return RecordStart();
}

/// What the clock ended is written down before the run that first sees it.
Status RunSteps::LookAtStatements(std::optional<LeafIndex> last) {
  ASSAY_ASSIGN(const Statements before, LoadStatements(*plan_.ledger, last));
  auto written = WriteExpired(*plan_.ledger, before, start_.at);
  if (!written) return ledger_failed_ = true, Fail(std::move(written.error()));
  last_statement_ = *written;
  ASSAY_ASSIGN(start_.statements, LoadStatements(*plan_.ledger, last_statement_));
  return {};
}

/// What the results say of exceptions.
Status RunSteps::RecordStatements() {
  for (const Excepting::Change& change : derivation_->excepting().changes()) {
    ledger::EntryDraft draft = Draft(change.kind);
    draft.actor = "engine";
    draft.members.emplace("exception", change.number);
    auto written = AppendStatement(*plan_.ledger, std::move(draft), last_statement_);
    if (!written) return ledger_failed_ = true, Fail(std::move(written.error()));
    last_statement_ = *written;
    report_.exceptions.emplace_back(change.number, change.kind);
  }
  return {};
}

Status RunSteps::RecordStart() {
  ledger::EntryDraft draft = Draft("run.started");
  draft.members.emplace("at", FormatTime(start_.at));
  draft.members.emplace("config", plan_.config_sha256);
  draft.members.emplace("engine", plan_.engine_version);
  draft.members.emplace("engine_sha256", plan_.engine_sha256);
  draft.members.emplace("worker_sha256", plan_.worker_sha256);
  draft.members.emplace("tier", sandbox::Name(plan_.tier));
  ledger::MemberMap plugins, keys;
  for (const auto* set : {&plan_.collectors, &plan_.frameworks})
    for (const LoadedPlugin& plugin : *set) {
      plugins.emplace(plugin.manifest.id, EncodeBase64(plugin.image.file_digest));
      if (plugin.trust != Trust::kBuiltIn)
        keys.emplace(plugin.manifest.id, plugin.trust == Trust::kSigned
                                             ? plugin.fingerprint
                                             : std::string(Name(plugin.trust)));
    }
  draft.members.emplace("plugins", std::move(plugins));
  if (!keys.empty()) draft.members.emplace("keys", std::move(keys));
  if (kept_->newest()) draft.members.emplace("files", ToNumber(*kept_->newest()));
  if (last_statement_) draft.members.emplace("statements", ToNumber(*last_statement_));
  ASSAY_ASSIGN(draft.body, plan_.ledger->PutSegments(DescribeRun(plan_, earlier_)));
  draft.members.emplace("checks", uint64_t{plan_.checks.size()});
  if (plan_.only) draft.members.emplace("only", 1);
  return Append(std::move(draft));
}

Status RunSteps::Work() {
  auto phase = Steady::now();
  plan_.progress->PhaseStarted("collect");
  ASSAY_TRY(CheckConsent());
  derivation_.emplace(plan_, start_, *this, *findings_, report_);
  Status collected = derivation_->Collect();
  report_.pace = broker_->Pace();
  // Of a token that was renewed meanwhile.
  ASSAY_TRY(JournalGuard(broker_->TakeGuardReads()));
  ASSAY_TRY(std::move(collected));
  // Consent that was taken back while reading is no gap of single reads: the run stops with it.
  if (auto refused = broker_->Refusal()) return Fail(std::move(*refused));
  report_.collect_ms = MsSince(phase);
  plan_.progress->PhaseFinished("collect");
  if (*plan_.cancelled) {
    report_.cancelled = true;
    return Fail(Code::kCancelled, "run: interrupted");
  }
  phase = Steady::now();
  plan_.progress->PhaseStarted("check");
  Status judged = derivation_->Judge();
  report_.cancelled = !judged && judged.error().code == Code::kCancelled;
  ASSAY_TRY(std::move(judged));
  ASSAY_TRY(RecordStatements());
  report_.check_ms = MsSince(phase);
  plan_.progress->PhaseFinished("check");
  return {};
}

bool RunSteps::Needs(ServiceHost host) const {
  for (const LoadedPlugin& plugin : plan_.collectors)
    for (const EndpointSpec& endpoint : plugin.manifest.endpoints)
      if (endpoint.host == host) return true;
  return false;
}

/// What the consent guard read is evidence too: of what the identity may do.
Status RunSteps::JournalGuard(std::vector<broker::ReadResult> reads) {
  // Of our own identity, so nothing in it is personal.
  const ledger::Keep keep =
      start_.keep == ledger::Keep::kNone ? ledger::Keep::kNone : ledger::Keep::kFull;
  for (broker::ReadResult& result : reads) {
    JournalPage page{
        std::string(kGuardPlugin), next_page_++, 0, ++guard_reads_, std::move(result), {}};
    ASSAY_ASSIGN(const ledger::PendingEntry entry,
                 CommitPage(*plan_.ledger, report_.run, page, 1, keep));
    if (auto kept = entry.get(); !kept) {
      ledger_failed_ = true;
      return Fail(std::move(kept.error()));
    }
  }
  return {};
}

/// Collectors get subscriptions in the place of management groups: what is below them, what was
/// named beside them, and each group of which nothing is known, so that its data counts as unseen.
const std::vector<std::string>& RunSteps::Narrow(const broker::AzureScope& scope) {
  std::vector<std::string>& wanted = plan_.settings[ASSAY_CONFIG_SUBSCRIPTIONS];
  wanted.insert(wanted.end(), scope.subscriptions.begin(), scope.subscriptions.end());
  for (const std::string& group : scope.unseen_groups)
    wanted.push_back("management group " + group);
  return wanted;
}

Status RunSteps::CheckConsent() {
  plan_.broker.on_wait = [progress = plan_.progress](const broker::WaitNote& note) {
    progress->Waiting(note);
  };
  access_.emplace(*plan_.ledger, start_.run, plan_.actor);
  plan_.broker.on_access = [this](const broker::AccessRecord& record) { access_->Add(record); };
  plan_.broker.needs_graph = Needs(ServiceHost::kGraph);
  ASSAY_ASSIGN(broker_, broker::Broker::Create(plan_.broker));
  Result<broker::Consent> checked = broker_->CheckConsent(Needs(ServiceHost::kArm));
  ASSAY_TRY(RecordAccess());
  ASSAY_TRY(JournalGuard(checked ? std::move(checked->reads) : broker_->TakeGuardReads()));
  if (!checked) return Fail(std::move(checked.error()));
  report_.consent = std::move(*checked);
  const broker::Consent& consent = report_.consent;
  start_.roles.insert(consent.roles.begin(), consent.roles.end());
  start_.arm_token = consent.arm_token;
  start_.app_id = consent.app_id;
  if (!consent.arm_note.empty()) report_.warnings.push_back("arm: " + consent.arm_note);
  if (!consent.directory_note.empty())
    report_.warnings.push_back("directory: " + consent.directory_note);
  for (const std::string& power : consent.excess)
    report_.warnings.push_back("tolerated by allow_excess: " + power);
  if (std::abs(consent.clock_offset_ms) > 5 * 60 * 1000)
    report_.warnings.push_back(
        fmt::format("clock: {} s away from the token service", consent.clock_offset_ms / 1000));
  ledger::EntryDraft draft = Draft("auth.consent");
  draft.members.emplace("graph_checked", consent.graph_checked ? 1 : 0);
  draft.members.emplace("arm_token", consent.arm_token ? 1 : 0);
  draft.members.emplace("directory_checked", consent.directory_checked ? 1 : 0);
  draft.members.emplace("arm_checked", consent.arm_checked ? 1 : 0);
  draft.members.emplace("excess", uint64_t{consent.excess.size()});
  if (!consent.app_id.empty()) draft.members.emplace("app_id", consent.app_id);
  if (!consent.principal_id.empty()) draft.members.emplace("principal_id", consent.principal_id);
  std::vector<std::string> segments = consent.roles;
  if (consent.scope.narrowed) {
    draft.members.emplace("scoped", 1);
    segments.push_back(DescribeSetting(ASSAY_CONFIG_SUBSCRIPTIONS, Narrow(consent.scope)));
  }
  // Who reads cost exports alone needs no permission of the directory.
  if (!segments.empty()) {
    ASSAY_ASSIGN(draft.body, plan_.ledger->PutSegments(segments));
  }
  return Append(std::move(draft));
}

/// That the tenant let nothing more be read is a fact of the ledger: until the next consent it
/// counts as disconnected.
Status RunSteps::RecordRefusal(const Error& error) {
  if (!error.id.starts_with("AS-CON-")) return {};
  ledger::EntryDraft draft = Draft("auth.refused");
  draft.members.emplace("refusal", error.id);
  return Append(std::move(draft));
}

/// What was asked so far, also when it was refused.
Status RunSteps::RecordAccess() {
  if (!access_) return {};
  Status flushed = access_->Flush();
  if (!flushed) ledger_failed_ = true;
  return flushed;
}

std::vector<std::string> RunSteps::Notes() const {
  std::vector<std::string> notes = report_.warnings;
  for (const std::string& permission : report_.missing_permissions)
    notes.push_back("missing permission: " + permission);
  if (report_.stopped) notes.push_back("stopped: " + report_.stopped->ToString());
  return notes;
}

Status RunSteps::Finish() {
  const auto phase = Steady::now();
  plan_.progress->PhaseStarted("commit");
  broker_.reset();
  ASSAY_TRY(RecordAccess());
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
  if (kept_->newest()) draft.members.emplace("files", ToNumber(*kept_->newest()));
  if (last_statement_) draft.members.emplace("statements", ToNumber(*last_statement_));
  if (derivation_ && !derivation_->sqlite_version().empty())
    draft.members.emplace("sqlite", derivation_->sqlite_version());
  if (const std::vector<std::string> notes = Notes(); !notes.empty()) {
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
