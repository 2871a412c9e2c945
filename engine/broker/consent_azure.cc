#include "broker/consent_azure.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxSubscriptions = 5000;
constexpr size_t kMaxWriters = 100;

struct BuiltIn {
  std::string_view id, name;
};
constexpr BuiltIn kReaders[] = {
    {"acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"},
    {"39bc4728-0917-49c7-9d2c-d95423bc2eb4", "Security Reader"},
    {"43d0d8ad-25c7-4714-9337-8ba259a9fe05", "Monitoring Reader"},
    {"72fafb9e-0641-4937-9268-a91bfd8191a3", "Cost Management Reader"},
    {"ac63b705-f282-497d-ac71-919bf39d939d", "Management Group Reader"},
    {"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader"},
};
constexpr BuiltIn kWriters[] = {
    {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"},
    {"b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"},
    {"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"},
    {"f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"},
    {"fb1c8493-542b-48eb-b624-b4c8fea62acd", "Security Admin"},
    {"36243c78-bf99-498c-9df9-86d9f8d28608", "Resource Policy Contributor"},
};
constexpr std::string_view kWriterWords[] = {"contributor", "owner", "administrator", "operator",
                                             "officer"};
// Of the built-in reader roles.
constexpr std::string_view kToleratedActions[] = {
    "microsoft.support/*",
    "microsoft.operationalinsights/workspaces/search/action",
    "microsoft.security/iotdefendersettings/packagedownloads/action",
    "microsoft.security/iotdefendersettings/downloadmanageractivation/action",
    "microsoft.security/iotsensors/downloadresetpassword/action",
    "microsoft.iotsecurity/defendersettings/packagedownloads/action",
    "microsoft.iotsecurity/defendersettings/downloadmanageractivation/action",
};

template <size_t N>
bool Holds(const std::string_view (&list)[N], std::string_view word) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](std::string_view item) { return EqualsIgnoreCase(item, word); });
}

template <size_t N>
const BuiltIn* FindRoleById(const BuiltIn (&list)[N], std::string_view id) {
  const auto* at = std::find_if(std::begin(list), std::end(list),
                                [&](const BuiltIn& role) { return EqualsIgnoreCase(role.id, id); });
  return at == std::end(list) ? nullptr : at;
}

/// A name or id as it may stand in a message.
std::string Plain(const std::string& text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return plain && text.size() <= 100 ? text : Quote(text, 100);
}

struct Role {
  std::string name;
  std::string writes;  ///< why it is no reader; empty for one
};

class Asker {
 public:
  Asker(GuardReads& reads, const BrokerOptions& options, const std::string& principal)
      : reads_(reads), options_(options), principal_(principal) {
    out_.scope.narrowed = !options.management_groups.empty();
    out_.scope.unseen_groups = options.management_groups;
  }

  Result<AzureAnswer> Ask() {
    ASSAY_ASSIGN(const GuardReads::Answer list, reads_.Ask(GuardRead::kSubscriptions, {}));
    if (!list.ok()) {
      out_.note = "not checked: the list of subscriptions gave " + list.why;
      return std::move(out_);
    }
    out_.complete = true;
    if (out_.scope.narrowed) ASSAY_TRY(FindGroups(list.rows));
    for (const JsonRow& row : list.rows) {
      AzureAccess access{row.Text("subscriptionId"), row.Text("displayName"), {}};
      if (!IsGuid(access.subscription) || !IsWanted(access)) continue;
      out_.scope.subscriptions.push_back(AsciiLower(access.subscription));
      if (out_.access.size() >= kMaxSubscriptions) {
        Miss("more than 5000 subscriptions");
        continue;
      }
      ASSAY_TRY(AskOne(access));
      out_.access.push_back(std::move(access));
    }
    return std::move(out_);
  }

