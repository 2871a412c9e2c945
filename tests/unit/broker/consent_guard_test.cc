// The guard asks directory and Azure: what they say counts when it is stricter than the token, and
// alone when the token says nothing.
#include "broker/consent_azure.h"
#include "broker/guard_reads.h"
#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

constexpr char kPrincipal[] = "0f0f0f0f-0000-4000-8000-000000000001";
constexpr char kGraph[] = "0f0f0f0f-0000-4000-8000-000000000002";
constexpr char kExchange[] = "0f0f0f0f-0000-4000-8000-000000000003";
constexpr char kSubscription[] = "5b000000-0000-4000-8000-000000000001";
constexpr char kReadUsers[] = "df021288-bdef-4463-88db-98f22de89214";
constexpr char kWriteUsers[] = "741f803b-c850-494e-b5df-cde7c675a1ca";
constexpr char kContributor[] = "b24988ac-6180-42a0-ab88-20f7382dd24c";
constexpr char kReader[] = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
constexpr char kCustom[] = "c0000000-0000-4000-8000-000000000001";

std::string List(const std::string& items) { return "{\"value\":[" + items + "]}"; }

/// A directory and an Azure that answer the guard; every answer may be changed.
struct Authority {
  std::map<std::string, Reply> answers;  ///< by the end of the path, before "?"
  std::string assigned;                  ///< elements of appRoleAssignments

  Authority() {
    const std::string self =
        std::string("{\"id\":\"") + kPrincipal + "\",\"appId\":\"" + kApp + "\"}";
    answers["/v1.0/servicePrincipals"] = Answer(200, List(self));
    answers["/v1.0/organization"] = Answer(200, List("{\"id\":\"" + std::string(kTenant) + "\"}"));
    answers[std::string("/v1.0/servicePrincipals/") + kGraph] = Answer(
        200, std::string(R"({"id":"x","appId":"00000003-0000-0000-c000-000000000000",)") +
                 R"("displayName":"Microsoft Graph","appRoles":[{"id":")" + kReadUsers +
                 R"(","value":"User.Read.All"},{"id":"aaaaaaaa-0000-4000-8000-00000000000a",)" +
                 R"("value":null},{"id":")" + kWriteUsers + R"(","value":"User.ReadWrite.All"}]})");
    answers[std::string("/v1.0/servicePrincipals/") + kExchange] = Answer(
        200, R"({"id":"x","appId":"00000002-0000-0ff1-ce00-000000000000","displayName":"Exchange",)"
             R"("appRoles":[{"id":"dc50a0fb-09a3-484d-be87-e023b12c6440",)"
             R"("value":"full_access_as_app"}]})");
    answers["/appRoleAssignments"] = Answer(200, List(Granted(kGraph, kReadUsers)));
    answers["/v1.0/oauth2PermissionGrants"] = Answer(200, List(""));
    answers["/v1.0/roleManagement/directory/roleAssignments"] = Answer(200, List(""));
    answers["/subscriptions"] =
        Answer(200, List("{\"subscriptionId\":\"" + std::string(kSubscription) +
                         "\",\"displayName\":\"Production\"}"));
    answers["/Microsoft.Authorization/roleAssignments"] = Answer(200, List(Assigned(kReader)));
    answers["/Microsoft.Authorization/permissions"] =
        Answer(200, List(R"({"actions":["*/read"],"dataActions":[]})"));
  }
  static std::string Granted(const std::string& resource, const std::string& role) {
    return "{\"appRoleId\":\"" + role + "\",\"resourceId\":\"" + resource +
           "\",\"resourceDisplayName\":\"shown\"}";
  }
  static std::string Assigned(const std::string& role) {
    return R"({"properties":{"roleDefinitionId":"/subscriptions/x/providers/)"
           "Microsoft.Authorization/roleDefinitions/" +
           role + "\",\"principalId\":\"" + kPrincipal + "\"}}";
  }
  Reply operator()(const std::string& request) const {
    const size_t start = request.find(' ') + 1;
    const std::string path = request.substr(start, request.find_first_of(" ?", start) - start);
    const Reply* best = nullptr;
    size_t length = 0;
    for (const auto& [tail, reply] : answers)
      if (path.ends_with(tail) && tail.size() > length) {
        best = &reply;
        length = tail.size();
      }
    return best ? *best : Answer(404, "{}");
  }
};

/// Every permission that lets the guard ask, in the token.
constexpr char kMayAsk[] =
    R"("roles":["User.Read.All","Directory.Read.All","RoleManagement.Read.Directory"])";

