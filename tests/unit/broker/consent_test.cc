// The consent guard: every permission that assay asks for passes, everything that could write does
// not.
#include "broker/consent.h"

#include "broker/permission_words.h"
#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

BrokerOptions Options() {
  BrokerOptions options{TenantId::Parse(kTenant).value()};
  options.cloud = *BuiltInCloud("global");
  options.credential.client_id = kApp;
  return options;
}

Result<Consent> Judge(const std::string& more, const BrokerOptions& options = Options()) {
  ASSAY_ASSIGN(const TokenClaims claims,
               ReadClaims(MakeToken("https://graph.microsoft.com", more)));
  ASSAY_TRY(CheckIdentity(claims, options, ServiceHost::kGraph));
  return JudgeGraphToken(claims, options);
}

}  // namespace

TEST_CASE("Consent: takes every permission that a collector asks for as read [CL-9]", "[broker]") {
  for (const char* name :
       {"AccessReview.Read.All", "Application.Read.All", "AttackSimulation.Read.All",
        "AuditLog.Read.All", "BitlockerKey.ReadBasic.All", "DelegatedAdminRelationship.Read.All",
        "Device.Read.All", "DeviceLocalCredential.ReadBasic.All", "DeviceManagementApps.Read.All",
        "DeviceManagementConfiguration.Read.All", "DeviceManagementManagedDevices.Read.All",
        "DeviceManagementRBAC.Read.All", "DeviceManagementServiceConfig.Read.All",
        "Directory.Read.All", "DirectoryRecommendations.Read.All",
        "Domain-InternalFederation.Read.All", "Domain.Read.All", "EntitlementManagement.Read.All",
        "Group.Read.All", "GroupMember.Read.All", "GroupSettings.Read.All",
        "IdentityRiskEvent.Read.All", "IdentityRiskyServicePrincipal.Read.All",
        "IdentityRiskyUser.Read.All", "LicenseAssignment.Read.All",
        "LifecycleWorkflows-Workflow.ReadBasic.All", "OnPremDirectorySynchronization.Read.All",
        "OrgSettings-AppsAndServices.Read.All", "OrgSettings-Forms.Read.All",
        "Organization.Read.All", "Policy.Read.All", "Policy.Read.AuthenticationMethod",
        "Policy.Read.DeviceConfiguration", "Policy.Read.PermissionGrant",
        "ProvisioningLog.Read.All", "ReportSettings.Read.All",
        "RoleAssignmentSchedule.Read.Directory", "RoleEligibilitySchedule.Read.Directory",
        "RoleManagement.Read.Directory", "RoleManagementAlert.Read.Directory",
        "SecurityAlert.Read.All", "SecurityEvents.Read.All", "SecurityIdentitiesHealth.Read.All",
        "SecurityIncident.Read.All", "SensitivityLabels.Read.All", "ServiceHealth.Read.All",
        "SharePointTenantSettings.Read.All", "User.Read.All",
        // Not asked for, but no more than reading:
        "User.Read", "Policy.Read.ConditionalAccess", "Reports.Read.All", "Mail.ReadBasic",
        "Mail.ReadBasic.All", "PrivilegedAccess.Read.AzureADGroup", "Agreement.Read.All"}) {
    INFO(name);
    CHECK(JudgePermission(name) == Power::kRead);
  }
}

