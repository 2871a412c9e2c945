#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER plugin_trust_test.py [-v] [CLASS.test...]   Plugins of others: signed, installed, granted, refused."""
import base64
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from packages import ID, ORGANIZATION, SIGN_INS, SOURCE, WithPackages, sha256
from scenario import BIN, ENV, LIB, pin_of

SEED = 20261121
READER = {"roles": ["Organization.Read.All"]}
GRAPH = '[[plugins]]\nid = "graph"\n'


def pluses(text):
    """The reads that a difference shows as new."""
    return re.findall(r"^ +\+ (.*)$", text, re.M)


def openssl_verifies(package, pem):
    """The other implementation: do the commands of the format's page accept the note?"""
    page = (SOURCE / "docs/formats/plugin-package.md").read_text()
    commands = re.search(r"```sh\n(.*?)```", page, re.S).group(1)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(package / f"{ID}.note", folder)
        (pathlib.Path(folder) / "author.pub.pem").write_text(pem)
        return subprocess.run(["bash", "-e", "-c", commands], cwd=folder, capture_output=True, check=False).returncode == 0


def pin_by_hand(package):
    """The pin as the commands of the format's page give it."""
    page = (SOURCE / "docs/formats/plugin-package.md").read_text()
    commands = re.search(r"## Pin\n.*?```sh\n(.*?)```", page, re.S).group(1)
    return subprocess.run(["bash", "-c", commands], cwd=package, capture_output=True, text=True, check=True).stdout.split()[0]