struct Guarded {
  Authority authority;
  FakeTenant tenant{[this](const std::string& request) { return authority(request); }};

  explicit Guarded(const std::string& graph = kMayAsk) {
    tenant.options.ask_directory = tenant.options.ask_azure = true;
    tenant.tokens = [graph](const std::string& request) {
      const bool arm = request.find("management.azure.com") != request.npos;
      const std::string oid = std::string("\"oid\":\"") + kPrincipal + "\"";
      if (arm) return Answer(200, TokenBody(MakeToken("https://management.azure.com", oid)));
      if (graph == "opaque") return Answer(200, TokenBody("CANARYopaque"));
      return Answer(200, TokenBody(MakeToken("https://graph.microsoft.com", graph + "," + oid)));
    };
  }
  Result<Consent> Check(bool arm = false) { return tenant.Raw().CheckConsent(arm); }
};

}  // namespace

TEST_CASE("Guard: asks the directory and Azure and tells what it saw [CL-9] [CM-19]", "[broker]") {
  Guarded guarded;
  REQUIRE_OK_AND_ASSIGN(const Consent consent, guarded.Check(true));
  CHECK(consent.directory_checked);
  CHECK(consent.arm_checked);
  CHECK(consent.principal_id == kPrincipal);
  REQUIRE(consent.azure.size() == 1);
  CHECK(consent.azure[0].name == "Production");
  CHECK(consent.azure[0].roles == std::vector<std::string>{"Reader"});
  // Everything that was asked is there to be journalled, and nothing else was asked.
  CHECK(consent.reads.size() == guarded.tenant.ApiRequests().size());
  for (const ReadResult& read : consent.reads) {
    CHECK(read.record.method == "GET");
    CHECK_THAT(read.record.endpoint, Contains("guard-"));
  }
}

TEST_CASE("Guard: refuses a write that the directory knows and the token does not show [CL-9]",
          "[broker]") {
  Guarded guarded;
  auto& answers = guarded.authority.answers;
  std::string words;
  SECTION("on Graph, granted after the token was made") {
    answers["/appRoleAssignments"] = Answer(200, List(Authority::Granted(kGraph, kWriteUsers)));
    words = "may write to your tenant: User.ReadWrite.All";
  }
  SECTION("on Exchange, which no Graph token shows") {
    answers["/appRoleAssignments"] =
        Answer(200, List(Authority::Granted(kExchange, "dc50a0fb-09a3-484d-be87-e023b12c6440")));
    words = "Exchange/full_access_as_app";
  }
  SECTION("of a resource whose permissions have no names") {
    answers["/appRoleAssignments"] =
        Answer(200, List(Authority::Granted("0f0f0f0f-0000-4000-8000-00000000dead", kReadUsers)));
    words = "shown/unknown:" + std::string(kReadUsers);
  }
  SECTION("delegated") {
    answers["/v1.0/oauth2PermissionGrants"] =
        Answer(200, List(std::string(R"({"resourceId":")") + kGraph +
                         R"(","scope":" User.Read Directory.AccessAsUser.All"})"));
    words = "Directory.AccessAsUser.All";
  }
  SECTION("a directory role") {
    answers["/v1.0/roleManagement/directory/roleAssignments"] =
        Answer(200, List(std::string(R"({"principalId":")") + kPrincipal +
                         R"(","roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10"})"));
    words = "directory-role:62e90394-69f5-4237-9190-012177145e10";
  }
  SECTION("not when paging goes in circles") {
    const std::string next = guarded.tenant.server().Base() + "/v1.0/servicePrincipals/" +
                             kPrincipal + "/appRoleAssignments?$skiptoken=2";
    guarded.tenant.options.ask_azure = false;
    answers["/appRoleAssignments"] =
        Answer(200, "{\"@odata.nextLink\":\"" + next + "\",\"value\":[]}");
    // The same page again and again: paging in circles proves nothing, and is said.
    REQUIRE_OK_AND_ASSIGN(const Consent consent, guarded.Check());
    CHECK_FALSE(consent.directory_checked);
    CHECK_THAT(consent.directory_note, Contains("paging goes in circles"));
    return;
  }
  const auto consent = guarded.Check();
  CHECK_FAILS(consent, Code::kDenied, words);
  CHECK(consent.error().id == "AS-CON-003");
  CHECK_FALSE(guarded.tenant.Raw().TakeGuardReads().empty());
  Inbox inbox;
  CHECK_FAILS(guarded.tenant.Raw().Start(FakeTenant::Users(), {}, inbox.Slot()), Code::kDenied,
              "consent guard was not passed");
}

