#!/usr/bin/env python3
"""Every single flipped bit and every cut of a small bundle, found by both verifiers: a bundle is text,
and text has no dead bytes. assay-verify is asked by file, verify.py within this process."""
import argparse
import os
import subprocess
import sys
import tempfile
import unittest

from forge import A, B, ORIGIN, handover
from stories import Story

ARGS = argparse.Namespace()


class Nothing:
    """Options of verify.py: no expectation at all, so that the bundle alone must show it."""
    key = None


class Flips(unittest.TestCase):
    """[CL-12] [VE-11] Nothing in a bundle is without effect."""

    def setUp(self):
        self.home = tempfile.TemporaryDirectory(prefix="assay-flips-")
        self.addCleanup(self.home.cleanup)

    def python_refuses(self, content, name):
        path = self.root / name
        path.write_bytes(content)
        try:
            with self.verify.at("file"):
                self.bundle.verify(path, Nothing)
        except self.verify.Finding:
            return True
        return False

    def engine_refuses(self, contents, name):
        """Those that assay-verify takes for good, of many; one process for each."""
        accepted, running = [], []
        for number, content in enumerate(contents):
            folder = os.path.join(self.home.name, str(number))
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(content)
            running.append((number, path, subprocess.Popen(
                [ARGS.verifier, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
            if len(running) == 4:
                accepted += [n for n, p, done in running if done.wait() != 7]
                running = []
        return accepted + [n for n, p, done in running if done.wait() != 7]

    def every_lie(self, good, name):
        sys.path.insert(0, os.path.dirname(ARGS.script))
        import verify
        import verify_bundle
        from pathlib import Path
        self.verify, self.bundle, self.root = verify, verify_bundle, Path(self.home.name)
        self.assertFalse(self.python_refuses(good, name))
        self.assertEqual([0], self.engine_refuses([good], name))
        lies = [good[:at] for at in range(len(good))]
        for at in range(len(good)):
            bits = range(8) if ARGS.every or at % ARGS.stride == 0 else [at % 8]
            lies += [good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1:] for bit in bits]
        accepted = [n for n, lie in enumerate(lies) if not self.python_refuses(lie, name)]
        self.assertEqual([], [lies[n] for n in accepted], "verify.py")
        accepted = self.engine_refuses(lies, name)
        self.assertEqual([], [lies[n] for n in accepted], "assay-verify")
        print(f"{name}: {len(good)} bytes, {len(lies)} lies, all found by both", file=sys.stderr)

    def test_proof_of_a_record(self):
        story = Story()
        says = story.disclosure(story.plain_at, [A.vkey()], story.plain, 1)
        self.every_lie(story.proof(story.plain_at, 2 + 6, says), "one.tlog-proof")

    def test_proof_over_a_rotation(self):
        story = Story()
        rotated = " ".join(handover(A, B)[key] for key in ("vkey", "signature_old", "signature_new"))
        says = story.disclosure(1, [A.vkey(), rotated])
        self.every_lie(story.proof(1, story.rotated_size, says), "rotated.tlog-proof")

    def test_consistency(self):
        self.every_lie(Story().growth(2, 8, [A.vkey()]), "two.tlog-consistency")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for argument in ("verifier", "script"):
        parser.add_argument("--" + argument, required=True)
    parser.add_argument("--every", action="store_true", help="every bit of every byte")
    parser.add_argument("--stride", type=int, default=16)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
