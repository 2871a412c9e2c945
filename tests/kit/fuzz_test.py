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
        self.assertEqual(cases[0].read_text(), cases[1].read_text())
        self.assertIn("crashed", self.fuzz(self.broken, "--reproduce", cases[0], expect=8))
        self.assertIn("does not happen any more", self.fuzz(self.good, "--reproduce", cases[0], expect=0))

    def test_a_case_of_another_fixture_is_refused(self):
        other = self.folder / "other"
        other.mkdir()
        (other / "gallery-things.json").write_text('{"value":[]}')
        self.fuzz(self.broken, "--random-state", 3, "--runs", 400, "--to", self.folder, expect=8)
        case = next(self.folder.glob("gallery-3-*.fuzz"))
        self.assertIn("another fixture", self.fuzz(self.broken, "--reproduce", case, expect=3, fixture=other))

    def test_a_clean_plugin_gives_nothing_within_its_bounds(self):
        self.assertIn("60 runs with random state 9, nothing found",
                      self.fuzz(self.good, "--random-state", 9, "--runs", 60, expect=0))


if __name__ == "__main__":
    unittest.main()
