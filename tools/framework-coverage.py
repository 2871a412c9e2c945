#!/usr/bin/env python3
# Prints how much of each framework package checks speak to, and fails when less than what was promised.
"""Usage: framework-coverage.py [--root DIR] [--uncovered]

One line for each package of frameworks/: controls, with checks, without, not applicable. Exit code 1 when fewer than 58 of the
93 controls of Annex A have checks, when a control without checks has no reason, or when an item of a law (DORA, GDPR, NIS2) has
no level or no reason. --uncovered lists the controls without checks and why.
"""
import argparse
import pathlib
import sys
import tomllib

LAWS = ("dora", "gdpr", "nis2")
ANNEX_A_WITH_CHECKS = 58


def package(folder):
    controls = tomllib.loads((folder / "controls.toml").read_text(encoding="utf-8"))["control"]
    mapping = tomllib.loads((folder / "mapping.toml").read_text(encoding="utf-8")).get("map", [])
    checks = {row["control"]: row["checks"] for row in mapping}
    return [(control, checks.get(control["id"], [])) for control in controls]


def problems_of(name, rows):
    """What was promised and is not there."""
    for control, checks in rows:
        if not checks and not control.get("reason"):
            yield f"{name}:{control['id']} has no check and no reason"
        if name in LAWS and not (control.get("level") and control.get("reason")):
            yield f"{name}:{control['id']} has no level or no reason"
    covered = sum(1 for _, checks in rows if checks)
    if name == "iso27001-2022" and covered < ANNEX_A_WITH_CHECKS:
        yield f"{name}: {covered} controls with checks, {ANNEX_A_WITH_CHECKS} were promised"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--uncovered", action="store_true", help="list the controls without checks, with their reason")
    args = parser.parse_args()
    problems = []
    for folder in sorted(path.parent for path in args.root.glob("frameworks/*/controls.toml")):
        rows = package(folder)
        covered = [control for control, checks in rows if checks]
        absent = [control for control, _ in rows if control["automation"] == "n/a"]
        bare = [control for control, checks in rows if not checks and control["automation"] != "n/a"]
        attested = sum(1 for control in covered if control["needs_attestation"])
        print(f"{folder.name:<14} {len(rows):>3} controls: {len(covered):>2} with checks ({attested} of them also ask for an "
              f"attestation), {len(bare)} without, {len(absent)} not applicable")
        for control in bare if args.uncovered else []:
            print(f"  {control['id']:<16} {control.get('reason', '')}")
        problems += problems_of(folder.name, rows)
    for problem in problems:
        print(f"framework-coverage: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
