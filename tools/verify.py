#!/usr/bin/env python3
"""Verifies an assay ledger with the Python standard library alone: lines, tree, tiles, head, signed
checkpoints, checkpoints.log, and that every body is there. Sealed bodies stay closed: assay-verify
opens them. docs/formats/ is what this follows; it shares no code with the engine.

usage: verify.py DIR [--key SHA256:...] [--min-size N] [--min-time T] [--json]
exit:  0 verified, 7 not, 2 wrong usage
"""
import argparse
import base64
import datetime
import hashlib
import json
import os
import re
import sqlite3
import sys
import urllib.parse

MAX_INTEGER = 2**53 - 1
MAX_LINE = 4096
MAX_DEPTH = 16
APPLICATION = {"ledger": 0x6173794C, "evidence": 0x61737945}
REQUIRED = {"actor": str, "epoch": int, "index": int, "kind": str, "prev": str, "tenant": str,
            "time": str, "v": int}


class Bad(Exception):
    """What is wrong with one object."""


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Bad("base64 is broken") from error
    if b64(data) != text:
        raise Bad("base64 is not canonical")
    return data


# Ed25519 verification (RFC 8032), affine-free arithmetic in extended coordinates.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def decode_point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def signature_holds(key, message, signature):
    a, r = decode_point(key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = point_times(s, BASE), point_add(r, point_times(h, a))
    return ((left[0] * right[2] - right[0] * left[2]) % P == 0
            and (left[1] * right[2] - right[1] * left[2]) % P == 0)


class Frontier:
    """Complete subtrees of the leaves so far, widest first (RFC 9162)."""

    def __init__(self, size=0, nodes=()):
        self.size, self.nodes = size, list(nodes)

    def append(self, leaf):
        carry = self.size
        while carry & 1:
            leaf = sha256(b"\x01", self.nodes.pop(), leaf)
            carry >>= 1
        self.nodes.append(leaf)
        self.size += 1

    def root(self):
        if not self.nodes:
            return sha256()
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = sha256(b"\x01", node, root)
        return root


def root_of(leaves):
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def check_restricted(value, depth=0):
    if depth > MAX_DEPTH:
        raise Bad("nested too deep")
    if isinstance(value, dict):
        for key, member in value.items():
            if not key.isascii():
                raise Bad("key is not ASCII")
            check_restricted(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            check_restricted(member, depth + 1)
    elif isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Bad("value is no integer, string, array or object")
    elif isinstance(value, int) and not 0 <= value <= MAX_INTEGER:
        raise Bad("integer is outside 0..2^53-1")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_time(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text, re.ASCII):
        raise Bad("time is not in the one form")
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError as error:
        raise Bad("time is no moment") from error


def parse_line(line):
    if len(line) > MAX_LINE:
        raise Bad("line is above 4 KiB")
    try:
        entry = json.loads(line.decode())
        check_restricted(entry)
        if canonical(entry) != line:
            raise Bad("line is not canonical")
    except (ValueError, RecursionError) as error:
        raise Bad("line is not canonical json") from error
    if not isinstance(entry, dict):
        raise Bad("line is no object")
    for key, kind in REQUIRED.items():
        if not isinstance(entry.get(key), kind):
            raise Bad(f"member {key} is missing or of another type")
    if entry["v"] != 1 or len(unb64(entry["prev"])) != 32:
        raise Bad("version or prev is wrong")
    entry["when"] = parse_time(entry["time"])
    if "body" in entry:
        body = entry["body"]
        if not isinstance(body, dict) or set(body) != {"len", "records", "root", "scheme"} or not (
                isinstance(body["len"], int) and isinstance(body["records"], int)
                and isinstance(body["root"], str) and isinstance(body["scheme"], str)
                and len(unb64(body["root"])) == 32):
            raise Bad("member body is wrong")
    return entry


def parse_vkey(text):
    name, _, rest = text.partition("+")
    identifier, _, key = rest.partition("+")
    key = unb64(key)
    if len(key) != 33 or key[0] != 1 or not name:
        raise Bad("verifier key is no Ed25519 key")
    if sha256(name.encode(), b"\n", key)[:4].hex() != identifier:
        raise Bad("verifier key has another id")
    return name, key[1:]


def open_checkpoint(note, vkey):
    """Size and root of a checkpoint that this key signed."""
    name, key = vkey
    try:
        note = note.decode()
    except ValueError as error:
        raise Bad("note is no text") from error
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or re.search("[\x00-\x09\x0b-\x1f]", note):
        raise Bad("no signed note")
    text += "\n"
    identifier = sha256(name.encode(), b"\n\x01", key)[:4]
    signed = False
    for line in lines[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        if not match or len(unb64(match[2])) < 5:
            raise Bad("signature line is broken")
        signature = unb64(match[2])
        if match[1] != name or signature[:4] != identifier:
            continue
        if not signature_holds(key, text.encode(), signature[4:]):
            raise Bad("signature is wrong")
        signed = True
    fields = text.split("\n")
    if not signed:
        raise Bad("not signed by the ledger's key")
    if len(fields) != 4 or fields[0] != name or not re.fullmatch("0|[1-9][0-9]{0,18}", fields[1],
                                                                 re.ASCII):
        raise Bad("not a checkpoint of this origin")
    root = unb64(fields[2])
    if len(root) != 32:
        raise Bad("root is not 32 bytes")
    return int(fields[1]), root


def tile_path(level, index):
    groups = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        groups = f"x{index % 1000:03}/{groups}"
    return f"tile/{level}/{groups}"


class Verification:
    def __init__(self, args):
        self.args = args
        self.findings = []
        self.first_bad = None
        self.leaves, self.lines, self.entries = [], [], []
        self.vkey = self.fingerprint = None
        self.bodies = {}
        self.roots = {}

    def find(self, place, message, index=None):
        self.findings.append((place, message))
        if index is not None and (self.first_bad is None or index < self.first_bad):
            self.first_bad = index

    def open(self, name, kind):
        path = os.path.join(self.args.directory, name)
        if not os.path.isfile(path):
            raise Bad(f"{name} is missing")
        wal = path + "-wal"
        still = not (os.path.exists(wal) and os.path.getsize(wal)) and not os.access(
            self.args.directory, os.W_OK)
        uri = "file:" + urllib.parse.quote(path) + ("?immutable=1" if still else "?mode=ro")
        db = sqlite3.connect(uri, uri=True)
        db.text_factory = bytes
        db.execute("PRAGMA cell_size_check=ON")
        for (answer,) in db.execute("PRAGMA integrity_check(1)").fetchall():
            if answer != b"ok":
                self.find(name, answer.decode(errors="replace"))
        marks = (db.execute("PRAGMA application_id").fetchone()[0],
                 db.execute("PRAGMA user_version").fetchone()[0])
        if marks != (APPLICATION[kind], 1):
            self.find(name, "not a file of this kind and format")
        return db

    def check_lines(self, db, noted):
        tree, breaks, last, tenant = Frontier(), set(), datetime.datetime.min, None
        for index, (idx, line) in enumerate(db.execute("SELECT idx, line FROM entry ORDER BY idx")):
            if idx != index:
                self.find(f"entry {index}", f"missing, entry {idx} follows", index)
                break
            line = line if isinstance(line, bytes) else str(line).encode()
            self.leaves.append(sha256(b"\0", line))
            tree.append(self.leaves[-1])
            if tree.size in noted:
                self.roots[tree.size] = tree.root()
            prev = sha256(self.lines[-1]) if self.lines else bytes(32)
            self.lines.append(line)
            try:
                entry = parse_line(line)
            except Bad as error:
                self.find(f"entry {index}", str(error), index)
                self.entries.append(None)
                continue
            self.entries.append(entry)
            tenant = tenant or entry["tenant"]
            if entry["index"] != index or entry["tenant"] != tenant or entry["when"] < last:
                self.find(f"entry {index}", "index, tenant or time does not follow", index)
            last = max(last, entry["when"])
            if unb64(entry["prev"]) != prev:
                breaks.add(index)
            if "body" in entry:
                self.bodies.setdefault(entry["body"]["root"], (entry["body"], index))
        self.tree = tree
        return breaks

    def blame_links(self, breaks, head_root):
        """If the next link holds, the later line is intact and the one before it is bad."""
        skip = -1
        for index in sorted(breaks):
            if index == skip:
                continue
            bad = index - 1
            if index == 0 or index + 1 in breaks:
                bad, skip = index, index + 1
            elif index + 1 == len(self.lines):
                entry = json.loads(self.lines[index])
                entry["prev"] = b64(sha256(self.lines[index - 1]))
                repaired = self.leaves[:-1] + [sha256(b"\0", canonical(entry))]
                bad = index if root_of(repaired) == head_root else index - 1
            self.find(f"entry {bad}", "line and prev of the next do not agree", bad)

    def check_key(self):
        first, second = (self.entries + [None, None])[:2]
        if not first or first["kind"] != "tenant.created":
            self.find("entry 0", "the first entry is not tenant.created", 0)
        try:
            if not second or second["kind"] != "key.created":
                raise Bad("is no key.created")
            vkey = parse_vkey(str(second.get("vkey")))
            if not first or first.get("origin") != vkey[0]:
                raise Bad("origin is not the name of the key")
        except Bad as error:
            self.find("entry 1", str(error), 1)
            return
        self.vkey = vkey
        self.fingerprint = "SHA256:" + b64(sha256(vkey[1])).rstrip("=")
        if self.args.key and self.args.key != self.fingerprint:
            self.find("entry 1", f"ledger is signed by {self.fingerprint}", 1)

    def check_tiles(self, db):
        stored = {(level, index): hashes
                  for level, index, hashes in db.execute("SELECT level, idx, hashes FROM tile")}
        hashes, level, count = self.leaves, 0, 0
        while len(hashes) >= 256:
            above = []
            for index in range(len(hashes) // 256):
                wanted = hashes[index * 256:index * 256 + 256]
                above.append(root_of(wanted))
                count += 1
                self.compare_tile(level, index, wanted, stored.get((level, index)))
            hashes, level = above, level + 1
        if count != len(stored):
            self.find("ledger.db", f"{len(stored)} tiles are stored, the entries fill {count}")

    def compare_tile(self, level, index, wanted, found):
        if found is None or not isinstance(found, bytes) or len(found) != 8192:
            return self.find(tile_path(level, index), "tile is missing or has a wrong length")
        for at in range(256):
            if found[at * 32:at * 32 + 32] != wanted[at]:
                leaf = (index * 256 + at) << (8 * level)
                return self.find(tile_path(level, index), f"hash {at} is another", leaf)
        return None

    def check_head(self, head):
        count = len(self.leaves)
        if head is None:
            self.find("ledger.db", "head row is missing")
        elif head[0] != count:
            first = min(head[0], count)
            self.find(f"entry {first}", f"head is at {head[0]} entries, {count} are stored", first)
        elif head[1] != self.tree.root() or head[3] != b"".join(self.tree.nodes):
            last = max(count - 1, 0)
            self.find(f"entry {last}", "head is not the root of the stored entries",
                      last if self.first_bad is None else self.first_bad)
        elif self.entries and self.entries[-1] and head[2] != self.entries[-1]["epoch"]:
            self.find("ledger.db", "epoch is not that of the last entry")

    def check_notes(self, notes):
        good = 0
        if not notes:
            self.find("ledger.db", "no checkpoint was ever signed")
        for size, note in notes:
            try:
                if self.vkey is None:
                    raise Bad("no key to verify checkpoints with")
                said, root = open_checkpoint(note, self.vkey)
                if said != size:
                    raise Bad("note is of another size")
            except Bad as error:
                self.find(f"checkpoint {size}", str(error))
                continue
            if size not in self.roots:
                self.find(f"checkpoint {size}", "signed head is beyond the entries",
                          len(self.leaves))
            elif self.roots[size] != root:
                if self.first_bad is None or self.first_bad >= size:
                    self.first_bad = good
                self.find(f"checkpoint {size}", "signed root is not that of the stored entries")
            else:
                good = size

    def check_log(self, notes):
        path = os.path.join(self.args.directory, "checkpoints.log")
        rest = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                rest = file.read()
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
        note = b"\n\n".join(rest.split(b"\n\n")[:2]) + b"\n"
        try:
            size, _ = open_checkpoint(note, self.vkey) if self.vkey else (0, b"")
            if size > len(self.leaves):
                return self.find("checkpoints.log", f"TRUNCATED: signed head of {size} entries, "
                                 f"{len(self.leaves)} are stored", len(self.leaves))
        except Bad as error:
            message = str(error)
        return self.find("checkpoints.log", message)

    def check_bodies(self):
        stored = {}
        for name in sorted(os.listdir(self.args.directory)):
            if re.fullmatch(r"evidence-.*\.db", name):
                try:
                    db = self.open(name, "evidence")
                    for row in db.execute("SELECT root, scheme, len, records, parts, (SELECT "
                                          "count(*) FROM part WHERE body = body.id) FROM body"):
                        stored[row[0]] = row[1:]
                except (Bad, sqlite3.Error) as error:
                    self.find(name, str(error))
        for root, (body, index) in self.bodies.items():
            row = stored.get(unb64(root))
            wanted = (body["scheme"].encode(), body["len"], body["records"])
            if row is None:
                self.find(f"body of entry {index}", "body is missing")
            elif row[:3] != wanted or row[3] != row[4] or row[3] < 1:
                self.find(f"body of entry {index}", "body is not the one that the entry describes")

    def check_expectations(self, notes):
        signed = max((size for size, _ in notes), default=0)
        if signed < self.args.min_size:
            self.find("checkpoint", f"signed head of {signed} entries, expected "
                      f"{self.args.min_size}")
        if self.args.min_time:
            last = next((e["when"] for e in reversed(self.entries) if e), datetime.datetime.min)
            if last < self.args.min_time:
                self.find("entry", f"the last one is of {last}, expected {self.args.min_time}")

    def run(self):
        try:
            db = self.open("ledger.db", "ledger")
            notes = [(size, note if isinstance(note, bytes) else str(note).encode()) for size, note
                     in db.execute("SELECT size, note FROM checkpoint ORDER BY size")]
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
            self.checkpoints = len(notes)
        except (Bad, sqlite3.Error, TypeError) as error:
            self.find("ledger.db", str(error) or type(error).__name__)
        return not self.findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--key")
    parser.add_argument("--min-size", type=int, default=0)
    parser.add_argument("--min-time", type=lambda t: parse_time(t))
    parser.add_argument("--json", action="store_true")
    try:
        args = parser.parse_args()
    except Bad as error:
        parser.error(str(error))
    if not os.path.isdir(args.directory):
        parser.error(f"{args.directory}: no such directory")
    check = Verification(args)
    ok = check.run()
    place, message = check.findings[0] if check.findings else ("", "")
    if args.json:
        print(json.dumps({"ok": ok, "entries": len(check.leaves), "bodies": len(check.bodies),
                          "fingerprint": check.fingerprint, "first_bad_index": check.first_bad,
                          "place": place, "message": message}))
    elif ok:
        print(f"verified: {len(check.leaves)} entries, {check.checkpoints} checkpoints, "
              f"{len(check.bodies)} bodies not opened, key {check.fingerprint}")
    else:
        bad = "" if check.first_bad is None else f" (first bad entry: {check.first_bad})"
        print(f"NOT VERIFIED: {place}: {message}{bad}")
    return 0 if ok else 7


if __name__ == "__main__":
    sys.exit(main())
