#include "broker/consent_directory.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr char kGraphAppId[] = "00000003-0000-0000-c000-000000000000";
constexpr char kNoRole[] = "00000000-0000-0000-0000-000000000000";  // access without a permission

/// Permissions of one resource by id.
struct Resource {
  bool graph = false;
  std::string name;
  std::map<std::string, std::string> roles;
};

class Asker {
 public:
  Asker(GuardReads& reads, const std::vector<std::string>* held) : reads_(reads), held_(held) {}

  Result<DirectoryAnswer> Ask(const std::string& app_id, bool identify) {
    out_.complete = true;
    if (identify) ASSAY_TRY(AskTenant());
    if (!May({"Application.Read.All", "Directory.Read.All"})) return std::move(out_);
    ASSAY_TRY(AskPrincipal(app_id));
    if (out_.principal_id.empty()) return std::move(out_);
    ASSAY_TRY(AskApplicationPermissions());
    if (May({"Directory.Read.All", "DelegatedPermissionGrant.Read.All"})) ASSAY_TRY(AskDelegated());
    if (May({"RoleManagement.Read.Directory", "Directory.Read.All", "RoleManagement.Read.All"}))
      ASSAY_TRY(AskRoles());
    return std::move(out_);
  }

 private:
  /// Whether one of these is held; else notes that something stays unknown.
  bool May(std::initializer_list<const char*> names) {
    if (held_ == nullptr) return true;
    for (const char* name : names)
      if (std::find(held_->begin(), held_->end(), name) != held_->end()) return true;
    Miss(std::string("needs ") + *names.begin());
    return false;
  }
  void Miss(const std::string& why) {
    out_.complete = false;
    if (out_.note.empty()) out_.note = "not asked: " + why;
  }
  /// The rows, or none with a note.
  Result<std::vector<JsonRow>> Rows(GuardRead what, const Params& params) {
    ASSAY_ASSIGN(GuardReads::Answer answer, reads_.Ask(what, params));
    if (!answer.ok()) Miss(GuardSpec(what).path + " gave " + answer.why);
    return answer.ok() ? std::move(answer.rows) : std::vector<JsonRow>();
  }

  Status AskTenant() {
    ASSAY_ASSIGN(const auto rows, Rows(GuardRead::kOrganization, {}));
    if (rows.size() == 1) out_.tenant = AsciiLower(rows.front().Text("id"));
    return {};
  }

  Status AskPrincipal(const std::string& app_id) {
    ASSAY_ASSIGN(const auto rows, Rows(GuardRead::kPrincipal, {{"appId", app_id}}));
    for (const JsonRow& row : rows)
      if (EqualsIgnoreCase(row.Text("appId"), app_id) && IsGuid(row.Text("id")))
        out_.principal_id = AsciiLower(row.Text("id"));
    if (out_.principal_id.empty()) Miss("the directory does not list the application");
    return {};
  }

  Status AskApplicationPermissions() {
    ASSAY_ASSIGN(const auto rows, Rows(GuardRead::kAppRoles, {{"id", out_.principal_id}}));
    for (const JsonRow& row : rows) {
      if (row.Text("appRoleId") == kNoRole) continue;
      ASSAY_ASSIGN(const Resource* resource, FindResource(row.Text("resourceId")));
      const auto role = resource->roles.find(AsciiLower(row.Text("appRoleId")));
      const std::string name =
          role == resource->roles.end() ? "unknown:" + row.Text("appRoleId") : role->second;
      Add(*resource, name, row.Text("resourceDisplayName"));
    }
    return {};
  }

  Status AskDelegated() {
    ASSAY_ASSIGN(const auto rows, Rows(GuardRead::kDelegatedGrants, {{"id", out_.principal_id}}));
    for (const JsonRow& row : rows) {
      ASSAY_ASSIGN(const Resource* resource, FindResource(row.Text("resourceId")));
      const std::string scope = row.Text("scope");
      for (const std::string_view word : Split(scope, ' '))
        if (!word.empty()) Add(*resource, std::string(word), row.Text("resourceId"));
    }
    return {};
  }

  Status AskRoles() {
    ASSAY_ASSIGN(const auto rows, Rows(GuardRead::kDirectoryRoles, {{"id", out_.principal_id}}));
    for (const JsonRow& row : rows)
      // A service that ignored the filter would name roles of others.
      if (EqualsIgnoreCase(row.Text("principalId"), out_.principal_id))
        out_.roles.push_back(AsciiLower(row.Text("roleDefinitionId")));
    return {};
  }

  void Add(const Resource& resource, std::string name, const std::string& fallback) {
    if (resource.graph)
      out_.granted.push_back(std::move(name));
    else
      out_.others.push_back({resource.name.empty() ? fallback : resource.name, std::move(name)});
  }

  /// An unreadable resource has no names: its permissions count as unknown, so as write.
  Result<const Resource*> FindResource(const std::string& id) {
    const auto known = resources_.find(id);
    if (known != resources_.end()) return &known->second;
    Resource& resource = resources_[id];
    if (!IsGuid(id)) return &resource;
    ASSAY_ASSIGN(const GuardReads::Answer answer,
                 reads_.Ask(GuardRead::kResourceRoles, {{"id", id}}));
    if (!answer.ok() || answer.rows.empty()) return &resource;
    const JsonRow& row = answer.rows.front();
    resource.graph = EqualsIgnoreCase(row.Text("appId"), kGraphAppId);
    resource.name = row.Text("displayName");
    const auto ids = row.All("appRoles.id"), values = row.All("appRoles.value");
    // A role that leaves a member out would shift the lists against each other: then none is known.
    if (ids.size() == values.size())
      for (size_t i = 0; i < ids.size(); ++i) resource.roles[AsciiLower(ids[i])] = values[i];
    return &resource;
  }

  GuardReads& reads_;
  const std::vector<std::string>* held_;
  DirectoryAnswer out_;
  std::map<std::string, Resource> resources_;
};

}  // namespace

Result<DirectoryAnswer> AskDirectory(GuardReads& reads, const std::string& app_id, bool identify,
                                     const std::vector<std::string>* held) {
  if (!IsGuid(app_id)) {
    DirectoryAnswer none;
    none.note = "not asked: the application's id is not known";
    return none;
  }
  return Asker(reads, held).Ask(app_id, identify);
}

}  // namespace assay::broker
