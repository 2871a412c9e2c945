#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER batch_test.py [-v]   Reads of Graph that go several in one request come to what they come to alone."""
import collections
import hashlib
import json
import pathlib
import tempfile
import unittest
import urllib.parse

from digests import digests
from hostile_cloud import HostileCloud, certificates, fail_some
from scenario import Scenario

PLUGINS = ['id = "graph"', 'id = "intune"']
BATCH = "/v1.0/$batch"
SEED = 20261122


class Batch(Scenario):
    def run_in(self, name, access, batch=True, more=""):
        # With one request at a time there is always something that waits for the next.
        network = f"[network]\nconcurrency = 1\ngraph_batch = {json.dumps(batch)}\n{more}"
        folder = self.configure(access, PLUGINS, network, folder=self.home / name)
        done = self.assay("run", "--json", folder=folder)
        self.assertIn(done.code, (0, 5), done.text)
        return folder

    def rows(self, folder):
        told = self.assay("evidence", "access-log", "--json", folder=folder)
        self.assertEqual(told.code, 0, told.text)
        return told.json()["data"]["items"]

    def bodies(self, folder):
        """Method, address and digest of every page; windows of logs move with the clock, and errors name their request."""
        out = collections.Counter()
        for line in self.lines(folder):
            if line["kind"] != "read" or line["status"] != 200:
                continue
            head, _, body = self.assay("evidence", "get", str(line["index"]), folder=folder).out.partition("\n")
            asked = json.loads(head)
            if "DateTime%20ge" not in asked["url"] and "signIns" not in asked["url"]:
                out[asked["method"], asked["url"], hashlib.sha256(body.encode()).hexdigest()] += 1
        return out

    def test_what_is_stored_and_what_it_comes_to_do_not_depend_on_batches(self):
        server = self.server()
        alone, together = self.run_in("alone", server.access, False), self.run_in("together", server.access)
        self.assertEqual([row for row in self.rows(alone) if "batch" in row], [])
        carried = [row for row in self.rows(together) if "batch" in row]
        self.assertGreater(len(carried), 5)
        self.assertEqual(digests(self, together), digests(self, alone))
        self.assertEqual(self.bodies(together), self.bodies(alone))
        self.ledger_verifies(together)
        on_the_wire = {name: len([row for row in self.rows(folder) if "batch" not in row])
                       for name, folder in (("alone", alone), ("together", together))}
        self.assertLess(on_the_wire["together"], on_the_wire["alone"])

    def test_the_log_says_what_came_together(self):  # [CM-20]
        server = self.server()
        folder = self.run_in("t", server.access)
        rows = self.rows(folder)
        whole = {row["client_request_id"]: row for row in rows if urllib.parse.urlsplit(row["url"]).path == BATCH}
        inside = [row for row in rows if "batch" in row]
        self.assertTrue(inside)
        self.assertEqual({row["batch"] for row in inside}, set(whole))
        self.assertEqual({(row["method"], row["status"]) for row in whole.values()}, {("POST", 200)})
        self.assertTrue(all(row["method"] == "GET" and row["request_id"] for row in inside))
        self.assertLessEqual(max(collections.Counter(row["batch"] for row in inside).values()), 20)
        for row in inside:
            self.assertLess(row["bytes"], whole[row["batch"]]["bytes"])
        reads = {line["client_request_id"]: line for line in self.lines(folder) if "client_request_id" in line}
        for row in inside:
            line = reads[row["client_request_id"]]
            self.assertEqual((line["batch"], line["status"], line["request_id"], line["body"]["len"] - line["request_len"]),
                             (row["batch"], row["status"], row["request_id"], row["bytes"]))
        seen = collections.Counter((method, path, status, guid) for method, _, path, status, guid, _ in server.stop())
        told = collections.Counter((row["method"], urllib.parse.urlsplit(row["url"]).path, str(row["status"]), row["client_request_id"])
                                   for row in rows)
        self.assertEqual(told, seen)

    def test_a_run_with_batches_replays(self):
        server = self.server()
        folder = self.run_in("t", server.access)
        server.stop()
        (folder / "client.secret").unlink()
        done = self.assay("replay", "R-1", "--json", folder=folder)
        self.assertEqual(done.code, 0, done.text)

    def test_batches_that_fail_come_to_the_same(self):
        with tempfile.TemporaryDirectory(prefix="assay-batch-") as keys:
            certificates(pathlib.Path(keys))
            cloud = HostileCloud(self.server("--no-throttle").access, pathlib.Path(keys))
            self.addCleanup(cloud.stop)
            trust = f"ca_file = {json.dumps(keys + '/ca.pem')}\n"
            expected = digests(self, self.run_in("calm", cloud.access, more=trust))
            self.assertGreater(len(expected), 50)
            fail_some(cloud, SEED, 0.25)
            stormy = self.run_in("stormy", cloud.access, more=trust)
            self.assertEqual(digests(self, stormy), expected)
            failed = [row for row in self.rows(stormy) if "batch" in row and "failure" in row]
            self.assertTrue(failed, "no batch failed: this shows too little")
            self.assertEqual(cloud.stolen(), ([], 0))


if __name__ == "__main__":
    unittest.main()
