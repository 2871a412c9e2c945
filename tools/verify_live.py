"""The part of verify.py for a ledger that somebody writes to, or did when it crashed: its files as they
are at one moment. Standard library, no code of the engine. Run verify.py, not this.
"""
import contextlib
import os
import re
import sqlite3
import struct
import time
import urllib.parse

try:
    import fcntl
except ImportError:  # a system on which no ledger is written
    fcntl = None

HOT = bytes.fromhex("d9d505f920a163d7")  # how a rollback journal begins that is not yet played back


@contextlib.contextmanager
def quiet(directory, patience=60):
    "Inside, no erasure and no retention begins or is under way: those lock maintenance.lock alone."
    lock, until = directory / "maintenance.lock", time.monotonic() + patience
    if not fcntl or not lock.exists():
        yield
        return
    with open(lock, "rb") as file:
        while time.monotonic() < until:
            with contextlib.suppress(BlockingIOError, PermissionError):
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            time.sleep(0.02)
        yield


def start(name, length):
    "The beginning of a file, of one that is absent nothing."
    with contextlib.suppress(FileNotFoundError), open(name, "rb") as file:
        return file.read(length)
    return b""


def whole_frames(log, salts, most):
    """How many frames of the write-ahead log are whole, and the running sums after them (SQLite file
    format, "The Write-Ahead Log"); `most` when SQLite began the log anew: all of it was copied."""
    header, sums = log.read(32), (0, 0)
    if len(header) < 32:
        return 0, sums
    magic, _, page, _, *said = struct.unpack(">8I", header)
    pair = struct.Struct(("<2I", ">2I")[magic & 1])

    def add(data):
        first, second = sums
        for one, two in pair.iter_unpack(data):
            first = first + one + second & 0xFFFFFFFF
            second = second + two + first & 0xFFFFFFFF
        return first, second

    sums = add(header[:24])
    if magic | 1 != 0x377F0683 or not 0 < page <= 65536 or sums != tuple(said[2:]):
        return 0, sums
    if said[0] == salts[0] + 1:
        return most, None
    for count in range(most if tuple(said[:2]) == salts else 0):
        frame = log.read(24 + page)
        if len(frame) == 24 + page:
            sums = add(frame[:8] + frame[24:])
        if struct.unpack(">4I", frame[8:24].ljust(16, b"\0")) != (*salts, *sums):
            return count, sums
    return most, sums


def check_mark(path):
    """ledger-tables.md, "Marks of write-ahead logs": SQLite silently drops what is not whole. A mark or
    a log that changes meanwhile was read half before and half after."""
    form, result = rb"assay-wal-mark/1 frames=(\d{10}) salt=([\da-f]{16}) sum=([\da-f]{16})\n", None
    for _ in range(100):
        seen = start(f"{path}-mark", 99), start(f"{path}-wal", 32)
        mark = re.fullmatch(form, seen[0])
        if not mark or not int(mark[1]):
            return
        frames, (salts, sums) = int(mark[1]), (
            struct.unpack(">2I", bytes.fromhex(text.decode())) for text in mark.group(2, 3))
        result = 0, None
        with contextlib.suppress(FileNotFoundError), open(f"{path}-wal", "rb") as log:
            result = whole_frames(log, salts, frames)
        if result in ((frames, sums), (frames, None)):
            return
        if seen == (start(f"{path}-mark", 99), start(f"{path}-wal", 32)):
            break
    raise ValueError(f"TRUNCATED, {frames} frames were committed, {result[0]} are whole")


def connect(path):
    "A connection that sees the file as it is now, whoever writes to it later."
    check_mark(path)
    name, wal = str(path), str(path) + "-wal"
    log = os.path.exists(wal) and os.path.getsize(wal)
    how = "?mode=ro" if log or os.access(path.parent, os.W_OK) else "?immutable=1"
    db = sqlite3.connect("file:" + urllib.parse.quote(name) + how, uri=True, timeout=10)
    db.execute("BEGIN")  # its moment is that of the first read
    try:
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        # A rollback journal is used for the first page of a file only: a crash left it before its tables
        # were made, and it holds nothing.
        if not path.name.startswith("evidence-") or not start(f"{path}-journal", 8) == HOT:
            raise
        db = sqlite3.connect(":memory:")
    return db


def hold(ledger):
    """Fills `held` and `logs` of a verify.Ledger. What may only grow is looked at before that which it
    must be part of: the log of notes, the entries, their bodies. What makes things less waits."""
    def attempt(path, look=connect):
        try:
            db = look(path)
            return lambda: db
        except Exception as error:
            failed = error  # said when it is this file's turn

            def fail():
                raise failed
            return fail

    log = ledger.directory / "checkpoints.log"
    with quiet(ledger.directory):
        before = log.read_bytes() if log.exists() else b""
        ledger.held["ledger.db"] = attempt(ledger.directory / "ledger.db")
        for path in ledger.directory.glob("evidence-*.db"):
            ledger.held[path.name] = attempt(path)
        ledger.held["keys.db"] = attempt(ledger.directory / "keys.db", check_mark)
        ledger.logs = [before, log.read_bytes() if log.exists() else b""]
