#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER hostile_test.py [-v] [CLASS.test...]   A broken, overloaded or hostile service, met over real TLS."""
import itertools
import json
import os
import pathlib
import subprocess
import time
import tomllib
import unittest

from hostile_cloud import HostileCloud, bomb, certificates
from scenario import ENV, Done, Scenario

GRAPH = 'id = "graph"'
MOST_MEMORY = 500 << 20  # of any process of a run
MOST_TIME = 45


def http_date(seconds_from_now):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds_from_now))


class Hostile(Scenario):
    folder = None

    @classmethod
    def setUpClass(cls):
        import tempfile
        import pathlib
        cls.keys = tempfile.TemporaryDirectory(prefix="assay-hostile-")
        cls.addClassCleanup(cls.keys.cleanup)
        cls.folder = certificates(pathlib.Path(cls.keys.name))

    def hostile(self, certificate="web.pem", *options):
        cloud = HostileCloud(self.server(*(options or ("--no-throttle",))).access, self.folder, certificate)
        self.addCleanup(cloud.stop)
        return cloud

    def network(self, cloud, plugins=(GRAPH,), **keys):
        keys = {"ca_file": str(self.folder / "ca.pem"), "timeout": "2s", **keys}
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        return self.configure(cloud.access, plugins, f"[network]\n{lines}")

    def go(self, *words):
        """A run, with what it took: `seconds`, and `memory` of its largest process in bytes."""
        began = time.monotonic()
        with open(self.home / "out", "wb+") as out, open(self.home / "err", "wb+") as err:
            process = subprocess.Popen([self.program, "run", "--json", *words], cwd=self.home, env=ENV, stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=err)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        done = Done(subprocess.CompletedProcess([], process.returncode, (self.home / "out").read_bytes(),
                                                (self.home / "err").read_bytes()))
        done.seconds, done.memory = time.monotonic() - began, usage.ru_maxrss * 1024
        self.assertLess(done.memory, MOST_MEMORY)
        self.assertLess(done.seconds, MOST_TIME)
        return done

    def reads(self):
        """The last read entry of each endpoint."""
        return {line["endpoint"]: line for line in self.lines() if line["kind"] == "read"}

    def nothing_stolen(self, cloud):
        self.assertEqual(cloud.stolen(), ([], 0))
        written = b"".join(p.read_bytes() for p in self.home.rglob("*") if p.is_file() and p.name != "client.secret")
        self.assertNotIn(cloud.access["client_secret"].encode(), written)


def page(**members):
    return json.dumps({"value": [], **members}).encode()


def first_tricks(cloud):
    """One for each endpoint: what the service does there."""
    graph, pages = cloud.access["graph"], itertools.count(1)
    packed = bomb(300)
    return {
        "/organization": lambda h, _: h.reply(200, b"<html><body>Service unavailable</body></html>", ("Content-Type", "text/html")),
        "/subscribedSkus": lambda h, _: h.reply(200, b'{"value":' + b"[" * 500_000 + b"]" * 500_000 + b"}"),
        "/domains": lambda h, _: h.reply(200, b'{"value":[{"id":"\xff\xfe.example","isVerified":true}]}'),
        "/users.*userPrincipalName": lambda h, _: h.reply(200, page(**{"@odata.nextLink": f"{cloud.thief.base}/v1.0/users?$skiptoken=1"})),
        "/users.*signInActivity|/users.*skiptoken=loop": lambda h, _: h.reply(
            200, page(**{"@odata.nextLink": f"{graph}/v1.0/users?$skiptoken=loop"})),
        "/userRegistrationDetails": lambda h, _: h.reply(
            200, page(**{"@odata.nextLink": f"{graph}{h.path.split('?')[0]}?$skiptoken={next(pages)}"})),
        "/roleDefinitions": lambda h, _: h.raw(b"HTTP/1.1 200 OK\r\nX-Long: ", *[b"a" * (1 << 20)] * 10,
                                               b"\r\nContent-Length: 2\r\n\r\n{}", close=True),
        "/roleAssignments": lambda h, _: h.reply(200, packed, ("Content-Encoding", "gzip")),
        "/authorizationPolicy": lambda h, _: h.reply(302, b"", ("Location", cloud.thief.base + h.path)),
        "/identitySecurityDefaults": lambda h, _: h.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", *[b"x"] * 100, pause=0.3,
                                                        close=True),
        "/conditionalAccess/policies": lambda h, _: h.reply(429, b"{}", ("Retry-After", "3600")),
        "/applications": lambda h, _: h.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"value":[]}', close=True),
    }


