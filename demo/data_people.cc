// The people of Aurelia Instruments: users, their sign-ins and registered methods, groups. All
// invented.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr size_t kMembers = 104;
constexpr size_t kGuests = 16;
constexpr std::array<const char*, 26> kFirst = {
    "Anouk", "Bram",  "Ceren", "Dario", "Elin",  "Farid", "Greta",  "Hanno",  "Ines",
    "Jorma", "Katya", "Leto",  "Mirre", "Nael",  "Oriol", "Pilar",  "Quirin", "Runa",
    "Sanne", "Tibor", "Ulla",  "Veit",  "Wanda", "Xenia", "Yorick", "Zora"};
constexpr std::array<const char*, 16> kLast = {"Abendrot",  "Bruckwald", "Cobaltini", "Dornfeld",
                                               "Eschenow",  "Farnholt",  "Glimmer",   "Hollerau",
                                               "Isenbrook", "Jadestein", "Kupferau",  "Lindqvar",
                                               "Moosrain",  "Nebelung",  "Ostermark", "Pfauental"};
constexpr std::array<const char*, 4> kPartners = {"kestrel-optics", "blaufeld-audit", "nordwerk-it",
                                                  "halden-legal"};
constexpr const char* kE5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06";

Person Member(const Seeded& seeded, size_t i) {
  if (i < 2) {
    std::string alias = fmt::format("svc-breakglass-{}", i + 1);
    return {seeded.Guid("user/" + alias), alias + "@aurelia.example",
            fmt::format("Break Glass {}", i + 1)};
  }
  std::string first = kFirst[i % kFirst.size()];
  std::string last = kLast[(i / kFirst.size() * 5 + i) % kLast.size()];
  std::string alias = AsciiLower(first) + "." + AsciiLower(last);
  if (i < 9) alias = "adm." + alias;
  return {seeded.Guid("user/" + alias), alias + "@aurelia.example", first + " " + last};
}

Person Guest(const Seeded& seeded, size_t i) {
  std::string first = kFirst[(i * 7 + 3) % kFirst.size()];
  std::string last = kLast[(i * 3 + 1) % kLast.size()];
  std::string alias = fmt::format("{}.{}_{}.example#EXT#", AsciiLower(first), AsciiLower(last),
                                  kPartners[i % kPartners.size()]);
  return {seeded.Guid("user/" + alias), alias + "@aurelia.onmicrosoft.example", first + " " + last,
          true};
}

/// Days since the last sign-in: most are active, a few guests are not.
int IdleDays(const Seeded& seeded, const Person& person, size_t i) {
  if (person.guest) return static_cast<int>(i % 4 == 1 ? 140 + i : 3 + i - kMembers);
  if (i < 2) return 60;
  return static_cast<int>(seeded.Below(person.id + "/idle", 20));
}

Json User(const Seeded& seeded, const Person& person, size_t i) {
  bool synced = !person.guest && i >= 9 && i % 2 == 0;
  bool enabled = !(i == 40 || i == 41 || i == 90);
  Json licences = Json::Array();
  if (!person.guest && i >= 9) {
    licences = Json::Array({Json::Object({{"disabledPlans", Json::Array()}, {"skuId", kE5}})});
  }
  bool pending = person.guest && i % 8 == 5;
  return Json::Object({
      {"id", person.id},
      {"userPrincipalName", person.upn},
      {"displayName", person.name},
      {"accountEnabled", enabled},
      {"userType", person.guest ? "Guest" : "Member"},
      {"onPremisesSyncEnabled", synced ? Json(true) : Json()},
      {"onPremisesImmutableId", synced ? Json(person.id.substr(0, 22) + "==") : Json()},
      {"createdDateTime",
       seeded.Day(person.id + "/created", pending ? -9 : -200 - static_cast<int>(i * 11))},
      {"lastPasswordChangeDateTime",
       seeded.Day(person.id + "/password", -20 - static_cast<int>(i))},
      {"passwordPolicies", i == 12 ? Json("DisablePasswordExpiration") : Json()},
      {"assignedLicenses", std::move(licences)},
      {"externalUserState",
       person.guest ? Json(pending ? "PendingAcceptance" : "Accepted") : Json()},
      {"externalUserStateChangeDateTime",
       person.guest ? Json(seeded.Day(person.id + "/state", pending ? -9 : -180)) : Json()},
      {"employeeLeaveDateTime", nullptr},
      {"usageLocation", person.guest ? Json() : Json(i % 3 == 0 ? "AT" : "DE")},
  });
}

Json SignInActivity(const Seeded& seeded, const Person& person, size_t i) {
  int idle = IdleDays(seeded, person, i);
  if (person.guest && i % 8 == 5) return {};
  return Json::Object({
      {"lastSignInDateTime", seeded.Day(person.id + "/signin", -idle)},
      {"lastSignInRequestId", seeded.Guid(person.id + "/signin-request")},
      {"lastNonInteractiveSignInDateTime", seeded.Day(person.id + "/background", -idle)},
      {"lastNonInteractiveSignInRequestId", seeded.Guid(person.id + "/background-request")},
  });
}

