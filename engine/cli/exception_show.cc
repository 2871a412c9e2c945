// assay exception list|show, attest list: statements as they stand, or stood at --as-of.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/statement_common.h"
#include "cli/statement_text.h"

namespace assay::cli {

int RunExceptionList(Context& context) {
  int exit = 0;
  const auto opened = OpenStatements(context, exit);
  if (!opened) return exit;
  std::string items, soon;
  for (const auto& [number, one] : opened->statements.exceptions())
    items += (items.empty() ? "" : ",") + ExceptionJson(one, opened->now);
  for (const std::string& line :
       EndingSoon(opened->statements, opened->workspace->config.exceptions, opened->now)) {
    Tell(context, "warning: " + line + "\n");
    soon += (soon.empty() ? "" : ",") + JsonString(line);
  }
  return context.Finish(ExceptionTable(opened->statements, opened->now, context.terminal),
                        "{\"items\":[" + items + "],\"ending_soon\":[" + soon + "]}");
}

int RunExceptionShow(Context& context) {
  int exit = 0;
  const uint64_t number = StatementArgument(context, "E-", exit);
  if (number == 0) return exit;
  const auto opened = OpenStatements(context, exit);
  if (!opened) return exit;
  const assess::Exception* one = opened->statements.FindException(number);
  if (one == nullptr)
    return Report(context, Error{Code::kNotFound,
                                 fmt::format("E-{}: no such exception", number),
                                 {},
                                 "assay exception list",
                                 {},
                                 {}});
  return context.Finish(ExceptionText(*one, opened->now), ExceptionJson(*one, opened->now));
}

int RunAttestList(Context& context) {
  int exit = 0;
  const auto opened = OpenStatements(context, exit);
  if (!opened) return exit;
  std::string items;
  for (const auto& [number, one] : opened->statements.attestations())
    items += (items.empty() ? "" : ",") + AttestationJson(one, opened->now);
  return context.Finish(AttestationTable(opened->statements, opened->now, context.terminal),
                        "{\"items\":[" + items + "]}");
}

int RunAttestShow(Context& context) {
  int exit = 0;
  const uint64_t number = StatementArgument(context, "AT-", exit);
  if (number == 0) return exit;
  const auto opened = OpenStatements(context, exit);
  if (!opened) return exit;
  const assess::Attestation* one = opened->statements.FindAttestation(number);
  if (one == nullptr)
    return Report(context, Error{Code::kNotFound,
                                 fmt::format("AT-{}: no such attestation", number),
                                 {},
                                 "assay attest list",
                                 {},
                                 {}});
  return context.Finish(AttestationText(*one, opened->now), AttestationJson(*one, opened->now));
}

}  // namespace assay::cli
