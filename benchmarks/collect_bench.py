#!/usr/bin/env python3
"""Policy states through the whole of assay, against the sum of its parts, in one run.

Usage: benchmarks/collect_bench.py BUILD_FOLDER [--states N] [--rounds N] [--json FILE]

Each round starts policy_states_server, lets `assay run` read every state with the azure-policy
collector alone, samples the memory of all its processes (PSS) ten times a second, then does each
part of the work once on the same bytes (parts_bench), then lets a plain Python script do the whole job
(policy_states_peer.py). Only loopback is used.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

SOURCE = pathlib.Path(__file__).resolve().parent.parent
CHECK = "azure-policy-deny-violations"
MIB = 1024 * 1024
QUERY = "/subscriptions/{}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"


def config_text(server, secret, tier):
    urls = "".join(f'{name} = "{server["base"]}"\n' for name in ("login", "graph", "arm"))
    return f"""schema = 1
[instance]
name = "Benchmark"
origin = "bench.example"
[storage]
default = "main"
[storage.main]
path = "data"
region = "eu"
[sandbox]
accept = "{tier}"
[clouds.bench]
{urls}graph_scope = "{server["graph_scope"]}"
arm_scope = "{server["arm_scope"]}"
graph_audiences = ["{server["graph_audience"]}"]
arm_audiences = ["{server["arm_audience"]}"]
[[tenants]]
id = "bench"
name = "Benchmark"
directory_id = "{server["tenant_id"]}"
cloud = "bench"
region = "eu"
store = "main"
credential = {{ kind = "secret", client_id = "{server["client_id"]}", ref = "file:{secret}" }}
[[plugins]]
id = "azure-policy"
"""


def descendants(root):
    """The process and all that descend from it, by the kernel's own lists."""
    found, open_ones = [], [root]
    while open_ones:
        pid = open_ones.pop()
        found.append(pid)
        try:
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                open_ones += [int(child) for child in children.read_text().split()]
        except OSError:
            continue  # ended meanwhile
    return found


