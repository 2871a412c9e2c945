#!/usr/bin/env python3
"""What cost_bench.py measures assay against: a plain script that reads a cost export, adds it up and keeps what it read.

Usage: benchmarks/cost_peer.py FOLDER DATABASE

Reads every part that the manifest names (csv, gzip), adds amounts up with decimal by the keys of the collector's three
tables, counts what the conformance check counts, hashes each file and keeps it in 8 MiB pieces (sqlite3, one transaction).
It confines nothing, seals nothing and proves nothing. Prints one JSON object with the totals.
"""
import csv
import decimal
import gzip
import hashlib
import io
import json
import pathlib
import sqlite3
import sys

PIECE = 8 << 20
GROUP = ("BillingPeriodStart", "BillingCurrency", "BillingAccountId", "SubAccountId", "ProviderName", "PublisherName",
         "ServiceCategory", "ServiceName", "RegionId", "ChargeCategory", "CommitmentDiscountStatus")
AMOUNTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
CATEGORIES = {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
ZERO = decimal.Decimal(0)


def keep(database, path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for number, piece in enumerate(iter(lambda: file.read(PIECE), b"")):
            digest.update(piece)
            database.execute("INSERT INTO piece VALUES (?, ?, ?)", (path.name, number, piece))
    database.execute("INSERT INTO file VALUES (?, ?)", (path.name, digest.hexdigest()))


def add(table, key, amounts):
    known = table.get(key)
    if known is None:
        table[key] = [*amounts, 1]
    else:
        for i, amount in enumerate(amounts):
            known[i] += amount
        known[-1] += 1


class Sums:
    def __init__(self):
        self.groups, self.days, self.tags, self.rows, self.odd, self.last = {}, {}, {}, 0, 0, ""

    def read(self, path):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text)
            header = next(rows)
            at = {name: header.index(name) for name in header}
            keys, amounts = [at[name] for name in GROUP], [at[name] for name in AMOUNTS]
            account, start, end = at["SubAccountId"], at["ChargePeriodStart"], at["ChargePeriodEnd"]
            currency, category, tags = at["BillingCurrency"], at["ChargeCategory"], at["Tags"]
            for row in rows:
                values = [decimal.Decimal(row[i]) if row[i] else ZERO for i in amounts]
                row[account] = row[account].lower()
                add(self.groups, tuple([row[i] for i in keys]), values)
                add(self.days, (row[account], row[start][:10], row[currency]), values[:2])
                if row[category] == "Usage" and row[tags]:
                    for name, content in json.loads(row[tags]).items():
                        if content:
                            add(self.tags, (name.lower(), row[currency]), values[1:2])
                self.odd += row[category] not in CATEGORIES or not row[currency]
                self.last = max(self.last, row[end])
                self.rows += 1

    def write(self, database):
        for name, table in (("cost_group", self.groups), ("cost_day", self.days), ("cost_tag", self.tags)):
            width = len(next(iter(table))) + len(next(iter(table.values())))
            database.execute(f"CREATE TABLE {name} ({', '.join(f'c{i}' for i in range(width))})")
            database.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * width)})",
                                 ([*key, *(str(value) for value in sums[:-1]), sums[-1]] for key, sums in table.items()))


def main():
    decimal.getcontext().prec = 60
    folder, database = pathlib.Path(sys.argv[1]), sqlite3.connect(sys.argv[2])
    database.execute("CREATE TABLE piece (name TEXT, number INTEGER, data BLOB)")
    database.execute("CREATE TABLE file (name TEXT, sha256 TEXT)")
    sums = Sums()
    for manifest in sorted(folder.rglob("manifest.json")):
        for blob in json.loads(manifest.read_text())["blobs"]:
            path = manifest.parent / blob["blobName"].rsplit("/", 1)[1]
            keep(database, path)
            sums.read(path)
    sums.write(database)
    database.commit()
    totals = [sum((group[i] for group in sums.groups.values()), ZERO) for i in range(2)]
    print(json.dumps({"rows": sums.rows, "billed": format(totals[0], "f"), "effective": format(totals[1], "f"),
                      "groups": len(sums.groups), "days": len(sums.days), "tags": len(sums.tags), "odd": sums.odd, "last": sums.last}))


if __name__ == "__main__":
    main()
