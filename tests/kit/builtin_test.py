#!/usr/bin/env python3
"""The plugins that ship keep to the rules that others are held to: `plugin check` with their own fixtures, `plugin lint`."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD, SOURCE = pathlib.Path(os.environ["ASSAY_BUILD"]), pathlib.Path(os.environ["ASSAY_SOURCE"])
COLLECTORS = ["activity-log", "azure-policy", "cost", "defender", "graph", "intune"]
# The links of these pages are those of one subscription; others get the last page alone.
BY_SUBSCRIPTION = """
[[answer]]
endpoint = "{0}"
params = {{ subscriptionId = "11111111-1111-4111-8111-111111111111" }}
pages = ["{0}.json", "{0}.2.json"]
[[answer]]
endpoint = "{0}"
pages = ["{0}.2.json"]
"""
# The logs are read in windows of time, each with a read of its own; the link in the first page is that of one of them.
BY_WINDOW = """
[[answer]]
endpoint = "{0}"
pages = ["{0}.2.json"]
"""
WINDOWED = {"activity-log": ["log-activity-events", "log-directory-audits", "log-sign-ins"]}
PAGED = {"azure-policy": ["arm-policy-states", "arm-role-assignments"], "defender": ["defender-alerts"],
         "activity-log": []}
FRAMEWORKS = ["cis-azure", "cis-m365", "dora", "gdpr", "iso27001-2022", "nis2", "scuba", "soc2-tsc"]
# Every warning that a collector of ours may draw, and why it stays. There is no such list for errors, nor for frameworks.
#
# What the catalogue of endpoints decides, for all collectors: it says what is asked for, and with which permission.
BY_CATALOGUE = ("no $select", "reads much more", ": beta may change", ": severity info")
ABSENT = "a missing value is the service's way to say that it is not set; the cases have it"
JUDGED = "a missing value fails before anything passes; the cases have it"
FAILS = "it looks for what is wrong, and what is missing is wrong; the cases have it"
ACCEPTED = {
    "graph": {
        **{f"{name}: everything else passes": ABSENT for name in (
            "graph-users-no-legacy-password-policy", "graph-app-redirect-uri-https", "graph-app-no-implicit-flow")},
        **{f"{name}: everything else passes": FAILS for name in (
            "graph-admins-phishing-resistant-registered", "graph-admins-no-weak-methods",
            "graph-admins-no-productivity-licence", "graph-sod-no-toxic-role-combination",
            "graph-app-privileged-no-secrets", "graph-sp-privileged-owners", "graph-ca-no-dangling-references",
            "graph-ca-exclusions-minimal", "graph-ca-break-glass-excluded")},
    },
    "intune": {
        "intune-device-threat-state: everything else passes": "without a partner there is no state, and no threat is known",
    },
    "azure-policy": {
        "azure-policy-deny-violations: everything else passes": "a state without its effect fails; the others have one",
    },
    "defender": {
        **{f"{name}: everything else passes": JUDGED for name in (
            "defender-system-updates", "defender-m365-score-overrides", "defender-xdr-incidents-classified",
            "defender-mdi-health", "defender-vuln-findings")},
    },
    "activity-log": {
        **{f"{name}: everything else passes": JUDGED for name in (
            "activity-log-diagnostic-setting-deleted", "activity-log-legacy-auth-signins",
            "activity-log-role-assignments-outside-pim", "activity-log-app-credential-changes",
            "activity-log-ca-policy-changes")},
    },
    "cost": {
        "cost-daily-spike: everything else passes": "a subscription without seven days has no average to stand out from",
    },
}


def check(job):
    package, more = job
    done = subprocess.run([BUILD / "bin/assay", "plugin", "check", package, *more], capture_output=True, text=True, check=False,
                          timeout=400)
    return package.name, done.returncode, done.stdout + done.stderr


def lint(folder):
    done = subprocess.run([BUILD / "bin/assay", "plugin", "lint", folder, "--json"], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["data"]["items"]


class Builtin(unittest.TestCase):
    maxDiff = None

    def test_lint_finds_nothing_that_was_not_looked_at(self):
        self.assertEqual(sorted(ACCEPTED), COLLECTORS)
        for name in FRAMEWORKS:
            with self.subTest(name):
                self.assertEqual(lint(SOURCE / "frameworks" / name), [])
        for name, accepted in ACCEPTED.items():
            found = [(item["level"], f"{item['place']}: {item['text']}") for item in lint(SOURCE / "plugins" / name)]
            with self.subTest(name):
                known = (*BY_CATALOGUE, *accepted)
                self.assertEqual([one for one in found if one[0] != "warning" or not any(words in one[1] for words in known)], [])
                stale = [words for words in accepted if not any(words in text for _, text in found)]
                self.assertEqual(stale, [], "accepted, and not found any more")

    def test_whatever_ships_is_in_these_lists(self):
        for kind, names in (("plugins", COLLECTORS), ("frameworks", FRAMEWORKS)):
            self.assertEqual(sorted(path.parent.name for path in (SOURCE / kind).glob("*/manifest.toml")), names)

    def test_every_one_passes(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in COLLECTORS:
            shutil.copytree(SOURCE / "plugins" / name / "fixtures", folder / name)
        for name, endpoints in PAGED.items():
            answers = [BY_SUBSCRIPTION.format(one) for one in endpoints] + [BY_WINDOW.format(one) for one in WINDOWED.get(name, [])]
            (folder / name / "fixture.toml").write_text("".join(answers))
        jobs = [(BUILD / "lib/assay/plugins" / name, ["--fixture", folder / name]) for name in COLLECTORS]
        jobs += [(BUILD / "lib/assay/frameworks" / name, []) for name in FRAMEWORKS]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, code, said in pool.map(check, jobs):
                with self.subTest(name):
                    self.assertEqual(code, 0, said[-3000:])
                    self.assertIn(" 0 failed", said)


if __name__ == "__main__":
    unittest.main()
