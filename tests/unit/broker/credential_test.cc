// Every kind of credential against servers that look at each request as their originals would.
#include <openssl/rsa.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "broker/client_assertion.h"
#include "broker/json_object.h"
#include "broker/key_vault.h"
#include "broker/managed_identity.h"
#include "broker/self_signed.h"
#include "broker/token_source.h"
#include "support/fake_tenant.h"
#include "support/rsa_identity.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

Reply Nothing(const std::string&) { return Answer(404, "{}"); }

/// A form field of a request's body, percent-decoded.
std::string Form(const std::string& request, const std::string& name) {
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  const auto query = ParseQuery(body);
  REQUIRE(query);
  for (const auto& [key, value] : *query)
    if (key == name) return value;
  return "";
}

JsonObject PartOf(const std::string& jwt, size_t index) {
  const auto parts = Split(jwt, '.');
  REQUIRE(parts.size() == 3);
  const auto bytes = ParseBase64Url(parts[index]);
  REQUIRE(bytes);
  auto json = ParseJsonObject(AsText(*bytes));
  REQUIRE(json);
  return std::move(*json);
}

/// What a token service does with an assertion: verifies it by the public key.
bool IsSignedBy(const std::string& jwt, EVP_PKEY* key, bool pss) {
  const size_t dot = jwt.rfind('.');
  const auto signature = ParseBase64Url(jwt.substr(dot + 1));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* settings = nullptr;
  EVP_DigestVerifyInit(context, &settings, EVP_sha256(), nullptr, key);
  if (pss) {
    EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST);
  }
  const bool ok = EVP_DigestVerify(context, signature->data(), signature->size(),
                                   reinterpret_cast<const unsigned char*>(jwt.data()), dot) == 1;
  EVP_MD_CTX_free(context);
  return ok;
}

std::string GraphToken() {
  return MakeToken("https://graph.microsoft.com", R"("roles":["User.Read.All"])");
}

/// A file of mode 0600 with `text` in a folder of this process.
std::string SecretFile(const std::string& name, const std::string& text) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("assay-credential-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / name;
  std::ofstream(path, std::ios::trunc) << text;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return path.string();
}

void UseCertificate(FakeTenant& tenant, const RsaIdentity& identity) {
  tenant.options.credential.kind = CredentialKind::kCertificate;
  tenant.options.credential.certificate = SecretFile("app.crt", identity.certificate_pem);
  tenant.options.credential.ref = "file:" + SecretFile("app.key", identity.key_pem);
}

/// Sets variables of the environment for a test.
class Variables {
 public:
  explicit Variables(std::vector<std::pair<std::string, std::string>> all) : all_(std::move(all)) {
    for (const auto& [name, value] : all_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& [name, value] : all_) unsetenv(name.c_str());
  }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

std::string ThumbprintOf(const RsaIdentity& identity) {
  unsigned char digest[32];
  unsigned size = 0;
  X509_digest(identity.certificate.get(), EVP_sha256(), digest, &size);
  return EncodeBase64Url({reinterpret_cast<const char*>(digest), size});
}

}  // namespace

