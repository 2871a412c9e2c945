// assay replay RUN: does a run again from the ledger alone and compares every digest. Exit 0:
// everything is identical; 7: something follows otherwise than it is recorded; 5: part of the run
// could not be replayed.
#include "assess/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "cli/command.h"
#include "cli/run_tenant.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

using assess::Compared;
using assess::ReplayReport;

constexpr size_t kShown = 20;  // lines of a list for people; --json has all
constexpr size_t kDigits = 16;

std::atomic<bool> g_cancelled{false};

ExitCode ExitForReplay(const ReplayReport& report) {
  if (!report.compared.differences.empty()) return ExitCode::kVerification;
  return report.whole && report.impossible.empty() ? ExitCode::kOk : ExitCode::kIncomplete;
}

std::string Short(const std::string& digest) {
  return digest.empty() ? "nothing" : digest.substr(0, kDigits);
}

std::string RangeText(const ReplayReport& report) {
  const auto& range = report.range;
  std::string out = fmt::format("  entries {} to {} follow from each other", ToNumber(range.first),
                                ToNumber(range.last));
  if (range.signed_size != 0)
    out += fmt::format(" and stand under the signed head of {}", range.signed_size);
  return out + "; every body that was opened matches its root\n  " +
         fmt::format("{} files of plugins come from the ledger\n", report.files);
}

std::string DifferencesText(const Compared& compared) {
  const auto& all = compared.differences;
  std::string out = fmt::format("\n  DIFFERENT: {}\n", all.size());
  for (size_t i = 0; i < std::min(kShown, all.size()); ++i)
    out += fmt::format("  {}{}: {}: recorded {}, follows {}\n", all[i].object,
                       all[i].entry ? fmt::format(" (entry {})", ToNumber(*all[i].entry)) : "",
                       all[i].what, Short(all[i].recorded), Short(all[i].replayed));
  if (all.size() > kShown) out += fmt::format("  ... {} more\n", all.size() - kShown);
  return out;
}

/// By why: a reason that many entries share is said once.
std::string NotReplayedText(const Compared& compared) {
  std::map<std::string, std::vector<const assess::NotReplayed*>> by_why;
  for (const auto& one : compared.not_replayed) by_why[one.why].push_back(&one);
  std::string out = fmt::format("\n  not replayed: {}\n", compared.not_replayed.size());
  size_t shown = 0;
  for (const auto& [why, all] : by_why) {
    if (++shown > kShown) return out + "  ...\n";
    out += fmt::format("  {}: {} (entry {}){}\n", why, all[0]->object, ToNumber(all[0]->entry),
                       all.size() > 1 ? fmt::format(" and {} more", all.size() - 1) : "");
  }
  return out;
}

/// Why entries of a kind cannot follow from evidence; empty for a kind that this version does not
/// know.
std::string_view WhyTold(std::string_view kind) {
  if (kind == "access.log") return "what was asked, and when; asked again of nobody";
  if (kind == "auth.consent") return "what the token could do; taken as it was";
  if (kind == "sandbox.denied") return "what that machine refused to a plugin";
  if (kind == "finding.opened") return "numbers are names; taken as they were, their sum compared";
  if (kind.starts_with("exception."))
    return "what the run saw of an exception; its effect on controls is compared";
  return "";
}

std::string ToldText(const ReplayReport& report) {
  std::string out;
  for (const auto& [kind, count] : report.told)
    out += fmt::format("  {:<14}{:>10}{:>12}  {}\n", kind, count, "not derived", WhyTold(kind));
  return out;
}

std::string TextOf(const ReplayReport& report, const std::string& tenant) {
  std::string out = fmt::format("  {} run {} ({})\n\n", tenant, report.run, report.outcome);
  if (!report.impossible.empty())
    return out + fmt::format("  not replayed: {}\n", report.impossible);
  out += RangeText(report) + "\n";
  out += fmt::format("  {:<14}{:>10}{:>12}\n", "", "compared", "identical");
  for (const auto& [kind, tally] : report.compared.kinds)
    out += fmt::format("  {:<14}{:>10}{:>12}\n", kind, tally.compared, tally.identical);
  out += ToldText(report);
  if (!report.compared.differences.empty()) out += DifferencesText(report.compared);
  if (!report.compared.not_replayed.empty()) out += NotReplayedText(report.compared);
  if (!report.identical()) return out;
  return out + (report.whole ? "\n  identical: everything that the run recorded follows again\n"
                             : "\n  identical as far as it could be replayed\n");
}

