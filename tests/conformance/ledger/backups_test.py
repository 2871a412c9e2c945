#!/usr/bin/env python3
"""Backups: true ones, damaged ones, and manifests that say something else."""
import os

from forge import A, C, b64
from stories import Case, Story, main


class Backups(Case):
    """[VE-11] A backup verifies by itself."""

    def made(self, **lies):
        story = Story()
        folder = self.folder("contoso-20261120T030000Z.abk")
        story.backup(folder, **lies)
        return folder, story

    def test_good(self):
        folder, _ = self.made()
        before = sorted(os.listdir(folder))
        self.accept(folder, "--key", A.fingerprint())
        self.assertEqual(before, sorted(os.listdir(folder)))

    def test_lies(self):
        def rewrite(folder, name, change):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                content = file.read()
            with open(path, "wb") as file:
                file.write(change(content))

        def changed(content):
            return content[:-1] + bytes([content[-1] ^ 1])

        for name in ("ledger.db", "evidence-202611.db", "checkpoints.log", "manifest.sig"):
            for how, change in (("changed", changed), ("cut", lambda c: c[:-1]),
                                ("longer", lambda c: c + b"\n")):
                with self.subTest(name, how=how):
                    folder, _ = self.made()
                    rewrite(folder, name, change)
                    self.refuse(folder, name)
            with self.subTest(name, how="missing"):
                folder, _ = self.made()
                os.unlink(os.path.join(folder, name))
                self.refuse(folder, name)
        folder, _ = self.made()
        with open(os.path.join(folder, "extra.txt"), "wb") as file:
            file.write(b"x")
        self.refuse(folder, "extra.txt")
        folder, _ = self.made()
        rewrite(folder, "manifest.json", lambda c: c.replace(b"03:00:00", b"04:00:00"))
        self.refuse(folder, "manifest.sig")
        folder, _ = self.made()
        os.unlink(os.path.join(folder, "manifest.json"))
        self.refuse(folder, "manifest.json")

    def test_manifest_of_another(self):
        for name, lies in (("signed by another key", {"key": C}), ("size", {"size": 3}),
                           ("signed by the key before", {"key": A}),
                           ("tenant", {"tenant": "0" * 36}), ("epoch", {"epoch": 1}),
                           ("root", {"root": b64(bytes(32))}), ("origin", {"origin": "x"}),
                           ("format", {"format": "assay.backup/2"}), ("no files", {"files": "x"})):
            with self.subTest(name):
                self.refuse(self.made(**lies)[0],
                            None if name == "no files" else "manifest.json")


if __name__ == "__main__":
    main()
