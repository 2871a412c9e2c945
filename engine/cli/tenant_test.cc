// assay tenant test: gets a token, lets the consent guard judge it, and says what is granted, what
// is missing and what that costs. Reads nothing else of the tenant. What it asks stands in the
// tenant's ledger, once there is one.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "assess/access_journal.h"
#include "base/text.h"
#include "broker/broker.h"
#include "cli/tenant_common.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

using std::chrono::seconds;

constexpr seconds kPoll{10};
constexpr seconds kPatience{900};
constexpr int64_t kClockWorthTelling = 30;  // seconds; the token service refuses above 300

struct Outcome {
  std::optional<broker::Consent> consent;
  std::optional<Error> error;
  Wanted wanted;
  std::vector<assess::PermissionNeed> missing;
  bool azure_missing = false;
};

/// Writes what was asked into the tenant's ledger, once it has one. A ledger that a run holds is
/// told, and hinders nothing.
Status WriteDown(Context& context, const config::Config& config, const config::TenantConfig& tenant,
                 const std::vector<broker::AccessRecord>& asked) {
  auto options = assess::LedgerOptions(config, tenant, false);
  options.run_lease_holder = fmt::format("assay tenant test, pid {}", ::getpid());
  auto ledger = ledger::Ledger::Open(options);
  if (!ledger && ledger.error().code == Code::kNotFound) return {};
  if (!ledger) {
    Tell(context, "warning: what was asked is not written into the ledger: " +
                      ledger.error().ToString() + "\n");
    return {};
  }
  assess::AccessJournal journal(**ledger, "", "cli");
  for (const broker::AccessRecord& record : asked) journal.Add(record);
  return journal.Flush();
}

/// Requests of one broker, from any of its threads.
struct Asked {
  std::mutex mutex;
  std::vector<broker::AccessRecord> records;
};

Outcome TestOnce(const assess::RunPlan& plan, const Wanted& wanted, Asked& asked) {
  Outcome out;
  out.wanted = wanted;
  broker::BrokerOptions options = plan.broker;
  options.on_access = [&asked](const broker::AccessRecord& record) {
    const std::lock_guard lock(asked.mutex);
    asked.records.push_back(record);
  };
  options.needs_graph = !wanted.graph.empty();
  auto created = broker::Broker::Create(std::move(options));
  if (!created) {
    out.error = std::move(created.error());
    return out;
  }
  auto consent = (*created)->CheckConsent(!wanted.azure_checks.empty());
  if (!consent) {
    out.error = std::move(consent.error());
    return out;
  }
  out.missing = assess::Missing(wanted.graph, consent->roles);
  out.azure_missing = !wanted.azure_checks.empty() && consent->azure.empty();
  out.consent = std::move(*consent);
  return out;
}

ExitCode ExitOf(const Outcome& outcome) {
  if (outcome.error) return ExitFor(*outcome.error);
  return outcome.missing.empty() && !outcome.azure_missing ? ExitCode::kOk : ExitCode::kIncomplete;
}

/// What waiting can mend: consent that was not given yet.
bool MayStillCome(const Outcome& outcome) {
  if (!outcome.error) return !outcome.missing.empty() || outcome.azure_missing;
  return outcome.error->id == "AS-CON-001" || outcome.error->id == "AS-CON-002" ||
         outcome.error->code == Code::kUnavailable;
}

class Lines {
 public:
  explicit Lines(const Terminal& terminal) : terminal_(terminal) {}
  void Good(const std::string& word, const std::string& text) {
    Add(VerdictMark(Verdict::kPass, terminal_), word, text);
  }
  void Bad(const std::string& word, const std::string& text) {
    Add(VerdictMark(Verdict::kFail, terminal_), word, text);
  }
  void Note(const std::string& word, const std::string& text) { Add("!", word, text); }
  void More(const std::string& text) { out_ += fmt::format("    {:<17}{}\n", "", text); }
  void End(const std::string& text) { out_ += "  " + text + "\n"; }
  std::string Take() { return std::move(out_); }

 private:
  void Add(const std::string& mark, const std::string& word, const std::string& text) {
    out_ += fmt::format("  {} {:<17}{}\n", mark, word, text);
  }
  const Terminal& terminal_;
  std::string out_;
};

std::string Counted(size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string SomeOf(const std::vector<std::string>& names) {
  constexpr size_t kShown = 4;
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<long>(std::min(kShown, names.size())));
  std::string out = Join(shown, ", ");
  return names.size() > kShown ? out + ", ..." : out;
}

void TellMissing(Lines& lines, const Outcome& outcome) {
  for (const assess::PermissionNeed& need : outcome.missing) {
    lines.Bad("missing", need.permission);
    if (need.checks.empty())
      lines.More("no check depends on it");
    else
      lines.More(fmt::format("without it {} \"not assessed\": {}",
                             Counted(need.checks.size(), "check is", "checks are"),
                             SomeOf(need.checks)));
  }
}

void TellAzure(Lines& lines, const Outcome& outcome) {
  const broker::Consent& consent = *outcome.consent;
  if (outcome.wanted.azure_checks.empty()) return;
  if (outcome.azure_missing) {
    lines.Bad("azure", "no subscription is visible");
    lines.More(fmt::format("without the role Reader {} \"not assessed\"",
                           Counted(outcome.wanted.azure_checks.size(), "check is", "checks are")));
    return;
  }
  std::vector<std::string> roles;
  for (const broker::AzureAccess& access : consent.azure)
    for (const std::string& role : access.roles)
      if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
  const std::string text = fmt::format(
      "{} on {}, no role with write actions", roles.empty() ? "reading" : Join(roles, ", "),
      Counted(consent.azure.size(), "subscription", "subscriptions"));
  if (consent.arm_checked)
    lines.Good("azure", text);
  else
    lines.Note("azure", consent.arm_note);
}