def second_tricks(cloud):
    graph = cloud.access["graph"]
    return {
        "/organization": lambda h, _: h.reply(200, b'{"value":[{"id":"a","id":"b","displayName":"x","displayName":"y"}]}'),
        "/subscribedSkus": lambda h, _: h.reply(200, b"<?xml version='1.0'?><value/>", ("Content-Type", "application/xml")),
        "/domains": lambda h, _: h.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"value\":[]}\r\nzz\r\n", close=True),
        "/users.*userPrincipalName": lambda h, _: h.reply(
            200, page(**{"@odata.nextLink": f"{cloud.plain_thief.base}/v1.0/users?$skiptoken=1"})),
        "/users.*signInActivity": lambda h, _: h.reply(401, b"{}", ("WWW-Authenticate", "Bearer")),
        "/userRegistrationDetails": lambda h, _: h.reply(429, b"{}"),
        "/roleDefinitions": lambda h, _: h.reply(307, b"", ("Location", cloud.plain_thief.base + h.path)),
        "/roleAssignments": lambda h, _: h.reply(200, bomb(3)[:-20], ("Content-Encoding", "gzip")),
        "/authorizationPolicy": lambda h, _: h.reply(302, b"", ("Location", graph + h.path)),
        "/identitySecurityDefaults": lambda h, _: h.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}", close=True),
        # Its clock is three hours ahead of ours; what it asks for is a second.
        "/conditionalAccess/policies": lambda h, before: False if before else h.reply(
            503, b"{}", ("Date", http_date(10800)), ("Retry-After", http_date(10801))),
        "/applications": lambda h, _: h.reply(200, page(**{"@odata.nextLink": f"{graph}/v1.0/me/messages?$skiptoken=1"})),
    }


# By dataset: reason word of what rests on it, telling words.
FIRST = {"entra_organization": ("unavailable", "HTML or XML instead of JSON"), "entra_sku_plan": ("partial", "unexpected type"),
         "entra_domain": ("unavailable", "invalid UTF-8"), "entra_user": ("partial", "continuation link: points at another port"),
         "entra_user_activity": ("partial", "paging goes in circles"),
         "entra_user_registration": ("partial", "more than 50 pages (max_pages)"),
         "entra_role_definition": ("unavailable", "larger than 64 KiB"),
         "entra_role_assignment": ("unavailable", "answer body: larger than 67108864 bytes (max_body_bytes)"),
         "entra_authorization_policy": ("unavailable", "HTTP 302: redirects are not followed"),
         "entra_security_defaults": ("unavailable", "reading the answer's body timed out"), "entra_ca_policy": ("throttled", "HTTP 429"),
         "entra_application": ("unavailable", "answer is cut")}
SECOND = {"entra_organization": ("partial", "duplicate member"), "entra_sku_plan": ("unavailable", "HTML or XML instead of JSON"),
          "entra_domain": ("unavailable", "chunk size is not a hexadecimal number"),
          "entra_user": ("partial", "continuation link: scheme differs"), "entra_user_activity": ("permission", "HTTP 401 after 2 attempts"),
          "entra_user_registration": ("throttled", "HTTP 429 after 8 attempts"),
          "entra_role_definition": ("unavailable", "HTTP 307: redirects are not followed"),
          "entra_role_assignment": ("unavailable", "the gzip stream is cut"),
          "entra_authorization_policy": ("unavailable", "HTTP 302: redirects are not followed"),
          "entra_security_defaults": ("unavailable", "two Content-Length fields"),
          "entra_application": ("partial", "continuation link: path differs")}


def reads_of_checks(plugin):
    """Check -> datasets that it cannot do without, of a built-in collector."""
    folder = pathlib.Path(__file__).resolve().parents[2] / "plugins" / plugin / "checks"
    checks = [check for file in folder.glob("*.toml") for check in tomllib.loads(file.read_text())["check"]]
    return {check["id"]: set(check["reads"]) - set(check.get("optional", [])) for check in checks}


