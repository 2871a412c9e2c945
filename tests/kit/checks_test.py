#!/usr/bin/env python3
"""`assay check new`, `test` and `lint` from outside, and every case of the built-in checks through the real evaluator."""
import json
import os
import pathlib
import subprocess
import tempfile
import tomllib
import unittest
import xml.etree.ElementTree

BUILD, SOURCE = pathlib.Path(os.environ["ASSAY_BUILD"]), pathlib.Path(os.environ["ASSAY_SOURCE"])
COLLECTORS = sorted(path.parent for path in (SOURCE / "plugins").glob("*/manifest.toml"))


class Checks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)

    def assay(self, *args, code=0):
        done = subprocess.run([BUILD / "bin/assay", *map(str, args)], cwd=self.home, capture_output=True, text=True,
                              check=False, timeout=900)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def new(self, name="our-accounts-enabled", *more):
        self.assay("check", "new", name, *more)
        return self.home / "checks.d" / f"{name}.toml"

    def change(self, file, old, new):
        text = file.read_text()
        self.assertEqual(text.count(old), 1, text)
        file.write_text(text.replace(old, new))

    def test_a_new_check_passes_its_cases_and_has_no_mistakes(self):
        out, _ = self.assay("check", "new", "our-accounts-enabled")
        self.assertIn("assay check test checks.d/our-accounts-enabled.toml", out)
        out, _ = self.assay("check", "test")
        self.assertIn("6 cases, 0 failed", out)
        out, err = self.assay("check", "lint")
        self.assertIn("1 checks, 0 warnings", out)
        self.assertEqual(err, "")

    def test_a_new_check_of_every_dataset_passes(self):
        names = {}
        for home in COLLECTORS:
            manifest = tomllib.loads((home / "manifest.toml").read_text())
            for number, dataset in enumerate(manifest.get("dataset", [])):
                names[f"our-{home.name}-{number}"] = dataset["id"]
        written = 0
        for name, dataset in names.items():
            done = subprocess.run([BUILD / "bin/assay", "check", "new", name, "--reads", dataset], cwd=self.home,
                                  capture_output=True, text=True, check=False)
            self.assertIn(done.returncode, (0, 3), done.stderr)
            if done.returncode == 3:
                self.assertIn("no flag and no text", done.stderr)
            written += done.returncode == 0
        self.assertGreater(written, 20)
        out, _ = self.assay("check", "test")
        self.assertIn(f"{6 * written} cases, 0 failed", out)

    def test_a_new_check_overwrites_nothing_and_takes_no_id_of_another(self):
        self.new()
        _, err = self.assay("check", "new", "our-accounts-enabled", code=2)
        self.assertIn("is there already", err)
        _, err = self.assay("check", "new", "graph-ca-mfa-all-users", code=2)
        self.assertIn("AS-CHK-001", err)
        _, err = self.assay("check", "new", "our-x", "--reads", "entra_usr", code=12)
        self.assertIn("entra_user", err)
        self.assay("check", "new", "../x", code=3)

    def test_a_mistake_in_the_sql_is_shown_at_its_place_in_the_file(self):
        file = self.new()
        self.change(file, "WHEN account_enabled = 1", "WHEN acount_enabled = 1")
        _, err = self.assay("check", "lint", file, code=3)
        line, = [n for n, text in enumerate(file.read_text().split("\n"), 1) if "acount_enabled" in text]
        self.assertIn("error[AS-CHK-003]", err)
        self.assertIn("no such column: acount_enabled", err)
        self.assertIn(f"our-accounts-enabled.toml:{line}:13", err)
        self.assertIn("             ^^^^^^^^^^^^^^\n", err)
        out, _ = self.assay("check", "lint", file, "--json", code=3)
        error, = json.loads(out)["errors"]
        self.assertEqual((error["code"], error["line"], error["col"], error["end_col"]), ("AS-CHK-003", line, 13, 27))

    def test_mistakes_of_every_kind_point_at_what_is_wrong(self):
        for old, new, words in (
                ("FROM entra_user", "FORM entra_user", 'near "FORM": syntax error'),
                ("FROM entra_user", "FROM entra_user WHERE random() > 0", 'function "random" is not allowed'),
                ("FROM entra_user", "FROM entra_usr", "no such table: entra_usr"),
                ('reads = ["entra_user"]', 'reads = ["entra_user", "entra_usr"]', 'did you mean "entra_user"?'),
                ("FROM entra_user", "FROM entra_user WHERE EXISTS (SELECT 1 FROM intune_device)", "dataset intune_device is not in reads"),
                ("SELECT id AS subject", "SELECT id AS subjekt", "columns must be subject, verdict, detail"),
                ("= 1 THEN", "= :days THEN", "uses parameter :days, which params does not give"),
                ('severity = "medium"', 'severity = "hihg"', 'did you mean "high"?')):
            with self.subTest(new):
                file = self.new()
                self.change(file, old, new)
                _, err = self.assay("check", "lint", file, code=3)
                self.assertIn(words, err)
                for name in ("our-accounts-enabled.toml", "cases/our-accounts-enabled.toml"):
                    (self.home / "checks.d" / name).unlink()

    def test_what_is_missing_is_a_warning(self):
        file = self.new()
        self.change(file, 'empty = "not_applicable"\n', "")
        self.change(file, 'reads = ["entra_user"]', 'reads = ["entra_user", "entra_sku_plan"]')
        (self.home / "checks.d/cases/our-accounts-enabled.toml").unlink()
        out, err = self.assay("check", "lint")
        for words in ("does not state its verdict without rows", "has no cases", "does not look at entra_sku_plan"):
            self.assertIn(words, err)
        self.assertIn("3 warnings", out)

    def test_a_case_that_differs_is_told(self):
        file = self.new()
        self.change(file, "account_enabled = 1 THEN", "account_enabled IN (0, 1) THEN")
        out, _ = self.assay("check", "test", "--junit", "out.xml", code=3)
        self.assertIn("✗ our-accounts-enabled: fails on anything else", out)
        self.assertIn("one pass, two pass; the case expects one pass, two fail", out)
        self.assertIn("6 cases, 1 failed", out)
        suite = xml.etree.ElementTree.parse(self.home / "out.xml").getroot()
        self.assertEqual(len(list(suite.iter("failure"))), 1)
        self.change(file, 'empty = "not_applicable"', 'empty = "pass"')
        out, _ = self.assay("check", "test", code=3)
        self.assertIn("the check is not_applicable; empty states pass", out)
        _, err = self.assay("check", "test", "--only", "our-accounts-enable", code=12)
        self.assertIn("did you mean our-accounts-enabled?", err)
        self.assay("check", "test", "nowhere", code=12)

    def test_a_licence_and_data_of_two_collectors(self):
        file = self.new()
        self.change(file, 'reads = ["entra_user"]', 'reads = ["entra_user", "intune_device", "entra_sku_plan"]\n'
                    'licence = ["AAD_PREMIUM"]')
        self.change(file, "FROM entra_user", "FROM entra_user WHERE NOT EXISTS (SELECT 1 FROM intune_device)")
        cases = self.home / "checks.d/cases/our-accounts-enabled.toml"
        cases.write_text("""
[[case]]
name = "licensed"
check = "pass"
rows.entra_user = [{ id = "one", account_enabled = 1 }]
[[case.rows.entra_sku_plan]]
sku_id = "s"
plan_id = "x"
plan_name = "AAD_PREMIUM_P2"
capability_status = "Enabled"
provisioning_status = "Success"
[[case]]
name = "not licensed"
rows.entra_user = [{ id = "one", account_enabled = 1 }]
check = "not_assessed"
detail = "licence: the tenant has no plan AAD_PREMIUM"
""")
        self.assay("check", "test")

    def test_every_case_of_the_built_in_checks_comes_out_in_the_evaluator(self):
        for home in COLLECTORS:
            with self.subTest(home.name):
                out, _ = self.assay("check", "test", home, "--json")
                data = json.loads(out)["data"]
                self.assertEqual(data["failed"], 0)
                self.assertGreaterEqual(data["cases"], 5 * len(list((home / "checks/cases").glob("*.toml"))))


if __name__ == "__main__":
    unittest.main()
