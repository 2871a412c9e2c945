"""A ledger in which everything happened once (Story), written with what lies one likes by forge.py, and how both verifiers judge
it (Case): assay-verify and verify.py must agree on the verdict, and on place and entry of the first finding."""
import argparse
import atexit
import functools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from forge import B, WITNESS, Authority, Forge, b64, cosignature, sha256

ARGS = argparse.Namespace()
HOME = tempfile.TemporaryDirectory(prefix="assay-stories-")
COUNT = {"good": 0, "refused": 0}


@functools.cache
def authority():
    """One authority for time stamps: making its certificates takes a while."""
    return Authority()


def main():
    """Runs the cases of the calling file; the programs to try are named on the command line."""
    parser = argparse.ArgumentParser()
    for argument in ("verifier", "script"):
        parser.add_argument("--" + argument, required=True)
    _, rest = parser.parse_known_args(namespace=ARGS)
    atexit.register(lambda: print(f"{COUNT['refused']} lies refused, {COUNT['good']} good ones accepted by both", file=sys.stderr))
    unittest.main(argv=[sys.argv[0], *rest])


def verdict(command, path, *options):
    done = subprocess.run([*command, path, "--json", *options], capture_output=True, text=True,
                          check=False)
    report = json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}
    return done.returncode, report


class Story(Forge):
    """A ledger in which everything happened once. Attributes name where."""

    def __init__(self, stamp=False):
        super().__init__()
        self.plain, self.plain_at = self.read(b'{"id":"a"}', b'{"id":"b"}')
        self.late, self.late_at = self.read(b'{"id":"c"}', b'{"id":"d"}')
        self.fact = self.body("seg/1", b"why not complete")
        self.fact_at = self.add("dataset", self.fact, dataset="users")
        self.old, self.old_at = self.read(b'{"id":"old"}')
        self.never = self.body("rec/1", b"skeleton", b'{"id":"never kept"}')
        self.never.stored = False
        self.never_at = self.add("read", self.never, raw="none")
        self.redacted = self.body("rec/1", b"skeleton", b'{"id":"kept"}', b'{"pass":"word"}')
        self.redacted.gone = [2]
        self.redacted_at = self.add("read", self.redacted, raw="redacted",
                                    erased=b64(sha256(self.redacted.column())))
        self.sign()
        self.size = len(self.drafts)
        self.cosigned = self.add("checkpoint.cosigned", size=self.size,
                                 vkey=self.witness(), line=cosignature(self.text(self.size)))
        if stamp:
            token, time, policy = authority().stamp(self.note(self.size))
            self.tokens.append((sha256(token), token))
            self.stamped = self.add("checkpoint.timestamped", size=self.size, gen_time=time,
                                    policy=policy, digest=b64(sha256(token)))
        self.hold = self.add("hold.placed", hold="H-1", first=self.plain_at, last=self.plain_at)
        self.rotated, both = self.rotate(B)
        self.sign(*both)
        self.rotated_size = len(self.drafts)
        self.erasure = self.erase(self.late, 1)
        self.subject = self.add("erasure.subject", reason="privacy", receipt="E-1", bodies=1,
                                records=1)
        self.old.stored = self.fact.stored = False
        self.raw_gone = self.add("retention.expired", **{"class": "raw"}, through=self.old_at,
                                 bodies=1)
        self.fact_gone = self.add("retention.expired", **{"class": "facts"}, through=self.fact_at,
                                  bodies=1)
        self.released = self.add("hold.released", hold="H-1")
        self.sign()
        self.started = self.start_epoch()
        self.sign()
        self.last = self.add("run.finished", run="R-1", outcome="complete")
        self.sign()

    @staticmethod
    def witness():
        return WITNESS.vkey("witness.example/w", 4)

    def change(self, index, **members):
        self.drafts[index].update(members)
        return self


class Case(unittest.TestCase):
    def both(self, path, *options):
        first = verdict([ARGS.verifier], path, *options)
        second = verdict([sys.executable, ARGS.script], path, *options)
        return first, second

    def accept(self, path, *options):
        for code, report in self.both(path, *options):
            self.assertEqual(0, code, report)
        COUNT["good"] += 1

    def refuse(self, path, place=None, *options):
        (code, first), (script, second) = self.both(path, *options)
        self.assertEqual((7, 7), (code, script), f"\nassay-verify: {first}\nverify.py: {second}")
        said = [(r["place"], r["first_bad_index"]) for r in (first, second)]
        self.assertEqual(said[0], said[1], f"\nassay-verify: {first}\nverify.py: {second}")
        if place is not None:
            self.assertEqual(place, first["place"], f"\nassay-verify: {first}\nverify.py: {second}")
        COUNT["refused"] += 1

    def folder(self, name="ledger"):
        home = tempfile.mkdtemp(dir=HOME.name)
        self.addCleanup(shutil.rmtree, home)
        return os.path.join(home, name)

    def written(self, story):
        folder = self.folder()
        story.write(folder)
        return folder

    def each(self, lies):
        """`lies`: name, what is done to a new story, place of the first finding."""
        for name, lie, place in lies:
            with self.subTest(name):
                story = Story()
                lie(story)
                self.refuse(self.written(story), place(story) if callable(place) else place)


def sql(folder, *statements, file="ledger.db"):
    db = sqlite3.connect(os.path.join(folder, file))
    for statement in statements:
        db.execute(*statement) if isinstance(statement, tuple) else db.execute(statement)
    db.commit()
    db.close()


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def write(folder, name, content):
    """`content` None: the file is removed."""
    path = os.path.join(folder, name)
    if content is None:
        os.unlink(path)
        return
    with open(path, "wb") as file:
        file.write(content)


def mark(log):
    """The mark of a write-ahead log of pages of 4,096 bytes, after its last frame."""
    last = log[-4120:]
    return b"assay-wal-mark/1 frames=%010d salt=%s sum=%s\n" % (
        len(log) // 4120, last[8:16].hex().encode(), last[16:24].hex().encode())


def anew(log):
    """The log as SQLite begins it again when all of it was copied back."""
    order = "big" if log[3] & 1 else "little"
    header = log[:16] + (int.from_bytes(log[16:20], "big") + 1).to_bytes(4, "big") + log[20:24]
    first = second = 0
    for at in range(0, 24, 8):
        first = first + int.from_bytes(header[at:at + 4], order) + second & 0xffffffff
        second = second + int.from_bytes(header[at + 4:at + 8], order) + first & 0xffffffff
    return header + first.to_bytes(4, "big") + second.to_bytes(4, "big") + log[32:]


def entry(attribute):
    return lambda story: f"entry {getattr(story, attribute)}"


def body_of(attribute):
    return lambda story: f"body of entry {getattr(story, attribute)}"
