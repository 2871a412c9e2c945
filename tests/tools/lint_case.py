"""A small tree in a temporary folder, and a lint that runs over it."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]


class LintCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def plant(self, name, text, run=False):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if run:
            os.chmod(path, 0o755)

    def lint(self, script, *more):
        """(exit status, output) of tools/SCRIPT over the planted tree."""
        tool = SOURCE / "tools" / script
        argv = [sys.executable, str(tool)] if script.endswith(".py") else [str(tool)]
        done = subprocess.run([*argv, "--root", str(self.root), *more], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_finds(self, script, *words):
        status, out = self.lint(script)
        self.assertEqual(status, 1, out)
        for word in words:
            self.assertIn(word, out)

    def assert_clean(self, script):
        status, out = self.lint(script)
        self.assertEqual(status, 0, out)
