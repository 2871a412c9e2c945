#!/usr/bin/env python3
"""The plugins that ship keep to the rules that others are held to: `plugin check` with their own fixtures."""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD, SOURCE = pathlib.Path(os.environ["ASSAY_BUILD"]), pathlib.Path(os.environ["ASSAY_SOURCE"])
COLLECTORS = ["azure-policy", "defender", "graph", "intune"]
# The links of these pages are those of one subscription; others get the last page alone.
BY_SUBSCRIPTION = """
[[answer]]
endpoint = "arm-policy-states"
params = { subscriptionId = "11111111-1111-4111-8111-111111111111" }
pages = ["arm-policy-states.json", "arm-policy-states.2.json"]
[[answer]]
endpoint = "arm-policy-states"
pages = ["arm-policy-states.2.json"]
"""
FRAMEWORKS = ["dora", "gdpr", "iso27001-2022"]


def check(job):
    package, more = job
    done = subprocess.run([BUILD / "bin/assay", "plugin", "check", package, *more], capture_output=True, text=True, check=False,
                          timeout=250)
    return package.name, done.returncode, done.stdout + done.stderr


class Builtin(unittest.TestCase):
    maxDiff = None

    def test_every_one_passes(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in COLLECTORS:
            shutil.copytree(SOURCE / "plugins" / name / "fixtures", folder / name)
        (folder / "azure-policy/fixture.toml").write_text(BY_SUBSCRIPTION)
        jobs = [(BUILD / "lib/assay/plugins" / name, ["--fixture", folder / name]) for name in COLLECTORS]
        jobs += [(BUILD / "lib/assay/frameworks" / name, []) for name in FRAMEWORKS]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, code, said in pool.map(check, jobs):
                with self.subTest(name):
                    self.assertEqual(code, 0, said[-3000:])
                    self.assertIn(" 0 failed", said)


if __name__ == "__main__":
    unittest.main()