TEST_CASE("Guard: asks nothing that it may not, and says so", "[broker]") {
  Guarded guarded(R"("roles":["User.Read.All"])");
  REQUIRE_OK_AND_ASSIGN(const Consent consent, guarded.Check());
  CHECK_FALSE(consent.directory_checked);
  CHECK(consent.directory_note == "not asked: needs Application.Read.All");
  CHECK(guarded.tenant.ApiRequests().empty());
}

TEST_CASE("Guard: a token that says nothing is judged by the directory alone", "[broker]") {
  Guarded guarded("opaque");
  auto& answers = guarded.authority.answers;
  SECTION("reading only") {
    REQUIRE_OK_AND_ASSIGN(const Consent consent, guarded.Check());
    CHECK_FALSE(consent.graph_checked);
    CHECK(consent.directory_checked);
    CHECK(consent.roles == std::vector<std::string>{"User.Read.All"});
    Inbox inbox;
    CHECK(guarded.tenant.Raw().Start(FakeTenant::Users(), {}, inbox.Slot()));
    inbox.Take();
  }
  SECTION("writing") {
    answers["/appRoleAssignments"] = Answer(200, List(Authority::Granted(kGraph, kWriteUsers)));
    const auto consent = guarded.Check();
    CHECK_FAILS(consent, Code::kDenied, "User.ReadWrite.All");
    CHECK(consent.error().id == "AS-CON-003");
  }
  SECTION("of another directory") {
    answers["/v1.0/organization"] =
        Answer(200, List(R"({"id":"99999999-2222-3333-4444-555555555555"})"));
    const auto consent = guarded.Check();
    CHECK_FAILS(consent, Code::kDenied, "the directory that answers is");
    CHECK(consent.error().id == "AS-CON-006");
  }
  SECTION("whose directory does not answer everything") {
    const std::string gone =
        GENERATE(as<std::string>{}, "/v1.0/servicePrincipals", "/appRoleAssignments",
                 "/v1.0/oauth2PermissionGrants", "/v1.0/roleManagement/directory/roleAssignments");
    answers[gone] =
        GENERATE(Answer(403, "{}"), Answer(200, "<html>"), Answer(200, R"({"value":1})"));
    const auto consent = guarded.Check();
    CHECK_FAILS(consent, Code::kDenied, "the directory does not tell what it may do");
    CHECK(consent.error().id == "AS-CON-005");
    CHECK_THAT(consent.error().hint, Contains("Application.Read.All"));
    CHECK(consent.error().ToString().find("CANARY") == std::string::npos);
  }
}

TEST_CASE("Guard: refuses an identity with an Azure role that writes [CM-19]", "[broker]") {
  Guarded guarded;
  auto& answers = guarded.authority.answers;
  std::string words, tolerated;
  SECTION("by its id") {
    answers["/Microsoft.Authorization/roleAssignments"] =
        Answer(200, List(Authority::Assigned(kReader) + "," + Authority::Assigned(kContributor)));
    words = "role Contributor (it may write) on subscription Production";
    tolerated = kContributor;
  }
  SECTION("by an action of its definition") {
    answers["/Microsoft.Authorization/roleAssignments"] =
        Answer(200, List(Authority::Assigned(kCustom)));
    answers[std::string("/roleDefinitions/") + kCustom] = Answer(
        200, R"({"properties":{"roleName":"Night shift","permissions":[)"
             R"({"actions":["*/read","Microsoft.Compute/virtualMachines/restart/action"]}]}})");
    words = "role Night shift (it may do Microsoft.Compute/virtualMachines/restart/action)";
    tolerated = kCustom;
  }
  SECTION("by its name") {
    answers["/Microsoft.Authorization/roleAssignments"] =
        Answer(200, List(Authority::Assigned(kCustom)));
    answers[std::string("/roleDefinitions/") + kCustom] = Answer(
        200,
        R"({"properties":{"roleName":"Vault Officer","permissions":[{"actions":["*/read"]}]}})");
    words = "role Vault Officer (its name says that it writes)";
    tolerated = kCustom;
  }
  SECTION("by a definition that cannot be read") {
    answers["/Microsoft.Authorization/roleAssignments"] =
        Answer(200, List(Authority::Assigned(kCustom)));
    words = "its definition is not readable";
    tolerated = kCustom;
  }
  SECTION("by the caller's actions, where roles cannot be read") {
    answers["/Microsoft.Authorization/roleAssignments"] = Answer(403, "{}");
    answers["/Microsoft.Authorization/permissions"] =
        Answer(200, List(R"({"actions":["*"],"notActions":["Microsoft.Authorization/*/Write"]})"));
    words = "action * on subscription Production";
    tolerated = "*";
  }
  SECTION("by an action on data") {
    answers["/Microsoft.Authorization/roleAssignments"] = Answer(403, "{}");
    answers["/Microsoft.Authorization/permissions"] = Answer(
        200, List(R"({"actions":["*/read"],)"
                  R"("dataActions":["Microsoft.KeyVault/vaults/secrets/getSecret/action"]})"));
    words = "action Microsoft.KeyVault/vaults/secrets/getSecret/action";
    tolerated = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
  }
  SECTION("unless it is tolerated by its id") {}
  if (words.empty()) {
    answers["/Microsoft.Authorization/roleAssignments"] =
        Answer(200, List(Authority::Assigned(kContributor)));
    guarded.tenant.options.allow_excess = {{kContributor}};
    REQUIRE_OK_AND_ASSIGN(const Consent consent, guarded.Check(true));
    REQUIRE(consent.excess.size() == 1);
    CHECK_THAT(consent.excess[0], Contains("role Contributor"));
    return;
  }
  const auto consent = guarded.Check(true);
  CHECK_FAILS(consent, Code::kDenied, words);
  CHECK(consent.error().id == "AS-CON-004");
}

