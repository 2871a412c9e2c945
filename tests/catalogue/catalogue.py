"""The checks of the catalogue and what they decide about evidence. The catalogue is read where it lies, never copied."""
import json
import pathlib
import tomllib

import functions_azure
import functions_cost
import functions_entra
import functions_text
import times
from expression import names_in, parse
from interpreter import build
from values import UNKNOWN, Partial, TypeFault, folded, truth

FUNCTIONS = {name: function for module in (functions_text, functions_entra, functions_azure, functions_cost)
             for name, function in module.FUNCTIONS.items()}
WORST = ("fail", "indeterminate", "pass", "not_applicable")
KEYS = ("eventDataId", "id", "principalId", "subscriptionId", "key", "controlName", "name")
ALTERNATIVES = {"cost-blob-list", "cost-blob-get", "cost-local-folder"}
NEVER, NOTHING_SELECTED = "never", "no r selected by each/where"
PROFILE = ("break_glass_ids", "approved_ca_exclusions", "approved_ca_app_exclusions")


class Evidence:
    """What was collected. `endpoints`: id -> {"status", "items", "unregistered"}; an endpoint that is not there was
    not read. `now` is the time of the evidence as text."""

    def __init__(self, document):
        self.endpoints = document["endpoints"]
        self.now = times.parse_time(document["now"])
        self.claims, self.previous = document.get("claims", {}), document.get("previous", {})
        self.windows, self.manifest = document.get("windows", {}), document.get("manifest")
        self.files_read = document.get("files_read", 0)
        self.profile = {name: document.get("profile", {}).get(name, []) for name in PROFILE}
        self.unregistered = {name: found.get("unregistered", ()) for name, found in self.endpoints.items()}
        self.plans, self.sets, self._memory = {}, {}, {}

    def status(self, endpoint):
        return self.endpoints.get(endpoint, {}).get("status", "skipped")

    def dataset(self, endpoint):
        """Items of an endpoint; an endpoint without any reads as an empty list."""
        return self.remember(("items", endpoint), lambda: self._items(endpoint))

    def _items(self, endpoint):
        status = self.status(endpoint)
        items = self.endpoints[endpoint]["items"] if status in ("ok", "partial") else []
        return Partial(items) if status == "partial" else list(items)

    def one(self, endpoint):
        return functions_text.first(self, self.dataset(endpoint))

    def ids(self, endpoint, key):
        """Values of `key` in an endpoint's items, as they compare."""
        return self.remember(("ids", endpoint, key), lambda: {folded(item[key]) for item in self.dataset(endpoint) if item.get(key)})

    def focus_columns(self, rows):
        return self.remember("columns", lambda: {name for row in rows for name in row})

    def remember(self, key, make):
        if key not in self._memory:
            self._memory[key] = make()
        return self._memory[key]


FUNCTIONS["D"] = lambda evidence, endpoint: evidence.dataset(endpoint)
FUNCTIONS["One"] = lambda evidence, endpoint: evidence.one(endpoint)


def subject_of(item, unit):
    """The catalogue's identity of a finding."""
    if unit == "tenant":
        return "tenant"
    if not isinstance(item, dict):
        return folded(str(item))
    if "policyAssignmentId" in item and "resourceId" in item:
        parts = [item["resourceId"], item["policyAssignmentId"], item.get("policyDefinitionReferenceId")]
        return "|".join(part.lower() for part in parts if part)
    if item.get("assessment") is not None and item.get("severity") is not None:
        return f"{item['assessment']}|{item['severity']}".lower()
    for key in (*KEYS, "tenantId"):  # a partner of a tenant has no id of its own
        if item.get(key) is not None:
            return folded(str(item[key]))
    if any(key in item for key in KEYS):
        return ""  # its name was left out
    return "|".join(str(value or "") for value in item.values())


