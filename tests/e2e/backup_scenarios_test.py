#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER backup_scenarios_test.py [-v] [CLASS.test...]   Backups from outside: beside a run, killed, restored."""
import datetime
import json
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from scenario import BIN, ENV, Scenario

SEED = 20261121


class Backups(Scenario):
    def setUp(self):
        super().setUp()
        self.target = self.home / "copies"

    def ledger(self, **limits):
        """A finished run in the ledger of tenant t, and [backup] in the configuration."""
        self.access = self.server().access
        self.limits(**limits)
        self.assertIn(self.assay("run").code, (0, 5))

    def limits(self, **limits):
        self.configure(self.access, ['id = "graph"'], f'[backup]\ntarget = "{self.target}"\n'
                       + "".join(f'{name} = "{value}"\n' for name, value in limits.items()))

    def create(self, *words):
        done = self.assay("backup", "create", "--json", *words)
        self.assertEqual(done.code, 0, done.text)
        return pathlib.Path(done.json()["data"]["backups"][0]["path"])

    def listed(self):
        return self.assay("backup", "list", "--json").json()["data"]

    def head(self, folder):
        with sqlite3.connect(f"file:{folder}/ledger.db?mode=ro", uri=True) as db:
            return db.execute("SELECT size, root, frontier FROM head").fetchone()

    def log(self):
        """Entries of the log of the instance."""
        shown = self.assay("ledger", "show", "-t", "instance")
        return [json.loads(line) for line in shown.out.splitlines() if line.startswith("{")]


