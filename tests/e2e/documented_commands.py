#!/usr/bin/env python3
"""usage: documented_commands.py SOURCE [FILE...]

Every 'assay WORD [WORD]' in code of README.md and docs/ (or FILE...) must be a command that the program in PATH knows:
'assay WORD WORD --help' must not be wrong use. Prints those that are not, then a count.
"""
import pathlib
import re
import subprocess
import sys

COMMAND = re.compile(r"(?:^|[\s`(|&;])assay(?: -C \S+)?((?: [a-z]+)+)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.S)


def commands(path):
    for code in CODE.findall(path.read_text(encoding="utf-8")):
        for line in code.split("\n"):
            for words in COMMAND.findall(re.sub(r"\s#.*", "", line)):
                yield tuple(words.split()[:2])


def known(words):
    done = subprocess.run(["assay", *words, "--help"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def main(argv):
    root = pathlib.Path(argv[1])
    files = [root / f for f in argv[2:]] or [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    found = {}
    for path in files:
        if "decisions" not in path.parts:
            for words in commands(path):
                found.setdefault(words, path.relative_to(root).as_posix())
    bad = [(words, place) for words, place in sorted(found.items()) if not known(words)]
    for words, place in bad:
        print(f"{place}: assay {' '.join(words)}: no such command")
    print(f"{len(found)} commands, {len(bad)} unknown")
    return 1 if bad or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
