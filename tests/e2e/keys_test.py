#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER keys_test.py [-v] [CLASS.test...]   Keys are changed and losses accepted, seen from outside."""
import base64
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import time
import unittest

from scenario import ENV, Scenario

SOURCE = pathlib.Path(__file__).resolve().parents[2]
GRAPH = 'id = "graph"'
OFD_SETLK = 37  # F_OFD_SETLK of <fcntl.h>, which this Python may not name
PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n", re.S)


class WithLedger(Scenario):
    """A tenant with one finished run."""

    def setUp(self):
        super().setUp()
        self.configure(self.server().access, [GRAPH])
        self.run_once()
        self.data = self.home / "data" / "t"

    def run_once(self):
        done = self.assay("run")
        self.assertIn(done.code, (0, 5), done.text)

    def engine_verifies(self, folder=None):
        done = self.assay("ledger", "verify", "--json", folder=folder)
        self.assertEqual(done.code, 0, done.text)
        report = done.json()["data"]["ledgers"][0]
        self.assertEqual(report["bodies"], report["bodies_opened"])
        return report

    def note(self):
        return self.assay("ledger", "checkpoint").out

    def rotate(self, purpose, *words, code=0):
        done = self.assay("key", "rotate", "--purpose", purpose, *words)
        self.assertEqual(done.code, code, done.text)
        return done

    def fingerprint(self):
        return self.assay("key", "fingerprint").out.split()[-1]


