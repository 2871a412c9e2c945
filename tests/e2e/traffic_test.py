#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER traffic_test.py [-v]   What the shipped collectors ask for is what was declared, and only reads [CL-9]."""
import pathlib
import re
import tomllib
import unittest
import urllib.parse

from scenario import Scenario

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOGUE = ROOT.parent / "shared" / "domain" / "endpoints.toml"
# The POSTs that only read; engine/broker/read_posts.cc has the list that binds the broker.
GRAPH_PATH = "/providers/Microsoft.ResourceGraph/resources"
BATCH = "/v1.0/$batch"
READ_POSTS = {"policy-states-query": "/policyStates/latest/queryResults", "policy-states-summarize": "/policyStates/latest/summarize",
              **{f"resource-graph-{name}": GRAPH_PATH for name in (
                  "subassessments", "subscription-groups",
                  "inventory", "storage", "keyvaults", "nsgs", "network", "compute", "data", "recovery", "vaults", "workspaces")}}


def template(method, service, path):
    """(method, service, pattern): '{x}' stands for one segment, '{resourceId}' and '{costScope}' for a path."""
    parts = re.split(r"(\{[^}]+\})", path)
    pattern = "".join(("/?.+" if part in ("{resourceId}", "{costScope}") else "[^/]+") if part.startswith("{") else re.escape(part) for part in parts)
    return method, service, re.compile(pattern + "$", re.IGNORECASE)


def declared(path):
    """What the endpoints of a manifest, or of the catalogue, allow."""
    for endpoint in tomllib.loads(path.read_text(encoding="utf-8"))["endpoint"]:
        if endpoint["host"] in ("graph", "arm"):
            version = "/" + endpoint["version"] if endpoint["host"] == "graph" else ""
            method = endpoint.get("method") or ("POST" if endpoint.get("read_post") else "GET")
            yield template(method, endpoint["host"], version + endpoint["path"])


def of_the_guard():
    """What the consent guard asks for itself: a list that is compiled in. Not one of its functions can say anything but GET."""
    source = (ROOT / "engine" / "broker" / "guard_reads.cc").read_text(encoding="utf-8")
    for service, path in re.findall(r'(Graph|Arm)\(\s*"guard-[a-z-]+",\s*((?:"[^"]*"\s*)+)', source):
        path = "".join(re.findall('"([^"]*)"', path)[:2 if "roleDefinitions" in path else 1])
        yield template("GET", service.lower(), ("/v1.0" if service == "Graph" else "") + path)


class Traffic(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.plugins = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/manifest.toml"))

    def recorded(self):
        """(method, service, path) of all that reached the servers in a run of every shipped collector."""
        server = self.server()
        self.configure(server.access, [f'id = "{plugin}"' for plugin in self.plugins], "[network]\nconcurrency = 1\n")
        done = self.assay("run", "--json")
        self.assertIn(done.code, (0, 5), done.text)
        self.assertEqual(done.json()["data"]["runs"][0]["plugin_faults"], [])
        return [(method, service, urllib.parse.unquote(path)) for method, service, path, *_ in server.stop()]

    def outside(self, recorded, allowed):
        return sorted({one for one in recorded if not any(one[:2] == (method, service) and pattern.match(one[2])
                                                          for method, service, pattern in allowed)})

    def test_recorded_traffic_is_what_was_declared_and_never_writes(self):
        recorded = self.recorded()
        self.assertEqual({service for _, service, _ in recorded}, {"login", "graph", "arm"})
        tokens = [one for one in recorded if one[1] == "login"]
        self.assertTrue(all(method == "POST" and path.endswith("/oauth2/v2.0/token") for method, _, path in tokens), tokens)
        reads = [one for one in recorded if one[1] != "login"]
        self.assertGreater(len({path for _, _, path in reads}), 30)
        # What a batch holds is recorded beside it, each GET for itself.
        self.assertIn(("POST", "graph", BATCH), reads)
        reads = [one for one in reads if one != ("POST", "graph", BATCH)]
        for method, _, path in reads:
            self.assertTrue(method == "GET" or method == "POST" and any(path.endswith(end) for end in READ_POSTS.values()), path)
        manifests = [one for plugin in self.plugins for one in declared(ROOT / "plugins" / plugin / "manifest.toml")]
        guard = list(of_the_guard())
        self.assertEqual(len(guard), 10)  # and one query of Resource Graph, which a manifest declares too
        self.assertEqual(self.outside(reads, manifests + guard), [])
        self.assertNotEqual(self.outside(reads, manifests), [], "the guard asked nothing")
        if CATALOGUE.exists():
            self.assertEqual(self.outside(reads, list(declared(CATALOGUE)) + guard), [])

    def test_the_compiled_list_of_posts_is_the_one_that_is_checked_here(self):
        source = (ROOT / "engine" / "broker" / "read_posts.cc").read_text(encoding="utf-8")
        self.assertIn(f'kGraphPath = "{GRAPH_PATH}"', source)
        source = source.replace("kGraphPath,", f'"{GRAPH_PATH}",')
        compiled = dict(re.findall(r'\{"([a-z-]+)", ServiceHost::k\w+,\s*"([^"]+)"', source))
        self.assertEqual(compiled.keys(), READ_POSTS.keys())
        for name, end in READ_POSTS.items():
            self.assertTrue(compiled[name].endswith(end))

    def test_a_write_would_be_seen(self):
        allowed = list(declared(ROOT / "plugins" / "graph" / "manifest.toml"))
        self.assertEqual(self.outside([("GET", "graph", "/v1.0/users")], allowed), [])
        for one in (("POST", "graph", "/v1.0/users"), ("GET", "arm", "/v1.0/users"), ("GET", "graph", "/v1.0/users/x"),
                    ("GET", "graph", "/v1.0/me/messages"), ("DELETE", "graph", "/v1.0/users")):
            self.assertEqual(self.outside([one], allowed), [one])


if __name__ == "__main__":
    unittest.main()
