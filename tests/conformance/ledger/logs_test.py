#!/usr/bin/env python3
"""Write-ahead logs that lost what their mark counts."""
import os
import shutil
import sqlite3
import sys

from forge import A
from stories import ARGS, Case, Story, anew, main, mark, read, sql, verdict, write


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


if __name__ == "__main__":
    main()
