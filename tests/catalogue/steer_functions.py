"""How functions of the catalogue are brought to hold: what steer.py cannot read from an expression."""
from expression import walk
from places import DROP, CannotSteer, Place
from steer import CALLS, LISTS, MATCHES, PLACES, TARGETS

MATCHES.update({
    "(?i)(ios|android)": (["#microsoft.graph.iosCompliancePolicy", "#microsoft.graph.androidWorkProfileCompliancePolicy"],
                          ["#microsoft.graph.windows10CompliancePolicy", "#microsoft.graph.macOSCompliancePolicy", DROP]),
    "(GRS|GZRS)": (["Standard_GRS", "Standard_RAGZRS", "Standard_GZRS"], ["Standard_LRS", "Standard_ZRS", None, "standard_grs"]),
    "(GeoRedundant|ZoneRedundant)": (["GeoRedundant", "ZoneRedundant"], ["LocallyRedundant", None, "georedundant"]),
    "^/subscriptions/[0-9a-f-]+$": (["/subscriptions/0f1c5000-0000-4000-8000-000000000001"], ["/subscriptions/0f1c/resourceGroups/x", "/"]),
    "(?i)(iso.?27001|dora|nis.?2|cis)": (["ISO-27001-2013", "Azure-CIS-1.4.0", "nis2"], ["PCI-DSS-4", "SOC-TSP"]),
    "(?i)(ISO.?(IEC)?.?27001|DORA|Digital Operational|NIS.?2)": (["ISO IEC 27001:2022", "Digital Operational Resilience Act"], ["PCI", None]),
    "(?i)user\\.(mobilePhone|otherMails|preferredLanguage|displayName|givenName|surname|jobTitle|department)":
        (['user.JobTitle -eq "x"', "(user.department -eq 1)"], ['user.accountEnabled -eq true', "user.userType -eq 1"]),
    "^(https://|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?(/|$))":
        (["https://a.example/x", "http://localhost:80/", "http://127.0.0.1", "http://[::1]/"],
         ["http://localhost.evil/", "http://a.example", "HTTPS://a.example", "myapp://x", "http://127.0.0.1.evil"]),
})


KINDS = ("graph-users", "graph-groups", "graph-service-principals")  # no id is of two kinds


def _find(items, key, value, make):
    found = next((item for item in items if isinstance(item, dict) and item.get(key) == value), None)
    if found is None:
        found = make()
        found[key] = value
    return found


def _list_at(holder, *names):
    for name in names[:-1]:
        if not isinstance(holder.get(name), dict):
            holder[name] = {}
        holder = holder[name]
    if not isinstance(holder.get(names[-1]), list):
        holder[names[-1]] = []
    return holder[names[-1]]


def _appended(items, item=None):
    items.append(item if item is not None else {})
    return items[-1]


def auth_method(steer, env, name):
    policy, wanted = steer.world.one("graph-auth-methods-policy"), steer.value(name, env)
    configured = _list_at(policy, "authenticationMethodConfigurations")
    return _find(configured, "id", wanted, lambda: _appended(configured))


def pim_rule(steer, env, role, rule):
    role, rule = steer.value(role, env), steer.value(rule, env)
    item = _find(steer.world.all("graph-pim-policy-assignments"), "roleDefinitionId", role, lambda: steer.make("graph-pim-policy-assignments"))
    rules = _list_at(item, "policy", "rules")
    return _find(rules, "id", rule, lambda: _appended(rules))


def app_restriction(steer, env, kind):
    policy, kind = steer.world.one("graph-default-app-mgmt-policy"), steer.value(kind, env)
    name = "keyCredentials" if kind.startswith("asymmetric") else "passwordCredentials"
    sides = [_list_at(policy, side, name) for side in ("applicationRestrictions", "servicePrincipalRestrictions")]
    entries = [_find(side, "restrictionType", kind, lambda side=side: _appended(side)) for side in sides]
    if steer.rng.random() < 0.1:
        sides[1].remove(entries[1])
    chosen = steer.rng.choice(entries)
    for entry in entries:
        if entry is not chosen:
            entry.setdefault("state", "enabled")
            entry.setdefault("maxLifetime", "P30D")
    return chosen


def group_setting(steer, env, template, name):
    template, name = steer.value(template, env), steer.value(name, env)
    item = _find(steer.world.all("graph-group-settings"), "templateId", template, lambda: steer.make("graph-group-settings"))
    values = _list_at(item, "values")
    return Place(_find(values, "name", name, lambda: _appended(values)), "value")


