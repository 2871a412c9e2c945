#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER hostile_test.py [-v] [CLASS.test...]   A broken, overloaded or hostile service, met over real TLS."""
import json
import os
import subprocess
import time
import unittest

from hostile_cloud import HostileCloud, bomb, certificates
from scenario import ENV, Done, Scenario

GRAPH = 'id = "graph"'
MOST_MEMORY = 500 << 20  # of any process of a run
MOST_TIME = 45
WEEK = 7 * 24 * 3600


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


class Bodies(Hostile):
    def test_x(self):
        cloud = self.hostile()

        @cloud.trick("graph", "/organization")
        def html(handler, _):
            handler.reply(200, b"<html><body>Service unavailable</body></html>", ("Content-Type", "text/html"))

        @cloud.trick("graph", "/subscribedSkus")
        def deep(handler, _):
            handler.reply(200, b'{"value":' + b"[" * 500_000 + b"]" * 500_000 + b"}")

        @cloud.trick("graph", "/domains")
        def invalid(handler, _):
            handler.reply(200, b'{"value":[{"id":"\xff\xfe.example","isVerified":true}]}')

        @cloud.trick("graph", r"/users\?.*userPrincipalName")
        def foreign(handler, _):
            handler.reply(200, json.dumps({"value": [], "@odata.nextLink": f"{cloud.thief.base}/v1.0/users?$skiptoken=1"}).encode())

        @cloud.trick("graph", r"/users\?.*signInActivity")
        def looping(handler, _):
            handler.reply(200, json.dumps({"value": [], "@odata.nextLink": f"{cloud.access['graph']}/v1.0/users?$skiptoken=1"}).encode())

        @cloud.trick("graph", "/userRegistrationDetails")
        def endless(handler, before):
            path = handler.path.split("?")[0]
            with cloud.lock:
                cloud.pages = getattr(cloud, "pages", 0) + 1
                n = cloud.pages
            handler.reply(200, json.dumps({"value": [], "@odata.nextLink": f"{cloud.access['graph']}{path}?$skiptoken={n}"}).encode())

        @cloud.trick("graph", "/roleDefinitions")
        def long_head(handler, _):
            handler.raw(b"HTTP/1.1 200 OK\r\nX-Long: ", *[b"a" * (1 << 20)] * 10, b"\r\nContent-Length: 2\r\n\r\n{}")

        @cloud.trick("graph", "/roleAssignments")
        def gzip_bomb(handler, _):
            handler.reply(200, cloud.bomb, ("Content-Encoding", "gzip"))
        cloud.bomb = bomb(2000)

        @cloud.trick("graph", "/authorizationPolicy")
        def elsewhere(handler, _):
            handler.reply(302, b"", ("Location", cloud.thief.base + handler.path))

        @cloud.trick("graph", "/identitySecurityDefaultsEnforcementPolicy")
        def drip(handler, _):
            handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", *[b"x"] * 5000, pause=0.3, close=True)

        @cloud.trick("graph", "/conditionalAccess/policies")
        def an_hour(handler, _):
            handler.reply(429, b"{}", ("Retry-After", "3600"))

        @cloud.trick("graph", "/applications")
        def cut(handler, _):
            handler.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"value":[]}', close=True)

        self.network(cloud, max_pages=50, timeout="1s")
        done = self.go()
        print(done.code, done.seconds, done.memory >> 20, done.err[-500:])
        for e, r in self.reads().items():
            print(e, {k: r.get(k) for k in ("outcome", "reason", "status", "attempts", "page_index", "waited_ms")})
        for line in self.lines():
            if line["kind"] == "dataset":
                print({k: v for k, v in line.items() if k in ("dataset", "completeness", "reason", "rows")})
        run = done.json()["data"]["runs"][0]
        seen = set()
        for c in run["checks"]:
            if (c["reason"], c["detail"]) not in seen:
                seen.add((c["reason"], c["detail"]))
                print(c["check"], c["verdict"], c["reason"], c["detail"])
        print(run["plugin_faults"], run["warnings"], run["idle_ms"], run["pace"])
        self.nothing_stolen(cloud)


if __name__ == "__main__":
    unittest.main()
