#!/usr/bin/env python3
"""Compares the verdicts of the built checks with the catalogue's own expressions, on invented tenants.

Makes tenants from seeds: items of the plugins' fixtures, changed until the conditions of the catalogue hold of them or
just fail to, and a cost export in a folder. Serves each on loopback, makes a whole `assay run` on it, evaluates the expressions of
../shared/domain/checks.toml over the same answers with a reader of its own, and prints every finding and every check
where the two differ, with the smallest item that shows it. Built checks that are not in the catalogue, and checks of the
catalogue that are not built, are counted.

  compare.py --bin build/dev/bin                          the four seeds of the test
  compare.py --bin build/dev/bin --checks '^intune-'      only these, over items that are steered for them alone
  compare.py --bin build/dev/bin --seeds 10-40            more tenants
  compare.py --bin build/dev/bin --mode partial           some endpoints break off after their first page
  compare.py --bin build/dev/bin --seeds 7 --keep DIR     leaves tenant.json (what was served) and assay.toml there

Modes: ok (all is answered), partial, forbidden (some answer 403), empty (half of the endpoints have no items); mixed takes
them by turns. `weaker` counts what assay leaves not_assessed over incomplete data although the catalogue could prove it.
Differences that are meant stand in expected_differences.toml, with the reason.

exit: 0 agreed, 1 differed, 2 wrong usage, 77 skipped (no ../shared/domain)
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=SOURCE / "build/dev/bin", help="folder of the built programs")
    parser.add_argument("--checks", default="", metavar="REGEX", help="only checks whose id matches")
    parser.add_argument("--seeds", default="1-4", help="1-4, or 3,5,9")
    parser.add_argument("--mode", default="mixed", choices=["ok", "partial", "forbidden", "empty", "mixed"])
    parser.add_argument("--jobs", type=int, default=3, help="runs at once (they wait for pacing, not for the processor)")
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave it")
    parser.add_argument("--show", type=int, default=3, help="differences shown of each check")
    parser.add_argument("--all-endpoints", action="store_true", help="make items of every endpoint, not only those that the checks read")
    return parser.parse_args()


def number_like(given, default):
    """A fraction stands as text in a check file, which has no fractions, and as a number in the catalogue."""
    return float(given) if isinstance(default, float) and isinstance(given, str) and given else given


def seeds_of(text):
    found = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def built_checks(plugins):
    """Check id -> its table in the check files of this checkout."""
    import tomllib
    return {check["id"]: check for path in plugins.glob("*/checks/*.toml") for check in tomllib.loads(path.read_text())["check"]}


def as_catalogue(value, default):
    """A parameter of a built check as the catalogue writes it: there a fraction is text, a table a list of "name value", a pair one text."""
    if isinstance(default, (int, float)) and not isinstance(default, bool) and isinstance(value, str):
        return float(value)
    if isinstance(default, dict) and isinstance(value, list):
        return dict(line.split(" ", 1) for line in value)
    if isinstance(default, list) and default and isinstance(default[0], list):
        return [re.findall(r"[0-9a-f-]{36}", one) if isinstance(one, str) else one for one in value]
    return value


def answers_of(mode, rng, endpoints):
    """How the endpoints of a tenant answer."""
    from tenants import CALM
    chosen = sorted(set(endpoints) - (CALM if mode != "forbidden" else {"arm-subscriptions"}))
    if mode not in ("partial", "forbidden"):
        return {}
    share = 0.5 if mode == "partial" else 0.25
    return {one: rng.choice([mode, mode, mode, "not_found"]) if mode == "forbidden" else mode for one in chosen if rng.random() < share}


class Comparison:
    """One tenant: made, served, read by assay, judged twice."""

    def __init__(self, catalogue, built, args, seed):
        from exports import Export
        from tenants import Tenant
        modes = ["ok", "partial", "forbidden", "ok", "empty"]
        self.catalogue, self.built, self.args, self.seed = catalogue, built, args, seed
        self.mode = modes[(seed - 1) % len(modes)] if args.mode == "mixed" else args.mode
        self.wanted = [one for one in catalogue.checks if one in built and re.search(args.checks, one)]
        now = datetime.datetime.now(datetime.timezone.utc)
        self.tenant = Tenant(catalogue, seed, now, SOURCE / "plugins", list(catalogue.checks) if args.all_endpoints else self.wanted)
        rng = self.tenant.rng
        if self.mode == "empty":
            self.empty(rng)
        self.tenant.world.answers = answers_of(self.mode, rng, self.tenant.read)
        self.export = Export(rng, now, self.tenant.world.subscriptions())
        self.settings = {check: {k: v for k, v in given.items() if k in built[check].get("params", {})}
                         for check, given in self.tenant.settings.items() if check in built}

    def empty(self, rng):
        from tenants import CALM
        for name, parents in self.tenant.world.items.items():
            if name not in CALM and rng.random() < 0.5:
                parents.clear()
        self.tenant.complete_inventory()

    def run(self):
        """Differences, as dicts."""
        from cloud import TenantCloud
        names = {spec["permission"] for spec in self.catalogue.endpoints.values() if "permission" in spec}
        claims = {"roles": sorted(name for name in names if re.fullmatch(r"[\w-]+\.Read[\w.]*", name))}
        folder = self.args.keep / f"seed-{self.seed}" if self.args.keep else pathlib.Path(tempfile.mkdtemp(prefix="assay-catalogue-"))
        folder.mkdir(parents=True, exist_ok=True)
        cloud = TenantCloud(self.tenant.world, claims)
        try:
            self.assay(folder, cloud)
        finally:
            cloud.stop()
        document = self.tenant.world.document(self.at, claims={**claims, "appid": cloud.access["client_id"]}, windows=cloud.windows)
        self.export.tell(document)
        (folder / "asked.json").write_text(json.dumps({name: sorted(parents) for name, parents in cloud.asked.items()}, indent=1))
        (folder / "tenant.json").write_text(json.dumps(document, indent=1))
        self.evidence = self.catalogue.evidence(document)
        self.unknown = cloud.unknown
        if not self.args.keep:
            shutil.rmtree(folder, ignore_errors=True)
        return [difference for check in self.wanted for difference in self.judge(check)]

    def assay(self, folder, cloud):
        """A whole run, and its findings of every verdict."""
        from scenario import config_text
        secret = folder / "client.secret"
        secret.write_text("not-a-real-one")
        secret.chmod(0o600)
        extra = "".join(f'[checks."{check}"]\nparams = {{ {", ".join(f"{k} = {json.dumps(v)}" for k, v in given.items())} }}\n'
                        for check, given in self.settings.items() if given)
        text = config_text(cloud.access, [], extra).replace("file:client.secret", f"file:{secret}")
        for left in ("data", "costs"):
            shutil.rmtree(folder / left, ignore_errors=True)
        (folder / "assay.toml").write_text(text.replace("[sandbox]", f"{self.export.write(folder)}\n[sandbox]", 1))
        done = self.call(folder, "run", "--json")
        self.report = done["data"]["runs"][0]
        self.verdicts = {check["check"]: check for check in self.report["checks"]}
        self.found = {}
        for verdict in ("pass", "fail", "not_assessed", "not_applicable", "manual"):
            for item in self.call(folder, "finding", "list", "--json", "--verdict", verdict)["data"]["items"]:
                self.found.setdefault(item["check"], {})[item["subject"]["id"]] = (verdict, item["detail"])
        lines = self.program(folder, "ledger", "show").stdout.decode().splitlines()
        started = [json.loads(line) for line in lines if line.startswith("{") and '"run.started"' in line]
        self.at = started[-1]["at"]

    def program(self, folder, *words):
        import subprocess
        from scenario import ENV
        return subprocess.run([self.args.bin / "assay", *words], cwd=folder, env=ENV, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=150, check=False)

    def call(self, folder, *words):
        done = self.program(folder, *words)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            raise SystemExit(f"seed {self.seed}: assay {' '.join(words)}: exit {done.returncode}: {done.stderr.decode()[-1500:]}") from None

    def judge(self, check):
        from verdicts import compare_check
        mine = self.verdicts.get(check)
        if mine is None:
            return []
        params = {name: value for name, value in self.built[check].get("params", {}).items()}
        params.update(self.settings.get(check, {}))
        spec = self.catalogue.checks[check]
        self.evidence.profile.update({name: params[name] for name in self.evidence.profile if name in params})
        if "approved_exclusions" in params:
            self.evidence.profile["approved_ca_exclusions"] = params["approved_exclusions"]
        said = spec.decide(self.evidence, {name: as_catalogue(params.get(name, value), value) for name, value in spec.params.items()})
        incomplete = any(self.evidence.status(one) != "ok" for one in [*spec.endpoints, *spec.optional])
        return [{"seed": self.seed, "mode": self.mode, "check": check, **one}
                for one in compare_check(spec, said, mine, self.found.get(check, {}), incomplete)]


def work(args, seed):
    from catalogue import Catalogue, find_catalogue
    comparison = Comparison(Catalogue(find_catalogue(SOURCE)), built_checks(SOURCE / "plugins"), args, seed)
    differences = comparison.run()
    decided = {check: comparison.verdicts[check]["verdict"] for check in comparison.wanted if check in comparison.verdicts}
    subjects = sum(len(found) for check, found in comparison.found.items() if check in decided)
    return {"seed": seed, "mode": comparison.mode, "differences": differences, "decided": decided, "subjects": subjects,
            "unknown": sorted({f"{method} {target.split('?')[0]}" for method, target in comparison.unknown}),
            "faults": comparison.report["plugin_faults"]}


def main():
    args = arguments()
    os.environ["ASSAY_BIN"] = str(args.bin.resolve())
    args.bin = args.bin.resolve()
    from catalogue import find_catalogue
    if not find_catalogue(SOURCE):
        print("SKIPPED: ../shared/domain is not there")
        return 77
    if not (args.bin / "assay").exists():
        print(f"error: {args.bin}/assay is not built")
        return 2
    from verdicts import report
    with concurrent.futures.ProcessPoolExecutor(max_workers=args.jobs) as pool:
        results = list(pool.map(work, [args] * len(seeds_of(args.seeds)), seeds_of(args.seeds)))
    return report(results, args, built_checks(SOURCE / "plugins"))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main())
