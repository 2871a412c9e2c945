#!/usr/bin/env python3
"""Makes seeds for the fuzzers out of this tree: make_seeds.py FOLDER

FOLDER/<fuzzer>/<seed>, the same bytes every time. Seeds that no script could guess (an input that once broke something, an
answer of a service) lie in corpus/ beside this file. Needs openssl, which signs a package note. On failure: the command
that failed, exit 1.
"""
import base64
import gzip
import hashlib
import pathlib
import struct
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parents[2]
CORPUS = TREE / "tests/fuzz/corpus"
MOST = 16 << 10  # larger seeds make a fuzzer slow without telling it more


class Seeds:
    def __init__(self, folder):
        self.folder = folder

    def put(self, fuzzer, name, data):
        target = self.folder / fuzzer
        target.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data.encode() if isinstance(data, str) else data)

    def copy(self, fuzzer, pattern):
        for file in sorted(TREE.glob(pattern)):
            if file.stat().st_size <= MOST:
                self.put(fuzzer, "-".join(file.relative_to(TREE).parts), file.read_bytes())


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Author:
    """An Ed25519 key that everybody knows, and a C2SP name for it."""

    def __init__(self, name, secret):
        self.name = name
        self.der = bytes.fromhex("302e020100300506032b657004220420") + secret
        self.public = self.openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", stdin=self.der)[-32:]
        self.id = hashlib.sha256(name.encode() + b"\n\x01" + self.public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(b'' + bytes([1]) + self.public).decode()}"

    @staticmethod
    def openssl(*words, stdin=b""):
        return subprocess.run(["openssl", *words], input=stdin, stdout=subprocess.PIPE, check=True).stdout

    def sign(self, text):
        with tempfile.TemporaryDirectory() as folder:
            key, message = pathlib.Path(folder, "key"), pathlib.Path(folder, "text")
            key.write_bytes(self.der)
            message.write_text(text)
            made = self.openssl("pkeyutl", "-sign", "-keyform", "DER", "-inkey", str(key), "-rawin", "-in", str(message))
        return f"\u2014 {self.name} {base64.b64encode(self.id + made).decode()}\n"


def package_notes(seeds, maria, eve):
    """The package of package_note_fuzzer.cc, signed well and in every wrong way."""
    files = {"checks/guests.toml": "checks", "guest-review.so": "library", "views.sql": "views"}
    lines = [f"file {sha256(text)} {name}\n" for name, text in sorted(files.items())]

    def text(who, body):
        return f"assay plugin package v1\nguest-review 0.1.0\nkey {who.vkey}\nmanifest {sha256('manifest')}\n" + "".join(body)

    good = text(maria, lines)
    odd = Author('a"b', bytes(range(64, 96)))
    notes = {
        "good": good + "\n" + maria.sign(good),
        "statement-alone": good,
        "unsigned": good + "\n",
        "signed-twice": good + "\n" + maria.sign(good) + eve.sign(good),
        "signed-by-another": good + "\n" + eve.sign(good),
        "other-text": good.replace("0.1.0", "0.1.1") + "\n" + maria.sign(good),
        "file-missing": text(maria, lines[:2]) + "\n" + maria.sign(text(maria, lines[:2])),
        "file-twice": text(maria, lines[:1] + lines) + "\n" + maria.sign(text(maria, lines[:1] + lines)),
        "files-out-of-order": text(maria, lines[::-1]) + "\n" + maria.sign(text(maria, lines[::-1])),
        "name-with-a-quote": text(odd, lines) + "\n" + odd.sign(text(odd, lines)),
    }
    for name, note in notes.items():
        seeds.put("package_note", name, note)


def lock_entry(name, key=None, reads=None, grant=None, files=("checks/a.toml",)):
    out = f'\n[[plugin]]\nid = "{name}"\nversion = "0.1.0"\n'
    out += f'key = "{key}"\n' if key else ""
    out += f'manifest = "{sha256("manifest")}"\n'
    if reads is not None:
        grant = grant or sha256("".join(f"{line}\n" for line in ["assay grant v1", name, *reads]))
        out += f'grant = "{grant}"\nreads = [\n' + "".join(f'  "{line}",\n' for line in reads) + "]\n"
    listed = [f'  {{ name = "{one}", sha256 = "{sha256(one)}" }},\n' for one in [*files, f"{name}.so"]]
    return out + "files = [\n" + "".join(listed) + "]\n"


def locks(seeds, maria):
    users = "GET graph:/v1.0/users?$top=999 permission=User.Read.All data=directory personal"
    guests = "GET graph:/v1.0/users?$filter=userType%20eq%20'Guest' permission=User.Read.All data=directory personal"
    head, key = "schema = 1\n", maria.vkey
    made = {
        "installation": head + lock_entry("graph", reads=[users]) + lock_entry("dora", reads=[], files=("controls.toml",)),
        "administrator": head + lock_entry("guest-review", key, [guests, users]) + lock_entry("not-granted", key),
        "grant-edited": head + lock_entry("guest-review", key, [users], sha256("other")),
        "reads-out-of-order": head + lock_entry("guest-review", key, [users, guests]),
        "locked-twice": head + lock_entry("graph", key) + lock_entry("graph", key),
        "unknown-key": head + lock_entry("graph", key).replace("version", "verison"),
        "id-with-dots": head + lock_entry("../graph", key),
        "key-of-nobody": head + lock_entry("graph", "maria+00000000+AZ=="),
        "one-line": 'schema = 1\nplugin = [{id = "a", version = "1", manifest = "%s", files = []}]\n' % sha256("m"),
        "escapes": head + lock_entry("graph").replace("0.1.0", "\\u0000\\n\\\"\\U0001F600"),
        "empty": head,
    }
    for name, text in made.items():
        seeds.put("lock_file", name, text)


