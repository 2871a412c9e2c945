#!/usr/bin/env python3
"""Runs the cases of built-in checks: plugins/<id>/checks/cases/<check>.toml against the SQL, in an
in-memory SQLite with the functions and rules of the evaluator. Usage: run_cases.py [PLUGINS_DIR]"""
import datetime
import decimal
import json
import pathlib
import re
import sqlite3
import sys
import tomllib

NOW = datetime.datetime(2026, 6, 15, 12, 0, tzinfo=datetime.timezone.utc)
VERDICTS = {"pass", "fail", "manual", "not_applicable", "not_assessed"}
REASONS = {"permission", "licence", "throttled", "unavailable", "partial", "stale", "plugin_fault",
           "unsupported"}
SEVERITIES = {"critical", "high", "medium", "low", "info"}
SQL_TYPES = {"text": "TEXT", "time": "TEXT", "json": "TEXT", "decimal": "TEXT", "int": "INTEGER",
             "bool": "INTEGER"}


def parse_time(text):
    if not isinstance(text, str):
        return None
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


def days(text, sign):
    time = parse_time(text)
    return None if time is None else (sign * (NOW - time)) // datetime.timedelta(days=1)


def unixepoch(text):
    """SQLite's own, but 'now' is the evidence's time, as in the evaluator."""
    time = NOW if text == "now" else parse_time(text)
    return None if time is None else int(time.timestamp())


class DecimalSum:
    def __init__(self):
        self.total = None

    def step(self, value):
        if value is not None:
            self.total = (self.total or decimal.Decimal(0)) + decimal.Decimal(value)

    def finalize(self):
        return None if self.total is None else str(self.total)


def decimal_cmp(left, right):
    if left is None or right is None:
        return None
    left, right = decimal.Decimal(left), decimal.Decimal(right)
    return (left > right) - (left < right)


def open_database(manifest, views):
    db = sqlite3.connect(":memory:")
    db.create_function("days_since", 1, lambda text: days(text, 1), deterministic=True)
    db.create_function("days_until", 1, lambda text: days(text, -1), deterministic=True)
    db.create_function("unixepoch", 1, unixepoch, deterministic=True)
    db.create_function("decimal_cmp", 2, decimal_cmp, deterministic=True)
    db.create_aggregate("decimal_sum", 1, DecimalSum)
    for dataset in manifest["dataset"]:
        columns = ", ".join(f'"{c["name"]}" {SQL_TYPES[c["type"]]}' for c in dataset["columns"])
        db.execute(f'CREATE TABLE {dataset["id"]} ({columns}, PRIMARY KEY '
                   f'({", ".join(dataset["key"])})) STRICT, WITHOUT ROWID')
    db.execute("PRAGMA trusted_schema = OFF")  # as the evaluator: views get harmless functions only
    db.execute("SELECT count(*) FROM json_each('[1]')")  # made once, before any authorizer denies it
    db.executescript(views)
    return db


def fill(db, manifest, rows):
    datasets = {dataset["id"]: dataset for dataset in manifest["dataset"]}
    for dataset_id, items in rows.items():
        spec = datasets[dataset_id]
        types = {column["name"]: column["type"] for column in spec["columns"]}
        for item in items:
            values = {}
            for name, value in item.items():
                if name not in types:
                    raise ValueError(f"{dataset_id} has no column {name}")
                values[name] = json.dumps(value) if types[name] == "json" else value
            for key in spec["key"]:
                values.setdefault(key, "")
            names = ", ".join(f'"{name}"' for name in values)
            marks = ", ".join("?" * len(values))
            db.execute(f"INSERT INTO {dataset_id} ({names}) VALUES ({marks})",
                       list(values.values()))


def bound(params):
    return {name: json.dumps(value) if isinstance(value, (list, dict)) else value
            for name, value in params.items()}


def evaluate(db, check, params, datasets):
    seen = set()

    def ask(action, first, second, *_):
        if action == sqlite3.SQLITE_READ:
            if first in datasets:
                seen.add(first)
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_OK if action in (
            sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION) else sqlite3.SQLITE_DENY

    db.set_authorizer(ask)
    try:
        rows = db.execute(check["sql"], bound(params)).fetchall()
    finally:
        db.set_authorizer(None)
    undeclared = seen - set(check["reads"])
    if undeclared:
        raise ValueError(f"reads lacks {sorted(undeclared)}")
    unused = set(check["reads"]) - seen
    if unused:
        raise ValueError(f"reads names {sorted(unused)}, the SQL does not")
    return rows


