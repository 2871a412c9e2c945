"""Answers of the big tenant's services, page by page, made when they are asked for."""
import json
import re
import urllib.parse

import cost
import logs
from shape import DIRECTORY, JOINED, MANAGED, OLD, STATES_PER_RESOURCE, STRANGE, SUPPORTED, TENANT_MEMBERS, guid, subscription

PLANS = {"AAD_PREMIUM": "41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM_P2": "eec0eb4f-6444-4f95-aba0-50c24d67f998",
         "INTUNE_A": "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"}
NOT_FOUND = {"error": {"code": "ResourceNotFound", "message": "There is no such thing."}}
REFUSED = {"error": {"code": "AuthorizationFailed", "message": "Not of this tenant."}}
SKIP = re.compile(r"[?&]\$skiptoken=(\d+)")
STATE = ('{"@odata.id":null,"@odata.context":"https://big.example/$metadata#latest/$entity","timestamp":"%s","resourceId":"%s",'
         '"policyAssignmentId":"%s","policyDefinitionId":"/providers/Microsoft.Authorization/policyDefinitions/9daedab3-fb2d-461e-b861-%012x",'
         '"resourceType":"Microsoft.Storage/storageAccounts","resourceLocation":"westeurope","policyDefinitionAction":"%s",'
         '"policySetDefinitionId":"/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8",'
         '"policyDefinitionReferenceId":"%s","complianceState":"NonCompliant",'
         '"policyDefinitionGroupNames":["Azure_Security_Benchmark_v3.0_DP-%d","Azure_Security_Benchmark_v3.0_NS-%d"]}')