class Check:
    """One check, read once; decide() may be called with any evidence."""

    def __init__(self, raw, sets):
        self.id, self.raw, self.unit = raw["id"], raw, raw["unit"]
        self.endpoints, self.optional = raw["endpoints"], raw.get("optional_endpoints", [])
        self.licence, self.on_status = raw.get("licence"), raw.get("on_status", {})
        self.params = {name: sets[value[1:]] if isinstance(value, str) and value[:1] == "@" else value
                       for name, value in raw.get("params", {}).items()}
        self.trees = {name: parse(raw[name]) for name in ("each", "where", "pass", "unknown_when") if name in raw}
        if raw["not_applicable"] not in (NEVER, NOTHING_SELECTED):
            self.trees["not_applicable"] = parse(raw["not_applicable"])
        self.parts = {name: build(tree, FUNCTIONS) for name, tree in self.trees.items()}
        self.per_item = {name for name, tree in self.trees.items() if "r" in names_in(tree)}

    def decide(self, evidence, params=None):
        """{"verdict", "reason", "findings": {subject: verdict}, "items": {subject: item}}"""
        try:
            return self._decide(evidence, {**self.params, **(params or {})})
        except TypeFault as fault:
            return {"verdict": "error", "reason": str(fault), "findings": {}, "items": {}}

    def _decide(self, evidence, params):
        bad = self._unread(evidence)
        if bad:
            verdict = self.on_status.get(bad[1], "indeterminate")
            findings = {"tenant": verdict} if verdict in ("pass", "fail") else {}
            return {"verdict": verdict, "reason": f"{bad[0]} is {bad[1]}", "findings": findings, "items": {}}
        if self.licence and functions_entra.has_plan(evidence, self.licence) is not True:
            return {"verdict": "indeterminate", "reason": "licence", "findings": {}, "items": {}}
        scope = {"@": evidence, "$": params}
        whole = self._before(scope)
        if whole:
            return {"verdict": whole, "reason": "", "findings": {}, "items": {}}
        if "each" not in self.parts:
            verdict = self._verdict(scope)
            return {"verdict": verdict, "reason": "", "findings": {"tenant": verdict}, "items": {}}
        return self._decide_each(scope)

    def _unread(self, evidence):
        """(endpoint, status) of the first required endpoint that was not read."""
        wanted = [one for one in self.endpoints if one not in ALTERNATIVES]
        either = [one for one in [*self.endpoints, *self.optional] if one in ALTERNATIVES]
        if either and not any(evidence.status(one) in ("ok", "partial") for one in either):
            return either[0], evidence.status(either[0])
        return next(((one, evidence.status(one)) for one in wanted if evidence.status(one) not in ("ok", "partial")), None)

    def _before(self, scope):
        """What not_applicable and unknown_when say of the whole tenant, when they do not speak of r."""
        for name, verdict in (("not_applicable", "not_applicable"), ("unknown_when", "indeterminate")):
            if name in self.parts and name not in self.per_item and ("each" in self.parts):
                said = truth(self.parts[name](scope))
                if said is not False:
                    return verdict if said is True else "indeterminate"
        return None

    def _verdict(self, scope):
        """Of one r, or of the tenant."""
        try:
            for name, verdict in (("not_applicable", "not_applicable"), ("unknown_when", "indeterminate")):
                if name in self.parts and (name in self.per_item or "each" not in self.parts):
                    said = truth(self.parts[name](scope))
                    if said is not False:
                        return verdict if said is True else "indeterminate"
            passed = truth(self.parts["pass"](scope))
        except TypeFault:
            return "indeterminate"
        return "indeterminate" if passed is UNKNOWN else "pass" if passed else "fail"

    def _decide_each(self, scope):
        items = self.parts["each"](scope)
        if items is UNKNOWN:
            return {"verdict": "indeterminate", "reason": "incomplete", "findings": {}, "items": {}}
        findings, sources = {}, {}
        for item in items or []:
            verdict = self._selected({**scope, "r": item})
            if verdict is None:
                continue
            subject = subject_of(item, self.unit)
            sources.setdefault(subject, []).append(item)
            findings[subject] = min(verdict, findings.get(subject, verdict), key=WORST.index)
        return {"verdict": roll_up(findings, isinstance(items, Partial)), "reason": "", "findings": findings, "items": sources}

    def _selected(self, scope):
        """Verdict of r; None when `where` leaves it out."""
        try:
            chosen = truth(self.parts["where"](scope)) if "where" in self.parts else True
        except TypeFault:
            return "indeterminate"
        if chosen is UNKNOWN:
            return "indeterminate"
        return self._verdict(scope) if chosen else None


def roll_up(findings, partial):
    found = set(findings.values())
    if "fail" in found:
        return "fail"
    if "indeterminate" in found or partial:
        return "indeterminate"
    return "pass" if "pass" in found else "not_applicable"


def find_catalogue(root=None):
    """The folder of the catalogue beside the checkout, or None."""
    folder = (root or pathlib.Path(__file__).resolve().parents[2]).parent / "shared" / "domain"
    return folder if (folder / "checks.toml").exists() else None


class Catalogue:
    def __init__(self, folder):
        document = tomllib.loads((folder / "checks.toml").read_text())
        self.sets, self.plans = document["sets"], document["licence_plans"]
        self.checks = {raw["id"]: Check(raw, self.sets) for raw in document["check"]}
        self.raw = document
        self.endpoints = {one["id"]: one for one in tomllib.loads((folder / "endpoints.toml").read_text())["endpoint"]}

    def evidence(self, document):
        evidence = Evidence(document)
        evidence.plans, evidence.sets = self.plans, self.sets
        return evidence


def load(path):
    return json.loads(pathlib.Path(path).read_text())
