#!/usr/bin/env python3
"""usage: gen-reference.py [--check] [--root DIR]

Writes docs/datasets/ and docs/checks/: what is read and what is decided, from manifests, views, checks, their cases and
the table of mappings alone. --check writes nothing and ends 1 when a page is not current; then run it without and read
the difference: a new column or read is a decision of every administrator [CH-22].
"""
import argparse
import json
import pathlib
import re
import sys
import tomllib

NOTE = "<!-- Made by tools/gen-reference.py; do not edit. -->"
VERDICTS = [("pass", "Passes"), ("fail", "Fails"), ("not_applicable", "Not applicable"), ("not_assessed", "Not assessed")]
MARKS = {"optional": "optional", "absent": "404 means that there is none"}
HOSTS = {"graph": "Microsoft Graph", "arm": "Azure Resource Manager"}


def load(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def code(words, otherwise="-"):
    return ", ".join(f"`{word}`" for word in words) or otherwise


def value(item):
    long = isinstance(item, list) and len(item) > 4
    return f"{json.dumps(item[:2])[:-1]}, …] ({len(item)})" if long else json.dumps(item, ensure_ascii=False)


class Collector:
    def __init__(self, home, controls):
        self.manifest = load(home / "manifest.toml")
        self.id, self.controls = self.manifest["id"], controls
        views = home / "views.sql"
        self.views = re.findall(r"((?:^--[^\n]*\n)*)^CREATE VIEW (\w+)", views.read_text() if views.exists() else "", re.M)
        files = sorted((home / "checks").glob("*.toml"))
        self.checks = sorted((c for f in files for c in load(f)["check"]), key=lambda c: c["id"])
        self.cases = {f.stem: load(f).get("case", []) for f in (home / "checks/cases").glob("*.toml")}

    def read(self, endpoint):
        version = f"/{endpoint['version']}" if endpoint["host"] == "graph" else ""
        power = next((f"{key} `{endpoint[key]}`" for key in ("permission", "action") if endpoint.get(key)), "no permission")
        power += f" (or {code(endpoint['also'])})" if endpoint.get("also") else ""
        more = [MARKS.get(key, f"{key} `{endpoint[key]}`") for key in ("licence", *MARKS) if endpoint.get(key)]
        method = "POST" if endpoint.get("read_post") else "GET"
        host = HOSTS.get(endpoint["host"], endpoint["host"])
        return f"- `{method} {version}{endpoint['path']}` of {host}: {', '.join([power, *more])}"

    def dataset(self, spec):
        names = [c["name"] for c in spec["columns"]]
        shown = list(dict.fromkeys([*spec["key"], spec["subject"], spec.get("label", spec["subject"]), *names]))[:4]
        yield from (f"## {spec['id']}", "")
        subject = spec.get("subject_type", "record")
        yield f"Key: {code(spec['key'])}. Subject: `{spec['subject']}` ({subject}). Class of data: {spec.get('data_class', '-')}. Read from:\n"
        yield from (self.read(e) for e in self.manifest.get("endpoint", []) if spec["id"] in e.get("datasets", []))
        yield from ("", "| column | type | personal | holds |", "|---|---|---|---|")
        for column in spec["columns"]:
            fields = code(column.get("fields", []), "")
            yield f"| `{column['name']}` | {column['type']} | {'yes' if column.get('personal') else ''} | {fields} |"
        yield from ("", "```sql", f"SELECT {', '.join(shown)} FROM {spec['id']} ORDER BY {', '.join(spec['key'])} LIMIT 20", "```", "")

    def datasets_page(self):
        yield from (f"# Data of {self.id}", "", NOTE, "", self.manifest["title"] + ". What else a service answers is dropped and counted.", "")
        for spec in self.manifest.get("dataset", []):
            yield from self.dataset(spec)
        if self.views:
            yield from ("## Views", "", "Said once in `views.sql`, for checks of every collector:", "", "| view | |", "|---|---|")
            for comment, name in self.views:
                yield f"| `{name}` | {' '.join(line[2:].strip() for line in comment.splitlines())} |"

    def check(self, check, pages):
        yield from (f"## {check['id']}", "", f"**{check['title']}** ({check['severity']}, version {check['version']})", "")
        yield from (check.get("rationale", ""), "", f"What to do: {check.get('remediation', '-')}", "")
        yield f"- Judges: {'the tenant as a whole' if check['subject'] == 'tenant' else 'each subject of `' + check['subject'] + '`'}"
        yield "- Reads: " + ", ".join(f"[{name}](../datasets/{pages[name]}.md#{name})" for name in check["reads"] if name in pages)
        if check.get("licence"):
            yield f"- Licence: {code(check['licence'])}; without it not assessed"
        yield from (f"- Without rows: {check[key]}" for key in ("empty",) if key in check)
        if check.get("partial_fail"):
            yield f"- A failure stands on partial data of: {code(check['partial_fail'])}"
        for name, default in check.get("params", {}).items():
            yield f"- Parameter `{name}` = `{value(default)}`"
        for verdict, word in VERDICTS:
            if names := [case["name"] for case in self.cases.get(check["id"], []) if case["check"] == verdict]:
                yield f"- {word}: {'; '.join(names)}"
        mapped = self.controls.get(check["id"], {})
        yield from (f"- Evidence for {framework}: {', '.join(controls)}" for framework, controls in mapped.items())
        for source, numbers in check.get("references", {}).items():
            if source not in mapped:
                yield f"- See also {source}: {', '.join(numbers)}"
        yield ""

    def checks_page(self, pages):
        yield from (f"# Checks of {self.id}", "", NOTE, "")
        yield from ("What passes and fails is told by the names of each check's cases; `assay check show ID` prints its SQL.", "")
        for check in self.checks:
            yield from self.check(check, pages)


def index(title, lead, head, rows):
    return [f"# {title}", "", NOTE, "", *lead, "", f"| {head} |", "|---" * (head.count("|") + 1) + "|", *rows]


def pages_of(root):
    controls = {}
    for row in load(root / "frameworks/mapping-source.toml").get("check", []):
        controls[row["id"]] = {name: ids for name, ids in row.items() if name != "id"}
    collectors = [Collector(p.parent, controls) for p in sorted(root.glob("plugins/*/manifest.toml"))]
    where = {d["id"]: c.id for c in collectors for d in c.manifest.get("dataset", [])}
    out = {}
    for c in collectors:
        out[f"datasets/{c.id}.md"], out[f"checks/{c.id}.md"] = c.datasets_page(), c.checks_page(where)
    out["datasets/README.md"] = index(
        "What is read", ["Every table that checks see, and the read that fills it. Nothing else is taken from an answer.",
                         "What no application can read: [not-reached.md](../admin/not-reached.md)."],
        "dataset | columns | personal | collector",
        [f"| [{d['id']}]({c.id}.md#{d['id']}) | {len(d['columns'])} | {sum(bool(x.get('personal')) for x in d['columns']) or ''} | {c.id} |"
         for c in collectors for d in c.manifest.get("dataset", [])])
    out["checks/README.md"] = index(
        "What is decided", ["Every built-in check. Your own: [own-checks.md](../admin/own-checks.md)."],
        "check | severity | question",
        [f"| [{k['id']}]({c.id}.md#{k['id']}) | {k['severity']} | {k['title']} |" for c in collectors for k in c.checks])
    return {root / "docs" / name: re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n" for name, lines in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--check", action="store_true", help="write nothing, end 1 when a page is not current")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    args = parser.parse_args()
    pages = pages_of(args.root)
    made = {p for folder in ("datasets", "checks") for p in (args.root / "docs" / folder).glob("*.md")}
    stale = [p for p, text in pages.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    for path in [*stale, *(gone := sorted(made - set(pages)))]:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not args.check and path in pages:
            path.write_text(pages[path], encoding="utf-8")
        elif not args.check:
            path.unlink()
        print(f"gen-reference: {path.relative_to(args.root)} {'is not current: run tools/gen-reference.py' if args.check else 'written'}")
    print(f"gen-reference: {len(pages)} pages, {len(stale) + len(gone)} of them not current before")
    return 1 if args.check and (stale or gone) else 0


if __name__ == "__main__":
    sys.exit(main())
