#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER changes_test.py [-v] [CLASS.test...]   Runs, what changed between them, findings, and the past.

Three runs of one tenant: R-1 and R-2 decide everything, R-3 one check. All cases look at a copy of that ledger.
"""
import csv
import datetime
import hashlib
import io
import json
import shutil
import unittest

from scenario import FakeCloud, Scenario

CHECK = "our-names"
OWN = """[[check]]
id = "our-names"
version = 1
title = "Subscriptions have a fit name"
severity = "high"
subject = "defender_subscription"
reads = ["defender_subscription"]
remediation = "Give it another name."
sql = \"\"\"SELECT id AS subject, CASE WHEN display_name LIKE 'ok%' THEN 'pass' ELSE 'fail' END AS verdict,
  display_name AS detail FROM defender_subscription\"\"\"
"""
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"


def guid(letter):
    return f"{letter * 8}-1111-4111-8111-111111111111"


class Named(FakeCloud):
    """Subscriptions with names that change from run to run."""
    names = {}

    def answer(self, method, target, body):
        path = target.split("?")[0]
        if path == "/subscriptions":
            return 200, {"value": [{"subscriptionId": guid(key), "displayName": name, "state": "Enabled"}
                                   for key, name in self.names.items()]}
        if path.endswith("/permissions"):
            return 200, {"value": [{"actions": ["*/read"], "dataActions": []}]}
        if path.endswith("/roleAssignments"):
            return 200, {"value": [{"properties": {"roleDefinitionId": READER}}]}
        return 200, {"data": [], "totalRecords": 0} if method == "POST" else {"value": []}


READS = (("status",), ("runs", "list"), ("runs", "diff"), ("finding", "list", "--verdict", "all"), ("finding", "show", "F-1"),
         ("finding", "history", "F-1"), ("evidence", "list"))


def told(done):
    """What a command said, without the moment that it was asked for."""
    document = done.json()
    document.pop("as_of")
    for error in document["errors"]:  # "yet" now, "by then" of then
        error["message"] = error["message"].replace(" by then", " yet").replace(" as of then", "")
    return document


class Changes(Scenario):
    @classmethod
    def setUpClass(cls):
        """The three runs, and what each reading command said after each of them."""
        maker = cls("test_runs_are_listed_and_shown")
        Scenario.setUp(maker)
        cls.addClassCleanup(maker.doCleanups)
        cls.master, cls.then, cls.runs, cls.ids = maker.home, [], [], {}
        cls.cloud = Named({"roles": ["SecurityEvents.Read.All"]})
        cls.addClassCleanup(cls.cloud.stop)
        maker.configure(cls.cloud.access, ['id = "defender"'])
        (maker.home / "checks.d").mkdir()
        (maker.home / "checks.d/ours.toml").write_text(OWN)
        path = maker.home / "assay.toml"
        path.write_text(path.read_text().replace("schema = 1", 'schema = 1\nchecks_dir = "checks.d"', 1))
        for names, words in (({"a": "bad", "b": "ok", "e": "bad"}, ()), ({"a": "ok", "b": "bad", "c": "ok"}, ()),
                             ({"a": "bad", "b": "bad"}, ("--only", CHECK))):
            cls.cloud.names = names
            done = maker.assay("run", "--json", *words)
            assert done.code in (0, 5), done.text
            cls.runs.append(done.json()["data"]["runs"][0])
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            listed = maker.assay("finding", "list", "--json").json()["data"]["items"]
            cls.ids = {**cls.ids, **{r["subject"]["id"][0]: r["id"] for r in listed if r["check"] == CHECK}}
            cls.then.append((now, {words: told(maker.assay(*words, "--json")) for words in READS}))

    def setUp(self):
        self.home = self.master

    def own_copy(self):
        """For cases that write."""
        Scenario.setUp(self)
        shutil.copytree(self.master, self.home, dirs_exist_ok=True)
        return self

    def data(self, *words, code=0):
        done = self.assay(*words, "--json")
        self.assertEqual(done.code, code, done.text)
        return done.json()["data"]

    def digest(self):
        """Of every file of the ledger; what SQLite maps for readers is none of it."""
        files = sorted(p for p in (self.home / "data").rglob("*") if p.is_file() and not p.name.endswith(("-shm", "-wal")))
        return hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()

    def test_runs_are_listed_and_shown(self):
        items = self.data("runs", "list")["items"]
        self.assertEqual([run["run"] for run in items], ["R-3", "R-2", "R-1"])
        self.assertEqual([run["limited"] for run in items], [True, False, False])
        shown = self.data("runs", "show", "R-2")
        (check,) = [one for one in shown["checks"] if one["check"] == CHECK]
        self.assertEqual((check["pass"], check["fail"]), (2, 1))
        self.assertIn("defender_subscription", [one["dataset"] for one in shown["datasets"] if one["completeness"] == "complete"])
        self.assertEqual(self.assay("runs", "show", "R-9").code, 12)
        self.assertIn("R-3", self.assay("runs", "list").out)

    def pairs(self, *words):
        rows = self.data("runs", "diff", *words, "--only", CHECK)["items"]
        return {row["subject"]["id"][0]: (row["delta"], row["before"]["verdict"], row["now"]["verdict"]) for row in rows}

    def test_every_pair_lands_in_the_bucket_of_its_state(self):
        self.assertEqual(self.pairs("R-1", "R-2"), {
            "a": ("fixed", "fail", "pass"), "b": ("new_fail", "pass", "fail"), "c": ("new_pass", "absent", "pass"),
            "e": ("not_assessed_now", "fail", "absent")})
        # What a limited run was not asked for is not removed.
        buckets = self.data("runs", "diff", "R-2", "R-3")["changes"]
        self.assertEqual(buckets["buckets"]["removed_check"], 0)
        self.assertGreater(buckets["not_asked"], 0)
        self.assertEqual(self.pairs(), self.pairs("R-2", "R-3"), "the newest, and the newest that decided everything")
        self.assertEqual(self.assay("runs", "diff", "R-2", "R-1").code, 2)
        self.assertEqual(self.assay("runs", "diff", "R-1", "R-2", "--only", "no-such").code, 12)

    def test_every_form_has_the_same_rows(self):
        words = ("runs", "diff", "R-1", "R-2", "--bucket", "all")
        rows = self.data(*words)["items"]
        want = sorted((r["delta"], r["check"], r["subject"]["id"] if r["subject"] else "") for r in rows)
        lines = [json.loads(line) for line in self.assay(*words, "--jsonl").out.splitlines()]
        self.assertEqual([line["data"] for line in lines if line["event"] == "pair"], rows)
        table = list(csv.DictReader(io.StringIO(self.assay(*words, "--csv").out)))
        self.assertEqual(sorted((r["DELTA"], r["CHECK"], r["SUBJECT ID"]) for r in table), want)
        counts = self.data(*words)["changes"]["buckets"]
        self.assertEqual(sum(counts.values()), len(rows))
        shown = [line.split()[0] for line in self.assay(*words).out.splitlines() if line.split()[:1] and line.split()[0] in counts]
        self.assertEqual(sorted(shown), sorted(row["delta"] for row in rows))

    def test_run_and_status_say_first_what_changed(self):
        changes = self.data("runs", "diff", "R-1", "R-2")["changes"]
        self.assertEqual(self.runs[1]["changes"], changes)
        self.assertIsNone(self.runs[0]["changes"]["since"])
        status = self.then[1][1][("status",)]["data"]["tenants"][0]
        self.assertEqual(status["changes"], changes)
        lines = self.assay("status").out.splitlines()
        self.assertTrue(lines[1].startswith("  R-3, changed since R-2: 1 new_fail"), lines)

    def test_a_check_that_asks_otherwise_is_no_regression(self):
        self.own_copy()
        path = self.home / "checks.d/ours.toml"
        path.write_text(OWN.replace("LIKE 'ok%'", "LIKE 'never%'"))  # its author forgot the version
        run = self.assay("run", "--json").json()["data"]["runs"][0]
        self.assertEqual(run["changes"]["since"], "R-2")
        rows = [row for row in self.data("runs", "diff")["items"] if row["check"] == CHECK]
        self.assertEqual({row["delta"] for row in rows}, {"check_changed"})
        self.assertEqual({row["changed"] for row in rows}, {"its text changed"})
        self.assertEqual(run["changes"]["buckets"]["new_fail"], 0)

    def test_a_finding_is_followed_over_the_runs(self):
        (row,) = [r for r in self.data("finding", "list")["items"] if r["subject"]["id"] == guid("a")]
        self.assertEqual((row["id"], row["delta"], row["excepted"]), (self.ids["a"], "new_fail", False))
        history = self.data("finding", "history", self.ids["a"])["items"]
        self.assertEqual([e["what"] for e in history], ["opened", "fail", "pass", "fail"])
        for event in history[1:]:  # equals what stands in the entries
            held = self.assay("evidence", "get", str(event["entry"])).out
            self.assertIn(f'"detail":"{event["detail"]}"', held)
            self.assertIn(guid("a"), held)
        shown = self.data("finding", "show", self.ids["a"])
        self.assertEqual((shown["verdict"], shown["opened_in"], shown["run"]), ("fail", "R-1", "R-3"))
        self.assertEqual(shown["failing_since"], history[3]["time"])
        self.assertRegex(shown["entry"]["leaf"], r"^sha256:[A-Za-z0-9+/]{43}=$")
        self.assertIn("to fix    Give it another name.", self.assay("finding", "show", self.ids["a"]).out)
        gone = self.data("finding", "show", self.ids["e"])  # its subject is not there any more
        self.assertEqual((gone["verdict"], gone["failing_since"]), ("absent", None))
        self.assertEqual(self.assay("finding", "show", "F-99").code, 12)

    def test_a_finding_is_assigned_and_its_owner_stands_in_no_line(self):
        self.own_copy()
        owner = "maria@contoso.example"
        before = self.digest()
        self.assertIsNone(self.data("finding", "assign", self.ids["a"], "--owner", owner, "--dry-run")["entry"])
        self.assertEqual(self.digest(), before)
        made = self.data("finding", "assign", self.ids["a"], "--owner", owner, "--note", "until March")
        self.assertNotIn(owner, self.assay("ledger", "show").out)
        self.assertIn(owner, self.assay("evidence", "get", str(made["entry"])).out)
        self.assertEqual(self.data("finding", "show", self.ids["a"])["owner"], owner)
        self.assertIn(owner, [row["owner"] for row in self.data("finding", "list")["items"]])
        self.assertIsNone(self.data("finding", "assign", self.ids["a"], "--owner", owner, "--note", "until March")["entry"])
        self.data("finding", "assign", self.ids["a"], "--clear")
        self.assertEqual(self.data("finding", "show", self.ids["a"])["owner"], "")
        history = self.data("finding", "history", self.ids["a"])["items"]
        self.assertEqual([e["detail"] for e in history if e["what"] == "assigned"], [f"to {owner}: until March", "to nobody"])
        for words in ((), ("--owner", "x", "--clear"), ("--owner", "two\nlines")):
            self.assertEqual(self.assay("finding", "assign", self.ids["a"], *words).code, 2)
        self.ledger_verifies()

    def test_the_past_is_told_as_it_was_told_then(self):
        for moment, then in self.then:
            for words, document in then.items():
                self.assertEqual(told(self.assay(*words, "--as-of", moment, "--json")), document, (words, moment))
        first = self.then[0][0]
        self.assertEqual(self.assay("runs", "list", "--as-of", first, "--json").json()["as_of"], first)

    def test_the_past_is_what_a_cut_ledger_says(self):
        self.own_copy()
        moment, then = self.then[1]
        size = max(one["entries"]["last"] for one in then[("runs", "list")]["data"]["items"]) + 1
        made = self.assay("backup", "create", "--to", str(self.home / "copies"), "--json")
        self.assertEqual(made.code, 0, made.text)
        (copy,) = (self.home / "copies").rglob("*.abk")
        (self.home / "cut").mkdir()
        done = self.assay("backup", "restore", str(copy), "--to", str(self.home / "cut/t"), "--to-size", str(size), "--accept-loss")
        self.assertEqual(done.code, 0, done.text)
        shutil.copy(self.home / "data/master.key", self.home / "cut")
        if not (self.home / "cut/t/ledger.key").exists():
            shutil.copy(self.home / "data/t/ledger.key", self.home / "cut/t")
        path = self.home / "assay.toml"
        path.write_text(path.read_text().replace('path = "data"', 'path = "cut"'))
        for words in (w for w in READS if w != ("evidence", "list")):
            self.assertEqual(told(self.assay(*words, "--json")), then[words], words)

    def test_a_moment_that_is_not_over_is_refused(self):
        today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        for moment in ("2999-01-01T00:00:00Z", "2999-01-01", today, "yesterday", "2026-01-01T00:00:00", "2026-02-30"):
            done = self.assay("finding", "list", "--as-of", moment)
            self.assertEqual(done.code, 2, (moment, done.text))
            self.assertIn("AS-CLI-003", done.err)
        self.assertEqual(self.assay("finding", "list", "--as-of", "2020-01-01").code, 12)
        self.assertIn("no finished run by then", self.assay("status", "--as-of", "2020-01-01").out)
        self.assertEqual(self.assay("run", "--as-of", "2020-01-01").code, 2, "nothing takes it and ignores it")

    def test_a_plan_asks_nobody_and_says_what_is_new(self):
        self.own_copy()
        asked, before = len(self.cloud.log), self.digest()
        (plan,) = self.data("run", "--dry-run")["plans"]
        self.assertEqual((plan["since"], plan["changes"]), ("R-2", []))
        self.assertEqual(plan["estimated_requests"], plan["last_requests"])
        (self.home / "checks.d/ours.toml").write_text(OWN.replace("version = 1", "version = 2") + OWN.replace(CHECK, "our-more"))
        with (self.home / "assay.toml").open("a") as config:
            config.write('[[frameworks]]\nid = "dora"\nversion = "1"\ntenants = ["*"]\n')
        (plan,) = self.data("run", "--dry-run")["plans"]
        marks = {(c["mark"], c["what"], c["id"]) for c in plan["changes"]}
        self.assertEqual(marks, {("+", "framework", "dora"), ("+", "check", "our-more"), ("~", "check", CHECK)})
        text = self.assay("run", "--dry-run").out
        self.assertIn("already decided in R-2", text)
        self.assertIn("Nothing has been run", text)
        (only,) = self.data("run", "--dry-run", "--only", CHECK)["plans"]
        self.assertNotIn("-", {c["mark"] for c in only["changes"]}, "what is not asked for is not gone")
        self.assertEqual((len(self.cloud.log), self.digest()), (asked, before))

    def test_findings_change_the_exit_code_when_asked_for(self):
        self.own_copy()
        only = ("run", "--only", CHECK, "--fail-on")
        self.assertEqual(self.assay(*only, "high").code, 4)
        self.assertEqual(self.assay(*only, "critical").code, 0)


if __name__ == "__main__":
    unittest.main()
