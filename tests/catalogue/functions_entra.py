"""Functions of the catalogue over Entra endpoints: Conditional Access, roles, applications, licences, reviews."""
import json

import times
from functions_text import distinct, join, null_through
from interpreter import get, subset_of
from values import UNKNOWN, Partial, all_true, any_true, contained, equal, folded, is_number, together

MICROSOFT = ("f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47")
RESISTANT = ["fido2", "windowsHelloForBusiness", "x509CertificateMultiFactor"]
DEVICE = ["compliantDevice", "domainJoinedDevice"]
USER, GROUP, APPLICATION = ("#microsoft.graph." + kind for kind in ("user", "group", "servicePrincipal"))


def path(holder, *steps):
    for step in steps:
        holder = get(holder, step)
    return holder


def listed(holder, *steps):
    """The list at the path; null and what is no list are empty."""
    found = path(holder, *steps)
    return found if isinstance(found, list) else []


def ca_all_users(_, policy):
    return contained("All", path(policy, "conditions", "users", "includeUsers"))


def ca_any_risk(_, policy):
    conditions = path(policy, "conditions")
    levels = ("userRiskLevels", "signInRiskLevels", "insiderRiskLevels", "servicePrincipalRiskLevels")
    methods = path(conditions, "authenticationFlows", "transferMethods")
    return not any(path(conditions, level) for level in levels) and methods in (None, "", "none")


def ca_covers_roles(_, policy, roles):
    return any_true([ca_all_users(_, policy), subset_of(roles, path(policy, "conditions", "users", "includeRoles"))], False)


def _not_narrowed(conditions):
    locations, platforms = path(conditions, "locations"), path(conditions, "platforms")
    return ((locations is None or "All" in listed(locations, "includeLocations") and not listed(locations, "excludeLocations"))
            and (platforms is None or "all" in listed(platforms, "includePlatforms") and not listed(platforms, "excludePlatforms"))
            and path(conditions, "devices", "deviceFilter") is None)


def ca_exclusions_approved(evidence, policy):
    users, apps = path(policy, "conditions", "users"), path(policy, "conditions", "applications")
    people, groups = listed(users, "excludeUsers"), listed(users, "excludeGroups")
    if path(users, "excludeGuestsOrExternalUsers") is not None or "GuestsOrExternalUsers" in people:
        return False
    if path(apps, "applicationFilter") is not None or not _not_narrowed(path(policy, "conditions")):
        return False
    if not subset_of(listed(apps, "excludeApplications"), evidence.profile["approved_ca_app_exclusions"]):
        return False
    approved = evidence.profile["break_glass_ids"] + evidence.profile["approved_ca_exclusions"]
    return subset_of(people + groups, approved) if approved else len(people) <= 2 and len(groups) <= 1


def ca_excluded_user_ids(evidence, policy):
    users = path(policy, "conditions", "users")
    members = evidence.dataset("graph-group-members")
    groups = listed(users, "excludeGroups")
    through = [m["id"] for m in members if contained(m.get("groupId"), groups) is True and _is(m, USER)]
    found = listed(users, "excludeUsers") + through
    return distinct(together(found, members) if groups else found)


def _is(member, kind):
    return member.get("@odata.type", USER) == kind


def _controls(policy):
    """(built-in controls, strength or null, operator is AND, number of terms of use and custom factors)."""
    grant = path(policy, "grantControls")
    more = len(listed(grant, "termsOfUse")) + len(listed(grant, "customAuthenticationFactors"))
    return listed(grant, "builtInControls"), path(grant, "authenticationStrength"), path(grant, "operator") == "AND", more


def ca_requires_mfa(_, policy):
    built_in, strength, every, more = _controls(policy)
    plain = "mfa" in built_in and (every or len(built_in) + more + (strength is not None) == 1)
    strong = path(strength, "requirementsSatisfied") == "mfa" and (every or len(built_in) + more == 0)
    return plain or strong


def ca_phishing_resistant(_, policy):
    built_in, strength, every, more = _controls(policy)
    combinations = listed(strength, "allowedCombinations")
    return bool(combinations) and subset_of(combinations, RESISTANT) and (every or len(built_in) + more == 0)


def ca_managed_device(_, policy):
    built_in, strength, every, more = _controls(policy)
    alone = strength is None and more == 0 and subset_of(built_in, DEVICE)
    return any(one in DEVICE for one in built_in) and (every or alone)


def group_setting(evidence, template, name):
    item = join(evidence, evidence.dataset("graph-group-settings"), "templateId", template)
    entry = join(evidence, listed(item, "values"), "name", name) if item is not UNKNOWN else UNKNOWN
    value = path(entry, "value")
    return value.lower() if isinstance(value, str) and name != "BannedPasswordList" else value