def elf_files(seeds):
    """One small plugin, with each field of its program headers and dynamic section changed in turn."""
    plugin = (CORPUS / "inspect/plugin").read_bytes()
    offset, = struct.unpack_from("<Q", plugin, 32)
    count, = struct.unpack_from("<H", plugin, 56)
    for number in range(count):
        at = offset + 56 * number
        kind, flags, place, address, _, size = struct.unpack_from("<IIQQQQ", plugin, at)
        for name, where, form, value in (("flags", at + 4, "<I", flags ^ 1), ("place", at + 8, "<Q", place + 8),
                                         ("address", at + 16, "<Q", address ^ 0x1000), ("size", at + 32, "<Q", size + 64),
                                         ("kind", at, "<I", 3)):
            changed = bytearray(plugin)
            struct.pack_into(form, changed, where, value)
            seeds.put("inspect", f"segment-{number}-{name}", bytes(changed))
        if kind == 2:  # PT_DYNAMIC: an entry is a tag and a value
            for entry in range(place, place + size, 16):
                changed = bytearray(plugin)
                struct.pack_into("<Q", changed, entry + 8, struct.unpack_from("<Q", plugin, entry + 8)[0] + 8)
                seeds.put("inspect", f"dynamic-{(entry - place) // 16}", bytes(changed))


def frames(seeds):
    def frame(kind, payload, flags=0, reserved=0, length=None):
        return struct.pack("<IHHI", len(payload) if length is None else length, kind, flags, reserved) + payload

    stream = b"".join(frame(kind, bytes(range(kind))) for kind in range(1, 33))
    for name, data in {"every-type": stream, "cut-in-a-head": stream[:-40], "longer-than-it-says": frame(2, b"ab", length=9),
                       "too-long": frame(2, b"", length=(1 << 20) + 1), "flag-unknown": frame(2, b"", flags=2),
                       "descriptor-that-did-not-come": frame(1, b"x", flags=1), "reserved": frame(2, b"", reserved=1),
                       "nothing": b""}.items():
        seeds.put("frames", name, data)
    for kind in range(1, 33):  # messages_fuzzer: type, then payload
        seeds.put("messages", f"zeros-{kind}", bytes([kind]) + bytes(48))
        seeds.put("messages", f"ones-{kind}", bytes([kind]) + struct.pack("<12I", *[1] * 12))


def addresses(seeds):
    wrong = ["..", "%2e%2e", "..%2f", "%2f", "%252e%252e", "..;", "usersEVIL", "//", "\\", "user@host", "x.evil", "a:8443",
             "GRAPH", "host.", "#part", "%0d%0a", "a b", "%00", "file:", "169.254.169.254", "\uff0e\uff0e", "x" * 3000, "/./"]
    for number, text in enumerate(wrong):
        seeds.put("url_policy", f"value-{number}", f"{text}\n{text}")
        seeds.put("url_policy", f"template-{number}", f"/users/{text}/{{id}}\nx eq '{text}'")
        seeds.put("link", f"part-{number}", f"https://graph.microsoft.com/v1.0/users/{text}?$skiptoken={text}")


def cost_tables(seeds):
    for pattern in ("plugins/cost/fixtures/*.csv", "plugins/cost/fixtures/*.xml", "plugins/cost/fixtures/manifest-*.json"):
        seeds.copy("cost_table", pattern)
    table = (TREE / "plugins/cost/fixtures/june-1.csv").read_bytes()
    packed = gzip.compress(table, mtime=0)
    seeds.put("cost_table", "packed", packed)
    seeds.put("cost_table", "packed-twice", gzip.compress(table[:900], mtime=0) + gzip.compress(table[900:], mtime=0))
    seeds.put("cost_table", "packed-cut", packed[:-20])
    seeds.put("cost_table", "packed-damaged", packed[:300] + bytes(40) + packed[340:])
    seeds.put("cost_table", "packed-bomb", gzip.compress(bytes(1 << 20), mtime=0))
    seeds.put("cost_table", "quotes", b'BilledCost,EffectiveCost\r\n"1""",2\r\n"3')


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr if len(sys.argv) != 2 else sys.stdout)
        return 2
    seeds = Seeds(pathlib.Path(sys.argv[1]))
    maria, eve = Author("maria@example", bytes(range(32))), Author("eve", bytes(range(32, 64)))
    package_notes(seeds, maria, eve)
    locks(seeds, maria)
    elf_files(seeds)
    frames(seeds)
    addresses(seeds)
    for pattern in ("plugins/*/manifest.toml", "plugins/*/checks/*.toml", "frameworks/*/*.toml"):
        seeds.copy("manifest", pattern)
    cost_tables(seeds)
    seeds.copy("config", "tests/golden/config/*/assay.toml")
    return 0


if __name__ == "__main__":
    sys.exit(main())
