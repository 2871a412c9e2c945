#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER exceptions_test.py [-v] [CLASS.test...]   A failure may stay for a while: asked for, approved, ended."""
import datetime
import os
import subprocess
import sys
import pathlib
import time
import unittest

from scenario import Done, ENV, Scenario

ROOT = pathlib.Path(__file__).resolve().parents[2]
ISO = '[[frameworks]]\nid = "iso27001-2022"\nversion = "1"\ntenants = ["*"]\n'
# Two checks whose verdict their parameter says: what fails, and what compensates for it.
OWN = '''
[[check]]
id = "NAME"
version = 1
title = "Says what it is told"
severity = "high"
subject = "tenant"
reads = ["entra_authorization_policy"]
params = { says = "VERDICT" }
rationale = "A test needs it."
remediation = "None."
sql = """
SELECT 'tenant' AS subject, :says AS verdict, 'told so' AS detail FROM entra_authorization_policy
"""
'''


def day(ahead):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=ahead)).strftime("%Y-%m-%d")


def moment(seconds=0.0):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%S.") + f"{then.microsecond // 1000:03d}Z"


def unshared(account):
    """A command in front that makes the same files and the same person look like another account."""
    return ("unshare", "--user", f"--map-user={account}", f"--map-group={account}")


CAN_UNSHARE = subprocess.run([*unshared(2001), "true"], capture_output=True, check=False).returncode == 0


class People(Scenario):
    """Commands by accounts of this machine."""

    def by(self, account, *words):
        if CAN_UNSHARE:
            return self.assay(*words, prefix=unshared(account))
        if os.geteuid() != 0:
            self.skipTest("needs user namespaces, or root")
        self.give_to(account)
        done = Done(subprocess.run([self.program, *words], cwd=self.home, env=ENV, stdin=subprocess.DEVNULL, capture_output=True,
                                   timeout=90, check=False, user=account, group=account))
        self.give_to(0)
        return done

    def give_to(self, account):
        for path in [self.home, *self.home.rglob("*")]:
            os.chown(path, account, account)

    def ok(self, done, code=0):
        self.assertEqual(done.code, code, done.text)
        return done

    def kinds(self):
        return [line["kind"] for line in self.lines() if line["kind"].startswith(("exception.", "attestation."))]

    def findings(self, check):
        items = self.ok(self.assay("finding", "list", "--json")).json()["data"]["items"]
        return [item for item in items if item["check"] == check]


class Exceptions(People):
    def setUp(self):
        super().setUp()
        (self.home / "own").mkdir()
        self.configure(self.server().access, ['id = "graph"'])
        path = self.home / "assay.toml"
        path.write_text(path.read_text().replace("schema = 1", 'schema = 1\nchecks_dir = "own"', 1))
        self.say("fail", "pass")

    def say(self, rule, watch):
        (self.home / "own" / "own.toml").write_text("".join(
            OWN.replace("NAME", name).replace("VERDICT", verdict) for name, verdict in (("our-rule", rule), ("our-watch", watch))))

    def run_own(self, code=0):
        """One run of the two checks; its result of the rule, with --fail-on."""
        done = self.ok(self.assay("run", "--json", "--only", "our-rule", "--only", "our-watch", "--fail-on", "low"), code)
        report = done.json()["data"]["runs"][0]
        return next(c for c in report["checks"] if c["check"] == "our-rule"), report["warnings"]

    def excepted(self):
        (item,) = self.findings("our-rule")
        self.assertEqual(item["verdict"], "fail")
        return item["excepted"]

    def ask(self, *more, expires=None):
        (item,) = self.findings("our-rule")
        done = self.ok(self.by(2001, "exception", "request", item["id"], "--reason", "canary-reason", "--expires",
                               expires or day(90), "--json", *more))
        return done.json()["data"]["items"][0]["id"]

    def state(self, number, *more):
        return self.ok(self.assay("exception", "show", number, "--json", *more)).json()["data"]["state"]

    def test_the_way_from_failing_to_excepted_and_back(self):
        """Journey 2.5 [CM-25] [KS-15] [R3]"""
        self.run_own(code=4)
        self.assertFalse(self.excepted())
        number = self.ask("--compensating", "every sign-in is watched", "--compensating-check", "our-watch")
        self.assertEqual((number, self.state(number)), ("E-1", "requested"))
        self.asked_but_not_approved()
        self.approved(number)
        self.suspended_and_resumed(number)
        self.undone(number)
        self.closed_by_itself()
        self.every_run_follows_again()

    def asked_but_not_approved(self):
        self.assertFalse(self.excepted())
        self.run_own(code=4)
        told = self.ok(self.by(2001, "exception", "approve", "E-1"), 11)
        self.assertIn("somebody else must approve it", told.err)
        self.ok(self.by(2001, "exception", "approve", "E-1", "--dry-run"), 11)
        self.ok(self.by(2002, "exception", "approve", "E-1", "--dry-run"))
        self.assertEqual(self.kinds(), ["exception.requested"])

    def approved(self, number):
        told = self.ok(self.by(2002, "exception", "approve", number, "--note", "canary-note"))
        self.assertRegex(told.out, rf"E-1 active until {day(90)} \(in \d+ days\)")
        self.assertIn('our-rule: 1 failing in run R-2, excepted 0 -> 1; each stays "fail"', told.out)
        self.assertTrue(self.excepted())
        rule, _ = self.run_own()  # excepted failures never cause 4
        self.assertEqual((rule["verdict"], rule["fail"], rule["excepted"]), ("fail", 1, 1))
        self.assertIn("excepted until", self.assay("finding", "list").out)
        self.ok(self.by(2002, "exception", "approve", number), 2)
        self.ok(self.assay("exception", "approve", "E-9"), 12)

    def suspended_and_resumed(self, number):
        self.say("fail", "fail")
        rule, warnings = self.run_own(code=4)
        self.assertEqual(rule["excepted"], 0)
        self.assertIn("exception E-1 is suspended by this run", warnings)
        self.assertEqual((self.state(number), self.excepted()), ("suspended", False))
        self.say("fail", "pass")
        rule, _ = self.run_own()
        self.assertEqual((rule["excepted"], self.state(number), self.excepted()), (1, "active", True))

    def undone(self, number):
        told = self.ok(self.by(2002, "exception", "revoke", number, "--note", "a mistake", "--json")).json()["data"]
        self.assertEqual((told["before"]["excepted"], told["after"]["excepted"]), (1, 0))
        self.assertEqual((told["before"]["state"], told["after"]["state"]), ("active", "revoked"))
        self.assertFalse(self.excepted())
        self.run_own(code=4)
        history = told["exception"]["history"]
        self.assertEqual([one["kind"].split(".")[1] for one in history],
                         ["requested", "approved", "suspended", "resumed", "revoked"])
        lines = {line["index"]: line for line in self.lines()}
        for one in history:  # the history is the entries
            self.assertEqual((lines[one["entry"]]["kind"], lines[one["entry"]]["time"]), (one["kind"], one["time"]))
        self.assertEqual(self.state(number, "--as-of", history[1]["time"]), "active")
        self.assertEqual(self.state(number, "--as-of", history[2]["time"]), "suspended")
        self.ok(self.assay("exception", "show", number, "--as-of", "2020-01-01"), 12)

    def closed_by_itself(self):
        number = self.ask()
        self.ok(self.by(2002, "exception", "approve", number))
        self.run_own()
        self.say("pass", "pass")
        _, warnings = self.run_own()
        self.assertIn(f"exception {number} is closed by this run", warnings)
        self.assertEqual(self.state(number), "closed")
        self.say("fail", "pass")
        self.run_own(code=4)
        self.assertFalse(self.excepted())

    def every_run_follows_again(self):
        for run in range(1, 10):
            told = self.ok(self.assay("replay", f"R-{run}", "--json")).json()["data"]
            self.assertEqual((told["differences"], told["not_replayed"]), ([], []), run)
        shown = self.assay("ledger", "show").out
        self.assertNotIn("canary", shown)
        self.ledger_verifies()
        read = subprocess.run([sys.executable, ROOT / "tools/verify.py", self.home / "data/t"], capture_output=True, check=False)
        self.assertEqual(read.returncode, 0, read.stdout + read.stderr)

    def test_the_clock_ends_it_without_a_run(self):
        self.run_own(code=4)
        end = moment(8)
        number = self.ask(expires=end)
        self.ok(self.by(2002, "exception", "approve", number))
        before = moment()
        self.assertTrue(self.excepted())
        self.assertIn("ends in 0 hours", self.assay("exception", "list").err)
        while moment() < end:
            time.sleep(0.05)
        self.assertFalse(self.excepted())
        self.assertEqual(self.state(number), "expired")
        self.assertEqual(self.state(number, "--as-of", before), "active")
        self.assertNotIn("exception.expired", self.kinds())
        self.ok(self.by(2002, "exception", "revoke", number), 2)
        self.assertEqual(self.kinds()[-1], "exception.expired")
        self.run_own(code=4)
        self.assertEqual(self.kinds().count("exception.expired"), 1)
        self.refusals()
        self.two_at_once()

    def refusals(self):
        (item,) = self.findings("our-rule")
        ask = ("exception", "request", item["id"], "--reason", "r")
        self.ok(self.assay(*ask), 2)
        self.assertIn("180 days", self.ok(self.assay(*ask, "--expires", day(200)), 2).err)
        self.assertIn("over already", self.ok(self.assay(*ask, "--expires", day(-2)), 2).err)
        self.ok(self.assay("exception", "request", "F-999", "--reason", "r", "--expires", day(3)), 12)
        every = ("exception", "request", "--check", "our-rule", "--subject", "*", "--reason", "r", "--expires", day(3))
        self.assertIn("allow_wildcard", self.ok(self.assay(*every), 2).err)
        told = self.ok(self.assay("exception", "request", "--check", "our-rul", "--subject", "x", "--reason", "r", "--expires", day(3)), 12)
        self.assertIn("did you mean our-rule?", told.err)

    def two_at_once(self):
        number = self.ask()
        both = [subprocess.Popen([*(unshared(account) if CAN_UNSHARE else ()), self.program, "exception", "approve", number], cwd=self.home,
                                 env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for account in (2002, 2003)]
        codes = sorted(one.wait(timeout=60) for one in both)
        told = b"".join(one.communicate()[1] for one in both)
        if CAN_UNSHARE:
            self.assertEqual(codes[0], 0, told)
            self.assertIn(codes[1], (2, 9, 10), told)
            self.assertEqual(self.kinds().count("exception.approved"), 2)

    def test_a_list_of_accounts_is_asked_for_in_one_file(self):
        accounts = self.home / "break-glass.toml"
        accounts.write_text("".join(f'[[exception]]\ncheck = "our-rule"\nsubject = "account-{n}"\nreason = "Break-glass account"\n'
                                    f'compensating_check = "our-watch"\nexpires = {day(100)}\n' for n in (1, 2)))
        self.run_own(code=4)
        request = ("exception", "request", "--from", "break-glass.toml")
        self.ok(self.by(2001, *request, "--dry-run"))
        self.assertEqual(self.kinds(), [])
        self.ok(self.by(2001, *request))
        self.assertEqual(self.kinds(), ["exception.requested"] * 2)
        self.ok(self.by(2001, *request), 2)  # all or none
        self.assertEqual(self.kinds(), ["exception.requested"] * 2)
        self.ok(self.by(2002, "exception", "approve", "E-2"))
        items = self.assay("exception", "list", "--json").json()["data"]["items"]
        self.assertEqual([(i["state"], i["subject"]["id"]) for i in items], [("requested", "account-1"), ("active", "account-2")])
        accounts.write_text(accounts.read_text().replace("reason", "reasn", 1))
        self.assertIn("break-glass.toml:4:1", self.ok(self.by(2001, *request), 2).err)
        roles = self.home / "assay.toml"
        roles.write_text(roles.read_text() + '[[roles.map]]\nrole = "admin"\nos_user = "2003"\n')
        self.assertIn("no role", self.ok(self.by(2002, "exception", "approve", "E-1"), 11).err)
        self.ok(self.by(2003, "exception", "approve", "E-1"))


class Controls(People):
    """A control whose one check fails on two devices, and which a person must attest."""
    control, check = "A.7.10", "intune-device-encrypted"

    def state(self, run):
        return next(c for c in run["controls"] if c["control"] == self.control)

    def run_all(self):
        return self.ok(self.assay("run", "--json", "--only", self.check), 0).json()["data"]["runs"][0]

    def lowered(self):
        (tenant,) = self.ok(self.assay("status", "--json")).json()["data"]["tenants"]
        return tenant["exceptions"]["lowered_controls"]

    def told_state(self):
        """As the statement of applicability gives it, which is a document for an auditor."""
        rows = self.ok(self.assay("framework", "soa", "iso27001-2022", "--json")).json()["data"]["items"]
        return next(row["state"] for row in rows if row["control"] == self.control)

    def test_excepted_and_attested_controls_fall_at_once(self):
        """[CM-25] [R4]"""
        self.configure(self.server().access, extra=ISO)
        self.assertEqual(self.state(self.run_all())["state"], "not_satisfied")
        found = self.findings(self.check)
        self.assertEqual(len(found), 2)
        for item in found:
            self.ok(self.by(2001, "exception", "request", item["id"], "--reason", "lost", "--expires", day(20)))
        self.ok(self.by(2002, "exception", "approve", "E-1"))
        self.assertEqual(self.state(self.run_all())["state"], "not_satisfied")  # one of two
        self.ok(self.by(2002, "exception", "approve", "E-2"))
        waiting = self.state(self.run_all())
        self.assertEqual((waiting["state"], "attest" in waiting["why"]), ("unknown", True))
        self.attest()
        self.assertEqual(self.state(self.run_all())["state"], "excepted")
        self.assertEqual((self.lowered(), self.told_state()), ([], "excepted"))
        self.ok(self.by(2001, "attest", "revoke", "AT-1", "--note", "withdrawn"))
        self.assertEqual(self.lowered(), [f"iso27001-2022:{self.control} is unknown since the run: attestation AT-1 is revoked"])
        self.assertEqual(self.told_state(), "unknown")
        self.ok(self.by(2001, "exception", "revoke", "E-2"))
        self.assertEqual(self.lowered(), [f"iso27001-2022:{self.control} is not_satisfied since the run: exception E-2 is revoked"])
        self.assertEqual(self.told_state(), "not_satisfied")
        self.assertEqual(self.state(self.run_all())["state"], "not_satisfied")
        for run in ("R-3", "R-4", "R-5"):
            told = self.ok(self.assay("replay", run, "--json")).json()["data"]
            self.assertEqual((told["differences"], told["not_replayed"]), ([], []), run)
        self.ledger_verifies()

    def attest(self):
        policy = self.home / "policy.pdf"
        policy.write_text("canary-policy")
        about = f"iso27001-2022:{self.control}"
        words = ("--role", "head of IT", "--file", "policy.pdf", "--expires", day(100))
        self.ok(self.by(2001, "attest", "add", about, "--role", "x"), 2)
        self.ok(self.by(2001, "attest", "add", "iso27001-2022:A.99", *words), 12)
        self.ok(self.by(2001, "attest", "add", about, *words, "--dry-run"))
        self.assertNotIn("attestation.added", self.kinds())
        told = self.ok(self.by(2001, "attest", "add", about, *words, "--json")).json()["data"]
        self.assertEqual((told["id"], told["by"], told["state"]), ("AT-1", "account:2001", "valid"))
        self.ok(self.by(2001, "attest", "renew", "AT-1", "--role", "head of IT", "--file", "policy.pdf", "--expires", day(120)))
        self.assertIn("AT-1", self.assay("attest", "list").out)
        shown = self.assay("attest", "show", "AT-1").out
        self.assertRegex(shown, r"(?s)history.*added.*renewed")
        self.assertNotIn(b"canary-policy", b"".join(p.read_bytes() for p in (self.home / "data").rglob("*") if p.is_file()))


if __name__ == "__main__":
    unittest.main()
