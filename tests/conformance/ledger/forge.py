"""Writes ledgers, bundles and backups row by row from docs/formats/, with the standard library and
openssl, so that a test can tell any lie and still have everything else linked and signed."""
import base64
import functools
import hashlib
import json
import os
import sqlite3
import subprocess
import tempfile

TENANT = "7f0c1d2e-3b4a-4c5d-8e9f-0a1b2c3d4e5f"
ORIGIN = "assay.example/contoso"
LANDMARKS = ("key.", "epoch.", "checkpoint.", "erasure.", "retention.", "hold.")
OPEN_END = 2**53 - 1
LEDGER_SCHEMA = """
PRAGMA synchronous=OFF; PRAGMA application_id=1634957644; PRAGMA user_version=1;
CREATE TABLE entry(idx INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT;
CREATE TABLE tile(level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL,
  PRIMARY KEY(level, idx)) STRICT;
CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE head(id INTEGER PRIMARY KEY CHECK(id = 1), size INTEGER NOT NULL, root BLOB NOT NULL,
  epoch INTEGER NOT NULL, frontier BLOB NOT NULL) STRICT;
CREATE TABLE lease(id INTEGER PRIMARY KEY CHECK(id = 1), writer INTEGER NOT NULL) STRICT;
CREATE TABLE landmark(idx INTEGER PRIMARY KEY, kind TEXT NOT NULL) STRICT;
CREATE TABLE timestamp(digest BLOB PRIMARY KEY, token BLOB NOT NULL) STRICT;
"""
EVIDENCE_SCHEMA = """
PRAGMA synchronous=OFF; PRAGMA application_id=1634957637; PRAGMA user_version=1;
CREATE TABLE body(id INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE, ident BLOB UNIQUE,
  scheme TEXT NOT NULL, epoch INTEGER NOT NULL, len INTEGER NOT NULL, records INTEGER NOT NULL,
  parts INTEGER NOT NULL, key BLOB NOT NULL, erased BLOB NOT NULL) STRICT;
CREATE TABLE part(body INTEGER NOT NULL, part INTEGER NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY(body, part)) STRICT;
"""


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def b64(data):
    return base64.b64encode(data).decode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- Ed25519 signing (RFC 8032 section 5.1.6), affine coordinates, slow and short

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE = (15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960)


def point_add(p, q):
    (a, b), (c, d) = p, q
    t = D * a * b * c * d % P
    return ((a * d + b * c) * pow(1 + t, -1, P) % P, (b * d + a * c) * pow(1 - t, -1, P) % P)


def point_times(scalar, point):
    out = (0, 1)
    for bit in bin(scalar)[2:]:
        out = point_add(out, out)
        out = point_add(out, point) if bit == "1" else out
    return out


