"""Items of an invented tenant that refer to each other: people, roles, applications, devices, resources."""
import copy
import json
import re
import uuid

from world import RESOURCE_APIS

ONE_EACH = {"graph-group-settings": "templateId", "graph-pim-policy-assignments": "roleDefinitionId", "graph-legacy-policies": "type",
            "graph-cross-tenant-partners": "tenantId"}  # endpoints that hold one item of a kind
NAMED = {"defender-pricings", "defender-settings", "defender-secure-scores", "defender-regulatory-standards", "defender-regulatory-controls"}
TYPES = re.compile(r"'(microsoft\.[a-z./]+)'", re.I)
FAMILIES = ("endpointSecurityDiskEncryption", "endpointSecurityAccountProtection", "endpointSecurityAttackSurfaceReduction",
            "endpointSecurityAntivirus", "baseline", "none")
SETTINGS = (("device_vendor_msft_bitlocker_requiredeviceencryption", ("_1", "_0")),
            ("device_vendor_msft_bitlocker_encryptionmethodbydrivetype_encryptionmethodwithxtsosdropdown_name", ("_6", "_7", "_3")),
            ("device_vendor_msft_laps_policies_backupdirectory", ("_1", "_0")),
            *(("device_vendor_msft_policy_config_defender_attacksurfacereductionrules_" + name, ("_block", "_audit")) for name in (
                "blockabuseofexploitedvulnerablesigneddrivers", "blockpersistencethroughwmieventsubscription",
                "blockcredentialstealingfromwindowslocalsecurityauthoritysubsystem")))
TOXIC = {"62e90394-69f5-4237-9190-012177145e10": "17315797-102d-40b4-93e0-432062caca18",
         "fe930be7-5e62-47db-91af-98c3a49a38b1": "194ae4cb-b126-40b2-bd5b-6091b380977d"}
OWN_APP = "51d2a7c0-0000-4000-8000-0000000000aa"  # the application that assay signs in with
KINDS = {"user": "#microsoft.graph.user", "group": "#microsoft.graph.group", "app": "#microsoft.graph.servicePrincipal"}


class Fixtures:
    """Answers that lie beside the plugins, as items to begin with."""

    def __init__(self, plugins):
        self.items = {}
        for path in sorted(plugins.glob("*/fixtures/*.json")):
            document, name = json.loads(path.read_text()), re.sub(r"\.\d+$", "", path.stem)
            found = document.get("value", document.get("data", [document])) if isinstance(document, dict) else document
            self.items.setdefault(name, []).extend(item for item in found if isinstance(item, dict))

    def of(self, rng, endpoint):
        found = self.items.get(endpoint)
        return copy.deepcopy(rng.choice(found)) if found else {}


