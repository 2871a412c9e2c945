"""Makes an invented tenant from a seed: items of every endpoint, steered so that conditions hold or just fail."""
import random

from catalogue import subject_of
from expression import walk
from places import BROKEN, CannotSteer
from scaffold import NAMED, ONE_EACH, Fixtures, Scaffold
from steer import Steer
from world import World

import steer_functions  # noqa: F401  (fills the tables of steer)

FIRST = ("graph-organization", "graph-subscribed-skus", "graph-users", "graph-groups", "graph-service-principals", "graph-role-definitions",
         "graph-role-assignments", "graph-ca-policies", "arm-subscriptions", "arm-policy-set-definitions", "intune-managed-devices",
         "defender-m365-secure-score-profiles", "graph-domains")
COUNTS = {"graph-organization": 1, "graph-subscribed-skus": 3, "graph-service-principals": 14, "graph-role-assignments": 16, "graph-users": 24,
          "graph-groups": 10, "arm-subscriptions": 3, "graph-sp-app-role-assignments": 12, "graph-role-definitions": 14, "arm-own-permissions": 1,
          "arm-policy-states": 14, "graph-ca-policies": 14, "arm-role-assignments": 14}
UNTOUCHED = {"arm-own-permissions"}  # the consent guard reads it too, and stops a run that could write
POOLS = {"#microsoft.graph.user": "graph-users", "#microsoft.graph.group": "graph-groups", "#microsoft.graph.servicePrincipal": "graph-service-principals"}
MANY = 6  # items of an endpoint, and as many more for each check that goes over it, up to MOST
MOST = 40
CALM = {"graph-subscribed-skus", "graph-organization", "graph-security-defaults", "arm-subscriptions"}  # not emptied by chance


def source_of(tree):
    """The endpoint whose items a check goes over, and what each of them must fulfil; None for computed lists."""
    conditions = []
    while tree[0] == "loop" and tree[1] == "filter":
        conditions.append((tree[3], tree[4]))
        tree = tree[2]
    return (tree[2][0][1], conditions) if tree[:2] == ("call", "D") else None