TEST_CASE("Consent: takes everything that can do more as a write [CL-9]", "[broker]") {
  for (const char* name :
       {"AppRegistration.Create", "Group.Create", "Group.ManageProtection.All", "Mail.Send",
        "Sites.FullControl.All", "Sites.Manage.All", "Sites.Archive.All", "Sites.Selected",
        "Files.SelectedOperations.Selected", "User.Invite.All", "User.EnableDisableAccount.All",
        "User.DeleteRestore.All", "User.ManageIdentities.All", "User.RevokeSessions.All",
        "User.Export.All", "DeviceManagementManagedDevices.PrivilegedOperations.All",
        "SecurityAlert.Create.All", "AuditActivity.Write",
        "RoleAssignmentSchedule.Remove.Directory",
        "PrivilegedAssignmentSchedule.Remove.AzureADGroup",
        "AgentIdentityBlueprint.AddRemoveCreds.All", "LifecycleWorkflows-Workflow.Activate",
        "IndustryData-Run.Start", "SynchronizationData-User.Upload", "Teamwork.Migrate.All",
        "Bookings.Manage.All", "Calls.Initiate.All", "MailboxItem.ImportExport.All",
        "Directory.ReadWrite.All", "User.ReadWrite.All", "Application.ReadWrite.OwnedBy",
        "RoleManagement.ReadWrite.Directory", "AppRoleAssignment.ReadWrite.All",
        "DeviceManagementConfiguration.ReadWrite.All", "Policy.ReadWrite.ConditionalAccess",
        "Mail.ReadWrite", "Directory.AccessAsUser.All", "full_access_as_app", "full_access_as_user",
        "user_impersonation", "Exchange.ManageAsApp", "EWS.AccessAsUser.All",
        "Directory.Write.Restricted",
        // Shapes that only look like a read:
        "User.read.All", "User.READ.All", "User.ReadAll", "User.ReadX.All", "Read", "Read.All",
        ".Read.All", "User..Read", "User.Read.", "User. Read.All", "User.Read.ReadWrite",
        "User.Read.All.Write", "User.Read.Selected", "Files.Read.Selected", "User.Read.All ",
        " User.Read.All", "User.Read.A\nll",
        "User.\xd0\xa0"
        "ead.All",
        "a.Read.b.c.d", ""}) {
    INFO(name);
    CHECK(JudgePermission(name) == Power::kWrite);
  }
}

TEST_CASE("Consent: tells content and secrets apart from metadata", "[broker]") {
  for (const char* name :
       {"Mail.Read", "Files.Read.All", "Chat.Read.All", "Sites.Read.All", "Notes.Read.All",
        "Calendars.Read", "Contacts.Read", "ChannelMessage.Read.All",
        "OnlineMeetingTranscript.Read.All", "ThreatHunting.Read.All", "eDiscovery.Read.All",
        "CallRecords.Read.All"}) {
    INFO(name);
    CHECK(JudgePermission(name) == Power::kContent);
  }
  CHECK(JudgePermission("DeviceLocalCredential.Read.All") == Power::kSecret);
  CHECK(JudgePermission("BitlockerKey.Read.All") == Power::kSecret);
  for (const char* name : {"openid", "offline_access", "profile", "email"})
    CHECK(JudgePermission(name) == Power::kNeutral);
}

TEST_CASE("Consent: refuses a token that may write and names each permission [CL-9]", "[broker]") {
  const auto consent = Judge(R"("roles":["User.Read.All","User.ReadWrite.All","Mail.Send"])");
  CHECK_FAILS(consent, Code::kDenied, "may write to your tenant: User.ReadWrite.All, Mail.Send");
  CHECK(consent.error().id == "AS-CON-003");
  CHECK(Judge(R"("scp":"User.Read Directory.AccessAsUser.All")").error().id == "AS-CON-003");
}

TEST_CASE("Consent: judges directory roles of the identity", "[broker]") {
  CHECK(Judge(R"("roles":["User.Read.All"],"wids":["0997a1d0-0d1d-4acb-b408-d5ca73121e90"])"));
  const auto consent =
      Judge(R"("roles":["User.Read.All"],"wids":["62e90394-69f5-4237-9190-012177145e10"])");
  CHECK_FAILS(consent, Code::kDenied, "directory-role:62e90394");
  CHECK(consent.error().id == "AS-CON-003");
}

TEST_CASE("Consent: refuses a token that reads secrets or content, unless it is tolerated",
          "[broker]") {
  for (const char* name : {"DeviceLocalCredential.Read.All", "BitlockerKey.Read.All", "Mail.Read",
                           "Files.Read.All", "Chat.Read.All", "Sites.Read.All"}) {
    INFO(name);
    const std::string roles = std::string(R"("roles":["User.Read.All",")") + name + "\"]";
    const auto consent = Judge(roles);
    CHECK_FAILS(consent, Code::kDenied, std::string("may read secrets or content: ") + name);
    CHECK(consent.error().id == "AS-CON-007");
    BrokerOptions options = Options();
    options.allow_excess = {{name}};
    CHECK(Judge(roles, options));
  }
}

