#!/usr/bin/env python3
"""usage: gen-permissions.py [--check]

Writes docs/admin/permissions.md: what each built-in plugin needs to read, from the manifests alone. --check writes
nothing and says whether the page is current; then run it without and read the difference: a new permission is a
decision of every administrator.
"""
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/admin/permissions.md"
GUARD = {"Application.Read.All": "which application permissions it was granted, on which service",
         "Directory.Read.All": "which delegated permissions it was granted",
         "RoleManagement.Read.Directory": "which directory roles it holds"}
HEAD = """# The least permissions

<!-- Made by tools/gen-permissions.py from the manifests; do not edit. -->

What the built-in plugins read, and what must be granted for it: application permissions on Microsoft Graph, all of them reads,
and for Azure the role **Reader** on the management groups or subscriptions that shall be read. Nothing else, and nothing that
writes. A permission that is not granted is no error: the checks that need it become `not_assessed` and name it. How to grant
them: [connecting a tenant](connect-a-tenant.md).
"""


def read_name(endpoint):
    version = "/" + endpoint["version"] if endpoint["host"] == "graph" else ""
    return ("POST " if endpoint.get("read_post") else "GET ") + version + endpoint["path"]


def graph_rows(endpoints):
    by_name = {}
    for endpoint in endpoints:
        if endpoint["host"] == "graph":
            by_name.setdefault(endpoint["permission"], []).append(endpoint)
    for name, ones in sorted(by_name.items()):
        also = [a for a in ones[0].get("also", []) if all(a in o.get("also", []) for o in ones)]
        yield f"| `{name}` | {', '.join(f'`{a}`' for a in also) or '-'} | {'<br>'.join(f'`{read_name(o)}`' for o in ones)} |"


def plugin_part(manifest):
    endpoints = manifest.get("endpoint", [])
    out = [f"## {manifest['id']}", "", manifest["title"] + ".", ""]
    rows = list(graph_rows(endpoints))
    if rows:
        out += ["| permission | or | for |", "|---|---|---|", *rows, ""]
    azure = sorted({(e.get("action", ""), read_name(e)) for e in endpoints if e["host"] == "arm"})
    if azure:
        out += ["| Azure action, all within Reader | for |", "|---|---|", *(f"| `{a}` | `{r}` |" for a, r in azure), ""]
    blob = sorted({(e.get("action", ""), read_name(e)) for e in endpoints if e["host"] == "blob"})
    if blob:
        out += ["Only where `cost = { container = ... }` names a container, and on that container alone; a folder needs nothing.", "",
                "| Azure data action, within Storage Blob Data Reader | for |", "|---|---|", *(f"| `{a}` | `{r}` |" for a, r in blob), ""]
    return out


def page():
    manifests = [tomllib.loads(p.read_text(encoding="utf-8")) for p in sorted(ROOT.glob("plugins/*/manifest.toml"))]
    out = [HEAD]
    for manifest in manifests:
        out += plugin_part(manifest)
    out += ["## The consent guard", "", "Before anything is read, assay looks at its own powers. The token shows most of them; with these it also asks the directory,",
            "which shows all (Exchange and other services too). Without them a run says that the directory was not asked.", "",
            "| permission | to see |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in GUARD.items())]
    return "\n".join(out) + "\n"


def main(argv):
    if argv not in ([], ["--check"]):
        print(__doc__)
        return 0 if argv in (["-h"], ["--help"]) else 2
    text = page()
    if argv:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print("permissions page is current" if current else f"{PAGE.relative_to(ROOT)} is not current: run tools/gen-permissions.py")
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