class Tenant:
    """`checks`: ids that shall be met; `answers`: how endpoints answer when not ok; `settings`: check -> parameters."""

    def __init__(self, catalogue, seed, now, plugins, checks, answers=None):
        self.catalogue, self.rng, self.now = catalogue, random.Random(f"tenant {seed}"), now
        self.world = World(catalogue)
        self.scaffold = Scaffold(self.world, Fixtures(plugins), self.rng)
        self.steer = Steer(self.world, self.rng, now, self.make)
        self.checks = [catalogue.checks[one] for one in checks]
        self.read = {one for check in self.checks for one in [*check.endpoints, *check.optional]} | {"arm-subscriptions", "graph-subscribed-skus"}
        self.settings = {}
        self.populate()
        self.choose_settings()
        self.steer_all()
        self.tidy()
        self.world.answers = answers or {}

    def make(self, endpoint, parent=None):
        try:
            return self.scaffold.make(endpoint, parent)
        except (ValueError, KeyError) as error:
            raise CannotSteer from error

    def populate(self):
        endpoints = self.catalogue.endpoints
        order = sorted(endpoints, key=lambda name: (name not in FIRST, FIRST.index(name) if name in FIRST else 0,
                                                    endpoints[name]["scope"].startswith("per:"), endpoints[name]["scope"] == "subscription"))
        for name in order:
            spec = endpoints[name]
            if spec["host"] not in ("graph", "arm") or name == "graph-batch" or name not in self.read and name not in FIRST:
                continue
            parents = self.world.parents(name)[1]
            count = 1 if spec["paging"] == "single" else COUNTS.get(name, MANY if len(parents) < 3 else 3)
            for parent in parents:
                for _ in range(count if name in CALM or self.rng.random() > 0.06 else 0):
                    self.scaffold.make(name, parent)

    def choose_settings(self):
        """Lists that an operator may fill, filled in half of the cases."""
        for check in self.checks:
            source = source_of(check.trees["each"]) if "each" in check.trees else None
            other = "graph-service-principals" if check.unit == "grant" else "graph-users"
            known = [item.get("id", item.get("tenantId")) for item in self.world.all(source[0] if source else other)]
            for name, value in check.params.items():
                if value == [] and all(known) and known and self.rng.random() < 0.5:
                    self.settings.setdefault(check.id, {})[name] = self.rng.sample(known, min(2, len(known)))

    def scope_of(self, check):
        return {"$": {**check.params, **self.settings.get(check.id, {})}}

    def attempt(self, tree, want, env):
        try:
            self.steer.assign(tree, want, env)
        except BROKEN:
            pass

    def steer_all(self):
        """Items first, then what is asked of the whole tenant: that which shall not hold before that which shall."""
        over, whole = {}, []
        for check in self.checks:
            source = source_of(check.trees["each"]) if "each" in check.trees else None
            if source and source[0] not in UNTOUCHED:
                over.setdefault(source[0], []).append((check, source[1]))
            elif not source:
                whole.append((self.rng.random() < 0.5, check))
        for endpoint, checks in over.items():
            self.steer_items(endpoint, checks)
        self.rng.shuffle(whole)
        again = [pair for pair in whole if not pair[0] and self.rng.random() < 0.15]
        for want, check in sorted(whole, key=lambda pair: pair[0]) + again:
            self.steer_whole(check, want)

    def steer_whole(self, check, want):
        for name in ("not_applicable", "unknown_when"):
            if name in check.trees and "r" not in {part[1] for part in walk(check.trees[name]) if part[0] == "name"}:
                self.attempt(check.trees[name], self.rng.random() < 0.15, self.scope_of(check))
        if "each" not in check.trees:
            return self.attempt(check.trees["pass"], want, self.scope_of(check))
        for item in self.computed(check):
            for name, likely in (("where", 0.85), ("pass", 0.5)):
                if name in check.trees:
                    self.attempt(check.trees[name], self.rng.random() < likely, {**self.scope_of(check), "r": item})
        return None

    def computed(self, check):
        """What a check goes over when that is no plain list of items: as it stands, or as the oracle works it out."""
        try:
            return self.steer.elements(check.trees["each"], self.scope_of(check))
        except BROKEN:
            evidence = self.catalogue.evidence(self.world.document(self.now.strftime("%Y-%m-%dT%H:%M:%SZ")))
            return list(check.parts["each"]({"@": evidence, **self.scope_of(check)}) or [])

    def steer_items(self, endpoint, checks):
        for _ in range(min(MANY * len(checks), MOST) - len(self.world.all(endpoint)) if endpoint not in FIRST[:3] + ("arm-subscriptions",) else 0):
            try:
                self.make(endpoint)
            except CannotSteer:
                break
        for parent, items in list(self.world.items.get(endpoint, {}).items()):
            for raw in list(items):
                # A subscription is judged by what is in it, so that one can be met by every check.
                for check, conditions in self.rng.sample(checks, len(checks)) if endpoint == "arm-subscriptions" else [self.rng.choice(checks)]:
                    self.steer_item(endpoint, parent, raw, check, conditions)

    def steer_item(self, endpoint, parent, raw, check, conditions):
        added = self.world.normalised(self.catalogue.endpoints[endpoint], {}, parent)
        for key, value in added.items():
            raw.setdefault(key, value)
        env = {**self.scope_of(check), "r": raw}
        for variable, condition in conditions:
            self.attempt(condition, self.rng.random() < 0.9, {**env, variable: raw})
        for name, likely in (("where", 0.85), ("unknown_when", 0.12), ("not_applicable", 0.15), ("pass", 0.5)):
            if name in check.trees:
                self.attempt(check.trees[name], self.rng.random() < likely, env)
        for key, value in added.items():
            if raw.get(key) == value:
                raw.pop(key)

    def same_kind(self, item):
        """A principal whose kind was changed is another one, of that kind."""
        kind = (item.get("principal") or {}).get("@odata.type")
        pool = [one["id"] for one in self.world.all(POOLS.get(kind, "")) if one.get("id")]
        others = {one["id"] for name in POOLS.values() for one in self.world.all(name)} - set(pool)
        if item.get("principalId") in others and pool:
            item["principalId"] = item["principal"]["id"] = self.rng.choice(pool)

    def rehome(self):
        """Items whose parent was changed into another one come to one that there is."""
        for endpoint, spec in self.catalogue.endpoints.items():
            if spec["scope"].startswith("per:") and endpoint in self.world.items:
                parents, held = self.world.parents(endpoint)[1], self.world.items[endpoint]
                for lost in [one for one in held if one not in parents]:
                    items = held.pop(lost)
                    if parents:
                        held.setdefault(self.rng.choice(parents), []).extend(items)

    def tidy(self):
        """Identities are unique where the services keep them so, and stay what paths say."""
        self.rehome()
        for item in self.world.all("graph-role-assignments"):
            self.same_kind(item)
        for endpoint, parents in self.world.items.items():
            key = "name" if endpoint in NAMED else ONE_EACH.get(endpoint, "id")
            for items in parents.values():
                seen, kept = set(), []
                for item in items:
                    identity = str(item.get(key)).lower()
                    if endpoint == "arm-policy-states":
                        identity = subject_of(item, "resource")
                    if identity == "none" or identity not in seen or key not in item and endpoint != "arm-policy-states":
                        kept.append(item)
                    seen.add(identity)
                items[:] = [item for item in kept if item.get(key) is not None or key not in item]
                if endpoint == "arm-policy-summary":
                    del items[1:]  # one of each subscription
        self.complete_inventory()

    def complete_inventory(self):
        """A key vault is among the resources too, whatever else was changed."""
        known = {str(item.get("id")).lower() for item in self.world.all("arm-resource-inventory")}
        for vault in self.world.all("arm-rg-keyvaults"):
            if vault["id"].lower() not in known:
                same = {name: vault.get(name) for name in ("id", "name", "subscriptionId", "location")}
                self.world.put("arm-resource-inventory", {**same, "type": "microsoft.keyvault/vaults"}, "")
