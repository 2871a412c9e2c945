#!/usr/bin/env python3
"""Both verifiers while another process appends, signs, erases, lets bodies expire and opens the ledger
anew: what they see at any moment is a good ledger, so that every verdict must be good."""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import unittest

ARGS = argparse.Namespace()


class Beside(unittest.TestCase):
    """[CL-12] [VE-11] A writer at work is no finding."""

    def start(self):
        home = tempfile.TemporaryDirectory(prefix="assay-beside-")
        self.addCleanup(home.cleanup)
        writer = subprocess.Popen([ARGS.writer, home.name, "4000"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(writer.stdout.close)
        self.assertEqual("ready\n", writer.stdout.readline())
        return writer, os.path.join(home.name, "ledger"), os.path.join(home.name, "master.key")

    def verdicts(self, folder, master):
        """Finding (none when it is good) and number of entries of one run of each."""
        commands = [[ARGS.verifier, folder, "--json"],
                    [ARGS.verifier, folder, "--json", "--master-key", master],
                    [sys.executable, ARGS.script, folder, "--json"]]
        running = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
        for name, process in zip(("assay-verify", "with keys", "verify.py"), running):
            report = json.loads(process.communicate()[0])
            yield name, (None if report["ok"] else f"{report['place']}: {report['message']}",
                         report["entries"])

    def test_no_false_alarm(self):
        found, sizes = collections.defaultdict(collections.Counter), collections.defaultdict(set)
        for _ in range(ARGS.ledgers):
            writer, folder, master = self.start()
            for _ in range(ARGS.runs):
                for name, (finding, entries) in self.verdicts(folder, master):
                    found[name][finding] += 1
                    sizes[name].add(entries)
            self.assertIsNone(writer.poll(), "the writer is still at work")
            writer.stdin.close()
            self.assertEqual(0, writer.wait(60))
            for name, (finding, _) in self.verdicts(folder, master):
                self.assertIsNone(finding, f"{name}, when the writer had ended")
        runs = ARGS.ledgers * ARGS.runs
        for name, findings in found.items():
            print(f"{name}: {runs} runs, {dict(findings)}", file=sys.stderr)
        for name, findings in found.items():
            self.assertEqual({None: runs}, dict(findings), name)
            # On a slow disk several verifiers see the same state; a writer that stood still would prove nothing.
            self.assertGreater(len(sizes[name]), runs // 5, f"{name} saw the ledger grow: {sorted(sizes[name])}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for argument in ("writer", "verifier", "script"):
        parser.add_argument("--" + argument, required=True)
    parser.add_argument("--runs", type=int, default=15, help="of each verifier on each ledger")
    parser.add_argument("--ledgers", type=int, default=2)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
