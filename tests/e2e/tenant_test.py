"""Connecting a tenant as an administrator meets it, and where an attacker looks for its secret afterwards."""
import contextlib
import datetime
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import threading
import unittest

from canaries import forms
from scenario import CLIENT_ID, ENV, FakeCloud, Scenario

CANARY = "CANARY~secret8Q~fg5hJk2Lq9"
MISSING = "DeviceManagementConfiguration.Read.All"
NEW = "9c0c1b2e-0000-4000-8000-00000000e21a"


class SlowCloud(FakeCloud):
    """Refuses what the consent guard asks, and keeps every other read waiting until `go`."""

    def __init__(self, claims):
        super().__init__(claims)
        self.go, self.waiting, cloud = threading.Event(), threading.Event(), self
        inner = self.server.RequestHandlerClass

        class Handler(inner):
            def do_GET(self):
                if re.search("servicePrincipals|/subscriptions", self.path):
                    return self.reply(403, {})
                cloud.waiting.set()
                cloud.go.wait(30)
                self.reply(500, {})

        self.server.RequestHandlerClass = Handler


def descendants(pid):
    """`pid` and all processes below it. Threads that end meanwhile have no children any more."""
    out = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in (task / "children").read_text().split():
                out += descendants(int(child))
    return out


class Test(Scenario):
    def attempt(self, *words, **kwargs):
        return self.assay("tenant", "test", "t", *words, **kwargs)

    def test_gaps_are_named_with_the_checks_that_they_cost(self):
        server = self.server()
        self.configure(server.access)
        done = self.attempt()
        self.assertEqual(done.code, 5, done.text)
        for words in (f"missing          {MISSING}", "not assessed", "no write permission, by token and directory",
                      "Reader on 3 subscriptions", "Exit 5", f"appId/{server.access['client_id']}"):
            self.assertIn(words, done.out)
        data = self.attempt("--json").json()["data"]
        self.assertEqual([need["permission"] for need in data["missing"]], [MISSING])
        self.assertTrue(data["missing"][0]["checks"])
        self.assertTrue(data["directory_checked"] and data["arm_checked"])
        self.assertEqual(data["subscriptions"], 3)
        # Reads only, and none but those of the guard.
        for method, host, path, *_ in server.stop():
            self.assertEqual(method, "POST" if host == "login" else "GET", path)
            self.assertRegex(path, "oauth2|servicePrincipals|oauth2PermissionGrants|roleAssignments|^/subscriptions$")

    def test_a_tenant_without_gaps_is_usable(self):
        self.configure(self.server().access, ['id = "graph"'])
        done = self.attempt("--wait")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("Usable.", done.out)

    def test_a_power_too_many_is_refused_until_it_is_tolerated(self):
        cloud = self.cloud({"roles": ["User.Read.All", "User.ReadWrite.All"]})
        self.configure(cloud.access, ['id = "graph"'])
        done = self.attempt()
        self.assertEqual(done.code, 6, done.text)
        self.assertIn("may write to your tenant: User.ReadWrite.All", done.out)
        self.assertIn("assay explain AS-CON-003", done.out)
        text = (self.home / "assay.toml").read_text()
        today = datetime.date.today()
        for day, code in ((today + datetime.timedelta(days=30), 5), (today - datetime.timedelta(days=1), 6)):
            row = (f'allow_excess = [{{ permission = "User.ReadWrite.All", reason = "CHG-881", approver = "ciso@t.example", '
                   f'expires = {day} }}]\n')
            (self.home / "assay.toml").write_text(text.replace("credential = ", row + "credential = "))
            done = self.attempt()
            self.assertEqual(done.code, code, done.text)
            self.assertIn("tolerated" if code == 5 else f"expired on {day}", done.text)

    def test_a_wrong_secret_and_a_cloud_that_is_down(self):
        server = self.server()
        self.configure({**server.access, "client_secret": CANARY})
        done = self.attempt()
        self.assertEqual(done.code, 6, done.text)
        self.assertIn("AADSTS7000215", done.out)
        self.assertNotIn(CANARY, done.text)
        server.stop()
        self.assertEqual(self.attempt().code, 10)

    def test_revoked_consent_leaves_the_tenant_disconnected(self):
        server = self.server()
        self.configure(server.access, ['id = "graph"'])
        self.assertIn("not read yet", self.assay("tenant", "list").out)
        self.assertIn(self.assay("run").code, (0, 5))
        self.assertRegex(self.assay("tenant", "list").out, r"\bt\b.*\bconnected")
        self.configure({**server.access, "client_secret": "revoked"}, ['id = "graph"'])
        done = self.assay("run")
        self.assertEqual(done.code, 6, done.text)
        self.assertIn("disconnected (AS-CON-001)", self.assay("tenant", "list").out)
        self.assertIn("disconnected (AS-CON-001)", self.assay("tenant", "show", "t").out)
        self.ledger_verifies()

    def test_what_the_guard_read_is_in_the_ledger(self):
        server = self.server()
        self.configure(server.access, ['id = "graph"'])
        self.assertIn(self.assay("run").code, (0, 5))
        guard = [line for line in self.lines() if line["kind"] == "read" and line["plugin"] == "consent.guard"]
        asked = [path for _, host, path, *_ in server.stop() if re.search(r"servicePrincipals\(appId|/servicePrincipals/[^/?]+/(appRoleAssignments|oauth2PermissionGrants|transitiveMemberOf)", path)]
        self.assertTrue(asked)
        self.assertGreaterEqual(len(guard), len(asked))
        self.assertTrue(all(line["endpoint"].startswith("guard-") for line in guard))
        self.ledger_verifies()


