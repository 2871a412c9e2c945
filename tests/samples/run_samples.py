#!/usr/bin/env python3
"""Whole runs on real answers of Microsoft's APIs, from the optional folder ../shared/samples.

usage: run_samples.py --build DIR --source DIR [--keep DIR]

Part one: the built-in collectors read every sample that fits one of their endpoints. Part two: every file
of the folder, whatever it holds, goes through a worker into a ledger and is read back.
exit: 0 held, 1 not, 77 skipped
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib

from second_reader import (ROWS, checks_that_show_rows, compare_rows, fed_by_links, foreign_links, met_by,
                           understand)

TENANT = "samples"
REASONS = {"permission", "licence", "throttled", "unavailable", "partial", "unsupported"}
# Programs get no other setting of the machine: what they print must not depend on its language, zone or colours.
ENV = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
       **{name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}}
LIMIT = 600  # seconds for one program: against one that hangs, not for a machine that is busy or has a slow disk
failures = []


def expect(held, what):
    if not held:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


class Server:
    """assay-sample-server, for as long as its input is open."""

    def __init__(self, build, samples, endpoints, log):
        command = [build / "bin/assay-sample-server", "--samples", samples, "--endpoints", endpoints, "--wide",
                   "--log", log]
        self.log, self.read = log, 0
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENV)
        self.access = json.loads(self.process.stdout.readline())

    def new_answers(self):
        """(method, path?query, status, sample) of each answer since the last call."""
        lines = self.log.read_text().splitlines()
        new, self.read = lines[self.read:], len(lines)
        return [line.split("\t") for line in new]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(LIMIT)


class Home:
    """A folder with assay.toml, a ledger, and the commands on it."""

    def __init__(self, folder, build, source, access, more, first=""):
        self.folder, self.build, self.source = folder, build, source
        folder.mkdir()
        secret = folder / "client.secret"
        secret.touch(mode=0o600)
        secret.write_text(access["client_secret"])
        (folder / "assay.toml").write_text(CONFIG.format(**access, secret=secret, more=more, first=first))
        self.ledger = folder / "data" / TENANT

    def assay(self, *words):
        done = subprocess.run([self.build / "bin/assay", *words, "-C", self.folder / "assay.toml"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, env=ENV)
        return done

    def run(self):
        """One run: the document it prints, checked for what must hold of every run."""
        done = self.assay("run", "--json")
        expect(done.returncode in (0, 4, 5), f"assay run: exit {done.returncode}: {done.stdout[:2000]}{done.stderr[-2000:]}")
        run = json.loads(done.stdout)["data"]["runs"][0]
        expect(run["plugin_faults"] == [], f"run {run['run']}: plugin faults {run['plugin_faults']}")
        expect(run["stopped"] is None, f"run {run['run']}: stopped: {run['stopped']}")
        for check in run["checks"]:
            decided = check["verdict"] in ("pass", "fail", "manual", "not_applicable")
            named = check["verdict"] == "not_assessed" and check["reason"] in REASONS and check["detail"]
            expect(decided or named, f"run {run['run']}: {check}")
        return run

    def entries(self, run):
        """Entries of one run, in order."""
        with sqlite3.connect(f"file:{self.ledger / 'ledger.db'}?mode=ro", uri=True) as database:
            lines = [json.loads(line) for (line,) in database.execute("SELECT line FROM entry ORDER BY idx")]
        return [line for line in lines if line.get("run") == run["run"]]

    def failing(self):
        """Findings that fail: the checks of this test fail on every row, so that it is shown."""
        done = self.assay("finding", "list", "--json", "--verdict", "fail")
        expect(done.returncode == 0, f"finding list: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)["data"]["items"]

    def datasets_of_status(self):
        """Dataset -> "partial (reason) detail" of the newest run, for people."""
        found = re.findall(r"^ +\S+ (\w+): (partial|unavailable) \((\w+)\) (.*)$", self.assay("status").stdout, re.M)
        return {name: f"{word} ({reason}) {detail}" for name, word, reason, detail in found}

    def verify(self):
        python = [sys.executable, self.source / "tools/verify.py", self.ledger]
        for name, done in (("assay ledger verify", self.assay("ledger", "verify")),
                           ("assay-verify", subprocess.run([self.build / "bin/assay-verify", self.ledger],
                                                           capture_output=True, text=True, timeout=LIMIT, env=ENV)),
                           ("verify.py", subprocess.run(python, capture_output=True, text=True, timeout=LIMIT, env=ENV))):
            expect(done.returncode == 0, f"{name}: exit {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}")


CONFIG = """schema = 1
{first}

