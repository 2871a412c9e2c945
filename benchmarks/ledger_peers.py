#!/usr/bin/env python3
"""The same records into the ledger, raw SQLite, hypercore and git, in turns in one run.

Usage: benchmarks/ledger_peers.py BUILD_FOLDER [--records N] [--rounds N] [--json FILE]

Records are invented users of about 1 KiB, the same for everybody. Everybody makes 1,000 of them
durable at a time (git: one commit a record, its pack synced at the end, which flatters it). hypercore 10
comes from npm into BUILD_FOLDER/peers; without npm it is left out, loudly. TMPDIR names the disk.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
HYPERCORE = "hypercore@10.38.2"


def record(rng, number):
    """A user as Graph gives it, with invented values; about 1 KiB."""
    word = lambda n: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=n))  # noqa: E731
    guid = lambda: f"{rng.getrandbits(128):032x}"  # noqa: E731
    name = f"{word(6)}.{word(9)}"
    return json.dumps({
        "id": guid(), "userPrincipalName": f"{name}@aurelia.example", "displayName": name, "number": number,
        "accountEnabled": rng.random() < 0.9, "userType": "Member", "mail": f"{name}@aurelia.example",
        "createdDateTime": f"2025-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}T10:00:00Z",
        "signInActivity": {"lastSignInDateTime": f"2026-1{rng.randint(0, 1)}-0{rng.randint(1, 9)}T08:00:00Z",
                           "lastSignInRequestId": guid()},
        "assignedLicenses": [{"disabledPlans": [], "skuId": guid()} for _ in range(3)],
        "assignedPlans": [{"assignedDateTime": "2025-02-01T00:00:00Z", "capabilityStatus": "Enabled",
                           "service": word(8), "servicePlanId": guid()} for _ in range(3)],
        "proxyAddresses": [f"SMTP:{name}@aurelia.example", f"smtp:{word(8)}@aurelia.example"],
    }, separators=(",", ":"))


def run_json(command, **options):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout)


def git_import(file, folder):
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    lines = file.read_bytes().splitlines()
    stream = []
    for number, line in enumerate(lines):
        stream.append(b"commit refs/heads/main\ncommitter a <a@example> %d +0000\ndata 1\nr\n"
                      b"M 644 inline r/%d/%d\ndata %d\n%s\n" % (number, number // 1000, number, len(line), line))
    data = b"".join(stream) + b"done\n"
    started = time.monotonic()
    subprocess.run(["git", "-C", str(folder), "-c", "core.fsync=all", "fast-import", "--quiet", "--done"],
                   input=data, check=True)
    return {"rows": len(lines), "seconds": time.monotonic() - started}


def install_hypercore(build):
    peers = build / "peers"
    if not (peers / "node_modules/hypercore").is_dir():
        if not shutil.which("npm"):
            return None
        peers.mkdir(exist_ok=True)
        done = subprocess.run(["npm", "install", "--prefix", str(peers), "--no-audit", "--no-fund", HYPERCORE],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
    return peers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    bench = args.build / "bin/ledger_bench"
    peers = install_hypercore(args.build)
    if peers is None:
        print("SKIPPED: hypercore, npm is not here or has no network")
    rates = {}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        file = scratch / "records.jsonl"
        rng = random.Random(7)
        file.write_text("\n".join(record(rng, n) for n in range(args.records)) + "\n")
        plain = file.stat().st_size
        for round_number in range(args.rounds):
            trials = {"raw SQLite": lambda: run_json([bench, "rows", file]),
                      "assay": lambda: run_json([bench, "records", file]),
                      "git": lambda: git_import(file, scratch / f"git{round_number}")}
            if peers:
                trials["hypercore"] = lambda: run_json(
                    ["node", HERE / "hypercore_append.js", file, scratch / f"core{round_number}"],
                    env=os.environ | {"PEERS": str(peers)})
            for name, trial in trials.items():
                result = trial()
                rates.setdefault(name, []).append(result["rows"] / result["seconds"])
                if name == "assay":
                    disk = result["disk"] / plain
    print(f"{args.records} records of {plain / args.records:.0f} bytes, {args.rounds} rounds in turns, "
          "rows a second: median (least to most), assay is so many times it")
    own = rates["assay"]
    for name, values in rates.items():
        ratios = [ours / theirs for ours, theirs in zip(own, values)]
        print(f"  {name:11} {statistics.median(values):9.0f}  ({min(values):.0f} to {max(values):.0f})  "
              f"x {statistics.median(ratios):.2f}")
    print(f"  disk of assay: {disk:.2f} of the records' bytes")
    if args.json:
        args.json.write_text(json.dumps({"rates": rates, "disk": disk}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