class Bodies(Hostile):
    def play(self, tricks, expected, **keys):
        """A run in which each endpoint has a trick of its own; every dataset then has the right gap, and its checks say so."""
        cloud = self.hostile()
        for pattern, function in tricks(cloud).items():
            cloud.trick("graph", pattern)(function)
        self.network(cloud, **keys)
        done = self.go()
        self.assertEqual(done.code, 5, done.text)
        run = done.json()["data"]["runs"][0]
        self.assertEqual(run["plugin_faults"], [], "a service's fault is none of the plugin")
        gaps = {line["dataset"]: line.get("reason") for line in self.lines() if line["kind"] == "dataset"}
        details = {c["detail"]: c["reason"] for c in run["checks"] if c["verdict"] == "not_assessed"}
        for dataset, (reason, words) in expected.items():
            with self.subTest(dataset=dataset):
                self.assertEqual(gaps[dataset], reason)
                told = {r for detail, r in details.items() if detail.startswith(f"{dataset} is ") and words in detail}
                # A check that rests on several names the first only.
                self.assertTrue(told == {reason} or not any(d.startswith(f"{dataset} is ") for d in details), details)
        self.nothing_stolen(cloud)
        self.ledger_verifies()
        return run, gaps

    def test_pages_links_and_bodies(self):
        run, _ = self.play(first_tricks, FIRST, max_pages=50, timeout="1s")
        broken = set(FIRST)
        passed = {c["check"] for c in run["checks"] if c["verdict"] == "pass"}
        on_broken = {check for check, reads in reads_of_checks("graph").items() if reads & broken}
        self.assertGreater(len(on_broken), 20)
        self.assertEqual(passed & on_broken, set(), "passed on data that was not read to its end")

    def test_framing_redirects_and_refusals(self):
        _, gaps = self.play(second_tricks, SECOND)
        self.assertIsNone(gaps["entra_ca_policy"], "a date is measured by the service's own clock")
        waited = {line["endpoint"]: line["waited_ms"] for line in self.lines() if line["kind"] == "read" and "waited_ms" in line}
        self.assertLess(waited["graph-ca-policies"], 10_000)


class TokenService(Hostile):
    def refused(self, trick, code, *words):
        cloud = self.hostile()
        cloud.trick("login", "/token")(trick(cloud))
        self.network(cloud, timeout="1s")
        done = self.go()
        self.assertEqual(done.code, code, done.text)
        for word in words:
            self.assertIn(word, done.text)
        self.assertEqual([entry for entry in cloud.log if entry[0] != "login"], [])
        self.nothing_stolen(cloud)
        return cloud

    def test_a_redirect_of_the_secret_is_not_followed(self):
        for status in (302, 307, 308):
            for thief in ("thief", "plain_thief"):
                with self.subTest(status=status, thief=thief):
                    self.refused(lambda cloud: lambda h, _: h.reply(status, b"", ("Location", getattr(cloud, thief).base + h.path)), 6)

    def test_what_is_no_token_answer(self):
        packed = bomb(200)
        for name, code, words, trick in (
                ("html", 6, "not JSON", lambda h, _: h.reply(200, b"<html>sign in</html>", ("Content-Type", "text/html"))),
                ("deep", 6, "not JSON", lambda h, _: h.reply(200, b'{"access_token":' + b"[" * 300_000)),
                ("head", 10, "larger than 64 KiB", lambda h, _: h.raw(b"HTTP/1.1 200 OK\r\nX: ", *[b"a" * (1 << 20)] * 10, close=True)),
                ("bomb", 10, "max_body_bytes", lambda h, _: h.reply(200, packed, ("Content-Encoding", "gzip")))):
            with self.subTest(name):
                self.refused(lambda _, play=trick: play, code, words)

    def test_a_clock_that_is_hours_away_is_told(self):
        cloud = self.hostile()

        @cloud.trick("login", "/token")
        def skewed(handler, _):
            status, fields, data = cloud.forward("login", handler)
            handler.reply(status, data, *[f for f in fields if f[0] != "Date"], ("Date", http_date(-10800)))
        self.network(cloud)
        done = self.go()
        self.assertIn(done.code, (0, 5), done.text)
        self.assertRegex(str(done.json()["data"]["runs"][0]["warnings"]), r"clock: 10[78]\d\d s away from the token service")


if __name__ == "__main__":
    unittest.main()