TEST_CASE("Credential: a certificate proves itself by an assertion that the service verifies",
          "[broker]") {
  const bool pss = GENERATE(true, false);
  const RsaIdentity identity = MakeRsaIdentity();
  FakeTenant tenant(Nothing);
  UseCertificate(tenant, identity);
  if (!pss) tenant.options.credential.algorithm = "RS256";
  REQUIRE_OK(tenant.Raw().CheckConsent(true));
  REQUIRE(tenant.TokenRequests().size() == 2);
  const std::string request = tenant.TokenRequests().front();
  CHECK(Form(request, "client_id") == kApp);
  CHECK(Form(request, "grant_type") == "client_credentials");
  CHECK(Form(request, "client_assertion_type") ==
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  CHECK(Form(request, "client_secret").empty());
  const std::string assertion = Form(request, "client_assertion");
  CHECK(IsSignedBy(assertion, identity.key.get(), pss));
  JsonObject header = PartOf(assertion, 0), payload = PartOf(assertion, 1);
  CHECK(header.Text("alg") == (pss ? "PS256" : "RS256"));
  CHECK(header.Text("typ") == "JWT");
  CHECK(header.Text("x5t#S256") == ThumbprintOf(identity));
  CHECK(payload.Text("aud") == tenant.server().Base() + "/" + kTenant + "/oauth2/v2.0/token");
  CHECK(payload.Text("iss") == kApp);
  CHECK(payload.Text("sub") == kApp);
  CHECK(payload.numbers["exp"] - payload.numbers["nbf"] <= 600);
  CHECK(payload.numbers["nbf"] == ToUnixMs(tenant.clock.Now()) / 1000);
  // Never the same statement twice.
  const std::string second = Form(tenant.TokenRequests().back(), "client_assertion");
  CHECK(PartOf(second, 1).Text("jti") != payload.Text("jti"));
}

TEST_CASE("Credential: refuses a certificate that the service would refuse, and says which day",
          "[broker]") {
  FakeTenant tenant(Nothing);
  RsaIdentity identity = MakeRsaIdentity();
  std::string words;
  SECTION("expired") {
    identity = MakeRsaIdentity(2048, -30, -10, &tenant.clock);
    words = "it expired on 2026-11-0";
  }
  SECTION("not yet valid") {
    identity = MakeRsaIdentity(2048, 5, 10, &tenant.clock);
    words = "valid only from 2026-11-2";
  }
  SECTION("short key") {
    identity = MakeRsaIdentity(1024);
    words = "not RSA of 2048 bits or more";
  }
  SECTION("another key") {
    identity.key_pem = MakeRsaIdentity().key_pem;
    words = "belongs to another certificate";
  }
  SECTION("no key") {
    identity.key_pem = "CANARY no key";
    words = "not PEM, or is under a passphrase";
  }
  SECTION("no certificate") {
    identity.certificate_pem = "none";
    words = "holds no PEM certificate";
  }
  UseCertificate(tenant, identity);
  const auto consent = tenant.Raw().CheckConsent(false);
  CHECK_FAILS(consent, Code::kDenied, words);
  CHECK(consent.error().id == "AS-CON-008");
  CHECK(consent.error().ToString().find("CANARY") == std::string::npos);
  CHECK(tenant.TokenRequests().empty());
}

TEST_CASE("Credential: workload identity reads its token file anew for each request", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.options.credential.kind = CredentialKind::kWorkloadIdentity;
  tenant.options.credential.ref = "file:" + SecretFile("federated", "first.token.x\n");
  REQUIRE_OK(tenant.Raw().CheckConsent(false));
  SecretFile("federated", "second.token.x\n");
  tenant.clock.Advance(std::chrono::hours(2));
  REQUIRE_OK(tenant.Raw().CheckConsent(false));
  REQUIRE(tenant.TokenRequests().size() == 2);
  CHECK(Form(tenant.TokenRequests()[0], "client_assertion") == "first.token.x");
  CHECK(Form(tenant.TokenRequests()[1], "client_assertion") == "second.token.x");
}

TEST_CASE("Credential: a token file that others may change is not believed", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.options.credential.kind = CredentialKind::kWorkloadIdentity;
  const std::string path = SecretFile("open", "a.b.c");
  tenant.options.credential.ref = "file:" + path;
  const auto mode = [&](int bits) {
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(bits));
  };
  mode(0646);
  CHECK_FAILS(tenant.Raw().CheckConsent(false), Code::kDenied, "may be changed by others");
  CHECK(tenant.TokenRequests().empty());
}

