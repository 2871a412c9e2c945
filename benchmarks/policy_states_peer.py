#!/usr/bin/env python3
"""usage: policy_states_peer.py BASE TARGET FOLDER

What an engineer would write instead, with Python's own modules (http.client, json, hashlib, sqlite3): reads the same pages
of policy states by their continuation links, keeps each body with its SHA-256 and each state as a row that names its
record, and decides by SQL what assay's checks of states decide: a verdict for every state that does not comply, with the
record it stands on. It neither confines, nor compresses, nor encrypts, nor signs, nor proves; nobody can
check later what it read. Prints one JSON line: states, bytes, findings.
"""
import hashlib
import http.client
import json
import pathlib
import sqlite3
import sys
import urllib.parse

COLUMNS = ["resourceId", "policyAssignmentId", "policyDefinitionReferenceId", "policyDefinitionId", "policyDefinitionAction",
           "resourceType", "resourceLocation", "complianceState"]
CHECKS = {
    "denied": """SELECT lower(resourceId || '|' || policyAssignmentId || '|' || coalesce(policyDefinitionReferenceId, '')),
                   CASE WHEN coalesce(lower(policyDefinitionAction), 'deny') = 'deny' THEN 'fail' ELSE 'pass' END,
                   policyDefinitionId, body, record
                 FROM state WHERE lower(complianceState) = 'noncompliant'""",
    "assignments": """SELECT lower(policyAssignmentId), CASE WHEN avg(lower(complianceState) = 'noncompliant') > 0.1
                        THEN 'fail' ELSE 'pass' END, avg(lower(complianceState) = 'noncompliant'), NULL, NULL
                      FROM state GROUP BY 1""",
}


def pages(base, target):
    link = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(link.hostname, link.port)
    while target:
        connection.request("POST", target, headers={"Content-Length": "0"})
        body = connection.getresponse().read()
        page = json.loads(body)
        yield body, page["value"]
        following = urllib.parse.urlsplit(page.get("@odata.nextLink") or "")
        target = f"{following.path}?{following.query}" if following.path else None


def main(base, target, folder):
    store = sqlite3.connect(pathlib.Path(folder) / "peer.db")
    store.executescript(f"""PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
        CREATE TABLE body(sha256 BLOB, bytes BLOB); CREATE TABLE state({", ".join(COLUMNS)}, body, record);
        CREATE TABLE finding(check_id, subject, verdict, detail, body, record);""")
    insert = f"INSERT INTO state VALUES ({', '.join('?' * len(COLUMNS))}, ?, ?)"
    states = size = 0
    for body, value in pages(base, target):
        number = store.execute("INSERT INTO body VALUES (?, ?)", (hashlib.sha256(body).digest(), body)).lastrowid
        store.executemany(insert, ([*(state.get(name) for name in COLUMNS), number, i] for i, state in enumerate(value)))
        store.commit()
        states, size = states + len(value), size + len(body)
    for name, sql in CHECKS.items():
        store.execute("INSERT INTO finding SELECT ?, * FROM (" + sql + ")", [name])
    store.commit()
    findings = store.execute("SELECT count(*) FROM finding").fetchone()[0]
    print(json.dumps({"states": states, "bytes": size, "findings": findings}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