class Journey(WithPackages):
    def setUp(self):
        super().setUp()
        self.access = self.server().access

    def runs(self, code=0):
        done = self.assay("run", "--json")
        # The demo tenant lacks two plans: a run of the graph collector leaves checks not assessed.
        self.assertIn(done.code, (0, 5) if code == 0 else (code,), done.text)
        return done.json()["data"]["runs"][0] if code in (0, 5) else done

    def test_from_the_author_s_key_to_a_run_and_back(self):
        """[VE-24] Keygen, sign, verify, install, grant, run, a version that wants more, revoke."""
        author = self.keygen()
        self.assertEqual((self.home / "author.pem").stat().st_mode & 0o777, 0o600)
        self.assertRegex(author["fingerprint"], r"^SHA256:[A-Za-z0-9+/]{43}$")
        package = self.package()
        verified = self.ok("plugin", "verify", str(package), "--json").json()["data"]
        self.assertEqual(verified["key"]["fingerprint"], author["fingerprint"])
        self.assertTrue(openssl_verifies(package, verified["key"]["pem"]))
        note, whole = package / f"{ID}.note", (package / f"{ID}.note").read_text()
        note.write_text(whole.replace("0.1.0", "0.1.1"))
        self.assertFalse(openssl_verifies(package, verified["key"]["pem"]))
        note.write_text(whole)
        self.configure(self.access, [])
        told = self.ok("plugin", "install", str(package))
        self.assertIn(author["fingerprint"], told.out)
        self.assertEqual(pluses(told.out), [
            "GET graph:/v1.0/organization permission=Organization.Read.All data=directory"])
        self.add(GRAPH + told.out[told.out.index("[[plugins]]"):].split("\n\n")[0] + "\n")
        self.assertNotIn("\ngrant = ", self.lock().read_text())
        self.refused("AS-PLG-008", "run", told=[ID, f"assay plugin grant {ID}"])
        self.assertFalse((self.home / "data/t/ledger.db").exists())
        self.assertEqual(len(pluses(self.ok("plugin", "grant", ID, "--review").out)), 1)
        self.assertEqual(self.assay("plugin", "grant", ID).code, 2, "nobody said yes")
        self.refused("AS-PLG-008", "run")
        self.ok("plugin", "grant", ID, "--yes")
        run = self.runs()
        self.assertEqual({c["check"]: c["verdict"] for c in run["checks"]}[f"{ID}-exists"], "pass")
        self.provenance(package, author)
        self.shown(author)
        self.wants_more(author)
        self.ok("plugin", "revoke", ID)
        self.refused("AS-PLG-008", "run", told=[ID])
        self.ledger_verifies()

    def provenance(self, package, author):
        """What run.started says of the plugin, in its line and in its body."""
        started = self.started()
        digest = sha256(package / f"{ID}.so")
        self.assertEqual(base64.b64decode(started["plugins"][ID]).hex(), digest)
        self.assertEqual(started["keys"], {ID: author["fingerprint"]})
        body = self.ok("evidence", "get", str(started["index"])).out
        said = next(json.loads(part) for part in re.findall(r"\{\"files\".*?\"version\":\"[^\"]*\"\}", body) if f'"{ID}"' in part)
        self.assertEqual((said["trust"], said["key"], said["files"][f"{ID}.so"]), ("signed", author["vkey"], digest))
        self.assertEqual(said["note"], (package / f"{ID}.note").read_text())
        self.assertIn(said["grant"], self.lock().read_text())

    def shown(self, author):
        """Everything that lists what is installed knows the plugin."""
        item = {p["id"]: p for p in self.ok("plugin", "list", "--json").json()["data"]["items"]}
        self.assertEqual((item[ID]["state"], item[ID]["key"], item[ID]["checks"]), ("granted", author["fingerprint"], 1))
        self.assertEqual(item["graph"]["state"], "built in")
        self.assertIn(author["fingerprint"], self.ok("plugin", "info", ID).out)
        self.assertIn(f"{ID}-exists", self.ok("check", "list").out)
        self.assertIn("a plugin of somebody else ran", self.ok("explain", f"{ID}-exists").out)
        self.ok("config", "check")

    def wants_more(self, author):
        newer = self.package("0.2.0", (ORGANIZATION, SIGN_INS))
        wanted = "GET graph:/v1.0/auditLogs/signIns permission=AuditLog.Read.All data=directory"
        told = self.ok("plugin", "install", str(newer))
        self.assertEqual([line.split("  <-")[0] for line in pluses(told.out)], [wanted])
        self.assertIn("1 as granted before", told.out)
        self.refused("AS-PLG-005", "run", told=[wanted, f"assay plugin grant {ID} --review"])
        self.assertEqual(len(pluses(self.ok("plugin", "grant", ID, "--review").out)), 1)
        self.refused("AS-PLG-005", "run")
        self.ok("plugin", "grant", ID, "--yes")
        self.runs()
        self.assertEqual(base64.b64decode(self.started()["plugins"][ID]).hex(), sha256(newer / f"{ID}.so"))

    def test_a_version_within_the_grant_runs_at_once(self):
        folder = self.installed("0.1.0", endpoints=(ORGANIZATION, SIGN_INS))
        told = self.ok("plugin", "install", str(self.package("0.1.1", extra="[limits]\nmemory_bytes = 67108864\n")))
        self.assertIn("within what was granted", told.out)
        self.assertIn("- GET graph:/v1.0/auditLogs/signIns", told.out)
        self.runs()
        self.assertEqual(sorted(p.name for p in folder.parent.iterdir()), [ID], "nothing is left over")

    def test_a_plugin_granted_for_one_tenant_runs_for_that_one_only(self):
        """[CL-5]"""
        self.installed()
        self.add(GRAPH)
        config = (self.home / "assay.toml").read_text()
        tenant = config[config.index("[[tenants]]"):config.index("[[plugins]]")]
        self.add(tenant.replace('id = "t"', 'id = "u"').replace(self.access["tenant_id"], "0a0b0c0d-0000-4000-8000-00000000f00d"))
        plans = {p["tenant"]: p for p in self.ok("run", "--all", "--dry-run", "--json").json()["data"]["plans"]}
        self.assertIn("guest-organization", plans["t"]["endpoints"])
        self.assertNotIn("guest-organization", plans["u"]["endpoints"])
        self.assertIn("graph-organization", plans["u"]["endpoints"])
        self.ok("plugin", "revoke", ID)
        done = self.refused("AS-PLG-008", "run", "--all", "--dry-run")
        self.assertIn("  u  first run\n", done.out, "tenants without the plugin are not refused")
        self.assertNotRegex(done.out, r"(?m)^  t  ")

    def test_a_framework_of_somebody_else(self):
        self.installed()
        told = self.ok("plugin", "install", str(self.framework()), "--json").json()["data"]
        self.assertEqual((told["kind"], told["added"]), ("framework", []))
        self.add(told["config"] + '[[frameworks]]\nid = "guest-rules"\nversion = "1"\n')
        self.refused("AS-PLG-008", "run", told=["guest-rules"])
        self.assertIn("reads nothing", self.ok("plugin", "grant", "guest-rules", "--yes").out)
        run = self.runs()
        self.assertEqual([(c["framework"], c["control"], c["state"]) for c in run["controls"]], [("guest-rules", "R.1", "satisfied")])
        self.assertEqual(set(self.started()["keys"]), {ID, "guest-rules"})
        self.assertIn("guest-rules", self.ok("framework", "list").out)
        self.assertIn(f"{ID}-exists", self.ok("explain", "guest-rules:R.1").out)

    def test_decisions_are_entries_of_the_log_of_the_instance(self):
        """[VE-24] Who installed, granted and took back what."""
        self.installed()
        self.ok("plugin", "revoke", ID)
        lines = [json.loads(line) for line in self.ok("ledger", "show", "-t", "instance").out.splitlines() if line.startswith("{")]
        said = [line for line in lines if line["kind"].startswith("plugin.")]
        self.assertEqual([line["kind"] for line in said], ["plugin.installed", "plugin.granted", "plugin.revoked"])
        self.assertEqual({line["plugin"] for line in said}, {ID})
        self.assertEqual(said[0]["key"], self.author["fingerprint"])
        self.assertTrue(all(line["actor"].startswith("account:") for line in said))
        self.ok("ledger", "verify", "-t", "instance")
        self.ok(str(self.home / "data/instance"), program=BIN / "assay-verify")

    def test_a_pinned_plugin_runs_and_is_recorded_as_unsigned(self):
        package = self.package(sign=None)
        pin = pin_of(package)
        self.configure(self.access, [f'id = "{ID}"\npath = "{package}/{ID}.so"\ndev_pin = "{pin}"\ntenants = ["t"]'])
        self.assertIn(f"plugin {ID} is unsigned: a developer's pin lets it run", self.runs()["warnings"])
        self.assertEqual(self.started()["keys"], {ID: "unsigned"})
        self.assertIn('"trust":"unsigned"', self.ok("evidence", "get", str(self.started()["index"])).out)
        self.assertIn("unsigned", self.ok("plugin", "list").out)