class Scaffold:
    def __init__(self, world, fixtures, rng):
        self.world, self.fixtures, self.rng, self.sets = world, fixtures, rng, world.catalogue.sets
        self.poor = rng.random() < 0.15  # a tenant with few licences

    def guid(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def mixed(self, text):
        """The text, or the same in another case."""
        return self.rng.choice([text, text, text.upper(), text.lower()])

    def of(self, endpoint, key="id", else_new=0.0):
        """A value of `key` of some item of an endpoint; now and then a new one."""
        known = [item[key] for item in self.world.all(endpoint) if item.get(key)]
        return self.guid() if not known or self.rng.random() < else_new else self.rng.choice(known)

    def make(self, endpoint, parent=None):
        """One more item, for a random parent when none is given. ValueError when it has none."""
        if parent is None:
            parents = self.world.parents(endpoint)[1]
            if not parents:
                raise ValueError(f"{endpoint} has no parent")
            parent = self.rng.choice(parents)
        item = self.fixtures.of(self.rng, endpoint)
        self.identify(item, endpoint, parent)
        plain = endpoint not in MAKERS and self.world.catalogue.endpoints[endpoint]["host"] == "graph"
        if plain and self.rng.random() < 0.5:
            self.strip(item)
        if endpoint in MAKERS:
            MAKERS[endpoint](self, item, parent)
        return self.world.put(endpoint, item, parent)

    def strip(self, item):
        """Leaves some properties out, as services do."""
        for name in list(item):
            if name not in ("id", "@odata.type", "assignments") and self.rng.random() < 0.4:
                item.pop(name)

    def identify(self, item, endpoint, parent):
        spec = self.world.catalogue.endpoints[endpoint]
        if spec["paging"] == "single" and parent.startswith("/"):
            item["id"] = parent + spec["path"][spec["path"].index("}", spec["path"].rindex("{")) + 1:]
        elif spec["paging"] == "single":
            item.setdefault("id", endpoint)
        elif "ResourceGraph" in spec["path"]:
            self.resource(item, spec)
        elif spec["host"] == "arm":
            self.azure_id(item, endpoint, spec, parent)
        elif endpoint == "graph-domains":
            item["id"] = f"d{self.rng.randrange(1 << 30)}.example"
        else:
            item["id"] = self.guid()

    def resource(self, item, spec):
        kinds = TYPES.findall(json.loads(spec["body"])["query"]) or ["microsoft.storage/storageaccounts", "microsoft.keyvault/vaults",
                                                                     "microsoft.web/sites", "microsoft.compute/virtualmachines"]
        if "subassessments" in json.loads(spec["body"])["query"]:
            sub = self.rng.choice(self.world.subscriptions())
            item.update(subscriptionId=sub, n=1, severity="High", assessment=f"/subscriptions/{sub}/providers/Microsoft.Security/a/{self.guid()}")
            return
        kind, sub = self.rng.choice(kinds), self.rng.choice(self.world.subscriptions())
        group, name = self.mixed(f"rg-{self.rng.randrange(9)}"), f"n{self.rng.randrange(1 << 30)}"
        item.update(id=f"/subscriptions/{sub}/resourceGroups/{group}/providers/{self.mixed(kind)}/{name}", name=name, type=kind,
                    subscriptionId=sub)
        item.setdefault("location", self.rng.choice(["westeurope", "northeurope", "global"]))
        item.setdefault("properties", {})

    def azure_id(self, item, endpoint, spec, parent):
        base = f"/subscriptions/{parent.split('/')[0]}" if spec["scope"] == "subscription" else parent if parent.startswith("/") else ""
        unique = f"x{self.rng.randrange(1 << 30)}"
        if endpoint == "arm-subscriptions":
            guid = self.guid()
            item.update(id=f"/subscriptions/{guid}", subscriptionId=guid)
            item.setdefault("state", "Enabled")
            return
        tail = re.sub(r"^.*?(?=/providers/)|\{\w+\}", "", spec["path"])
        if endpoint in NAMED:
            item.setdefault("name", unique)
            unique = item["name"]
        item["id"] = f"{base}{tail}/{unique}"
        item.setdefault("name", unique)
        item.setdefault("properties", {})


def _role_assignment(make, item, _):
    kind = make.rng.choice(["user", "user", "user", "group", "app"])
    source = {"user": "graph-users", "group": "graph-groups", "app": "graph-service-principals"}[kind]
    principal = make.of(source, else_new=0.1 if kind == "user" else 0)
    roles = make.sets[make.rng.choice(["tier0_roles", "privileged_roles", "scuba_privileged_roles"])]
    item.update(principalId=principal, roleDefinitionId=make.mixed(make.rng.choice([*roles[:3], *roles, "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"])),
                directoryScopeId=make.rng.choice(["/", "/", "/", "/", "/administrativeUnits/" + principal]))
    earlier = [one for one in make.world.all("graph-role-assignments") if one.get("principal", {}).get("@odata.type") == KINDS["user"]]
    if earlier and make.rng.random() < 0.2:
        other = make.rng.choice(earlier)
        item["roleDefinitionId"] = TOXIC.get(str(other["roleDefinitionId"]).lower(), item["roleDefinitionId"])
        kind, principal, item["principalId"], item["directoryScopeId"] = "user", other["principalId"], other["principalId"], "/"
    item["principal"] = {"@odata.type": KINDS[kind], "id": principal, "displayName": "x"}


def _eligibility(make, item, parent):
    _role_assignment(make, item, parent)
    item.pop("principal", None)  # the service does not expand it here


def _schedule(make, item, _):
    source = make.rng.choice(make.world.all("graph-role-assignments") or [{}])
    item.update(principalId=source.get("principalId"), roleDefinitionId=source.get("roleDefinitionId"), directoryScopeId=source.get("directoryScopeId"))
    item.update(assignmentType=make.rng.choice(["Activated", "Assigned", "activated"]),
                endDateTime=make.rng.choice([None, None, "2030-01-01T00:00:00Z"]))


def _member(make, item, _):
    kind = make.rng.choice(["user", "user", "user", "app", "group"])
    item.update(id=make.of("graph-users" if kind == "user" else "graph-service-principals"))
    item["@odata.type"] = KINDS[kind]


def _service_principal(make, item, _):
    taken = {one.get("appId") for one in make.world.all("graph-service-principals")}
    missing = [one for one in (*RESOURCE_APIS[:2], OWN_APP, *RESOURCE_APIS[2:]) if one not in taken]
    item.update(appId=missing[0] if missing and len(taken) < 5 else make.guid(), appRoles=[], oauth2PermissionScopes=[],
                servicePrincipalType=make.rng.choice(["Application", "Application", "ManagedIdentity"]),
                appOwnerOrganizationId=make.rng.choice([make.guid(), make.of("graph-organization"), None, "f8cdef31-a31e-4b4a-93e4-5f571e91255a"]))
    if item["appId"] in RESOURCE_APIS:
        names = make.sets["critical_app_permissions"] + make.sets["high_app_permissions"] + ["User.Read.All", "Policy.Read.All"]
        item["appRoles"] = [{"id": make.guid(), "value": name, "isEnabled": True} for name in make.rng.sample(names, 12)]


def _app_role_assignment(make, item, parent):
    resource = next(one for one in make.world.all("graph-service-principals") if one["id"] == parent)
    roles = [role["id"] for role in resource["appRoles"]] or [make.guid()]
    item.update(appRoleId=make.rng.choice([*roles, make.guid()]) if make.rng.random() < 0.2 else make.rng.choice(roles), resourceId=parent,
                principalId=make.of("graph-service-principals", else_new=0.05), principalType="ServicePrincipal")


def _application(make, item, _):
    item["appId"] = make.of("graph-service-principals", "appId", else_new=0.3)
    for credential in [*(item.get("passwordCredentials") or []), *(item.get("keyCredentials") or [])]:
        credential["keyId"] = make.guid()


def _keyed(source, key="id", name="id"):
    """An item that is about an item of another endpoint, which has none of it yet."""
    def run(make, item, _):
        item[name] = make.of(source, key)
    return run


def _grant(make, item, _):
    item.update(clientId=make.of("graph-service-principals"), consentType=make.rng.choice(["AllPrincipals", "AllPrincipals", "Principal"]))
    names = [*make.sets["sensitive_delegated_scopes"], "User.Read", "openid", "mail.read"]
    item["scope"] = make.rng.choice([None, "", " " + " ".join(make.rng.sample(names, 2)), "User.Read openid"])


def _device(make, item, _):
    item["azureADDeviceId"] = make.guid()


def _directory_device(make, item, _):
    item["deviceId"] = make.of("intune-managed-devices", "azureADDeviceId", else_new=0.5)


def _skus(make, item, _):
    plans = make.world.catalogue.plans
    names = {"AAD_PREMIUM": 0.5, "AAD_PREMIUM_P2": 0.2, "INTUNE_A": 0.5} if make.poor else {"AAD_PREMIUM": 0.9, "AAD_PREMIUM_P2": 0.8, "INTUNE_A": 0.95}
    chosen = [{"servicePlanId": make.mixed(plans[name]), "servicePlanName": name,
               "provisioningStatus": "Success" if make.rng.random() < share else make.rng.choice(["Disabled", "PendingInput", None])}
              for name, share in names.items()]
    chosen += [{"servicePlanId": make.guid(), "servicePlanName": name, "provisioningStatus": "Success"}
               for name in ("AAD_WRKLDID_P2", "ENTRA_ID_GOVERNANCE", "ATA", "THREAT_INTELLIGENCE", "RMS_S_ENTERPRISE", "OFFICESUBSCRIPTION")
               if make.rng.random() < 0.85]
    item.update(skuId=make.guid(), skuPartNumber=f"SKU{make.rng.randrange(999)}", servicePlans=chosen, appliesTo="User",
                capabilityStatus=make.rng.choice(["Enabled", "Enabled", "Enabled", "Warning", "Suspended"]))


def _user(make, item, _):
    item.update(accountEnabled=True, userType=make.rng.choice(["Member", "Member", "Guest"]))
    item["assignedLicenses"] = [{"skuId": make.of("graph-subscribed-skus", "skuId")}] if make.rng.random() < 0.4 else []


def _azure_role_assignment(make, item, parent):
    kind = make.rng.choice(["User", "User", "Group", "ServicePrincipal", "Unknown", "ForeignGroup"])
    source = {"User": "graph-users", "Group": "graph-groups"}.get(kind, "graph-service-principals")
    role = make.rng.choice([*make.sets["arm_privileged_roles"], "acdd72a7-3385-48ef-bd42-f606fba81ae7"])
    scopes = ["/", f"/subscriptions/{parent}", f"/subscriptions/{parent}/resourceGroups/rg-1", "/providers/Microsoft.Management/managementGroups/mg"]
    item["properties"] = {"principalId": make.mixed(make.of(source, else_new=0.2)), "principalType": kind, "scope": make.rng.choice(scopes),
                          "roleDefinitionId": f"/subscriptions/{parent}/providers/Microsoft.Authorization/roleDefinitions/{make.mixed(role)}"}


def _azure_schedule(make, item, parent):
    _azure_role_assignment(make, item, parent)
    item["properties"].update(assignmentType=make.rng.choice(["Activated", "Assigned"]), endDateTime=make.rng.choice([None, "2030-01-01T00:00:00Z"]))


def _configuration_policy(make, item, _):
    item.update(isAssigned=make.rng.choice([True, True, False]), templateReference={"templateFamily": make.rng.choice(FAMILIES)}, name="p")


def setting_instance(rng, name, end):
    """A choice with that value, alone or deep in a tree."""
    simple = {"@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance", "settingDefinitionId": name,
              "choiceSettingValue": {"value": name + end, "children": []}}
    nested = {"@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance", "settingDefinitionId": "outer",
              "choiceSettingValue": {"value": "outer_1", "children": [simple]}}
    grouped = {"@odata.type": "#microsoft.graph.deviceManagementConfigurationGroupSettingCollectionInstance", "settingDefinitionId": "group",
               "groupSettingCollectionValue": [{"children": [simple]}]}
    several = {"settingDefinitionId": name, "choiceSettingCollectionValue": [simple["choiceSettingValue"]],
               "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingCollectionInstance"}
    return rng.choice([simple, nested, grouped, several])


def _setting(make, item, _):
    name, ends = make.rng.choice(SETTINGS)
    item["settingInstance"] = setting_instance(make.rng, name, make.rng.choice(ends))
    item["id"] = str(make.rng.randrange(1 << 30))


def _policy_state(make, item, parent):
    item.pop("id", None)
    item.pop("name", None)
    item.pop("properties", None)
    resource = f"/subscriptions/{parent}/resourceGroups/{make.mixed('rg-1')}/providers/x/y/r{make.rng.randrange(12)}"
    item.update(resourceId=resource, policyAssignmentId=f"/subscriptions/{parent}/providers/Microsoft.Authorization/policyAssignments/a{make.rng.randrange(4)}",
                policyDefinitionReferenceId=make.rng.choice([None, "", f"ref{make.rng.randrange(1 << 20)}"]), complianceState="NonCompliant")


def _policy_assignment(make, item, parent):
    builtin = ["1f3afdf9-d0c9-4c3d-847f-89da613e70a8", "e56962a6-4747-49cd-b67b-bf8b01975c4c", make.guid()]
    kind = make.rng.choice(["policySetDefinitions", "policyDefinitions"])
    wanted = f"/providers/Microsoft.Authorization/{kind}/{make.mixed(make.rng.choice(builtin))}"
    item["properties"] = {**item["properties"], "policyDefinitionId": make.rng.choice([wanted, make.of("arm-policy-set-definitions")])}


def _review_instance(make, item, _):
    item["status"] = make.rng.choice(["Completed", "InProgress"])


def _partner(make, item, _):
    item.pop("id", None)
    item.update(tenantId=make.guid())


def _directory_review(make, item, _):
    query = make.rng.choice(["/roleManagement/directory/roleAssignmentScheduleInstances?$expand=principal",
                             "./members?$filter=(userType eq 'Guest')", "/groups"])
    item["scope"] = make.rng.choice([{"query": query}, {"resourceScopes": [{"query": query}], "principalScopes": [{"query": "/users"}]}, None])
    pattern = {"type": make.rng.choice(["absoluteMonthly", "weekly", "absoluteYearly", None]), "interval": make.rng.choice([1, 3, 6, 7])}
    item["settings"] = {"recurrence": {"pattern": make.rng.choice([pattern, pattern, None])}}


def _legacy_policy(make, item, _):
    domains = make.rng.choice([{"AllowedDomains": []}, {"BlockedDomains": ["x.example"]}, {}])
    item.update(type="B2BManagementPolicy", definition=[json.dumps({"B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": domains}})])