TEST_CASE("Credential: a virtual machine asks its metadata service, with the field that it demands",
          "[broker]") {
  FakeTenant tenant([](const std::string& request) {
    if (request.find("GET /metadata/identity/oauth2/token?") != 0) return Answer(404, "{}");
    if (FieldOf(request, "Metadata") != "true") return Answer(400, "{}");
    // Numbers are text there.
    return Answer(200, R"({"access_token":")" + GraphToken() +
                           R"(","expires_in":"3599","expires_on":"1795003599","resource":"x",)"
                           R"("token_type":"Bearer"})");
  });
  tenant.options.credential = {"", "", CredentialKind::kManagedIdentity};
  tenant.options.cloud.imds = tenant.server().Base();
  SECTION("its own identity") {}
  SECTION("one that was assigned") { tenant.options.credential.client_id = kApp; }
  REQUIRE_OK_AND_ASSIGN(const Consent consent, tenant.Raw().CheckConsent(false));
  CHECK(consent.app_id == kApp);
  CHECK(tenant.TokenRequests().empty());
  REQUIRE(tenant.ApiRequests().size() == 1);
  const std::string request = tenant.ApiRequests().front();
  CHECK_THAT(request, Contains("api-version=2018-02-01"));
  CHECK_THAT(request, Contains("resource=https%3A%2F%2Fgraph.microsoft.com ") ||
                          Contains("resource=https%3A%2F%2Fgraph.microsoft.com&"));
  CHECK((request.find("&client_id=") != request.npos) ==
        !tenant.options.credential.client_id.empty());
  CHECK(FieldOf(request, "Authorization").empty());
}

TEST_CASE("Credential: waits for a metadata service that starts, not for one that refuses",
          "[broker]") {
  std::atomic<int> count = 0;
  const int status = GENERATE(404, 410, 429, 500, 400);
  FakeTenant tenant([&](const std::string&) {
    if (count++ == 0) return Answer(status, "{}");
    return Answer(200, TokenBody(GraphToken()));
  });
  tenant.options.credential = {"", "", CredentialKind::kManagedIdentity};
  tenant.options.cloud.imds = tenant.server().Base();
  if (status == 400) {
    const auto consent = tenant.Raw().CheckConsent(false);
    CHECK_FAILS(consent, Code::kDenied, "refused (HTTP 400)");
    CHECK_THAT(consent.error().hint, Contains("assign a managed identity"));
  } else {
    REQUIRE_OK(tenant.Raw().CheckConsent(false));
  }
}

TEST_CASE("Credential: an app service is asked at its own endpoint with its own header",
          "[broker]") {
  FakeTenant tenant([&](const std::string& request) {
    if (FieldOf(request, "X-IDENTITY-HEADER") != "CANARYheader") return Answer(401, "{}");
    // No expires_in here, only the moment.
    return Answer(200, R"({"access_token":")" + GraphToken() +
                           R"(","expires_on":"1795003600","resource":"x","token_type":"Bearer"})");
  });
  tenant.options.credential = {kApp, "", CredentialKind::kManagedIdentity};
  const Variables variables({{"IDENTITY_ENDPOINT", tenant.server().Base() + "/msi/token"},
                             {"IDENTITY_HEADER", "CANARYheader"}});
  REQUIRE_OK(tenant.Raw().CheckConsent(false));
  REQUIRE(tenant.ApiRequests().size() == 1);
  CHECK_THAT(tenant.ApiRequests().front(),
             Contains("GET /msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fgraph."
                      "microsoft.com&client_id=" +
                      std::string(kApp)));
}

TEST_CASE("Credential: never sends the identity header off this machine", "[broker]") {
  FakeTenant tenant(Nothing);
  tenant.options.credential = {kApp, "", CredentialKind::kManagedIdentity};
  const std::string endpoint =
      GENERATE(as<std::string>{}, "http://10.0.0.5/msi/token", "https://evil.example/msi/token",
               "http://169.254.1.256/x", "http://169.254.1.1@evil.example/", "file:///etc/passwd",
               "http://169.254.1.1/a?x=1", "nonsense");
  const Variables variables({{"IDENTITY_ENDPOINT", endpoint}, {"IDENTITY_HEADER", "CANARY"}});
  const auto consent = tenant.Raw().CheckConsent(false);
  CHECK_FAILS(consent, Code::kInvalidInput, "IDENTITY_ENDPOINT is not an address on this machine");
  CHECK(consent.error().id == "AS-CON-001");
}