class WhileInUse(Backups):
    def test_copies_made_while_runs_write_verify_and_restore(self):
        """[CH-17]"""
        self.ledger()
        verified, runs = [], []
        while len(runs) < 3:
            run = subprocess.Popen([self.program, "run"], cwd=self.home, env=ENV, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while run.poll() is None:
                path = self.create()
                told = self.assay("backup", "verify", str(path), "--json")
                self.assertEqual(told.code, 0, told.text)
                verified.append(told.json()["data"])
            runs.append(run.returncode)
        self.assertTrue(set(runs) <= {0, 5}, runs)
        sizes = [v["tree_size"] for v in verified]
        self.assertGreater(len(set(sizes)), 1, f"no copy fell into a run: {sizes}")
        self.assertEqual(sizes, sorted(sizes))
        self.assertTrue(all(v["bodies"] == v["bodies_opened"] for v in verified))
        self.ledger_verifies()
        done = self.assay("backup", "restore", verified[len(verified) // 2]["path"], "--to", "then", "--accept-loss")
        self.assertEqual(done.code, 0, done.text)

    def test_a_killed_copy_is_never_taken_for_a_whole_one(self):
        self.ledger()
        started = time.monotonic()
        self.create()
        whole, rng, killed = time.monotonic() - started, random.Random(SEED), 0
        for _ in range(25):
            process = subprocess.Popen([self.program, "backup", "create"], cwd=self.home, env=ENV, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, whole * 1.1))
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            data = self.listed()
            self.assertTrue(all(b["whole"] for b in data["backups"]), data)
        self.assertGreater(killed, 5)
        for b in self.listed()["backups"]:
            told = self.assay("backup", "verify", b["path"])
            self.assertEqual(told.code, 0, told.text)
        self.create()
        self.assertEqual([p.name for p in self.target.iterdir() if p.name.startswith(".")], [])
        self.assertEqual(self.assay("ledger", "verify", "--all").code, 0)

    def test_a_killed_restore_leaves_no_ledger(self):
        self.ledger()
        path, rng = self.create(), random.Random(SEED)
        for turn in range(12):
            to = self.home / f"to-{turn}"
            process = subprocess.Popen([self.program, "backup", "restore", str(path), "--to", str(to)], cwd=self.home, env=ENV,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, 0.6))
            process.send_signal(signal.SIGKILL)
            process.wait()
            if to.exists():
                told = self.assay(str(to), program=BIN / "assay-verify")
                self.assertEqual(told.code, 0, told.text)
            else:
                done = self.assay("backup", "restore", str(path), "--to", str(to))
                self.assertEqual(done.code, 0, done.text)
            self.assertEqual(self.head(to), self.head(self.home / "data/t"))


class Restoring(Backups):
    def test_a_lost_ledger_comes_back_with_the_same_head(self):
        """[CH-17] [VE-16]"""
        self.ledger()
        path, live = self.create(), self.home / "data" / "t"
        head, tenants_own = self.head(live), (live / "ledger.key").read_bytes()
        lines = self.lines()
        shutil.rmtree(live)
        live.mkdir(mode=0o700)
        (live / "ledger.key").write_bytes(tenants_own)
        (live / "ledger.key").chmod(0o600)
        done = self.assay("backup", "restore", str(path), "--to", str(live), "--json")
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.head(live), head)
        self.ledger_verifies()
        self.assertEqual(self.lines(), lines)
        self.assertFalse([e for e in self.lines() if e["kind"].startswith("backup.")])
        kinds = [e["kind"] for e in self.log()]
        self.assertEqual(kinds[2:], ["backup.created", "backup.restored"])
        self.assertEqual(self.log()[3]["of"], lines[0]["tenant"])
        self.assertIn(self.assay("run").code, (0, 5))  # it goes on
        self.ledger_verifies()

    def test_only_the_owner_restores(self):
        """[CH-18] [VE-16]"""
        self.ledger()
        path = self.create()
        for key, name in ((self.home / "data/master.key", "master key"), (self.home / "data/t/ledger.key", "ledger key")):
            shutil.move(key, self.home / "kept")
            done = self.assay("backup", "restore", str(path), "--to", "new")
            shutil.move(self.home / "kept", key)
            self.assertEqual(done.code, 11, done.text)
            self.assertIn(f"restoring needs the {name}", done.err)
            self.assertFalse((self.home / "new").exists())
        self.assertEqual(self.log()[-1]["outcome"], "denied")

    def test_an_older_state_is_never_restored_silently(self):
        self.ledger()
        path = self.create()
        self.assertIn(self.assay("run").code, (0, 5))
        note = self.assay("ledger", "checkpoint").out
        done = self.assay("backup", "restore", str(path), "--to", "new")
        self.assertEqual(done.code, 11, done.text)
        self.assertRegex(done.err, r"last checkpoint seen outside: \d+")
        self.assertRegex(done.err, r"\d+ entries are missing from this backup. A restored ledger may not pretend")
        # The ledger in place is gone too: a note that was kept elsewhere says the same.
        key = (self.home / "data/t/ledger.key").read_bytes()
        shutil.move(self.home / "data/t", self.home / "away")
        (self.home / "data/t").mkdir()
        (self.home / "data/t/ledger.key").write_bytes(key)
        (self.home / "data/t/ledger.key").chmod(0o600)
        (self.home / "note.txt").write_text(note)
        done = self.assay("backup", "restore", str(path), "--to", "data/t", "--known", "note.txt", "--yes")
        self.assertEqual(done.code, 0, done.text)
        self.assertRegex(done.out, r"epoch 2 begins: entry \d+ names the checkpoint of \d+ entries as lost")
        self.assertEqual(self.assay("ledger", "verify").code, 0)
        started = [e for e in self.lines() if e["kind"] == "epoch.started"]
        self.assertEqual([(e["reason"], e["known_size"]) for e in started], [("restored", int(note.split()[1]))])
        self.assertIn(self.assay("run").code, (0, 5))
        self.assertEqual(self.assay("ledger", "verify").code, 0)

    def test_what_was_erased_does_not_come_back(self):
        """[CM-6] [CM-34]"""
        self.ledger(window="35d")
        user = self.a_user()
        path = self.create()  # holds the person still
        told = self.assay("privacy", "erase", "--subject", user, "--ticket", "DSR-1", "--yes", "--json")
        self.assertEqual(told.code, 0, told.text)
        statement = told.json()["data"]["document"]["receipt"]
        erased = datetime.date.fromisoformat(statement["time"][:10])
        self.assertEqual(statement["backups_until"], str(erased + datetime.timedelta(days=35)))
        done = self.assay("backup", "restore", str(path), "--to", "data/again", "--accept-loss", "--json")
        self.assertEqual(done.code, 0, done.text)
        self.assertGreaterEqual(done.json()["data"]["replayed"], 2)
        shutil.move(self.home / "data/t", self.home / "away")
        shutil.move(self.home / "data/again", self.home / "data/t")
        shutil.copy(self.home / "away/ledger.key", self.home / "data/t/ledger.key")
        self.assertEqual(self.assay("privacy", "export", "--subject", user).out, "")
        self.ledger_verifies()
        told = self.assay("ledger", "verify")
        self.assertRegex(told.out, r"absent and explained: \d+ erased \(privacy\)")
        self.assertIn(statement["receipt"], self.assay("privacy", "receipts").out)
        self.assertIn(self.assay("run").code, (0, 5))
        self.ledger_verifies()

    def a_user(self):
        """Object id of a user whom the evidence names."""
        items = self.assay("finding", "list", "--json", "--verdict", "all").json()["data"]["items"]
        return next(i["subject"]["id"] for i in items if i.get("subject", {}).get("type") == "user")

    def test_no_backup_opens_once_the_tenants_keys_are_destroyed(self):
        """[CM-34] [VE-15]"""
        self.ledger()
        path = self.create()
        kept = self.target / "keys" / "t" / "keys.db"
        self.assertTrue(kept.exists())
        keys = kept.read_bytes()
        told = self.assay("privacy", "erase", "--tenant-keys", "--ticket", "T", "--reason", "contract", "--yes")
        self.assertEqual(told.code, 0, told.text)
        self.assertIn("do not open any more", told.out)
        with sqlite3.connect(f"file:{kept}?mode=ro", uri=True) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM tenant_key").fetchone(), (0,))
        # As a crash between the ledger's keys and those beside the backups leaves it: given again, it is finished.
        kept.write_bytes(keys)
        told = self.assay("privacy", "erase", "--tenant-keys", "--ticket", "T", "--reason", "contract", "--yes")
        self.assertEqual(told.code, 0, told.text)
        self.assertIn("was erased before", told.out)
        with sqlite3.connect(f"file:{kept}?mode=ro", uri=True) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM tenant_key").fetchone(), (0,))
        done = self.assay("backup", "restore", str(path), "--to", "new", "--accept-loss")
        self.assertEqual(done.code, 11, done.text)
        self.assertIn("they were destroyed", done.err)
        told = self.assay("backup", "verify", str(path), "--json")  # lines and signatures hold
        self.assertEqual((told.code, told.json()["data"]["bodies_opened"]), (0, 0), told.text)

    def test_nothing_is_overwritten(self):
        self.ledger()
        path, before = self.create(), self.head(self.home / "data/t")
        done = self.assay("backup", "restore", str(path), "--to", "data/t")
        self.assertEqual(done.code, 2, done.text)
        self.assertIn("is there and not empty", done.err)
        self.assertEqual(self.head(self.home / "data/t"), before)