def _timeout_policy(make, item, _):
    idle = make.rng.choice(["03:00:00", "03:00:01", "1.00:00:00", "00:15:00", None, "soon"])
    inner = {"ActivityBasedTimeoutPolicy": {"Version": 1, "ApplicationPolicies": [{"ApplicationId": "default", "WebSessionIdleTimeout": idle}]}}
    item.update(definition=make.rng.choice([[json.dumps(inner)], ["{"], []]), isOrganizationDefault=make.rng.choice([True, True, False]))


def _permissions(make, item, _):
    _nameless(item)
    item.update(actions=["*/read"], notActions=[], dataActions=[], notDataActions=[])


def _event(make, item, _):
    item["eventDataId"] = make.guid()


def _domain(make, item, _):
    item.update(authenticationType=make.rng.choice(["Managed", "Federated"]), isVerified=True, isRoot=True)


def _nameless(item):
    """What the service gives without a name: its subscription is all that tells it."""
    for key in ("id", "name", "properties"):
        item.pop(key, None)


def _policy_summary(make, item, _):
    _nameless(item)
    details = [{"complianceState": make.rng.choice([state, state.capitalize()]), "count": make.rng.choice([0, 1, 9, 10, 90])}
               for state in make.rng.sample(["compliant", "noncompliant", "conflict"], make.rng.choice([0, 2, 3]))]
    item["results"] = {"resourceDetails": details, "nonCompliantResources": 0}


