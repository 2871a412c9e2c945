#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER batch_latency.py [APPLICATIONS] [MILLISECONDS] [ROUNDS]   What batches of Graph save.

A tenant with many applications, each of which is asked for its federated credentials, behind a service that takes a while for every
request, batches too: requests that reached it and the median time of a run of the collector graph, with `graph_batch` on and off.
"""
import json
import pathlib
import statistics
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
from scenario import FakeCloud, Scenario  # noqa: E402

ROLES = ["Directory.Read.All", "AuditLog.Read.All", "Policy.Read.All", "Application.Read.All", "RoleManagement.Read.Directory"]


class Slow(FakeCloud):
    def __init__(self, applications, pause):
        super().__init__({"roles": ROLES})
        self.pause, self.inside, self.joined = pause, threading.local(), 0
        self.applications = [{"id": str(uuid.UUID(int=n + 1)), "appId": str(uuid.UUID(int=n + 9_000_000)), "displayName": f"a{n}",
                              "signInAudience": "AzureADMyOrg"} for n in range(applications)]

    def batch(self, version, asked):
        time.sleep(self.pause)
        self.joined += len(asked["requests"])
        self.inside.batch = True
        try:
            return super().batch(version, asked)
        finally:
            self.inside.batch = False

    def answer(self, method, target, body):
        if not getattr(self.inside, "batch", False):
            time.sleep(self.pause)
        return 200, {"value": self.applications if target.split("?")[0] == "/v1.0/applications" else []}


class Latency(Scenario):
    def runTest(self):
        words = [int(word) for word in sys.argv[1:4]]
        applications, pause, rounds = words + [400, 100, 3][len(words):]
        for batch in (True, False):
            took, asked = [], []
            for number in range(rounds):
                cloud = Slow(applications, pause / 1000)
                folder = self.configure(cloud.access, ['id = "graph"'], f"[network]\ngraph_batch = {json.dumps(batch)}\n",
                                        folder=self.home / f"{batch}-{number}")
                began = time.monotonic()
                done = self.assay("run", folder=folder)
                took.append(time.monotonic() - began)
                asked.append(len(cloud.log) - cloud.joined)
                cloud.stop()
                self.assertIn(done.code, (0, 5), done.text)
            print(f"{applications} applications, {pause} ms a request, graph_batch = {json.dumps(batch)}: "
                  f"{statistics.median(asked):.0f} requests, {statistics.median(took):.2f} s")


if __name__ == "__main__":
    Latency().debug()
