#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER faults_test.py [-v]   A service that fails often gives the same verdicts, and no page is read twice."""
import collections
import hashlib
import json
import pathlib
import re
import tempfile
import unittest

from hostile_cloud import HostileCloud, certificates, fail_some
from scenario import Scenario

SEED = 20261121
NOW = "2026-11-18T11:00:00Z"
PLUGINS = ['id = "graph"', 'id = "intune"', 'id = "defender"', 'id = "azure-policy"', 'id = "activity-log"']


class Faults(Scenario):
    @classmethod
    def setUpClass(cls):
        keys = tempfile.TemporaryDirectory(prefix="assay-faults-")
        cls.addClassCleanup(keys.cleanup)
        cls.keys = certificates(pathlib.Path(keys.name))

    def a_cloud(self):
        cloud = HostileCloud(self.server("--no-throttle", "--now", NOW).access, self.keys)
        self.addCleanup(cloud.stop)
        return cloud

    def run_in(self, name, cloud):
        folder = self.configure(cloud.access, PLUGINS, f'[network]\nca_file = {json.dumps(str(self.keys / "ca.pem"))}\n',
                                folder=self.home / name)
        done = self.assay("run", "--json", folder=folder)
        self.assertIn(done.code, (0, 5), done.text)
        return folder, done.json()["data"]["runs"][0]

    def digests(self, folder):
        """Of what each check and control came to, on each subject; the place of a record by endpoint and page, which do not
        depend on the order in which answers came. Two runs may have a midnight between them: days are left out."""
        lines = self.lines(folder)
        page = {line["index"]: [line["endpoint"], line["page_index"]] for line in lines if line["kind"] == "read"}
        out = {}
        for line in lines:
            name = next((f"{kind} {line[kind]}" for kind in ("check", "control") if line["kind"] == kind), None)
            if not name:
                continue
            text = re.sub(r"\b\d+ days", "some days", self.assay("evidence", "get", str(line["index"]), folder=folder).out)
            told = [self.placed(one, page) for one in self.documents(text)]
            same = {k: line[k] for k in ("verdict", "counts", "reason", "state") if k in line}
            out[name] = hashlib.sha256(json.dumps([same, told], sort_keys=True).encode()).hexdigest()
        return out

    def documents(self, text):
        decoder, at = json.JSONDecoder(), 0
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            yield value
            while at < len(text) and text[at].isspace():
                at += 1

    def pages(self, cloud):
        """How often each page was served wholly: once for each collector that wants it. Windows of logs move with the clock."""
        out = collections.Counter()
        for page, count in cloud.served.items():
            if page[0] != "login":
                out[tuple(re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.%A]+Z", "TIME", str(part)) for part in page)] += count
        return out

    def placed(self, value, page):
        if isinstance(value, dict) and "records" in value:
            records = sorted([*page[entry], record] for entry, record in value["records"])
            return {**value, "records": records}
        return value

    def test_a_quarter_of_all_requests_fails_and_every_verdict_has_the_same_digest(self):
        cloud = self.a_cloud()
        calm_folder, calm = self.run_in("calm", cloud)
        asked, once = len(cloud.log), self.pages(cloud)
        expected = self.digests(calm_folder)
        self.assertGreater(len(expected), 50)
        cloud.log.clear()
        cloud.served.clear()
        fail_some(cloud, SEED, 0.25)
        folder, run = self.run_in("stormy", cloud)
        failed = sum(cloud.failed.values())
        self.assertGreater(failed, 0.17 * len(cloud.log), cloud.failed)
        self.assertEqual(set(cloud.failed), {"500", "503", "429", "reset", "cut"})
        self.assertEqual(len(cloud.log), asked + failed, "each failure costs one request more, and nothing else does")
        self.assertEqual({c["check"]: c["verdict"] for c in run["checks"]}, {c["check"]: c["verdict"] for c in calm["checks"]})
        got = self.digests(folder)
        self.assertEqual(got, expected)
        self.assertEqual(self.pages(cloud), once, "what was read to its end is never read again")
        self.ledger_verifies(folder)

    def test_a_page_that_was_cut_is_asked_again_by_the_same_link(self):
        cloud = self.a_cloud()

        @cloud.trick("graph", "skiptoken")
        def cut_once(handler, before):
            if before:
                return False
            handler.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n{"value":[', close=True)
            return True
        _, run = self.run_in("cut", cloud)
        self.assertEqual([c for c in run["checks"] if c["reason"] in ("partial", "unavailable")], [])
        asked = [path for service, _, path, _ in cloud.log if service == "graph"]
        self.assertGreater(sum("skiptoken" in path for path in asked), 2, "there are pages to cut")
        for path in set(asked):
            served = cloud.served["graph", path]  # more than once where two collectors read it
            self.assertEqual(asked.count(path), 2 if "skiptoken" in path else served, path)
            self.assertTrue(served == 1 or "skiptoken" not in path, path)


if __name__ == "__main__":
    unittest.main()
