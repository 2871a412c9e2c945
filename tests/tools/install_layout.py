#!/usr/bin/env python3
"""usage: install_layout.py BUILD-FOLDER

'cmake --install' must give the same relative places as the build tree: bin/ and lib/assay/ side by side, every plugin
and framework with its files. Exits 77 (skipped) while nothing with install rules is built.
"""
import pathlib
import subprocess
import sys
import tempfile


def names(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} if folder.is_dir() else set()


def main(argv):
    built = pathlib.Path(argv[1])
    programs = {"assay", "assay-worker", "assay-verify"} & names(built / "bin")
    if not programs:
        print("no program is built yet")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder)
        done = subprocess.run(["cmake", "--install", str(built), "--prefix", folder], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            return 1
        missing = sorted(programs - names(target / "bin"))
        missing += sorted(f"lib/assay/{n}" for n in names(built / "lib/assay") - names(target / "lib/assay"))
        for name in missing:
            print(f"not installed: {name}")
        if missing:
            return 1
        done = subprocess.run([str(target / "bin/assay"), "version"], capture_output=True, text=True, check=False)
        print(done.stdout + done.stderr)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv))