class Add(Scenario):
    def prepare(self, include=True):
        self.configure(self.cloud({}).access)
        file = self.home / "assay.toml"
        if include:
            file.write_text(file.read_text().replace('name = "Scenario"', 'name = "Scenario"\ninclude = ["tenants.d/*.toml"]'))
        return file

    def add(self, *words):
        return self.assay("tenant", "add", "contoso", "--directory-id", NEW, *words)

    def test_writes_a_tenant_with_a_certificate_whose_key_stays_here(self):
        self.prepare()
        done = self.add("--print-consent")
        self.assertEqual(done.code, 0, done.text)
        key, certificate = self.home / "keys/contoso.key", self.home / "keys/contoso.crt"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        told = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha1", "-subject"],
                              capture_output=True, text=True, check=True).stdout
        thumbprint = told.split("=")[1].splitlines()[0].replace(":", "")
        self.assertIn("assay-contoso", told)
        for words in (thumbprint, "User.Read.All", "Reader", f"managementGroups/{NEW}", "assay tenant script contoso"):
            self.assertIn(words, done.out)
        self.assertNotIn("PRIVATE", done.text)
        self.assertEqual(self.assay("config", "check").code, 0)
        shown = self.assay("tenant", "show", "contoso")
        self.assertIn("days left", shown.out)
        self.assertIn("certificate", shown.out)
        again = self.add()
        self.assertEqual(again.code, 2, again.text)

    def test_prints_the_block_where_nothing_is_included_and_overwrites_nothing(self):
        file = self.prepare(include=False)
        before = file.read_bytes()
        done = self.add("--secret-ref", "cred:contoso", "--client-id", CLIENT_ID)
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("[[tenants]]", done.out)
        self.assertIn('ref = "cred:contoso"', done.out)
        self.assertEqual(file.read_bytes(), before)
        self.assertFalse((self.home / "tenants.d").exists())
        done = self.add("--secret-ref", "a-literal-Secret-8Q~abcdefghijklmnop")
        self.assertEqual(done.code, 2, done.text)
        self.assertNotIn("8Q~abc", done.text)

    def test_the_script_is_valid_and_holds_no_secret(self):
        self.prepare()
        self.add()
        done = self.assay("tenant", "script", "contoso")
        self.assertEqual(done.code, 0, done.text)
        checked = subprocess.run(["bash", "-n"], input=done.out, capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertNotIn("PRIVATE", done.out)
        self.assertNotIn(".key", done.out)
        self.assertNotIn("secret reset", done.out)
        shell = self.assay("tenant", "script", "contoso", "--shell", "powershell")
        self.assertIn("New-MgServicePrincipalAppRoleAssignment", shell.out)
        for permission in ("User.Read.All", "Policy.Read.All"):
            self.assertIn(permission, done.out)
            self.assertIn(permission, shell.out)
        self.assertNotRegex(done.out, r"'[A-Za-z.]*(ReadWrite|Write)[A-Za-z.]*'")


class Secrets(Scenario):
    """Where a secret must not be while a run is under way."""

    def running(self, reference, env):
        cloud = SlowCloud({"roles": ["User.Read.All", "Policy.Read.All"]})
        self.addCleanup(cloud.stop)
        self.addCleanup(cloud.go.set)
        self.configure({**cloud.access, "client_secret": "in the file"}, ['id = "graph"'])
        file = self.home / "assay.toml"
        file.write_text(re.sub(r'ref = "[^"]*"', f'ref = "{reference}"', file.read_text()))
        child = subprocess.Popen([self.program, "run"], cwd=self.home, env={**ENV, **env}, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        self.assertTrue(cloud.waiting.wait(30), "no read arrived")
        return child, cloud

    def found(self, data):
        return [form for form in forms(CANARY)[:1] if form in data]

    def test_in_no_environment_and_on_no_command_line(self):
        child, cloud = self.running("env:ASSAY_CANARY", {"ASSAY_CANARY": CANARY})
        family = descendants(child.pid)
        self.assertGreater(len(family), 2, "engine, spawner and a worker")
        for pid in family:
            for name in ("environ", "cmdline"):
                self.assertEqual(self.found(pathlib.Path(f"/proc/{pid}/{name}").read_bytes()), [], f"{pid} {name}")
        # The secret is not lost: it was sent.
        self.assertTrue(any(path.endswith("/token") for _, path in cloud.log))

    def test_in_no_memory_of_spawner_and_workers(self):
        child, _ = self.running("env:ASSAY_CANARY", {"ASSAY_CANARY": CANARY})
        if shutil.which("gcore") is None:
            self.skipTest("no gcore")
        for pid in descendants(child.pid)[1:]:
            if "spawner" not in (pathlib.Path(f"/proc/{pid}/comm").read_text()) and os.readlink(f"/proc/{pid}/exe").endswith("worker"):
                continue  # its system call filter ends it when it is traced into calls
            self.dumped(pid)

    def dumped(self, pid):
        done = subprocess.run(["gcore", "-o", self.home / "core", str(pid)], capture_output=True, timeout=90, check=False)
        core = self.home / f"core.{pid}"
        self.assertTrue(core.exists(), done.stderr)
        data = core.read_bytes()
        core.unlink()
        self.assertEqual(self.found(data), [], f"memory of {pid}")

    def test_not_in_memory_once_it_was_used(self):
        if shutil.which("gcore") is None or os.geteuid() != 0:
            self.skipTest("needs gcore and root: nobody else can look into the engine")
        secret = self.home / "canary"
        secret.write_text(CANARY)
        secret.chmod(0o600)
        child, _ = self.running(f"file:{secret}", {})
        self.dumped(child.pid)

    def test_a_crash_leaves_no_core(self):
        child, _ = self.running("env:ASSAY_CANARY", {"ASSAY_CANARY": CANARY})
        limits = pathlib.Path(f"/proc/{child.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        child.send_signal(signal.SIGABRT)
        child.wait(30)
        for path in self.home.rglob("*"):
            if path.is_file():
                self.assertEqual(self.found(path.read_bytes()), [], path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