def pricing(steer, env, subscription, name):
    subscription, name = steer.value(subscription, env), steer.value(name, env)
    plans = steer.world.items.setdefault("defender-pricings", {}).setdefault(subscription, [])
    new = {"id": f"/subscriptions/{subscription}/providers/Microsoft.Security/pricings/{name}", "type": "Microsoft.Security/pricings"}
    found = _find(plans, "name", name, lambda: _appended(plans, new))
    steer.world.tops.add(id(found))  # no answer of the resource manager lacks the name of a plan
    return found


def joined(steer, env, items, key, value):
    endpoint = items[2][0][1] if items[:2] == ("call", "D") else None
    known = steer.world.all(endpoint) if endpoint else []
    if steer.value(value, env) is None and known:
        steer.place(value, env).set(steer.rng.choice(known)[steer.value(key, env)])
    value = steer.value(value, env)
    if endpoint is None or not isinstance(value, str) or not value:
        raise CannotSteer
    if any(value.lower() == str(item.get("id")).lower() for kind in KINDS if kind != endpoint for item in steer.world.all(kind)
           if endpoint in KINDS or kind != "graph-users"):
        raise CannotSteer  # it is somebody else
    found = next((item for item in known if str(item.get(steer.value(key, env))).lower() == value.lower()), None)
    return found or _find(known, steer.value(key, env), value, lambda: steer.make(endpoint))


def set_definition(steer, env, assignment):
    wanted = (steer.target(assignment, env).get("properties") or {}).get("policyDefinitionId")
    if not isinstance(wanted, str):
        raise CannotSteer
    found = _find(steer.world.all("arm-policy-set-definitions"), "id", wanted, lambda: steer.make("arm-policy-set-definitions"))
    return found


def has_type(steer, want, env, subscription, kind):
    subscription, kind = steer.value(subscription, env), steer.value(kind, env)
    if want:
        item = steer.make("arm-resource-inventory")
        item.update(type=steer.rng.choice([kind, kind.upper()]), subscriptionId=subscription)


def has_destination(steer, want, env, setting):
    properties = steer.target(("get", setting, ("value", "properties")), env)
    for name in ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId"):
        properties[name] = None
    if want:
        properties[steer.rng.choice(["workspaceId", "eventHubAuthorizationRuleId", "marketplacePartnerId"])] = "/subscriptions/x/y"


def covers(steer, want, env, scopes, subscription):
    wanted = f"/subscriptions/{steer.value(subscription, env)}"
    lists = [[wanted], ["/subscriptions/other", wanted.upper()]] if want else [[], None, DROP, [wanted + "/resourceGroups/rg"]]
    steer.place(scopes, env).set(steer.rng.choice(lists))


def live_group(steer, want, env, alert):
    alert = steer.target(alert, env)
    subscription = alert["id"].split("/")[2]
    group = steer.rng.choice(steer.world.items.get("log-action-groups", {}).get(subscription) or [steer.make("log-action-groups")])
    group["properties"] = {"enabled": want or steer.rng.random() < 0.5, "emailReceivers": [{"name": "x"}] if want else []}
    actions = _list_at(alert, "properties", "actions", "actionGroups")
    actions[:] = [{"actionGroupId": steer.rng.choice([group["id"], group["id"].upper()])}] if want or steer.rng.random() < 0.6 else []


def role_of(steer, env, assignment):
    properties = steer.target(("get", assignment, ("value", "properties")), env)
    return _RolePlace(properties)


class _RolePlace(Place):
    """The role of an assignment, which is known by the end of an id."""

    def __init__(self, properties):
        super().__init__(properties, "roleDefinitionId")

    def set(self, value):
        known = isinstance(value, str) and value
        super().set(f"/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/{value}" if known else value)


def at_subscription(steer, want, env, assignment):
    item = steer.target(assignment, env)
    subscription = item["id"].split("/")[2] if "/" in item.get("id", "") else "x"
    here = f"/subscriptions/{subscription}"
    scopes = ["/", here, here.upper(), "/providers/Microsoft.Management/managementGroups/mg"] if want else [here + "/resourceGroups/rg-1", None]
    steer.target(("get", assignment, ("value", "properties")), env)["scope"] = steer.rng.choice(scopes)


def under_scope(steer, want, env, thing, lock):
    held, lock = steer.value(thing, env), steer.target(lock[2][0], env)
    if not isinstance(held, str):
        raise CannotSteer
    parts = held.split("/")
    scopes = ["/".join(parts[:3]), "/".join(parts[:5]), held] if want else ["/".join(parts[:5])[:-1], held + "0", "/subscriptions/other"]
    lock["id"] = f"{steer.rng.choice(scopes)}/providers/Microsoft.Authorization/locks/l{steer.rng.randrange(1 << 30)}"