 private:
  /// As the configuration narrows it: what is not wanted is not looked at either.
  bool IsWanted(const AzureAccess& access) const {
    const auto named = [&](const std::vector<std::string>& list) {
      return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
        return EqualsIgnoreCase(name, access.subscription) || EqualsIgnoreCase(name, access.name);
      });
    };
    if (named(options_.exclude_subscriptions)) return false;
    if (below_.contains(AsciiLower(access.subscription))) return true;
    const bool any = options_.subscriptions.empty() && options_.management_groups.empty();
    return any || named(options_.subscriptions);
  }

  /// Fills `below_`. A group counts as seen when all was answered and something lies below it.
  Status FindGroups(const std::vector<JsonRow>& subscriptions) {
    std::vector<std::string> ids;
    for (const JsonRow& row : subscriptions)
      if (const std::string id = row.Text("subscriptionId"); IsGuid(id)) ids.push_back(id);
    std::set<std::string> seen;
    bool whole = true;
    for (size_t from = 0; from < ids.size() && whole; from += kMaxGuids) {
      const size_t end = std::min(from + kMaxGuids, ids.size());
      ASSAY_ASSIGN(whole, FindGroupsOf({ids.begin() + static_cast<ptrdiff_t>(from),
                                        ids.begin() + static_cast<ptrdiff_t>(end)},
                                       seen));
    }
    if (whole)
      std::erase_if(out_.scope.unseen_groups,
                    [&](const std::string& group) { return seen.contains(AsciiLower(group)); });
    if (whole && !out_.scope.unseen_groups.empty())
      Miss("management group " + Plain(out_.scope.unseen_groups.front()) +
           ": no subscription below it is visible to this identity");
    return {};
  }

  /// True when every one of `ids` was answered.
  Result<bool> FindGroupsOf(const std::vector<std::string>& ids, std::set<std::string>& seen) {
    ASSAY_ASSIGN(const GuardReads::Answer answer,
                 reads_.Ask(GuardRead::kSubscriptionGroups, {{"subscriptions", Join(ids, ",")}}));
    std::set<std::string> answered;
    for (const JsonRow& row : answer.rows) {
      const std::string id = AsciiLower(row.Text("subscriptionId"));
      answered.insert(id);
      for (const std::string& group : row.All("groups.name"))
        for (const std::string& wanted : options_.management_groups)
          if (EqualsIgnoreCase(group, wanted)) below_.insert(id), seen.insert(AsciiLower(wanted));
    }
    const bool whole = answer.ok() && std::all_of(ids.begin(), ids.end(), [&](const auto& id) {
                         return answered.contains(AsciiLower(id));
                       });
    if (!whole)
      Miss("the management groups of subscriptions " +
           (answer.ok() ? std::string("were not all told") : "gave " + answer.why));
    return whole;
  }

  void Miss(const std::string& why) {
    out_.complete = false;
    if (out_.note.empty()) out_.note = "not checked everywhere: " + why;
  }
  void Refuse(const std::string& id, const std::string& what, const AzureAccess& access) {
    if (out_.writers.size() < kMaxWriters)
      out_.writers.push_back(
          {id, what + " on subscription " +
                   Plain(access.name.empty() ? access.subscription : access.name)});
  }

  /// By roles where they can be read, else by actions.
  Status AskOne(AzureAccess& access) {
    if (IsGuid(principal_)) {
      ASSAY_ASSIGN(const GuardReads::Answer answer,
                   reads_.Ask(GuardRead::kAzureRoleAssignments,
                              {{"subscriptionId", access.subscription}, {"id", principal_}}));
      // No assignment at all, although the subscription is seen: something else gives the access.
      if (answer.ok() && !answer.rows.empty()) return JudgeRoles(answer.rows, access);
    }
    return AskActions(access);
  }

  Status JudgeRoles(const std::vector<JsonRow>& rows, AzureAccess& access) {
    for (const JsonRow& row : rows) {
      const std::string definition = row.Text("properties.roleDefinitionId");
      const std::string id = AsciiLower(definition.substr(definition.rfind('/') + 1));
      ASSAY_ASSIGN(const Role* role, FindRole(access.subscription, id));
      if (std::find(access.roles.begin(), access.roles.end(), role->name) != access.roles.end())
        continue;
      access.roles.push_back(role->name);
      if (!role->writes.empty()) Refuse(id, "role " + role->name + role->writes, access);
    }
    return {};
  }

  Result<const Role*> FindRole(const std::string& subscription, const std::string& id) {
    const auto known = roles_.find(id);
    if (known != roles_.end()) return &known->second;
    Role& role = roles_[id];
    role = {id, " (its definition is not readable)"};
    if (const BuiltIn* reader = FindRoleById(kReaders, id)) {
      role = {std::string(reader->name), ""};
    } else if (const BuiltIn* writer = FindRoleById(kWriters, id)) {
      role = {std::string(writer->name), " (it may write)"};
    } else if (IsGuid(id)) {
      ASSAY_ASSIGN(const GuardReads::Answer answer,
                   reads_.Ask(GuardRead::kAzureRoleDefinition,
                              {{"subscriptionId", subscription}, {"roleId", id}}));
      if (answer.ok() && answer.rows.size() == 1)
        role = {Plain(answer.rows.front().Text("properties.roleName")),
                JudgeDefinition(answer.rows.front())};
    }
    return &role;
  }

  static std::string JudgeDefinition(const JsonRow& row) {
    const auto actions = row.All("properties.permissions.actions");
    const auto data = row.All("properties.permissions.dataActions");
    if (actions.empty() && data.empty()) return " (it names no actions)";
    for (const auto* list : {&actions, &data})
      for (const std::string& action : *list)
        if (!IsReadAction(action)) return " (it may do " + Plain(action) + ")";
    return SoundsLikeWriter(row.Text("properties.roleName")) ? " (its name says that it writes)"
                                                             : "";
  }

  Status AskActions(const AzureAccess& access) {
    ASSAY_ASSIGN(
        const GuardReads::Answer answer,
        reads_.Ask(GuardRead::kAzurePermissions, {{"subscriptionId", access.subscription}}));
    if (!answer.ok()) {
      Miss("permissions of a subscription gave " + answer.why);
      return {};
    }
    for (const JsonRow& row : answer.rows)
      for (const char* member : {"actions", "dataActions"})
        for (const std::string& action : row.All(member))
          if (!IsReadAction(action)) Refuse(action, "action " + Plain(action), access);
    return {};
  }

  GuardReads& reads_;
  const BrokerOptions& options_;
  const std::string principal_;
  AzureAnswer out_;
  std::set<std::string> below_;  ///< ids of subscriptions below a wanted management group
  std::map<std::string, Role> roles_;
};

}  // namespace

bool IsReadAction(std::string_view action) {
  const std::string lower = AsciiLower(action);
  return (lower.size() > 5 && lower.ends_with("/read")) || Holds(kToleratedActions, lower);
}

bool SoundsLikeWriter(std::string_view role_name) {
  const std::string lower = AsciiLower(role_name);
  return std::any_of(std::begin(kWriterWords), std::end(kWriterWords),
                     [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

Result<AzureAnswer> AskAzure(GuardReads& reads, const BrokerOptions& options,
                             const std::string& principal_id) {
  return Asker(reads, options, principal_id).Ask();
}

}  // namespace assay::broker
