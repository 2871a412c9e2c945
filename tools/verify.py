#!/usr/bin/env python3
"""Verifies an assay ledger with the Python standard library alone; with verify_bundle.py beside it
backups and proofs, with verify_live.py ledgers in use. Follows docs/formats/, has no code of the
engine, stops at the first finding. assay-verify alone opens sealed bodies and RFC 3161 tokens.
usage: verify.py DIR|FILE [--key SHA256:...] [--min-size N] [--min-time T] [--json]
exit:  0 verified, 7 not, 2 wrong usage
"""
import argparse, contextlib, datetime, functools, hashlib, json, os, re, sqlite3, sys, urllib.parse
from base64 import b64decode, b64encode
from pathlib import Path
APPLICATION = {"ledger": 0x6173794C, "evidence": 0x61737945}
MEMBERS = dict(actor=str, epoch=int, index=int, kind=str, prev=str, tenant=str, time=str, v=int)
BODY = {"len": int, "records": int, "root": str, "scheme": str}
LANDMARKS = ("key.", "epoch.", "checkpoint.", "erasure.", "retention.", "hold.")
MAX_LINE, MAX_DEPTH, ED25519, COSIGNATURE = 4096, 16, 1, 4  # bytes, levels, types of keys
class Finding(ValueError):  # what is wrong, where, and the first entry that it makes doubtful
    def __init__(self, message, place="", index=None):
        super().__init__(message)
        self.place, self.first_bad_index = place, index
def need(holds, message, *where):
    if not holds:
        raise Finding(message, *where)
@contextlib.contextmanager
def at(place, index=None):
    "Whatever goes wrong inside is wrong here; a missing member or a broken type says so itself."
    try:
        yield
    except Exception as error:
        if getattr(error, "place", ""):
            raise
        raise Finding(f"{type(error).__name__}: {error}", place, index) from None
def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()
def read(path):
    return path.read_bytes() if path.exists() else b""
def b64(data):
    return b64encode(data).decode()
def unb64(text, length=None):
    data = b64decode(text, validate=True)
    need(b64(data) == text and length in (None, len(data)), "base64 is wrong or of another length")
    return data
# Ed25519 (RFC 8032 section 5.1), points in extended coordinates.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def point_times(scalar, point):
    result = (0, 1, 1, 0)
    for bit in f"{scalar:b}":
        result = point_add(result, result)
        result = point_add(result, point) if bit == "1" else result
    return result
def decode_point(data):
    sign, y = divmod(int.from_bytes(data, "little"), 2**255)
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - x2) % P else x
    need(len(data) == 32 and y < P and (x * x - x2) % P == 0 and (x or not sign), "no point")
    return (x := P - x if x & 1 != sign else x), y, 1, x * y % P
