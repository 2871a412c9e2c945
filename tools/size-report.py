#!/usr/bin/env python3
"""usage: tools/size-report.py [--root FOLDER] [--all]

Prints how long files and functions are, against the budget: files median <= 120, 90 % <= 450; functions median <= 8,
90 % <= 35, a question in review from 60 lines on. Fails for a file over 800 lines (tests: 900). --all lists every
function from 60 lines on, else the ten longest. Functions are found by matching braces: about right, not exact.
On failure: a file this long is more than one noun; split it.
"""
import re
import sys

import lint_common as common

HARD, HARD_TESTS = 800, 900
LONG_FUNCTION = 60
# A line that may begin a function body: ends a parameter list, with what may follow it.
HEAD = re.compile(r"\)\s*(?:const|noexcept|override|final|mutable|->\s*[\w:<>,&*\s]+|:\s*[^;{]*)*\s*$")
NOT_FUNCTION = re.compile(r"^\s*(?:if|for|while|switch|catch|else|do|namespace|struct|class|enum|union|return)\b")
NAME = re.compile(r"([~\w:]+)\s*\(")


def functions(text):
    """(first line, lines, name) of each outermost function body of a C or C++ file."""
    code, depth, found = common.blank_tokens(text), 0, []
    start, head_from, line, container = None, 0, 1, []
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            head = code[head_from:at].strip()
            if start is None and HEAD.search(head) and not NOT_FUNCTION.match(head):
                names = NAME.findall(head)
                start, container = (line, depth, names[0] if names else "?"), container
            depth += 1
            head_from = at + 1
        elif char == "}":
            depth -= 1
            head_from = at + 1
            if start is not None and depth == start[1]:
                found.append((start[0], line - start[0] + 1, start[2]))
                start = None
        elif char == ";" or (char == "\n" and code[head_from:at].lstrip().startswith("#")):
            head_from = at + 1
    return found


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


def row(name, sizes, bodies):
    print(f"{name:<12}{len(sizes):>6} {quantile(sizes, .5):>7} · {quantile(sizes, .9):>4} · {max(sizes):>4}"
          f"{len(bodies):>9} {quantile(bodies, .5):>7} · {quantile(bodies, .9):>4} · {max(bodies, default=0):>4}")


def main(argv):
    common.help_or_go_on(__doc__, argv)
    root = common.tree_root(argv)
    groups, problems, long_ones = {}, [], []
    for name in common.files(root, common.CODE | {".py"}):
        text = common.read(root, name)
        lines = text.count("\n")
        is_test = name.startswith(("tests/", "benchmarks/"))
        limit = HARD_TESTS if is_test else HARD
        if lines > limit:
            problems.append(f"{name}: {lines} lines, at most {limit}")
        group = groups.setdefault("tests" if is_test else name.split("/")[0], ([], []))
        group[0].append(lines)
        for first, length, function in [] if name.endswith(".py") else functions(text):
            group[1].append(length)
            if length >= LONG_FUNCTION:
                long_ones.append((length, f"{name}:{first}: {function}"))
    print("folder       files   lines/file p50·p90·max  functions  lines p50·p90·max")
    for name in sorted(groups):
        row(name, *groups[name])
    long_ones.sort(reverse=True)
    for length, place in long_ones if "--all" in argv else long_ones[:10]:
        print(f"  long function: {length:>4} lines  {place}")
    return common.finish("size-report", problems, f"{sum(len(g[0]) for g in groups.values())} files",
                         "Split what is more than one noun.")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
