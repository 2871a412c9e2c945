#!/usr/bin/env python3
"""Ledgers, bundles and backups with one lie each, everything else linked and signed (forge.py).
assay-verify and verify.py must agree: on the verdict, and on place and entry of the first finding."""
import argparse
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from forge import (A, B, C, ORIGIN, OPEN_END, Authority, Forge, Key, b64, canonical, cosignature,
                   handover, sha256, sign_note)

ARGS = argparse.Namespace()
HOME = tempfile.TemporaryDirectory(prefix="assay-stories-")
TSA = None
COUNT = {"good": 0, "refused": 0}


def setUpModule():
    global TSA
    TSA = Authority()


def tearDownModule():
    HOME.cleanup()
    print(f"{COUNT['refused']} lies refused, {COUNT['good']} good ones accepted by both",
          file=sys.stderr)


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
            token, time, policy = TSA.stamp(self.note(self.size))
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
        from forge import WITNESS
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


class Good(Case):
    """[CL-12] [VE-11] What is right is accepted, from every key that was ever in force."""

    def test_story(self):
        folder = self.written(Story(stamp=True))
        self.accept(folder)
        for key in (A, B):
            self.accept(folder, "--key", key.fingerprint())
        self.refuse(folder, "entry 1", "--key", C.fingerprint())

    def test_time_stamp_against_its_authority(self):
        folder = self.written(Story(stamp=True))
        command = [ARGS.verifier]
        self.assertEqual(0, verdict(command, folder, "--tsa-ca", TSA.ca)[0])
        other = Authority()
        code, report = verdict(command, folder, "--tsa-ca", other.ca)
        self.assertEqual((7, "ledger.db table timestamp"), (code, report["place"]))

    def test_two_rotations_and_two_epochs(self):
        story = Story()
        _, both = story.rotate(C)
        story.sign(*both)
        story.start_epoch(reason="accepted_loss")
        story.sign()
        folder = self.written(story)
        for key in (A, B, C):
            self.accept(folder, "--key", key.fingerprint())

    def test_two_rotations_between_checkpoints(self):
        story = Story()
        story.rotate(C)
        story.rotate(Key("fourth"))
        story.sign((story.name, B), (story.name, C), (story.name, story.key))
        self.accept(self.written(story))

    def test_tenant_erased(self):
        story = Story()
        story.add("erasure.tenant", reason="contract", receipt="E-2")
        for body in story.bodies:
            body.stored = False
        story.sign()
        self.accept(self.written(story))

    def test_subject_in_several_bodies_and_entries(self):
        story = Story()
        for body, *numbers in ((story.late, 2), (story.plain, 1), (story.plain, 2)):
            story.erase(body, *numbers, receipt="E-2")
        story.add("erasure.subject", reason="privacy", receipt="E-2", bodies=2, records=3)
        story.add("erasure.subject", reason="privacy", receipt="E-3", bodies=0, records=0)
        story.sign()
        self.accept(self.written(story))

    def test_body_erased_as_a_whole(self):
        story = Story()
        story.erase(story.late, 0, 1, 2)
        story.sign()
        self.accept(self.written(story))

    def test_erased_again_and_then_expired(self):
        story = Story()
        story.erase(story.late, 2)
        story.late.stored = story.plain.stored = False
        story.add("retention.expired", **{"class": "raw"}, through=story.late_at, bodies=2)
        story.sign()
        self.accept(self.written(story))

    def test_tiles(self):
        story = Story()
        for page in range(600):
            story.add("read", page=page)
        story.sign()
        self.accept(self.written(story))


