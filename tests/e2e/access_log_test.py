#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER access_log_test.py [-v] [CLASS.test...]   The access log against what the services saw."""
import signal
import subprocess
import time
import unittest
import urllib.parse

from scenario import ENV, Scenario

GRAPH = 'id = "graph"'


def as_served(row):
    """A row of the access log as the demo server logs it: all but the service."""
    url = urllib.parse.urlsplit(row["url"])
    return row["method"], url.path, str(row["status"]), row["client_request_id"], url.query


class AccessLog(Scenario):
    def rows(self, *words):
        told = self.assay("evidence", "access-log", "--json", *words)
        self.assertEqual(told.code, 0, told.text)
        return told.json()["data"]["items"]

    @staticmethod
    def of_a_collector(line):
        return line["kind"] == "read" and line["plugin"] == "graph"

    def test_names_every_request_that_the_services_saw_and_no_other(self):  # [CL-9] [CM-20]
        server = self.server("--seed", "7")
        self.configure(server.access)
        self.assertEqual(self.assay("run").code, 5)
        seen = sorted((method, path, status, guid, query) for method, _, path, status, guid, query in server.stop())
        rows = self.rows()
        self.assertEqual(sorted(map(as_served, rows)), seen)
        self.assertIn("429", [status for _, _, status, _, _ in seen], "no request was repeated: this shows too little")
        self.assertEqual(sorted(row["number"] for row in rows), list(range(1, len(rows) + 1)))
        self.assertEqual({row["source"] for row in rows}, {"access.log"})
        posts = {urllib.parse.urlsplit(row["url"]).path for row in rows if row["method"] != "GET"}
        self.assertTrue(all(path.endswith(("/oauth2/v2.0/token", "/queryResults", "/summarize", "/resources", "/v1.0/$batch"))
                            for path in posts), posts)

    def test_says_what_each_request_brought(self):
        server = self.server()
        self.configure(server.access, [GRAPH])
        self.assertIn(self.assay("run").code, (0, 5))
        lines = [line for line in self.lines() if line["kind"] == "read"]
        self.assertTrue(any(map(self.of_a_collector, lines)))
        rows = {row["client_request_id"]: row for row in self.rows() if "/oauth2/" not in row["url"] and "/$batch" not in row["url"]}
        self.assertEqual(rows.keys(), {line["client_request_id"] for line in lines})
        for line in lines:
            row = rows[line["client_request_id"]]
            self.assertEqual((row["status"], row["sent"], row.get("request_id")),
                             (line["status"], line["sent"], line.get("request_id")))
            self.assertEqual(row["bytes"], line["body"]["len"] - line["request_len"])

    def test_keeps_what_a_refused_token_cost(self):
        cloud = self.cloud({"roles": ["Directory.ReadWrite.All"]})
        self.configure(cloud.access, [GRAPH])
        self.assertEqual(self.assay("run").code, 6)
        rows = self.rows("--run", "R-1")
        self.assertEqual([(row["method"], row["status"]) for row in rows], [("POST", 200)] * len(cloud.log))

    def test_keeps_the_requests_that_got_no_answer(self):
        server = self.server()
        self.configure(server.access, [GRAPH])
        server.stop()
        self.assertEqual(self.assay("run").code, 10)
        rows = self.rows()
        self.assertTrue(rows)
        self.assertEqual({(row["status"], row["failure"]) for row in rows}, {(0, "unavailable")})

    def test_takes_from_the_reads_what_a_killed_run_could_not_write_down(self):
        server = self.server("--seed", "7")  # its throttling makes the run wait a second
        self.configure(server.access, [GRAPH])
        child = subprocess.Popen([self.program, "run"], cwd=self.home, env=ENV, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        for _ in range(1000):
            if self.home.joinpath("data", "t").exists() and any(map(self.of_a_collector, self.lines())):
                break
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        reads = list(filter(self.of_a_collector, self.lines()))
        self.assertTrue(reads)
        told = self.assay("evidence", "access-log", "--json")
        rows = [row for row in told.json()["data"]["items"] if row["source"] == "read"]
        self.assertEqual({row["client_request_id"] for row in rows}, {line["client_request_id"] for line in reads})
        self.assertTrue(all(row["url"].startswith("http") for row in rows))
        told = self.assay("evidence", "access-log")
        self.assertIn("R-1 was cut", told.err)

    def test_says_which_requests_were_erased(self):
        server = self.server()
        self.configure(server.access)
        self.assertEqual(self.assay("run").code, 5)
        rows = self.rows()
        words = [part for row in rows for part in urllib.parse.urlsplit(row["url"]).path.split("/") if len(part) == 36]
        subscription = next(word for word in words if word != server.access["tenant_id"])
        hers = [row for row in rows if subscription in row["url"]]
        done = self.assay("privacy", "erase", "--subject", subscription, "--ticket", "T-1", "--reason", "privacy", "--yes")
        self.assertEqual(done.code, 0, done.text)
        left = self.rows()
        self.assertEqual(len(left), len(rows) - len(hers))
        self.assertNotIn(subscription, str(left))
        told = self.assay("evidence", "access-log").err
        self.assertRegex(told, rf"{len(hers)} of its [0-9]+ requests are erased \(privacy")
        self.assertNotIn("was cut", told)

    def test_refuses_a_run_that_there_is_not(self):
        self.configure(self.server().access, [GRAPH])
        self.assay("run")
        told = self.assay("evidence", "access-log", "--run", "R-9")
        self.assertEqual(told.code, 12, told.text)


if __name__ == "__main__":
    unittest.main()