def pss_bytes(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def name_of(pid):
    try:
        words = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        words = "ended"
    return words


class Sampler(threading.Thread):
    """Sum of PSS over a process tree, until it ends."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peak, self.at_peak = process, 0, []

    def run(self):
        while self.process.poll() is None:
            now = [(name_of(pid), pss_bytes(pid)) for pid in descendants(self.process.pid)]
            total = sum(size for _, size in now)
            if total > self.peak:
                self.peak, self.at_peak = total, now
            time.sleep(0.1)


def children_cpu():
    """CPU seconds of all processes that ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def disk_bytes(folder):
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def run_whole(tools, server, work):
    (work / "client.secret").write_text(server["client_secret"])
    (work / "client.secret").chmod(0o600)
    for tier in ("strict", "reduced", "minimal"):
        (work / "assay.toml").write_text(config_text(server, work / "client.secret", tier))
        started, cpu = time.monotonic(), children_cpu()
        with open(work / "out", "w") as out:
            process = subprocess.Popen([tools / "assay", "run", "-C", work / "assay.toml", "--json"],
                                       stdout=out, stderr=subprocess.STDOUT, cwd=work)
        sampler = Sampler(process)
        sampler.start()
        code = process.wait()
        seconds = time.monotonic() - started
        sampler.join()
        text = (work / "out").read_text()
        if code in (0, 5):
            return {"seconds": seconds, "cpu": children_cpu() - cpu, "tier": tier, "peak_pss": sampler.peak,
                    "at_peak": sampler.at_peak, "disk": disk_bytes(work / "data"), "out": text}
        if "sandbox" not in text and "tier" not in text:
            break
    sys.exit(f"assay run ended with {code}:\n{text}")


def run_parts(tools, server, work):
    checks = tomllib.loads((SOURCE / "plugins/azure-policy/checks/policy.toml").read_text())
    sql = next(check["sql"] for check in checks["check"] if check["id"] == CHECK)
    (work / "check.sql").write_text(sql)
    target = QUERY.format(server["subscription"]) + "?api-version=2019-10-01"
    done = subprocess.run([tools / "parts_bench", server["base"].rsplit(":", 1)[1], target,
                           server["pages"], work, work / "check.sql"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"parts_bench ended with {done.returncode}: {done.stderr}")
    parts = json.loads(done.stdout)
    if parts.pop("bytes") != int(server["json_bytes"]):
        sys.exit("parts_bench read other bytes than the server holds")
    return parts


def run_peer(server, work):
    target = QUERY.format(server["subscription"]) + "?api-version=2019-10-01"
    started, cpu = time.monotonic(), children_cpu()
    done = subprocess.run([sys.executable, SOURCE / "benchmarks/policy_states_peer.py", server["base"], target, work],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"policy_states_peer.py ended with {done.returncode}: {done.stderr}")
    if json.loads(done.stdout)["bytes"] != int(server["json_bytes"]):
        sys.exit("policy_states_peer.py read other bytes than the server holds")
    return [time.monotonic() - started, children_cpu() - cpu]


def run_round(tools, states):
    process = subprocess.Popen([tools / "policy_states_server", str(states)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        server = json.loads(process.stdout.readline())
        with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
            work = pathlib.Path(folder)
            result = run_whole(tools, server, work)
            result["parts"] = run_parts(tools, server, work)
            result["peer"] = run_peer(server, work)
    finally:
        process.stdin.close()
        process.wait()
    result["json_bytes"] = int(server["json_bytes"])
    result["peer_ratio"] = result["peer"][0] / result["seconds"]
    wall, cpu = (sum(part[i] for part in result["parts"].values()) for i in (0, 1))
    result["ratio"], result["cpu_ratio"] = wall / result["seconds"], cpu / result["cpu"]
    return result


def show(states, result):
    raw, parts = result["json_bytes"], result["parts"]
    print(f"{states} states, {raw / MIB:.1f} MiB of JSON, sandbox tier {result['tier']}")
    print(f"  whole    {result['seconds']:.2f} s wall, {result['cpu']:.2f} s CPU, "
          f"{raw / MIB / result['seconds']:.1f} MiB/s")
    print(f"  parts    {sum(p[0] for p in parts.values()):.2f} s wall, "
          f"{sum(p[1] for p in parts.values()):.2f} s CPU: "
          + ", ".join(f"{name} {wall:.2f}/{cpu:.2f}" for name, (wall, cpu) in parts.items()))
    print(f"  ratio    {result['ratio']:.2f} wall, {result['cpu_ratio']:.2f} CPU "
          "(1: as fast as the parts one after another)")
    print(f"  peer     {result['peer'][0]:.2f} s wall, {result['peer'][1]:.2f} s CPU: a Python script takes "
          f"{result['peer_ratio']:.1f} times as long")
    print(f"  memory   {result['peak_pss'] / MIB:.0f} MiB PSS at the peak: "
          + ", ".join(f"{name} {size / MIB:.0f}" for name, size in result["at_peak"]))
    print(f"  disk     {result['disk'] / MIB:.1f} MiB, {result['disk'] / raw:.3f} of the JSON",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--states", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    tools = options.build.resolve() / "bin"
    results = []
    for _ in range(options.rounds):
        results.append(run_round(tools, options.states))
        show(options.states, results[-1])
    print(f"medians of {options.rounds}: "
          f"{statistics.median(r['seconds'] for r in results):.2f} s, "
          f"{statistics.median(r['cpu'] for r in results):.2f} s CPU, "
          f"ratio {statistics.median(r['ratio'] for r in results):.2f} wall "
          f"{statistics.median(r['cpu_ratio'] for r in results):.2f} CPU, "
          f"Python script {statistics.median(r['peer_ratio'] for r in results):.1f} times as long, "
          f"peak {statistics.median(r['peak_pss'] for r in results) / MIB:.0f} MiB")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
