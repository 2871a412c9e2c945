#include "config/credential_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/environment.h"
#include "base/text.h"
#include "config/resolve.h"

namespace assay::config {
namespace {

bool IsVaultReference(const std::string& ref) { return ref.starts_with("keyvault:"); }

/// "keyvault:https://NAME.vault.azure.net/secrets/NAME"; which hosts belong to a cloud, the broker
/// knows.
bool HasVaultForm(const std::string& ref) {
  const std::string text = ref.substr(std::string_view("keyvault:").size());
  const size_t scheme = text.find("://");
  const size_t slash = scheme == text.npos ? text.npos : text.find('/', scheme + 3);
  if (slash == text.npos || !ParseBaseUrl(text.substr(0, slash))) return false;
  const auto parts = Split(std::string_view(text).substr(slash + 1), '/');
  return (parts.size() == 2 || parts.size() == 3) && parts[0] == "secrets" && !parts[1].empty();
}

class OneCredential {
 public:
  OneCredential(const Fields& fields, const Config& config, const LoadOptions& options,
                Report& report)
      : fields_(fields),
        config_(config),
        options_(options),
        report_(report),
        kind_(fields.Text("kind")),
        ref_(fields.Text("ref")) {}

  void Check() {
    if (kind_ == "managed_identity") {
      for (const char* key : {"ref", "certificate", "algorithm", "via", "directory_id"})
        Refuse(key);
      return;
    }
    Demand("client_id");
    if (kind_ == "certificate")
      Demand("certificate");
    else
      for (const char* key : {"certificate", "algorithm"}) Refuse(key);
    if (kind_ == "workload_identity")
      CheckTokenFile();
    else
      Demand("ref");
    if (IsVaultReference(ref_))
      CheckVault();
    else if (fields_.Has("via"))
      report_
          .Error("AS-CFG-023", fields_.WhereKey("via"),
                 "\"via\" is for \"keyvault:\" references only")
          .caret_note = "remove it";
    if (options_.check_secrets) CheckFiles();
  }

 private:
  void Demand(const char* key) {
    if (fields_.Has(key)) return;
    Place place = fields_.Where();
    place.end_line = place.line;
    place.end_column = place.column + 1;
    report_
        .Error("AS-CFG-002", place,
               fmt::format("a credential of kind {} needs the key {}", Quote(kind_), Quote(key)))
        .notes.push_back(fmt::format("help: add  {} = {}", key, Example(key)));
  }
  /// What the key could be: dots alone would be taken for a secret.
  static std::string_view Example(std::string_view key) {
    if (key == "ref")
      return "\"file:/run/keys/NAME\"  (a reference: env:, file:, cred:, keyvault:)";
    return key == "certificate" ? "\"NAME.crt\"  (a PEM file)" : "\"...\"  (a GUID)";
  }
  void Refuse(const char* key) {
    if (!fields_.Has(key)) return;
    report_
        .Error("AS-CFG-023", fields_.WhereKey(key),
               fmt::format("a credential of kind {} has no {}", Quote(kind_), Quote(key)))
        .caret_note = "remove it";
  }

  void CheckTokenFile() {
    if (!fields_.Has("ref") && !FindEnvironment("AZURE_FEDERATED_TOKEN_FILE") &&
        options_.check_secrets)
      report_
          .Error("AS-CFG-002", fields_.Where(),
                 "no token file: AZURE_FEDERATED_TOKEN_FILE is not set and \"ref\" is missing")
          .notes.push_back("help: add  ref = \"file:/var/run/secrets/azure/tokens/TOKEN\"");
    if (fields_.Has("ref") && !ref_.starts_with("file:"))
      report_.Error("AS-CFG-023", fields_.Where("ref"), "the token of a workload is a file")
          .caret_note = "write \"file:/path\"";
  }

  void CheckVault() {
    if (!HasVaultForm(ref_))
      report_.Error("AS-CFG-004", fields_.Where("ref"), "not a secret of a key vault").caret_note =
          "write \"keyvault:https://NAME.vault.azure.net/secrets/NAME\"";
    const std::string via = fields_.Text("via");
    if (fields_.Has("via") && !config_.credentials.contains(via))
      report_
          .Error("AS-CFG-009", fields_.Where("via"),
                 fmt::format("credential {} is not defined", Quote(via)))
          .caret_note = fmt::format(
          "add [credentials.{}], or remove via: then the managed identity "
          "of this machine reads the vault",
          via);
  }

  void CheckFiles() {
    if (fields_.Has("certificate")) {
      const auto path = config_.file.parent_path() / fields_.Text("certificate");
      Tell(CheckPublicFile(path.string(), "certificate"), "certificate");
    }
    if (!fields_.Has("ref")) return;
    if (kind_ == "workload_identity" && ref_.starts_with("file:"))
      Tell(CheckPublicFile(ref_.substr(5), "token file"), "ref");
    else
      Tell(CheckResolves(ref_), "ref");
  }

  void Tell(const std::optional<Unresolved>& wrong, const char* key) {
    if (!wrong) return;
    Diagnostic& d = report_.Error(wrong->code, fields_.Where(key), wrong->message);
    d.caret_note = wrong->fix;
    d.notes.push_back("help: --no-secrets checks a configuration on a machine without its secrets");
  }

  const Fields& fields_;
  const Config& config_;
  const LoadOptions& options_;
  Report& report_;
  const std::string kind_, ref_;
};

}  // namespace

void CheckCredential(const Fields& credential, const Config& config, const LoadOptions& options,
                     Report& report) {
  if (credential.Has("kind")) OneCredential(credential, config, options, report).Check();
}

void CheckCredentialCircles(const Fields& root, const Config& config, Report& report) {
  for (const auto& [name, fields] : root.Named("credentials")) {
    std::set<std::string> seen;
    std::string at = name;
    // Each circle is told once, at the first of its names.
    while (seen.insert(at).second) {
      const auto next = config.credentials.find(at);
      if (next == config.credentials.end() || next->second.via.empty()) break;
      at = next->second.via;
      if (at != name || *seen.begin() != name) continue;
      report
          .Error("AS-CFG-022", fields.Where("via"),
                 fmt::format("reading credential {} needs itself: {}", Quote(name),
                             seen.size() == 1
                                 ? "via names it"
                                 : Join({seen.begin(), seen.end()}, ", ") + " lean on each other"))
          .caret_note = "let one of them be a managed identity, a certificate or a file";
    }
  }
}

}  // namespace assay::config
