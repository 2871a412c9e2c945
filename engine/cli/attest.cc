// assay attest add|renew|revoke: a person's word, with a document, that a control or a manual check
// is met. Of the document the ledger gets the name and the digest; it stays where it is.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/changes.h"
#include "cli/command.h"
#include "cli/installed.h"
#include "cli/run_tenant.h"
#include "cli/statement_common.h"
#include "cli/statement_text.h"

namespace assay::cli {
namespace {

using assess::AttestationRequest;

int Usage(Context& context, const std::string& message, const std::string& hint) {
  Report(context, Error{Code::kInvalidInput, message, {}, hint, {}, {}});
  return ToInt(ExitCode::kUsage);
}

tl::unexpected<Error> Unknown(const std::string& what, const std::string& id,
                              const std::vector<std::string>& known, const std::string& list) {
  const std::string near = NearestWord(id, known);
  return Fail(Error{Code::kNotFound,
                    what + " " + Quote(id) + ": not installed",
                    {},
                    near.empty() ? list : "did you mean " + near + "?",
                    {},
                    {}});
}

/// "iso27001-2022:A.5.1" or the id of a check, as what is attested.
Status TakeObject(const Context& context, const config::Config& config, const std::string& text,
                  AttestationRequest& request) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) {
    std::vector<std::string> known;
    for (const auto& [id, check] : ReadCatalogue(context, config)) known.push_back(id);
    if (std::find(known.begin(), known.end(), text) == known.end())
      return Unknown("check", text, known, "assay check list");
    request.check = text;
    return {};
  }
  ASSAY_ASSIGN(const assess::Catalogue catalogue, OpenFullCatalogue(context));
  request.framework = text.substr(0, colon);
  request.control = text.substr(colon + 1);
  const auto* framework = catalogue.FindFramework(request.framework);
  if (framework == nullptr)
    return Unknown("framework", request.framework, catalogue.FrameworkIds(),
                   "assay framework list");
  std::vector<std::string> controls;
  for (const ControlSpec& control : framework->spec.controls) controls.push_back(control.id);
  if (std::find(controls.begin(), controls.end(), request.control) == controls.end())
    return Unknown("control", text, controls, "assay framework show " + request.framework);
  return {};
}

/// Role, document and end, from the flags.
Result<AttestationRequest> FromOptions(const Context& context) {
  const Options& options = context.options;
  AttestationRequest out;
  out.role = options.person_role;
  out.note = options.note;
  out.document = std::filesystem::path(options.document).filename().string();
  out.digest = DigestOf(options.document);
  if (out.digest.empty())
    return Fail(Code::kIo, "document " + Quote(options.document) + ": cannot be read");
  ASSAY_ASSIGN(out.expires, ParseEnd(options.expires));
  return out;
}

int Missing(Context& context) {
  return Usage(context, "--role, --file and --expires are needed: who says so, on what, until when",
               "assay attest add iso27001-2022:A.5.1 --role \"head of IT\" --file policy.pdf "
               "--expires 2027-02-28");
}

bool IsComplete(const Options& options) {
  return !options.person_role.empty() && !options.document.empty() && !options.expires.empty();
}

int Done(Context& context, OpenedDesk& opened, uint64_t number) {
  if (context.options.dry_run)
    return context.Finish(fmt::format("  AT-{} would be written; nothing was\n", number),
                          fmt::format("{{\"dry_run\":true,\"id\":\"AT-{}\"}}", number));
  if (auto signed_head = opened.ledger->SignCheckpoint(); !signed_head)
    return Report(context, signed_head.error());
  const Timestamp now = context.clock->Now();
  const assess::Attestation& one = *opened.desk->statements().FindAttestation(number);
  return context.Finish(
      fmt::format("  AT-{} {} until {} ({}): {}\n  {} SHA-256 {}: keep it, the ledger has its "
                  "digest only\n  it counts from the next run on\n",
                  number, Name(one.At(now)), EndText(one.expires), Away(one.expires, now),
                  one.About(), one.document, one.digest),
      AttestationJson(one, now));
}

}  // namespace

int RunAttestAdd(Context& context) {
  if (!IsComplete(context.options)) return Missing(context);
  int exit = 0;
  auto opened = OpenDesk(context, exit);
  if (!opened) return exit;
  auto request = FromOptions(context);
  if (!request) return Refused(context, request.error());
  const config::Config& config = opened->workspace->config;
  if (Status known = TakeObject(context, config, context.options.argument, *request); !known)
    return Refused(context, known.error());
  const auto number = opened->desk->Attest(*request);
  return number ? Done(context, *opened, *number) : Refused(context, number.error());
}

int RunAttestRenew(Context& context) {
  if (!IsComplete(context.options)) return Missing(context);
  int exit = 0;
  const uint64_t number = StatementArgument(context, "AT-", exit);
  if (number == 0) return exit;
  auto opened = OpenDesk(context, exit);
  if (!opened) return exit;
  const auto request = FromOptions(context);
  if (!request) return Refused(context, request.error());
  Status renewed = opened->desk->RenewAttestation(number, *request);
  return renewed ? Done(context, *opened, number) : Refused(context, renewed.error());
}

int RunAttestRevoke(Context& context) {
  int exit = 0;
  const uint64_t number = StatementArgument(context, "AT-", exit);
  if (number == 0) return exit;
  auto opened = OpenDesk(context, exit);
  if (!opened) return exit;
  Status revoked = opened->desk->RevokeAttestation(number, context.options.note);
  if (!revoked) return Refused(context, revoked.error());
  if (!context.options.dry_run)
    if (auto signed_head = opened->ledger->SignCheckpoint(); !signed_head)
      return Report(context, signed_head.error());
  return context.Finish(
      fmt::format("  AT-{} {}\n", number, context.options.dry_run ? "would be revoked" : "revoked"),
      fmt::format("{{\"id\":\"AT-{}\",\"revoked\":{}}}", number, !context.options.dry_run));
}

}  // namespace assay::cli
