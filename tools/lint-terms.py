#!/usr/bin/env python3
"""usage: tools/lint-terms.py [--root FOLDER]

One word, one meaning: refuses the words that docs/glossary.md says not to use, in documents, in comments, and in
string literals that read like messages (with a space in them). Names in code are not looked at.
On failure: use the word it proposes, or add 'PATH-GLOB: word  # reason' to tools/terms-allow.txt.
"""
import fnmatch
import re
import sys

import lint_common as common

# Only words that have no other honest use in this project; "data", "scan" or "report" would alarm falsely.
TERMS = [
    (r"waivers?", "exception"),
    (r"customers?", "tenant"),
    (r"scanners?", "collector"),
    (r"add-?ons?", "plugin or extension"),
    (r"sandboxees?", "worker"),
    (r"merkle roots?", "root hash"),
    (r"signed tree heads?|sths?", "checkpoint"),
    (r"audit paths?", "inclusion proof"),
    (r"checksums?", "digest"),
    (r"tree heights?", "tree size"),
    (r"compliance scores?", "the states and counts themselves; there is no score"),
    (r"failed to", "what is wrong with which object"),
    (r"whitelist(?:s|ed)?|blacklist(?:s|ed)?", "allow-list, refuse-list"),
]
PATTERNS = [(re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I), say) for words, say in TERMS]
EXEMPT = ("docs/glossary.md", "tools/lint-terms.py", "tools/terms-allow.txt", "tests/tools/", "LICENSE")


def allowed(root):
    """(glob, word) pairs of tools/terms-allow.txt."""
    path, pairs = root / "tools/terms-allow.txt", []
    for line in path.read_text().split("\n") if path.exists() else []:
        line = line.split("#")[0].strip()
        if line:
            glob, word = line.split(":", 1)
            pairs.append((glob.strip(), word.strip().lower()))
    return pairs


def prose(root, name):
    """(line number, text) of what people read in a file."""
    text = common.read(root, name)
    if name.endswith(".md"):
        yield from enumerate(text.split("\n"), 1)
    elif name.endswith((".py", ".sh", ".txt", ".toml", ".cmake")):
        for number, line in enumerate(text.split("\n"), 1):
            if line.lstrip().startswith("#"):
                yield number, line
    else:
        for number, kind, line in common.code_tokens(text):
            if kind == "comment" or " " in line:
                yield number, line


def main(argv):
    common.help_or_go_on(__doc__, argv)
    root = common.tree_root(argv)
    pairs, problems = allowed(root), []
    names = [n for n in common.files(root, common.CODE | {".md", ".py", ".sh", ".toml", ".cmake"})
             if not n.startswith(EXEMPT)]
    for name in names:
        for number, line in prose(root, name):
            for pattern, say in PATTERNS:
                match = pattern.search(line)
                if match and not any(fnmatch.fnmatch(name, g) and w == match.group(0).lower() for g, w in pairs):
                    problems.append(f'{name}:{number}: "{match.group(0)}": say {say}\n    {line.strip()[:140]}')
    return common.finish("lint-terms", problems, f"{len(names)} files", "docs/glossary.md has the words; tools/lint-terms.py --help.")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
