#include "cli/statement_common.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "cli/as_of.h"
#include "cli/erasing.h"
#include "config/values.h"

namespace assay::cli {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::string_view kAccount = "account:";

/// True when `os_user` of the configuration, a name or a number, is this account.
bool IsAccount(const std::string& os_user, const std::string& account) {
  const std::string number = account.substr(kAccount.size());
  if (os_user == number) return true;
  std::vector<char> buffer(1u << 14);
  passwd entry{}, *found = nullptr;
  ::getpwnam_r(os_user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr && fmt::format("{}", found->pw_uid) == number;
}

assess::StatementTerms TermsOf(const Context& context, const OpenedLedger& opened) {
  const config::ExceptionsConfig& config = opened.workspace->config.exceptions;
  assess::StatementTerms terms;
  terms.max_age = config.max_age;
  terms.four_eyes = config.four_eyes;
  terms.allow_wildcard = config.allow_wildcard;
  terms.actor = AccountId();
  terms.approver = MayApprove(opened.workspace->config, opened.tenant->id, terms.actor);
  terms.now = context.clock->Now();
  terms.dry_run = context.options.dry_run;
  return terms;
}

template <typename Item>
void AddIfSoon(const Item& item, const std::string& what, const config::ExceptionsConfig& config,
               Timestamp now, std::vector<std::string>& out) {
  const auto& before = config.warn_before;
  const bool soon = std::any_of(before.begin(), before.end(),
                                [&](auto span) { return item.expires <= now + span; });
  if (soon)
    out.push_back(
        fmt::format("{} ends {} ({})", what, Away(item.expires, now), EndText(item.expires)));
}

}  // namespace

std::optional<OpenedDesk> OpenDesk(Context& context, int& exit) {
  auto opened = OpenSelected(context, context.options.dry_run, exit);
  if (!opened) return std::nullopt;
  OpenedDesk out{std::move(*opened), std::nullopt};
  auto desk = assess::StatementDesk::Open(*out.ledger, TermsOf(context, out));
  if (!desk) return exit = Report(context, desk.error()), std::nullopt;
  out.desk.emplace(std::move(*desk));
  return out;
}

std::optional<OpenedStatements> OpenStatements(Context& context, int& exit) {
  auto opened = OpenOneForReading(context, exit);
  if (!opened) return std::nullopt;
  OpenedStatements out{std::move(*opened), {}, context.Moment()};
  const auto size = SizeShown(context, *out.ledger);
  if (!size) return exit = Report(context, size.error()), std::nullopt;
  auto statements = assess::LoadStatements(*out.ledger, *size);
  if (!statements) return exit = Report(context, statements.error()), std::nullopt;
  out.statements = std::move(*statements);
  return out;
}

uint64_t StatementNumber(std::string_view prefix, const std::string& text) {
  uint64_t number = 0;
  if (text.size() <= prefix.size() ||
      !EqualsIgnoreCase(std::string_view(text).substr(0, prefix.size()), prefix))
    return 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + prefix.size(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? number : 0;
}

uint64_t StatementArgument(Context& context, std::string_view prefix, int& exit) {
  const uint64_t number = StatementNumber(prefix, context.options.argument);
  if (number != 0) return number;
  const std::string group = context.options.command.front();
  Report(context, Error{Code::kInvalidInput,
                        fmt::format("{}: not a number of the form {}12",
                                    Quote(context.options.argument), prefix),
                        {},
                        "assay " + group + " list shows them",
                        {},
                        {}});
  exit = ToInt(ExitCode::kUsage);
  return 0;
}

Result<Timestamp> ParseEnd(const std::string& text) {
  if (const auto day = config::ParseDate(text)) return Timestamp(*day + days(1));
  auto moment = ParseTime(text);
  if (moment) return *moment;
  return Fail(Error{Code::kInvalidInput,
                    Quote(text, 60) + ": neither a day nor a moment",
                    {},
                    "2027-02-28, which counts in full, or 2027-02-28T12:00:00Z",
                    {},
                    {}});
}

std::string EndText(Timestamp end) {
  constexpr size_t kDate = 10;
  const auto day = std::chrono::floor<days>(end);
  if (Timestamp(day) != end) return FormatTime(end);
  return FormatTime(Timestamp(day - days(1))).substr(0, kDate);
}

std::string Away(Timestamp end, Timestamp now) {
  const bool past = end <= now;
  const auto span = past ? now - end : end - now;
  const auto number = span >= days(2) ? std::chrono::duration_cast<days>(span).count()
                                      : std::chrono::duration_cast<hours>(span).count();
  const char* unit = span >= days(2) ? "day" : "hour";
  const std::string text = fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
  return past ? text + " ago" : "in " + text;
}

bool MayApprove(const config::Config& config, const std::string& tenant,
                const std::string& account) {
  if (config.roles.empty()) return true;
  const auto has = [](const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  return std::any_of(config.roles.begin(), config.roles.end(), [&](const auto& one) {
    return has(config.exceptions.approvers, one.role) &&
           (has(one.tenants, "*") || has(one.tenants, tenant)) && IsAccount(one.os_user, account);
  });
}

int Refused(Context& context, const Error& error) {
  const int exit = Report(context, error);
  return error.code == Code::kInvalidInput ? ToInt(ExitCode::kUsage) : exit;
}

std::vector<std::string> EndingSoon(const assess::Statements& statements,
                                    const config::ExceptionsConfig& config, Timestamp now) {
  std::vector<std::string> out;
  for (const auto& [number, one] : statements.exceptions())
    if (one.IsOpen(now))
      AddIfSoon(one, fmt::format("exception E-{} for {}", number, one.check), config, now, out);
  for (const auto& [number, one] : statements.attestations())
    if (one.IsValid(now))
      AddIfSoon(one, fmt::format("attestation AT-{} for {}", number, one.About()), config, now,
                out);
  return out;
}

}  // namespace assay::cli
