#!/usr/bin/env python3
"""usage: tests/e2e/run.py --bin FOLDER [--approve] [SCRIPT.test...]

Runs readable scripts against the built programs, each in a fresh temporary folder with FOLDER first in PATH. A script:

    # comment
    == file NAME          what follows, up to a line '==', is written to NAME
    == needs COMMAND      the script is skipped when COMMAND fails
    $ command             run by bash; then what it must print:
    text                  a line of stdout        [..] any text, [HEX] digest, [B64], [INT], [TIME], [SECS]
    !text                 a line of stderr        ... alone: any number of lines
    (nothing)             stdout is empty
    ? 7                   exit code; 0 when not given

A stream without expected lines is not looked at. A backslash before '$', '#', '=', '!', '?' at the start of a line makes
it text. --approve writes what was printed into the scripts instead: read the diff. The last line is 'N passed, N failed'.
"""
import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

WILD = {"[..]": r".*?", "[HEX]": r"[0-9a-f]{4,}", "[B64]": r"[A-Za-z0-9+/_-]{20,}={0,2}", "[INT]": r"\d+",
        "[TIME]": r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?", "[SECS]": r"\d+(?:\.\d+)? ?m?s"}
WILD_SPLIT = re.compile("(" + "|".join(re.escape(w) for w in WILD) + ")")
APPROVE = [(r"\b[0-9a-f]{16,}\b", "[HEX]"), (r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "[TIME]"), (r"[A-Za-z0-9+/]{43}=?", "[B64]"),
           (r"\b\d+(?:\.\d+)? m?s\b", "[SECS]")]


class Step:
    """One command with what it must print; `first` and `last` are its lines in the script, for --approve."""

    def __init__(self, command, line):
        self.command, self.line, self.first, self.last = command, line, line, line
        self.out, self.err, self.code = [], [], 0


def unescape(line):
    return line[1:] if re.match(r"\\[$#=!?]", line) else line


def parse(path):
    """[('file', name, text) | ('needs', command) | ('step', Step)] of a script."""
    lines, items, at, step = path.read_text(encoding="utf-8").split("\n"), [], 0, None
    while at < len(lines):
        line = lines[at]
        if line.startswith("== file "):
            end = lines.index("==", at + 1)
            items.append(("file", line[8:].strip(), "\n".join(lines[at + 1:end]) + "\n"))
            at, step = end, None
        elif line.startswith("== needs "):
            items.append(("needs", line[9:].strip()))
        elif line.startswith("$ "):
            step = Step(line[2:], at + 1)
            items.append(("step", step))
        elif line.startswith("#"):
            step = None
        elif step is not None:
            if line.startswith("? "):
                step.code = int(line[2:])
            elif line.startswith("!"):
                step.err.append(unescape(line[1:]))
            else:
                step.out.append(unescape(line))
            if line:
                step.last = at + 1
        elif line.strip():
            raise ValueError(f"{path}:{at + 1}: text that belongs to no command")
        at += 1
    return items


def line_pattern(line):
    return "".join(WILD.get(part, re.escape(part)) for part in WILD_SPLIT.split(line))


def matches(expected, actual):
    """Whether the lines match; '...' stands for any number of lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else line_pattern(line) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def trimmed(lines):
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def complaints(step, code, out, err):
    """What is wrong with what a command printed, as lines."""
    found = []
    if code != step.code:
        found.append(f"exit code {code}, expected {step.code}")
    for name, want, got in (("stdout", trimmed(step.out), trimmed(out)), ("stderr", trimmed(step.err), trimmed(err))):
        if not want or matches([] if want == ["(nothing)"] else want, got):
            continue
        found.append(f"{name} differs:")
        found += list(difflib.unified_diff(want, got, "expected", "printed", lineterm="", n=2))
    if found and code != step.code:
        found += ["stderr was:", *err[:30]]
    return found


def environment(bin_folder, folder):
    return {"PATH": f"{bin_folder}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(folder), "TZ": "UTC", "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1", "COLUMNS": "80", "SOURCE": str(pathlib.Path(__file__).resolve().parents[2]),
            **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}


def approved(step, code, out, err):
    def line(text):
        for pattern, mark in APPROVE:
            text = re.sub(pattern, mark, text)
        return "\\" + text if re.match(r"[$#=!?]", text) else text
    body = [line(t) for t in trimmed(out)] + ["!" + line(t) for t in (trimmed(err) if step.err else [])]
    return [f"$ {step.command}", *body, *([f"? {code}"] if code else [])]


def run_script(path, bin_folder, approve):
    """'passed', 'failed' or 'skipped', with what to print."""
    notes, edits = [], []
    with tempfile.TemporaryDirectory(prefix="assay-e2e-") as name:
        folder = pathlib.Path(name)
        env = environment(bin_folder, folder)
        for kind, *rest in parse(path):
            if kind == "file":
                (folder / rest[0]).parent.mkdir(parents=True, exist_ok=True)
                (folder / rest[0]).write_text(rest[1])
                continue
            command = rest[0] if kind == "needs" else rest[0].command
            try:
                done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                                      timeout=120, check=False)
            except subprocess.TimeoutExpired:
                return "failed", [f"{path.name}: no end after 120 s: {command}"]
            if kind == "needs":
                if done.returncode != 0:
                    return "skipped", [f"needs {command}"]
                continue
            out, err = (s.decode(errors="replace").replace(name, "[CWD]").split("\n") for s in (done.stdout, done.stderr))
            wrong = complaints(rest[0], done.returncode, out, err)
            if wrong and approve:
                edits.append((rest[0], approved(rest[0], done.returncode, out, err)))
            elif wrong:
                notes += [f"{path.name}:{rest[0].line}: $ {command}", *("    " + w for w in wrong)]
    if edits:
        lines = path.read_text().split("\n")
        for step, text in reversed(edits):
            lines[step.first - 1:step.last] = text
        path.write_text("\n".join(lines))
        notes.append(f"approved {len(edits)} outputs")
    return ("failed" if notes and not edits else "passed"), notes


def main():
    if "-h" in sys.argv or "--help" in sys.argv:
        print(__doc__.strip())
        return 0
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--approve", action="store_true")
    parser.add_argument("scripts", nargs="*")
    args = parser.parse_args()
    bin_folder = pathlib.Path(args.bin).resolve()
    if not (bin_folder / "assay").exists():
        print(f"skipped: {bin_folder}/assay is not built")
        return 77
    scripts = [pathlib.Path(s) for s in args.scripts] or sorted(pathlib.Path(__file__).parent.glob("*.test"))
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in scripts:
        fate, notes = run_script(path, bin_folder, args.approve)
        counts[fate] += 1
        print(f"{fate:<8}{path.name}", *notes, sep="\n  ")
    print(f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
