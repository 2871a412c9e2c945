#!/usr/bin/env python3
"""`plugin lint`: one planted mistake each, found with the telling words; new projects have none."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ASSAY = pathlib.Path(os.environ["ASSAY_BUILD"]) / "bin/assay"

# (file, old, new, words) in a new collector.
COLLECTOR = [
    ("manifest.toml", 'version = "0.1.0"', 'version = "1"', "version is not of the form 1.2.3"),
    ("manifest.toml", 'permission = "Domain.Read.All"', 'permission = "Domain.ReadWrite.All"', "can do more than read"),
    ("manifest.toml", 'permission = "Domain.Read.All"', 'permission = "Mail.Read"', "reaches content"),
    ("manifest.toml", 'permission = "Domain.Read.All"', "", "permission is missing"),
    ("manifest.toml", 'permission = "Domain.Read.All"', 'permission = "Directory.Read.All"', "is there a narrower one"),
    ("manifest.toml", 'query = { "$select" = "id,isVerified,authenticationType" }', "", "every property is read"),
    ("manifest.toml", 'version = "v1.0"', 'version = "beta"', "beta may change"),
    ("manifest.toml", 'datasets = ["demo_domain"]', "datasets = []", "feeds no dataset"),
    ("manifest.toml", 'data_class = "directory"', "", "no data_class"),
    ("manifest.toml", '{ name = "authentication_type", type = "text" }', '{ name = "mail", type = "text" }', "names a person"),
    ("manifest.toml", '{ name = "authentication_type", type = "text" }',
     '{ name = "mail", type = "text", personal = true }', "its answers are personal = true"),
    ("manifest.toml", 'paging = "odata"', 'pages = "odata"', "pages"),
    ("checks/domains.toml", 'id = "demo-domains-verified"', 'id = "domains-verified"', "does not begin with demo-"),
    ("checks/domains.toml", 'title = "Every', 'title = "The organization shall ensure that every', "text of a standard"),
    ("checks/domains.toml", 'severity = "low"', 'severity = "severe"', "severe"),
    ("checks/domains.toml", "remediation = ", "#", "no remediation"),
    ("checks/domains.toml", 'reads = ["demo_domain"]', 'reads = ["demo_domain", "other"]', "other"),
    ("checks/cases/demo-domains-verified.toml", 'check = "fail"', 'check = "pass"', "no case ends in fail"),
    ("fixtures/example/graph-domains.json", '"fabrikam.example"', '"maria.k@fabrikam.com"', "may be a real person's"),
    ("fixtures/example/fixture.toml", "demo_domain", "demo_domains", "is not in the manifest"),
]
FRAMEWORK = [
    ("controls.toml", 'id = "demo"', 'id = "else"', "is not the manifest's demo"),
    ("controls.toml", "Nobody gets in", "Access shall be restricted: nobody gets in", "text of a standard"),
    ("controls.toml", "needs_attestation = true", "", "nothing decides it"),
    ("mapping.toml", '"graph-ca-legacy-auth-blocked"', '"graph-ca-legacy-auth-blockd"', "did you mean graph-ca-legacy-auth-blocked?"),
    ("mapping.toml", '[[map]]\ncontrol = "S.2"\nchecks = ["graph-ca-legacy-auth-blocked"]\n', "", "no check is mapped to it"),
    ("mapping.toml", '"graph-admins-mfa-registered"', '"graph-ca-mfa-all-users"', "stands twice"),
    ("mapping.toml", 'control = "S.2"', 'control = "S.9"', "S.9"),
]


def lint(folder):
    done = subprocess.run([ASSAY, "plugin", "lint", folder], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Lint(unittest.TestCase):
    def project(self, kind):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        subprocess.run([ASSAY, "plugin", "new", "demo", "--kind", kind, "--dir", folder], check=True, capture_output=True)
        return folder / "demo"

    def each(self, kind, rows):
        folder = self.project(kind)
        self.assertEqual(lint(folder), (0, "  0 errors, 0 warnings\n"))
        for name, old, new, words in rows:
            with self.subTest(words=words):
                text = (folder / name).read_text()
                self.assertIn(old, text)
                (folder / name).write_text(text.replace(old, new, 1))
                code, said = lint(folder)
                (folder / name).write_text(text)
                self.assertIn(words, said)
                self.assertEqual(code, 0 if "  0 errors" in said else 8)

    def test_a_collector(self):
        self.each("collector", COLLECTOR)

    def test_a_framework(self):
        self.each("framework", FRAMEWORK)

    def test_what_is_missing(self):
        folder = self.project("collector")
        (folder / "checks/cases/demo-domains-verified.toml").unlink()
        self.assertIn("is not there: rows in, verdicts out", lint(folder)[1])
        (folder / "manifest.toml").unlink()
        self.assertEqual(lint(folder)[0], 12)


if __name__ == "__main__":
    unittest.main()
