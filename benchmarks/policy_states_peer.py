#!/usr/bin/env python3
"""usage: policy_states_peer.py BASE TARGET FOLDER

What an engineer would write instead, with Python's own modules (http.client, json, hashlib, sqlite3): reads the same pages
of policy states by their continuation links, keeps each body with its SHA-256 and each state as a row, and decides by SQL
what assay's checks of states decide. It neither confines, nor compresses, nor encrypts, nor signs, nor proves; nobody can
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
    "denied": """SELECT resourceId, policyAssignmentId, policyDefinitionReferenceId FROM state
                 WHERE lower(policyDefinitionAction) = 'deny' AND lower(complianceState) = 'noncompliant'""",
    "resources": """SELECT resourceId, count(*) FROM state GROUP BY resourceId
                    HAVING sum(lower(complianceState) = 'noncompliant') > 0""",
    "assignments": """SELECT policyAssignmentId, avg(lower(complianceState) = 'noncompliant') FROM state
                      GROUP BY policyAssignmentId""",
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
        CREATE TABLE body(sha256 BLOB, bytes BLOB); CREATE TABLE state({", ".join(COLUMNS)});
        CREATE TABLE finding(check_id, subject, detail);""")
    insert = f"INSERT INTO state VALUES ({', '.join('?' * len(COLUMNS))})"
    states = size = 0
    for body, value in pages(base, target):
        store.execute("INSERT INTO body VALUES (?, ?)", (hashlib.sha256(body).digest(), body))
        store.executemany(insert, ([state.get(name) for name in COLUMNS] for state in value))
        store.commit()
        states, size = states + len(value), size + len(body)
    for name, sql in CHECKS.items():
        found = [(name, row[0], str(row[-1])) for row in store.execute(sql)]
        store.executemany("INSERT INTO finding VALUES (?, ?, ?)", found)
    store.commit()
    findings = store.execute("SELECT count(*) FROM finding").fetchone()[0]
    print(json.dumps({"states": states, "bytes": size, "findings": findings}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
