// What the commands about exceptions and attestations share: the desk, ids, instants, ends.
#pragma once

#include <optional>
#include <string>

#include "assess/statement_desk.h"
#include "cli/workspace.h"

namespace assay::cli {

/// A ledger opened to decide something, and its desk. With --dry-run it is opened for reading.
struct OpenedDesk : OpenedLedger {
  std::optional<assess::StatementDesk> desk;
};
/// Prints and gives nothing when that fails.
std::optional<OpenedDesk> OpenDesk(Context& context, int& exit);

/// Statements as a reading command shows them: of now, or of --as-of.
struct OpenedStatements : OpenedLedger {
  assess::Statements statements;
  Timestamp now{};
};
std::optional<OpenedStatements> OpenStatements(Context& context, int& exit);

/// "E-77" -> 77, "AT-3" -> 3; 0 when it is none.
uint64_t StatementNumber(std::string_view prefix, const std::string& text);
/// The number that the command's argument names. Prints and gives 0 for another word.
uint64_t StatementArgument(Context& context, std::string_view prefix, int& exit);

/// --expires: a day, which counts in full, or a moment. kInvalidInput.
Result<Timestamp> ParseEnd(const std::string& text);
/// "2027-02-28" when the day counts in full, else the moment.
std::string EndText(Timestamp end);
/// "in 99 days", "in 5 hours", "3 days ago".
std::string Away(Timestamp end, Timestamp now);

/// True when the roles of an account let it approve in this tenant; without any [[roles.map]] every
/// account may.
bool MayApprove(const config::Config& config, const std::string& tenant,
                const std::string& account);

/// Prints what a desk refused: what breaks a rule is usage, exit 2.
int Refused(Context& context, const Error& error);

/// What ends soon, by `warn_before`: one line each.
std::vector<std::string> EndingSoon(const assess::Statements& statements,
                                    const config::ExceptionsConfig& config, Timestamp now);

}  // namespace assay::cli