void TellClock(Lines& lines, const broker::Consent& consent) {
  const int64_t off = consent.clock_offset_ms / 1000;
  if (std::abs(off) < kClockWorthTelling) return;
  lines.Note("clock", fmt::format("local clock {} s {} the token service", std::abs(off),
                                  off > 0 ? "ahead of" : "behind"));
}

void TellConsent(Lines& lines, const Outcome& outcome, const config::TenantConfig& tenant) {
  const broker::Consent& consent = *outcome.consent;
  lines.Good("token", fmt::format("{}, app {}, tenant {}", tenant.credential.kind, consent.app_id,
                                  tenant.directory_id->text()));
  const size_t all = outcome.wanted.graph.size();
  const std::string granted = fmt::format("{} of {} granted", all - outcome.missing.size(),
                                          Counted(all, "permission", "permissions"));
  outcome.missing.empty() ? lines.Good("consent", granted) : lines.Note("consent", granted);
  TellMissing(lines, outcome);
  if (consent.excess.empty())
    lines.Good("nothing excess", consent.directory_checked
                                     ? "no write permission, by token and directory"
                                     : "no write permission in the token");
  for (const std::string& power : consent.excess)
    lines.Note("tolerated", power + " (allow_excess)");
  if (!consent.directory_checked) lines.Note("directory", consent.directory_note);
  if (consent.credential == "secret" && tenant.credential.kind == "secret")
    lines.Note("credential", "a client secret: a certificate or a managed identity is safer");
  TellAzure(lines, outcome);
  TellClock(lines, consent);
}

std::string Text(const Context& context, const Outcome& outcome,
                 const config::TenantConfig& tenant) {
  Lines lines(context.terminal);
  const int exit = ToInt(ExitOf(outcome));
  if (!outcome.error) {
    TellConsent(lines, outcome, tenant);
    lines.End(exit == 0 ? "Usable."
                        : fmt::format("Usable with gaps. Exit {}. Grant what is missing: {}", exit,
                                      PermissionPage(outcome.consent->app_id)));
    return lines.Take();
  }
  const Error& error = *outcome.error;
  const bool token = error.id == "AS-CON-001" || error.id == "AS-CON-008" ||
                     error.id == "AS-CON-009" || error.code == Code::kUnavailable;
  lines.Bad(token ? "token" : error.id == "AS-CON-004" ? "azure" : "consent", error.ToString());
  if (!error.hint.empty()) lines.More(error.hint);
  lines.End(fmt::format("Not usable. Exit {}.{}", exit,
                        error.id.empty() ? "" : "  More: assay explain " + error.id));
  return lines.Take();
}

void WriteNeed(report::JsonWriter& json, const assess::PermissionNeed& need) {
  json.BeginObject().Member("permission", need.permission).Key("also").Strings(need.also);
  json.Key("plugins").Strings(need.plugins).Key("checks").Strings(need.checks).EndObject();
}

std::string Json(const Outcome& outcome, const config::TenantConfig& tenant) {
  report::JsonWriter json;
  json.BeginObject().Member("tenant", tenant.id).Member("exit", ToInt(ExitOf(outcome)));
  json.Key("missing").BeginArray();
  for (const assess::PermissionNeed& need : outcome.missing) WriteNeed(json, need);
  json.EndArray();
  if (outcome.error)
    json.Member("code", outcome.error->id)
        .Member("error", outcome.error->ToString())
        .Member("hint", outcome.error->hint);
  if (outcome.consent) {
    const broker::Consent& consent = *outcome.consent;
    json.Member("app_id", consent.app_id).Key("granted").Strings(consent.roles);
    json.Key("tolerated").Strings(consent.excess);
    json.Member("directory_checked", consent.directory_checked);
    json.Member("arm_checked", consent.arm_checked).Member("arm_note", consent.arm_note);
    json.Member("subscriptions", consent.azure.size());
    json.Member("clock_offset_ms", consent.clock_offset_ms);
  }
  json.EndObject();
  return json.Take();
}

}  // namespace

int RunTenantTest(Context& context) {
  int exit = 0;
  const config::TenantConfig* tenant = nullptr;
  const auto workspace = OpenForTenant(context, exit, true, &tenant);
  if (!workspace) return exit;
  const auto plan = assess::PlanRun(workspace->installation, workspace->config, *tenant, {});
  if (!plan) return context.Fail(plan.error());
  const Wanted wanted = WantedBy(*plan);
  Outcome outcome;
  for (seconds waited{0};; waited += kPoll) {
    Asked asked;
    outcome = TestOnce(*plan, wanted, asked);
    if (Status kept = WriteDown(context, workspace->config, *tenant, asked.records); !kept)
      return context.Fail(kept.error());
    if (!context.options.wait || !MayStillCome(outcome) || waited >= kPatience) break;
    if (waited.count() == 0) context.Narrate("  waiting for consent; Ctrl-C ends\n");
    context.clock->SleepFor(kPoll);
  }
  return context.Finish(Text(context, outcome, *tenant), Json(outcome, *tenant), ExitOf(outcome));
}

}  // namespace assay::cli
