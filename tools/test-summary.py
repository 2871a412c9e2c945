#!/usr/bin/env python3
"""usage: tools/test-summary.py LOGS [FAILED-STEP...]

Adds up the cases of all steps that tools/test ran and prints 'N passed, N failed' as its only last line. A ctest
case counts as many cases as its own last line says (Catch2, unittest, tests/e2e/run.py), else one. A step that failed
without a failing case counts as one. Of each failing ctest case it shows what it said of its failure first. Exits 1
when anything failed. On failure: read LOGS/<step>.log.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

ALL_GREEN = re.compile(r"All tests passed \(\d+ assertions? in (\d+) test cases?\)")
CATCH = re.compile(r"^test cases:\s*(\d+)(.*)$", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.M)
UNITTEST_BAD = re.compile(r"^FAILED \(([^)]*)\)", re.M)
TELLING = re.compile(r"FAILED|FAIL:|[Ee]rror\b|Traceback|explicitly with message|Timeout", re.M)
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed\b", re.M)


def inner_counts(text):
    """(passed, failed) that the output of one ctest case reports about itself, or None."""
    found = ALL_GREEN.findall(text)
    if found:
        return sum(map(int, found)), 0
    found = CATCH.findall(text)
    if found:
        total = sum(int(n) for n, _ in found)
        bad = sum(int(n) for _, rest in found for n in re.findall(r"(\d+) failed", rest))
        return total - bad, bad
    found = PLAIN.findall(text)
    if found:
        return sum(int(p) for p, _ in found), sum(int(f) for _, f in found)
    found = UNITTEST.findall(text)
    if found:
        bad = sum(int(n) for part in UNITTEST_BAD.findall(text) for n in re.findall(r"(?:failures|errors)=(\d+)", part))
        return int(found[-1]) - bad, bad
    return None


def count_case(case):
    """(passed, failed, skipped name or None) of one <testcase>."""
    status = case.get("status", "run")
    if case.find("skipped") is not None and case.find("failure") is None or status == "disabled":
        return 0, 0, case.get("name")
    failed = case.find("failure") is not None or status in ("fail", "notrun")
    passed, bad = inner_counts(case.findtext("system-out") or "") or ((0, 1) if failed else (1, 0))
    return passed, max(bad, 1) if failed else bad, None


def show_failure(step, name, text, most=12):
    """Prints the lines that tell of a failure and the last lines, `most` of each."""
    lines = [line[:300] for line in text.splitlines() if line.strip()]
    telling = [line for line in lines[:-most] if TELLING.search(line)]
    print(f"-- {step}: {name}")
    print("\n".join(telling[:most] + lines[-most:]))


def step_counts(xml_path, log_path):
    passed = failed = 0
    names, skipped = [], []
    if xml_path.exists():
        for case in ET.parse(xml_path).getroot().iter("testcase"):
            good, bad, skip = count_case(case)
            passed, failed = passed + good, failed + bad
            if bad:
                names.append(case.get("name"))
                show_failure(xml_path.stem, names[-1], case.findtext("system-out") or "")
            if skip:
                skipped.append(skip)
    if log_path.exists():
        lines = re.findall(r"^case (passed|failed): (\S+)", log_path.read_text(errors="replace"), re.M)
        passed += sum(1 for word, _ in lines if word == "passed")
        bad = [name for word, name in lines if word == "failed"]
        failed, names = failed + len(bad), names + bad
    return passed, failed, names, skipped


def main(argv):
    if len(argv) < 2 or argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(argv) > 1 else 2
    logs, failed_steps = pathlib.Path(argv[1]), argv[2:]
    passed = failed = 0
    for log in sorted(logs.glob("*.log")):
        good, bad, names, skipped = step_counts(log.with_suffix(".xml"), log)
        if log.stem in failed_steps and not bad:
            bad, names = 1, [f"step {log.stem}"]
        passed, failed = passed + good, failed + bad
        if names:
            print(f"failed in {log.stem}: {', '.join(names)}")
        if skipped:
            print(f"skipped in {log.stem}: {', '.join(skipped)}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or failed_steps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