def settings(steer, want, env, arguments, variable, body):
    """A policy of that family with a setting that fits, or nothing new."""
    from scaffold import setting_instance
    if not want:
        return
    texts = [steer.value(part, env) for tree in walk(body) if tree[0] in ("==", "method") for part in (tree[2] if tree[0] == "==" else tree[3][0],)]
    ends = [text for text in texts if isinstance(text, str) and text.startswith("_")]
    name = next(text for text in texts if isinstance(text, str) and not text.startswith("_"))
    policy = steer.make("intune-configuration-policies")
    policy.update(isAssigned=True, templateReference={"templateFamily": steer.value(arguments[0], env)})
    item = steer.make("intune-configuration-policy-settings", policy["id"])
    item["settingInstance"] = setting_instance(steer.rng, "device_x_" + name if not name.startswith("device") else name, steer.rng.choice(ends))


def tag_key(steer, want, env, tags, key):
    key, place = steer.value(key, env), steer.place(tags, env)
    held = {name: value for name, value in (place.get() or {}).items() if name.lower() != key.lower()}
    if want:
        held[steer.recased(key)] = "x"
    place.set(held or steer.rng.choice([{}, None, DROP]))


def excluded_users(steer, env, policy):
    return Place(steer.target(("get", ("get", policy, ("value", "conditions")), ("value", "users")), env), "excludeUsers")


def ca(*paths):
    """Sets one of the paths: (names, good values, bad values)."""
    def run(steer, want, env, policy, *_):
        item = steer.target(policy, env)
        chosen = [steer.rng.choice(paths)] if not want else paths
        for names, good, bad in chosen:
            holder = item
            for name in names[:-1]:
                if not isinstance(holder.get(name), dict):
                    holder[name] = {}
                holder = holder[name]
            Place(holder, names[-1]).set(steer.rng.choice(good if want else bad))
    return run


def ca_roles(steer, want, env, policy, roles):
    users = steer.target(("get", ("get", policy, ("value", "conditions")), ("value", "users")), env)
    wanted = steer.value(roles, env)
    users["includeUsers"] = ["All"] if want and steer.rng.random() < 0.5 else []
    users["includeRoles"] = list(wanted) if want else wanted[1:]


def nsg(steer, want, env, rule, rules, protocol, port):
    item, port = steer.target(rule, env), steer.value(port, env)
    choose = steer.rng.choice
    properties = {"access": "Allow", "direction": "Inbound", "priority": choose([100, 200, 300]), "protocol": choose(["Tcp", "*", "TCP", "tcp"]),
                  "destinationAddressPrefix": "*", "sourceAddressPrefix": choose(["*", "Internet", "0.0.0.0/0", "::/0", "1.0.0.0/8"]),
                  "destinationPortRange": choose([str(port), "*", f"{port - 1}-{port + 1}"])}
    if choose([True, False]):
        properties["sourceAddressPrefixes"], properties["sourceAddressPrefix"] = [properties["sourceAddressPrefix"]], None
    if choose([True, False]):
        properties["destinationPortRanges"], properties["destinationPortRange"] = ["9999", properties["destinationPortRange"]], None
    if not want:
        properties.update(choose([{"access": "Deny"}, {"direction": "Outbound"}, {"protocol": "Udp"}, {"destinationPortRange": "9998", "destinationPortRanges": []},
                                  {"sourceAddressPrefix": "10.0.0.0/8", "sourceAddressPrefixes": []}, {"sourceAddressPrefix": "1.0.0.0/9",
                                                                                                       "sourceAddressPrefixes": []}]))
    item.update(name=f"r{steer.rng.randrange(1 << 20)}", properties=properties)


USERS, GRANT = ("conditions", "users"), ("grantControls",)
FULL_MFA = [({"operator": "OR", "builtInControls": ["mfa"], "termsOfUse": [], "customAuthenticationFactors": [], "authenticationStrength": None}),
            ({"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}),
            ({"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa",
                                                                                  "allowedCombinations": ["password,sms"]}})]
WEAK_MFA = [({"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}), ({"operator": "OR", "builtInControls": ["MFA"]}), None, DROP,
            ({"operator": "OR", "builtInControls": ["mfa"], "termsOfUse": ["t"]}), ({"operator": "or", "builtInControls": []}),
            ({"operator": "OR", "builtInControls": ["mfa"], "customAuthenticationFactors": ["c"]}),
            ({"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": "s", "requirementsSatisfied": "none"}}),
            ({"operator": "OR", "builtInControls": ["compliantDevice"], "authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa"}})]
STRONG = [({"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa", "allowedCombinations": one}})
          for one in (["fido2"], ["windowsHelloForBusiness", "fido2"], ["x509CertificateMultiFactor"])]