class Refused(WithPackages):
    """No process is started and no request sent: the cloud logs every one."""

    def setUp(self):
        super().setUp()
        self.fake = self.cloud(READER)
        self.access = self.fake.access

    def tearDown(self):
        self.assertEqual(self.fake.log, [], "something was asked of the tenant")
        self.assertFalse((self.home / "data/t/ledger.db").exists(), "something was recorded")

    def would_run(self):
        self.ok("run", "--dry-run")

    def changed(self, folder, change):
        """Applies `change` to a copy of the folder in its place; puts the old one back."""
        saved = self.home / "saved"
        shutil.copytree(folder, saved, symlinks=True)
        change(folder)
        yield
        shutil.rmtree(folder)
        shutil.move(saved, folder)

    def test_one_bit_of_any_file(self):
        folder, chosen = self.installed(), random.Random(SEED)
        self.would_run()
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            whole = path.read_bytes()
            for _ in range(3):
                at = chosen.randrange(len(whole))
                with self.subTest(file=path.name, at=at):
                    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chosen.randrange(8)]) + whole[at + 1:])
                    done = self.assay("run")
                    self.assertEqual(done.code, 8, done.text)
                    self.assertRegex(done.err, r"error\[AS-PLG-00[147]\]")
            path.write_bytes(whole)
        self.would_run()

    def test_any_byte_of_the_note(self):
        self.author = self.keygen()
        package = self.package()
        note, chosen = package / f"{ID}.note", random.Random(SEED)
        whole = note.read_bytes()
        for at in range(0, len(whole), 9):
            with self.subTest(at=at):
                note.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chosen.randrange(7)]) + whole[at + 1:])
                self.refused("AS-PLG-007", "plugin", "verify", str(package))
        for text in (b"", whole[:-1], whole + b"\n", whole + whole.split(b"\n\n")[1], whole.replace(b"\n", b"\r\n")):
            note.write_bytes(text)
            self.refused("AS-PLG-007", "plugin", "verify", str(package))

    def test_another_key(self):
        folder = self.installed()
        other = self.keygen("mallory@example", "other")
        package = self.package(where="other", sign="other")
        self.assertIn(other["fingerprint"], self.ok("plugin", "verify", str(package)).out, "the signature itself is good")
        self.refused("AS-PLG-007", "plugin", "verify", str(package), "--trust", self.author["fingerprint"], told=[other["fingerprint"]])
        self.refused("AS-PLG-007", "plugin", "install", str(package), told=[other["fingerprint"], self.author["fingerprint"]])
        shutil.copy(package / f"{ID}.note", folder)
        self.refused("AS-PLG-007", "run", told=[other["fingerprint"], self.author["fingerprint"]])

    def test_a_new_key_voids_the_grant(self):
        self.installed()
        other = self.keygen("maria@example", "second")
        config = self.home / "assay.toml"
        config.write_text(config.read_text().replace(self.author["fingerprint"], other["fingerprint"]))
        self.refused("AS-PLG-007", "run")
        self.assertIn("another key", self.ok("plugin", "install", str(self.package("0.1.1", sign="second"))).out)
        self.refused("AS-PLG-008", "run")

    def test_a_key_under_another_name(self):
        self.keygen()
        package = self.package()
        note = package / f"{ID}.note"
        whole = note.read_text()
        note.write_text(whole.replace("— maria@example", "— mario@example"))
        self.refused("AS-PLG-007", "plugin", "verify", str(package))
        note.write_text(whole.replace("key maria@example", "key mario@example"))
        self.refused("AS-PLG-007", "plugin", "verify", str(package))
        vkey = self.home / "author.vkey"
        vkey.write_text(vkey.read_text().replace("maria", "mario"))
        self.refused(None, "plugin", "sign", str(package), "--key", "author", exit=3, told=["author.vkey"])

    def test_a_file_added_removed_or_replaced_by_a_link(self):
        folder = self.installed()
        changes = {
            "added check": lambda f: (f / "checks/more.toml").write_text("# nothing\n"),
            "added view": lambda f: (f / "views.sql").write_text("-- nothing\n"),
            "stray file": lambda f: (f / "README").write_text("hello\n"),
            "hidden file": lambda f: (f / "checks/.x.toml").write_text("\n"),
            "folder": lambda f: (f / "checks/deep.toml").mkdir(),
            "removed check": lambda f: (f / "checks/guests.toml").unlink(),
            "removed note": lambda f: (f / f"{ID}.note").unlink(),
            "removed library": lambda f: (f / f"{ID}.so").unlink(),
            "linked check": lambda f: self.link(f / "checks/guests.toml"),
            "linked library": lambda f: self.link(f / f"{ID}.so"),
            "linked checks": lambda f: self.link(f / "checks"),
            "pipe": lambda f: ((f / "views.sql").unlink(missing_ok=True), os.mkfifo(f / "views.sql")),
        }
        for name, change in changes.items():
            with self.subTest(name):
                for _ in self.changed(folder, change):
                    done = self.assay("run")
                    self.assertEqual(done.code, 8, done.text)
                    self.assertRegex(done.err, r"error\[AS-PLG-00[1347]\]")
                    self.assertNotEqual(self.assay("plugin", "verify", str(folder)).code, 0)
        self.would_run()

    def link(self, path):
        target = self.home / f"outside-{path.name}"
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(path, target)
        path.symlink_to(target)

    def test_an_edited_lock(self):
        self.installed()
        whole = self.lock().read_text()
        edits = [("AS-PLG-004", r'(name = "guest-review.so", sha256 = ").{8}', r"\g<1>00000000"),
                 ("AS-PLG-004", r'manifest = "....', 'manifest = "0000'), ("AS-PLG-004", r'version = "0.1.0"', 'version = "0.1.1"'),
                 ("AS-PLG-009", r'grant = "....', 'grant = "0000'), ("AS-PLG-009", r"GET graph", "GET arm"),
                 ("AS-PLG-009", r"(reads = \[\n)", r'\1  "GET graph:/v1.0/aaa",' + "\n"), ("AS-PLG-009", r"(?s)reads = \[.*?\]\n", ""),
                 ("AS-PLG-008", r'(?s)grant = .*?\]\n', ""), ("AS-PLG-009", r'key = "maria', 'key = "mario'),
                 ("AS-PLG-009", r"key = .*\n", ""), ("AS-PLG-009", r"schema = 1", "schema = 2"),
                 ("AS-PLG-009", r"schema = 1", "schema = 1\nunknown = 1"), ("AS-PLG-009", r"\[\[plugin\]\]", "[[plugin]"),
                 ("AS-PLG-003", r"(?s)\[\[plugin\]\].*", ""), ("AS-PLG-004", r"  \{ name = \"checks/guests.toml\".*\n", "")]
        for code, pattern, new in edits:
            with self.subTest(pattern):
                self.lock().write_text(whole)
                self.change_lock(pattern, new)
                self.refused(code, "run")
        self.lock().write_text("schema = 2\n")
        self.assertEqual(self.assay("plugin", "list").code, 8)
        self.assertIn("AS-PLG-009", json.dumps(self.assay("plugin", "grant", ID, "--json").json()["errors"]))
        for words in (("check", "list"), ("config", "check"), ("explain", "AS-PLG-009")):
            self.ok(*words)
        self.lock().write_text(whole + whole[whole.index("[[plugin]]"):])
        self.refused("AS-PLG-009", "run", told=["twice"])
        self.lock().write_text(whole)
        self.would_run()
        self.change_lock(r'grant = "....', 'grant = "0000')
        self.ok("plugin", "revoke", ID)
        self.ok("plugin", "grant", ID, "--yes")
        self.would_run()

    def test_where_others_can_write(self):
        folder = self.installed()
        for path in (self.lock(), folder, folder / "checks", folder / f"{ID}.so", folder / "checks/guests.toml", folder / f"{ID}.note"):
            for more in (0o002, 0o020):
                with self.subTest(path=path.name, more=oct(more)):
                    mode = path.stat().st_mode & 0o777
                    path.chmod(mode | more)
                    self.refused("AS-PLG-009", "run", told=[path.name, "others can write"])
                    path.chmod(mode)
        real = self.home / "real.lock"
        self.lock().rename(real)
        self.lock().symlink_to(real)
        self.refused("AS-PLG-009", "run", told=["is a link"])
        self.lock().unlink()
        real.rename(self.lock())
        self.would_run()

    def test_a_plugin_without_its_grant_leaves_the_rest_in_order(self):
        self.installed()
        self.add(f'[checks."{ID}-exists"]\nseverity = "high"\n')
        self.would_run()
        self.ok("plugin", "revoke", ID)
        self.ok("config", "check")
        self.refused("AS-PLG-008", "run")
        self.assertIn("not granted", self.ok("plugin", "list").out)
        self.assertIn("AS-PLG-008", self.ok("plugin", "info", ID, "--json").out)
        self.assertNotIn(f"{ID}-exists", self.ok("check", "list").out)
        library = self.home / "data/plugins" / ID / f"{ID}.so"
        library.write_bytes(library.read_bytes()[:100])
        told = self.assay("plugin", "list")
        self.assertEqual(told.code, 8)
        self.assertRegex(told.out, rf"{ID} .*refused")

    def test_a_crash_while_installing_leaves_the_old_or_the_new_version(self):
        folder, chosen, seen = self.installed(), random.Random(SEED), set()
        versions = {sha256(folder / f"{ID}.so"): "0.1.0"}
        packages = [folder.parent / "none", *(self.package(f"0.1.{n}") for n in (1, 2))]
        for package in packages[1:]:
            versions[sha256(package / f"{ID}.so")] = package.parent.name
        for turn in range(16):
            package = packages[1 + turn % 2]
            child = subprocess.Popen([self.program, "plugin", "install", str(package), "--accept-older"], cwd=self.home, env=ENV,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chosen.uniform(0.005, 0.12))
            child.kill()
            child.wait()
            self.assertIn(sha256(folder / f"{ID}.so"), versions, "half a version")
            done = self.assay("run", "--dry-run")
            seen.add(done.code)
            if done.code != 0:
                self.assertIn("error[AS-PLG-004]", done.err)
                self.ok("plugin", "install", str(package), "--accept-older")
                self.would_run()
        self.ok("plugin", "install", str(packages[1]), "--accept-older")
        self.assertEqual([p.name for p in folder.parent.iterdir()], [ID], "nothing is left over")
        self.would_run()

    def test_whatever_the_umask_and_wherever_the_package_lies(self):
        self.author = self.keygen()
        self.configure(self.access, [])
        package = self.package()
        for path in (package, *package.rglob("*")):
            path.chmod(0o777)  # who wrote it is the signature's business
        open_to_all = ("bash", "-c", 'umask 0; exec "$@"', "_")
        done = self.ok("plugin", "install", str(package), "--json", prefix=open_to_all).json()["data"]
        self.add(done["config"])
        self.ok("plugin", "grant", ID, "--yes", prefix=open_to_all)
        self.would_run()
        self.ok("plugin", "install", done["folder"])
        self.would_run()
        self.ok("plugin", "install", str(package), "--dry-run")
        relative = self.home / "relative"
        relative.mkdir()
        self.ok("-C", "../assay.toml", "run", "--dry-run", folder=relative)

    def test_a_person_is_asked_only_after_being_shown(self):
        self.installed(grant=False)
        for answer, granted in ((b"no\n", False), (b"y\n", False), (b"yes\n", True)):
            ours, theirs = os.openpty()
            child = subprocess.Popen([self.program, "plugin", "grant", ID, "--quiet"], cwd=self.home, env=ENV, stdin=theirs,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            os.write(ours, answer)
            out, err = child.communicate(timeout=30)
            os.close(ours)
            os.close(theirs)
            self.assertLess(err.decode().index("+ GET graph:/v1.0/organization"), err.decode().index("Type yes"))
            self.assertEqual((child.returncode, "\ngrant = " in self.lock().read_text()), (0 if granted else 2, granted), out)
        self.would_run()

    def test_several_administrators_at_once(self):
        self.installed()
        others = [self.package(plugin=f"guest-{n}", where="many") for n in range(4)]
        children = [subprocess.Popen([self.program, *words], cwd=self.home, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE) for package in others
                    for words in (("plugin", "install", str(package)), ("plugin", "grant", ID, "--yes"))]
        for child in children:
            self.assertEqual(child.wait(60), 0, child.stderr.read().decode())
            child.stderr.close()
        self.assertEqual(re.findall(r'^id = "(.*)"$', self.lock().read_text(), re.M), [*(f"guest-{n}" for n in range(4)), ID])
        self.would_run()

    def test_an_older_version(self):
        folder = self.installed("0.1.0", "0.2.0")
        older = self.home / "made/0.1.0" / ID
        self.refused("AS-PLG-010", "plugin", "install", str(older), told=["0.1.0", "0.2.0", "--accept-older"])
        shutil.rmtree(folder)
        shutil.copytree(older, folder)
        self.refused("AS-PLG-004", "run", told=[ID])
        self.ok("plugin", "install", str(older), "--accept-older")
        self.would_run()
        config = self.home / "assay.toml"
        config.write_text(config.read_text().replace(f'id = "{ID}"\n', f'id = "{ID}"\nversion = "0.2.*"\n'))
        self.refused("AS-PLG-010", "run", told=["0.1.0", "0.2.*"])

    def test_unsigned_packages(self):
        folder = self.installed()
        package = self.package("0.3.0", sign=None)
        pin = pin_of(package)
        self.refused("AS-PLG-007", "plugin", "install", str(package), told=["unsigned", pin])
        self.refused("AS-PLG-007", "plugin", "verify", str(package), told=["unsigned"])
        (folder / f"{ID}.note").unlink()
        self.refused("AS-PLG-007", "run", told=["unsigned"])
        table = f'id = "{ID}"\npath = "{package}/{ID}.so"\ntenants = ["t"]\n'
        self.configure(self.access, [table])
        self.refused("AS-PLG-003", "run", told=[f'dev_pin = "{pin}"', "assay plugin install"])
        self.configure(self.access, [table + 'dev_pin = "' + "0" * 64 + '"'])
        self.refused("AS-PLG-004", "run", told=["dev_pin"])
        self.configure(self.access, [table + f'dev_pin = "{pin}"'])
        self.would_run()
        self.assertEqual(pin, pin_by_hand(package))
        self.pin_covers(package, pin, table)
        (package / "checks").chmod(0o777)
        self.refused("AS-PLG-009", "run", told=["checks"])
        other = f'id = "{ID}"\npath = "{package}/other.so"\ntenants = ["t"]\ndev_pin = "{pin}"'
        self.configure(self.access, [other])
        self.refused("AS-PLG-001", "run", told=[f"{ID}.so"])

    def pin_covers(self, package, pin, table):
        """Every file that is read, no other; the digest of the shared object alone is told from a change."""
        checks, views, stray = package / "checks/guests.toml", package / "views.sql", package / "checks/more.toml"
        whole = checks.read_text()
        checks.write_text(whole.replace("'pass' AS", "'fail' AS"))
        self.refused("AS-PLG-004", "run", told=[pin, f"its files have pin {pin_of(package)}"])
        checks.write_text(whole)
        for path in (views, stray):
            path.write_text("-- nothing\n" if path == views else "")
            self.refused("AS-PLG-004", "run", told=[pin_of(package)])
            path.unlink()
        (package / "notes.txt").write_text("not read, not pinned")
        self.would_run()
        self.configure(self.access, [table + f'dev_pin = "{sha256(package / f"{ID}.so")}"'])
        self.refused("AS-PLG-004", "run", told=["of the .so alone", f'dev_pin = "{pin}"'])
        self.configure(self.access, [table + f'dev_pin = "{pin}"'])

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a file away")
    def test_whose_files_they_are(self):
        folder = self.installed()
        for path in (self.lock(), folder, folder / "checks", folder / f"{ID}.so", folder / "checks/guests.toml"):
            with self.subTest(path=path.name):
                os.chown(path, 4711, -1)
                self.refused("AS-PLG-009", "run", told=[path.name, "it belongs to account 4711", f"chown root {path}"])
                os.chown(path, 0, -1)
        self.would_run()

    def test_limits_are_part_of_the_grant(self):
        """What a manifest asks beyond the usual is shown, granted and refused like a read."""
        self.installed()
        more = "[limits]\nmemory_bytes = {}\nreads = 500000\ncpu_seconds = 10\nthreads = 4\n"
        told = self.ok("plugin", "install", str(self.package("0.2.0", extra=more.format(1 << 31))))
        self.assertEqual(pluses(told.out), [
            f"LIMIT memory_bytes={1 << 31}  <- 2048 MiB, 512 MiB without asking", "LIMIT threads=4  <- 1 without asking"])
        self.refused("AS-PLG-005", "run", told=[f"LIMIT memory_bytes={1 << 31}", f"assay plugin grant {ID} --review"])
        self.ok("plugin", "grant", ID, "--yes")
        self.would_run()
        self.assertIn("within what was granted", self.ok("plugin", "install", str(self.package("0.3.0", extra=more.format(1 << 30)))).out)
        self.would_run()
        self.ok("plugin", "install", str(self.package("0.4.0", extra=more.format((1 << 31) + 1))))
        self.refused("AS-PLG-005", "run", told=[f"LIMIT memory_bytes={(1 << 31) + 1}"])
        review = self.ok("plugin", "grant", ID, "--review", "--json").json()["data"]
        self.assertEqual((review["added"], review["removed"]), ([f"LIMIT memory_bytes={(1 << 31) + 1}"], [f"LIMIT memory_bytes={1 << 31}"]))
        self.change_lock(r"LIMIT memory_bytes=\d+", f"LIMIT memory_bytes={1 << 40}")
        self.refused("AS-PLG-009", "run", told=["grant is not the digest of reads"])

    def test_data_that_no_read_gives_is_part_of_the_grant(self):
        self.installed()
        derived = ('[[dataset]]\nid = "guest_person"\nkey = ["id"]\nsubject = "id"\nsubject_type = "person"\ndata_class = "people"\n'
                   'columns = [{ name = "id", type = "text", personal = true }]\n')
        told = self.ok("plugin", "install", str(self.package("0.2.0", extra=derived)))
        self.assertEqual(pluses(told.out), ["DATA people personal"])
        self.refused("AS-PLG-005", "run", told=["DATA people personal"])
        self.ok("plugin", "grant", ID, "--yes")
        self.would_run()

    def test_grants_in_the_configuration_are_bounds_with_a_place(self):
        """[CM-12] Endpoints, permissions and data classes."""
        self.installed(endpoints=(ORGANIZATION, SIGN_INS))
        self.add('grants = { endpoints = ["graph:GET /v1.0/organization"] }')
        config = (self.home / "assay.toml").read_text()
        line = next(i for i, text in enumerate(config.splitlines(), 1) if text.startswith("grants"))
        done = self.refused("AS-PLG-005", "run", told=[
            f'plugin "{ID}" asks for more than it was granted', f"assay.toml:{line}:24",
            '["graph:GET /v1.0/organization"]\n', "^" * 32 + " manifest also wants  graph:GET /v1.0/auditLogs/signIns",
            f"assay plugin grant {ID} --review"])
        self.assertNotIn("AS-PLG-005", done.out)
        error = self.assay("run", "--dry-run", "--json").out
        self.assertIn(f'"line":{line},"col":24', error)
        for bound, wanted in (('permissions = ["Organization.Read.All"]', "AuditLog.Read.All"), ('data = ["device"]', "directory"),
                              ("endpoints = []", "/v1.0/organization")):
            (self.home / "assay.toml").write_text(re.sub(r"grants = .*", f"grants = {{ {bound} }}", config))
            self.refused("AS-PLG-005", "run", told=["manifest also wants", wanted])
        both = 'grants = { endpoints = ["guest-organization", "graph:GET /v1.0/auditLogs/signIns"], data = ["directory"] }'
        (self.home / "assay.toml").write_text(re.sub(r"grants = .*", both, config))
        self.would_run()

    def test_another_abi_before_any_process(self):
        self.keygen()
        for change, words in (({"abi": "2.0"}, "abi: major 2"), ({"abi": "1.7"}, "minor 7"),
                              ({"needs": '"assay.future/1"'}, "assay.future/1")):
            package = self.package(sign=None, **change)
            self.refused("AS-PLG-002", "plugin", "sign", str(package), "--key", "author", told=[words])
            pin = pin_of(package)
            self.configure(self.access, [f'id = "{ID}"\npath = "{package}"\ndev_pin = "{pin}"\ntenants = ["t"]'])
            self.refused("AS-PLG-002", "run", told=[words])

    def test_names_and_tables_that_are_taken(self):
        self.keygen()
        self.configure(self.access, [])
        taken = self.package(plugin="graph")
        self.refused("AS-PLG-001", "plugin", "install", str(taken), told=["built-in"])
        package = self.package(sign=None, endpoints=(ORGANIZATION,), where="second", plugin="second")
        first = self.package(sign=None)
        tables = [f'id = "{p.name}"\npath = "{p}"\ndev_pin = "{pin_of(p)}"\ntenants = ["t"]' for p in (package, first)]
        self.configure(self.access, tables)
        self.refused("AS-PLG-001", "run", told=["guest_thing", "second"])

    def test_configuration_that_does_not_fit(self):
        key = "SHA256:" + "A" * 43
        for table, words in ((f'path = "x/{ID}.so"\ntrust = "{key}"\ndev_pin = "{"0" * 64}"', "both trusted and pinned"),
                             (f'path = "x/{ID}.so"\ntrust = "builtin"', "has a path"), (f'trust = "{key}"', "has no path"),
                             (f'path = "x/{ID}.so"\ntrust = "{key[:20]}"', "whole fingerprint")):
            name = ID if "path" in table else "graph"
            self.configure(self.access, [f'id = "{name}"\n{table}\ntenants = ["t"]'])
            done = self.assay("config", "check")
            self.assertEqual(done.code, 3, done.text)
            self.assertIn(words, done.text)
        self.configure(self.access, [])
        config = (self.home / "assay.toml").read_text()
        (self.home / "assay.toml").write_text(config.replace('id = "t"', 'id = "plugins"'))
        self.assertIn("AS-CFG-008", self.assay("config", "check").text)
        self.configure(self.access, [f'id = "{ID}"\npath = "x/{ID}.so"\ndev_pin = "{"0" * 64}"\ntenants = ["t"]'])
        config = (self.home / "assay.toml").read_text()
        (self.home / "assay.toml").write_text(config.replace("[storage]\n", "production = true\n[storage]\n", 1))
        self.assertIn("AS-CFG-013", self.assay("config", "check").text)

    def test_every_code_is_explained(self):
        for number in range(1, 11):
            self.ok("explain", f"AS-PLG-{number:03}")
        self.ok("explain", "AS-CFG-020")

    def test_nothing_is_overwritten_or_guessed(self):
        self.keygen()
        self.assertEqual(self.assay("plugin", "keygen", "--out", "author").code, 2)
        self.assertEqual(self.assay("plugin", "keygen", "--out", "x", "--name", "two words").code, 2)
        package = self.package(sign=None)
        (self.home / "author.pem").chmod(0o644)
        self.assertEqual(self.assay("plugin", "sign", str(package), "--key", "author").code, 11)
        self.assertEqual(self.assay("plugin", "verify", "nowhere").code, 12)
        self.configure(self.access, [])
        for command in ("grant", "revoke"):
            self.assertEqual(self.assay("plugin", command, "nobody").code, 12)
        self.assertTrue((LIB / "assay").is_dir())


if __name__ == "__main__":
    unittest.main()
