#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER compare_test.py [-v]   The access log against the tenant's own logs, both ways [CM-20]."""
import datetime
import json
import pathlib
import tempfile
import unittest

from hostile_cloud import HostileCloud, certificates
from scenario import Scenario

LOGS, GRAPH = 'id = "activity-log"', 'id = "graph"'
SIGN_INS, EVENTS, AUDITS = r"^/v1\.0/auditLogs/signIns", "^/subscriptions/.*/eventtypes/management/values", r"^/v1\.0/auditLogs/directoryAudits"


class Compare(Scenario):
    @classmethod
    def setUpClass(cls):
        keys = tempfile.TemporaryDirectory(prefix="assay-compare-")
        cls.addClassCleanup(keys.cleanup)
        cls.keys = certificates(pathlib.Path(keys.name))

    def start(self, *plugins):
        cloud = HostileCloud(self.server().access, self.keys)
        self.addCleanup(cloud.stop)
        self.configure(cloud.access, plugins or (LOGS,), f'[network]\nca_file = {json.dumps(str(self.keys / "ca.pem"))}\n')
        return cloud

    def run_once(self):
        done = self.assay("run")
        self.assertIn(done.code, (0, 5), done.text)

    def compare(self, code, *words):
        told = self.assay("evidence", "access-log", "--compare", "--json", *words)
        self.assertEqual(told.code, code, told.text)
        return told.json()["data"]

    def tokens(self, run):
        rows = self.assay("evidence", "access-log", "--json", "--run", run).json()["data"]["items"]
        return [row["sent"] for row in rows if row["url"].endswith("/oauth2/v2.0/token")]

    def add(self, cloud, service, pattern, records):
        """These stand in a log of the tenant too, on the first page of the newest window."""
        @cloud.trick(service, pattern)
        def more(handler, _):
            status, fields, data = cloud.forward(service, handler)
            document = json.loads(data)
            if not cloud.added.get(pattern):
                document["value"] = records + document["value"]
                cloud.added[pattern] = True
            handler.reply(status, json.dumps(document).encode(), *fields)
            return True
        cloud.added = {**getattr(cloud, "added", {}), pattern: False}

    def sign_in(self, cloud, number, at):
        return {"id": f"s-{number}", "createdDateTime": at, "appId": cloud.access["client_id"], "servicePrincipalId": "p",
                "signInEventTypes": ["servicePrincipal"], "resourceDisplayName": "Microsoft Graph", "status": {"errorCode": 0}}

    def outcomes(self, told):
        return sorted(item["outcome"] for item in told["items"])

    def test_sign_ins_that_are_ours_match_and_one_that_is_not_is_told(self):
        cloud = self.start()
        self.run_once()
        ours = self.tokens("R-1")
        self.assertEqual(len(ours), 2)
        self.add(cloud, "graph", SIGN_INS, [self.sign_in(cloud, n, at) for n, at in enumerate(ours)])
        self.run_once()
        told = self.compare(0)
        self.assertEqual(told["run"], "R-2")
        self.assertEqual(told["app_id"], cloud.access["client_id"].lower())
        self.assertTrue(told["logs"]["sign_ins"]["comparable"], told)
        self.assertEqual(self.outcomes(told), ["matched"] * 2 + ["too young"] * 2)
        self.assertEqual({item["id"] for item in told["items"] if item["outcome"] == "matched"}, {"s-0", "s-1"})
        cloud.tricks.clear()
        stolen = self.sign_in(cloud, "stolen", (datetime.datetime.fromisoformat(ours[0]) - datetime.timedelta(hours=2)).isoformat())
        self.add(cloud, "graph", SIGN_INS, [stolen, *(self.sign_in(cloud, n, at) for n, at in enumerate(ours))])
        self.run_once()
        told = self.compare(7)
        self.assertEqual([item["id"] for item in told["items"] if item["outcome"] == "only in the tenant"], ["s-stolen"])
        self.assertEqual(self.outcomes(told).count("matched"), 2)
        text = self.assay("evidence", "access-log", "--compare")
        self.assertIn("1 only in the tenant", text.out)
        self.assertIn("Somebody else used the identity", text.out)
        self.compare(0, "--run", "R-2")

    def test_a_change_by_our_identity_is_never_ours(self):
        cloud = self.start()
        event = {"eventDataId": "e-1", "eventTimestamp": "2026-11-20T03:04:05Z", "caller": cloud.access["client_id"].upper(),
                 "operationName": {"value": "Microsoft.Storage/storageAccounts/write"}}
        self.add(cloud, "arm", EVENTS, [event])
        audit = {"id": "a-1", "activityDateTime": "2026-11-20T03:04:05Z", "activityDisplayName": "Add member to role",
                 "initiatedBy": {"app": {"appId": cloud.access["client_id"]}}}
        self.add(cloud, "graph", AUDITS, [audit])
        self.run_once()
        told = self.compare(7)
        self.assertEqual({(item["log"], item["id"], item["what"]) for item in told["items"]},
                         {("activity_log", "e-1", "Microsoft.Storage/storageAccounts/write"),
                          ("directory_audits", "a-1", "Add member to role")})

    def test_says_what_cannot_be_compared(self):
        self.start()
        self.run_once()
        told = self.compare(0)
        self.assertTrue(told["logs"]["activity_log"]["comparable"], told)
        self.assertGreater(told["logs"]["activity_log"]["records"], 0)
        self.assertFalse(told["logs"]["sign_ins"]["comparable"])
        self.assertIn("no sign-in of an application", told["logs"]["sign_ins"]["why"])
        self.assertEqual(told["items"], [])

    def test_without_the_logs_nothing_was_shown(self):
        self.start(GRAPH)
        self.run_once()
        told = self.compare(5)
        self.assertEqual({log["why"] for log in told["logs"].values()}, {"this run did not read it"})
        self.assertIn("not comparable: this run did not read it", self.assay("evidence", "access-log", "--compare").out)
        self.compare(12, "--run", "R-9")


if __name__ == "__main__":
    unittest.main()
