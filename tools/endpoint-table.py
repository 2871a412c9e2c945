#!/usr/bin/env python3
# Prints "endpoint-id TAB method TAB path" for every endpoint of the collectors' manifests (assay-sample-server reads it).
"""Usage: endpoint-table.py [--root DIR]"""
import argparse
import pathlib
import sys
import tomllib


def rows(root):
    """One row per endpoint, sorted by file and order in it; an endpoint of two collectors stands once."""
    seen = set()
    for path in sorted(root.glob("plugins/*/manifest.toml")):
        with open(path, "rb") as file:
            manifest = tomllib.load(file)
        for endpoint in manifest.get("endpoint", []):
            if endpoint["host"] == "blob":
                continue  # files, which no sample server has
            version = "/" + endpoint["version"] if endpoint["host"] == "graph" else ""
            method = "POST" if endpoint.get("read_post") else "GET"
            row = (endpoint["id"], method, version + endpoint["path"])
            if row not in seen:
                seen.add(row)
                yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    for row in rows(parser.parse_args().root):
        print("\t".join(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