def roll_up(check, rows, states):
    verdicts = {verdict for _, verdict, _ in rows}
    optional = set(check.get("optional", []))
    incomplete = {d: s for d, s in states.items() if s != "complete" and d in check["reads"]
                  and not (d in optional and s == "unavailable")}
    if incomplete:
        stands = all(s == "partial" and d in check.get("partial_fail", [])
                     for d, s in incomplete.items())
        return "fail" if stands and "fail" in verdicts else "not_assessed"
    for verdict in ("fail", "not_assessed", "manual", "pass"):
        if verdict in verdicts:
            return verdict
    return "not_applicable"


def check_rows(check, rows):
    subjects = [subject for subject, _, _ in rows]
    if check["subject"] == "tenant" and (len(rows) > 1 or set(subjects) - {"tenant"}):
        raise ValueError(f"a tenant check answered {rows}")
    for subject, verdict, detail in rows:
        if not subject or verdict not in VERDICTS or not isinstance(detail, str):
            raise ValueError(f"bad row {(subject, verdict, detail)}")
        if verdict == "not_assessed" and detail.split(": ")[0] not in REASONS:
            raise ValueError(f"not_assessed without a reason: {detail}")
    if len(set(subjects)) != len(subjects):
        raise ValueError("a subject stands twice")


def run_case(check, case, manifest, views):
    db = open_database(manifest, views)
    fill(db, manifest, case.get("rows", {}))
    params = dict(check.get("params", {}))
    for name, value in case.get("params", {}).items():
        if name not in params:
            raise ValueError(f"the check has no parameter {name}")
        params[name] = value
    rows = evaluate(db, check, params, {d["id"] for d in manifest["dataset"]})
    check_rows(check, rows)
    got = {subject: verdict for subject, verdict, _ in rows}
    if "expect" in case and got != case["expect"]:
        raise ValueError(f"expected {case['expect']}, got {rows}")
    total = roll_up(check, rows, case.get("states", {}))
    if total != case["check"]:
        raise ValueError(f"the check is {total}, expected {case['check']}: {rows}")
    needle = case.get("detail")
    if needle and not any(needle in detail for _, _, detail in rows):
        raise ValueError(f"no detail holds {needle!r}: {rows}")


def lint(check, manifest):
    problems = []
    datasets = {d["id"] for d in manifest["dataset"]}
    if check["severity"] not in SEVERITIES:
        problems.append(f"severity {check['severity']}")
    for field in ("title", "rationale", "remediation", "sql"):
        if not check.get(field):
            problems.append(f"no {field}")
    for name in check["reads"]:
        if name not in datasets:
            problems.append(f"no dataset {name}")
    if check["subject"] != "tenant" and check["subject"] not in check["reads"]:
        problems.append("subject is not in reads")
    used = set(re.findall(r":([a-z_]+)", check["sql"]))
    if used != set(check.get("params", {})):
        problems.append(f"parameters {sorted(used)} against {sorted(check.get('params', {}))}")
    return problems


def run_check(home, check, manifest, views):
    failures = [f"{check['id']}: {problem}" for problem in lint(check, manifest)]
    path = home / "checks" / "cases" / f"{check['id']}.toml"
    if not path.exists():
        return [*failures, f"{check['id']}: no cases"], 0
    cases = tomllib.loads(path.read_text())
    wanted = {"pass", "fail", "not_assessed"} | (
        set() if cases.get("not_applicable") == "never" else {"not_applicable"})
    missing = wanted - {case["check"] for case in cases["case"]}
    if missing:
        failures.append(f"{check['id']}: no case ends in {sorted(missing)}")
    for case in cases["case"]:
        try:
            run_case(check, case, manifest, views)
        except (ValueError, sqlite3.Error, KeyError, decimal.InvalidOperation) as error:
            failures.append(f"{check['id']} / {case['name']}: {error}")
    return failures, len(cases["case"])


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                        pathlib.Path(__file__).resolve().parents[2] / "plugins")
    failures, checks, count, ids = [], 0, 0, set()
    for home in sorted(path.parent for path in root.glob("*/manifest.toml")):
        manifest = tomllib.loads((home / "manifest.toml").read_text())
        views_path = home / "views.sql"
        views = views_path.read_text() if views_path.exists() else ""
        known = set()
        for file in sorted((home / "checks").glob("*.toml")):
            for check in tomllib.loads(file.read_text())["check"]:
                if check["id"] in ids:
                    failures.append(f"{check['id']}: stands twice")
                ids.add(check["id"])
                known.add(check["id"])
                failed, cases = run_check(home, check, manifest, views)
                failures += failed
                checks, count = checks + 1, count + cases
        for stray in (home / "checks" / "cases").glob("*.toml"):
            if stray.stem not in known:
                failures.append(f"{stray}: no such check")
    for failure in failures:
        print("FAIL", failure)
    print(f"{checks} checks, {count} cases, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