class Lies(Case):
    """[CL-12] [VE-11] [CM-1] What is wrong is refused by both, at the same place."""

    def test_keys(self):
        other = Key("intruder")
        wrong = b64(bytes(64))
        self.each([
            ("forged old signature", lambda s: s.change(s.rotated, signature_old=wrong),
             entry("rotated")),
            ("forged new signature", lambda s: s.change(s.rotated, signature_new=wrong),
             entry("rotated")),
            ("old signature of another key",
             lambda s: s.change(s.rotated, signature_old=handover(other, B)["signature_old"]),
             entry("rotated")),
            ("signatures exchanged", lambda s: s.change(
                s.rotated, signature_old=handover(A, B)["signature_new"],
                signature_new=handover(A, B)["signature_old"]), entry("rotated")),
            ("rotation to a key with another name",
             lambda s: s.change(s.rotated, **handover(A, B, "assay.example/fabrikam")),
             entry("rotated")),
            ("fingerprint of another key",
             lambda s: s.change(s.rotated, fingerprint=C.fingerprint()), entry("rotated")),
            ("previous is another key", lambda s: s.change(s.rotated, previous=C.fingerprint()),
             entry("rotated")),
            ("no previous", lambda s: s.drafts[s.rotated].pop("previous"), entry("rotated")),
            ("another algorithm", lambda s: s.change(s.rotated, algorithm="rsa"), entry("rotated")),
            ("no vkey", lambda s: s.drafts[s.rotated].pop("vkey"), entry("rotated")),
            ("rotation of a key that is no more in force",
             lambda s: s.add("key.rotated", **handover(A, C, s.name)),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("rotation under the name of an epoch before",
             lambda s: s.add("key.rotated", **handover(B, C, ORIGIN)),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("a second first key", lambda s: s.add(
                "key.created", algorithm="ed25519", vkey=C.vkey(), fingerprint=C.fingerprint()),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("first key of another origin", lambda s: s.change(0, origin="assay.example/other"),
             "entry 1"),
            ("ledger begins twice", lambda s: s.add("tenant.created", origin=ORIGIN),
             lambda s: f"entry {len(s.drafts) - 1}"),
        ])

    def test_checkpoints(self):
        def signers(story, size, *keys):
            story.signed = [(at, keys if at == size else old) for at, old in story.signed]

        def at(size):
            return lambda s: f"checkpoint {getattr(s, size)}"

        epoch = ORIGIN + "/epoch-2"
        self.each([
            ("after rotation signed by the old key only",
             lambda s: signers(s, s.rotated_size, (ORIGIN, A)), at("rotated_size")),
            ("after rotation signed by the new key only",
             lambda s: signers(s, s.rotated_size, (ORIGIN, B)), at("rotated_size")),
            ("after rotation signed in the wrong order",
             lambda s: signers(s, s.rotated_size, (ORIGIN, B), (ORIGIN, A)), at("rotated_size")),
            ("after rotation with another old key",
             lambda s: signers(s, s.rotated_size, (ORIGIN, C), (ORIGIN, B)), at("rotated_size")),
            ("before rotation signed by the new key",
             lambda s: signers(s, s.size, (ORIGIN, B)), at("size")),
            ("much later signed by the old key",
             lambda s: signers(s, s.started, (ORIGIN, A)), at("started")),
            ("of the new epoch under the old name",
             lambda s: signers(s, s.started + 1, (ORIGIN, B)), lambda s: f"checkpoint {s.started + 1}"),
            ("of the new epoch by the old key",
             lambda s: signers(s, s.started + 1, (epoch, A)), lambda s: f"checkpoint {s.started + 1}"),
            ("of the old epoch under the new name",
             lambda s: signers(s, s.started, (epoch, B)), at("started")),
            ("by a key that the ledger never had",
             lambda s: signers(s, s.size, (ORIGIN, C)), at("size")),
        ])

    def test_epochs(self):
        def late(story, **members):
            story.change(story.last, **members)

        self.each([
            ("raised without an entry", lambda s: late(s, epoch=3), entry("last")),
            ("lowered", lambda s: late(s, epoch=1), entry("last")),
            ("skipped", lambda s: [s.change(s.started, epoch=3), late(s, epoch=3)],
             entry("started")),
            ("not raised by its entry", lambda s: s.change(s.started, epoch=1), entry("started")),
            ("zero at the beginning", lambda s: s.change(0, epoch=0), "entry 0"),
            ("name of another number",
             lambda s: s.change(s.started, vkey=B.vkey(ORIGIN + "/epoch-3")), entry("started")),
            ("name of the epoch before", lambda s: s.change(s.started, vkey=B.vkey()),
             entry("started")),
            ("another key", lambda s: s.change(s.started, vkey=C.vkey(ORIGIN + "/epoch-2")),
             entry("started")),
            ("loss made small", lambda s: s.change(s.started, lost=0), entry("started")),
            ("loss unknown", lambda s: s.drafts[s.started].pop("known_root"), entry("started")),
            ("reason of its own", lambda s: s.change(s.started, reason="tidying"),
             entry("started")),
            ("head says another", lambda s: s.lies.update(epoch=1), "ledger.db table head"),
        ])

    def test_landmarks(self):
        def marks(story, change):
            true = [(i, d["kind"]) for i, d in enumerate(story.drafts)
                    if d["kind"].startswith(("key.", "epoch.", "checkpoint.", "erasure.",
                                             "retention.", "hold."))]
            story.lies["landmarks"] = change(true)

        place = "ledger.db table landmark"
        self.each([
            ("first missing", lambda s: marks(s, lambda t: t[1:]), place),
            ("last missing", lambda s: marks(s, lambda t: t[:-1]), place),
            ("none", lambda s: marks(s, lambda t: []), place),
            ("extra", lambda s: marks(s, lambda t: t + [(s.last, "hold.placed")]), place),
            ("beyond the end", lambda s: marks(s, lambda t: t + [(999, "hold.placed")]), place),
            ("wrong kind", lambda s: marks(s, lambda t: [(i, "key.rotated") for i, _ in t]), place),
            ("moved", lambda s: marks(s, lambda t: t[:-1] + [(s.last, t[-1][1])]), place),
        ])

    def test_witnesses_and_time(self):
        self.each([
            ("cosignature over another text", lambda s: s.change(
                s.cosigned, line=cosignature(s.text(2))), entry("cosigned")),
            ("cosignature by another key", lambda s: s.change(
                s.cosigned, line=cosignature(s.text(s.size), key=C)), entry("cosigned")),
            ("cosignature of another name", lambda s: s.change(
                s.cosigned, line=cosignature(s.text(s.size), name="witness.example/x")),
             entry("cosigned")),
            ("cosignature cut", lambda s: s.change(
                s.cosigned, line=s.drafts[s.cosigned]["line"][:-8]), entry("cosigned")),
            ("witness key of the type of a ledger",
             lambda s: s.change(s.cosigned, vkey=A.vkey("witness.example/w")), entry("cosigned")),
            ("cosigned size that has no checkpoint", lambda s: s.change(s.cosigned, size=3),
             entry("cosigned")),
            ("cosigned size of later", lambda s: s.change(s.cosigned, size=s.rotated_size),
             entry("cosigned")),
            ("time stamp of no token", lambda s: s.add(
                "checkpoint.timestamped", size=s.size, digest=b64(bytes(32)), policy="1.2",
                gen_time="2026-11-20T02:16:09.000Z"), "ledger.db table timestamp"),
            ("time stamp of no checkpoint", lambda s: s.add(
                "checkpoint.timestamped", size=4, digest=b64(bytes(32)), policy="1.2",
                gen_time="2026-11-20T02:16:09.000Z"), lambda s: f"entry {len(s.drafts) - 1}"),
            ("token that no entry names", lambda s: s.tokens.append((sha256(b"t"), b"t")),
             "ledger.db table timestamp"),
        ])

    def test_tokens(self):
        place = "ledger.db table timestamp"
        for lie, statement in (
                ("changed", "UPDATE timestamp SET token = CAST(substr(token, 1, 60) || x'00' || "
                            "substr(token, 62) AS BLOB)"), ("missing", "DELETE FROM timestamp"),
                ("digest changed", "UPDATE timestamp SET digest = zeroblob(32)")):
            with self.subTest(lie):
                folder = self.written(Story(stamp=True))
                sql(folder, statement)
                self.refuse(folder, place)
        story = Story(stamp=True)
        story.change(story.stamped, size=2)  # the token is of another note
        self.refuse(self.written(story), place)

    def test_erasure(self):
        def carried(story, *gone):
            story.late.gone = list(gone)

        def under_hold(story):
            story.add("hold.placed", hold="H-2", first=0, last=OPEN_END)
            story.erase(story.late, 2, receipt="E-2")

        def tenant(story):
            story.add("erasure.tenant", reason="contract", receipt="E-2")

        self.each([
            ("digest of the column is wrong",
             lambda s: s.change(s.erasure, erased=b64(sha256(b"x"))), body_of("late_at")),
            ("without an entry", lambda s: setattr(s.plain, "gone", [1]), body_of("plain_at")),
            ("not carried out", lambda s: carried(s), body_of("late_at")),
            ("of another segment", lambda s: carried(s, 2), body_of("late_at")),
            ("of more than the entry says", lambda s: carried(s, 1, 2), body_of("late_at")),
            ("names another segment than the column", lambda s: s.change(s.erasure, segments=[2]),
             body_of("late_at")),
            ("segments not ascending", lambda s: s.change(s.erasure, segments=[2, 1]),
             entry("erasure")),
            ("no segments", lambda s: s.change(s.erasure, segments=[]), entry("erasure")),
            ("reason of its own", lambda s: s.change(s.erasure, reason="because"),
             entry("erasure")),
            ("under a hold", under_hold, lambda s: f"entry {len(s.drafts) - 1}"),
            ("reason of a subject's own", lambda s: s.change(s.subject, reason="x"),
             entry("subject")),
            ("subject of more bodies", lambda s: s.change(s.subject, bodies=2), entry("subject")),
            ("subject of more records", lambda s: s.change(s.subject, records=2), entry("subject")),
            ("subject of none", lambda s: s.change(s.subject, bodies=0, records=0),
             entry("subject")),
            ("subject of another receipt", lambda s: s.change(s.subject, receipt="E-9"),
             entry("subject")),
            ("subject without a receipt", lambda s: s.drafts[s.subject].pop("receipt"),
             entry("subject")),
            ("subject without a count", lambda s: s.drafts[s.subject].pop("records"),
             entry("subject")),
            ("record without a receipt", lambda s: s.drafts[s.erasure].pop("receipt"),
             entry("erasure")),
            ("subject that counts what comes later", lambda s: [
                s.change(s.subject, records=2), s.erase(s.late, 2)], entry("subject")),
            ("redacted otherwise than the read says",
             lambda s: setattr(s.redacted, "gone", [1]), body_of("redacted_at")),
            ("redacted says, and all is there", lambda s: setattr(s.redacted, "gone", []),
             body_of("redacted_at")),
            ("body after erasure.tenant", lambda s: [tenant(s), s.read(b"x")],
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("tenant under a hold", lambda s: [
                s.add("hold.placed", hold="H-2", first=0, last=OPEN_END), tenant(s)],
             lambda s: f"entry {len(s.drafts) - 1}"),
        ])

    def test_erased_column_is_a_list(self):
        for change in ("CAST(erased || erased AS BLOB)", "substr(erased, 1, 35)",
                       "CAST(x'7fffffff' || substr(erased, 5) AS BLOB)"):
            with self.subTest(change):
                story = Story()
                folder = self.written(story)
                sql(folder, f"UPDATE body SET erased = {change} WHERE length(erased) > 0",
                    file="evidence-202611.db")
                self.refuse(folder, f"body of entry {story.late_at}")

    def test_retention(self):
        def gone(body):
            return lambda s: setattr(getattr(s, body), "stored", False)

        def held(story):
            index = story.raw_gone
            story.drafts[story.hold].update(first=story.old_at, last=story.old_at)
            self.assertGreater(index, story.hold)

        def file_gone(word):
            def lie(story):
                file = story.body("seg/1", b"a library")
                story.file_at = story.add("plugin.file", file, plugin="graph", sha256="00" * 32)
                file.stored = False
                story.add("retention.expired", **{"class": word}, through=story.file_at, bodies=1)
            return lie

        def reference_after(story):
            story.add("read", story.old, page=2)

        self.each([
            ("body missing that nothing explains", gone("plain"), body_of("plain_at")),
            ("expired, but not so far", lambda s: s.change(s.raw_gone, through=s.old_at - 1),
             body_of("old_at")),
            ("expired in the other class",
             lambda s: s.change(s.raw_gone, **{"class": "facts"}), body_of("old_at")),
            ("file of a plugin, which never expires", file_gone("facts"), body_of("file_at")),
            ("file of a plugin, as an answer", file_gone("raw"), body_of("file_at")),
            ("referred to after what expired", reference_after, body_of("old_at")),
            ("more expired than the entry says", lambda s: [
                gone("late")(s), s.change(s.raw_gone, bodies=1)], "retention"),
            ("none expired, one missing", lambda s: s.change(s.fact_gone, bodies=0), "retention"),
            ("body under a hold missing with others that expired", lambda s: [
                gone("plain")(s), s.change(s.raw_gone, bodies=9)], body_of("plain_at")),
            ("through the entry itself", lambda s: s.change(s.raw_gone, through=s.raw_gone),
             entry("raw_gone")),
            ("class of its own", lambda s: s.change(s.raw_gone, **{"class": "all"}),
             entry("raw_gone")),
            ("under a hold", held, body_of("old_at")),
            ("hold released that was never placed", lambda s: s.change(s.released, hold="H-9"),
             entry("released")),
            ("hold placed twice", lambda s: s.add("hold.placed", hold="H-1", first=0, last=1),
             lambda s: f"entry {len(s.drafts) - 1}"),
            ("hold of nothing", lambda s: s.change(s.hold, first=5, last=4), entry("hold")),
            ("raw none, and the body is there", lambda s: setattr(s.never, "stored", True),
             body_of("never_at")),
        ])

    def test_body_rows(self):
        for change in ("len = len + 1", "records = records + 1", "scheme = 'seg/1'", "parts = 2",
                       "root = zeroblob(32)"):
            with self.subTest(change):
                story = Story()
                folder = self.written(story)
                sql(folder, f"UPDATE body SET {change} WHERE id = 0", file="evidence-202611.db")
                self.refuse(folder, f"body of entry {story.plain_at}")


class Logs(Case):
    """[CL-12] [VE-11] A write-ahead log that lacks what its mark counts: SQLite drops that silently."""

    FILES = ("ledger.db", "evidence-202611.db", "keys.db")

    def in_use(self):
        """A ledger as a crash leaves it: three commits in each write-ahead log, and their marks."""
        folder = self.written(Story())
        sql(folder, "CREATE TABLE tenant_key(purpose TEXT PRIMARY KEY, wrapped BLOB)", file="keys.db")
        copy, open_files = self.folder(), []
        for name in self.FILES:
            db = sqlite3.connect(os.path.join(folder, name))
            open_files.append(db)
            db.executescript("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0")
            for number in range(3):  # nothing that a ledger without it could not be
                db.execute("CREATE TABLE spare%d(x)" % number)
                db.commit()
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-shm"))
        for db in open_files:
            db.close()
        for name in self.FILES:
            write(copy, name + "-mark", mark(read(copy, name + "-wal")))
        return copy

    def test_good(self):
        self.accept(self.in_use())
        for change in (lambda m, w: (None, w), lambda m, w: (b"", w), lambda m, w: (m[:-1], w),
                       lambda m, w: (m + b"x", w), lambda m, w: (m.upper(), w),
                       lambda m, w: (m.replace(m[24:34], b"0" * 10), None),
                       lambda m, w: (mark(w[:32 + 4120]), w),  # of an earlier commit
                       lambda m, w: (m, anew(w))):
            folder = self.in_use()
            for name in self.FILES:
                self.tell(folder, name, change)
            self.accept(folder)

    @staticmethod
    def tell(folder, name, change):
        files = name + "-mark", name + "-wal"
        for file, content in zip(files, change(*(read(folder, file) for file in files))):
            write(folder, file, content)

    def test_lies(self):
        def flip(at):
            return lambda m, w: (m, w[:at] + bytes([w[at] ^ 1]) + w[at + 1:])

        frame = 24 + 4096
        lies = {
            "removed": lambda m, w: (m, None), "emptied": lambda m, w: (m, b""),
            "header cut": lambda m, w: (m, w[:31]), "frames cut": lambda m, w: (m, w[:32]),
            "last byte cut": lambda m, w: (m, w[:-1]), "half": lambda m, w: (m, w[:len(w) // 2]),
            "last frame cut": lambda m, w: (m, w[:-frame]),
            "magic": flip(0), "page size": flip(9), "salt": flip(17), "sum of header": flip(24),
            "frame of another page": flip(32), "frame's salt": flip(32 + 8),
            "frame's sum": flip(32 + 16), "first page": flip(32 + 24),
            "last page": lambda m, w: flip(len(w) - 1)(m, w),
            "last frame's sum": lambda m, w: flip(len(w) - 4096 - 1)(m, w),
            "mark counts more": lambda m, w: (m.replace(m[24:34], b"%010d" % (int(m[24:34]) + 1)), w),
            "mark of other sums": lambda m, w: (m.replace(m[61:77], b"0" * 16), w),
            "mark of another log": lambda m, w: (m.replace(m[40:56], b"0" * 16), w),
        }
        for name in self.FILES:
            for lie, change in lies.items():
                with self.subTest(lie, file=name):
                    folder = self.in_use()
                    self.tell(folder, name, change)
                    self.refuse(folder, name)

    HOT = bytes.fromhex("d9d505f920a163d7 0000000000000007 0000000000000200 00001000").ljust(512, b"\0")

    def test_half_made(self):
        """What a kill leaves of an evidence file while SQLite writes its first page holds nothing."""
        for page in (True, False):
            folder = self.written(Story())
            if page:
                db = sqlite3.connect(os.path.join(folder, "evidence-209912.db"))
                db.executescript("PRAGMA journal_mode=WAL")
                db.close()
            else:
                write(folder, "evidence-209912.db", b"")
            write(folder, "evidence-209912.db-journal", self.HOT)
            self.accept(folder)

    def test_planted_journal(self):
        """A journal beside a file that has tables would have SQLite undo them: bodies are missing."""
        folder = self.written(Story())
        write(folder, "evidence-202611.db-journal", self.HOT)
        self.refuse(folder)

    def test_script_alone(self):
        """verify.py without its other files: what is at rest verifies, what is in use is refused."""
        alone = os.path.join(self.folder(), "verify.py")
        os.makedirs(os.path.dirname(alone))
        shutil.copy(ARGS.script, alone)
        self.assertEqual(0, verdict([sys.executable, alone], self.written(Story()))[0])
        code, report = verdict([sys.executable, alone], self.in_use())
        self.assertEqual((7, "ledger.db"), (code, report["place"]))
        self.assertIn("verify_live.py", report["message"])


class Bundles(Case):
    """[CL-12] [VE-11] One entry or record alone, and one head grown from another."""

    KEYS = [A.vkey()]
    WALK = KEYS + [" ".join(handover(A, B)[key] for key in
                            ("vkey", "signature_old", "signature_new")), B.vkey(ORIGIN + "/epoch-2")]

    def saved(self, content, name="one.tlog-proof"):
        path = self.folder(name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_good(self):
        story = Story()
        whole = len(story.drafts)
        for index in (0, 1, story.plain_at, story.rotated, whole - 1):
            self.accept(self.saved(story.proof(index, whole, story.disclosure(index, self.WALK))),
                        "--key", A.fingerprint())
        for segment in range(3):
            says = story.disclosure(story.plain_at, self.KEYS, story.plain, segment)
            self.accept(self.saved(story.proof(story.plain_at, story.size, says)))
        for old, new, keys in ((2, story.size, self.KEYS), (story.size, whole, self.WALK),
                               (2, whole, self.WALK), (story.size, story.size, self.KEYS),
                               (story.rotated_size, whole, self.WALK)):
            self.accept(self.saved(story.growth(old, new, keys), "two.tlog-consistency"),
                        "--key", A.fingerprint())

    def test_proof_lies(self):
        story = Story()
        at, size, body = story.plain_at, story.size, story.plain
        says = story.disclosure(at, self.KEYS, body, 1)
        path = [b64(sha256(b"other"))]
        extra = canonical(says)

        def record(**lies):
            return canonical(says | {"record": says["record"] | lies})

        def steps(*keys):
            return canonical(says | {"keys": list(keys)})

        swapped = story.disclosure(at, self.KEYS, body, 2)["record"]
        rotated = self.WALK[1]
        lies = [
            ("wrong path", {"path": path * 3}, f"entry {at}"),
            ("path too short", {"path": path}, f"entry {at}"),
            ("path too long", {"path": path * 9}, f"entry {at}"),
            ("record swapped", {"extra": record(bytes=swapped["bytes"])}, "record"),
            ("record of another place", {"extra": record(segment=2)}, "record"),
            ("record under another salt", {"extra": record(salt=swapped["salt"])}, "record"),
            ("salt too short", {"extra": record(salt=b64(b"short"))}, "record"),
            ("record path of another", {"extra": record(path=swapped["path"])}, "record"),
            ("record path empty", {"extra": record(path=[])}, "record"),
            ("more segments", {"extra": record(segments=4)}, "record"),
            ("segment outside", {"extra": record(segment=3)}, "record"),
            ("unknown member of the record", {"extra": record(note="x")}, "record"),
            ("wrong index", {"index": at + 1}, f"entry {at + 1}"),
            ("index beyond the head", {"index": 1000}, "entry 1000"),
            ("index with a zero before", {"index": f"0{at}"}, "bundle"),
            ("other checkpoint", {"note": story.note(2)}, f"entry {at}"),
            ("checkpoint of a key not in the walk", {"note": sign_note(
                story.text(size), (ORIGIN, C))}, "checkpoint"),
            ("checkpoint of another root", {"note": sign_note(
                f"{ORIGIN}\n{size}\n{b64(bytes(32))}\n", (ORIGIN, A))}, f"entry {at}"),
            ("checkpoint of another origin", {"note": sign_note(
                f"assay.example/x\n{size}\n{b64(bytes(32))}\n", (ORIGIN, A))}, "checkpoint"),
            ("checkpoint not signed", {"note": story.text(size).encode() + b"\n"}, "checkpoint"),
            ("key not the signer's", {"extra": steps(C.vkey())}, "checkpoint"),
            ("no key", {"extra": steps()}, "keys"),
            ("handover first", {"extra": steps(rotated)}, "keys"),
            ("handover forged", {"extra": steps(
                self.KEYS[0], rotated.replace(rotated.split(" ")[1], b64(bytes(64))))}, "keys"),
            ("handover with one signature", {"extra": steps(
                self.KEYS[0], rotated.rpartition(" ")[0])}, "keys"),
            ("epoch that was never", {"extra": steps(
                self.KEYS[0], A.vkey(ORIGIN + "/epoch-3"))}, "keys"),
            ("keys as objects", {"extra": steps({"vkey": A.vkey()})}, "keys"),
            ("key with a space after it", {"extra": steps(A.vkey() + " ")}, "keys"),
            ("extra not canonical", {"extra": extra.replace(b",", b", ", 1)}, "bundle"),
            ("extra unsorted", {"extra": b'{"line":"x","format":"assay.proof/1"}'}, "bundle"),
            ("extra of another format", {"extra": extra.replace(b"proof/1", b"proof/2")}, "bundle"),
            ("unknown member", {"extra": canonical(says | {"note": "x"})}, "bundle"),
            ("no line", {"extra": canonical({k: v for k, v in says.items() if k != "line"})},
             "bundle"),
            ("line of another entry", {"extra": canonical(
                says | {"line": story.lines()[at + 1].decode()})}, f"entry {at}"),
            ("line changed", {"extra": extra.replace(b"graph-users", b"graph-group")},
             f"entry {at}"),
        ]
        for name, lie, place in lies:
            with self.subTest(name):
                self.refuse(self.saved(story.proof(at, size, says, lie)), place)
        self.refuse(self.saved(story.proof(at, size, says)), "keys", "--key", C.fingerprint())
        no_body = story.disclosure(1, self.KEYS) | {"record": says["record"]}
        self.refuse(self.saved(story.proof(1, size, no_body)), "record")

    def test_growth_lies(self):
        story = Story()
        whole, size = len(story.drafts), story.size
        good = json.loads(story.growth(size, whole, self.WALK))
        for name, lie, place in (
                ("wrong path", {"path": good["path"][::-1]}, "path"),
                ("path too short", {"path": good["path"][:-1]}, "path"),
                ("path too long", {"path": good["path"] + good["path"][:1]}, "path"),
                ("no path", {"path": []}, "path"),
                ("exchanged", {"from": good["to"], "to": good["from"]}, "checkpoint"),
                ("from of another tree", {"from": sign_note(
                    f"{ORIGIN}\n{size}\n{b64(bytes(32))}\n", (ORIGIN, A)).decode()}, "path"),
                ("from of nobody", {"from": sign_note(
                    story.text(size), (ORIGIN, C)).decode()}, "old checkpoint"),
                ("to of the old key", {"to": sign_note(
                    story.text(whole), (ORIGIN + "/epoch-2", A)).decode()}, "checkpoint"),
                ("walk cut short", {"keys": self.WALK[:2]}, "checkpoint"),
                ("another format", {"format": "assay.proof/1"}, "bundle"),
                ("unknown member", {"x": "y"}, "bundle")):
            with self.subTest(name):
                self.refuse(self.saved(story.growth(size, whole, self.WALK, lie),
                                       "two.tlog-consistency"), place)
        self.refuse(self.saved(canonical(good) + b"\n", "two.tlog-consistency"), "bundle")


class Backups(Case):
    """[VE-11] A backup verifies by itself."""

    def made(self, **lies):
        story = Story()
        folder = self.folder("contoso-20261120T030000Z.abk")
        story.backup(folder, **lies)
        return folder, story

    def test_good(self):
        folder, _ = self.made()
        before = sorted(os.listdir(folder))
        self.accept(folder, "--key", A.fingerprint())
        self.assertEqual(before, sorted(os.listdir(folder)))

    def test_lies(self):
        def rewrite(folder, name, change):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = file.read()
            with open(path, "wb") as file:
                file.write(change(content))

        def changed(content):
            return content[:-1] + bytes([content[-1] ^ 1])

        for name in ("ledger.db", "evidence-202611.db", "checkpoints.log", "manifest.sig"):
            for how, change in (("changed", changed), ("cut", lambda c: c[:-1]),
                                ("longer", lambda c: c + b"\n")):
                with self.subTest(name, how=how):
                    folder, _ = self.made()
                    rewrite(folder, name, change)
                    self.refuse(folder, name)
            with self.subTest(name, how="missing"):
                folder, _ = self.made()
                os.unlink(os.path.join(folder, name))
                self.refuse(folder, name)
        folder, _ = self.made()
        with open(os.path.join(folder, "extra.txt"), "wb") as file:
            file.write(b"x")
        self.refuse(folder, "extra.txt")
        folder, _ = self.made()
        rewrite(folder, "manifest.json", lambda c: c.replace(b"03:00:00", b"04:00:00"))
        self.refuse(folder, "manifest.sig")
        folder, _ = self.made()
        os.unlink(os.path.join(folder, "manifest.json"))
        self.refuse(folder, "manifest.json")

    def test_manifest_of_another(self):
        for name, lies in (("signed by another key", {"key": C}), ("size", {"size": 3}),
                           ("signed by the key before", {"key": A}),
                           ("tenant", {"tenant": "0" * 36}), ("epoch", {"epoch": 1}),
                           ("root", {"root": b64(bytes(32))}), ("origin", {"origin": "x"}),
                           ("format", {"format": "assay.backup/2"}), ("no files", {"files": "x"})):
            with self.subTest(name):
                self.refuse(self.made(**lies)[0],
                            None if name == "no files" else "manifest.json")


class ByHand(Case):
    """[CL-12] What docs/auditor/verify-by-hand.md tells an auditor to run, run."""

    def block(self, language, start):
        page = os.path.join(os.path.dirname(ARGS.script), "..", "docs/auditor/verify-by-hand.md")
        with open(page, encoding="utf-8") as file:
            blocks = re.findall(f"```{language}\n(.*?)```", file.read(), re.S)
        return next(block for block in blocks if block.startswith(start))

    def test_lines_and_tree(self):
        script, folder = self.block("python", "import base64"), self.written(Story())
        run = [sys.executable, "-c", script, folder]
        self.assertEqual(0, subprocess.run(run, capture_output=True, check=False).returncode)
        sql(folder, "UPDATE entry SET line = CAST(replace(line, '200', '201') AS BLOB) WHERE idx = 2")
        self.assertEqual(7, subprocess.run(run, capture_output=True, check=False).returncode)

    def climb(self, bundle):
        folder = self.folder()
        os.makedirs(folder)
        with open(os.path.join(folder, "one.tlog-proof"), "wb") as file:
            file.write(bundle)
        done = subprocess.run(["sh", "-c", self.block("sh", "set -eu"), "sh", "one.tlog-proof"],
                              cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return dict(re.findall(r"^([a-z ]+):? +(\S.*)$", done.stdout, re.M)), done.stdout

    def test_one_entry_and_one_record(self):
        story = Story()
        for segment in range(3):
            says = story.disclosure(story.plain_at, [A.vkey()], story.plain, segment)
            found, text = self.climb(story.proof(story.plain_at, story.size, says))
            self.assertEqual(found["root signed"], found["root computed"])
            self.assertEqual(found["body in entry"], found["body computed"])
            self.assertEqual(A.fingerprint(), found["key"])
            self.assertEqual(1, text.count("Signature Verified Successfully"))
        for index in range(story.rotated_size):
            says = story.disclosure(index, Bundles.WALK[:2])
            found, text = self.climb(story.proof(index, story.rotated_size, says))
            self.assertEqual(found["root signed"], found["root computed"])
            self.assertEqual(1, text.count("Signature Verified Successfully"))

    def test_a_changed_record_leads_elsewhere(self):
        story = Story()
        says = story.disclosure(story.plain_at, [A.vkey()], story.plain, 1)
        says["record"]["bytes"] = b64(b'{"id":"z"}')
        found, _ = self.climb(story.proof(story.plain_at, story.size, says))
        self.assertNotEqual(found["body in entry"], found["body computed"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for argument in ("verifier", "script"):
        parser.add_argument("--" + argument, required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
