"""What the lints share: the list of files, and comments or messages of a C, C++ or Python file. Not run by itself."""
import os
import pathlib
import re
import subprocess
import sys

SKIPPED_FOLDERS = {".git", "build", "assay-demo", "__pycache__", "node_modules"}
CODE = {".h", ".hpp", ".c", ".cc", ".cpp"}


def tree_root(argv):
    """The tree to look at: --root FOLDER (for tests), else the checkout of this script."""
    if "--root" in argv:
        return pathlib.Path(argv[argv.index("--root") + 1]).resolve()
    return pathlib.Path(__file__).resolve().parent.parent


def help_or_go_on(doc, argv):
    if "-h" in argv or "--help" in argv:
        print(doc.strip())
        sys.exit(0)


def files(root, suffixes=None, under=None):
    """Relative paths (posix strings), sorted: what git tracks or would track, else every file of the tree."""
    got = None
    if (root / ".git").exists():
        done = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                              capture_output=True, check=False)
        if done.returncode == 0:
            got = [name for name in done.stdout.decode().split("\0") if name and (root / name).is_file()]
    if got is None:
        got = []
        for folder, names, found in os.walk(root):
            names[:] = [n for n in names if n not in SKIPPED_FOLDERS]
            got += [(pathlib.Path(folder) / f).relative_to(root).as_posix() for f in found]
    return sorted(f for f in set(got) if (suffixes is None or pathlib.PurePosixPath(f).suffix in suffixes)
                  and (under is None or f.split("/")[0] in under))


def read(root, name):
    return (root / name).read_text(encoding="utf-8", errors="replace")


# Order matters: a comment sign inside a string is text, a quote inside a comment is not a string.
TOKEN = re.compile(r"""
    (?P<raw>R"(?P<tag>[^()\\\s]{0,16})\((?:.|\n)*?\)(?P=tag)")
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')
  | (?P<line>//[^\n]*)
  | (?P<block>/\*(?:.|\n)*?\*/)
""", re.X)


def code_tokens(text):
    """Yields (line number, kind, text) for comments ('comment') and string literals ('string')."""
    for match in TOKEN.finditer(text):
        if match.lastgroup == "char" or match.group("char"):
            continue
        kind = "comment" if match.group("line") or match.group("block") else "string"
        start = text.count("\n", 0, match.start()) + 1
        for offset, line in enumerate(match.group(0).split("\n")):
            yield start + offset, kind, line


def blank_tokens(text):
    """The code with comments and literals blanked out, lines kept."""
    return TOKEN.sub(lambda m: "\n" * m.group(0).count("\n") if m.group(0)[0] == "/" else '""' + "\n" * m.group(0).count("\n"), text)


def finish(name, problems, looked_at, fix):
    """Prints the problems and what to do; the exit status."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{name}: {len(problems)} problem{'s' if len(problems) != 1 else ''}. {fix}")
        return 1
    print(f"{name}: ok, {looked_at}")
    return 0