class Pages:
    """answer() gives (status, bytes). Lists: how many items, how many on a page, and the text of item number n."""

    def __init__(self, shape, base):
        self.shape, self.base = shape, base

    def answer(self, method, target, body):
        path, at = urllib.parse.unquote(target.split("?")[0]), SKIP.search(urllib.parse.unquote(target))
        number = int(at.group(1)) if at else 0
        if path == "/providers/Microsoft.ResourceGraph/resources":
            return 200, self.resource_graph(json.loads(body))
        for pattern, make in LISTS:
            if (match := pattern.fullmatch(path)) and not ("principalId eq" in target or "assignedTo" in target):
                count, size, text = make(self, urllib.parse.unquote_plus(target), *match.groups())
                azure = path.startswith(("/subscriptions", "/providers")) and not path.endswith("queryResults")
                return 200, self.page(target, number, count, size, text, "nextLink" if azure else "@odata.nextLink")
        return (404, NOT_FOUND) if path.startswith(("/v1.0/servicePrincipals(", "/providers")) else (200, {"value": []})

    def page(self, target, number, count, size, text, link):
        last = min(count, (number + 1) * size)
        more = ""
        if last < count:
            plain = SKIP.sub("", target)
            more = json.dumps(link) + ":" + json.dumps(f"{self.base()}{plain}{'&' if '?' in plain else '?'}$skiptoken={number + 1}") + ","
        return ("{" + more + '"value":[' + ",".join(map(text, range(number * size, last))) + "]}").encode()

    def resource_graph(self, body):
        """The inventory is large; every other table is empty."""
        number, size = int(body.get("options", {}).get("$skipToken") or 0), 1000
        count = self.shape.resources if body["query"].lstrip().startswith("resources | project id, name, type") else 0
        last = min(count, (number + 1) * size)
        answer = {"totalRecords": count, "count": max(0, last - number * size), "resultTruncated": "false",
                  "data": [self.resource(r) for r in range(number * size, last)]}
        if last < count:
            answer["$skipToken"] = str(number + 1)
        return json.dumps(answer).encode()

    def resource(self, r):
        shape, name = self.shape, self.shape.resource_id(r)
        tags = {"Owner": "a", "environment": "prod", "DATACLASSIFICATION": "x"} if shape.is_tagged(r) else {"owner": "a", "environment": "prod"}
        return {"id": name, "name": name.split("/")[-1], "type": "microsoft.storage/storageaccounts", "location": shape.region(r),
                "resourceGroup": f"rg-{r % 300:03}", "subscriptionId": subscription(shape.home(r)), "tags": tags, "sku": None, "kind": "", "identity": None}

    # Lists: (count, size of a page, number -> text).

    def users(self, target):
        return (self.shape.users, 500, self.activity) if "signInActivity" in target else (self.shape.users, 999, self.user)

    def user(self, i):
        shape = self.shape
        item = {"id": guid(TENANT_MEMBERS, i), "userPrincipalName": f"p{i}@big.example", "displayName": f"Person {i}", "accountEnabled": shape.is_enabled(i),
                "userType": "Guest" if shape.is_guest(i) else "Member", "onPremisesSyncEnabled": None, "onPremisesImmutableId": None,
                "createdDateTime": shape.ago(shape.CREATED), "lastPasswordChangeDateTime": shape.ago(100.5), "assignedLicenses": [], "usageLocation": "DE",
                "passwordPolicies": "DisablePasswordExpiration, DisableStrongPassword" if shape.has_weak_password(i) else None,
                "externalUserState": ("PendingAcceptance" if shape.is_pending(i) else "Accepted") if shape.is_guest(i) else None,
                "externalUserStateChangeDateTime": shape.ago(shape.invited(i)) if shape.is_guest(i) else None}
        return json.dumps(item)

    def activity(self, i):
        shape, times = self.shape, {}
        for name, age in (("lastSignInDateTime", shape.signed_in(i)), ("lastNonInteractiveSignInDateTime", shape.signed_in_silently(i))):
            if age is not None:
                times[name] = shape.ago(age)
        item = {"id": guid(TENANT_MEMBERS, i), "userType": "Guest" if shape.is_guest(i) else "Member", "accountEnabled": shape.is_enabled(i),
                "createdDateTime": shape.ago(shape.CREATED)}
        return json.dumps({**item, "signInActivity": times} if times else item)

    def registrations(self, _):
        return self.shape.users - self.shape.users // 101, 999, self.registration

    def registration(self, n):
        i = n + n // 100  # every hundred-and-first user has none
        return json.dumps({"id": guid(TENANT_MEMBERS, i), "userPrincipalName": f"p{i}@big.example", "isAdmin": False, "isMfaRegistered": self.shape.is_capable(i),
                           "isMfaCapable": self.shape.is_capable(i), "methodsRegistered": ["microsoftAuthenticatorPush"], "userType": "member"})

    def directory_devices(self, _):
        return self.shape.devices, 999, self.directory_device

    def directory_device(self, j):
        shape = self.shape
        return json.dumps({"id": guid(DIRECTORY, j), "deviceId": guid(JOINED if shape.is_joined(j) else STRANGE, j), "displayName": f"D{j}",
                           "accountEnabled": shape.joined_enabled(j), "approximateLastSignInDateTime": shape.ago(shape.seen(j)), "isCompliant": None,
                           "isManaged": shape.managed_flag(j), "operatingSystem": shape.system(j), "trustType": "AzureAd"})

    def managed_devices(self, _):
        return self.shape.devices, 1000, self.managed_device

    def managed_device(self, j):
        shape, system = self.shape, self.shape.system(j)
        item = {"id": guid(MANAGED, j), "azureADDeviceId": guid(JOINED, j), "deviceName": f"D{j}", "operatingSystem": system,
                "osVersion": (SUPPORTED if shape.is_supported(j) else OLD)[system], "complianceState": shape.compliance(j), "jailBroken": shape.jail_broken(j),
                "lastSyncDateTime": shape.ago(shape.synced(j)), "enrolledDateTime": shape.ago(500.5), "managedDeviceOwnerType": "company",
                "partnerReportedThreatState": shape.threat(j), "isEncrypted": shape.encrypted(j)}
        if system == "Android":
            item["androidSecurityPatchLevel"] = shape.day_ago(shape.patched(j))
        return json.dumps(item)

    def subscriptions(self, _):
        return self.shape.subscriptions, 100, lambda k: json.dumps({
            "id": f"/subscriptions/{subscription(k)}", "subscriptionId": subscription(k), "displayName": f"Big {k}", "state": "Enabled"})

    def states(self, _, home):
        """States of one subscription: twenty of each of its resources."""
        k, shape, stamp = int(home[3:8], 16), self.shape, self.shape.ago(1.5)
        mine = range(k, shape.resources, shape.subscriptions)
        missing = shape.resources * STATES_PER_RESOURCE - shape.states if mine and mine[-1] == shape.resources - 1 else 0

        def text(n):
            resource, part = mine[n // STATES_PER_RESOURCE], n % STATES_PER_RESOURCE
            state = resource * STATES_PER_RESOURCE + part
            return STATE % (stamp, shape.resource_id(resource), shape.assignment_id(state), part, shape.action(state), shape.reference(state),
                            part % 8 + 1, part % 10 + 1)
        return len(mine) * STATES_PER_RESOURCE - missing, 1000, text

    def licences(self, _):
        plans = [{"servicePlanId": one, "servicePlanName": name, "provisioningStatus": "Success"} for name, one in PLANS.items()]
        sku = {"skuId": guid(9, 9), "skuPartNumber": "SPE_E5", "capabilityStatus": "Enabled", "servicePlans": plans, "prepaidUnits": {"enabled": 9}}
        return 1, 1, lambda _: json.dumps(sku)


def _listed(path, make):
    return re.compile(path, re.I), make


LISTS = [
    _listed("/v1.0/users", Pages.users), _listed("/v1.0/reports/authenticationMethods/userRegistrationDetails", Pages.registrations),
    _listed("/v1.0/devices", Pages.directory_devices), _listed("/v1.0/deviceManagement/managedDevices", Pages.managed_devices),
    _listed("/v1.0/subscribedSkus", Pages.licences), _listed("/subscriptions", Pages.subscriptions),
    _listed("/subscriptions/([^/]+)/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults", Pages.states),
    *(_listed(*one) for one in logs.LISTS),
    *cost.lists(_listed),
]
