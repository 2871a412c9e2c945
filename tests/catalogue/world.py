"""An invented tenant: raw items of every endpoint, by the parent that they are asked for, and how each endpoint answers."""

from values import folded

RESOURCE_APIS = ("00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000",
                 "00000003-0000-0ff1-ce00-000000000000", "c5393580-f805-4401-95e8-94b7a6ef2fc2")
TIER0_ENDPOINTS = ("graph-role-assignments", "graph-sp-app-role-assignments", "graph-service-principals")
SETTINGS_OF = (  # families of policies that a check looks into: settings of no others are asked for
    "endpointSecurityAccountProtection", "endpointSecurityAttackSurfaceReduction", "endpointSecurityDiskEncryption")
LOG_TYPES = ("microsoft.keyvault/vaults", "microsoft.network/networksecuritygroups", "microsoft.network/azurefirewalls",
             "microsoft.network/applicationgateways", "microsoft.sql/servers", "microsoft.storage/storageaccounts")


class World:
    """`answers`: endpoint -> ok | partial | forbidden | not_found; ok when it is not named."""

    def __init__(self, catalogue, answers=None):
        self.catalogue, self.answers = catalogue, answers or {}
        self.items = {}  # endpoint -> parent -> [raw item]
        self.tops = set()  # identities of the raw items: what they are called is not steered

    def put(self, endpoint, item, parent=""):
        self.items.setdefault(endpoint, {}).setdefault(parent, []).append(item)
        self.tops.add(id(item))
        return item

    def all(self, endpoint):
        """Every raw item of an endpoint, of all parents."""
        return [item for items in self.items.get(endpoint, {}).values() for item in items]

    def one(self, endpoint):
        """The single object of an endpoint; made when there is none."""
        found = self.all(endpoint)
        return found[0] if found else self.put(endpoint, {"id": endpoint})

    def subscriptions(self):
        return [item["subscriptionId"] for item in self.all("arm-subscriptions")]

    # What the services hand out, and what thereby is known.

    def pages(self, endpoint, parent):
        """Pages of items that a caller gets; None for the page that is refused, [] for none at all."""
        items, answer = self.items.get(endpoint, {}).get(parent, []), self.answers.get(endpoint, "ok")
        if answer in ("forbidden", "not_found"):
            return [None]
        last = answer == "partial" and parent == max(self.parents_with_items(endpoint), default="")
        if self.catalogue.endpoints[endpoint]["paging"] in ("single", "none"):
            return [None] if last or self.missing(endpoint, items) else [items]
        cut = (len(items) + 1) // 2 if len(items) > 2 else len(items)
        pages = [items[:cut], items[cut:]] if len(items) > cut else [items]
        return [pages[0], None] if last else pages

    def missing(self, endpoint, items):
        return not items and self.catalogue.endpoints[endpoint]["paging"] == "single"

    def parents_with_items(self, endpoint):
        return self.items.get(endpoint, {}).keys()

    def delivered(self, endpoint):
        """(status, normalised items) of an endpoint after everything that may be asked was asked."""
        spec = self.catalogue.endpoints[endpoint]
        state, parents = self.parents(endpoint)
        if state == "skipped":
            return state, []
        found, statuses = [], set()
        for parent in parents:
            pages = self.pages(endpoint, parent)
            statuses.add("ok" if None not in pages else "cut" if pages != [None] else self.refusal(endpoint, parent))
            for raw in (item for page in pages if page for item in page):
                found.append(self.normalised(spec, raw, parent))
        return self.status(state, statuses), found

    def refusal(self, endpoint, parent):
        """The status of an endpoint that gives nothing for this parent."""
        answer = self.answers.get(endpoint, "ok")
        if answer != "not_found" and self.missing(endpoint, self.items.get(endpoint, {}).get(parent)):
            return "not_found" if answer == "ok" else "forbidden"
        return "forbidden" if answer == "partial" else answer

    @staticmethod
    def status(state, statuses):
        if state == "partial" or "cut" in statuses or len(statuses) > 1:
            return "partial"
        return next(iter(statuses), "ok")

    def normalised(self, spec, raw, parent):
        item = dict(raw)
        if spec["scope"] == "subscription" or spec["scope"].startswith("per:defender"):
            item["subscriptionId"] = parent.split("/")[0]
        if "parent_key" in spec:
            item[spec["parent_key"]] = parent.split("/")[1] if spec["scope"].startswith("per:defender") else parent
        return item

    def parents(self, endpoint):
        """(status, parents) that an endpoint is asked for, as far as what was delivered tells of them."""
        scope = self.catalogue.endpoints[endpoint]["scope"]
        if scope == "tenant":
            return "ok", [""]
        source = "arm-subscriptions" if scope == "subscription" else scope.removeprefix("per:")
        if source in DERIVED:
            return DERIVED[source](self)
        status, items = self.delivered(source)
        if status not in ("ok", "partial"):
            return "skipped", []
        return status, list(dict.fromkeys(filter(None, (self.parent_id(endpoint, source, item) for item in items))))

    @staticmethod
    def parent_id(endpoint, source, item):
        if source == "arm-subscriptions":
            return item["subscriptionId"]
        if source == "defender-regulatory-standards":
            return f"{item['subscriptionId']}/{item['name']}"
        if endpoint == "graph-domain-federation" and item.get("authenticationType") != "Federated":
            return None
        if endpoint == "intune-configuration-policy-settings" and (item.get("templateReference") or {}).get("templateFamily") not in SETTINGS_OF:
            return None
        return item["id"]

    def document(self, now, **more):
        """What the oracle reads."""
        endpoints = {}
        for name in self.catalogue.endpoints:
            status, items = self.delivered(name)
            endpoints[name] = {"status": status, "items": items}
        return {"now": now, "endpoints": endpoints, **more}


