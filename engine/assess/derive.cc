#include "assess/derive.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <thread>

#include "assess/framework_session.h"
#include "base/text.h"

namespace assay::assess {

ledger::EntryDraft Derivation::Draft(std::string kind) const {
  ledger::EntryDraft draft;
  draft.kind = std::move(kind);
  draft.actor = plan_.actor;
  draft.members.emplace("run", start_.run);
  return draft;
}

Status Derivation::Append(ledger::EntryDraft draft) {
  auto appended = ports_.sink().AppendDurably(std::move(draft));
  if (appended) return {};
  sink_failed_ = true;
  return Fail(std::move(appended.error()));
}

Result<std::vector<ledger::BodyRef>> PutTogether(
    ledger::EntrySink& sink, size_t bodies,
    const std::function<Result<std::vector<std::string>>(size_t i)>& segments) {
  constexpr size_t kAtOnce = 16;
  const auto put = [&](size_t i) -> Result<ledger::BodyRef> {
    ASSAY_ASSIGN(const std::vector<std::string> of_one, segments(i));
    return sink.PutSegments(of_one);
  };
  std::vector<ledger::BodyRef> out;
  for (size_t first = 0; first < bodies; first += kAtOnce) {
    std::vector<std::future<Result<ledger::BodyRef>>> puts;
    for (size_t i = first; i < std::min(bodies, first + kAtOnce); ++i)
      puts.push_back(std::async(std::launch::async | std::launch::deferred, put, i));
    for (auto& one : puts) {
      ASSAY_ASSIGN(ledger::BodyRef body, one.get());
      out.push_back(std::move(body));
    }
  }
  return out;
}

Status Derivation::StartEvaluator() {
  for (const LoadedPlugin& plugin : plan_.collectors)
    for (const DatasetSpec& dataset : plugin.manifest.datasets)
      numbers_[plugin.manifest.id][dataset.id] = board_.Add(plugin.manifest.id, dataset);
  std::vector<std::pair<std::string, std::string>> views;
  for (const LoadedPlugin& plugin : plan_.collectors)
    if (!plugin.views_sql.empty()) views.emplace_back(plugin.manifest.id, plugin.views_sql);
  ASSAY_ASSIGN(evaluator_, EvaluatorSession::Start(*plan_.spawner, plan_.tier, ToUnixMs(start_.at),
                                                   board_.All(), views, plan_.checks));
  return {};
}

std::vector<CollectorReport> Derivation::RunCollectors() {
  CollectContext context;
  context.run = start_.run;
  context.now_ms = ToUnixMs(start_.at);
  context.spawner = plan_.spawner;
  context.tier = plan_.tier;
  LedgerPages store(ports_.sink());
  context.pages = &store;
  context.rows = evaluator_.get();
  context.board = &board_;
  context.progress = plan_.progress;
  context.cancelled = plan_.cancelled;
  context.raw = start_.keep;
  context.roles = start_.roles;
  context.arm_available = start_.arm_token;
  context.settings = plan_.settings;
  if (!start_.app_id.empty()) {
    context.settings["identity.app_id"] = {start_.app_id};
    context.settings["identity.permissions"] = {start_.roles.begin(), start_.roles.end()};
  }

  std::vector<CollectorReport> reports(plan_.collectors.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < plan_.collectors.size(); ++i)
    threads.emplace_back([&, i] {
      const LoadedPlugin& plugin = plan_.collectors[i];
      const std::unique_ptr<Pages> pages = ports_.PagesOf(plugin);
      reports[i] = CollectorSession(context, plugin, *pages, numbers_[plugin.manifest.id]).Run();
    });
  for (std::thread& thread : threads) thread.join();
  return reports;
}

Status Derivation::Collect() {
  ASSAY_TRY(StartEvaluator());
  const std::vector<CollectorReport> reports = RunCollectors();
  ASSAY_TRY(TakeReports(reports));
  WarnOfMarks(reports);
  ASSAY_TRY(RecordFaults(reports));
  ASSAY_TRY(RecordDatasets(reports));
  return Unreachable(reports);
}

Status Derivation::TakeReports(const std::vector<CollectorReport>& reports) {
  for (const CollectorReport& report : reports) {
    if (report.ledger_failure) {
      sink_failed_ = true;
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
  return {};
}

Status Derivation::Unreachable(const std::vector<CollectorReport>& reports) const {
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
void Derivation::WarnOfMarks(const std::vector<CollectorReport>& reports) {
  for (const CollectorReport& report : reports)
    for (const auto& [endpoint, pages] : report.wrong_marks)
      report_.warnings.push_back(
          fmt::format("{}: plugin {} marked records wrongly on {} page{} of endpoint {}: each is "
                      "kept whole, as "
                      "one record",
                      "AS-PLG-006", report.plugin, pages, pages == 1 ? "" : "s", endpoint));
}

Status Derivation::RecordFaults(const std::vector<CollectorReport>& reports) {
  for (const CollectorReport& report : reports) {
    ASSAY_TRY(RecordDenials(report));
    if (report.ok) continue;
    report_.plugin_faults.emplace_back(report.plugin, report.detail);
    ledger::EntryDraft draft = Draft("plugin.fault");
    draft.members.emplace("plugin", report.plugin);
    draft.members.emplace("fate", sandbox::Name(report.outcome.fate));
    draft.members.emplace("signal", report.outcome.signal);
    ASSAY_ASSIGN(draft.body, ports_.sink().PutSegments({report.detail}));
    ASSAY_TRY(Append(std::move(draft)));
  }
  return {};
}

/// Every kind of call that confinement refused to a plugin, whether it was harmless or not.
Status Derivation::RecordDenials(const CollectorReport& report) {
  if (report.outcome.denied.empty()) return {};
  ledger::EntryDraft draft = Draft("sandbox.denied");
  draft.members.emplace("plugin", report.plugin);
  ledger::MemberMap calls;
  for (const sandbox::DeniedCall& call : report.outcome.denied)
    calls.emplace(AsciiLower(call.name), uint64_t{call.count});
  draft.members.emplace("calls", std::move(calls));
  return Append(std::move(draft));
}

/// One that was not collected to its end has a reason; all have the digest of their rows, which is
/// personal: few rows can be guessed.
Status Derivation::RecordDatasets(const std::vector<CollectorReport>& reports) {
  std::map<uint32_t, Digest> digests;
  for (const CollectorReport& report : reports)
    digests.insert(report.rows.begin(), report.rows.end());
  const std::vector<DatasetBoard::Named> datasets = board_.All();
  // An evaluator that failed says so when it is to judge; one that was ended is not asked any more.
  if (auto sealed = evaluator_->Seal(plan_.cancelled)) kept_ = std::move(*sealed);
  for (const auto& dataset : datasets) standings_[dataset.number] = board_.Conclude(dataset.number);
  ASSAY_ASSIGN(
      std::vector<ledger::BodyRef> bodies,
      PutTogether(ports_.sink(), datasets.size(), [&](size_t i) {
        const uint32_t number = datasets[i].number;
        std::vector<std::string> segments{standings_.at(number).detail};
        if (const auto rows = digests.find(number); rows != digests.end())
          segments.push_back(fmt::format("{{\"rows_sha256\":\"{}\"}}", EncodeHex(rows->second)));
        return Result<std::vector<std::string>>(std::move(segments));
      }));
  for (size_t i = 0; i < datasets.size(); ++i) {
    DatasetStanding& standing = standings_.at(datasets[i].number);
    ASSAY_TRY(RecordDataset(datasets[i], standing, std::move(bodies[i])));
    ports_.Settle(datasets[i], standing);
    report_.datasets.emplace_back(datasets[i].spec.id, standing);
    report_.subjects += datasets[i].spec.subject.empty() ? 0 : standing.rows;
  }
  return {};
}

Status Derivation::RecordDataset(const DatasetBoard::Named& dataset,
                                 const DatasetStanding& standing, ledger::BodyRef body) {
  ledger::EntryDraft draft = Draft("dataset");
  draft.members.emplace("dataset", dataset.spec.id);
  draft.members.emplace("plugin", dataset.plugin);
  draft.members.emplace("rows", standing.rows);
  draft.members.emplace("pages", standing.pages);
  if (const auto kept = kept_.find(dataset.number); kept != kept_.end())
    draft.members.emplace("distinct", kept->second.rows);
  if (standing.counted.dropped > 0) draft.members.emplace("dropped", standing.counted.dropped);
  if (standing.counted.expected > 0) draft.members.emplace("expected", standing.counted.expected);
  draft.members.emplace("completeness", Name(standing.completeness));
  if (standing.reason != Reason::kNone) draft.members.emplace("reason", Name(standing.reason));
  draft.body = std::move(body);
  return Append(std::move(draft));
}

Status Derivation::Judge() {
  ASSAY_TRY(Evaluate());
  ports_.Settle(report_.checks);
  for (const std::string& check : excepting_.checks()) {
    if (ports_.WasDecided(check)) continue;
    excepting_.Forget(check);
    ports_.Recall(check, [&](const Observation& one) { excepting_.See(check, one); });
  }
  excepting_.Conclude(report_.checks);
  return MapControls();
}

Status Derivation::Evaluate() {
  ObservationWriter writer(ports_.sink(), start_.run, plan_.actor, pages_, findings_);
  Status judged = evaluator_->Evaluate(
      standings_, plan_.cancelled,
      [&](const std::string& check, std::vector<Observation> batch) {
        for (const Observation& observation : batch) excepting_.See(check, observation);
        return writer.Add(check, std::move(batch));
      },
      [&](CheckResult result) -> Status {
        plan_.progress->CheckFinished(result);
        ASSAY_TRY(writer.Conclude(result));
        report_.checks.push_back(std::move(result));
        return {};
      });
  if (writer.ledger_failure()) {
    sink_failed_ = true;
    return Fail(*writer.ledger_failure());
  }
  if (!judged && judged.error().code == Code::kCancelled) return judged;
  if (!judged) ASSAY_TRY(NotDecided(writer, judged.error().message));
  report_.new_findings = findings_.opened();
  return findings_.Commit(ports_.sink(), start_.run, true);
}

/// The evaluator is ours, but SQL of an admin or a plugin ran in it: what it did not decide is not
/// assessed.
Status Derivation::NotDecided(ObservationWriter& writer, const std::string& why) {
  report_.plugin_faults.emplace_back("evaluator", why);
  for (const CheckSpec& check : plan_.checks) {
    const bool decided = std::any_of(report_.checks.begin(), report_.checks.end(),
                                     [&](const CheckResult& r) { return r.check == check.id; });
    if (decided) continue;
    CheckResult lost;
    lost.check = check.id;
    lost.version = check.version;
    lost.reason = Reason::kPluginFault;
    lost.detail = why;
    ASSAY_TRY(writer.Conclude(lost));
    report_.checks.push_back(std::move(lost));
  }
  return {};
}

Status Derivation::MapControls() {
  for (const LoadedPlugin& plugin : plan_.frameworks) {
    FrameworkTerms terms{.cancelled = plan_.cancelled};
    terms.attested = excepting_.Attested(plugin.framework, report_.checks);
    auto results = ConcludeFramework(*plan_.spawner, plan_.tier, ToUnixMs(start_.at), plugin,
                                     report_.checks, &terms);
    if (!results && results.error().code == Code::kCancelled) return Fail(results.error());
    if (!results) {
      report_.plugin_faults.emplace_back(plugin.manifest.id, results.error().ToString());
      results.emplace();
      for (const ControlSpec& control : plugin.framework.controls)
        results->push_back({plugin.framework.id, control.id, ControlState::kUnknown,
                            "the framework plugin failed"});
    }
    ASSAY_TRY(RecordControls(plugin.framework, std::move(*results)));
  }
  return {};
}

Status Derivation::RecordControls(const FrameworkSpec& framework,
                                  std::vector<ControlResult> results) {
  std::map<std::string, const ControlSpec*> specs;
  for (const ControlSpec& control : framework.controls) specs[control.id] = &control;
  ASSAY_ASSIGN(std::vector<ledger::BodyRef> reasons,
               PutTogether(ports_.sink(), results.size(), [&](size_t i) {
                 std::vector<std::string> segments{results[i].why};
                 std::string rests_on = excepting_.FoundationOf(
                     framework.id, *specs.at(results[i].control), results[i], report_.checks);
                 if (!rests_on.empty()) segments.push_back(std::move(rests_on));
                 return Result<std::vector<std::string>>(std::move(segments));
               }));
  for (size_t i = 0; i < results.size(); ++i) {
    ControlResult& result = results[i];
    ledger::EntryDraft draft = Draft("control");
    draft.members.emplace("framework", result.framework);
    draft.members.emplace("control", result.control);
    draft.members.emplace("state", Name(result.state));
    draft.body = std::move(reasons[i]);
    // Not waited for one by one: the group commit takes them together, the signing syncs.
    (void)ports_.sink().Append(std::move(draft));
    report_.controls.push_back(std::move(result));
  }
  return {};
}

}  // namespace assay::assess
