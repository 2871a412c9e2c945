#!/usr/bin/env python3
"""Lists of what is read and decided follow the manifests and checks, or the build fails [CH-22]."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Reference(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("plugins", "frameworks"):
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("fixtures", "src"))
        self.run_it()

    def run_it(self, *args, code=0):
        done = subprocess.run([ROOT / "tools/gen-reference.py", "--root", self.root, *args], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def page(self, name):
        return (self.root / "docs" / name).read_text(encoding="utf-8")

    def change(self, name, old, new):
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def test_the_pages_in_the_tree_are_current(self):
        done = subprocess.run([ROOT / "tools/gen-reference.py", "--check"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_column_read_and_check_is_listed(self):
        for manifest in sorted((ROOT / "plugins").glob("*/manifest.toml")):
            text, page = manifest.read_text(encoding="utf-8"), self.page(f"datasets/{manifest.parent.name}.md")
            for path in re.findall(r'^path = "(.*)"', text, re.M):
                self.assertIn(path, page)
            for column in re.findall(r'^ +\{ name = "(\w+)", type', text, re.M):
                self.assertIn(f"| `{column}` |", page)
            for file in (manifest.parent / "checks").glob("*.toml"):
                for name in re.findall(r'^id = "(.*)"', file.read_text(encoding="utf-8"), re.M):
                    self.assertIn(f"\n## {name}\n", self.page(f"checks/{manifest.parent.name}.md"))

    def test_a_new_column_or_read_makes_them_stale(self):
        self.run_it("--check")
        self.change("plugins/graph/manifest.toml", '{ name = "country", type = "text" },',
                    '{ name = "country", type = "text" },\n  { name = "shoe_size", type = "int", personal = true },')
        self.assertIn("docs/datasets/graph.md is not current", self.run_it("--check", code=1))
        self.assertNotIn("shoe_size", self.page("datasets/graph.md"))
        self.run_it()
        self.assertIn("| `shoe_size` | int | yes |", self.page("datasets/graph.md"))
        self.run_it("--check")
        self.change("plugins/intune/manifest.toml", 'permission = "DeviceManagementManagedDevices.Read.All"',
                    'permission = "DeviceManagementManagedDevices.ReadWrite.All"')
        self.assertIn("docs/datasets/intune.md is not current", self.run_it("--check", code=1))

    def test_a_changed_check_or_case_makes_them_stale(self):
        self.change("plugins/graph/checks/tenant.toml", 'empty = "fail"', 'empty = "pass"')
        self.assertIn("docs/checks/graph.md is not current", self.run_it("--check", code=1))
        self.run_it()
        cases = next((self.root / "plugins/intune/checks/cases").glob("*.toml"))
        cases.write_text(re.sub('^name = ".*"', 'name = "is another case now"', cases.read_text(), count=1, flags=re.M))
        self.run_it("--check", code=1)
        self.run_it()
        self.assertIn("is another case now", self.page("checks/intune.md"))

    def test_a_page_of_a_collector_that_is_gone_goes_too(self):
        shutil.rmtree(self.root / "plugins/defender")
        self.assertIn("docs/checks/defender.md is not current", self.run_it("--check", code=1))
        self.run_it()
        self.assertFalse((self.root / "docs/checks/defender.md").exists())


if __name__ == "__main__":
    unittest.main()
