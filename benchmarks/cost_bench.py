#!/usr/bin/env python3
"""A cost export through the whole of assay, against a plain Python script, in one run on the same files.

Usage: benchmarks/cost_bench.py BUILD_FOLDER [--rows N] [--rounds N] [--steps] [--plain] [--data FOLDER] [--json FILE]

Writes an export in the FOCUS format (tools/gen-cost-export.py; 5 million rows: 3.6 GB of CSV, 0.4 GB in gzip), or takes the
one in --data. Each round: `assay run` with the cost collector alone on that folder (read, added up, judged, committed,
sealed), `assay ledger verify`, then cost_peer.py on the same files. Memory: PSS of all processes of assay, ten times a
second; of the script its resident set. The totals of all three (generator, assay, script) must be the same to the last
digit, or it fails. --steps: a quarter and a half of the rows too, to show that cost grows with rows. Only loopback is used.
"""
import argparse
import decimal
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from collect_bench import MIB, Sampler, children_cpu, disk_bytes

SOURCE = pathlib.Path(__file__).resolve().parent.parent
SUMS = '''[[check]]
id = "bench-sums"
version = 1
title = "Sums"
severity = "info"
subject = "tenant"
reads = ["cost_group"]
empty = "not_applicable"
rationale = "The benchmark compares them."
remediation = "None."
sql = """
SELECT 'tenant' AS subject, 'fail' AS verdict, json_array(SUM(rows), decimal_sum(billed_cost), decimal_sum(effective_cost)) AS detail
FROM cost_group
"""
'''


def generate(folder, rows, plain):
    words = ["--rows", str(rows)] + (["--plain"] if plain else [])
    subprocess.run([sys.executable, SOURCE / "tools/gen-cost-export.py", folder, *words], check=True)


def cloud():
    """A token service and a tenant without subscriptions: the export is all there is."""
    sys.path.append(str(SOURCE / "tests/e2e"))
    from scenario import FakeCloud

    class Nothing(FakeCloud):
        def answer(self, method, target, body):
            return (200, {"value": []}) if target.startswith("/subscriptions?") else (403, {"error": {"code": "Denied"}})

    return Nothing({"roles": []})


def configure(work, data, access):
    from scenario import config_text
    text = 'checks_dir = "checks.d"\n' + config_text(access, ['id = "cost"'], "")
    text = text.replace("file:client.secret", f"file:{work}/client.secret")
    (work / "assay.toml").write_text(text.replace("[[plugins]]", f'cost = {{ path = "{data}" }}\n[[plugins]]', 1))
    (work / "client.secret").write_text("not-a-real-one")
    (work / "client.secret").chmod(0o600)
    (work / "checks.d").mkdir()
    (work / "checks.d/sums.toml").write_text(SUMS)


def timed(command, work):
    """(seconds, CPU seconds, peak bytes, what held them, text) of a command and all below it."""
    started, cpu = time.monotonic(), children_cpu()
    with open(work / "out", "w") as out:
        process = subprocess.Popen(command, cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    sampler = Sampler(process)
    sampler.start()
    code = process.wait()
    seconds = time.monotonic() - started
    sampler.join()
    text = (work / "out").read_text()
    if code not in (0, 4, 5):
        sys.exit(f"{command[0]} {command[1]} ended with {code}:\n{text[-3000:]}")
    return {"seconds": seconds, "cpu": children_cpu() - cpu, "peak": sampler.peak, "at_peak": sampler.at_peak, "text": text}


def sums_of(assay, work):
    done = subprocess.run([assay, "finding", "list", "--json", "--verdict", "fail"], cwd=work, capture_output=True, check=False)
    items = json.loads(done.stdout)["data"]["items"]
    return json.loads(next(item["detail"] for item in items if item["check"] == "bench-sums"))


def run_round(assay, data, truth):
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        work = pathlib.Path(folder)
        service = cloud()
        try:
            configure(work, data, service.access)
            whole = timed([assay, "run", "--json"], work)
        finally:
            service.stop()
        verify = timed([assay, "ledger", "verify"], work)
        rows, *amounts = sums_of(assay, work)
        peer = timed([sys.executable, SOURCE / "benchmarks/cost_peer.py", data, work / "peer.sqlite"], work)
        told = json.loads(peer["text"])
        wanted = [decimal.Decimal(truth[name]) for name in ("billed", "effective")]
        for name, seen in (("assay", (rows, amounts)), ("script", (told["rows"], [told["billed"], told["effective"]]))):
            if seen[0] != truth["rows"] or [decimal.Decimal(one) for one in seen[1]] != wanted:
                sys.exit(f"{name}: {seen} is not what was written: {truth['rows']} {wanted}")
        return {"rows": rows, "whole": whole, "verify": verify, "peer": peer, "disk": disk_bytes(work / "data"),
                "ratio": peer["seconds"] / whole["seconds"]}


def bytes_in(data):
    return sum(file.stat().st_size for file in data.rglob("part_*"))


def show(result, data):
    whole, peer = result["whole"], result["peer"]
    print(f"{result['rows']} rows, {bytes_in(data) / MIB:.1f} MiB of files")
    print(f"  assay    {whole['seconds']:.2f} s wall, {whole['cpu']:.2f} s CPU, {result['rows'] / whole['seconds'] / 1e6:.3f} M rows/s; "
          f"verify {result['verify']['seconds']:.2f} s")
    print(f"  script   {peer['seconds']:.2f} s wall, {peer['cpu']:.2f} s CPU, {peer['peak'] / MIB:.0f} MiB")
    print(f"  ratio    {result['ratio']:.2f} (script over assay)")
    print(f"  memory   {whole['peak'] / MIB:.0f} MiB PSS at the peak: "
          + ", ".join(f"{name} {size / MIB:.0f}" for name, size in whole["at_peak"]))
    print(f"  disk     {result['disk'] / MIB:.1f} MiB", flush=True)


def measure(assay, options, rows, data):
    """`rounds` results over an export of so many rows."""
    if not (data / "truth.json").exists():
        generate(data, rows, options.plain)
    truth = json.loads((data / "truth.json").read_text())
    results = []
    for _ in range(options.rounds):
        results.append(run_round(assay, data, truth))
        show(results[-1], data)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--data", type=pathlib.Path, help="folder of the export; made when it is not there, and left")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    assay = options.build.resolve() / "bin/assay"
    os.environ["ASSAY_BIN"] = str(assay.parent)
    sizes = [options.rows // 4, options.rows // 2, options.rows] if options.steps else [options.rows]
    results = []
    with tempfile.TemporaryDirectory(prefix="assay-bench-data-") as folder:
        base = (options.data or pathlib.Path(folder)).resolve()
        for rows in sizes:
            results.append(measure(assay, options, rows, base / str(rows)))
    for rows, rounds in zip(sizes, results):
        middle = statistics.median(one["whole"]["seconds"] for one in rounds)
        print(f"{rows} rows, medians of {options.rounds}: {middle:.2f} s, {middle / rows * 1e6:.2f} us a row, "
              f"ratio {statistics.median(one['ratio'] for one in rounds):.2f}, "
              f"peak {statistics.median(one['whole']['peak'] for one in rounds) / MIB:.0f} MiB")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