def _secure_score(make, item, _):
    names = [one["id"] for one in make.world.all("defender-m365-secure-score-profiles")] or ["MFARegistrationV2"]
    chosen = make.rng.sample(["mdo_safelinks", "mdo_atp", *names], 3)
    item.update(controlScores=[{"controlName": name, "controlCategory": "Apps", "scoreInPercentage": make.rng.choice([0, 80, 79.99, 100, None])}
                               for name in dict.fromkeys(chosen)])


def _score_profile(make, item, _):
    item.update(id=f"scid_{make.rng.randrange(1 << 20)}", maxScore=make.rng.choice([3, 5, 10]), deprecated=make.rng.choice([False, False, True, None]))


def _enrollment(make, item, _):
    kind = make.rng.choice(["deviceEnrollmentPlatformRestrictionsConfiguration", "deviceEnrollmentWindowsHelloForBusinessConfiguration",
                            "deviceEnrollmentLimitConfiguration"])
    item.update({"@odata.type": "#microsoft.graph." + kind, "priority": make.rng.choice([0, 1])})
    for name in ("iosRestriction", "androidRestriction", "windowsRestriction", "macOSRestriction"):
        item[name] = {"platformBlocked": False, "personalDeviceEnrollmentBlocked": True}


def _role_definition(make, item, _):
    item.update(id=make.rng.choice(make.sets["privileged_roles"]), isBuiltIn=True, isEnabled=True)
    item["templateId"] = item["id"]


