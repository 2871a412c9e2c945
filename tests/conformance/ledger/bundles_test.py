#!/usr/bin/env python3
"""Proofs of one entry, one record or one growth: true ones, lies, and as the auditor's page computes them by hand."""
import json
import os
import re
import subprocess
import sys

from forge import A, B, C, ORIGIN, b64, canonical, handover, sha256, sign_note
from stories import ARGS, Case, Story, entry, main, sql


class Bundles(Case):
    """[CL-12] [VE-11] One entry or record alone, and one head grown from another."""

    KEYS = [A.vkey()]
    WALK = KEYS + [" ".join(handover(A, B)[key] for key in
                            ("vkey", "signature_old", "signature_new")), B.vkey(ORIGIN + "/epoch-2")]

    def saved(self, content, name="one.tlog-proof"):
        path = self.folder(name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_good(self):
        story = Story()
        whole = len(story.drafts)
        for index in (0, 1, story.plain_at, story.rotated, whole - 1):
            self.accept(self.saved(story.proof(index, whole, story.disclosure(index, self.WALK))),
                        "--key", A.fingerprint())
        for segment in range(3):
            says = story.disclosure(story.plain_at, self.KEYS, story.plain, segment)
            self.accept(self.saved(story.proof(story.plain_at, story.size, says)))
        for old, new, keys in ((2, story.size, self.KEYS), (story.size, whole, self.WALK),
                               (2, whole, self.WALK), (story.size, story.size, self.KEYS),
                               (story.rotated_size, whole, self.WALK)):
            self.accept(self.saved(story.growth(old, new, keys), "two.tlog-consistency"),
                        "--key", A.fingerprint())

    def test_proof_lies(self):
        story = Story()
        at, size, body = story.plain_at, story.size, story.plain
        says = story.disclosure(at, self.KEYS, body, 1)
        path = [b64(sha256(b"other"))]
        extra = canonical(says)

        def record(**lies):
            return canonical(says | {"record": says["record"] | lies})

        def steps(*keys):
            return canonical(says | {"keys": list(keys)})

        swapped = story.disclosure(at, self.KEYS, body, 2)["record"]
        rotated = self.WALK[1]
        lies = [
            ("wrong path", {"path": path * 3}, f"entry {at}"),
            ("path too short", {"path": path}, f"entry {at}"),
            ("path too long", {"path": path * 9}, f"entry {at}"),
            ("record swapped", {"extra": record(bytes=swapped["bytes"])}, "record"),
            ("record of another place", {"extra": record(segment=2)}, "record"),
            ("record under another salt", {"extra": record(salt=swapped["salt"])}, "record"),
            ("salt too short", {"extra": record(salt=b64(b"short"))}, "record"),
            ("record path of another", {"extra": record(path=swapped["path"])}, "record"),
            ("record path empty", {"extra": record(path=[])}, "record"),
            ("more segments", {"extra": record(segments=4)}, "record"),
            ("segment outside", {"extra": record(segment=3)}, "record"),
            ("unknown member of the record", {"extra": record(note="x")}, "record"),
            ("wrong index", {"index": at + 1}, f"entry {at + 1}"),
            ("index beyond the head", {"index": 1000}, "entry 1000"),
            ("index with a zero before", {"index": f"0{at}"}, "bundle"),
            ("other checkpoint", {"note": story.note(2)}, f"entry {at}"),
            ("checkpoint of a key not in the walk", {"note": sign_note(
                story.text(size), (ORIGIN, C))}, "checkpoint"),
            ("checkpoint of another root", {"note": sign_note(
                f"{ORIGIN}\n{size}\n{b64(bytes(32))}\n", (ORIGIN, A))}, f"entry {at}"),
            ("checkpoint of another origin", {"note": sign_note(
                f"assay.example/x\n{size}\n{b64(bytes(32))}\n", (ORIGIN, A))}, "checkpoint"),
            ("checkpoint not signed", {"note": story.text(size).encode() + b"\n"}, "checkpoint"),
            ("key not the signer's", {"extra": steps(C.vkey())}, "checkpoint"),
            ("no key", {"extra": steps()}, "keys"),
            ("handover first", {"extra": steps(rotated)}, "keys"),
            ("handover forged", {"extra": steps(
                self.KEYS[0], rotated.replace(rotated.split(" ")[1], b64(bytes(64))))}, "keys"),
            ("handover with one signature", {"extra": steps(
                self.KEYS[0], rotated.rpartition(" ")[0])}, "keys"),
            ("epoch that was never", {"extra": steps(
                self.KEYS[0], A.vkey(ORIGIN + "/epoch-3"))}, "keys"),
            ("keys as objects", {"extra": steps({"vkey": A.vkey()})}, "keys"),
            ("key with a space after it", {"extra": steps(A.vkey() + " ")}, "keys"),
            ("extra not canonical", {"extra": extra.replace(b",", b", ", 1)}, "bundle"),
            ("extra unsorted", {"extra": b'{"line":"x","format":"assay.proof/1"}'}, "bundle"),
            ("extra of another format", {"extra": extra.replace(b"proof/1", b"proof/2")}, "bundle"),
            ("unknown member", {"extra": canonical(says | {"note": "x"})}, "bundle"),
            ("no line", {"extra": canonical({k: v for k, v in says.items() if k != "line"})},
             "bundle"),
            ("line of another entry", {"extra": canonical(
                says | {"line": story.lines()[at + 1].decode()})}, f"entry {at}"),
            ("line changed", {"extra": extra.replace(b"graph-users", b"graph-group")},
             f"entry {at}"),
        ]
        for name, lie, place in lies:
            with self.subTest(name):
                self.refuse(self.saved(story.proof(at, size, says, lie)), place)
        self.refuse(self.saved(story.proof(at, size, says)), "keys", "--key", C.fingerprint())
        no_body = story.disclosure(1, self.KEYS) | {"record": says["record"]}
        self.refuse(self.saved(story.proof(1, size, no_body)), "record")

    def test_growth_lies(self):
        story = Story()
        whole, size = len(story.drafts), story.size
        good = json.loads(story.growth(size, whole, self.WALK))
        for name, lie, place in (
                ("wrong path", {"path": good["path"][::-1]}, "path"),
                ("path too short", {"path": good["path"][:-1]}, "path"),
                ("path too long", {"path": good["path"] + good["path"][:1]}, "path"),
                ("no path", {"path": []}, "path"),
                ("exchanged", {"from": good["to"], "to": good["from"]}, "checkpoint"),
                ("from of another tree", {"from": sign_note(
                    f"{ORIGIN}\n{size}\n{b64(bytes(32))}\n", (ORIGIN, A)).decode()}, "path"),
                ("from of nobody", {"from": sign_note(
                    story.text(size), (ORIGIN, C)).decode()}, "old checkpoint"),
                ("to of the old key", {"to": sign_note(
                    story.text(whole), (ORIGIN + "/epoch-2", A)).decode()}, "checkpoint"),
                ("walk cut short", {"keys": self.WALK[:2]}, "checkpoint"),
                ("another format", {"format": "assay.proof/1"}, "bundle"),
                ("unknown member", {"x": "y"}, "bundle")):
            with self.subTest(name):
                self.refuse(self.saved(story.growth(size, whole, self.WALK, lie),
                                       "two.tlog-consistency"), place)
        self.refuse(self.saved(canonical(good) + b"\n", "two.tlog-consistency"), "bundle")


class ByHand(Case):
    """[CL-12] What docs/auditor/verify-by-hand.md tells an auditor to run, run."""

    def block(self, language, start):
        page = os.path.join(os.path.dirname(ARGS.script), "..", "docs/auditor/verify-by-hand.md")
        with open(page, encoding="utf-8") as file:
            blocks = re.findall(f"```{language}\n(.*?)```", file.read(), re.S)
        return next(block for block in blocks if block.startswith(start))

    def test_lines_and_tree(self):
        script, folder = self.block("python", "import base64"), self.written(Story())
        run = [sys.executable, "-c", script, folder]
        self.assertEqual(0, subprocess.run(run, capture_output=True, check=False).returncode)
        sql(folder, "UPDATE entry SET line = CAST(replace(line, '200', '201') AS BLOB) WHERE idx = 2")
        self.assertEqual(7, subprocess.run(run, capture_output=True, check=False).returncode)

    def climb(self, bundle):
        folder = self.folder()
        os.makedirs(folder)
        with open(os.path.join(folder, "one.tlog-proof"), "wb") as file:
            file.write(bundle)
        done = subprocess.run(["sh", "-c", self.block("sh", "set -eu"), "sh", "one.tlog-proof"],
                              cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return dict(re.findall(r"^([a-z ]+):? +(\S.*)$", done.stdout, re.M)), done.stdout

    def test_one_entry_and_one_record(self):
        story = Story()
        for segment in range(3):
            says = story.disclosure(story.plain_at, [A.vkey()], story.plain, segment)
            found, text = self.climb(story.proof(story.plain_at, story.size, says))
            self.assertEqual(found["root signed"], found["root computed"])
            self.assertEqual(found["body in entry"], found["body computed"])
            self.assertEqual(A.fingerprint(), found["key"])
            self.assertEqual(1, text.count("Signature Verified Successfully"))
        for index in range(story.rotated_size):
            says = story.disclosure(index, Bundles.WALK[:2])
            found, text = self.climb(story.proof(index, story.rotated_size, says))
            self.assertEqual(found["root signed"], found["root computed"])
            self.assertEqual(1, text.count("Signature Verified Successfully"))

    def test_a_changed_record_leads_elsewhere(self):
        story = Story()
        says = story.disclosure(story.plain_at, [A.vkey()], story.plain, 1)
        says["record"]["bytes"] = b64(b'{"id":"z"}')
        found, _ = self.climb(story.proof(story.plain_at, story.size, says))
        self.assertNotEqual(found["body in entry"], found["body computed"])


if __name__ == "__main__":
    main()