[instance]
name = "Samples"
origin = "samples.assay.example"

[storage]
default = "main"
[storage.main]
kind = "sqlite"
path = "data"
region = "eu"

[sandbox]
accept = "minimal"

[clouds.samples]
login = "{login}"
graph = "{graph}"
arm = "{arm}"
graph_scope = "{graph_scope}"
arm_scope = "{arm_scope}"
graph_audiences = ["{graph_audience}"]
arm_audiences = ["{arm_audience}"]

[[tenants]]
id = "samples"
name = "Samples"
directory_id = "{tenant_id}"
cloud = "samples"
region = "eu"
store = "main"
credential = {{ kind = "secret", client_id = "{client_id}", ref = "file:{secret}" }}

{more}
"""

# Reads that follow from records which no sample has.
UNREACHED = {"/v1.0/groups/{groupId}/transitiveMembers": "no sample assigns a role to a group",
             "/v1.0/groups/{groupId}/owners": "no sample is a role-assignable group",
             "/v1.0/servicePrincipals/{resourceSpId}/appRoleAssignedTo": "no sample service principal says its id",
             "/subscriptions/{subscriptionId}/resourceGroups/{rg}/providers/Microsoft.Storage/storageAccounts/{account}/blobServices/default":
                 "no sample of Resource Graph lists the account",
             "/subscriptions/{subscriptionId}/resourceGroups/{rg}/providers/Microsoft.KeyVault/vaults/{vault}/keys":
                 "no sample of Resource Graph lists the vault"}
# Datasets of the second reader that stay without rows, and why. Which of the reasons holds is tested.
NO_SAMPLE = {"defender_score_control", "entra_federated_credential", "entra_pim_alert", "entra_risky_service_principal",
             "entra_sp_owner", "entra_group", "log_provisioning", "mdi_health_issue", "xdr_incident"}
NO_ID = {"entra_application", "entra_device", "entra_service_principal"}  # Microsoft's examples leave the id out
NOT_ASKED = {"entra_app_role_assignment", "entra_group_member", "entra_group_owner"}  # see UNREACHED
TOGETHER = 3  # runs of all collectors at once
LONG = 30  # of longer lists this many are enough: samples_test.cc feeds every one of them
MOST_RUNS = 60
FRAMEWORKS = "".join(f'[[frameworks]]\nid = "{name}"\nversion = "1"\ntenants = ["*"]\n\n'
                     for name in ("iso27001-2022", "dora", "gdpr"))
ALONE = '[[plugins]]\nid = "{}"\ntrust = "builtin"\ntenants = ["*"]\n'


def fitting_samples(build, samples, endpoints):
    """Path template -> files that fit it."""
    listed = subprocess.run([build / "bin/assay-sample-server", "--samples", samples, "--endpoints", endpoints,
                             "--wide", "--list"], capture_output=True, text=True, check=True, timeout=LIMIT, env=ENV)
    wanted = {}
    for _, path, file in (line.split("\t") for line in listed.stdout.splitlines()):
        wanted.setdefault(path, set()).add(file)
    return wanted


class Reading:
    """Runs of some collectors over a sample server of their own, and what they have shown so far."""

    def __init__(self, args, samples, folder, wanted, paths, datasets):
        """`paths`: endpoint id -> path template, `wanted`: those of them whose samples shall be served -> their samples,
        `datasets`: those of the second reader that these collectors give."""
        folder.mkdir()
        self.args, self.samples, self.folder = args, samples, folder
        self.wanted, self.paths, self.datasets = wanted, paths, datasets
        self.served, self.met, self.table = set(), set(), {}
        self.compared, self.verdicts, self.runs = collections.Counter(), collections.Counter(), 0

    def missing(self):
        """Path template -> samples of it that are still to be served."""
        return {path: files - self.served for path, files in self.wanted.items()
                if path not in UNREACHED and len(files & self.served) < min(len(files), LONG)}

    def read(self, most, plugins):
        """Runs until every sample was served, `most` runs at most."""
        checks = self.folder / "checks"
        checks.mkdir()
        (checks / "rows.toml").write_text(checks_that_show_rows(self.datasets))
        server = Server(self.args.build, self.samples, self.folder.parent / "endpoints.tsv", self.folder / "answers.log")
        try:
            home = Home(self.folder / "home", self.args.build, self.args.source, server.access, plugins,
                        f'checks_dir = "{checks}"')
            deadline = time.monotonic() + self.args.seconds
            while self.runs < most and self.missing() and time.monotonic() < deadline:
                self.look_at(home, home.run(), server.new_answers())
        finally:
            server.stop()
        home.verify()
        return self

    def look_at(self, home, run, answers):
        """What must hold of a run on the samples that were served in it."""
        self.runs += 1
        self.verdicts.update(check["verdict"] for check in run["checks"] if not check["check"].startswith("row-of-"))
        self.served |= {sample for _, _, _, sample in answers if sample}
        self.met |= met_by(self.datasets, answers)
        look_at_entries(home, run, answers, self)
        self.compared.update(compare_rows(self.datasets, home.failing(), answers, self.samples, expect))


def part_one(args, samples, work):
    """All collectors in common runs, and each alone until it has met its samples; side by side, because runs wait
    for the pace that services ask for and not for the processor."""
    endpoints = work / "endpoints.tsv"
    table = subprocess.run([sys.executable, args.source / "tools/endpoint-table.py"], capture_output=True, check=True)
    endpoints.write_bytes(table.stdout)
    paths = {name: path for name, _, path in (line.split("\t") for line in endpoints.read_text().splitlines())}
    wanted = fitting_samples(args.build, samples, endpoints)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = [pool.submit(Reading(args, samples, work / "together", wanted, paths, set(ROWS)).read, TOGETHER, FRAMEWORKS)]
        for manifest in sorted((args.source / "plugins").glob("*/manifest.toml")):
            collector = tomllib.loads(manifest.read_text())
            own = {path: wanted[path] for path in {paths.get(one["id"]) for one in collector["endpoint"]} & set(wanted)}
            datasets = {dataset["id"] for dataset in collector["dataset"]} & set(ROWS)
            reading = Reading(args, samples, work / collector["id"], own, paths, datasets)
            jobs.append(pool.submit(reading.read, MOST_RUNS, ALONE.format(collector["id"])))
        together, *alone = [job.result() for job in jobs]
    for reading in alone:
        for path, files in reading.missing().items():
            expect(False, f"{path}: never served: {sorted(files)}")
    return summary(wanted, [together, *alone])


def summary(wanted, readings):
    """Judges all readings together; the datasets that were not complete, with the samples behind it."""
    for path in UNREACHED:
        print(f"not asked for: {path} ({len(wanted[path])} samples): {UNREACHED[path]}")
    compared, verdicts = collections.Counter(), collections.Counter()
    table = {}
    for reading in readings:
        compared.update(reading.compared)
        verdicts.update(reading.verdicts)
        for key, names in reading.table.items():
            table.setdefault(key, set()).update(names)
    print(f"{sum(one.runs for one in readings)} runs of the built-in collectors, "
          f"{len(set().union(*(one.served for one in readings)))} samples served, "
          f"{sum(compared.values())} rows compared: {dict(compared)}")
    print(f"verdicts of the built-in checks: {dict(verdicts)}")
    expect(verdicts["pass"] and verdicts["fail"], "real answers decided nothing")
    every_dataset_was_compared(set(ROWS) - set(compared), set().union(*(one.met for one in readings)))
    return table


def every_dataset_was_compared(without, met):
    """`without`: datasets of the second reader of which no row was compared, `met`: those that a sample was served for."""
    expected = NO_SAMPLE | NO_ID | NOT_ASKED
    expect(without <= expected, f"no row of {sorted(without - expected)} was compared")
    expect(expected <= without, f"rows of {sorted(expected - without)} were compared: take them off the list")
    expect(not met & (NO_SAMPLE | NOT_ASKED), f"there are samples of {sorted(met & (NO_SAMPLE | NOT_ASKED))}")
    expect(NO_ID <= met, f"there is no sample of {sorted(NO_ID - met)}")


def look_at_entries(home, run, answers, reading):
    """Incomplete datasets say why, and no link of a sample was followed."""
    samples = reading.samples
    entries = home.entries(run)
    datasets = {entry["dataset"]: entry for entry in entries if entry["kind"] == "dataset"}
    links = [link for _, _, _, sample in answers if sample for link in foreign_links(samples / sample)]
    asked = {request for _, request, _, _ in answers}
    for link in links:
        expect(not any(request in link for request in asked), f"run {run['run']}: followed {link}")
    told = home.datasets_of_status()
    for name, entry in datasets.items():
        if entry["completeness"] == "complete":
            continue
        expect(entry.get("reason") in REASONS, f"run {run['run']}: dataset {name}: {entry}")
        expect(name in told, f"run {run['run']}: dataset {name} has no detail in assay status")
        why = told.get(name, "?")
        reading.table.setdefault((name, why), set()).update(behind(why, answers, reading.paths))
    for name in fed_by_links(reading.datasets, answers, samples):
        entry = datasets[name]
        expect((entry["completeness"], entry.get("reason")) == ("partial", "partial"),
               f"run {run['run']}: an answer with a foreign link, but dataset {name} is {entry}")


def behind(why, answers, paths):
    """The samples that were served to the endpoint that a detail begins with."""
    endpoint = re.match(r"\w+ \(\w+\) ([\w-]+): ", why)
    pattern = re.sub(r"\{\w+\}", "[^/?]+", paths.get(endpoint.group(1), "$.")) if endpoint else "$."
    return {sample for _, request, _, sample in answers if sample and re.match(pattern + r"\?", request)}


def part_two(args, samples, work):
    endpoints = work / "none.tsv"
    endpoints.write_text("")
    server = Server(args.build, samples, endpoints, work / "numbered.log")
    built = args.build / "lib/assay-example/anything/anything.so"
    plugin = work / "anything"
    (plugin / "checks").mkdir(parents=True)
    shutil.copy(built, plugin)
    shutil.copy(pathlib.Path(__file__).parent / "anything/check.toml", plugin / "checks")
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    files = {name: hashlib.sha256((plugin / name).read_bytes()).hexdigest() for name in ("anything.so", "checks/check.toml")}
    listed = "".join(f"file {files[name]} {name}\n" for name in sorted(files))
    pin = hashlib.sha256(f"assay plugin pin v1\n{listed}".encode()).hexdigest()
    more = (f'[[plugins]]\nid = "anything"\npath = "{plugin / "anything.so"}"\nsha256 = "{digest}"\n'
            f'dev_pin = "{pin}"\ntenants = ["{TENANT}"]\n')
    try:
        home = Home(work / "two", args.build, args.source, server.access, more)
        run = home.run()
    finally:
        server.stop()
    home.verify()
    files = [line.split("\t")[0] for line in (samples / "MANIFEST.tsv").read_text().splitlines()[1:]]
    compared = subprocess.run([args.build / "bin/compare_bodies", home.ledger, server.access["tenant_id"],
                               f"samples.assay.example/{TENANT}", home.folder / "data/master.key", samples],
                              capture_output=True, text=True, timeout=LIMIT, env=ENV)
    expect(compared.returncode == 0, f"compare_bodies: {compared.stdout}{compared.stderr}")
    print(compared.stdout, end="")
    links_are_refused(home, run, server, files, samples)
    understood_alike(home.failing(), files, samples)


def links_are_refused(home, run, server, files, samples):
    """Every continuation link of the samples was pointed at, refused, recorded, and never asked for."""
    entries = home.entries(run)
    expect(not any("marks" in entry for entry in entries), "marks of the kit were refused")
    links = [link for name in files for link in foreign_links(samples / name, lists_only=True)]
    refused = [entry for entry in entries if entry["kind"] == "read" and entry["outcome"] == "refused"]
    expect(len(refused) == len(links), f"{len(links)} continuation links, {len(refused)} refused reads")
    expect(all(entry["reason"] == "partial" for entry in refused), "a refused link without its reason")
    asked = [request for _, request, _, _ in server.new_answers()]
    # Besides the samples only what the consent guard asks about our own identity.
    own = r"/samples/\d+\?api-version=2026-01-01|/v1\.0/servicePrincipals\?\$filter=appId%20eq%20'[0-9a-f-]{36}'&\$select=id,appId|" \
          r"/subscriptions\?api-version=2022-12-01"
    stray = [request for request in asked if not re.fullmatch(own, request)]
    expect(not stray, f"requests beside the numbered samples: {stray}")
    (dataset,) = (entry for entry in entries if entry["kind"] == "dataset")
    expect((dataset["completeness"], dataset.get("reason")) == ("partial", "partial"), f"dataset: {dataset}")
    microsoft = [link for link in links if re.match(r"https://[a-z.]*(microsoft|azure)", link)]
    print(f"{len(links)} continuation links refused, {len(microsoft)} of them to Microsoft; none was followed")
    print(f"  so the dataset is {home.datasets_of_status().get('sample_answer')}")


# A comment within a value that nothing asks for: the kit steps over such values and does not judge them.
LENIENT = {"json-test-suite/test_parsing-n/n_structure_object_with_comment.json"}


def understood_alike(findings, files, samples):
    """The kit and Python's own parser agree on shape and number of records of every file."""
    expect(len(findings) == len(files), f"{len(findings)} rows for {len(files)} files")
    odd = {}
    for finding in findings:
        name = files[int(finding["subject"]["id"])]
        shape, records, note = finding["detail"].split("|", 2)
        wanted = understand((samples / name).read_bytes())
        if name in LENIENT or "/test_parsing-i/" in name:  # i: a parser may accept or refuse them
            continue
        if wanted is not None:
            expect((shape, int(records)) == wanted, f"{name}: read as {finding['detail']}, is {wanted}")
        else:
            expect(note != "", f"{name}: read as {finding['detail']} without a note, is no JSON list or object")
        if note:
            kind = re.sub(r" at /.*", "", note)
            odd.setdefault(kind, []).append(name)
    print("files of all kinds that are not assessed, and why:")
    for kind, names in sorted(odd.items(), key=lambda item: -len(item[1])):
        print(f"  {len(names):5}  {kind}  (e.g. {names[0]})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--keep", type=pathlib.Path, help="work in this new folder and leave it")
    parser.add_argument("--seconds", type=int, default=LIMIT, help="start no further run after these")
    args = parser.parse_args()
    args.build, args.source = args.build.resolve(), args.source.resolve()
    samples = args.source.parent / "shared" / "samples"
    if not (samples / "MANIFEST.tsv").exists():
        print(f"SKIPPED: NO REAL ANSWERS WERE TESTED: {samples} IS NOT THERE")
        return 77
    with tempfile.TemporaryDirectory(prefix="assay-samples-") as folder:
        work = args.keep or pathlib.Path(folder)
        work.mkdir(exist_ok=True)
        part_two(args, samples, work)
        table = part_one(args, samples, work)
        print("datasets that were not complete, why, and the samples behind it:")
        for (name, why), names in sorted(table.items()):
            print(f"  {name}: {why}: {', '.join(sorted(pathlib.Path(one).name for one in names)) or 'no sample'}")
    print(f"{'FAILED: ' + str(len(failures)) if failures else 'held'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