BASE = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
@functools.cache
def check_signature(key, message, signature, by="of the key"):
    a, r = decode_point(key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    (x, y, z, _), (u, v, w, _) = point_times(s, BASE), point_add(r, point_times(h, a))
    same = (x * w - u * z) % P == (y * w - v * z) % P == 0
    need(len(signature) == 64 and s < L and same, f"signature {by} is wrong")
# The tree over the entries (leaf.md; RFC 9162 section 2.1).
def frontier(leaves, size=0, nodes=()):
    "Complete subtrees of `size` leaves, which are `nodes`, and of more leaves; widest first."
    nodes = list(nodes)
    for count, node in enumerate(leaves, size):
        while count & 1:
            node, count = sha256(b"\1", nodes.pop(), node), count >> 1
        nodes.append(node)
    return nodes
def fold(nodes):
    return functools.reduce(lambda a, b: sha256(b"\1", b, a), nodes[::-1] or [sha256()])
# Entry lines (entry.md, "Form" and "Members of every entry").
def check_form(value, depth=0):
    need(depth <= MAX_DEPTH, "nested too deep")
    if isinstance(value, (dict, list)):
        need(isinstance(value, list) or all(map(str.isascii, value)), "key is not ASCII")
        for member in value.values() if isinstance(value, dict) else value:
            check_form(member, depth + 1)
    else:
        need(type(value) is str or type(value) is int and 0 <= value < 2**53, "no such value")
def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def parse_object(data):
    value = json.loads(data.decode())
    check_form(value)
    need(isinstance(value, dict) and canonical(value) == data, "no canonical JSON object")
    return value
def parse_time(text):
    need(re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{3}Z", text, re.ASCII), "no such time")
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
def parse_line(line):
    entry = parse_object(line)
    need({key: type(entry[key]) for key in MEMBERS} == MEMBERS, "a member is of another type")
    need(len(line) <= MAX_LINE and entry["v"] == 1, "line is above 4 KiB, or of another version")
    parse_time(entry["time"])
    if (body := entry.get("body", BODY)) is not BODY:
        need({key: type(body[key]) for key in body} == BODY and unb64(body["root"], 32), "no body")
    return entry
# Notes and keys (checkpoint.md).
def key_id(name, key, kind=ED25519):
    return sha256(name.encode(), b"\n", bytes([kind]), key)[:4]
def parse_vkey(text, kind=ED25519):
    name, identifier, key = text.split("+", 2)
    key = unb64(key, 33)
    need(name and key[0] == kind and identifier == key_id(name, key[1:], kind).hex(), "no such key")
    return name, key[1:]
def fingerprint(key):
    return "SHA256:" + b64(sha256(key)).rstrip("=")
class Keys:
    'Section "Which key, which name": the walk from the first key of a ledger to the newest.'
    def __init__(self, origin):
        self.origin, self.epoch, self.steps = origin, 1, []  # (index, kind, name, key, vkey)
    def take(self, index, kind, says):  # one of key.created, key.rotated, epoch.started
        self.epoch += kind == "epoch.started"
        name, key = parse_vkey(says["vkey"])
        need(name == self.origin + (f"/epoch-{self.epoch}" if self.epoch > 1 else ""), "other name")
        if kind == "key.rotated":
            message = f"assay/key-rotation/1\n{self.steps[-1][4]}\n{says['vkey']}\n".encode()
            check_signature(self.steps[-1][3], message, unb64(says["signature_old"]), "of the old")
            check_signature(key, message, unb64(says["signature_new"]), "of the new")
        need(kind != "epoch.started" or key == self.steps[-1][3], "an epoch keeps its key")
        self.steps.append((index, kind, name, key, says["vkey"]))
    def signers(self, size, before=0):
        "Who signs at this size: the newest key, after the old ones when it came since `before`."
        steps = [step for step in self.steps if step[0] < size] or self.steps[:1]
        first = len(steps) - 1
        while first and steps[first][1] == "key.rotated" and steps[first][0] >= before:
            first -= 1
        return steps[first:]
    def open_note(self, note, signers):  # size and root; signed by all, under the name of the last
        text, _, lines = note.decode().rpartition("\n\n")
        need(lines.endswith("\n") and not re.search("[\0-\x09\x0b-\x1f]", text + lines), "no note")
        text, name, good = text + "\n", signers[-1][2], []
        known = {key_id(step[2], step[3]): step[3] for step in self.steps}
        for line in lines[:-1].split("\n"):
            by, data = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line).groups()
            data = unb64(data)
            if by == name:  # other names are witnesses; under the own one nothing is skipped
                good.append(known[data[:4]])
                check_signature(good[-1], text.encode(), data[4:])
            need(good and len(data) > 4, "signature is too short, or not the own one first")
        wanted = [step[3] for step in signers]
        need([key for key in good if key in wanted] == wanted, "not signed by the key in force")
        origin, size, root, end = text.split("\n")
        need(origin == name and str(int(size)) == size and not end, "no checkpoint of this origin")
        return int(size), unb64(root, 32)
    def check_trust(self, key, *where):
        prints = [fingerprint(step[3]) for step in self.steps]
        need(not key or key in prints, f"signed by {prints[-1]}, never by that key", *where)
class Ledger:
    "A ledger's directory (ledger-tables.md). The order of steps decides which finding is first."
    def __init__(self, directory, still=False):
        self.directory, self.still = Path(directory), still
        self.keys = self.gone = self.tenant = None
        self.leaves, self.landmarks, self.expired, self.notes, self.tokens = [], [], [], {}, {}
        self.refs, self.holds, self.erased, self.segments, self.last_time = {}, {}, {}, {}, ""
        self.receipts, self.held, self.logs = {}, {}, []  # held, logs: filled by verify_live.py
    def open(self, name, kind):
        need(self.held or self.still or not read(self.directory / (name + "-wal")),
             "in use, and verify_live.py is not beside this")
        uri = "file:" + urllib.parse.quote(str(self.directory / name)) + "?immutable=1"
        db = self.held.get(name, lambda: sqlite3.connect(uri, uri=True))()
        db.text_factory = bytes
        if kind == "evidence" and not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            return None  # a crash left it before its tables were made: it holds nothing
        asked = [db.execute("PRAGMA " + pragma).fetchone()[0]
                 for pragma in ("integrity_check(1)", "application_id", "user_version")]
        need(asked == [b"ok", APPLICATION[kind], 1], "damaged, or not a file of this kind")
        return db
    def read_lines(self):  # entry.md, leaf.md: a line has form and place, and names the one before
        previous, broken = bytes(32), []
        for index, (idx, line) in enumerate(self.db.execute("SELECT * FROM entry ORDER BY idx")):
            with at(f"entry {index}", index):
                need(idx == index, f"missing, entry {idx} follows")
                broken += [index] * (unb64(parse_line(line)["prev"], 32) != previous)
            previous = sha256(line)
            self.leaves.append(sha256(b"\0", line))
        if broken:
            self.blame(broken[0], broken[0] + 1 in broken)
    def blame(self, index, next_too):
        'leaf.md, "Which entry is bad": if the next link holds, the line before the broken one is.'
        bad = index if next_too or index == 0 else index - 1
        if index and index + 1 == len(self.leaves):  # the last: does another prev mend the root?
            (before,), (line,) = self.db.execute(f"SELECT line FROM entry WHERE idx >= {index - 1}")
            mended = canonical(json.loads(line) | {"prev": b64(sha256(before))})
            root = fold(frontier(self.leaves[:-1] + [sha256(b"\0", mended)]))
            bad = index - (self.db.execute("SELECT root FROM head").fetchone() != (root,))
        raise Finding("line and prev of the next do not agree", f"entry {bad}", bad)
    def take(self, index, entry):  # entry.md, "Kinds", "Landmarks", "Epochs"
        kind, self.tenant = entry["kind"], self.tenant or entry["tenant"]
        need((entry["index"], entry["tenant"]) == (index, self.tenant), "other place or tenant")
        need(entry["time"] >= self.last_time, "time goes backwards")
        wanted = {"tenant.created": 0, "key.created": 1}.get(kind, max(index, 2))
        need(wanted == index, "a ledger begins with tenant.created, key.created, and never again")
        self.last_time, self.keys = entry["time"], self.keys or Keys(entry["origin"])
        if kind.startswith(LANDMARKS):
            self.landmarks.append((index, kind.encode()))
            self.take_landmark(index, kind, entry)
        need(entry["epoch"] == self.keys.epoch, "epoch is raised by epoch.started and nothing else")
        if "body" in entry:
            need(self.gone in (None, index), "has a body after erasure.tenant")
            self.refs.setdefault(unb64(entry["body"]["root"]), []).append((index, entry))
    def take_landmark(self, index, kind, entry):
        if kind in ("key.created", "key.rotated", "epoch.started"):
            self.keys.take(index, kind, entry)
        if kind in ("key.created", "key.rotated"):
            *old, new = (fingerprint(step[3]) for step in self.keys.steps[-2:])
            need((entry["algorithm"], entry["fingerprint"]) == ("ed25519", new), "no such key")
            need(not old or entry["previous"] == old[0], "previous key is another")
        elif kind == "epoch.started":
            need(unb64(entry["known_root"], 32) and entry["reason"] in ("restored", "accepted_loss")
                 and entry["lost"] == max(0, entry["known_size"] - index), "not the loss")
        elif kind in ("checkpoint.cosigned", "checkpoint.timestamped"):
            note = self.notes[entry["size"]]
            need(entry["size"] <= index, "of a checkpoint that came later")
            if kind == "checkpoint.timestamped":
                self.tokens[unb64(entry["digest"], 32)] = note
            else:
                check_cosignature(entry["line"], entry["vkey"], note)
        elif kind == "erasure.tenant":
            need(all(hold[1] for hold in self.holds.values()), "erases under a hold")
            self.gone = index
        elif kind == "erasure.record":
            root, numbers = unb64(entry["root"], 32), entry["segments"]
            need(numbers == sorted(set(numbers)) and 0 < len(numbers) <= 256, "segments are wrong")
            self.erased[root] = unb64(entry["erased"], 32)
            self.segments.setdefault(root, set()).update(numbers)
            self.receipts.setdefault(entry["receipt"], []).extend([root] * len(numbers))
            need(not self.is_held(root, index), "erases under a hold")
        elif kind == "erasure.subject":
            roots = self.receipts.get(entry["receipt"], [])
            need((entry["bodies"], entry["records"]) == (len({*roots}), len(roots)), "counts others")
        elif kind == "retention.expired":
            need(entry["class"] in ("raw", "facts") and entry["through"] < index, "wrong class")
            self.expired.append((index, entry["class"], entry["through"], entry["bodies"] + 0))
        elif kind == "hold.placed":  # kept as: placed, released, first, last
            need(entry["hold"] not in self.holds and entry["first"] <= entry["last"], "no new hold")
            self.holds[entry["hold"]] = [index, None, entry["first"], entry["last"]]
        elif kind == "hold.released":
            need(self.holds[entry["hold"]][1] is None, "is released already")
            self.holds[entry["hold"]][1] = index
        if kind.startswith("erasure."):
            need(entry["reason"] in ("privacy", "mistake", "contract", "court"), "unknown reason")
    def is_held(self, root, when):  # was an entry that refers to it, when that entry came?
        return any(placed < when <= (released or when) and first <= index <= last
                   for placed, released, first, last in self.holds.values()
                   for index, _ in self.refs.get(root, ()))
    def check_tables(self):  # leaf.md, ledger-tables.md: tiles, landmarks, head follow from lines
        tiles = {row[:2]: row[2] for row in self.db.execute("SELECT level, idx, hashes FROM tile")}
        hashes, level, count = self.leaves, 0, 0
        while len(hashes) >= 256:
            wide = [hashes[i:i + 256] for i in range(0, len(hashes) - 255, 256)]
            for index, wanted in enumerate(wide):
                found, name = tiles.get((level, index), b""), f"tile/{level}/{index:03}"
                need(len(found) == 8192, "tile is missing or of a wrong length", name)
                i = index * 256 + len(os.path.commonprefix([found, b"".join(wanted)])) // 32
                need(found == b"".join(wanted), f"hash {i} is another", name, i << (8 * level))
            hashes = [fold(frontier(wanted)) for wanted in wide]
            level, count = level + 1, count + len(wide)
        need(count == len(tiles), f"{len(tiles)} are stored, not {count}", "ledger.db table tile")
        stored = self.db.execute("SELECT idx, kind FROM landmark ORDER BY idx").fetchall()
        need(stored == self.landmarks, "not the landmarks of the lines", "ledger.db table landmark")
        with at("ledger.db table head"):
            _, size, root, epoch, nodes = next(self.db.execute("SELECT * FROM head"))
            last, place = len(self.leaves) - 1, min(size, len(self.leaves))
            need(size == last + 1, f"head is at {size}, not {last + 1}", f"entry {place}", place)
            same = (root, nodes) == (fold(tree := frontier(self.leaves)), b"".join(tree))
            need(same, "head is not the root of the stored entries", f"entry {last}", last)
            need(epoch == self.keys.epoch, "epoch is not that of the last entry")
    def check_checkpoints(self):  # checkpoint.md: stored notes, checkpoints.log, tokens by digests
        need(self.notes, "no checkpoint was ever signed", "ledger.db table checkpoint")
        before, count, nodes = 0, len(self.leaves), []
        for size, note in self.notes.items():
            with at(place := f"checkpoint {size}"):
                said, root = self.keys.open_note(note, self.keys.signers(size, before))
                need(said == size, "note is of another size")
                need(size <= count, "signed head is beyond the entries", place, count)
                nodes = frontier(self.leaves[before:size], before, nodes)
                need(root == fold(nodes), "signed root is not that of the lines", place, before)
            before = size
        with at("checkpoints.log"):
            self.check_log(list(self.notes.values()))
        with at("ledger.db table timestamp"):
            rows = dict(self.db.execute("SELECT digest, token FROM timestamp"))
            need(rows.keys() == self.tokens.keys(), "not the tokens that entries name")
            for digest, token in rows.items():
                need(sha256(token) == digest, "token is another")
                need(b"\4\x20" + sha256(self.tokens[digest]) in token, "token is not of that note")
    def check_log(self, notes):
        log, count = b"".join(note + b"\n" for note in notes), len(self.leaves)
        before, there = self.logs or [read(self.directory / "checkpoints.log")] * 2
        there = there[:max(len(before), len(log))]  # what came since is of later entries
        if log.startswith(there) and len(there) >= len(log) - len(notes[-1]) - 1:
            return  # whole, or a crash between the database and the log
        note = b"\n\n".join(there.rstrip(b"\n").split(b"\n\n")[-2:]) + b"\n"
        size, _ = self.keys.open_note(note, self.keys.steps[-1:])
        need(size <= count, f"TRUNCATED: signed head of {size}", "checkpoints.log", count)
        raise Finding("FORKED, or a note is missing")
    def check_bodies(self):  # evidence-body.md, "Erased and missing segments"
        stored, missing = {}, {"raw": 0, "facts": 0}
        for name in sorted(self.held or os.listdir(self.directory)):
            with at(name):
                db = re.fullmatch(r"evidence-.*\.db", name) and self.open(name, "evidence")
                self.held.get(name, bool)()  # keys.db: what is wrong with its mark
                stored |= {root: row for root, *row in db.execute(
                    "SELECT root, erased, scheme, len, records, parts, length(key), (SELECT "
                    "count(*) FROM part WHERE body = body.id) FROM body")} if db else {}
        for root, refs in self.refs.items():
            for index, entry in refs:
                with at(f"body of entry {index}"):
                    if entry.get("raw") == "none":
                        need(root not in stored, "is there, though it was never kept")
                    elif root in stored:
                        self.check_body(root, entry, *stored[root])
                    elif self.gone is None and index == refs[-1][0]:
                        kind = {"read": "raw", "plugin.file": "-"}.get(entry["kind"], "facts")
                        need(any(word == kind and through >= index and not self.is_held(root, when)
                                 for when, word, through, _ in self.expired), "body is missing",
                             f"body of entry {refs[0][0]}")
                        missing[kind] += 1
        for kind, count in missing.items():
            expired = sum(expiry[3] for expiry in self.expired if expiry[1] == kind)
            need(count <= expired, "more bodies are missing than expired", "retention")
    def check_body(self, root, entry, erased, scheme, length, records, parts, key, stored):
        body, redacted = entry["body"], entry.get("raw") == "redacted"
        need((scheme.decode(), length, records) == (body["scheme"], body["len"], body["records"]),
             "body is another than described")
        numbers = [int.from_bytes(erased[i:i + 4], "big") for i in range(0, len(erased), 36)]
        count = records + (scheme == b"rec/1")
        need(len(erased) % 36 == 0 and numbers == sorted(set(numbers) & set(range(count))),
             "erased segments are no list")
        wanted = self.erased.get(root) or redacted and unb64(entry["erased"], 32)
        need(wanted == sha256(erased) if erased or wanted else True, "erased otherwise than said")
        need(redacted or self.segments.get(root, set()) == set(numbers), "erased more or less")
        need((parts, stored, key) == (0, 0, 0) if len(numbers) == count else 1 <= parts == stored,
             "parts are missing")
    def verify(self, args):
        with at("ledger.db"):
            with contextlib.suppress(ImportError):  # without it beside this file: a ledger at rest
                import verify_live
                self.still or verify_live.hold(self)
            self.db = self.open("ledger.db", "ledger")
            self.notes = dict(self.db.execute("SELECT size, note FROM checkpoint ORDER BY size"))
            self.read_lines()
            for index, (line,) in enumerate(self.db.execute("SELECT line FROM entry ORDER BY idx")):
                with at(f"entry {index}", index):
                    self.take(index, json.loads(line))
            self.keys.check_trust(args.key, "entry 1", 1)
            self.check_tables()
            self.check_checkpoints()
            self.check_bodies()
        need(max(self.notes) >= (args.min_size or 0), "signed head is too small", "checkpoint")
        need(not args.min_time or parse_time(self.last_time) >= args.min_time, "too old", "entry")
        return self.keys, len(self.leaves)
def check_cosignature(line, vkey, note):  # checkpoint.md, "Cosignatures"
    name, key = parse_vkey(vkey, COSIGNATURE)
    mark, by, data = line.split(" ")
    data, text = unb64(data, 76), note.rpartition(b"\n\n")[0] + b"\n"
    need((mark, by, data[:4]) == ("\u2014", name, key_id(name, key, COSIGNATURE)), "another's line")
    seconds = int.from_bytes(data[4:12], "big")
    check_signature(key, b"cosignature/v1\ntime %d\n" % seconds + text, data[12:], "cosignature")
def main():
    parser = argparse.ArgumentParser(description=__doc__.split("usage")[0])
    types = {"path": Path, "--key": str, "--min-size": int, "--min-time": parse_time}
    for name, kind in types.items():
        parser.add_argument(name, type=kind)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if not args.path.exists():
        parser.error(f"{args.path}: no such file or directory")
    report = dict.fromkeys(("place", "message", "first_bad_index", "entries", "fingerprint"))
    try:
        with at("file"):
            names = {*os.listdir(args.path)} if args.path.is_dir() else {"manifest.json"}
            if args.path.suffix == ".abk" or names & {"manifest.json", "manifest.sig"}:
                import verify_bundle  # beside this file, for backups and bundles
                keys, report["entries"] = verify_bundle.verify(args.path, args)
            else:
                keys, report["entries"] = Ledger(args.path).verify(args)
        report |= {"ok": True, "fingerprint": fingerprint(keys.steps[-1][3])}
        text = "verified: {entries} entries under the signed head, key {fingerprint}"
    except Finding as bad:
        report |= {"ok": False, "message": str(bad)} | vars(bad)
        text = "NOT VERIFIED: {place}: {message} (first bad entry: {first_bad_index})"
    print(json.dumps(report) if args.json else text.format(**report))
    return 0 if report["ok"] else 7
if __name__ == "__main__":
    sys.modules["verify"] = sys.modules["__main__"]
    sys.exit(main())