TEST_CASE("Guard: does not look at subscriptions that are excluded", "[broker]") {
  Guarded guarded;
  guarded.tenant.options.exclude_subscriptions = {"production"};
  guarded.authority.answers["/Microsoft.Authorization/roleAssignments"] =
      Answer(200, List(Authority::Assigned(kContributor)));
  REQUIRE_OK_AND_ASSIGN(const Consent consent, guarded.Check(true));
  CHECK(consent.azure.empty());
  for (const std::string& request : guarded.tenant.ApiRequests())
    CHECK(request.find(kSubscription) == std::string::npos);
}

TEST_CASE("Guard: says where Azure did not answer", "[broker]") {
  Guarded guarded;
  SECTION("the list") { guarded.authority.answers["/subscriptions"] = Answer(500, ""); }
  SECTION("one subscription") {
    guarded.authority.answers["/Microsoft.Authorization/roleAssignments"] = Answer(403, "");
    guarded.authority.answers["/Microsoft.Authorization/permissions"] = Answer(403, "");
  }
  guarded.tenant.options.max_attempts = 2;
  REQUIRE_OK_AND_ASSIGN(const Consent consent, guarded.Check(true));
  CHECK_FALSE(consent.arm_checked);
  CHECK_THAT(consent.arm_note, Contains("not checked"));
}

TEST_CASE("Guard: knows actions that read from those that do not [CM-19]", "[broker]") {
  for (const char* action :
       {"*/read", "Microsoft.Compute/*/read", "Microsoft.Storage/storageAccounts/read",
        "Microsoft.Support/*", "Microsoft.OperationalInsights/workspaces/search/action"}) {
    INFO(action);
    CHECK(IsReadAction(action));
  }
  for (const char* action :
       {"*", "Microsoft.Compute/*", "Microsoft.Compute/virtualMachines/write", "x/delete",
        "Microsoft.Storage/storageAccounts/listKeys/action", "*/action", "/read", "read", "",
        "Microsoft.CostManagement/exports/run/action", "*/read*", "a/reads"}) {
    INFO(action);
    CHECK_FALSE(IsReadAction(action));
  }
}

TEST_CASE("Guard: its list of reads holds nothing but GET of its own paths [CL-9]", "[broker]") {
  const Cloud cloud = *BuiltInCloud("global");
  for (int i = 0; i <= static_cast<int>(GuardRead::kAzurePermissions); ++i) {
    const EndpointSpec& spec = GuardSpec(static_cast<GuardRead>(i));
    INFO(spec.id);
    Params params;
    for (const ParamSpec& param : spec.params) params.emplace_back(param.name, kPrincipal);
    REQUIRE_OK_AND_ASSIGN(const Plan plan, BuildPlan(cloud, spec, params));
    CHECK(plan.method == "GET");
    CHECK(BodyOf(plan, {plan.url}).empty());
    CHECK(plan.url.path.find('{') == std::string::npos);
  }
}
