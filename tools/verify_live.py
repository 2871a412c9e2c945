"""The part of verify.py for a ledger that somebody writes to, or did when it crashed: its files as they
are at one moment. Standard library, no code of the engine. Run verify.py, not this.
"""
import contextlib
import os
import sqlite3
import time
import urllib.parse

try:
    import fcntl
except ImportError:  # a system on which no ledger is written
    fcntl = None


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


def connect(path):
    "A connection that sees the file as it is now, whoever writes to it later."
    name, wal = str(path), str(path) + "-wal"
    log = os.path.exists(wal) and os.path.getsize(wal)
    how = "?mode=ro" if log or os.access(path.parent, os.W_OK) else "?immutable=1"
    db = sqlite3.connect("file:" + urllib.parse.quote(name) + how, uri=True, timeout=10)
    db.execute("BEGIN")  # its moment is that of the first read
    db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return db


def hold(ledger):
    """Fills `held` and `logs` of a verify.Ledger. What may only grow is looked at before that which it
    must be part of: the log of notes, the entries, their bodies. What makes things less waits."""
    def attempt(path):
        try:
            db = connect(path)
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
        ledger.logs = [before, log.read_bytes() if log.exists() else b""]
