#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER privacy_test.py [-v] [CLASS.test...]   Erasing, retention and evidence.raw, against the built programs."""
import collections
import json
import pathlib
import sqlite3
import subprocess
import unittest

from scenario import Scenario

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def all_bytes(folder):
    return b"".join(p.read_bytes() for p in pathlib.Path(folder).rglob("*") if p.is_file())


def verdicts(done):
    return {c["check"]: (c["verdict"], c["reason"]) for c in done.json()["data"]["runs"][0]["checks"]}


class Privacy(Scenario):
    def run_tenant(self, access, folder, extra=""):
        self.configure(access, extra=extra, folder=folder)
        done = self.assay("run", "--json", folder=folder)
        self.assertIn(done.code, (0, 4, 5, 6), done.text)
        return done

    def a_person(self, folder):
        """Object id and address of the user that most of the evidence names."""
        text = self.assay("finding", "list", "--json", "--verdict", "all", folder=folder).json()
        users = collections.Counter(i["subject"]["id"] for i in text["data"]["items"]
                                    if i.get("subject", {}).get("type") == "user")
        user = users.most_common(1)[0][0]
        others = self.assay("privacy", "find", "--subject", user, "--json", folder=folder).json()["data"]["others"]
        mails = [o["identifier"] for o in others if "@" in o["identifier"]]
        return user, mails[0]

    def export(self, folder, *subjects):
        words = [w for s in subjects for w in ("--subject", s)]
        return self.assay("privacy", "export", *words, folder=folder).out

    def test_an_erased_subject_is_nowhere_and_the_ledger_still_verifies(self):
        """[CM-6] [KS-6]"""
        home = self.home / "full"
        self.run_tenant(self.server().access, home)
        user, mail = self.a_person(home)
        self.assertIn(user, self.export(home, user, mail))
        words = ("privacy", "erase", "--subject", user, "--subject", mail, "--ticket", "DSR-204")
        before = all_bytes(home / "data" / "t")
        told = self.assay(*words, "--dry-run", folder=home)
        self.assertEqual(told.code, 0, told.text)
        self.assertIn("Nothing was erased", told.out)
        refused = self.assay(*words, folder=home)
        self.assertEqual(refused.code, 2, refused.text)
        self.assertEqual(self.export(home, user) != "", True)
        told = self.assay(*words, "--yes", "--json", folder=home)
        self.assertEqual(told.code, 0, told.text)
        self.assertNotIn(user.encode(), before)  # sealed from the beginning
        self.assertEqual(self.export(home, user, mail), "")
        disk = all_bytes(home / "data")
        for word in (user, mail, "DSR-204"):
            self.assertNotIn(word.encode(), disk)
        told = self.assay("ledger", "verify", folder=home)
        self.assertEqual(told.code, 0, told.text)
        self.assertRegex(told.out, r"absent and explained: \d+ erased \(privacy\)")
        listed = self.assay("finding", "list", "--verdict", "all", folder=home)
        self.assertEqual(listed.code, 0, listed.text)
        self.assertIn("cannot be shown: erased (privacy, ", listed.out)
        self.assertEqual(self.assay("status", folder=home).code, 0)
        self.assertIn("privacy", self.assay("privacy", "receipts", folder=home).out)
        self.receipt_verifies(home, mail)
        again = self.assay("run", "--json", folder=home)  # history with erased findings does not stop a run
        self.assertIn(again.code, (0, 4, 5, 6), again.text)
        self.assertEqual(self.assay("ledger", "verify", folder=home).code, 0)

    def receipt_verifies(self, home, mail):
        (path,) = home.glob("E-*.receipt.json")
        text = path.read_text()
        self.assertNotIn(mail, text)
        self.assertIn("verifies", self.assay("verify", str(path), folder=home).out)
        # With openssl alone, exactly as the document says.
        steps = (DOCS / "formats" / "erasure-receipt.md").read_text().split("```sh\n")[1].split("```")[0]
        done = subprocess.run(["bash", "-ec", steps.replace("FILE", path.name)], cwd=home, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(b"Verified Successfully", done.stdout)
        (home / "bad.json").write_text(text.replace('"bodies":', '"bodies":1', 1))
        self.assertEqual(self.assay("verify", "bad.json", folder=home).code, 7)

    def test_raw_none_keeps_no_answer_and_decides_the_same(self):
        """[CM-1]"""
        access = self.server().access
        full = self.run_tenant(access, self.home / "full")
        none = self.run_tenant(access, self.home / "none", '[evidence]\nraw = "none"\n')
        redacted = self.run_tenant(access, self.home / "redacted", '[evidence]\nraw = "redacted"\n')
        self.assertEqual(verdicts(none), verdicts(full))
        self.assertEqual(verdicts(redacted), verdicts(full))
        for folder in ("none", "redacted"):
            told = self.assay("ledger", "verify", folder=self.home / folder)
            self.assertEqual(told.code, 0, told.text)
            self.assertRegex(told.out, r"\d+ never kept")
        lines = self.lines(self.home / "none")
        reads = [line for line in lines if line["kind"] == "read"]
        self.assertTrue(reads and all(line["raw"] == "none" for line in reads))
        stored = 0
        for path in (self.home / "none" / "data" / "t").glob("evidence-*.db"):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                stored += database.execute("SELECT count(*) FROM body").fetchone()[0]
        self.assertEqual(stored, len({line["body"]["root"] for line in lines if "body" in line and line["kind"] != "read"}))
        # What answers hold and no check tells of is found in no opened body.
        for canary in ("@odata", "graph.fake", "nextLink"):
            self.assertEqual(self.export(self.home / "none", canary), "", canary)
        self.assertNotEqual(self.export(self.home / "full", "@odata.context"), "")
        kept = {json.loads(line)["kind"] for line in self.export(self.home / "none", *self.a_person(self.home / "none")).splitlines()}
        self.assertNotIn("read", kept)
        self.assertIn("check", kept)
        shown = self.show_a_finding(self.home / "none")
        self.assertIn("never kept (evidence.raw)", shown)

    def show_a_finding(self, folder):
        items = self.assay("finding", "list", "--json", folder=folder).json()["data"]["items"]
        out = ""
        for item in items[:20]:
            out += self.assay("finding", "show", item["id"], folder=folder).out
        return out

    def test_a_hold_is_named_and_retention_waits(self):
        home = self.home / "held"
        self.run_tenant(self.server().access, home)
        user, _ = self.a_person(home)
        told = self.assay("hold", "place", "LH-3", "--ticket", "CASE-7", folder=home)
        self.assertEqual(told.code, 0, told.text)
        told = self.assay("privacy", "erase", "--subject", user, "--ticket", "T", "--yes", folder=home)
        self.assertNotEqual(told.code, 0)
        self.assertIn("under legal hold LH-3", told.text)
        text = (home / "assay.toml").read_text()
        (home / "assay.toml").write_text(text + '[retention]\nraw_bodies = "0s"\nlegal_basis = "a contract"\n')
        told = self.assay("evidence", "expire", folder=home)
        self.assertRegex(told.out, r"raw +0 bodies expired, \d+ kept under legal hold")
        self.assertIn("a contract", told.out)
        self.assertIn("a contract", self.assay("config", "show", folder=home).out)
        self.assertIn("in force", self.assay("hold", "list", folder=home).out)
        self.assertEqual(self.assay("hold", "release", "LH-3", "--ticket", "CASE-7", folder=home).code, 0)
        told = self.assay("evidence", "expire", "--dry-run", folder=home)
        self.assertRegex(told.out, r"raw +[1-9]\d* bodies would expire")
        told = self.assay("evidence", "expire", folder=home)
        self.assertEqual(told.code, 0, told.text)
        told = self.assay("ledger", "verify", folder=home)
        self.assertRegex(told.out, r"absent and explained: [1-9]\d* expired")
        self.assertIn("expired (", self.show_a_finding(home))
        again = self.assay("run", "--json", folder=home)
        self.assertIn(again.code, (0, 4, 5, 6), again.text)
        self.assertEqual(self.assay("ledger", "verify", folder=home).code, 0)

    def test_an_erased_tenant_is_refused_and_verifies(self):
        """[CM-34]"""
        home = self.home / "gone"
        self.run_tenant(self.server().access, home)
        told = self.assay("privacy", "erase", "--tenant-keys", "--ticket", "T", folder=home)
        self.assertEqual(told.code, 2, told.text)
        told = self.assay("privacy", "erase", "--tenant-keys", "--ticket", "T", "--reason", "contract", "--yes", folder=home)
        self.assertEqual(told.code, 0, told.text)
        self.assertEqual(list((home / "data" / "t").glob("evidence-*")), [])
        told = self.assay("ledger", "verify", folder=home)
        self.assertEqual(told.code, 0, told.text)
        told = self.assay("run", folder=home)
        self.assertIn("its keys are destroyed", told.text)
        self.assertNotEqual(told.code, 0)
        self.assertEqual(self.assay("status", folder=home).code, 0)


if __name__ == "__main__":
    unittest.main()
