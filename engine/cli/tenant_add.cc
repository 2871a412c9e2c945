// assay tenant add: the block of a new tenant, a certificate for it, and what is to be granted. It
// writes to this machine only; an existing file is never changed.
#include <fmt/format.h>
#include <fnmatch.h>

#include "base/files.h"
#include "base/text.h"
#include "broker/self_signed.h"
#include "cli/tenant_common.h"
#include "config/values.h"
#include "report/json_writer.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kCertificateDays = 365;
constexpr const char* kNoClient = "00000000-0000-4000-8000-000000000000";

/// What was made for the new tenant.
struct Made {
  std::string certificate, key, thumbprint, expires;  ///< empty without a certificate
  std::string block;
  fs::path file;  ///< where the block was written; empty when it is printed
};

Error Usage(std::string message, std::string hint) {
  return Error{Code::kInvalidInput, std::move(message), {}, std::move(hint), {}, "AS-CLI-003"};
}

Status CheckWords(const Options& options, const config::Config& config) {
  if (!config::kName.check(options.argument).empty())
    return Fail(Usage("tenant " + Quote(options.argument) + ": not a name",
                      "use lower-case letters, digits and dashes"));
  if (!TenantId::Parse(options.directory_id))
    return Fail(Usage("--directory-id must be the GUID of the tenant",
                      "Entra admin center, Overview, Tenant ID"));
  if (!options.client_id.empty() && !IsGuid(options.client_id))
    return Fail(Usage("--client-id must be a GUID", "it is the Application (client) ID"));
  if (!options.secret_ref.empty() && !config::kReference.check(options.secret_ref).empty())
    return Fail(Usage("--secret-ref must be a reference",
                      "write env:NAME, file:/path, cred:NAME or keyvault:https://..."));
  for (const config::TenantConfig& tenant : config.tenants)
    if (tenant.id == options.argument ||
        tenant.directory_id->text() == AsciiLower(options.directory_id))
      return Fail(Error{Code::kAlreadyExists,
                        "tenant " + Quote(tenant.id) + ": is already in the configuration",
                        {},
                        "assay tenant show " + tenant.id,
                        {},
                        {}});
  return {};
}

Status MakeCertificate(const Context& context, const config::Config& config, Made& made) {
  const std::string& name = context.options.argument;
  const fs::path folder = config.file.parent_path() / "keys";
  made.certificate = (folder / (name + ".crt")).string();
  made.key = (folder / (name + ".key")).string();
  for (const std::string& path : {made.certificate, made.key})
    if (fs::exists(path))
      return Fail(Error{Code::kAlreadyExists,
                        path + ": is already there",
                        {},
                        "move it away, or name it in the tenant's credential yourself",
                        {},
                        {}});
  ASSAY_ASSIGN(const broker::SelfSigned pair,
               broker::MakeSelfSigned("assay-" + name, context.clock->Now(), kCertificateDays));
  std::error_code error;
  if (fs::create_directories(folder, error)) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return Fail(Code::kIo, folder.string() + ": " + error.message());
  ASSAY_TRY(WriteFileDurably(made.key, AsBytes(pair.key_pem.view()), 0600));
  ASSAY_TRY(WriteFileDurably(made.certificate, AsBytes(pair.certificate_pem), 0644));
  made.thumbprint = pair.thumbprint;
  made.expires = pair.expires;
  return {};
}

std::string CredentialText(const Options& options, const Made& made) {
  if (options.kind == "managed_identity")
    return options.client_id.empty()
               ? "{ kind = \"managed_identity\" }"
               : fmt::format("{{ kind = \"managed_identity\", client_id = \"{}\" }}",
                             options.client_id);
  const std::string client = options.client_id.empty() ? kNoClient : options.client_id;
  if (options.kind == "workload_identity")
    return fmt::format("{{ kind = \"workload_identity\", client_id = \"{}\" }}", client);
  if (!made.certificate.empty())
    return fmt::format(
        "{{ kind = \"certificate\", client_id = \"{}\", certificate = \"{}\", ref = \"file:{}\" }}",
        client, made.certificate, made.key);
  return fmt::format("{{ kind = \"secret\", client_id = \"{}\", ref = \"{}\" }}", client,
                     options.secret_ref);
}