MAKERS = {
    "graph-domains": _domain, "graph-cross-tenant-partners": _partner, "arm-policy-summary": _policy_summary, "defender-m365-secure-score": _secure_score,
    "defender-m365-secure-score-profiles": _score_profile, "intune-enrollment-configurations": _enrollment,
    "graph-role-assignments": _role_assignment, "graph-role-eligibility-schedules": _eligibility, "graph-role-assignment-schedules": _schedule,
    "graph-group-members": _member, "graph-service-principals": _service_principal, "graph-sp-app-role-assignments": _app_role_assignment,
    "graph-applications": _application, "graph-oauth2-grants": _grant, "graph-users": _user, "graph-subscribed-skus": _skus,
    "graph-user-registration-details": _keyed("graph-users"), "graph-users-signin-activity": _keyed("graph-users"),
    "graph-sp-owners": _keyed("graph-users"), "graph-role-definitions": _role_definition, "intune-managed-devices": _device,
    "graph-devices": _directory_device, "intune-laps-credentials": _keyed("intune-managed-devices", "azureADDeviceId"),
    "arm-role-assignments": _azure_role_assignment, "arm-role-assignment-schedules": _azure_schedule, "arm-policy-states": _policy_state,
    "arm-policy-assignments": _policy_assignment, "intune-configuration-policies": _configuration_policy,
    "intune-configuration-policy-settings": _setting, "graph-access-review-instances": _review_instance, "graph-access-reviews": _directory_review,
    "graph-legacy-policies": _legacy_policy, "graph-activity-timeout-policies": _timeout_policy, "arm-own-permissions": _permissions,
    "log-activity-events": _event, "log-tenant-activity-events": _event,
}
