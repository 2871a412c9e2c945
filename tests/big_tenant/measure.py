"""One run of assay on a cloud, with its time, its memory and all that it found."""
import json
import pathlib
import subprocess
import threading
import time

from scenario import ENV, config_text


def descendants(root):
    """The process and all that descend from it, by the kernel's own lists."""
    found, left = [], [root]
    while left:
        pid = left.pop()
        found.append(pid)
        try:
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                left += [int(child) for child in children.read_text().split()]
        except OSError:
            continue  # ended meanwhile
    return found


def held_bytes(pid):
    """(name, proportional set size) of a process; nothing of one that has ended."""
    try:
        name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return name, int(line.split()[1]) * 1024
    except OSError:
        pass
    return "ended", 0


class Run:
    """`verdicts`: check -> its line of the run; `peak`: bytes that all processes held together."""

    def __init__(self, programs, folder, cloud, tenant=""):
        """`tenant`: more lines for the tenant's table of assay.toml."""
        self.programs, self.folder, self.peak, self.at_peak = programs, folder, 0, ""
        secret = folder / "client.secret"
        secret.write_text("not-a-real-one")
        secret.chmod(0o600)
        text = config_text(cloud.access, [], "").replace("file:client.secret", f"file:{secret}")
        (folder / "assay.toml").write_text(text.replace("[sandbox]", f"{tenant}\n[sandbox]", 1))
        started = time.monotonic()
        document = self.measured("run", "--json")
        self.seconds = time.monotonic() - started
        self.report = document["data"]["runs"][0]
        self.verdicts = {check["check"]: check for check in self.report["checks"]}
        self.disk = sum(file.stat().st_size for file in (folder / "data").rglob("*") if file.is_file())
        self.found = {verdict: self.subjects(verdict) for verdict in ("fail", "not_assessed")}

    def measured(self, *words):
        with open(self.folder / "out.json", "wb") as out, open(self.folder / "err.txt", "wb") as err:
            process = subprocess.Popen([self.programs / "assay", *words], cwd=self.folder, env=ENV, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            watcher = threading.Thread(target=self.watch, args=(process,), daemon=True)
            watcher.start()
            process.wait()
            watcher.join()
        try:
            return json.loads((self.folder / "out.json").read_text())
        except json.JSONDecodeError:
            raise SystemExit(f"assay {' '.join(words)}: exit {process.returncode}: {(self.folder / 'err.txt').read_text()[-2000:]}") from None

    def watch(self, process):
        while process.poll() is None:
            now = [held_bytes(pid) for pid in descendants(process.pid)]
            total = sum(size for _, size in now)
            if total > self.peak:
                self.peak, self.at_peak = total, ", ".join(f"{name} {size >> 20}" for name, size in now)
            time.sleep(0.05)

    def subjects(self, verdict):
        """Check -> subjects with that verdict."""
        done = subprocess.run([self.programs / "assay", "finding", "list", "--json", "--verdict", verdict], cwd=self.folder, env=ENV,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
        found = {}
        for item in json.loads(done.stdout)["data"]["items"]:
            found.setdefault(item["check"], set()).add(item["subject"]["id"].lower())
        return found

    def differences(self, truth):
        """What is not as the truth says, one line each."""
        wrong = [f"plugin fault: {fault}" for fault in self.report["plugin_faults"]]
        for check, expected in sorted(truth.items()):
            if check not in self.verdicts:
                continue
            mine = self.verdicts[check]
            told = (mine["pass"], mine["fail"], mine["not_assessed"])
            wanted = (expected.passing, len(expected.failing), len(expected.open))
            if told != wanted:
                wrong.append(f"{check}: pass, fail, not assessed are {told}, should be {wanted} [{mine['reason']} {mine['detail']}]")
            for verdict, subjects in (("fail", expected.failing), ("not_assessed", expected.open)):
                strange = self.found[verdict].get(check, set()) ^ subjects
                if strange:
                    wrong.append(f"{check}: {len(strange)} subjects wrongly (not) {verdict}, such as {sorted(strange)[0]}")
        return wrong
