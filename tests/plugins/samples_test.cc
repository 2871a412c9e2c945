// Answers that nobody of this project wrote, from the optional folder ../shared/samples beside the
// checkout: each that fits an endpoint gives rows or a named state.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "plugins/fake_host.h"

using namespace assay;
using namespace assay::testing;

namespace {

struct Target {
  const char* plugin;
  const char* endpoint;
  const char* path;  // without host and version; "*" is one segment
  const char* dataset;
};

constexpr Target kTargets[] = {
    {"graph", "graph-organization", "/organization", "entra_organization"},
    {"graph", "graph-subscribed-skus", "/subscribedskus", "entra_sku_plan"},
    {"graph", "graph-domains", "/domains", "entra_domain"},
    {"graph", "graph-users", "/users", "entra_user"},
    {"graph", "graph-users-signin-activity", "/users", "entra_user_activity"},
    {"graph", "graph-user-registration-details",
     "/reports/authenticationmethods/userregistrationdetails", "entra_user_registration"},
    {"graph", "graph-role-assignments", "/rolemanagement/directory/roleassignments",
     "entra_role_assignment"},
    {"graph", "graph-authorization-policy", "/policies/authorizationpolicy",
     "entra_authorization_policy"},
    {"graph", "graph-security-defaults", "/policies/identitysecuritydefaultsenforcementpolicy",
     "entra_security_defaults"},
    {"graph", "graph-ca-policies", "/identity/conditionalaccess/policies", "entra_ca_policy"},
    {"graph", "graph-applications", "/applications", "entra_application"},
    {"azure-policy", "arm-subscriptions", "/subscriptions", "azure_subscription"},
    {"azure-policy", "arm-policy-assignments",
     "/subscriptions/*/providers/microsoft.authorization/policyassignments", "policy_assignment"},
    {"azure-policy", "arm-policy-definitions",
     "/subscriptions/*/providers/microsoft.authorization/policydefinitions", "policy_definition"},
    {"azure-policy", "arm-policy-exemptions",
     "/subscriptions/*/providers/microsoft.authorization/policyexemptions", "policy_exemption"},
    {"azure-policy", "arm-policy-states",
     "/subscriptions/*/providers/microsoft.policyinsights/policystates/latest/queryresults",
     "policy_state"},
    {"intune", "intune-managed-devices", "/devicemanagement/manageddevices", "intune_device"},
    {"intune", "intune-compliance-policies", "/devicemanagement/devicecompliancepolicies",
     "intune_compliance_policy"},
    {"intune", "intune-device-configurations", "/devicemanagement/deviceconfigurations",
     "intune_device_configuration"},
    {"intune", "intune-enrollment-configurations",
     "/devicemanagement/deviceenrollmentconfigurations", "intune_enrollment_configuration"},
    {"intune", "intune-vpp-tokens", "/deviceappmanagement/vpptokens", "intune_vpp_token"},
    {"intune", "intune-ndes-connectors", "/devicemanagement/ndesconnectors",
     "intune_ndes_connector"},
    {"intune", "intune-role-definitions", "/devicemanagement/roledefinitions",
     "intune_role_definition"},
    {"intune", "intune-role-assignments", "/devicemanagement/roleassignments",
     "intune_role_assignment"},
    {"intune", "intune-app-protection-android", "/deviceappmanagement/androidmanagedappprotections",
     "intune_android_protection"},
    {"intune", "intune-device-management", "/devicemanagement", "intune_setting"},
    {"defender", "defender-pricings", "/subscriptions/*/providers/microsoft.security/pricings",
     "defender_pricing"},
    {"defender", "defender-secure-scores",
     "/subscriptions/*/providers/microsoft.security/securescores", "defender_secure_score"},
    {"defender", "defender-assessments",
     "/subscriptions/*/providers/microsoft.security/assessments", "defender_assessment"},
};

std::filesystem::path Samples() {
  return std::filesystem::path(ASSAY_SOURCE_DIR).parent_path() / "shared" / "samples";
}

std::vector<std::string> Split(const std::string& text, char mark) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, mark);) parts.push_back(part);
  return parts;
}

