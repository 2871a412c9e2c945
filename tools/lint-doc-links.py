#!/usr/bin/env python3
"""usage: tools/lint-doc-links.py [--root FOLDER]

Checks that relative links of every .md file lead somewhere (file, and heading when it names one), and that files of
this tree named in `code marks` of documents or in comments of the code exist ({a,b} is expanded; patterns with *, <>
or ... are not looked at). On failure: correct the name, or write the document that you promised.
"""
import pathlib
import re
import sys

import lint_common as common

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
CODE_MARK = re.compile(r"`([^`\n]+)`")
TOPS = "docs|tools|engine|plugin-api|plugins|frameworks|tests|demo|cmake|benchmarks"
NAMED = re.compile(rf"(?<![\w./-])((?:{TOPS})/[\w./{{}},-]*\.(?:md|py|h|cc|json|toml|txt|test|cmake|sql|sh))(?![\w*])")
FENCE = re.compile(r"^(```|~~~)")


def expand(name):
    match = re.search(r"\{([^{}]*)\}", name)
    if not match:
        return [name]
    return [full for part in match.group(1).split(",")
            for full in expand(name[:match.start()] + part.strip() + name[match.end():])]


def slug(heading):
    text = re.sub(r"[`*_]", "", heading.strip().lower()) if "`" in heading or "*" in heading else heading.strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def headings(text):
    return {slug(line.lstrip("#")) for line in text.split("\n") if re.match(r"#{1,6} ", line)}


def exists(root, name):
    return (root / name.rstrip("/")).exists()


def document_problems(root, name):
    fenced = False
    for number, line in enumerate(common.read(root, name).split("\n"), 1):
        if FENCE.match(line.strip()):
            fenced = not fenced
            continue
        if fenced:
            continue
        for target in LINK.findall(line):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            path, _, anchor = target.partition("#")
            full = (root / name).parent / path if path else root / name
            if not full.exists():
                yield f"{name}:{number}: link to {target}: there is no such file"
            elif anchor and full.suffix == ".md" and anchor not in headings(full.read_text(encoding="utf-8")):
                yield f"{name}:{number}: link to {target}: that file has no such heading"
        for mark in CODE_MARK.findall(line):
            yield from named_problems(root, name, number, mark)


def named_problems(root, name, number, text):
    for word in NAMED.findall(text):
        for full in expand(word):
            if not exists(root, full) and not exists(root / pathlib.PurePosixPath(name).parent, full):
                yield f"{name}:{number}: names {full}: there is no such file"


def code_problems(root, name):
    for number, kind, line in common.code_tokens(common.read(root, name)):
        if kind == "comment":
            yield from named_problems(root, name, number, line)


def main(argv):
    common.help_or_go_on(__doc__, argv)
    root = common.tree_root(argv)
    documents, code = common.files(root, {".md"}), common.files(root, common.CODE)
    problems = [p for name in documents for p in document_problems(root, name)]
    problems += [p for name in code for p in code_problems(root, name)]
    return common.finish("lint-doc-links", problems, f"{len(documents)} documents, {len(code)} code files",
                         "tools/lint-doc-links.py --help says what is looked at.")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
