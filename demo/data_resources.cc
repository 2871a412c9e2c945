// Azure resources as Resource Graph tells of them: one answer for each query, over all
// subscriptions. Production is in order. Planted in Development: remote desktop open to everyone, a
// public blob store, a vault that can be purged, a web app without HTTPS, a machine that nobody
// backs up.
#include <fmt/format.h>

#include "demo/azure_ids.h"
#include "demo/world.h"

namespace assay::demo {
namespace {

constexpr size_t kDevelopment = 1;

/// The members that every resource has. `more` follows: members as JSON text, each with a comma.
Json Row(const World& world, size_t sub, const char* type, size_t i, const std::string& more) {
  const std::string id = ResourceId(world, sub, type, i);
  std::string lower(type);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  Json row = Json::Object({{"id", id},
                           {"name", id.substr(id.rfind('/') + 1)},
                           {"type", lower},
                           {"location", "germanywestcentral"},
                           {"subscriptionId", world.subscriptions()[sub]}});
  row.Set("properties", Json::Raw(more.empty() ? "{}" : more));
  return row;
}

Json Tags(size_t sub) {
  if (sub == kDevelopment) return Json::Object({{"owner", "development"}});
  return Json::Object({{"owner", "operations"},
                       {"environment", sub == 0 ? "production" : "shared"},
                       {"dataClassification", "internal"},
                       {"criticality", sub == 0 ? "high" : "low"}});
}

Json Storage(const World& world, size_t sub) {
  const bool dev = sub == kDevelopment;
  const std::string day = world.seeded().Day("storage-keys", -40);
  Json row = Row(
      world, sub, "Microsoft.Storage/storageAccounts", 0,
      fmt::format(
          R"({{"supportsHttpsTrafficOnly":true,"minimumTlsVersion":"TLS1_2","allowBlobPublicAccess":{},)"
          R"("allowSharedKeyAccess":{},"publicNetworkAccess":"Enabled","networkAcls":{{"defaultAction":"{}",)"
          R"("bypass":"AzureServices"}},"allowCrossTenantReplication":false,)"
          R"("keyCreationTime":{{"key1":"{}","key2":"{}"}}}})",
          dev, dev, dev ? "Allow" : "Deny", day, day));
  row.Set("tags", Tags(sub));
  row.Set("kind", "StorageV2");
  row.Set("sku", Json::Object({{"name", dev ? "Standard_LRS" : "Standard_GRS"}}));
  return row;
}

Json Vault(const World& world, size_t sub) {
  const bool dev = sub == kDevelopment;
  Json row = Row(world, sub, "Microsoft.KeyVault/vaults", 1,
                 fmt::format(R"({{"enableSoftDelete":true{},"enableRbacAuthorization":true,)"
                             R"("publicNetworkAccess":"Disabled"}})",
                             dev ? "" : R"(,"enablePurgeProtection":true)"));
  row.Set("tags", Tags(sub));
  return row;
}

Json Rule(const char* name, int priority, const char* access, const char* source,
          const char* port) {
  return Json::Object({{"name", name},
                       {"properties", Json::Object({{"access", access},
                                                    {"direction", "Inbound"},
                                                    {"priority", priority},
                                                    {"protocol", "Tcp"},
                                                    {"sourceAddressPrefix", source},
                                                    {"destinationAddressPrefix", "*"},
                                                    {"destinationPortRange", port}})}});
}

Json Group(const World& world, size_t sub) {
  std::vector<Json> rules = {Rule("https", 200, "Allow", "Internet", "443")};
  if (sub == kDevelopment) rules.push_back(Rule("rdp-for-a-moment", 300, "Allow", "*", "3389"));
  Json row = Row(world, sub, "Microsoft.Network/networkSecurityGroups", 0, "");
  row.Set("properties",
          Json::Object({{"securityRules", Json::Array(std::move(rules))},
                        {"subnets", Json::Array({Json::Object({{"id", Scope(world, sub)}})})}}));
  return row;
}

Json Machine(const World& world, size_t sub) {
  Json row = Row(
      world, sub, "Microsoft.Compute/virtualMachines", 0,
      R"({"securityProfile":{"encryptionAtHost":true,"securityType":"TrustedLaunch"},"osProfile":{"linuxConfiguration":{"disablePasswordAuthentication":true}}})");
  row.Set("tags", Tags(sub));
  return row;
}

Json Disk(const World& world, size_t sub) {
  return Row(world, sub, "Microsoft.Compute/disks", 0,
             R"({"networkAccessPolicy":"DenyAll","publicNetworkAccess":"Disabled"})");
}

Json Network(const World& world, size_t sub) {
  const std::string group = ResourceId(world, sub, "Microsoft.Network/networkSecurityGroups", 0);
  return Row(world, sub, "Microsoft.Network/virtualNetworks", 0,
             fmt::format(R"({{"subnets":[{{"name":"work","properties":{{"networkSecurityGroup":)"
                         R"({{"id":"{}"}}}}}}]}})",
                         group));
}

Json Watcher(const World& world, size_t sub) {
  return Row(world, sub, "Microsoft.Network/networkWatchers", 0, "");
}

Json FlowLog(const World& world, size_t sub) {
  return Row(world, sub, "Microsoft.Network/networkWatchers/flowLogs", 0,
             R"({"enabled":true,"retentionPolicy":{"days":90,"enabled":true}})");
}

Json Database(const World& world, size_t sub) {
  return Row(
      world, sub, "Microsoft.Sql/servers", 0,
      R"({"publicNetworkAccess":"Disabled","minimalTlsVersion":"1.2","administrators":{"azureADOnlyAuthentication":true}})");
}

Json WebApp(const World& world, size_t sub) {
  Json row = Row(world, sub, "Microsoft.Web/sites", 0,
                 fmt::format(R"({{"httpsOnly":{}}})", sub != kDevelopment));
  row.Set("kind", "app");
  return row;
}

Json BackupVault(const World& world, size_t sub) {
  return Row(
      world, sub, "Microsoft.RecoveryServices/vaults", 0,
      R"({"securitySettings":{"softDeleteSettings":{"softDeleteState":"AlwaysON"},"immutabilitySettings":{"state":"Unlocked"}},"redundancySettings":{"standardTierStorageRedundancy":"GeoRedundant"}})");
}

Json BackupItem(const World& world, size_t sub) {
  const std::string vault = ResourceId(world, sub, "Microsoft.RecoveryServices/vaults", 0);
  return Json::Object(
      {{"id", vault + "/backupFabrics/Azure/protectionContainers/c/protectedItems/vm"},
       {"type",
        "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems"},
       {"subscriptionId", world.subscriptions()[sub]},
       {"properties",
        Json::Object(
            {{"sourceResourceId", ResourceId(world, sub, "Microsoft.Compute/virtualMachines", 0)},
             {"protectionState", "Protected"},
             {"lastBackupStatus", "Completed"},
             {"lastBackupTime", world.seeded().Day("backup", 0)},
             {"policyName", "daily"}})}});
}

Json Workspace(const World& world, size_t sub) {
  return Row(world, sub, "Microsoft.OperationalInsights/workspaces", 0,
             R"({"retentionInDays":365,"sku":{"name":"PerGB2018"}})");
}

/// What lies in a storage account or vault is asked for one by one.
void AddContents(World& world, size_t sub) {
  const std::string account = ResourceId(world, sub, "Microsoft.Storage/storageAccounts", 0);
  const std::string blobs = account + "/blobServices/default";
  world.AddArmSingle(
      blobs,
      Json::Object(
          {{"id", blobs},
           {"name", "default"},
           {"properties",
            Json::Raw(
                R"({"deleteRetentionPolicy":{"enabled":true,"days":14},"containerDeleteRetentionPolicy":{"enabled":true,"days":14},"isVersioningEnabled":true})")}}));
  const std::string vault = ResourceId(world, sub, "Microsoft.KeyVault/vaults", 1);
  const auto entry = [&](const std::string& id, const char* rest) {
    return Json::Object(
        {{"id", id},
         {"name", id.substr(id.rfind('/') + 1)},
         {"properties", Json::Raw(fmt::format(R"({{"attributes":{{"enabled":true,"exp":{}}}{}}})",
                                              4102444800, rest))}});
  };
  world.AddArm(vault + "/keys", {entry(vault + "/keys/disks", R"(,"kty":"RSA","keySize":3072)")});
  world.AddArm(vault + "/secrets", {entry(vault + "/secrets/mail-relay", "")});
}

using Maker = Json (*)(const World& world, size_t sub);
struct Query {
  const char* about;  ///< first type that its text names; empty: every resource
  std::vector<Maker> makers;
};

}  // namespace

void AddResources(World& world) {
  const Query queries[] = {
      {"microsoft.storage/storageaccounts", {Storage}},
      {"microsoft.keyvault/vaults", {Vault}},
      {"microsoft.network/networksecuritygroups", {Group}},
      {"microsoft.network/virtualnetworks", {Network, Watcher, FlowLog}},
      {"microsoft.compute/virtualmachines", {Machine, Disk}},
      {"microsoft.sql/servers", {Database, WebApp}},
      {"microsoft.recoveryservices/vaults", {BackupVault}},
      {"microsoft.operationalinsights/workspaces", {Workspace}},
  };
  const auto add = [&](const std::string& about, std::vector<Json> rows) {
    Resource& answer = world.AddArm(std::string(kResourceGraph) + "/" + about, std::move(rows));
    answer.read_post = true;
    answer.page = 20;
  };
  std::vector<Json> inventory, backups;
  for (const Query& query : queries) {
    std::vector<Json> rows;
    for (size_t sub = 0; sub < kSubscriptions; ++sub)
      for (const Maker make : query.makers) {
        rows.push_back(make(world, sub));
        Json row = rows.back();
        row.Erase("properties");
        row.Set("resourceGroup", "rg");
        if (row.Find("tags") == nullptr) row.Set("tags", Tags(sub));
        inventory.push_back(std::move(row));
      }
    add(query.about, std::move(rows));
  }
  for (size_t sub = 0; sub < kSubscriptions; ++sub) {
    if (sub != kDevelopment) backups.push_back(BackupItem(world, sub));
    AddContents(world, sub);
  }
  add("all", std::move(inventory));
  add("microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems",
      std::move(backups));
}

}  // namespace assay::demo
