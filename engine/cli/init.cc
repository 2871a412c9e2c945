// assay init: a commented assay.toml, the store and the keys. Overwrites nothing.
#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/workspace.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

std::string Template(const Options& options) {
  const bool own = !options.tenant.empty() && !options.directory_id.empty();
  const std::string comment = own ? "" : "# ";
  std::string out =
      "# assay.toml - schema 1. Unknown keys are errors. Secrets are references, never values.\n"
      "schema = 1\n\n"
      "[instance]\n"
      "name = \"My organisation\"\n"
      "origin = \"assay.my-organisation.example\"   # names the ledgers in signed checkpoints; "
      "cannot change later\n\n"
      "[storage]\n"
      "default = \"main\"\n"
      "[storage.main]\n"
      "kind = \"sqlite\"\n"
      "path = \"data\"        # keys lie below it with mode 0600; put them elsewhere with [keys]\n"
      "region = \"eu\"\n\n";
  out += fmt::format(
      "{0}[[tenants]]\n{0}id = \"{1}\"                 # folder and command line: lower-case "
      "letters, digits, dash\n"
      "{0}name = \"{1}\"\n{0}directory_id = \"{2}\"\n{0}region = \"eu\"\n{0}store = \"main\"\n"
      "{0}credential = {{ kind = \"secret\", client_id = \"{3}\", ref = \"{4}\" }}\n\n",
      comment, own ? options.tenant : "contoso",
      own ? options.directory_id : "00000000-0000-4000-8000-000000000000",
      options.client_id.empty() ? "00000000-0000-4000-8000-000000000001" : options.client_id,
      options.secret_ref.empty() ? "env:ASSAY_SECRET" : options.secret_ref);
  for (const char* framework : {"iso27001-2022", "dora", "gdpr"})
    out += fmt::format("[[frameworks]]\nid = \"{}\"\nversion = \"1\"\ntenants = [\"*\"]\n\n",
                       framework);
  out +=
      "# [sandbox]\n# accept = \"reduced\"   # only where user namespaces are forbidden: assay "
      "doctor tells\n";
  return out;
}

}  // namespace

int RunInit(Context& context) {
  const fs::path file = context.options.config;
  if (fs::exists(file))
    return Report(context, Error{Code::kAlreadyExists,
                                 file.string() + ": is already there",
                                 {},
                                 "assay config check",
                                 {},
                                 {}});
  if (Status written = WriteFileDurably(file, AsBytes(Template(context.options)), 0644); !written)
    return Report(context, written.error());
  int exit = 0;
  auto workspace = OpenWorkspace(context, exit);
  if (!workspace) {
    std::error_code ignored;
    fs::remove(file, ignored);  // a file that does not load helps nobody; the messages say why
    return exit;
  }
  const auto& store = workspace->config.storage.begin()->second;
  std::error_code error;
  fs::create_directories(store.path, error);
  fs::permissions(store.path, fs::perms::owner_all, error);
  if (error)
    return Report(context,
                  Error{Code::kIo, store.path.string() + ": " + error.message(), {}, {}, {}, {}});
  Say(context, fmt::format("  Wrote {} · store {}\n", file.string(), store.path.string()));
  for (const config::TenantConfig& tenant : workspace->config.tenants) {
    auto ledger = ledger::Ledger::Open(assess::LedgerOptions(workspace->config, tenant, true));
    if (!ledger) return Report(context, ledger.error());
    Say(context, fmt::format("  Ledger key of {}\n  {}  <- write this down; auditors compare it\n",
                             tenant.id, (*ledger)->Fingerprint()));
  }
  if (workspace->config.tenants.empty())
    Say(context,
        "  Next   write your tenant into it ([[tenants]]), then  assay config check && assay "
        "run\n");
  else
    Say(context, "  Next   assay config check && assay run\n");
  return 0;
}

}  // namespace assay::cli