TEST_CASE("Credential: a secret in a key vault is read with another credential", "[broker]") {
  const std::string vault_token = MakeToken("https://vault.azure.net", "");
  FakeTenant tenant([&](const std::string& request) {
    if (FieldOf(request, "Authorization") != "Bearer " + vault_token) return Answer(401, "{}");
    if (request.find("GET /secrets/fabrikam?api-version=7.4 ") != 0) return Answer(404, "{}");
    return Answer(200, R"({"value":"CANARY from the vault","id":"x","attributes":{}})");
  });
  tenant.tokens = [&](const std::string& request) {
    if (Form(request, "client_secret") == "CANARY from the vault")
      return Answer(200, TokenBody(GraphToken()));
    const bool for_vault = Form(request, "scope") == "https://vault.azure.net/.default" &&
                           Form(request, "client_secret") == kSecretCanary;
    return for_vault ? Answer(200, TokenBody(vault_token)) : Answer(401, "{}");
  };
  auto reader = std::make_shared<Credential>();
  reader->client_id = "cccccccc-bbbb-cccc-dddd-eeeeeeeeeeee";
  reader->ref = "env:ASSAY_TEST_SECRET";
  reader->directory_id = "99999999-0000-0000-0000-000000000000";
  tenant.options.credential.ref = "keyvault:" + tenant.server().Base() + "/secrets/fabrikam";
  tenant.options.credential.via = reader;
  REQUIRE_OK(tenant.Raw().CheckConsent(false));
  REQUIRE(tenant.TokenRequests().size() == 2);
  CHECK_THAT(tenant.TokenRequests()[0],
             Contains("POST /99999999-0000-0000-0000-000000000000/oauth2/v2.0/token"));
}

TEST_CASE("Credential: says what to do when a key vault does not give the secret", "[broker]") {
  const auto [status, words, hint] = GENERATE(table<int, std::string, std::string>(
      {{403, "refused to give the secret (HTTP 403)", "Key Vault Secrets User"},
       {404, "no such secret (HTTP 404)", "check the name"}}));
  FakeTenant tenant([code = status](const std::string&) { return Answer(code, "{}"); });
  tenant.options.credential.ref = "keyvault:" + tenant.server().Base() + "/secrets/a";
  auto reader = std::make_shared<Credential>();
  reader->client_id = kApp;
  reader->ref = "env:ASSAY_TEST_SECRET";
  tenant.options.credential.via = reader;
  const auto consent = tenant.Raw().CheckConsent(false);
  CHECK_FAILS(consent, Code::kDenied, words);
  CHECK(consent.error().id == "AS-CON-009");
  CHECK_THAT(consent.error().hint, Contains(hint));
}

TEST_CASE("Credential: a token for vaults goes to key vaults of the cloud only", "[broker]") {
  const Cloud global = *BuiltInCloud("global");
  CHECK(ParseVaultReference(global, "keyvault:https://kv-assay.vault.azure.net/secrets/a-1"));
  CHECK(ParseVaultReference(
      global, "keyvault:https://kv.vault.azure.net/secrets/a/0123456789abcdef0123456789abcdef"));
  CHECK(
      ParseVaultReference(*BuiltInCloud("china"), "keyvault:https://kv.vault.azure.cn/secrets/a"));
  for (const char* ref :
       {"keyvault:https://vault.azure.net/secrets/a",
        "keyvault:https://kv.vault.azure.cn/secrets/a",
        "keyvault:https://kv.vault.azure.net.evil.example/secrets/a",
        "keyvault:https://a.b.vault.azure.net/secrets/a",
        "keyvault:https://evilvault.azure.net/secrets/a",
        "keyvault:http://kv.vault.azure.net/secrets/a", "keyvault:http://127.0.0.1:9/secrets/a",
        "keyvault:https://kv.vault.azure.net:444/secrets/a",
        "keyvault:https://u@kv.vault.azure.net/secrets/a",
        "keyvault:https://kv.vault.azure.net/keys/a",
        "keyvault:https://kv.vault.azure.net/secrets/",
        "keyvault:https://kv.vault.azure.net/secrets/a?x=1",
        "keyvault:https://kv.vault.azure.net/secrets/a/../b",
        "keyvault:https://kv.vault.azure.net/secrets/a/b/c", "keyvault:kv", "file:/x"}) {
    INFO(ref);
    CHECK_FAILS(ParseVaultReference(global, ref), Code::kInvalidInput, "key vault reference");
  }
}