def encode_point(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


class Key:
    """An Ed25519 key and its names."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed.encode()).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
        self.prefix, self.public = digest[32:], encode_point(point_times(self.scalar, BASE))

    @functools.cache
    def sign(self, message):
        nonce = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L
        commitment = encode_point(point_times(nonce, BASE))
        h = int.from_bytes(hashlib.sha512(commitment + self.public + message).digest(), "little")
        return commitment + ((nonce + h * self.scalar) % L).to_bytes(32, "little")

    def id(self, name, kind=1):
        return sha256(name.encode(), b"\n", bytes([kind]), self.public)[:4]

    def vkey(self, name=ORIGIN, kind=1):
        return f"{name}+{self.id(name, kind).hex()}+{b64(bytes([kind]) + self.public)}"

    def fingerprint(self):
        return "SHA256:" + b64(sha256(self.public)).rstrip("=")


A, B, C, WITNESS = (Key(name) for name in ("first", "second", "third", "witness"))


def sign_note(text, *signers):
    """`signers`: pairs of name and key."""
    lines = [f"\u2014 {name} {b64(key.id(name) + key.sign(text.encode()))}\n" for name, key in signers]
    return (text + "\n" + "".join(lines)).encode()


def cosignature(text, seconds=1790000000, name="witness.example/w", key=WITNESS):
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    data = key.id(name, 4) + seconds.to_bytes(8, "big") + key.sign(message)
    return f"\u2014 {name} {b64(data)}"


def handover(old, new, name=ORIGIN, **lies):
    """Members of a key.rotated entry."""
    message = f"assay/key-rotation/1\n{old.vkey(name)}\n{new.vkey(name)}\n".encode()
    return {"algorithm": "ed25519", "fingerprint": new.fingerprint(), "vkey": new.vkey(name),
            "previous": old.fingerprint(), "signature_old": b64(old.sign(message)),
            "signature_new": b64(new.sign(message))} | lies


# --- trees

def split(count):
    return 1 << (count - 1).bit_length() - 1


def root_of(leaves, node=b"\1"):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    half = split(len(leaves))
    return sha256(node, root_of(leaves[:half], node), root_of(leaves[half:], node))


def inclusion(index, leaves, node=b"\1"):
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return inclusion(index, leaves[:half], node) + [root_of(leaves[half:], node)]
    return inclusion(index - half, leaves[half:], node) + [root_of(leaves[:half], node)]


def consistency(size, leaves, whole=True):
    if size == len(leaves):
        return [] if whole else [root_of(leaves)]
    half = split(len(leaves))
    if size <= half:
        return consistency(size, leaves[:half], whole) + [root_of(leaves[half:])]
    return consistency(size - half, leaves[half:], False) + [root_of(leaves[:half])]


def frontier(leaves):
    out = []
    while leaves:
        width = 1 << len(leaves).bit_length() - 1
        out.append(root_of(leaves[:width]))
        leaves = leaves[width:]
    return out


# --- a ledger

class Body:
    """Segments with salts; what of them is stored and what is erased."""

    def __init__(self, number, scheme, *segments):
        self.scheme, self.segments = scheme, segments
        self.salts = [sha256(b"salt%d.%d" % (number, i))[:16] for i in range(len(segments))]
        self.leaves = [sha256(b"\2", s, d) for s, d in zip(self.salts, segments)]
        self.root = root_of(self.leaves, b"\3")
        self.records = len(segments) - (scheme == "rec/1")
        self.gone, self.stored, self.parts, self.length = [], True, 1, sum(map(len, segments))

    def member(self):
        return {"len": self.length, "records": self.records, "root": b64(self.root),
                "scheme": self.scheme}

    def column(self, gone=None):
        return b"".join(i.to_bytes(4, "big") + self.leaves[i]
                        for i in (self.gone if gone is None else gone))

    def whole(self):
        return len(self.gone) < len(self.segments)


class Forge:
    """Drafts of entries, and where checkpoints are signed by whom; `write` makes the files."""

    def __init__(self):
        self.drafts, self.signed, self.bodies, self.tokens = [], [], [], []
        self.lies = {}  # what `write` puts in place of the truth: landmarks, epochs, timestamps
        self.name, self.key, self.epoch = ORIGIN, A, 1
        self.add("tenant.created", origin=ORIGIN)
        self.add("key.created", algorithm="ed25519", fingerprint=A.fingerprint(), vkey=A.vkey())
        self.sign()

    def add(self, kind, body=None, **members):
        draft = {"actor": "engine", "kind": kind, "tenant": TENANT, "v": 1, "epoch": self.epoch,
                 "time": "2026-11-20T02:16:09.123Z"} | members
        if body:
            draft["body"] = body.member()
        self.drafts.append(draft)
        return len(self.drafts) - 1

    def body(self, scheme, *segments):
        self.bodies.append(Body(len(self.bodies), scheme, *segments))
        return self.bodies[-1]

    def read(self, *records, **members):
        body = self.body("rec/1", b"skeleton %d" % len(self.bodies), *records)
        return body, self.add("read", body, endpoint="graph-users", status=200, **members)

    def sign(self, *signers):
        self.signed.append((len(self.drafts), signers or ((self.name, self.key),)))

    def rotate(self, new, **lies):
        index = self.add("key.rotated", **handover(self.key, new, self.name, **lies))
        old, self.key = self.key, new
        return index, ((self.name, old), (self.name, new))

    def start_epoch(self, **members):
        self.epoch += 1
        self.name = f"{ORIGIN}/epoch-{self.epoch}"
        index = len(self.drafts)
        return self.add("epoch.started", **({
            "reason": "restored", "known_size": index + 5, "known_root": b64(bytes(32)), "lost": 5,
            "vkey": self.key.vkey(self.name)} | members))

    def erase(self, body, *numbers, receipt="E-1", **members):
        body.gone = sorted({*body.gone, *numbers})
        return self.add("erasure.record", **({
            "reason": "privacy", "receipt": receipt, "root": b64(body.root),
            "segments": sorted(numbers), "erased": b64(sha256(body.column()))} | members))

    def lines(self):
        previous, out = bytes(32), []
        for index, draft in enumerate(self.drafts):
            entry = {"index": index, "prev": b64(previous)} | draft
            out.append(canonical(entry))
            previous = sha256(out[-1])
        return out

    def text(self, size, name=None):
        """Text of the checkpoint of this size; later entries do not change it."""
        name = name or next(signers[-1][0] for at, signers in self.signed if at == size)
        leaves = [sha256(b"\0", line) for line in self.lines()[:size]]
        return f"{name}\n{size}\n{b64(root_of(leaves))}\n"

    def note(self, size):
        return sign_note(self.text(size), *next(s for at, s in self.signed if at == size))

    def write(self, folder):
        os.makedirs(folder)
        lines = self.lines()
        leaves = [sha256(b"\0", line) for line in lines]
        db = sqlite3.connect(os.path.join(folder, "ledger.db"))
        db.executescript(LEDGER_SCHEMA)
        db.executemany("INSERT INTO entry VALUES(?, ?)", enumerate(lines))
        marks = [(i, d["kind"]) for i, d in enumerate(self.drafts)
                 if d["kind"].startswith(LANDMARKS)]
        db.executemany("INSERT INTO landmark VALUES(?, ?)", self.lies.get("landmarks", marks))
        db.execute("INSERT INTO head VALUES(1, ?, ?, ?, ?)",
                   (len(lines), root_of(leaves), self.lies.get("epoch", self.drafts[-1]["epoch"]),
                    b"".join(frontier(leaves))))
        for index in range(len(leaves) // 256):
            db.execute("INSERT INTO tile VALUES(0, ?, ?)",
                       (index, b"".join(leaves[index * 256:index * 256 + 256])))
        notes = [(size, self.note(size)) for size, _ in self.signed]
        db.executemany("INSERT INTO checkpoint VALUES(?, ?)", notes)
        db.executemany("INSERT INTO timestamp VALUES(?, ?)", self.tokens)
        db.commit()
        db.close()
        with open(os.path.join(folder, "checkpoints.log"), "wb") as log:
            log.write(b"".join(note + b"\n" for _, note in notes))
        self.write_bodies(os.path.join(folder, "evidence-202611.db"))

    def write_bodies(self, path):
        db = sqlite3.connect(path)
        db.executescript(EVIDENCE_SCHEMA)
        for number, body in enumerate(self.bodies):
            if not body.stored:
                continue
            parts = body.parts if body.whole() else 0
            db.execute("INSERT INTO body VALUES(?, ?, ?, ?, 1, ?, ?, ?, ?, ?)",
                       (number, body.root, None if body.gone else sha256(body.root), body.scheme,
                        body.length, body.records, parts, b"k" * 60 if body.whole() else b"",
                        body.column()))
            db.executemany("INSERT INTO part VALUES(?, ?, ?)",
                           [(number, part, b"sealed") for part in range(parts)])
        db.commit()
        db.close()

    # --- bundles and backups

    def disclosure(self, index, keys, body=None, segment=None):
        out = {"format": "assay.proof/1", "line": self.lines()[index].decode(), "keys": keys}
        if body:
            out["record"] = {"bytes": b64(body.segments[segment]), "salt": b64(body.salts[segment]),
                             "segment": segment, "segments": len(body.segments),
                             "path": [b64(h) for h in inclusion(segment, body.leaves, b"\3")]}
        return out

    def proof(self, index, size, disclosure, lies=None):
        leaves = [sha256(b"\0", line) for line in self.lines()[:size]]
        parts = {"extra": canonical(disclosure), "index": index, "note": self.note(size),
                 "path": [b64(h) for h in inclusion(index, leaves)]} | (lies or {})
        head = ["c2sp.org/tlog-proof@v1", "extra " + b64(parts["extra"]),
                f"index {parts['index']}", *parts["path"]]
        return "\n".join(head).encode() + b"\n\n" + parts["note"]

    def growth(self, old, size, keys, lies=None):
        leaves = [sha256(b"\0", line) for line in self.lines()[:size]]
        return canonical({"format": "assay.consistency/1", "from": self.note(old).decode(),
                          "to": self.note(size).decode(), "keys": keys,
                          "path": [b64(h) for h in consistency(old, leaves)]} | (lies or {}))

    def backup(self, folder, key=None, **lies):
        self.write(folder)
        key = key or self.key
        leaves = [sha256(b"\0", line) for line in self.lines()]
        files = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            files.append({"bytes": len(content), "path": name, "sha256": sha256(content).hex()})
        manifest = canonical({
            "format": "assay.backup/1", "tenant": TENANT, "origin": self.name, "epoch": self.epoch,
            "created": "2026-11-20T03:00:00.000Z", "size": len(leaves),
            "root": b64(root_of(leaves)), "vkey": key.vkey(self.name), "files": files} | lies)
        for name, content in (("manifest.json", manifest), ("manifest.sig", key.sign(manifest))):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)


class Authority:
    """An RFC 3161 authority made of `openssl ts`."""

    CONFIG = ("[tsa]\nserial=serial\ncrypto_device=builtin\nsigner_digest=sha256\n"
              "default_policy=1.2.3.4.1\ndigests=sha256\nordering=no\ntsa_name=no\n"
              "ess_cert_id_chain=no\nclock_precision_digits=0\n")

    def __init__(self):
        self.home = tempfile.TemporaryDirectory(prefix="assay-tsa-")
        self.ca = os.path.join(self.home.name, "ca.pem")
        with open(os.path.join(self.home.name, "tsa.cnf"), "w", encoding="ascii") as file:
            file.write(self.CONFIG)
        with open(os.path.join(self.home.name, "serial"), "w", encoding="ascii") as file:
            file.write("01\n")
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-keyout", "key.pem", "-out", "ca.pem", "-days", "2", "-subj", "/CN=time.example",
                 "-addext", "extendedKeyUsage=critical,timeStamping")

    def run(self, *arguments):
        return subprocess.run(["openssl", *arguments], cwd=self.home.name, check=True,
                              capture_output=True).stdout

    def stamp(self, note):
        """Token over the note, its time in the form of entries, its policy."""
        with open(os.path.join(self.home.name, "note"), "wb") as file:
            file.write(note)
        self.run("ts", "-query", "-data", "note", "-sha256", "-cert", "-out", "request.tsq")
        self.run("ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile",
                 "request.tsq", "-signer", "ca.pem", "-inkey", "key.pem", "-token_out", "-out",
                 "token.der")
        with open(os.path.join(self.home.name, "token.der"), "rb") as file:
            token = file.read()
        at = token.index(b"\x18\x0f") + 2  # GeneralizedTime, YYYYMMDDHHMMSSZ
        t = token[at:at + 14].decode()
        return token, f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[8:10]}:{t[10:12]}:{t[12:]}.000Z", "1.2.3.4.1"
