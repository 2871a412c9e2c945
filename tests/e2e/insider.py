"""What somebody with every key of a machine can do to a ledger: change lines and link, hash and sign all anew."""
import json
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance" / "ledger"))
from forge import Key, b64, canonical, frontier, root_of, sha256, sign_note  # noqa: E402


class Seed(bytes):
    """The 32 bytes of a private key where forge.Key takes a word."""
    encode = bytes.__bytes__


def own_key(ledger):
    der = subprocess.run(["openssl", "pkey", "-in", ledger / "ledger.key", "-outform", "DER"], capture_output=True, check=True).stdout
    return Key(Seed(der[-32:]))


def rewrite(ledger, change):
    """Gives each entry to `change` as a dict to alter, then makes everything consistent again."""
    db = sqlite3.connect(ledger / "ledger.db")
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    lines, previous = [], bytes(32)
    for (line,) in db.execute("SELECT line FROM entry ORDER BY idx").fetchall():
        entry = json.loads(line)
        change(entry)
        lines.append(canonical({**entry, "prev": b64(previous)}))
        previous = sha256(lines[-1])
    db.executemany("UPDATE entry SET line = ?2 WHERE idx = ?1", enumerate(lines))
    leaves = [sha256(b"\0", line) for line in lines]
    level, hashes = 0, leaves
    while len(hashes) >= 256:
        full = [hashes[i:i + 256] for i in range(0, len(hashes) - 255, 256)]
        db.executemany("UPDATE tile SET hashes = ?3 WHERE level = ?1 AND idx = ?2",
                       [(level, i, b"".join(tile)) for i, tile in enumerate(full)])
        hashes, level = [root_of(tile) for tile in full], level + 1
    db.execute("UPDATE head SET root = ?, frontier = ?", (root_of(leaves), b"".join(frontier(leaves))))
    notes = resigned(ledger, db, leaves)
    for _, sql in triggers:
        db.execute(sql)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    (ledger / "ledger.db-mark").write_bytes(b"")
    (ledger / "checkpoints.log").write_bytes(b"".join(note + b"\n" for note in notes))


def resigned(ledger, db, leaves):
    key, notes = own_key(ledger), []
    for size, old in db.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall():
        name = old.decode().splitlines()[0]
        notes.append(sign_note(f"{name}\n{size}\n{b64(root_of(leaves[:size]))}\n", (name, key)))
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (notes[-1], size))
    return notes
