#!/usr/bin/env python3
"""Runs the cases of built-in checks: plugins/<id>/checks/cases/<check>.toml against the SQL, in an
in-memory SQLite with the functions and rules of the evaluator, of which this is a second
implementation. Usage: run_cases.py [PLUGINS_DIR [CHECK...]]"""
import decimal
import json
import pathlib
import re
import sqlite3
import sys
import tomllib

import sql_functions

VERDICTS = {"pass", "fail", "manual", "not_applicable", "not_assessed"}
REASONS = {"permission", "licence", "throttled", "unavailable", "partial", "stale", "plugin_fault",
           "unsupported"}
SEVERITIES = {"critical", "high", "medium", "low", "info"}
EMPTY = {"pass", "fail", "not_applicable", "not_assessed"}
TRAPS = {"missing", "null", "case", "string", "empty", "partial", "order", "other"}
SQL_TYPES = {"text": "TEXT", "time": "TEXT", "json": "TEXT", "decimal": "TEXT", "int": "INTEGER",
             "bool": "INTEGER"}
# Service plans with a published id; AAD_PREMIUM_P2 contains AAD_PREMIUM.
PLAN_IDS = {"AAD_PREMIUM": "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
            "AAD_PREMIUM_P2": "eec0eb4f-6444-4f95-aba0-50c24d67f998",
            "INTUNE_A": "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"}
# Checks from before these duties: each leaves the list when it states `empty` and has a trap.
EXAMPLES = pathlib.Path(__file__).with_name("functions.tsv")
OPEN_LIST = pathlib.Path(__file__).with_name("without_trap.txt")


class Collector:
    """A collector's folder, read."""

    def __init__(self, home):
        self.home = home
        self.manifest = tomllib.loads((home / "manifest.toml").read_text())
        self.id = self.manifest["id"]
        views = home / "views.sql"
        self.views = views.read_text() if views.exists() else ""
        self.checks = [check for file in sorted((home / "checks").glob("*.toml"))
                       for check in tomllib.loads(file.read_text())["check"]]