std::string Block(const Options& options, const config::Config& config, const Made& made) {
  const auto store = config.storage.find(config.default_store);
  const std::string region =
      store == config.storage.end() || store->second.region.empty() ? "eu" : store->second.region;
  const bool client_known = !options.client_id.empty() || options.kind == "managed_identity";
  return fmt::format(
      "[[tenants]]\nid = \"{0}\"\nname = \"{0}\"\ndirectory_id = \"{1}\"\nregion = \"{2}\"\n"
      "store = \"{3}\"\n{4}credential = {5}\n",
      options.argument, AsciiLower(options.directory_id), region, config.default_store,
      client_known ? "" : "# client_id: the Application (client) ID of the app registration\n",
      CredentialText(options, made));
}

/// "tenants.d/contoso.toml" when the configuration includes such files; else nothing.
fs::path PlaceFor(const config::Config& config, const std::string& tenant) {
  const std::string name = "tenants.d/" + tenant + ".toml";
  for (const std::string& pattern : config.include)
    if (::fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0)
      return config.file.parent_path() / name;
  return {};
}

Status WriteBlock(const config::Config& config, const Options& options, Made& made) {
  made.block = Block(options, config, made);
  made.file = PlaceFor(config, options.argument);
  if (made.file.empty()) return {};
  if (fs::exists(made.file))
    return Fail(Code::kAlreadyExists, made.file.string() + ": is already there");
  std::error_code error;
  fs::create_directories(made.file.parent_path(), error);
  if (error) return Fail(Code::kIo, made.file.parent_path().string() + ": " + error.message());
  return WriteFileDurably(made.file, AsBytes(made.block), 0644);
}

Result<Made> Make(const Context& context, const config::Config& config) {
  const Options& options = context.options;
  Made made;
  ASSAY_TRY(CheckWords(options, config));
  const bool certificate = options.secret_ref.empty() && options.kind.empty();
  if (options.dry_run) {
    made.block = Block(options, config, made);
    return made;
  }
  if (certificate) ASSAY_TRY(MakeCertificate(context, config, made));
  ASSAY_TRY(WriteBlock(config, options, made));
  return made;
}

std::string Json(const Made& made, const Wanted& wanted) {
  report::JsonWriter json;
  json.BeginObject().Member("block", made.block).Member("file", made.file.string());
  json.Member("certificate", made.certificate).Member("thumbprint", made.thumbprint);
  json.Member("expires", made.expires).Key("permissions").Strings(wanted.permissions);
  json.Key("scopes").Strings(wanted.scopes).EndObject();
  return json.Take();
}

}  // namespace

int RunTenantAdd(Context& context) {
  int exit = 0;
  const auto workspace = OpenWorkspace(context, exit);
  if (!workspace) return exit;
  const Options& options = context.options;
  const auto made = Make(context, workspace->config);
  if (!made) return context.Fail(made.error());
  config::TenantConfig tenant;
  tenant.id = options.argument;
  tenant.directory_id = TenantId::Parse(options.directory_id).value();
  const auto plan = assess::PlanRun(workspace->installation, workspace->config, tenant, {});
  if (!plan) return context.Fail(plan.error());
  const Wanted wanted = WantedBy(*plan);
  std::string text;
  if (made->file.empty())
    text = fmt::format("# {}\n\n{}\n",
                       options.dry_run ? "nothing was written; this is the block"
                                       : "add this to your configuration",
                       made->block);
  else
    text = fmt::format("  Wrote {}\n", made->file.string());
  text +=
      ConsentSteps(options.argument, wanted, made->certificate, made->thumbprint, made->expires);
  return context.Finish(text, Json(*made, wanted));
}

}  // namespace assay::cli