TEST_CASE("Token: meets a claims challenge once [CM-18]", "[broker]") {
  const std::string wanted = R"({"access_token":{"nbf":{"essential":true,"value":"1795000000"}}})";
  std::atomic<int> calls = 0;
  FakeTenant tenant([&](const std::string&) {
    ++calls;
    return Answer(401, "{}",
                  "WWW-Authenticate: Bearer realm=\"\", error=\"insufficient_claims\", claims=\"" +
                      EncodeBase64(AsBytes(wanted)) + "\"\r\n");
  });
  const ReadResult first = tenant.Read(FakeTenant::Users());
  CHECK(first.record.http_status == 401);
  CHECK(calls == 2);
  std::vector<std::string> claims;
  for (const std::string& request : tenant.TokenRequests())
    if (Form(request, "scope").find("graph") != std::string::npos)
      claims.push_back(Form(request, "claims"));
  CHECK(claims == std::vector<std::string>{"", wanted});
}

TEST_CASE("Token: takes nothing from a header that is no claims challenge", "[broker]") {
  const std::string claims = EncodeBase64(AsBytes(R"({"a":1})"));
  const auto of = [](const std::string& value) {
    HttpHead head;
    head.fields.emplace_back("WWW-Authenticate", value);
    return ClaimsChallenge(head);
  };
  CHECK(of("Bearer error=\"insufficient_claims\", claims=\"" + claims + "\"") == R"({"a":1})");
  for (const std::string& value :
       {std::string(), std::string("Bearer"), "Bearer claims=\"" + claims + "\"",
        "Basic error=\"insufficient_claims\", claims=\"" + claims + "\"",
        "Bearer error=\"insufficient_claims\", xclaims=\"" + claims + "\"",
        std::string("Bearer error=\"insufficient_claims\", claims=\"!!\""),
        std::string("Bearer error=\"insufficient_claims\", claims=\"bm90IGpzb24=\""),
        "Bearer error=\"insufficient_claims\", claims=\"" + std::string(5000, 'A') + "\""})
    CHECK(of(value).empty());
}

TEST_CASE(
    "Token: consent that is revoked while reading is asked for once more, not in a storm "
    "[CM-18]",
    "[broker]") {
  std::atomic<bool> revoked = false;
  FakeTenant tenant([&](const std::string&) {
    return revoked ? Answer(401, "{}") : Answer(200, R"({"value":[]})");
  });
  tenant.Read(FakeTenant::Users());
  const size_t before = tenant.TokenRequests().size();
  revoked = true;
  tenant.tokens = [](const std::string&) {
    return Answer(400, R"({"error":"invalid_grant","error_codes":[65001]})");
  };
  CHECK_FALSE(tenant.Raw().Refusal());
  for (int i = 0; i < 20; ++i) {
    const ReadResult result = tenant.Read(FakeTenant::Users());
    CHECK(result.reason == Reason::kPermission);
  }
  CHECK(tenant.TokenRequests().size() - before <= 2);
  REQUIRE(tenant.Raw().Refusal());
  CHECK(tenant.Raw().Refusal()->id == "AS-CON-001");
  CHECK_THAT(tenant.Raw().Refusal()->message, Contains("AADSTS65001"));
}

TEST_CASE("Credential: a certificate that is made here is one that proves itself", "[broker]") {
  FakeTenant tenant(Nothing);
  REQUIRE_OK_AND_ASSIGN(const SelfSigned made,
                        MakeSelfSigned("assay-contoso", tenant.clock.Now(), 365));
  REQUIRE_OK_AND_ASSIGN(const CertificateFacts facts,
                        ReadCertificate(made.certificate_pem, tenant.clock.Now()));
  CHECK(facts.subject == "CN=assay-contoso");
  CHECK(facts.expires == made.expires);
  CHECK(facts.days_left == 365);
  CHECK(made.thumbprint.size() == 40);
  tenant.options.credential.kind = CredentialKind::kCertificate;
  tenant.options.credential.certificate = SecretFile("made.crt", made.certificate_pem);
  tenant.options.credential.ref =
      "file:" + SecretFile("made.key", std::string(made.key_pem.view()));
  REQUIRE_OK(tenant.Raw().CheckConsent(false));
}
