#!/usr/bin/env python3
"""usage: tools/lint-house.py [--root FOLDER]

Rules of the house that are one look each: the top-level names that users were promised exist; each library that the
project is built on is in use (an #include and a CMake line); no TODO(now), FIXME or XXX; no test that proves nothing;
no path of one person's machine; README.md opens with ./tools/demo and ./tools/test; scripts have their run bit and at
most 150 lines. On failure: the line names the file and the rule.
"""
import os
import re
import sys

import lint_common as common

NAMES = ["CMakeLists.txt", "engine", "plugin-api", "plugins/graph", "plugins/intune", "plugins/defender",
         "plugins/azure-policy", "frameworks", "tests", "README.md", ".ci/run", "LICENSE"]
LIBRARIES = {  # name: (include in the sources, line in CMake)
    "Boost.DLL": (r"#include <boost/dll", r"boost/dll"),
    "Poco": (r"#include <Poco/", r"Poco::"),
    "SQLite3": (r"#include <sqlite3\.h>", r"SQLITE3"),
    "OpenSSL": (r"#include <openssl/", r"OpenSSL::"),
    "toml++": (r"#include <toml\+\+/", r"TOMLPLUSPLUS"),
    "Catch2": (r"#include <catch2/", r"Catch2"),
}
TEXT = common.CODE | {".md", ".py", ".sh", ".toml", ".json", ".txt", ".cmake", ".sql", ".test", ""}
SOURCES = common.CODE | {".py", ".sh", ".cmake"}
UNDONE = re.compile(r"\bTODO\b(?!\((?:soon|security|cleanup)\))|\bFIXME\b|\bXXX\b(?!X)")
HOLLOW = re.compile(r"\b(?:REQUIRE|CHECK)\(\s*true\s*\)|\[!mayfail\]|\[!shouldfail\]")
MACHINE = re.compile(r"(?:^|[^\w.])/(?:work|home/[a-z]\w*|Users/\w+)/")
RUNNABLE = re.compile(r"^(tools/(?!lint_common)[^/]+\.py|tools/[^/.]+|\.ci/run)$")
EXEMPT = ("tools/lint-house.py", "tests/tools/", "docs/decisions/template.md")


def missing_names(root):
    return [f"{name}: is not there; users were promised it" for name in NAMES if not (root / name).exists()]


def unused_libraries(sources, cmake):
    for name, (include, line) in LIBRARIES.items():
        if not re.search(include, sources):
            yield f"{name}: no source includes it ({include})"
        if not re.search(line, cmake):
            yield f"{name}: no CMake file names it ({line})"


def line_problems(name, text):
    rules = [(MACHINE, "path of one machine")]
    if os.path.splitext(name)[1] in SOURCES or name.endswith("CMakeLists.txt"):
        rules.append((UNDONE, "not done: TODO(now), FIXME and XXX may not land"))
    if name.startswith("tests/"):
        rules.append((HOLLOW, "a test that proves nothing"))
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, words in rules:
            if pattern.search(line):
                yield f"{name}:{number}: {words}\n    {line.strip()[:140]}"


def readme_problems(root):
    if not (root / "README.md").exists():
        return
    block = re.search(r"^```\w*\n(.*?)^```", common.read(root, "README.md"), re.S | re.M)
    shown = block.group(1) if block else ""
    for command in ("./tools/demo", "./tools/test"):
        if command not in shown:
            yield f"README.md: the first code block does not show {command}"
        if not os.access(root / command, os.X_OK):
            yield f"{command}: has no run bit"


def script_problems(root, name, text):
    if not os.access(root / name, os.X_OK) and text.startswith("#!") and not name.endswith(".py"):
        yield f"{name}: has no run bit"
    # verify.py is a product that auditors copy as one file (evidence-pack: at most 400 lines).
    limit = 400 if name.endswith("tools/verify.py") else 150
    if text.count("\n") > limit:
        yield f"{name}: {text.count(chr(10))} lines; a script has at most {limit}"
    if name.startswith("tools/") and text.startswith("#!") and "usage:" not in text.lower():
        yield f"{name}: has no usage text for --help"


def main(argv):
    common.help_or_go_on(__doc__, argv)
    root = common.tree_root(argv)
    names = [n for n in common.files(root, TEXT) if (root / n).stat().st_size < 2_000_000]
    texts = {n: common.read(root, n) for n in names}
    problems = missing_names(root) + list(readme_problems(root))
    sources = "\n".join(t for n, t in texts.items() if os.path.splitext(n)[1] in common.CODE)
    cmake = "\n".join(t for n, t in texts.items() if n.endswith(("CMakeLists.txt", ".cmake")))
    problems += unused_libraries(sources, cmake)
    for name, text in texts.items():
        if not name.startswith(EXEMPT):
            problems += line_problems(name, text)
        if RUNNABLE.match(name):
            problems += script_problems(root, name, text)
    return common.finish("lint-house", problems, f"{len(names)} files", "tools/lint-house.py --help has the rules.")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