TEST_CASE("Consent: tolerates an allowed excess until it expires, and reports it", "[broker]") {
  ManualClock clock;
  BrokerOptions options = Options();
  options.clock = &clock;
  options.allow_excess = {{"User.ReadWrite.All", clock.Now() + std::chrono::hours(1)},
                          {"62e90394-69f5-4237-9190-012177145e10"}};
  const std::string more = R"("roles":["User.ReadWrite.All"],)"
                           R"("wids":["62e90394-69f5-4237-9190-012177145e10"])";
  REQUIRE_OK_AND_ASSIGN(const Consent consent, Judge(more, options));
  CHECK(consent.excess ==
        std::vector<std::string>{"User.ReadWrite.All",
                                 "directory-role:62e90394-69f5-4237-9190-012177145e10"});
  CHECK_FAILS(Judge(R"("roles":["User.ReadWrite.All","Group.ReadWrite.All"])", options),
              Code::kDenied, "may write to your tenant: Group.ReadWrite.All");
  clock.Advance(std::chrono::hours(1));
  CHECK_FAILS(Judge(more, options), Code::kDenied, "may write to your tenant: User.ReadWrite.All");
}

TEST_CASE("Consent: refuses a token without any permission", "[broker]") {
  for (const char* more : {"", R"("roles":[])", R"("scp":"openid profile")"}) {
    const auto consent = Judge(more);
    REQUIRE_FALSE(consent);
    CHECK(consent.error().id == "AS-CON-002");
  }
}

TEST_CASE("Consent: refuses a token of another tenant, app or API", "[broker]") {
  const BrokerOptions options = Options();
  const auto check = [&](const std::string& token) {
    const auto claims = ReadClaims(token);
    REQUIRE(claims);
    const Status identity = CheckIdentity(*claims, options, ServiceHost::kGraph);
    REQUIRE_FALSE(identity);
    CHECK(identity.error().id == "AS-CON-006");
    return identity.error().message;
  };
  CHECK_THAT(
      check(MakeToken("https://graph.microsoft.com", "", "99999999-2222-3333-4444-555555555555")),
      Catch::Matchers::Contains("belongs to tenant"));
  CHECK_THAT(check(MakeToken("https://management.azure.com", "")),
             Catch::Matchers::Contains("another API"));
  BrokerOptions other = Options();
  other.credential.client_id = "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee";
  const auto claims = ReadClaims(MakeToken("https://graph.microsoft.com", ""));
  CHECK_FAILS(CheckIdentity(*claims, other, ServiceHost::kGraph), Code::kDenied, "another app");
}

TEST_CASE("Consent: refuses a token of another issuer, takes those of its cloud", "[broker]") {
  const std::string tenant(kTenant);
  CHECK(Judge(R"("roles":["User.Read.All"],"ver":"1.0","iss":"https://sts.windows.net/)" + tenant +
              "/\""));
  CHECK(Judge(R"("roles":["User.Read.All"],"ver":"2.0","iss":"https://login.microsoftonline.com/)" +
              tenant + "/v2.0\""));
  for (const std::string issuer :
       {"https://sts.windows.net/99999999-2222-3333-4444-555555555555/",
        "https://login.evil.example/11111111-2222-3333-4444-555555555555/v2.0"})
    CHECK_FAILS(Judge(R"("roles":["User.Read.All"],"iss":")" + issuer + "\""), Code::kDenied,
                "another issuer");
  CHECK_FAILS(Judge(R"("roles":["User.Read.All"],"ver":"3.0")"), Code::kDenied,
              "version is not known");
}

TEST_CASE("Consent: calls a token that it cannot read unreadable", "[broker]") {
  for (const std::string& token :
       {std::string("opaque"), std::string("a.b"), std::string("a.b.c.d"), std::string("a.!!!.c"),
        "a." + Base64Url("not json") + ".c", "a." + Base64Url("[1]") + ".c",
        "a." + Base64Url("{\"roles\":\"User.Read.All\"}") + ".c",
        "a." + Base64Url("{\"roles\":[1,2]}") + ".c",
        "a." + Base64Url("{\"roles\":{\"a\":1}}") + ".c",
        "a." + Base64Url("{\"roles\":[\"User.Read.All\",{}]}") + ".c",
        "a." + Base64Url("{\"wids\":{}}") + ".c", "a." + Base64Url("{\"scp\":[\"x\"]}") + ".c",
        "a." + Base64Url("{\"x\":" + std::string(40, '[') + std::string(40, ']') + "}") + ".c",
        "a." + Base64Url("\xff{}") + ".c", std::string(200'000, 'a')}) {
    INFO(token.substr(0, 80));
    const auto claims = ReadClaims(token);
    REQUIRE_FALSE(claims);
    CHECK(claims.error().id == "AS-CON-005");
    CHECK(claims.error().code == Code::kDenied);
  }
}
