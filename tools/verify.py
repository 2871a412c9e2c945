#!/usr/bin/env python3
"""Verifies an assay ledger with the Python standard library alone: lines, tree, tiles, head, signed
checkpoints, checkpoints.log, and that every body is there. Sealed bodies stay closed: assay-verify
opens them. docs/formats/ is what this follows; it shares no code with the engine.
usage: verify.py DIR [--key SHA256:...] [--min-size N] [--min-time T] [--json]
exit:  0 verified, 7 not, 2 wrong usage
"""
import argparse, base64, datetime, functools, hashlib, json, os, re, sqlite3, sys, urllib.parse
from pathlib import Path
MAX_INTEGER, MAX_LINE, MAX_DEPTH = 2**53 - 1, 4096, 16
APPLICATION = {"ledger": 0x6173794C, "evidence": 0x61737945}
REQUIRED = dict.fromkeys(("epoch", "index", "v"), int) | dict.fromkeys(
    ("actor", "kind", "prev", "tenant", "time"), str)
BODY = {"len": int, "records": int, "root": str, "scheme": str}

class Bad(ValueError):
    "What is wrong with one object."

def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()

def b64(data):
    return base64.b64encode(data).decode()

def unb64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = None
    if data is None or b64(data) != text:
        raise Bad("base64 is not canonical")
    return data

# Ed25519 verification (RFC 8032), affine-free arithmetic in extended coordinates.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)

def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def point_times(scalar, point):
    result = (0, 1, 1, 0)
    for bit in range(scalar.bit_length()):
        result = point_add(result, point) if scalar >> bit & 1 else result
        point = point_add(point, point)
    return result

def decode_point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x * SQRT_M1 % P if (x * x - x2) % P else x
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P
BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def signature_holds(key, message, signature):
    a, r = decode_point(key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    (x, y, z, _), (u, v, w, _) = point_times(s, BASE), point_add(r, point_times(h, a))
    return (x * w - u * z) % P == 0 and (y * w - v * z) % P == 0

class Frontier:
    """Complete subtrees of the leaves so far, widest first (RFC 9162)."""
    def __init__(self):
        self.size, self.nodes = 0, []

    def append(self, leaf):
        carry, self.size = self.size, self.size + 1
        while carry & 1:
            leaf, carry = sha256(b"\1", self.nodes.pop(), leaf), carry >> 1
        self.nodes.append(leaf)

    def root(self):
        join = lambda right, left: sha256(b"\1", left, right)  # noqa: E731
        return functools.reduce(join, self.nodes[::-1]) if self.nodes else sha256()

def root_of(leaves):
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()

def check_restricted(value, depth=0):
    if depth > MAX_DEPTH:
        raise Bad("nested too deep")
    if isinstance(value, (dict, list)):
        if isinstance(value, dict) and not all(key.isascii() for key in value):
            raise Bad("key is not ASCII")
        for member in value.values() if isinstance(value, dict) else value:
            check_restricted(member, depth + 1)
    elif type(value) is int and not 0 <= value <= MAX_INTEGER or type(value) not in (int, str):
        raise Bad("value is no string, array, object or integer 0..2^53-1")

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def parse_time(text):
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text, re.ASCII):
            return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        pass
    raise Bad("time is no moment in the one form")

def parse_line(line):
    try:
        entry = json.loads(line.decode())
        check_restricted(entry)
        if len(line) > MAX_LINE or canonical(entry) != line or not isinstance(entry, dict):
            raise Bad("line is not canonical, no object or above 4 KiB")
    except (ValueError, RecursionError) as error:
        raise Bad("line is not canonical json") from error
    if any(type(entry.get(key)) is not kind for key, kind in REQUIRED.items()) or (
            entry["v"] != 1 or len(unb64(entry["prev"])) != 32):
        raise Bad("a member that every entry has is missing or wrong")
    entry["when"], body = parse_time(entry["time"]), entry.get("body")
    if "body" in entry and (
            not isinstance(body, dict) or {key: type(value) for key, value in body.items()} != BODY
            or len(unb64(body["root"])) != 32):
        raise Bad("member body is wrong")
    return entry