Json Registration(const Seeded& seeded, const Person& person, size_t i, bool admin) {
  bool without = i == 0 || i == 6 || i == 23 || i == 64 || i == 81;
  std::vector<std::string> methods;
  if (!without) methods = {"microsoftAuthenticatorPush", "softwareOneTimePasscode"};
  if (admin && !without && i % 2 == 1) methods.push_back("fido2SecurityKey");
  if (i == 6 || i == 33) methods.push_back("mobilePhone");
  return Json::Object({
      {"id", person.id},
      {"userPrincipalName", person.upn},
      {"userDisplayName", person.name},
      {"userType", person.guest ? "guest" : "member"},
      {"isAdmin", admin},
      {"isSsprRegistered", !without},
      {"isSsprEnabled", true},
      {"isSsprCapable", !without},
      {"isMfaRegistered", !without},
      {"isMfaCapable", !without},
      {"isPasswordlessCapable", admin && !without && i % 2 == 1},
      {"methodsRegistered", Json::Texts(methods)},
      {"isSystemPreferredAuthenticationMethodEnabled", true},
      {"systemPreferredAuthenticationMethods",
       Json::Texts(without ? std::vector<std::string>{}
                           : std::vector<std::string>{"PhoneAppNotification"})},
      {"userPreferredMethodForSecondaryAuthentication", without ? "none" : "push"},
      {"lastUpdatedDateTime", seeded.Day("registrations", 0)},
  });
}

Json Group(const Seeded& seeded, size_t i, const char* name, bool unified, bool dynamic) {
  std::string label = fmt::format("group/{}", i);
  std::vector<std::string> types;
  if (unified) types.push_back("Unified");
  if (dynamic) types.push_back("DynamicMembership");
  return Json::Object({
      {"id", seeded.Guid(label)},
      {"displayName", name},
      {"groupTypes", Json::Texts(types)},
      {"securityEnabled", !unified},
      {"mailEnabled", unified},
      {"visibility", unified ? Json(i == 5 ? "Public" : "Private") : Json()},
      {"isAssignableToRole", i == 0 ? Json(true) : Json()},
      {"membershipRule", dynamic ? Json("(user.department -eq \"Metrology\")") : Json()},
      {"membershipRuleProcessingState", dynamic ? Json("On") : Json()},
      {"onPremisesSyncEnabled", nullptr},
      {"createdDateTime", seeded.Day(label, -400 - static_cast<int>(i))},
      {"renewedDateTime", seeded.Day(label, -400 - static_cast<int>(i))},
      {"expirationDateTime", nullptr},
      {"assignedLabels", Json::Array()},
  });
}

}  // namespace

void AddPeople(World& world) {
  const Seeded& seeded = world.seeded();
  for (size_t i = 0; i < kMembers; ++i) world.people.push_back(Member(seeded, i));
  for (size_t i = 0; i < kGuests; ++i) world.people.push_back(Guest(seeded, i));
  std::vector<Json> users, registrations;
  for (size_t i = 0; i < world.people.size(); ++i) {
    const Person& person = world.people[i];
    const auto& admins = Administrators();
    bool admin = std::any_of(admins.begin(), admins.end(), [&](auto& a) { return a.person == i; });
    users.push_back(User(seeded, person, i));
    Json activity = SignInActivity(seeded, person, i);
    if (!activity.is_null()) users.back().Set("signInActivity", std::move(activity));
    registrations.push_back(Registration(seeded, person, i, admin));
  }
  world.AddGraph("/v1.0/users", "User.Read.All", std::move(users)).page = 40;
  Resource& details = world.AddGraph("/v1.0/reports/authenticationMethods/userRegistrationDetails",
                                     "AuditLog.Read.All", std::move(registrations));
  details.page = 50;
  details.throttled_once = true;
}

void AddGroups(World& world) {
  const Seeded& seeded = world.seeded();
  struct Row {
    const char* name;
    bool unified, dynamic;
  };
  constexpr std::array<Row, 9> kRows = {{{"role-report-readers", false, false},
                                         {"ca-exclusions", false, false},
                                         {"intune-pilot", false, false},
                                         {"dyn-metrology", false, true},
                                         {"Calibration Lab", true, false},
                                         {"Trade Fair 2026", true, false},
                                         {"Works Council", true, false},
                                         {"sg-finance", false, false},
                                         {"sg-engineering", false, false}}};
  std::vector<Json> groups;
  for (size_t i = 0; i < kRows.size(); ++i) {
    groups.push_back(Group(seeded, i, kRows[i].name, kRows[i].unified, kRows[i].dynamic));
    std::string path = "/v1.0/groups/" + seeded.Guid(fmt::format("group/{}", i));
    std::vector<Json> members;
    for (size_t k = 0; k < (i == 1 ? 2 : 3 + i * 4); ++k) {
      const Person& person = world.people[i == 1 ? k : 9 + (i * 13 + k) % 95];
      members.push_back(Json::Object({{"@odata.type", "#microsoft.graph.user"},
                                      {"id", person.id},
                                      {"displayName", person.name},
                                      {"userPrincipalName", person.upn},
                                      {"userType", person.guest ? "Guest" : "Member"},
                                      {"accountEnabled", true}}));
    }
    world.AddGraph(path + "/transitiveMembers", "GroupMember.Read.All", members).page = 20;
    world.AddGraph(path + "/members", "GroupMember.Read.All", std::move(members)).page = 20;
    world.AddGraph(
        path + "/owners", "GroupMember.Read.All",
        {Json::Object({{"@odata.type", "#microsoft.graph.user"}, {"id", world.people[3].id}})});
  }
  world.AddGraph("/v1.0/groups", "Group.Read.All", std::move(groups)).page = 5;
}

}  // namespace assay::demo
