"""Functions of the catalogue over Intune, Defender, Azure Policy and log endpoints."""
import re

from functions_entra import listed, path
from functions_text import distinct, join, null_through, text
from values import UNKNOWN, Partial, is_number, together

PLATFORMS = (("ios", "iOS"), ("windows", "Windows"), ("macOS", "macOS"), ("android", "Android"), ("aosp", "Android"))
CHILD_TYPE = re.compile(r"[^/]+/[^/]+/.+")


def platform_of(kind):
    name = kind.removeprefix("#microsoft.graph.")
    return next((platform for prefix, platform in PLATFORMS if name.startswith(prefix)), None)


def os_family(system):
    return "iOS" if system == "iPadOS" else "Android" if system.startswith("Android") else system


def _flattened(instance):
    """(definition id, value) of a setting and of all below it."""
    name = instance.get("settingDefinitionId")
    for choice in [path(instance, "choiceSettingValue"), *listed(instance, "choiceSettingCollectionValue")]:
        if isinstance(choice, dict):
            yield name, choice.get("value")
            yield from (pair for child in listed(choice, "children") for pair in _flattened(child))
    for simple in [path(instance, "simpleSettingValue"), *listed(instance, "simpleSettingCollectionValue")]:
        if isinstance(simple, dict):
            yield name, simple.get("value")
    for group in [path(instance, "groupSettingValue"), *listed(instance, "groupSettingCollectionValue")]:
        yield from (pair for child in listed(group, "children") for pair in _flattened(child))


def settings(evidence, family):
    policies, items = evidence.dataset("intune-configuration-policies"), evidence.dataset("intune-configuration-policy-settings")
    found = []
    for policy in policies:
        if path(policy, "templateReference", "templateFamily") != family:
            continue
        assigned = policy.get("isAssigned") is True
        for item in items:
            if item.get("policyId") == policy.get("id"):
                found += [{"policyId": policy["id"], "policyAssigned": assigned, "id": name, "value": value}
                          for name, value in _flattened(item.get("settingInstance") or {})]
    return together(found, policies, items)


def pricing(evidence, subscription, name):
    if subscription in evidence.unregistered.get("defender-pricings", ()):
        return {"properties": {"pricingTier": "Free"}}
    plans = evidence.dataset("defender-pricings")
    mine = together([plan for plan in plans if plan.get("subscriptionId") == subscription], plans)
    return join(evidence, mine, "name", name)


def subscription_has_type(evidence, subscription, kind):
    inventory = evidence.dataset("arm-resource-inventory")
    if any(one.get("subscriptionId") == subscription and (one.get("type") or "").lower() == kind for one in inventory):
        return True
    return UNKNOWN if isinstance(inventory, Partial) else False


def previous(evidence, subject, steps):
    found = evidence.previous.get(subject)
    return path(found, *steps.split(".")) if found else None


def compliance_count(_, item, state):
    details = path(item, "results", "resourceDetails")
    if not isinstance(details, list):
        return None
    counts = [one.get("count") for one in details if str(one.get("complianceState")).lower() == state]
    return sum(count for count in counts if is_number(count))


def set_definition(evidence, assignment):
    wanted = path(assignment, "properties", "policyDefinitionId")
    return join(evidence, evidence.dataset("arm-policy-set-definitions"), "id", wanted)


def role_guid(_, assignment):
    role = path(assignment, "properties", "roleDefinitionId")
    return role.split("/")[-1].lower() if isinstance(role, str) else None


def applies_at_subscription(_, assignment):
    scope = str(path(assignment, "properties", "scope")).lower()
    return (scope == "/" or scope.startswith("/providers/microsoft.management/managementgroups/")
            or re.fullmatch(r"/subscriptions/[^/]+", scope) is not None)


def lock_scope(_, lock):
    found = re.match(r"(.*)/providers/microsoft\.authorization/locks(?:/|$)", lock.get("id") or "", re.I)
    return found.group(1) if found else None


def has_destination(_, setting):
    names = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
    return any(path(setting, "properties", name) for name in names)


def covers_subscription(_, scopes, subscription):
    if not isinstance(scopes, list) or subscription is None:
        return None
    return any(isinstance(one, str) and one.lower() == f"/subscriptions/{subscription}".lower() for one in scopes)


def receiver_count(_, group):
    properties = path(group, "properties") or {}
    return sum(len(value) for name, value in properties.items() if name.endswith("Receivers") and isinstance(value, list))


def has_live_action_group(evidence, alert):
    groups, unsure = evidence.dataset("log-action-groups"), False
    for action in listed(alert, "properties", "actions", "actionGroups"):
        group = join(evidence, groups, "id", action.get("actionGroupId"))
        if group is UNKNOWN:
            unsure = True
        elif group and path(group, "properties", "enabled") is True and receiver_count(None, group) > 0:
            return True
    return UNKNOWN if unsure else False


def used_regions(evidence, subscription):
    inventory = evidence.dataset("arm-resource-inventory")
    regions = [(one.get("location") or "").lower() for one in inventory if one.get("subscriptionId") == subscription]
    return distinct(together([region for region in regions if region not in ("", "global")], inventory))


def dataset_covers(evidence, endpoint, days):
    if isinstance(evidence.dataset(endpoint), Partial):
        return UNKNOWN
    return evidence.status(endpoint) == "ok" and evidence.windows.get(endpoint, 0) >= days


FUNCTIONS = {
    "platformOf": text(platform_of), "osFamily": text(os_family), "settings": settings,
    "minOs": lambda _, minimum, system, version=None: path(minimum, system), "pricing": pricing,
    "subscriptionHasType": subscription_has_type, "previous": previous, "complianceCount": compliance_count,
    "setDefinition": set_definition, "roleGuid": role_guid, "appliesAtSubscription": applies_at_subscription,
    "supportsTags": null_through(lambda _, kind: CHILD_TYPE.fullmatch(kind) is None), "lockScope": null_through(lock_scope),
    "hasDestination": has_destination, "coversSubscription": covers_subscription, "receiverCount": receiver_count,
    "hasLiveActionGroup": has_live_action_group, "usedRegions": used_regions, "datasetCovers": dataset_covers,
}