std::string JsonOf(const ReplayReport& report, const std::string& tenant) {
  std::string kinds, differences, missing, notes, told;
  const auto comma = [](const std::string& list) { return list.empty() ? "" : ","; };
  for (const auto& [kind, tally] : report.compared.kinds)
    kinds += fmt::format("{}{}:{{\"compared\":{},\"identical\":{}}}", comma(kinds),
                         JsonString(kind), tally.compared, tally.identical);
  for (const auto& one : report.compared.differences)
    differences += fmt::format(
        "{}{{\"object\":{},\"entry\":{},\"what\":{},\"recorded\":\"{}\",\"replayed\":\"{}\"}}",
        comma(differences), JsonString(one.object),
        one.entry ? std::to_string(ToNumber(*one.entry)) : "null", JsonString(one.what),
        one.recorded, one.replayed);
  for (const auto& one : report.compared.not_replayed)
    missing += fmt::format("{}{{\"object\":{},\"entry\":{},\"why\":{}}}", comma(missing),
                           JsonString(one.object), ToNumber(one.entry), JsonString(one.why));
  for (const auto& [kind, count] : report.told)
    told += fmt::format("{}{}:{{\"entries\":{},\"why\":{}}}", comma(told), JsonString(kind), count,
                        JsonString(WhyTold(kind)));
  for (const std::string& note : report.notes) notes += comma(notes) + JsonString(note);
  return fmt::format(
      "{{\"tenant\":{},\"run\":{},\"outcome\":{},\"identical\":{},\"whole\":{},\"impossible\":{},"
      "\"verified\":{{\"first\":{},\"last\":{},\"signed_size\":{}}},\"plugin_files\":{},"
      "\"compared\":{{{}}},\"not_derived\":{{{}}},\"differences\":[{}],\"not_replayed\":[{}],"
      "\"notes\":[{}]}}",
      JsonString(tenant), JsonString(report.run), JsonString(report.outcome), report.identical(),
      report.whole, JsonString(report.impossible), ToNumber(report.range.first),
      ToNumber(report.range.last), report.range.signed_size, report.files, kinds, told, differences,
      missing, notes);
}

Result<ReplayReport> ReplayOne(const Context& context, const OpenedLedger& opened) {
  const Workspace& workspace = *opened.workspace;
  ASSAY_ASSIGN(const sandbox::TierReport offered, context.spawner->Probe());
  assess::ReplayPlan plan;
  plan.run = context.options.argument;
  plan.only = {context.options.only_checks.begin(), context.options.only_checks.end()};
  plan.config = &workspace.config;
  plan.tenant = opened.tenant;
  plan.ledger = opened.ledger.get();
  plan.spawner = context.spawner;
  ASSAY_ASSIGN(plan.tier, assess::ChooseTier(workspace.config, offered));
  if (Status canary = context.spawner->RunCanary(plan.tier); !canary) {
    canary.error().id = "AS-SBX-002";
    return Fail(std::move(canary.error()));
  }
  plan.cancelled = &g_cancelled;
  plan.engine_version = ASSAY_VERSION;
  plan.engine_sha256 = OwnDigest();
  plan.worker_sha256 = DigestOf(workspace.installation.worker());
  return assess::Replay(plan);
}

}  // namespace

int RunReplay(Context& context) {
  int exit = 0;
  const auto opened = OpenOneForReading(context, exit);
  if (!opened) return exit;
  if (opened->tenant == nullptr)
    return Report(
        context,
        Error{Code::kNotFound, "replay: the log of the instance has no runs", {}, {}, {}, {}});
  const auto stop = [](int) { g_cancelled = true; };
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  const auto report = ReplayOne(context, *opened);
  if (!report) return Report(context, report.error());
  for (const std::string& note : report->notes) Tell(context, fmt::format("note: {}\n", note));
  return context.Finish(TextOf(*report, opened->name), JsonOf(*report, opened->name),
                        ExitForReplay(*report));
}

}  // namespace assay::cli
