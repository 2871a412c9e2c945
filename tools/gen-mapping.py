#!/usr/bin/env python3
# Makes frameworks/<id>/mapping.toml from frameworks/mapping-source.toml and the checks under plugins/.
"""Usage: gen-mapping.py [--check] [--root DIR]

A mapping may name only checks that exist: a control whose checks are not written yet stays uncovered
instead of looking mapped. Without options the files are written; with --check nothing is written and
the exit code is 1 when a file is out of date (for CI). Exit code 2: the inputs contradict each other.
"""
import argparse
import pathlib
import sys
import tomllib

HEAD = """\
# Made by tools/gen-mapping.py from frameworks/mapping-source.toml and the checks under plugins/. Do not edit.
"""


class InputError(Exception):
    """The inputs contradict each other; the message names file and object."""


def load(path):
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}") from error


def existing_checks(root):
    """Ids of all checks of all collectors; one id in two files is an error."""
    found = {}
    for path in sorted(root.glob("plugins/*/checks/*.toml")):
        for check in load(path).get("check", []):
            if "id" not in check:
                raise InputError(f"{path}: a check has no id")
            if check["id"] in found:
                raise InputError(f"{path}: check {check['id']} is also in {found[check['id']]}")
            found[check["id"]] = path
    return set(found)


def frameworks(root):
    """Framework id -> its control ids in order."""
    result = {}
    for path in sorted(root.glob("frameworks/*/controls.toml")):
        package = load(path)
        if package.get("id") != path.parent.name:
            raise InputError(f"{path}: id must be {path.parent.name}")
        controls = [control["id"] for control in package.get("control", [])]
        if len(set(controls)) != len(controls):
            raise InputError(f"{path}: a control id occurs twice")
        result[path.parent.name] = controls
    return result


def source_rows(root, packages):
    """Rows of the source table, refused when they name an unknown framework or control."""
    path = root / "frameworks" / "mapping-source.toml"
    rows, seen = load(path).get("check", []), set()
    for row in rows:
        if row["id"] in seen:
            raise InputError(f"{path}: check {row['id']} occurs twice")
        seen.add(row["id"])
        for framework, controls in row.items():
            if framework == "id":
                continue
            if framework not in packages:
                raise InputError(f"{path}: check {row['id']} names framework {framework}, which has no package")
            for control in controls:
                if control not in packages[framework]:
                    raise InputError(f"{path}: check {row['id']} names control {control}, not in {framework}")
    return rows


def render(framework, controls, rows, checks):
    """Text of one mapping.toml, controls in the order of the package, checks by id."""
    text = HEAD
    for control in controls:
        mapped = sorted(r["id"] for r in rows if r["id"] in checks and control in r.get(framework, []))
        if not mapped:
            continue
        names = ",\n".join(f'  "{name}"' for name in mapped)
        text += f'\n[[map]]\ncontrol = "{control}"\nchecks = [\n{names},\n]\n'
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail when a mapping.toml is out of date")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    args = parser.parse_args()
    try:
        packages = frameworks(args.root)
        rows = source_rows(args.root, packages)
        checks = existing_checks(args.root)
    except InputError as error:
        print(f"gen-mapping: {error}", file=sys.stderr)
        return 2
    for name in sorted(checks - {row["id"] for row in rows}):
        print(f"gen-mapping: note: check {name} is in no row of mapping-source.toml", file=sys.stderr)
    stale = []
    for framework, controls in packages.items():
        path = args.root / "frameworks" / framework / "mapping.toml"
        text = render(framework, controls, rows, checks)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(args.root))
        if not args.check:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"gen-mapping: {path} {'is out of date: run tools/gen-mapping.py' if args.check else 'written'}")
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