def _referenced_groups(world):
    found, worst = [], "ok"
    for name in ("graph-role-assignments", "graph-role-eligibility-schedules", "arm-role-assignments", "graph-ca-policies"):
        status, items = world.delivered(name)
        if status != "ok" and name != "arm-role-assignments":
            worst = "partial"
        for item in items:
            found += _groups_of(name, item)
    status, groups = world.delivered("graph-groups")
    known = {folded(one["id"]) for one in groups}
    asked = [folded(one) for one, certain in found if certain or folded(one) in known]
    return "partial" if status != "ok" and len(asked) < len(found) else worst, list(dict.fromkeys(asked))


def _groups_of(name, item):
    """Groups that an item may name, each with whether it is one for certain, also where no group is listed."""
    if name == "graph-ca-policies":
        users = (item.get("conditions") or {}).get("users") or {}
        return [(one, False) for key in ("includeGroups", "excludeGroups") for one in users.get(key) or []]
    if name == "arm-role-assignments":
        properties = item.get("properties") or {}
        return [(properties.get("principalId"), False)] if properties.get("principalType") == "Group" else []
    kind = (item.get("principal") or {}).get("@odata.type")
    wanted = item.get("principalId") and kind in (None, "#microsoft.graph.group")
    return [(item["principalId"], kind is not None)] if wanted else []


def _picked(source, chosen):
    """Parents that are those items of another endpoint for which `chosen` holds."""
    def parents(world):
        status, items = world.delivered(source)
        return (status if status in ("ok", "partial") else "skipped"), [item["id"] for item in items if chosen(item)]
    return parents


def _privileged_principals(world):
    known = {name: world.delivered(name) for name in TIER0_ENDPOINTS}
    if any(status not in ("ok", "partial") for status, _ in known.values()):
        return "skipped", []
    evidence = world.catalogue.evidence({"now": "2026-01-01", "endpoints": {
        name: {"status": status, "items": items} for name, (status, items) in known.items()}})
    from functions_entra import privileged_service_principals
    status = "partial" if any(status == "partial" for status, _ in known.values()) else "ok"
    return status, [item["id"] for item in privileged_service_principals(evidence)]


def _log_resources(world):
    status, items = world.delivered("arm-resource-inventory")
    wanted = [item for item in items if (item.get("type") or "").lower() in LOG_TYPES]
    vaults_status, vaults = world.delivered("arm-rg-keyvaults")
    ids = [item["id"] + ("/blobServices/default" if item["type"].lower().endswith("storageaccounts") else "") for item in wanted]
    states = {status, vaults_status}
    state = "ok" if states == {"ok"} else "partial" if states <= {"ok", "partial"} else "skipped"
    return state, list(dict.fromkeys([*ids, *(item["id"] for item in vaults)]))


DERIVED = {
    "referenced-groups": _referenced_groups,
    "role-assignable-groups": _picked("graph-groups", lambda item: item.get("isAssignableToRole") is True),
    "resource-apis": _picked("graph-service-principals", lambda item: item.get("appId") in RESOURCE_APIS),
    "privileged-service-principals": _privileged_principals,
    "log-relevant-resources": _log_resources,
    "cost-exports": lambda world: ("ok", []), "cost-blob-list": lambda world: ("ok", []),
}
