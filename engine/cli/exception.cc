// assay exception request|approve|reject|renew|revoke: what is decided about exceptions. Each
// decision is an entry, and each says what it changes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assess/history.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/changes.h"
#include "cli/command.h"
#include "cli/statement_common.h"
#include "cli/statement_text.h"
#include "config/exception_file.h"

namespace assay::cli {
namespace {

using assess::ExceptionRequest;

constexpr std::string_view kNumbered = "E-";
constexpr size_t kLargestFile = 4u << 20;

/// Failing subjects of one check in the last run, and how many of them are excepted.
struct Tally {
  std::string run;
  uint64_t failing = 0, excepted = 0;
};

Result<Tally> TallyOf(ledger::Ledger& ledger, const assess::Statements& statements,
                      const std::string& check, Timestamp now) {
  Tally out;
  ASSAY_ASSIGN(const auto run, assess::ReadLastRun(ledger));
  if (!run) return out;
  out.run = run->run;
  for (const assess::CheckView& view : run->checks) {
    if (view.result.check != check) continue;
    ASSAY_TRY(assess::ReadObservations(ledger, view, [&](const assess::ObservationView& one) {
      if (one.observation.verdict != Verdict::kFail || !one.absent.empty()) return true;
      ++out.failing;
      if (statements.Covering(check, one.observation.subject, now) != nullptr) ++out.excepted;
      return true;
    }));
  }
  return out;
}

/// An exception at one moment, and the failures of the last run that it is about.
struct Side {
  assess::Exception exception;
  Tally tally;
};

Result<Side> SideOf(OpenedDesk& opened, uint64_t number, Timestamp now) {
  const assess::Statements& statements = opened.desk->statements();
  Side out{*statements.FindException(number), {}};
  ASSAY_ASSIGN(out.tally, TallyOf(*opened.ledger, statements, out.exception.check, now));
  return out;
}

std::string SideJson(const Side& side, Timestamp now) {
  return fmt::format("{{\"state\":\"{}\",\"expires\":{},\"failing\":{},\"excepted\":{}}}",
                     Name(side.exception.At(now)), JsonString(FormatTime(side.exception.expires)),
                     side.tally.failing, side.tally.excepted);
}

/// What a decision changed.
int ShowDelta(Context& context, const Side& before, const Side& after, Timestamp now) {
  const assess::Exception& one = after.exception;
  const bool dry = context.options.dry_run;
  std::string text =
      fmt::format("  E-{} {}", one.number,
                  dry ? "would be changed; nothing was written" : std::string(Name(one.At(now))));
  if (!dry && one.InForce(now))
    text += fmt::format(" until {} ({})", EndText(one.expires), Away(one.expires, now));
  if (!dry && one.renewal)
    text += fmt::format(", renewal until {} waits for approval by somebody else",
                        EndText(*one.renewal));
  text += "\n";
  if (!after.tally.run.empty())
    text += fmt::format("  {}: {} failing in run {}, excepted {} -> {}; each stays \"fail\"\n",
                        one.check, after.tally.failing, after.tally.run, before.tally.excepted,
                        after.tally.excepted);
  return context.Finish(
      text, fmt::format("{{\"exception\":{},\"before\":{},\"after\":{}}}", ExceptionJson(one, now),
                        SideJson(before, now), SideJson(after, now)));
}

int Usage(Context& context, const std::string& message, const std::string& hint) {
  Report(context, Error{Code::kInvalidInput, message, {}, hint, {}, {}});
  return ToInt(ExitCode::kUsage);
}

/// The failing observation of the last run that has this number, as what is asked for.
Status TakeFinding(ledger::Ledger& ledger, const std::string& id, ExceptionRequest& request) {
  const uint64_t number = StatementNumber("F-", id);
  const auto missing = [&](const std::string& why) {
    return Fail(Error{
        Code::kNotFound, "finding " + Quote(id) + ": " + why, {}, "assay finding list", {}, {}});
  };
  ASSAY_ASSIGN(const auto run, assess::ReadLastRun(ledger));
  if (!run) return missing("no finished run yet");
  for (const assess::CheckView& check : run->checks) {
    if (number == 0 || request.finding != 0) break;
    ASSAY_TRY(assess::ReadObservations(ledger, check, [&](const assess::ObservationView& one) {
      if (one.finding != number) return true;
      request.finding = number;
      request.check = check.result.check;
      request.subject = one.observation.subject;
      request.label = one.observation.label;
      return false;
    }));
  }
  if (request.finding == 0) return missing("not failing in run " + run->run);
  return {};
}

Status KnownCheck(const std::vector<std::string>& known, const std::string& id) {
  if (id.empty() || std::find(known.begin(), known.end(), id) != known.end()) return {};
  const std::string near = NearestWord(id, known);
  return Fail(Error{Code::kNotFound,
                    "check " + Quote(id) + ": not installed",
                    {},
                    near.empty() ? "assay check list" : "did you mean " + near + "?",
                    {},
                    {}});
}

std::vector<std::string> CheckIds(const Context& context, const OpenedDesk& opened) {
  std::vector<std::string> out;
  for (const auto& [id, check] : ReadCatalogue(context, opened.workspace->config))
    out.push_back(id);
  return out;
}

Result<ExceptionRequest> FromOptions(const Context& context, const OpenedDesk& opened) {
  const Options& options = context.options;
  ExceptionRequest out;
  out.reason = options.why;
  out.compensating = options.compensating;
  out.compensating_check = options.compensating_check;
  ASSAY_ASSIGN(out.expires, ParseEnd(options.expires));
  if (!options.argument.empty()) {
    ASSAY_TRY(TakeFinding(*opened.ledger, options.argument, out));
  } else {
    out.check = options.check_id;
    out.wildcard = options.subject == "*";
    if (!out.wildcard) out.subject = options.subject;
  }
  const std::vector<std::string> known = CheckIds(context, opened);
  for (const std::string& check : {out.check, out.compensating_check})
    ASSAY_TRY(KnownCheck(known, check));
  return out;
}

Result<std::vector<ExceptionRequest>> FromFile(const Context& context, const OpenedDesk& opened) {
  const std::string& file = context.options.from;
  ASSAY_ASSIGN(const ByteVector text, ReadFile(file, kLargestFile));
  ASSAY_ASSIGN(const auto items, config::ParseExceptions(AsText(text), file));
  const std::vector<std::string> known = CheckIds(context, opened);
  std::vector<ExceptionRequest> out;
  for (const config::ExceptionItem& item : items) {
    ExceptionRequest one;
    one.check = item.check;
    one.wildcard = item.subject == "*";
    if (!one.wildcard) one.subject = item.subject;
    one.reason = item.reason;
    one.compensating = item.compensating;
    one.compensating_check = item.compensating_check;
    ASSAY_ASSIGN(one.expires, ParseEnd(item.expires));
    for (const std::string& check : {one.check, one.compensating_check})
      ASSAY_TRY(KnownCheck(known, check));
    out.push_back(std::move(one));
  }
  return out;
}

std::string NeedsApproval(const OpenedDesk& opened) {
  const config::ExceptionsConfig& config = opened.workspace->config.exceptions;
  const auto most = std::chrono::duration_cast<std::chrono::hours>(config.max_age).count() / 24;
  return fmt::format("Needs approval by {}{}. Max age here: {} d.",
                     opened.workspace->config.roles.empty()
                         ? std::string("an account of this machine")
                         : "role " + Join(config.approvers, " or "),
                     config.four_eyes ? ", not by you" : "", most);
}

/// The head is signed before anything is said to be done.
Status Conclude(const Context& context, OpenedDesk& opened) {
  if (context.options.dry_run) return {};
  ASSAY_TRY(opened.ledger->SignCheckpoint());
  return {};
}

/// All or none: what the desk would refuse is found before the first is written.
int HandIn(Context& context, OpenedDesk& opened, const std::vector<ExceptionRequest>& requests) {
  std::string text, items;
  for (const ExceptionRequest& request : requests) {
    auto number = opened.desk->Request(request);
    if (!number) return Refused(context, number.error());
    text += fmt::format("  E-{} {}: {} until {}\n", *number,
                        context.options.dry_run ? "would be requested" : "requested", request.check,
                        EndText(request.expires));
    if (const auto* one = opened.desk->statements().FindException(*number))
      items += (items.empty() ? "" : ",") + ExceptionJson(*one, context.clock->Now());
  }
  if (Status kept = Conclude(context, opened); !kept) return Report(context, kept.error());
  return context.Finish(text + "  " + NeedsApproval(opened) + "\n", "{\"items\":[" + items + "]}");
}

Status AllowedTogether(const std::vector<ExceptionRequest>& requests, OpenedDesk& opened,
                       const Context& context) {
  assess::StatementTerms trial = opened.desk->terms();
  trial.dry_run = true;
  ASSAY_ASSIGN(auto desk, assess::StatementDesk::Open(*opened.ledger, std::move(trial)));
  std::set<std::string> seen;
  for (const ExceptionRequest& request : requests) {
    if (auto allowed = desk.Request(request); !allowed)
      return Fail(std::move(allowed.error()).Context(context.options.from));
    if (!seen.insert(request.check + "\n" + request.subject).second)
      return Fail(Code::kInvalidInput,
                  context.options.from + ": " + request.check + " names a subject twice");
  }
  return {};
}

int RequestFromFile(Context& context, OpenedDesk& opened) {
  auto requests = FromFile(context, opened);
  if (!requests) return Refused(context, requests.error());
  if (Status allowed = AllowedTogether(*requests, opened, context); !allowed)
    return Refused(context, allowed.error());
  return HandIn(context, opened, *requests);
}

template <typename Decide>
int DecideOne(Context& context, Decide decide) {
  int exit = 0;
  const uint64_t number = StatementArgument(context, kNumbered, exit);
  if (number == 0) return exit;
  auto opened = OpenDesk(context, exit);
  if (!opened) return exit;
  const Timestamp now = context.clock->Now();
  const bool known = opened->desk->statements().FindException(number) != nullptr;
  const auto before = known ? SideOf(*opened, number, now) : Result<Side>(Side{});
  if (!before) return Report(context, before.error());
  if (Status done = decide(*opened->desk, number); !done) return Refused(context, done.error());
  if (Status kept = Conclude(context, *opened); !kept) return Report(context, kept.error());
  const auto after = SideOf(*opened, number, now);
  return after ? ShowDelta(context, *before, *after, now) : Report(context, after.error());
}

}  // namespace

int RunExceptionRequest(Context& context) {
  const Options& options = context.options;
  const bool named = !options.check_id.empty() && !options.subject.empty();
  const int ways =
      (options.argument.empty() ? 0 : 1) + (named ? 1 : 0) + (options.from.empty() ? 0 : 1);
  if (ways != 1 || (!named && (!options.check_id.empty() || !options.subject.empty())))
    return Usage(context, "name a finding, or --check with --subject, or --from FILE",
                 "assay exception request F-12 --reason TEXT --expires 2027-02-28");
  if (options.from.empty() && options.why.empty())
    return Usage(context, "--reason is missing: why the failure may stay", "--reason TEXT");
  if (options.from.empty() && options.expires.empty())
    return Usage(context, "--expires is missing: every exception ends", "--expires 2027-02-28");
  int exit = 0;
  auto opened = OpenDesk(context, exit);
  if (!opened) return exit;
  if (!options.from.empty()) return RequestFromFile(context, *opened);
  const auto request = FromOptions(context, *opened);
  if (!request) return Refused(context, request.error());
  return HandIn(context, *opened, {*request});
}

int RunExceptionApprove(Context& context) {
  return DecideOne(context, [&](assess::StatementDesk& desk, uint64_t number) {
    return desk.Approve(number, context.options.note);
  });
}

int RunExceptionReject(Context& context) {
  return DecideOne(context, [&](assess::StatementDesk& desk, uint64_t number) {
    return desk.Reject(number, context.options.note);
  });
}

int RunExceptionRevoke(Context& context) {
  return DecideOne(context, [&](assess::StatementDesk& desk, uint64_t number) {
    return desk.Revoke(number, context.options.note);
  });
}

int RunExceptionRenew(Context& context) {
  if (context.options.expires.empty() || context.options.why.empty())
    return Usage(context, "--expires and --reason are needed: until when, and why still",
                 "assay exception renew E-7 --expires 2027-08-31 --reason TEXT");
  const auto expires = ParseEnd(context.options.expires);
  if (!expires) return Refused(context, expires.error());
  return DecideOne(context, [&](assess::StatementDesk& desk, uint64_t number) {
    return desk.Renew(number, *expires, context.options.why);
  });
}

}  // namespace assay::cli
