// The table of AADSTS codes and their hints.
#include "broker/aadsts.h"

#include <charconv>

#include "broker/json_object.h"

namespace assay::broker {
namespace {

struct Row {
  int64_t code;
  const char* what;
  const char* hint;
};

constexpr Row kRows[] = {
    {7000215, "the client secret is wrong",
     "put the secret's value (not its id) into the credential's ref"},
    {7000222, "the client secret has expired",
     "create a new secret on the app registration and replace the old one"},
    {700016, "the app is unknown in this tenant",
     "check client_id, and that the app registration lives in this tenant"},
    {700027, "the client assertion was not accepted",
     "upload the certificate to the app registration"},
    {700024, "the client assertion is not valid now",
     "set the clock of this machine (NTP); it differs from Microsoft's by minutes"},
    {700030, "the certificate of the assertion is not usable", "upload the certificate again"},
    {7000272, "the assertion's certificate is not registered",
     "upload the certificate to the app registration"},
    {65001, "consent is missing or was revoked",
     "an administrator of the tenant must grant admin consent again"},
    {90002, "the tenant was not found", "check the tenant's directory_id and its cloud"},
    {900023, "the tenant id is not valid", "check the tenant's directory_id"},
    {70011, "the scope is not valid", "check graph_scope and arm_scope of the cloud"},
    {500011, "the resource is unknown in this tenant",
     "check the tenant's cloud: its API is not registered there"},
    {700213, "the federated subject does not match",
     "compare subject and issuer with the app's federated credential"},
    {70021, "no federated credential matches",
     "compare subject and issuer with the app's federated credential"},
    {53003, "Conditional Access blocks the app",
     "exclude the workload identity or run from an allowed network"},
    {7000112, "the app is disabled", "enable the enterprise application in the tenant"},
    {7000218, "the request held no credential", "name a credential for the tenant"},
};

// What any OAuth server answers (RFC 6749 section 5.2), Microsoft's own codes apart.
constexpr const char* kWords[] = {"invalid_client", "invalid_grant", "unauthorized_client",
                                  "invalid_scope", "unsupported_grant_type"};

/// The first number of error_codes, or of "AADSTSnnn" in the description.
int64_t CodeOf(const JsonObject& json) {
  const auto list = json.number_lists.find("error_codes");
  if (list != json.number_lists.end()) return list->second.front();
  const std::string text = json.Text("error_description");
  const size_t at = text.find("AADSTS");
  int64_t code = 0;
  if (at != text.npos) {
    const char* first = text.data() + at + 6;
    std::from_chars(first, text.data() + std::min(text.size(), at + 6 + 12), code);
  }
  return code;
}

bool IsBusy(uint32_t status, int64_t code) {
  return status == 429 || status >= 500 || code == 90033 || code == 50196;
}

Error Denied(const std::string& what, const std::string& hint) {
  return {Code::kDenied, "no token: " + what, {}, hint, {}, "AS-CON-001"};
}

}  // namespace

Error TokenError(const HttpAnswer& answer) {
  const std::string status = "HTTP " + std::to_string(answer.head.status);
  const Result<JsonObject> json = ParseJsonObject(AsText(answer.body));
  const int64_t code = json ? CodeOf(*json) : 0;
  if (IsBusy(answer.head.status, code))
    return {Code::kUnavailable, "the token service is busy (" + status + ")", {}, {}, {}, {}};
  if (code <= 0 && json)
    for (const char* word : kWords)
      if (json->Text("error") == word)
        return Denied(std::string("the token service refused (") + word + ")",
                      "check client_id and credential of the tenant");
  if (code <= 0)
    return Denied("the token service refused without a code (" + status + ")",
                  "check the cloud's login URL; a proxy may have answered");
  const std::string name = "AADSTS" + std::to_string(code);
  for (const Row& row : kRows)
    if (row.code == code) return Denied(std::string(row.what) + " (" + name + ")", row.hint);
  return Denied("the token service refused (" + name + ")",
                "look up " + name + " in the sign-in logs of the app");
}

}  // namespace assay::broker