/// Path of a URL in lower case, without query, host, Graph version and last slash.
std::string PathOf(std::string url) {
  url = url.substr(0, url.find('?'));
  std::transform(url.begin(), url.end(), url.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (const size_t scheme = url.find("://"); scheme != std::string::npos) {
    const size_t slash = url.find('/', scheme + 3);
    url = slash == std::string::npos ? "" : url.substr(slash);
  }
  for (const char* version : {"/v1.0", "/beta"}) {
    if (url.starts_with(std::string(version) + "/")) url.erase(0, 5);
  }
  while (url.size() > 1 && url.back() == '/') url.pop_back();
  return url;
}

bool Fits(const std::string& path, const std::string& pattern) {
  const auto a = Split(path, '/');
  const auto b = Split(pattern, '/');
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (b[i] != "*" && a[i] != b[i]) return false;
  }
  return true;
}

/// Feeds `body` to one endpoint; rows or a named state must come of it.
void Feed(const Target& target, const std::string& body, const std::string& name) {
  INFO(name << " as " << target.endpoint);
  FakeHost host(target.plugin, SchemaOf(target.plugin));
  host.ServeElse({R"({"value":[]})"});
  if (std::string_view(target.endpoint) != "arm-subscriptions") {
    const std::string list = Fixture(target.plugin, "arm-subscriptions");
    if (!list.empty()) host.Serve("arm-subscriptions", {{list}});
  }
  host.Serve(target.endpoint, {{body}});
  CHECK(host.Run() == ASSAY_OK);
  for (const std::string& breach : host.breaches()) FAIL_CHECK(breach);
  const DatasetSeen& seen = host.dataset(target.dataset);
  CAPTURE(seen.rows.size(), seen.detail);
  const bool named = seen.completeness != ASSAY_COMPLETE && !seen.detail.empty();
  const bool no_records = body.find("\"value\": []") != std::string::npos ||
                          body.find("\"value\":[]") != std::string::npos;
  CHECK((!seen.rows.empty() || named || no_records));
}

}  // namespace

TEST_CASE("Samples: every published answer gives rows or a named state", "[plugins][samples]") {
  if (!std::filesystem::exists(Samples() / "MANIFEST.tsv")) {
    WARN("no ../shared/samples beside the checkout: nothing to feed");
    return;
  }
  size_t fed = 0;
  std::stringstream manifest(ReadText((Samples() / "MANIFEST.tsv").string()));
  for (std::string line; std::getline(manifest, line);) {
    const auto cells = Split(line, '\t');
    if (cells.size() < 4) continue;
    for (const Target& target : kTargets) {
      if (!Fits(PathOf(cells[3]), target.path)) continue;
      Feed(target, ReadText((Samples() / cells[0]).string()), cells[0]);
      ++fed;
    }
  }
  CHECK(fed > 50);
}

TEST_CASE("Samples: exported Conditional Access policies are understood", "[plugins][samples]") {
  const std::filesystem::path folder = Samples() / "entra-ca-baseline-j0eyv";
  if (!std::filesystem::exists(folder)) return;
  size_t fed = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    if (entry.path().parent_path().filename() != "conditionalAccessPolicy") continue;
    std::string body = ReadText(entry.path().string());
    if (body.starts_with("\xEF\xBB\xBF")) body.erase(0, 3);
    Feed(kTargets[9], "{\"value\":[" + body + "]}", entry.path().filename().string());
    ++fed;
  }
  CHECK(fed > 0);
}

TEST_CASE("Samples: malformed JSON of the JSON test suite crashes nothing", "[plugins][samples]") {
  const std::filesystem::path folder = Samples() / "json-test-suite";
  if (!std::filesystem::exists(folder)) return;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = ReadText(entry.path().string());
    INFO(entry.path().filename().string());
    for (const std::string& body :
         {text, "{\"value\":[{\"id\":\"a\",\"assignments\":" + text + "},{\"id\":\"b\"}]}"}) {
      FakeHost host("intune", Schema_intune());
      host.ServeElse({body});
      CHECK(host.Run() == ASSAY_OK);
      for (const std::string& breach : host.breaches()) FAIL_CHECK(breach);
    }
  }
}