def app_restriction(evidence, kind):
    policy, sides = evidence.one("graph-default-app-mgmt-policy"), []
    for side in ("applicationRestrictions", "servicePrincipalRestrictions"):
        entries = listed(policy, side, "passwordCredentials") + listed(policy, side, "keyCredentials")
        entry = next((one for one in entries if one.get("restrictionType") == kind), None)
        if entry is None:
            return None
        sides.append(entry)
    lifetimes = [(times.iso_days(one.get("maxLifetime")), one.get("maxLifetime")) for one in sides]
    longest = max(lifetimes)[1] if all(days is not None for days, _ in lifetimes) else None
    return {"state": "enabled" if all(one.get("state") == "enabled" for one in sides) else "disabled", "maxLifetime": longest}


def pim_rule(evidence, role, rule):
    item = join(evidence, evidence.dataset("graph-pim-policy-assignments"), "roleDefinitionId", role)
    return UNKNOWN if item is UNKNOWN else join(evidence, listed(item, "policy", "rules"), "id", rule)


def effective_privileged_users(evidence, roles):
    return evidence.remember(("effective", tuple(roles)), lambda: _effective(evidence, roles))


def _effective(evidence, roles):
    members, found = evidence.dataset("graph-group-members"), {}
    sources = [evidence.dataset(one) for one in ("graph-role-assignments", "graph-role-eligibility-schedules")]
    for item in sources[0] + sources[1]:
        if item.get("directoryScopeId") != "/" or contained(item.get("roleDefinitionId"), roles) is not True:
            continue
        kind, principal = _principal_kind(evidence, item), item.get("principalId")
        if kind == GROUP:
            people = [m["id"] for m in members if equal(m.get("groupId"), principal) is True and _is(m, USER)]
        else:
            people = [principal] if kind == USER and principal is not None else []
        for one in people:
            user = found.setdefault(folded(one), {"principalId": one, "roles": []})
            user["roles"] = distinct([*user["roles"], item["roleDefinitionId"]])
    return together(list(found.values()), members, *sources)


def _principal_kind(evidence, item):
    kind = path(item, "principal", "@odata.type")
    if kind is not None:
        return kind
    for name, key, kind in (("graph-group-members", "groupId", GROUP), ("graph-groups", "id", GROUP),
                            ("graph-service-principals", "id", APPLICATION)):
        if folded(item.get("principalId") or "") in evidence.ids(name, key):
            return kind
    return USER


def _resolved_grants(evidence):
    """Every grant of an application permission with the appId of its holder and the name of the permission."""
    principals, grants = evidence.dataset("graph-service-principals"), evidence.dataset("graph-sp-app-role-assignments")
    found = []
    for grant in grants:
        resource = join(evidence, principals, "id", grant.get("resourceSpId", grant.get("resourceId")))
        role = resource if resource is UNKNOWN else join(evidence, listed(resource, "appRoles"), "id", grant.get("appRoleId"))
        holder = join(evidence, principals, "id", grant.get("principalId"))
        found.append({**grant, "appId": path(holder, "appId"), "value": path(role, "value")})
    return together(found, principals, grants)


def all_grants(evidence):
    return evidence.remember("grants", lambda: _resolved_grants(evidence))


def app_role_grants(evidence, names):
    grants = all_grants(evidence)
    return together([grant for grant in grants if grant["value"] in names and grant["value"] is not UNKNOWN], grants)


def apps_with_permission(evidence, names):
    grants, applications = app_role_grants(evidence, names), evidence.dataset("graph-applications")
    holders = [grant["appId"] for grant in grants if isinstance(grant["appId"], str)]
    return together([app for app in applications if contained(app.get("appId"), holders)], grants, applications)


def grants_of(evidence, app_id):
    grants = all_grants(evidence)
    return together([grant for grant in grants if equal(grant["appId"], app_id) is True], grants)


def privileged_service_principals(evidence):
    assignments, principals = evidence.dataset("graph-role-assignments"), evidence.dataset("graph-service-principals")
    holders = [a.get("principalId") for a in assignments if contained(a.get("roleDefinitionId"), evidence.sets["tier0_roles"]) is True]
    grants = app_role_grants(evidence, evidence.sets["critical_app_permissions"])
    holders += [grant.get("principalId") for grant in grants]
    return together([one for one in principals if contained(one.get("id"), holders)], assignments, principals, grants)


def is_first_party(evidence, principal):
    found = join(evidence, evidence.dataset("graph-service-principals"), "id", principal)
    return UNKNOWN if found is UNKNOWN else folded(path(found, "appOwnerOrganizationId") or "") in MICROSOFT


def known_id(evidence, value, *datasets):
    if value is None or value is UNKNOWN:
        return value
    if any(folded(value) in evidence.ids(name, "id") for name in datasets):
        return True
    return UNKNOWN if any(isinstance(evidence.dataset(name), Partial) for name in datasets) else False


def _plans(sku):
    return [plan for plan in listed(sku, "servicePlans") if plan.get("provisioningStatus") == "Success"]


def sku_has_plan(evidence, sku_id, names):
    sku = join(evidence, evidence.dataset("graph-subscribed-skus"), "skuId", sku_id)
    return UNKNOWN if sku is UNKNOWN else any(plan.get("servicePlanName") in names for plan in _plans(sku))