class Damage(Backups):
    def test_what_is_wrong_is_named_with_exit_7(self):
        self.ledger()
        path = self.create()
        file = next(path.glob("evidence-*.db"))
        good = file.read_bytes()
        file.write_bytes(good[:5000] + bytes([good[5000] ^ 1]) + good[5001:])
        for command in (("backup", "verify"), ("verify",)):
            done = self.assay(*command, str(path))
            self.assertEqual(done.code, 7, done.text)
            self.assertRegex(done.out, rf"place +{file.name}\n +what +its SHA-256 is not the one in the manifest")
        done = self.assay("backup", "restore", str(path), "--to", "new")
        self.assertEqual(done.code, 7, done.text)
        done = self.assay("backup", "drill")
        self.assertEqual(done.code, 7, done.text)
        self.assertEqual([e["outcome"] for e in self.log()[-3:]], ["damaged", "corrupt", "corrupt"])

    def test_a_backup_verifies_without_configuration_or_keys(self):
        self.ledger()
        path = self.create()
        alone = self.home / "auditor"
        shutil.copytree(path, alone / path.name)
        done = self.assay("verify", path.name, "--json", folder=alone)
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual((done.json()["data"]["ok"], done.json()["data"]["bodies_opened"]), (True, 0))
        told = self.assay(str(alone / path.name), folder=alone, program=BIN / "assay-verify")
        self.assertEqual(told.code, 0, told.text)


class Ages(Backups):
    def test_late_copies_are_said_everywhere(self):
        """[VE-33] [KS-28]"""
        self.ledger()
        self.assertIn("no backup LATE", self.assay("status").out)
        self.assertRegex(self.assay("doctor").out, r"backup +t: no backup LATE")
        self.create()
        self.assertRegex(self.assay("status").out, r"backup \d+ s old, due after 7 d · nothing unsaved · no drill LATE")
        self.assertEqual(self.assay("backup", "drill").code, 0)
        self.assertNotIn("LATE", self.assay("status").out)
        self.limits(full_every="1s", drill_every="1s")
        time.sleep(2)
        for command in (("status",), ("doctor",), ("backup", "list")):
            self.assertEqual(self.assay(*command).out.count("LATE"), 2, command)
        ages = self.listed()["ages"]["t"]
        self.assertTrue(ages["full_late"] and ages["drill_late"])

    def test_a_drill_records_what_it_measured(self):
        """[VE-34] [VE-35]"""
        self.ledger()
        self.create()
        self.assertIn(self.assay("run").code, (0, 5))
        done = self.assay("backup", "drill", "--json")
        self.assertEqual(done.code, 0, done.text)
        facts, entry = done.json()["data"]["drills"][0], self.log()[-1]
        self.assertTrue(facts["within_targets"])
        self.assertGreater(facts["lost"], 0)
        self.assertEqual((entry["kind"], entry["took_ms"], entry["lost"], entry["age_s"]),
                         ("backup.drilled", facts["took_ms"], facts["lost"], facts["gap_s"]))
        self.assertEqual(sorted(p.name for p in (self.home / "data").iterdir()), ["instance", "master.key", "t"])

    def test_the_window_takes_old_copies(self):
        self.ledger(window="1s")
        first = self.create()
        time.sleep(2)
        told = self.assay("backup", "create", "--dry-run")
        self.assertNotIn("would remove", told.out)  # the newest whole one stays
        second = self.create()
        self.assertEqual([p["path"] for p in self.listed()["backups"]], [str(second)])
        self.assertFalse(first.exists())

    def test_a_dry_run_tells_what_would_go(self):
        self.ledger(window="1d")
        first, second = self.create(), self.create()
        self.limits(window="1s")
        time.sleep(2)
        told = self.assay("backup", "create", "--dry-run")
        self.assertIn(f"would remove {first.name}: older than the window of 1 s", told.out)
        self.assertNotIn(second.name, told.out)
        self.assertTrue(first.exists())


if __name__ == "__main__":
    unittest.main()