NOT_STRONG = [({"operator": "OR", "builtInControls": more, "authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa", "allowedCombinations": one}})
              for one, more in ((["fido2", "password,sms"], []), ([], []), (None, []), (["fido2"], ["mfa"]), (["FIDO2"], []))]

PLACES.update({"groupSetting": group_setting, "roleGuid": role_of, "caExcludedUserIds": excluded_users})
LISTS.update({"settings": settings})
TARGETS.update({"authMethod": auth_method, "pimRule": pim_rule, "appRestriction": app_restriction, "pricing": pricing, "join": joined,
                "setDefinition": set_definition})
CALLS.update({
    "hasKeyIgnoreCase": tag_key,
    "subscriptionHasType": has_type, "hasDestination": has_destination, "coversSubscription": covers, "hasLiveActionGroup": live_group,
    "appliesAtSubscription": at_subscription, "underScope": under_scope, "nsgAllowsInternet": nsg, "caCoversRoles": ca_roles,
    "caEnforced": ca((("state",), ["enabled"], ["disabled", "enabledForReportingButNotEnforced", "Enabled", None])),
    "caAllUsers": ca(((*USERS, "includeUsers"), [["All"]], [[], ["all"], None, DROP, ["x"]])),
    "caAllApps": ca((("conditions", "applications", "includeApplications"), [["All"]], [[], ["all"], None, DROP])),
    "caAllClients": ca((("conditions", "clientAppTypes"), [["all"]], [[], ["All"], ["browser"], DROP])),
    "caNoRoleExclusion": ca(((*USERS, "excludeRoles"), [[], None, DROP], [["62e90394-69f5-4237-9190-012177145e10"]])),
    "caAnyRisk": ca((("conditions", "userRiskLevels"), [[], None], [["high"]]), (("conditions", "signInRiskLevels"), [[], DROP], [["low"]]),
                    (("conditions", "insiderRiskLevels"), [None, DROP], ["minor"]), (("conditions", "servicePrincipalRiskLevels"), [[], None], [["high"]]),
                    (("conditions", "authenticationFlows"), [None, DROP, {"transferMethods": "none"}], [{"transferMethods": "deviceCodeFlow"}])),
    "caExclusionsApproved": ca(
        ((*USERS, "excludeUsers"), [[], None, ["00000000-0000-4000-8000-00000000e001"]], [["GuestsOrExternalUsers"], ["a", "b", "c"]]),
        ((*USERS, "excludeGroups"), [[], None], [["00000000-0000-4000-8000-00000000e002", "00000000-0000-4000-8000-00000000e003"]]),
        ((*USERS, "excludeGuestsOrExternalUsers"), [None, DROP], [{"guestOrExternalUserTypes": "internalGuest"}]),
        (("conditions", "applications", "excludeApplications"), [[], None], [["Office365"]]),
        (("conditions", "applications", "applicationFilter"), [None, DROP], [{"mode": "exclude", "rule": "x"}]),
        (("conditions", "locations"), [None, {"includeLocations": ["All"], "excludeLocations": []}],
         [{"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}, {"includeLocations": ["x"]}]),
        (("conditions", "platforms"), [None, {"includePlatforms": ["all"], "excludePlatforms": []}], [{"includePlatforms": ["android"]}]),
        (("conditions", "devices"), [None, DROP, {"deviceFilter": None}], [{"deviceFilter": {"mode": "exclude", "rule": "r"}}])),
    "caBlocks": ca(((*GRANT, "builtInControls"), [["block"]], [[], ["Block"], ["mfa"]])),
    "caRequiresMfa": ca((GRANT, FULL_MFA, WEAK_MFA)), "caPhishingResistant": ca((GRANT, STRONG, NOT_STRONG)),
    "caManagedDevice": ca((GRANT, [{"operator": "OR", "builtInControls": ["compliantDevice", "domainJoinedDevice"]},
                                   {"operator": "AND", "builtInControls": ["compliantDevice", "mfa"]}],
                           [{"operator": "OR", "builtInControls": ["compliantDevice", "mfa"]}, {"operator": "OR", "builtInControls": []},
                            {"operator": "OR", "builtInControls": ["compliantDevice"], "authenticationStrength": {"id": "s"}}])),
})
