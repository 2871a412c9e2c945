#!/usr/bin/env python3
"""Negative vectors for the ledger: each is one lie told to a copy of a good ledger. assay-verify and
verify.py must both refuse it, and name the same first bad entry where one is known."""
import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ENTRIES = 300  # one full tile and a tail, four checkpoints
ARGS = argparse.Namespace()
HOME = tempfile.TemporaryDirectory(prefix="assay-vectors-")
GOOD = os.path.join(HOME.name, "ledger")


def setUpModule():
    subprocess.run([ARGS.maker, HOME.name, str(ENTRIES)], check=True)


def tearDownModule():
    HOME.cleanup()


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def sha256(data):
    return hashlib.sha256(data).digest()


def verdict(command, folder, *options):
    done = subprocess.run([*command, folder, "--json", *options], capture_output=True, text=True,
                          check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


class Copy:
    """A copy of the good ledger, open for lying."""

    def __init__(self, test):
        self.folder = tempfile.mkdtemp(prefix="vector-", dir=HOME.name)
        test.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(GOOD, self.folder, dirs_exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def evidence(self):
        return next(n for n in os.listdir(self.folder)
                    if n.startswith("evidence-") and n.endswith(".db"))

    def sql(self, *statements, file="ledger.db"):
        db = sqlite3.connect(self.path(file))
        db.execute("PRAGMA synchronous=OFF")
        db.create_function("flip", 2, lambda data, at: bytes(
            b ^ (0x20 if i == at % len(data) else 0) for i, b in enumerate(data)))
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type='trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(*statement) if isinstance(statement, tuple) else db.execute(statement)
        for _, sql in triggers:
            db.execute(sql)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def rows(self, query, file="ledger.db"):
        db = sqlite3.connect(self.path(file))
        rows = db.execute(query).fetchall()
        db.close()
        return rows

    def line(self, index):
        return self.rows(f"SELECT line FROM entry WHERE idx={index}")[0][0]

    def set_line(self, index, line):
        self.sql(("UPDATE entry SET line=? WHERE idx=?", (line, index)))

    def edit(self, index, /, **members):
        entry = json.loads(self.line(index))
        entry.update(members)
        line = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        self.set_line(index, line)
        return line

    def relink(self, start, fix_head=False):
        """Recomputes prev from `start` on, and the head when told to."""
        lines = [line for (line,) in self.rows("SELECT line FROM entry ORDER BY idx")]
        for index in range(start, len(lines)):
            entry = json.loads(lines[index])
            entry["prev"] = base64.b64encode(sha256(lines[index - 1])).decode()
            lines[index] = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        self.sql(*[("UPDATE entry SET line=? WHERE idx=?", (lines[index], index))
                   for index in range(start, len(lines))])
        if fix_head:
            self.fix_head()

    def count(self):
        return self.rows("SELECT count(*) FROM entry")[0][0]

    def fix_head(self):
        nodes, size = [], 0
        for (line,) in self.rows("SELECT line FROM entry ORDER BY idx"):
            node, carry = sha256(b"\0" + line), size
            while carry & 1:
                node, carry = sha256(b"\1" + nodes.pop() + node), carry >> 1
            nodes.append(node)
            size += 1
        root = nodes[-1]
        for node in reversed(nodes[:-1]):
            root = sha256(b"\1" + node + root)
        self.sql(("UPDATE head SET size=?, root=?, frontier=?", (size, root, b"".join(nodes))))


class Vectors(unittest.TestCase):
    def refuse(self, copy, first_bad=None, options=(), agree_on_index=True):
        engine = verdict([ARGS.verifier], copy.folder, *options)
        script = verdict([sys.executable, ARGS.script], copy.folder, *options)
        self.assertEqual(7, engine[0], f"assay-verify passed it: {engine}")
        self.assertEqual(7, script[0], f"verify.py passed it: {script}")
        if agree_on_index:
            said = [(r[1]["place"], r[1]["first_bad_index"]) for r in (engine, script)]
            self.assertEqual(said[0], said[1], (engine, script))
        if first_bad is not None:
            self.assertEqual(first_bad, engine[1]["first_bad_index"], engine)

    def test_good_ledger_passes(self):
        for command in ([ARGS.verifier], [sys.executable, ARGS.script]):
            code, report = verdict(command, GOOD)
            self.assertEqual((0, ENTRIES + 3), (code, report.get("entries")), report)
        code, report = verdict([ARGS.verifier], GOOD, "--master-key",
                               os.path.join(HOME.name, "master.key"))
        self.assertEqual((0, 16), (code, report["bodies_opened"]), report)

    def test_good_ledger_meets_expectations(self):
        key = verdict([ARGS.verifier], GOOD)[1]["fingerprint"]
        for command in ([ARGS.verifier], [sys.executable, ARGS.script]):
            code, _ = verdict(command, GOOD, "--key", key, "--min-size", str(ENTRIES + 2),
                              "--min-time", "2020-01-01T00:00:00.000Z")
            self.assertEqual(0, code)

    def test_wrong_usage(self):
        for command in ([ARGS.verifier], [sys.executable, ARGS.script]):
            self.assertEqual(2, verdict(command, "/nonexistent")[0])
            self.assertEqual(2, verdict(command, GOOD, "--nonsense", "1")[0])

    def test_flipped_byte_in_a_line(self):
        random.seed(12)
        last = ENTRIES + 2
        picked = [0, 1, 2, 255, 256, 257, last - 1, last] + random.sample(range(3, last), 22)
        for index in picked:
            with self.subTest(index=index):
                copy = Copy(self)
                at = random.randrange(0, 300)
                copy.sql(f"UPDATE entry SET line = flip(line, {at}) WHERE idx = {index}")
                self.refuse(copy, first_bad=index)

    def test_edited_member(self):
        for index, members in [(5, {"status": 403}), (255, {"page": 7}), (256, {"page": 7}),
                               (301, {"endpoint": "x"}), (302, {"run": "R-2"}), (4, {"index": 9}),
                               (9, {"tenant": "0" * 36}), (9, {"v": 2}), (9, {"extra": "x"}),
                               (302, {"time": "2001-01-01T00:00:00.000Z"}), (40, {"epoch": 9}),
                               (302, {"prev": base64.b64encode(bytes(32)).decode()}),
                               (100, {"prev": base64.b64encode(bytes(32)).decode()})]:
            with self.subTest(index=index, members=members):
                copy = Copy(self)
                copy.edit(index, **members)
                self.refuse(copy, first_bad=index)

    def test_edited_line_with_recomputed_prev(self):
        for index in (3, 200, 260):
            with self.subTest(index=index):
                copy = Copy(self)
                copy.edit(index, status=403)
                copy.relink(index + 1)
                self.refuse(copy)

    def test_edited_line_with_everything_recomputed_but_signatures(self):
        copy = Copy(self)
        copy.edit(260, status=403)
        copy.relink(261, fix_head=True)
        self.refuse(copy, first_bad=253)

    def test_line_not_canonical(self):
        good = Copy(self).line(50)
        for line in (good.replace(b",", b", ", 1), good.replace(b'"v":1', b'"v":1.0'),
                     good.replace(b"graph-users", b"\\u0067raph-users"), good + b"\n", b"",
                     good[:-1] + b',"z":null}', b"[]", b"\xff" + good, good[:-1]):
            with self.subTest(line=line[:40]):
                copy = Copy(self)
                copy.set_line(50, line)
                self.refuse(copy, first_bad=50)

    def test_dropped_entry(self):
        for index in (0, 1, 100, 256, ENTRIES + 2):
            with self.subTest(index=index):
                copy = Copy(self)
                copy.sql(f"DELETE FROM entry WHERE idx={index}")
                self.refuse(copy, first_bad=index)

    def test_dropped_signed_tail_with_head_recomputed(self):
        copy = Copy(self)
        copy.sql(f"DELETE FROM entry WHERE idx >= {ENTRIES}")
        copy.fix_head()
        self.refuse(copy, first_bad=ENTRIES)

    def test_rolled_back_database_against_log(self):
        copy = Copy(self)
        copy.sql("DELETE FROM entry WHERE idx >= 260", "DELETE FROM checkpoint WHERE size > 260")
        copy.fix_head()
        self.refuse(copy, first_bad=260)

    def test_swapped_entries(self):
        for a, b in ((10, 11), (258, 290)):
            with self.subTest(a=a):
                copy = Copy(self)
                first, second = copy.line(a), copy.line(b)
                copy.set_line(a, second)
                copy.set_line(b, first)
                self.refuse(copy, first_bad=a)

    def test_added_entry(self):
        copy = Copy(self)
        last = copy.count() - 1
        copy.sql(f"INSERT INTO entry SELECT {last + 1}, line FROM entry WHERE idx={last}")
        self.refuse(copy)

    def test_emptied(self):
        for table in ("entry", "checkpoint", "head", "tile"):
            with self.subTest(table=table):
                copy = Copy(self)
                copy.sql(f"DELETE FROM {table}")
                self.refuse(copy)

    def test_tile_lies(self):
        for sql in ("UPDATE tile SET hashes = flip(hashes, 4000)", "UPDATE tile SET idx = 1",
                    "UPDATE tile SET hashes = substr(hashes, 33)",
                    "INSERT INTO tile SELECT 0, 1, hashes FROM tile"):
            with self.subTest(sql=sql):
                copy = Copy(self)
                copy.sql(sql)
                self.refuse(copy)

    def test_head_lies(self):
        for sql in ("UPDATE head SET size = size + 1", "UPDATE head SET size = size - 1",
                    "UPDATE head SET root = flip(root, 7)", "UPDATE head SET epoch = 2",
                    "UPDATE head SET frontier = flip(frontier, 40)",
                    "UPDATE head SET frontier = x''"):
            with self.subTest(sql=sql):
                copy = Copy(self)
                copy.sql(sql)
                self.refuse(copy)

    def test_checkpoint_lies(self):
        for sql in ("UPDATE checkpoint SET note = flip(note, 3)",
                    "UPDATE checkpoint SET note = flip(note, 40) WHERE size > 200",
                    "UPDATE checkpoint SET note = flip(note, length(note) - 20) WHERE size > 200",
                    "UPDATE checkpoint SET size = size - 1 WHERE size > 200",
                    "UPDATE checkpoint SET note = substr(note, 1, 60) WHERE size > 200",
                    "DELETE FROM checkpoint WHERE size < 100",
                    "DELETE FROM checkpoint WHERE size > 200"):
            with self.subTest(sql=sql):
                copy = Copy(self)
                copy.sql(sql)
                self.refuse(copy)

    def test_checkpoint_forged_by_another_key(self):
        with tempfile.TemporaryDirectory() as other:
            subprocess.run([ARGS.maker, other, str(ENTRIES)], check=True)
            copy = Copy(self)
            log = read(other, "ledger", "checkpoints.log")
            with open(copy.path("checkpoints.log"), "wb") as file:
                file.write(log)
            self.refuse(copy)
            swapped = Copy(self)
            shutil.copy(os.path.join(other, "ledger", "ledger.db"), swapped.path("ledger.db"))
            self.refuse(swapped)
            key = verdict([ARGS.verifier], GOOD)[1]["fingerprint"]
            whole = Copy(self)
            shutil.rmtree(whole.folder)
            shutil.copytree(os.path.join(other, "ledger"), whole.folder)
            self.refuse(whole, first_bad=1, options=("--key", key))

    def test_log_lies(self):
        good = read(GOOD, "checkpoints.log")
        notes = good.split(b"\n\n\xe2")
        for name, content in (("absent", None), ("empty", b""), ("half", good[:len(good) // 2]),
                              ("no first", good[good.index(b"\n\n", good.index(b"\n\n") + 2) + 2:]),
                              ("garbage", good + b"x"), ("newline", good + b"\n"),
                              ("flip", good[:50] + b"!" + good[51:]),
                              ("flip last", good[:-30] + b"!" + good[-29:])):
            with self.subTest(name=name):
                self.assertGreater(len(notes), 3)
                copy = Copy(self)
                if content is None:
                    os.unlink(copy.path("checkpoints.log"))
                else:
                    with open(copy.path("checkpoints.log"), "wb") as file:
                        file.write(content)
                self.refuse(copy)

    def test_last_log_note_cut_by_a_crash_passes(self):
        good = read(GOOD, "checkpoints.log")
        copy = Copy(self)
        with open(copy.path("checkpoints.log"), "wb") as file:
            file.write(good[:-10])
        for command in ([ARGS.verifier], [sys.executable, ARGS.script]):
            self.assertEqual(0, verdict(command, copy.folder)[0])

    def test_body_lies(self):
        for sql in ("DELETE FROM body WHERE id = 3", "DELETE FROM part WHERE body = 3",
                    "UPDATE body SET len = len + 1 WHERE id = 3",
                    "UPDATE body SET records = 0 WHERE id = 3",
                    "UPDATE body SET scheme = 'seg/1' WHERE id = 3",
                    "UPDATE body SET root = flip(root, 3) WHERE id = 3",
                    "UPDATE body SET parts = 2 WHERE id = 3"):
            with self.subTest(sql=sql):
                copy = Copy(self)
                copy.sql(sql, file=copy.evidence())
                self.refuse(copy)

    def test_file_lies(self):
        for lie in ("no evidence", "no ledger", "swapped kinds", "cut", "zero page", "version"):
            with self.subTest(lie=lie):
                copy = Copy(self)
                ledger, evidence = copy.path("ledger.db"), copy.path(copy.evidence())
                if lie == "no evidence":
                    os.unlink(evidence)
                elif lie == "no ledger":
                    os.unlink(ledger)
                elif lie == "swapped kinds":
                    shutil.copy(ledger, evidence)
                elif lie == "cut":
                    os.truncate(ledger, os.path.getsize(ledger) // 2)
                elif lie == "version":
                    copy.sql("PRAGMA user_version=2")
                else:
                    with open(ledger, "r+b") as file:
                        file.seek(8192)
                        file.write(bytes(4096))
                self.refuse(copy, agree_on_index=False)

    def test_expectations_not_met(self):
        for options in (("--key", "SHA256:" + "A" * 43), ("--min-size", "100000"),
                        ("--min-time", "2199-01-01T00:00:00.000Z")):
            with self.subTest(options=options):
                self.refuse(Copy(self), options=options)

    def test_sealed_bytes_changed_are_found_with_the_master_key(self):
        master = ("--master-key", os.path.join(HOME.name, "master.key"))
        for file, sql in (("", "UPDATE part SET sealed = flip(sealed, 20) WHERE body = 2"),
                          ("", "UPDATE body SET key = flip(key, 20) WHERE id = 2"),
                          ("", "UPDATE body SET epoch = 2 WHERE id = 2"),
                          ("", "UPDATE body SET ident = flip(ident, 20) WHERE scheme = 'rec/1' AND id = 2"),
                          ("", "UPDATE body SET ident = flip(ident, 31) WHERE id = (SELECT id FROM body "
                               "WHERE scheme = 'seg/1')"),
                          ("keys.db", "UPDATE tenant_key SET wrapped = flip(wrapped, 20)")):
            with self.subTest(sql=sql):
                copy = Copy(self)
                before = read(copy.path(file or copy.evidence()))
                copy.sql(sql, file=file or copy.evidence())
                self.assertNotEqual(before, read(copy.path(file or copy.evidence())), "the lie was told")
                self.assertEqual(7, verdict([ARGS.verifier], copy.folder, *master)[0])
        self.assertEqual(7, verdict([ARGS.verifier], GOOD, "--master-key",
                                    os.path.join(HOME.name, "ledger.pem"))[0])

    def test_erased_segments_are_put_back_as_hashes(self):
        """[CL-12] An erased body opens: leaf hashes in their places give the same root."""
        home = tempfile.mkdtemp(dir=HOME.name)
        made = subprocess.run([ARGS.eraser, home], check=True, capture_output=True, text=True)
        folder, file = os.path.join(home, "ledger"), "evidence-*.db"
        master = ("--master-key", os.path.join(home, "master.key"))
        code, report = verdict([ARGS.verifier], folder, *master)
        self.assertEqual((0, 1), (code, report["bodies_opened"]), report)
        self.assertEqual(0, verdict([sys.executable, ARGS.script], folder)[0])
        evidence = next(n for n in os.listdir(folder) if n.startswith("evidence-") and n.endswith(".db"))
        for sql in ("UPDATE part SET sealed = CAST(substr(sealed, 1, 40) || x'00' || "
                    "substr(sealed, 42) AS BLOB)",
                    "UPDATE body SET erased = CAST(substr(erased, 1, 20) || x'00' || "
                    "substr(erased, 22) AS BLOB)", "UPDATE body SET erased = x''",
                    "UPDATE body SET epoch = 2"):
            with self.subTest(sql=sql, file=file):
                copy = os.path.join(tempfile.mkdtemp(dir=HOME.name), "ledger")
                shutil.copytree(folder, copy)
                db = sqlite3.connect(os.path.join(copy, evidence))
                db.execute(sql)
                db.commit()
                db.close()
                code, report = verdict([ARGS.verifier], copy, *master)
                self.assertEqual((7, f"body of entry {made.stdout.strip()}"),
                                 (code, report["place"]), report)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("maker", "eraser", "verifier", "script"):
        parser.add_argument("--" + name, required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