def parse_vkey(text):
    name, _, rest = text.partition("+")
    identifier, _, key = rest.partition("+")
    key = unb64(key)
    if not name or key[:1] != b"\1" or len(key) != 33 or identifier != sha256(
            name.encode(), b"\n", key)[:4].hex():
        raise Bad("verifier key is no Ed25519 key or has another id")
    return name, key[1:]

def open_checkpoint(note, vkey):
    """Size and root of a checkpoint that this key signed."""
    if vkey is None:
        raise Bad("no key to verify checkpoints with")
    name, key = vkey
    text, blank, lines = note.decode(errors="replace").rpartition("\n\n")
    if not blank or not lines.endswith("\n") or re.search(
            "[\x00-\x09\x0b-\x1f\ufffd]", text + lines):
        raise Bad("no signed note")
    text += "\n"
    identifier = sha256(name.encode(), b"\n\x01", key)[:4]
    signed, fields = False, text.split("\n")
    for line in lines[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        if not match or len(unb64(match[2])) < 5:
            raise Bad("signature line is broken")
        signature = unb64(match[2])
        if match[1] == name and signature[:4] == identifier:
            signed = signature_holds(key, text.encode(), signature[4:])
            if not signed:
                raise Bad("signature is wrong")
    if not signed or len(fields) != 4 or fields[0] != name or not re.fullmatch(
            "0|[1-9][0-9]{0,18}", fields[1], re.ASCII) or len(unb64(fields[2])) != 32:
        raise Bad("not signed by the ledger's key, or no checkpoint of this origin")
    return int(fields[1]), unb64(fields[2])

class Verification:
    def __init__(self, args):
        self.args, self.findings, self.checkpoints, self.tree = args, [], 0, Frontier()
        self.first_bad = self.vkey = self.fingerprint = None
        self.leaves, self.lines, self.entries, self.bodies, self.roots = [], [], [], {}, {}

    def find(self, place, message, index=None):
        self.findings.append((place, message))
        if index is not None and (self.first_bad is None or index < self.first_bad):
            self.first_bad = index

    def open(self, name, kind):
        path = os.path.join(self.args.directory, name)
        log = os.path.exists(path + "-wal") and os.path.getsize(path + "-wal")
        still = not log and not os.access(self.args.directory, os.W_OK)
        uri = "file:" + urllib.parse.quote(path) + ("?immutable=1" if still else "?mode=ro")
        db = sqlite3.connect(uri, uri=True)
        db.text_factory = bytes
        if kind == "evidence" and not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            return None  # a crash left it before its tables were made: it holds nothing
        if (answer := db.execute("PRAGMA integrity_check(1)").fetchone()[0]) != b"ok":
            self.find(name, answer.decode(errors="replace"))
        marks = [db.execute(f"PRAGMA {mark}").fetchone()[0]
                 for mark in ("application_id", "user_version")]
        if marks != [APPLICATION[kind], 1]:
            self.find(name, "not a file of this kind and format")
        return db

    def check_lines(self, db, noted):
        breaks, last, tenant = set(), datetime.datetime.min, None
        for index, (idx, line) in enumerate(db.execute("SELECT idx, line FROM entry ORDER BY idx")):
            if idx != index:
                return self.find(f"entry {index}", f"missing, {idx} follows", index) or breaks
            line = line if isinstance(line, bytes) else str(line).encode()
            self.leaves.append(sha256(b"\0", line))
            self.tree.append(self.leaves[-1])
            if index + 1 in noted:
                self.roots[index + 1] = self.tree.root()
            prev = sha256(self.lines[-1]) if self.lines else bytes(32)
            self.lines.append(line)
            try:
                entry = parse_line(line)
            except Bad as error:
                self.find(f"entry {index}", str(error), index)
                entry = None
            self.entries.append(entry)
            if entry is None:
                continue
            tenant = tenant or entry["tenant"]
            if entry["index"] != index or entry["tenant"] != tenant or entry["when"] < last:
                self.find(f"entry {index}", "index, tenant or time does not follow", index)
            last = max(last, entry["when"])
            if unb64(entry["prev"]) != prev:
                breaks.add(index)
            if "body" in entry:
                self.bodies.setdefault(entry["body"]["root"], (entry["body"], index))
        return breaks

    def blame_links(self, breaks, head_root):
        """If the next link holds, the later line is intact and the one before it is bad."""
        for index in sorted(breaks):
            if index not in breaks:
                continue
            bad = index - 1
            if index == 0 or index + 1 in breaks:
                bad = index
                breaks.discard(index + 1)
            elif index + 1 == len(self.lines):
                entry = json.loads(self.lines[index])
                entry["prev"] = b64(sha256(self.lines[index - 1]))
                repaired = self.leaves[:-1] + [sha256(b"\0", canonical(entry))]
                bad = index if root_of(repaired) == head_root else index - 1
            self.find(f"entry {bad}", "line and prev of the next do not agree", bad)

    def check_key(self):
        first, second = ((self.entries + [None, None])[i] or {} for i in (0, 1))
        if first.get("kind") != "tenant.created":
            self.find("entry 0", "the first entry is not tenant.created", 0)
        try:
            vkey = parse_vkey(str(second.get("vkey")))
        except Bad as error:
            return self.find("entry 1", str(error), 1)
        if second["kind"] != "key.created" or first.get("origin") != vkey[0]:
            return self.find("entry 1", "is no key.created with a key of this origin", 1)
        self.vkey = vkey
        self.fingerprint = "SHA256:" + b64(sha256(vkey[1])).rstrip("=")
        if self.args.key and self.args.key != self.fingerprint:
            self.find("entry 1", f"ledger is signed by {self.fingerprint}", 1)

    def check_tiles(self, db):
        stored = {row[:2]: row[2] for row in db.execute("SELECT level, idx, hashes FROM tile")}
        hashes, level, count = self.leaves, 0, 0
        while len(hashes) >= 256:
            above = []
            for index in range(len(hashes) // 256):
                wanted = hashes[index * 256:index * 256 + 256]
                found = stored.get((level, index))
                above.append(root_of(wanted))
                count += 1
                if not isinstance(found, bytes) or len(found) != 8192:
                    self.find(f"tile/{level}/{index:03}", "tile is missing or of a wrong length")
                elif found != b"".join(wanted):
                    at = next(i for i in range(256) if found[i * 32:i * 32 + 32] != wanted[i])
                    self.find(f"tile/{level}/{index:03}", f"hash {at} is another",
                              (index * 256 + at) << (8 * level))
            hashes, level = above, level + 1
        if count != len(stored):
            self.find("ledger.db", f"{len(stored)} tiles are stored, not {count}")

    def check_head(self, head):
        count = len(self.leaves)
        if head[0] != count:
            self.find("ledger.db", f"head is at {head[0]} entries, {count} are stored",
                      min(head[0], count))
        elif head[1] != self.tree.root() or head[3] != b"".join(self.tree.nodes):
            self.find("ledger.db", "head is not the root of the stored entries",
                      max(count - 1, 0) if self.first_bad is None else self.first_bad)
        elif self.entries and self.entries[-1] and head[2] != self.entries[-1]["epoch"]:
            self.find("ledger.db", "epoch is not that of the last entry")

    def check_notes(self, notes):
        good = 0
        if not notes:
            self.find("ledger.db", "no checkpoint was ever signed")
        for size, note in notes:
            place = f"checkpoint {size}"
            try:
                said, root = open_checkpoint(note, self.vkey)
            except Bad as error:
                self.find(place, str(error))
                continue
            if said != size or size not in self.roots:
                self.find(place, "note is of another size or beyond the entries",
                          None if said != size else len(self.leaves))
            elif self.roots[size] == root:
                good = size
            else:
                if self.first_bad is None or self.first_bad >= size:
                    self.first_bad = good
                self.find(place, "signed root is not that of the stored entries")

    def check_log(self, notes):
        path = Path(self.args.directory, "checkpoints.log")
        rest = path.read_bytes() if path.exists() else b""
        for position, (_, note) in enumerate(notes):
            form = note + b"\n"
            if rest.startswith(form):
                rest = rest[len(form):]
            elif position == len(notes) - 1 and form.startswith(rest):
                return  # a crash between the database and the log
            else:
                return self.strange_log(rest, "is not the stored checkpoint or is missing")
        if rest:
            self.strange_log(rest, "bytes after the last note")

    def strange_log(self, rest, message):
        try:
            size, _ = open_checkpoint(b"\n\n".join(rest.split(b"\n\n")[:2]) + b"\n", self.vkey)
        except Bad as error:
            return self.find("checkpoints.log", str(error))
        if size > len(self.leaves):
            message = f"TRUNCATED: signed head of {size} entries, {len(self.leaves)} are stored"
        self.find("checkpoints.log", message, len(self.leaves) if size > len(self.leaves) else None)

    def check_bodies(self):
        stored = {}
        for name in filter(re.compile(r"evidence-.*\.db$").match, os.listdir(self.args.directory)):
            try:
                db = self.open(name, "evidence")
                rows = db.execute("SELECT root, scheme, len, records, parts, (SELECT count(*) FROM "
                                  "part WHERE body = body.id) FROM body") if db else ()
                stored.update((row[0], row[1:]) for row in rows)
            except (Bad, sqlite3.Error) as error:
                self.find(name, str(error))
        for root, (body, index) in self.bodies.items():
            row = stored.get(unb64(root))
            wanted = (body["scheme"].encode(), body["len"], body["records"])
            if row is None or row[:3] != wanted or not 1 <= row[3] == row[4]:
                self.find(f"body of entry {index}", "body is missing or another than described")

    def check_expectations(self, notes):
        signed = max((size for size, _ in notes), default=0)
        last = max((e["when"] for e in self.entries if e), default=datetime.datetime.min)
        if signed < self.args.min_size:
            self.find("checkpoint", f"head of {signed} entries, expected {self.args.min_size}")
        if self.args.min_time and last < self.args.min_time:
            self.find("entry", f"the last one is of {last}, expected {self.args.min_time}")

    def run(self):
        try:
            db = self.open("ledger.db", "ledger")
            notes = [(size, note if isinstance(note, bytes) else str(note).encode()) for size, note
                     in db.execute("SELECT size, note FROM checkpoint ORDER BY size")]
            self.checkpoints = len(notes)
            breaks = self.check_lines(db, {size for size, _ in notes})
            head = db.execute("SELECT size, root, epoch, frontier FROM head").fetchone()
            self.check_key()
            self.check_tiles(db)
            self.blame_links(breaks, head[1] if head else None)
            self.check_head(head)
            self.check_notes(notes)
            self.check_log(notes)
            self.check_bodies()
            self.check_expectations(notes)
        except Exception as error:  # whatever a broken file makes Python say is a finding
            self.find("ledger.db", f"{type(error).__name__}: {error}")
        return not self.findings

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("usage")[0])
    for name, options in (("directory", {}), ("--key", {}), ("--min-time", {"type": parse_time}),
                          ("--min-size", {"type": int, "default": 0}),
                          ("--json", {"action": "store_true"})):
        parser.add_argument(name, **options)
    args = parser.parse_args()
    if not os.path.isdir(args.directory):
        parser.error(f"{args.directory}: no such directory")
    check = Verification(args)
    ok, entries = check.run(), len(check.leaves)
    place, message = (check.findings or [("", "")])[0]
    if args.json:
        print(json.dumps({"ok": ok, "entries": entries, "bodies": len(check.bodies),
                          "fingerprint": check.fingerprint, "first_bad_index": check.first_bad,
                          "place": place, "message": message}))
    else:
        print(f"verified: {entries} entries, {check.checkpoints} checkpoints, {len(check.bodies)} "
              f"bodies not opened, key {check.fingerprint}" if ok else
              f"NOT VERIFIED: {place}: {message} (first bad entry: {check.first_bad})")
    return 0 if ok else 7

if __name__ == "__main__":
    sys.exit(main())
