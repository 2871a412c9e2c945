#!/usr/bin/env python3
"""A recorded fixture holds nothing of the tenant, and gives the same rows: against the fake tenant, with a canary in the place
of everything personal."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["ASSAY_BUILD"])
os.environ["ASSAY_BIN"] = str(BUILD / "bin")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import canaries  # noqa: E402
import scenario  # noqa: E402

# Nobody, and applications of Microsoft that are the same in every tenant.
PUBLIC = re.compile(rb"0{8}-0000-0000-0000-0{12}|0000000[0-9a-f]-0000-(0000-c000|0ff1-ce00)-0{12}")
GUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)


class SeenCloud(canaries.CanaryCloud):
    """Remembers every GUID that it gave, so that the test can look for it."""

    def __init__(self, access, seed):
        self.guids = set()
        super().__init__(access, seed)

    def plant(self, data):
        planted = super().plant(data)
        self.guids |= {g.lower() for g in GUID.findall(planted) if not PUBLIC.fullmatch(g.lower())}
        return planted


class Record(unittest.TestCase):
    def record(self, *flags):
        """(fixture folder, cloud, what the command said)"""
        server = scenario.DemoServer("--no-throttle")
        self.addCleanup(server.stop)
        cloud = SeenCloud(server.access, 7)
        self.addCleanup(cloud.stop)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        secret = folder / "client.secret"
        config = scenario.config_text(cloud.access, ['id = "graph"\ntenants = ["*"]'], "")
        (folder / "assay.toml").write_text(config.replace("file:client.secret", f"file:{secret}"))
        secret.write_text(cloud.access["client_secret"])
        secret.chmod(0o600)
        done = subprocess.run([BUILD / "bin/assay", "plugin", "record", BUILD / "lib/assay/plugins/graph", "--to", "out", *flags],
                              cwd=folder, capture_output=True, text=True, check=False, timeout=200, env=scenario.ENV)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return folder / "out", cloud, done.stdout

    def replay(self, fixture):
        done = subprocess.run([BUILD / "bin/assay", "plugin", "test", BUILD / "lib/assay/plugins/graph", "--fixture", fixture],
                              capture_output=True, text=True, check=False, timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_redacted_fixture_holds_no_canary_no_id_and_no_secret(self):
        fixture, cloud, _ = self.record("--redact")
        self.assertGreater(len(cloud.planted), 100)
        self.assertEqual(canaries.find(cloud.planted.values(), fixture), set())
        text = b"".join(p.read_bytes() for p in fixture.iterdir())
        kept = {g for g in cloud.guids if g in text.lower()} - {b"00000000-0000-0000-0000-000000000000"}
        self.assertEqual(kept, set())
        for secret in [cloud.access["client_secret"], cloud.access["client_id"], cloud.access["tenant_id"], "eyJ", "127.0.0.1"]:
            self.assertNotIn(secret.encode(), text)
        said = self.replay(fixture)
        self.assertIn("deterministic (3 runs)", said)
        self.assertIn("dataset entra_user", said)

    def test_without_redact_personal_columns_and_ids_are_invented_all_the_same(self):
        fixture, cloud, _ = self.record()
        users = b"".join(p.read_bytes() for p in fixture.glob("graph-users-*.json"))
        self.assertGreater(len(users), 1000)
        self.assertEqual({c for c in cloud.planted.values() if c.encode() in users}, set())
        self.assertEqual({g for g in cloud.guids if g in users.lower()} - {b"00000000-0000-0000-0000-000000000000"}, set())
        self.replay(fixture)

    def test_a_folder_that_is_there_is_left_alone(self):
        fixture, _, _ = self.record("--redact")
        before = {p.name: p.read_bytes() for p in fixture.iterdir()}
        done = subprocess.run([BUILD / "bin/assay", "plugin", "record", BUILD / "lib/assay/plugins/graph", "--to", "out"],
                              cwd=fixture.parent, capture_output=True, text=True, check=False, timeout=100, env=scenario.ENV)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("is already there", done.stderr)
        self.assertEqual({p.name: p.read_bytes() for p in fixture.iterdir()}, before)


if __name__ == "__main__":
    unittest.main()
