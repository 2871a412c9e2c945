// Fills the table and looks paths up.
#include "demo/world.h"

#include "base/result.h"
#include "base/text.h"

namespace assay::demo {

World::World(uint64_t seed, Timestamp now)
    : seeded_(seed, now),
      tenant_id_(seeded_.Guid("tenant")),
      client_id_(seeded_.Guid("app/assay")),
      principal_id_(seeded_.Guid("sp/assay")) {
  for (const char* name : {"production", "development", "shared"}) {
    subscriptions_.push_back(seeded_.Guid(std::string("subscription/") + name));
  }
  AddOrganization(*this);
  AddPeople(*this);
  AddGroups(*this);
  AddRoles(*this);
  AddConditionalAccess(*this);
  AddDirectoryPolicies(*this);
  AddSettings(*this);
  AddServices(*this);
  AddApplications(*this);
  AddIntune(*this);
  AddIntunePolicies(*this);
  AddIntuneService(*this);
  AddSubscriptions(*this);
  AddAzurePolicy(*this);
  AddAzureAccess(*this);
  AddResources(*this);
  AddDefender(*this);
  AddSecurity(*this);
  AddLogs(*this);
  AddCost(*this);
  AddDevices(*this);
  AddReviews(*this);
  AddRisk(*this);
  AddSelf(*this);
}

const Resource* World::Find(Host host, std::string_view path) const {
  auto it = resources_.find(std::pair(host, AsciiLower(path)));
  return it == resources_.end() ? nullptr : &it->second;
}

std::vector<std::string> World::Paths(Host host) const {
  std::vector<std::string> paths;
  for (const auto& [key, resource] : resources_) {
    if (key.first == host) paths.push_back(key.second);
  }
  return paths;
}

Resource& World::Add(Host host, std::string path, Resource resource) {
  auto [it, fresh] = resources_.emplace(std::pair(host, AsciiLower(path)), std::move(resource));
  ASSAY_ASSERT(fresh, "a demo path is filled twice");
  return it->second;
}

Resource& World::AddGraph(std::string path, std::string permission, std::vector<Json> items) {
  Resource resource;
  resource.permission = std::move(permission);
  resource.items = std::move(items);
  auto version_end = path.find('/', 1);
  resource.context = path.substr(version_end + 1);
  return Add(Host::kGraph, std::move(path), std::move(resource));
}

Resource& World::AddGraphSingle(std::string path, std::string permission, Json body) {
  Resource& resource = AddGraph(std::move(path), std::move(permission), {std::move(body)});
  resource.single = true;
  resource.context += "/$entity";
  return resource;
}

Resource& World::AddArm(std::string path, std::vector<Json> items) {
  Resource resource;
  resource.items = std::move(items);
  resource.page = 10;
  return Add(Host::kArm, std::move(path), std::move(resource));
}

Resource& World::AddArmSingle(std::string path, Json body) {
  Resource& resource = AddArm(std::move(path), {std::move(body)});
  resource.single = true;
  return resource;
}

}  // namespace assay::demo