class World:
    """All collectors in one database, as in a run with all of them enabled."""

    def __init__(self, collectors):
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        sql_functions.register(self.db)
        self.datasets = {}
        for collector in collectors:
            for dataset in collector.manifest.get("dataset", []):
                if dataset["id"] in self.datasets:
                    raise SystemExit(f"dataset {dataset['id']} stands in two manifests")
                self.datasets[dataset["id"]] = dataset
                self.create(dataset)
        self.db.execute("SELECT count(*) FROM json_each('[1]'), json_tree('[1]')")  # before any authorizer
        for collector in collectors:
            try:
                self.db.executescript(collector.views)
            except sqlite3.Error as error:
                raise SystemExit(f"{collector.home}/views.sql: {error}") from error
        self.views = {name for name, in
                      self.db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")}

    def create(self, dataset):
        columns = ", ".join(f'"{c["name"]}" {SQL_TYPES[c["type"]]}' for c in dataset["columns"])
        self.db.execute(f'CREATE TABLE {dataset["id"]} ({columns}, PRIMARY KEY '
                        f'({", ".join(dataset["key"])})) STRICT, WITHOUT ROWID')

    def fill(self, rows):
        for dataset_id, items in rows.items():
            if dataset_id not in self.datasets:
                raise ValueError(f"no dataset {dataset_id}")
            spec = self.datasets[dataset_id]
            types = {column["name"]: column["type"] for column in spec["columns"]}
            for item in items:
                self.insert(dataset_id, spec, types, item)

    def insert(self, dataset_id, spec, types, item):
        values = {}
        for name, value in item.items():
            if name not in types:
                raise ValueError(f"{dataset_id} has no column {name}")
            values[name] = json.dumps(value) if types[name] == "json" else value
        for key in spec["key"]:
            values.setdefault(key, 0 if types[key] in ("int", "bool") else "")
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        self.db.execute(f"INSERT INTO {dataset_id} ({names}) VALUES ({marks})",
                        list(values.values()))

    def ask(self, sql, params, reads):
        """Rows of one SELECT and the datasets it looked at; only those in `reads` are open."""
        seen = set()

        def authorize(action, first, *_):
            if action == sqlite3.SQLITE_READ:
                if first in self.datasets:
                    seen.add(first)
                return sqlite3.SQLITE_OK
            return sqlite3.SQLITE_OK if action in (
                sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION,
                sqlite3.SQLITE_RECURSIVE) else sqlite3.SQLITE_DENY

        self.db.set_authorizer(authorize)
        try:
            rows = self.db.execute(sql, bound(params)).fetchall()
        finally:
            self.db.set_authorizer(None)
        if seen - set(reads):
            raise ValueError(f"reads lacks {sorted(seen - set(reads))}")
        return rows, seen


def bound(params):
    return {name: json.dumps(value) if isinstance(value, (list, dict)) else value
            for name, value in params.items()}


def gives(row, wanted):
    ids = {PLAN_IDS.get(wanted)} | ({PLAN_IDS["AAD_PREMIUM_P2"]} if wanted == "AAD_PREMIUM" else set())
    names = {wanted} | ({"AAD_PREMIUM_P2"} if wanted == "AAD_PREMIUM" else set())
    return (row[0] or "").lower() in ids - {None} or row[1] in names


def licence_gate(world, collector, check, states):
    """What is said instead of a verdict, and the datasets behind the view of plans."""
    if not check.get("licence"):
        return None, set()
    view = f"{collector.id.replace('-', '_')}_plan"
    if view not in world.views:
        return f"unsupported: there is no view {view}", set()
    rows, seen = world.ask(f"SELECT plan_id, plan_name FROM {view}", {}, check["reads"])
    if any(gives(row, wanted) for row in rows for wanted in check["licence"]):
        return None, seen
    if any(states.get(dataset, "complete") != "complete" for dataset in seen):
        return "partial: the plans are not known", seen
    return f"licence: no {' or '.join(check['licence'])}", seen


def evaluate(world, collector, check, params, states):
    """Rows as the evaluator has them before the roll-up, and the reason when the gate is shut."""
    refusal, behind_plans = licence_gate(world, collector, check, states)
    rows, seen = world.ask(check["sql"], params, check["reads"])
    unused = set(check["reads"]) - seen - behind_plans
    if unused:
        raise ValueError(f"reads names {sorted(unused)}, the SQL does not")
    return ([], refusal) if refusal else (rows, None)


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


def within(world, action):
    """Runs `action` on empty tables and empties them again."""
    world.db.execute("BEGIN")
    try:
        return action()
    finally:
        world.db.execute("ROLLBACK")


def run_case(world, collector, check, case):
    world.fill(case.get("rows", {}))
    states = case.get("states", {})
    if set(states) - set(check["reads"]):
        raise ValueError(f"states of {sorted(set(states) - set(check['reads']))}, not in reads")
    params = dict(check.get("params", {}))
    for name, value in case.get("params", {}).items():
        if name not in params:
            raise ValueError(f"the check has no parameter {name}")
        params[name] = value
    rows, refusal = evaluate(world, collector, check, params, states)
    check_rows(check, rows)
    got = {subject: verdict for subject, verdict, _ in rows}
    if "expect" in case and got != case["expect"]:
        raise ValueError(f"expected {case['expect']}, got {rows or refusal}")
    total = "not_assessed" if refusal else roll_up(check, rows, states)
    if total != case["check"]:
        raise ValueError(f"the check is {total}, expected {case['check']}: {rows or refusal}")
    needle = case.get("detail")
    details = [refusal] if refusal else [detail for _, _, detail in rows]
    if needle and not any(needle in detail for detail in details):
        raise ValueError(f"no detail holds {needle!r}: {rows or refusal}")


def run_empty(world, check):
    """All datasets complete and without rows; a licence counts as present."""
    rows, _ = world.ask(check["sql"], dict(check.get("params", {})), check["reads"])
    check_rows(check, rows)
    got = roll_up(check, rows, {})
    if got != check["empty"]:
        raise ValueError(f"without rows the check is {got}, empty says {check['empty']}: {rows}")


def holes(rows, datasets):
    """Copies of a case's rows, each without one thing that a service may leave out: a column that is no key,
    in every row of its dataset, or one member of the lists and objects in a column of JSON."""
    for dataset, items in rows.items():
        spec = datasets[dataset]
        types = {column["name"]: column["type"] for column in spec["columns"]}
        for column in sorted({name for item in items for name in item} - set(spec["key"])):
            def without(change, dataset=dataset, column=column):
                return {**rows, dataset: [{**item, column: change(item[column])} if column in item else item
                                          for item in rows[dataset]]}
            # An absent value of JSON is SQL's null, not the text "null".
            yield f"{dataset}.{column}", {**rows, dataset: [
                {name: value for name, value in item.items() if name != column} for item in items]}
            if types[column] == "text":
                yield f"{dataset}.{column} (empty)", without(lambda value: "")
            if types[column] == "json":
                for name in sorted(members([item.get(column) for item in items])):
                    for word, put in (("null", {name: None}), ("left out", {})):
                        yield f"{dataset}.{column} with {name} {word}", without(
                            lambda value, name=name, put=put: punched(value, name, put))


def members(value):
    """Names of members at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(members(inner) for inner in value.values()))
    return set().union(*(members(inner) for inner in value)) if isinstance(value, list) else set()


def punched(value, name, put):
    """The value with `put` in the place of each member `name`."""
    if isinstance(value, list):
        return [punched(inner, name, put) for inner in value]
    if not isinstance(value, dict):
        return value
    kept = {key: punched(inner, name, put) for key, inner in value.items() if key != name}
    return {**kept, **put} if name in value else kept


def run_with_holes(world, check, case):
    """Whatever a service leaves out, rows stay rows: with a subject, a verdict and a sentence. What the verdict is,
    the cases say."""
    params = {**check.get("params", {}), **case.get("params", {})}

    def trial(rows):
        world.fill(rows)
        found, _ = world.ask(check["sql"], params, check["reads"])
        check_rows(check, found)

    problems = []
    for what, rows in holes(case.get("rows", {}), world.datasets):
        try:
            within(world, lambda rows=rows: trial(rows))
        except (ValueError, sqlite3.Error, decimal.InvalidOperation) as error:
            problems.append(f"{case['name']}, without {what}: {error}")
    return problems


def lint(world, check, is_open):
    problems = []
    if check["severity"] not in SEVERITIES:
        problems.append(f"severity {check['severity']}")
    for field in ("title", "rationale", "remediation", "sql"):
        if not check.get(field):
            problems.append(f"no {field}")
    for name in check["reads"]:
        if name not in world.datasets:
            problems.append(f"no dataset {name}")
    if check["subject"] != "tenant" and check["subject"] not in check["reads"]:
        problems.append("subject is not in reads")
    if "empty" not in check and not is_open:
        problems.append("does not state `empty`: its verdict without rows")
    if check.get("empty", "pass") not in EMPTY:
        problems.append(f"empty is {check['empty']!r}, not one of {sorted(EMPTY)}")
    used = set(re.findall(r":([a-z_][a-z0-9_]*)", re.sub(r"'[^']*'|--[^\n]*", "", check["sql"])))
    if used != set(check.get("params", {})):
        problems.append(f"parameters {sorted(used)} against {sorted(check.get('params', {}))}")
    return problems


def lint_cases(cases, is_open):
    problems = []
    wanted = {"pass", "fail", "not_assessed"} | (
        set() if cases.get("not_applicable") == "never" else {"not_applicable"})
    missing = wanted - {case["check"] for case in cases["case"]}
    if missing:
        problems.append(f"no case ends in {sorted(missing)}")
    traps = {case["trap"] for case in cases["case"] if "trap" in case}
    if not traps and not is_open:
        problems.append("no case is a trap")
    if traps - TRAPS:
        problems.append(f"trap {sorted(traps - TRAPS)}: not one of {sorted(TRAPS)}")
    return problems


def run_check(world, collector, check, is_open):
    problems = lint(world, check, is_open)
    path = collector.home / "checks" / "cases" / f"{check['id']}.toml"
    if not path.exists():
        return [*problems, "no cases"], 0
    cases = tomllib.loads(path.read_text())
    problems += lint_cases(cases, is_open)
    trials = [(case["name"], lambda case=case: run_case(world, collector, check, case))
              for case in cases["case"]]
    if "empty" in check:
        trials.append(("without rows", lambda: run_empty(world, check)))
    for name, trial in trials:
        try:
            within(world, trial)
        except (ValueError, sqlite3.Error, KeyError, decimal.InvalidOperation) as error:
            problems.append(f"{name}: {error}")
    for case in cases["case"]:
        if "states" not in case:  # those have the rows of another case
            problems += run_with_holes(world, check, case)
    return problems, len(cases["case"])


def read_open_list(root):
    """Only the checks of this tree may be on the list, and only while it is needed."""
    if root != default_root() or not OPEN_LIST.exists():
        return set()
    return {line for line in OPEN_LIST.read_text().split("\n") if line and not line.startswith("#")}


def default_root():
    return pathlib.Path(__file__).resolve().parents[2] / "plugins"


def run_all(root, only):
    failures, count, seen = [], 0, set()
    collectors = [Collector(path.parent) for path in sorted(root.glob("*/manifest.toml"))]
    world = World(collectors)
    allowed = read_open_list(root)
    for collector in collectors:
        for check in collector.checks:
            if check["id"] in seen:
                failures.append(f"{check['id']}: stands twice")
            seen.add(check["id"])
            if only and check["id"] not in only:
                continue
            problems, cases = run_check(world, collector, check, check["id"] in allowed)
            failures += [f"{check['id']}: {problem}" for problem in problems]
            count += cases
        known = {check["id"] for check in collector.checks}
        failures += [f"{stray}: no such check"
                     for stray in (collector.home / "checks" / "cases").glob("*.toml")
                     if stray.stem not in known]
    failures += [f"{OPEN_LIST.name}: {name} is no check" for name in sorted(allowed - seen)]
    return failures, len(seen), count, len(allowed)


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default_root()
    failures, checks, count, still_open = run_all(root, set(sys.argv[2:]))
    failures += sql_functions.check_examples(EXAMPLES)
    for failure in failures:
        print("FAIL", failure)
    print(f"{checks} checks, {count} cases, {len(failures)} failures, {still_open} without a trap yet")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
