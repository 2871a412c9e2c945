"""tools/test: what it prints around its steps, on a machine that has no python3 before the packages are installed."""
import os
import shutil
import subprocess
import sys

from lint_case import SOURCE, LintCase

# What tools/test calls beside the steps themselves, all of it on every Debian.
BARE = ("bash cut date dirname env grep mkdir nproc rm sed sleep tail tee timeout").split()
TIER = "sandbox tier of this machine: "


class Steps(LintCase):
    def setUp(self):
        super().setUp()
        for name in ("test", "lib.sh", "sandbox-tier", "test-summary.py"):
            (self.root / "tools").mkdir(exist_ok=True)
            shutil.copy(SOURCE / "tools" / name, self.root / "tools" / name)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        for name in BARE:
            found = shutil.which(name)
            self.assertTrue(found, name)
            (self.bin / name).symlink_to(found)
        self.script("presubmit", "echo linted")
        self.script("install-oauth-server", "exit 0")

    def script(self, name, text):
        path = self.root / "tools" / name
        path.write_text(f"#!{self.bin / 'bash'}\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def packages(self, ending):
        """An install-packages that brings python3, as on a bare machine, or does not."""
        self.script("install-packages", f"{shutil.which('ln')} -s {sys.executable} {self.bin / 'python3'}\n{ending}")

    def steps(self, *names):
        done = subprocess.run([str(self.root / "tools/test"), *names], capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": str(self.bin)})
        self.assertNotIn("No such file", done.stdout + done.stderr)
        return done.returncode, done.stdout

    def test_tells_the_tier_after_the_packages_are_there(self):
        self.packages("exit 0")
        code, said = self.steps("packages", "lint")
        self.assertEqual(code, 0, said)
        self.assertEqual(said.count(TIER), 1, said)
        self.assertNotIn("not known", said)
        self.assertLess(said.index("== packages"), said.index(TIER))
        self.assertLess(said.index(TIER), said.index("== lint"))

    def test_tells_the_tier_first_when_packages_are_not_asked_for(self):
        (self.bin / "python3").symlink_to(sys.executable)
        code, said = self.steps("lint")
        self.assertEqual(code, 0, said)
        self.assertTrue(said.startswith(TIER), said)
        self.assertEqual(said.count(TIER), 1, said)

    def test_tells_the_tier_when_the_packages_step_fails(self):
        self.packages("exit 1")
        code, said = self.steps("packages", "lint")
        self.assertEqual(code, 1, said)
        self.assertEqual(said.count(TIER), 1, said)
        self.assertNotIn("== lint", said)
