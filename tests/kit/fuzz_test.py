#!/usr/bin/env python3
"""`plugin fuzz` finds a planted crash, writes a file that finds it again, and is the same for the same random state."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance/plugin"))

import gallery_test as gallery  # noqa: E402

os.environ.setdefault("ASSAY_BIN", str(pathlib.Path(os.environ["ASSAY_BUILD"]) / "bin"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import packages  # noqa: E402


class Fuzz(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        gallery.Gallery.folder = cls.folder
        cls.fixture = cls.folder / "fixture"
        cls.fixture.mkdir()
        (cls.fixture / "gallery-things.json").write_text(gallery.BODY)
        cls.broken = gallery.Gallery.build("broken", gallery.MANIFEST, ["-DSIN_CRASH_ON_CUT"])
        cls.good = gallery.Gallery.build("good", gallery.MANIFEST, [])

    def fuzz(self, plugin, *more, expect, fixture=None):
        done = subprocess.run([gallery.ASSAY, "plugin", "fuzz", plugin, "--fixture", fixture or self.fixture, *map(str, more)],
                              capture_output=True, text=True, check=False, timeout=200)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_crash_is_found_and_found_again(self):
        cases = []
        for name in ["first", "second"]:
            (self.folder / name).mkdir()
            said = self.fuzz(self.broken, "--random-state", 3, "--runs", 400, "--to", self.folder / name, expect=8)
            self.assertIn("crashed", said)
            cases.append(next((self.folder / name).glob("gallery-3-*.fuzz")))
            self.assertIn(f"plugin test {self.broken} --fixture {cases[-1].with_suffix('')}", said)
        self.assertEqual(cases[0].read_text(), cases[1].read_text())
        small = cases[0].with_suffix("")
        left = sum(len(page.read_bytes()) for page in small.glob("*.json"))
        self.assertLess(left, len(gallery.BODY) // 2, "the input was not made small")
        done = subprocess.run([gallery.ASSAY, "plugin", "test", self.broken, "--fixture", small], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 8, done.stdout)
        self.assertIn("crashed", done.stdout)
        self.assertIn("crashed", self.fuzz(self.broken, "--reproduce", cases[0], expect=8))
        self.assertIn("does not happen any more", self.fuzz(self.good, "--reproduce", cases[0], expect=0))

    def test_a_case_of_another_fixture_is_refused(self):
        other = self.folder / "other"
        other.mkdir()
        (other / "gallery-things.json").write_text('{"value":[]}')
        self.fuzz(self.broken, "--random-state", 3, "--runs", 400, "--to", self.folder, expect=8)
        case = next(self.folder.glob("gallery-3-*.fuzz"))
        self.assertIn("another fixture", self.fuzz(self.broken, "--reproduce", case, expect=3, fixture=other))

    def test_a_framework_that_believes_too_much(self):
        """Satisfied whatever the results are: found, made small, found again; the shipped ones give nothing."""
        clean = pathlib.Path(os.environ["ASSAY_BUILD"]) / "lib/assay/frameworks/dora"
        said = subprocess.run([gallery.ASSAY, "plugin", "fuzz", clean, "--random-state", "1", "--runs", "40"], capture_output=True, text=True,
                              check=False, timeout=200)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        self.assertIn("40 runs with random state 1, nothing found", said.stdout)
        package = packages.framework_that_satisfies(self.folder / "guest-rules")
        done = subprocess.run([gallery.ASSAY, "plugin", "fuzz", package, "--random-state", "1", "--runs", "40", "--to", self.folder],
                              capture_output=True, text=True, check=False, timeout=200)
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        self.assertIn("control R.1 is satisfied although", done.stdout)
        case = next(self.folder.glob("guest-rules-1-*.fuzz"))
        self.assertLessEqual((case.with_suffix("") / "fixture.toml").read_text().count("[[result]]"), 1)
        again = subprocess.run([gallery.ASSAY, "plugin", "fuzz", package, "--reproduce", case], capture_output=True, text=True, check=False)
        self.assertEqual(again.returncode, 8, again.stdout + again.stderr)

    def test_a_clean_plugin_gives_nothing_within_its_bounds(self):
        self.assertIn("60 runs with random state 9, nothing found",
                      self.fuzz(self.good, "--random-state", 9, "--runs", 60, expect=0))


if __name__ == "__main__":
    unittest.main()