class LedgerKey(WithLedger):
    def signed_by(self, note, line, pem):
        """openssl says whether signature line number `line` of the note is of this public key."""
        text, _, lines = note.rpartition("\n\n")
        (self.home / "text").write_text(text + "\n")
        (self.home / "signature").write_bytes(base64.b64decode(lines.splitlines()[line].split(" ")[2])[4:])
        (self.home / "key.pem").write_text(pem)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "text",
                               "-sigfile", "signature"], cwd=self.home, capture_output=True, check=False)
        return done.returncode == 0

    def pems(self):
        return PEM.findall(self.assay("key", "export-public", "--format", "pem").out)

    def test_an_outsider_follows_the_handover_with_openssl(self):
        """[VE-11]"""
        before, old = self.note(), self.fingerprint()
        self.rotate("ledger", "--dry-run")
        self.assertEqual(self.fingerprint(), old, "a dry run changes nothing")
        told = self.rotate("ledger").out
        self.assertIn(old, told)
        self.assertIn(self.fingerprint(), told)
        self.assertNotEqual(self.fingerprint(), old)
        between = self.note()
        self.run_once()
        after = self.note()
        first, second = self.pems()
        private = subprocess.run(["openssl", "pkey", "-in", self.data / "ledger.key", "-pubout"], capture_output=True, check=True)
        self.assertEqual(private.stdout.decode(), second)
        signatures = [note.rpartition("\n\n")[2].count("\n") for note in (before, between, after)]
        self.assertEqual(signatures, [1, 2, 1])
        self.assertTrue(self.signed_by(before, 0, first))
        self.assertFalse(self.signed_by(before, 0, second))
        self.assertTrue(self.signed_by(between, 0, first), "the old key signs first")
        self.assertTrue(self.signed_by(between, 1, second))
        self.assertTrue(self.signed_by(after, 0, second))
        self.assertFalse(self.signed_by(after, 0, first))
        self.engine_verifies()
        self.assertEqual([line for line in self.lines() if line["kind"] == "key.rotated"][0]["previous"], old)

    def test_the_page_for_auditors_checks_a_handover(self):
        """[VE-11]"""
        self.rotate("ledger")
        created, rotated = (line for line in self.lines() if line["kind"] in ("key.created", "key.rotated"))
        page = (SOURCE / "docs/auditor/verify-by-hand.md").read_text()
        script = re.search(r"^## 5.*?^```sh\n(.*?)^```", page, re.S | re.M)[1]
        env = {**ENV, "OLD_VKEY": created["vkey"], "NEW_VKEY": rotated["vkey"], "SIGNATURE_OLD": rotated["signature_old"]}
        run = lambda env: subprocess.run(["sh", "-e", "-c", script], cwd=self.home, env=env, capture_output=True, check=False)
        done = run(env)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, b"Signature Verified Successfully"), done.stderr)
        self.assertNotEqual(run({**env, "SIGNATURE_OLD": rotated["signature_new"]}).returncode, 0)

    def test_the_old_private_key_goes_unless_it_is_kept(self):
        """[VE-11]"""
        self.rotate("ledger")
        keys = lambda: sorted(p.name for p in self.data.iterdir() if p.name.startswith("ledger.key"))
        self.assertEqual(keys(), ["ledger.key"])
        self.rotate("ledger", "--keep-old")
        self.assertEqual(len(keys()), 2)
        for name in keys():
            self.assertEqual((self.data / name).stat().st_mode & 0o777, 0o600)
        self.engine_verifies()
        self.run_once()

    def test_a_held_ledger_is_busy(self):
        """[VE-11]"""
        with (self.data / "ledger.lock").open("r+") as lock:
            fcntl.fcntl(lock, OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
            for purpose in ("ledger", "seal", "master"):
                self.assertIn("AS-LED-001", self.rotate(purpose, code=9).err)
            self.assertEqual(self.assay("ledger", "recover", "--accept-loss").code, 9)
        self.assertEqual([p.name for p in self.home.rglob("*.next")], [])
        self.assertEqual(len(self.pems()), 1)

    def test_wrong_use_is_told(self):
        self.assertEqual(self.assay("key", "rotate").code, 2)
        self.assertEqual(self.assay("key", "rotate", "--purpose", "rubbish").code, 2)
        self.assertEqual(self.assay("key", "rotate", "--purpose", "master", "-t", "t").code, 2)
        self.assertEqual(self.assay("key", "rotate", "--purpose", "seal", "--keep-old").code, 2)
        self.assertEqual(self.assay("key", "list", "-t", "nobody").code, 12)


class KilledRotation(WithLedger):
    def kill_after(self, seconds, *words):
        child = subprocess.Popen([self.program, *words], cwd=self.home, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        return child.wait(timeout=30) == -signal.SIGKILL

    def test_a_rotation_killed_at_any_time_leaves_a_whole_ledger(self):
        """[VE-11] [CL-12]"""
        for purpose in ("ledger", "seal", "master"):
            words = ("key", "rotate", "--purpose", purpose)
            began = time.monotonic()
            self.rotate(purpose)
            whole = time.monotonic() - began
            killed = 0
            for step in range(12):
                killed += self.kill_after(whole * (step + 0.5) / 12, *words)
                report = self.engine_verifies()  # before anything was put right
                self.assertTrue(report["ok"])
            self.assertGreater(killed, 3, f"{purpose}: nothing was killed in {whole} s")
            self.rotate(purpose)
            self.engine_verifies()
        self.run_once()
        self.engine_verifies()
        left = sorted(p.name for p in self.home.rglob("*") if re.search(r"\.(next|tmp\d+)$", p.name))
        self.assertEqual(left, [])


class TenantKeys(WithLedger):
    def test_bodies_of_every_generation_open(self):
        """[VE-11] [VE-10]"""
        self.rotate("seal")
        self.run_once()
        master = (self.home / "data" / "master.key").read_bytes()
        self.rotate("seal")
        self.rotate("master", "--keep-old")
        self.run_once()
        self.engine_verifies()
        self.assertNotEqual((self.home / "data" / "master.key").read_bytes(), master)
        kept = [p for p in (self.home / "data").iterdir() if p.name.startswith("master.key.old-")]
        self.assertEqual([p.read_bytes() for p in kept], [master])
        listed = self.assay("key", "list", "--json").json()["data"]["tenants"][0]
        self.assertEqual((listed["seal"], listed["seal_keys"], listed["fault"]), ("seal.2", 3, ""))
        said = [(line["purpose"], line["which"]) for line in self.lines() if line["kind"] == "key.rewrapped"]
        self.assertEqual(said[:2], [("seal", "seal.1"), ("seal", "seal.2")])
        self.assertEqual(said[2:], [("master", listed["master"])])

    def test_a_ledger_that_no_tenant_names_is_rewrapped_too(self):
        """[VE-10]"""
        text = (self.home / "assay.toml").read_text()
        (self.home / "other.toml").write_text(text.replace('id = "t"', 'id = "u"'))
        self.assertIn(self.assay("run", "-C", "other.toml").code, (0, 5))
        self.rotate("master")
        done = self.assay("ledger", "verify", "-C", "other.toml", "--json")
        self.assertEqual(done.code, 0, done.text)
        report = done.json()["data"]["ledgers"][0]
        self.assertEqual((report["tenant"], report["bodies"]), ("u", report["bodies_opened"]))

    def test_the_wrong_master_key_is_named(self):
        """[VE-10] [CM-14]"""
        (self.home / "data" / "master.key").write_bytes(bytes(32))
        done = self.assay("run")
        self.assertEqual(done.code, 7, done.text)
        self.assertIn("master key does not open", done.err)
        self.assertEqual(self.assay("ledger", "verify").code, 7)


class AfterALoss(WithLedger):
    def lose_a_run(self):
        older = self.home / "older"
        shutil.copytree(self.data, older)
        self.run_once()
        newest = self.note()
        shutil.copy(older / "ledger.db", self.data / "ledger.db")
        return newest

    def test_truncated_raises_the_alarm_and_goes_on_as_an_epoch(self):
        """[CL-12]"""
        lost = self.lose_a_run()
        size = int(lost.splitlines()[1])
        for words in (("run",), ("status",), ("status", "--json"), ("ledger", "status"), ("ledger", "verify")):
            done = self.assay(*words)
            self.assertEqual(done.code, 7, done.text)
            self.assertIn("TRUNCATED", done.text)
        self.assertEqual(self.assay("ledger", "show", "0").code, 0, "reading goes on")
        self.assertIn("TRUNCATED", self.assay("doctor").text)
        before = (self.data / "checkpoints.log").read_bytes()
        self.assertEqual(self.assay("ledger", "recover").code, 2)
        told = self.assay("ledger", "recover", "--dry-run")
        self.assertEqual(told.code, 0, told.text)
        self.assertIn(f"a signed head of {size} is known", told.out)
        self.assertEqual((self.data / "checkpoints.log").read_bytes(), before, "nothing was changed")
        done = self.assay("ledger", "recover", "--accept-loss", "--json")
        self.assertEqual(done.code, 0, done.text)
        outcome = done.json()["data"]
        self.assertEqual((outcome["started"], outcome["epoch"], outcome["known_size"]), (True, 2, size))
        self.run_once()
        self.engine_verifies()
        self.assertTrue(self.note().startswith("scenario.example/t/epoch-2\n"))
        epochs = self.assay("ledger", "epoch", "--json").json()["data"]["epochs"]
        self.assertEqual([(e["epoch"], e["lost"]) for e in epochs], [(1, 0), (2, outcome["lost"])])
        self.assertNotIn(lost.splitlines()[2], (self.data / "checkpoints.log").read_text())
        started = [line for line in self.lines() if line["kind"] == "epoch.started"][0]
        self.assertEqual(started["known_root"], lost.splitlines()[2])

    def test_a_checkpoint_from_outside_shows_what_both_files_hide(self):
        """[CL-12]"""
        older = self.home / "older"
        shutil.copytree(self.data, older)
        self.run_once()
        (self.home / "outside.txt").write_text(self.note())
        shutil.rmtree(self.data)
        older.rename(self.data)
        self.engine_verifies()
        done = self.assay("ledger", "recover", "--accept-loss", "--checkpoint", "outside.txt", "--json")
        self.assertEqual(done.code, 0, done.text)
        self.assertTrue(done.json()["data"]["started"])
        self.engine_verifies()
        (self.home / "forged.txt").write_text((self.home / "outside.txt").read_text().replace("\n", "\n9", 1))
        self.assertEqual(self.assay("ledger", "recover", "--accept-loss", "--checkpoint", "forged.txt").code, 7)

    def test_nothing_lost_is_no_epoch(self):
        self.assertEqual(self.assay("ledger", "recover").code, 0)
        (self.data / "checkpoints.log").unlink()
        done = self.assay("run")
        self.assertEqual(done.code, 7, done.text)
        self.assertIn("AS-LED-005", done.err)
        done = self.assay("ledger", "recover", "--accept-loss", "--json")
        self.assertEqual((done.code, done.json()["data"]["started"]), (0, False))
        self.engine_verifies()
        self.assertEqual(json.loads(self.assay("ledger", "status", "--json").out)["data"]["epoch"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
