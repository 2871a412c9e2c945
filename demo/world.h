// The demo tenant as a table: which path answers with what. Filled once from seed and moment.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "demo/json.h"
#include "demo/seeded.h"

namespace assay::demo {

/// Which of the three services is asked.
enum class Host { kLogin, kGraph, kArm };

/// What one path answers with.
struct Resource {
  bool single = false;     ///< one object in `items[0]`, else a list
  std::string permission;  ///< Graph application permission needed; empty for ARM
  std::vector<Json> items;
  size_t page = 25;                 ///< items on one page at most
  std::vector<std::string> expand;  ///< members that appear only when $expand names them
  bool read_post = false;           ///< asked by POST (a query), not by GET
  bool throttled_once = false;      ///< the first request is answered 429
  std::string context;              ///< tail of @odata.context; empty: none
};

/// A person of the directory, as other tables need it.
struct Person {
  std::string id, upn, name;
  bool guest = false;
};

/// Everything the tenant answers with, by service and lower-case path. Immutable once built.
class World {
 public:
  World(uint64_t seed, Timestamp now);

  /// The resource of a path, or nullptr. Case is ignored, as the services do. [any thread]
  const Resource* Find(Host host, std::string_view path) const;
  /// All paths of a service. [any thread]
  std::vector<std::string> Paths(Host host) const;

  const Seeded& seeded() const { return seeded_; }
  const std::string& tenant_id() const { return tenant_id_; }
  const std::vector<std::string>& subscriptions() const { return subscriptions_; }
  /// Application (client) id and service principal of assay's own identity.
  const std::string& client_id() const { return client_id_; }
  const std::string& principal_id() const { return principal_id_; }

  // Used while filling, by the data_*.cc files.
  Resource& AddGraph(std::string path, std::string permission, std::vector<Json> items);
  Resource& AddGraphSingle(std::string path, std::string permission, Json body);
  Resource& AddArm(std::string path, std::vector<Json> items);
  Resource& AddArmSingle(std::string path, Json body);
  std::vector<Person> people;  ///< members first, then guests

 private:
  Resource& Add(Host host, std::string path, Resource resource);

  Seeded seeded_;
  std::string tenant_id_, client_id_, principal_id_;
  std::vector<std::string> subscriptions_;
  std::map<std::pair<Host, std::string>, Resource, std::less<>> resources_;
};

// One function for each part of the tenant.
void AddOrganization(World& world);
void AddPeople(World& world);
void AddGroups(World& world);
void AddRoles(World& world);
void AddConditionalAccess(World& world);
void AddDirectoryPolicies(World& world);
void AddSettings(World& world);
void AddServices(World& world);
void AddApplications(World& world);
void AddIntune(World& world);
void AddIntunePolicies(World& world);
/// After AddIntune: what it says of devices follows from their list.
void AddIntuneService(World& world);
void AddSubscriptions(World& world);
void AddAzurePolicy(World& world);
void AddAzureAccess(World& world);
void AddResources(World& world);
/// What directory and Azure say of assay's own identity; last, because it lists what the others
/// need.
void AddSelf(World& world);
void AddDefender(World& world);
/// The rest of Defender: contacts, settings, alerts, incidents.
void AddSecurity(World& world);
/// Logs, their exports and the alerts on them.
void AddLogs(World& world);
void AddCost(World& world);
void AddDevices(World& world);
void AddReviews(World& world);
void AddRisk(World& world);
/// All service principals, with the permissions that Graph offers; after all other paths.
void AddServicePrincipals(World& world, const std::vector<Json>& app_roles);

/// Role assignments of a subscription, but for assay's own.
std::vector<Json> AzureRoles(const World& world, size_t sub);

/// Where Resource Graph is asked; "/" and what the query is about follow in World's table.
inline constexpr std::string_view kResourceGraph = "/providers/Microsoft.ResourceGraph/resources";

/// Role template ids and the people who hold each of them, in one place for roles and
/// registrations.
struct RoleHolder {
  const char* role;  ///< template id
  size_t person;     ///< index in World::people
};
/// The nine administrators: three global, six others.
const std::vector<RoleHolder>& Administrators();

}  // namespace assay::demo