def has_plan(evidence, name):
    """A plan that is usable now, by its id, or by its name where the catalogue has no id."""
    skus = evidence.dataset("graph-subscribed-skus")
    names = [name, "AAD_PREMIUM_P2"] if name == "AAD_PREMIUM" else [name]
    ids = [evidence.plans[one] for one in names if one in evidence.plans]
    for sku in skus:
        if sku.get("capabilityStatus") in ("Enabled", "Warning"):
            if any(contained(p.get("servicePlanId"), ids) or p.get("servicePlanName") in names for p in _plans(sku)):
                return True
    return UNKNOWN if isinstance(skus, Partial) else False


def _queries(value):
    if isinstance(value, dict):
        own = [value["query"]] if isinstance(value.get("query"), str) else []
        return own + [one for part in value.values() for one in _queries(part)]
    return [one for part in value for one in _queries(part)] if isinstance(value, list) else []


def review_scope_text(_, review):
    return " ".join(_queries(review.get("scope")) + _queries(review.get("instanceEnumerationScope")))


def recurrence_months(_, review):
    pattern = path(review, "settings", "recurrence", "pattern")
    kind, interval = path(pattern, "type"), path(pattern, "interval")
    factor = {"absoluteMonthly": 1, "relativeMonthly": 1, "weekly": 0.25, "daily": 1 / 30, "absoluteYearly": 12, "relativeYearly": 12}
    return factor[kind] * interval if kind in factor and is_number(interval) else None


def b2b_invitation_policy(evidence):
    items = evidence.dataset("graph-legacy-policies")
    for definition in (text for item in items for text in listed(item, "definition")):
        try:
            policy = json.loads(definition).get("B2BManagementPolicy")
        except (json.JSONDecodeError, AttributeError, TypeError):
            continue
        domains = path(policy, "InvitationsAllowedAndBlockedDomainsPolicy")
        if isinstance(path(domains, "AllowedDomains"), list):
            return {"mode": "allow", "domains": domains["AllowedDomains"]}
        if isinstance(path(domains, "BlockedDomains"), list):
            return {"mode": "deny", "domains": domains["BlockedDomains"]}
    return UNKNOWN if isinstance(items, Partial) else {"mode": "none", "domains": []}


def toxic_pair(_, roles, pairs):
    return any(all_true([subset_of(pair, roles)], False) is True for pair in pairs)


def is_service_principal(evidence, value):
    return known_id(evidence, value, "graph-service-principals")


def is_pim_initiator(_, by):
    return path(by, "app", "displayName") in ("MS-PIM", "MS-PIM-Fairfax")


FUNCTIONS = {
    "caEnforced": lambda _, p: equal(path(p, "state"), "enabled"), "caAllUsers": ca_all_users,
    "caAllApps": lambda _, p: contained("All", path(p, "conditions", "applications", "includeApplications")),
    "caAllClients": lambda _, p: contained("all", path(p, "conditions", "clientAppTypes")), "caAnyRisk": ca_any_risk,
    "caCoversRoles": ca_covers_roles, "caNoRoleExclusion": lambda _, p: not listed(p, "conditions", "users", "excludeRoles"),
    "caExcludedUserIds": ca_excluded_user_ids, "caExclusionsApproved": ca_exclusions_approved,
    "caBlocks": lambda _, p: contained("block", path(p, "grantControls", "builtInControls")), "caRequiresMfa": ca_requires_mfa,
    "caPhishingResistant": ca_phishing_resistant, "caManagedDevice": ca_managed_device,
    "authMethod": lambda e, name: join(e, listed(e.one("graph-auth-methods-policy"), "authenticationMethodConfigurations"), "id", name),
    "groupSetting": group_setting, "appRestriction": app_restriction, "pimRule": pim_rule,
    "effectivePrivilegedUsers": effective_privileged_users, "rolesOf": lambda _, user: path(user, "roles"), "toxicPair": toxic_pair,
    "appRoleGrants": app_role_grants, "appsWithPermission": apps_with_permission, "grantsOf": grants_of,
    "selfAppId": lambda e: e.claims.get("appid", e.claims.get("azp")), "tokenRoles": lambda e, api: e.claims.get("roles", []),
    "isFirstParty": is_first_party, "isServicePrincipal": is_service_principal,
    "privilegedServicePrincipals": privileged_service_principals, "skuHasPlan": sku_has_plan, "hasPlan": has_plan,
    "reviewScopeText": null_through(review_scope_text), "recurrenceMonths": null_through(recurrence_months),
    "b2bInvitationPolicy": b2b_invitation_policy, "isPimInitiator": is_pim_initiator,
    "principalExists": lambda e, value: known_id(e, value, "graph-users", "graph-groups", "graph-service-principals"),
    "targetIds": lambda _, event: [one["id"] for one in listed(event, "targetResources") if one.get("id") is not None],
}
