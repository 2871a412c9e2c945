#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER cost_test.py [-v] [CLASS.test...]   Cost exports from a folder and from a container: what is asked
for, what comes to which sums, and what becomes of exports that are not whole."""
import base64
import decimal
import html
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import unittest
import urllib.parse

from scenario import AUDIENCE, FakeCloud, Scenario

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(SOURCE / "tests/samples"))
import focus_reader  # noqa: E402
from focus_awkward import make_awkward  # noqa: E402
SAMPLES = SOURCE.parent / "shared/samples/focus"
GENERATOR = SOURCE / "tools/gen-cost-export.py"
RANGE = 8 << 20
# Sums are shown as findings: nothing else tells rows of a run.
SUMS = '''
[[check]]
id = "sum"
version = 1
title = "Sums"
severity = "info"
subject = "tenant"
reads = ["cost_group", "cost_day", "cost_tag", "cost_file"]
sql = """
SELECT 'tenant' AS subject, 'fail' AS verdict, json_object(
  'rows', (SELECT SUM(rows) FROM cost_group), 'billed', (SELECT decimal_sum(billed_cost) FROM cost_group),
  'effective', (SELECT decimal_sum(effective_cost) FROM cost_group),
  'by_day', (SELECT decimal_sum(effective_cost) FROM cost_day), 'days', (SELECT COUNT(*) FROM cost_day),
  'tagged', (SELECT decimal_sum(effective_cost) FROM cost_tag WHERE tag = 'costcenter'),
  'files', (SELECT COUNT(*) FROM cost_file)) AS detail
"""
'''


class BlobService:
    """Azure's List Blobs and Get Blob over a folder: pages of two names, ranges with If-Match."""

    def __init__(self, folder):
        self.folder, self.log, self.trick, service = folder, [], None, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.log.append((self.path, dict(self.headers)))
                status, body, fields = service.answer(urllib.parse.urlsplit(self.path), self.headers)
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def files(self):
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def answer(self, url, headers):
        if self.trick and (told := self.trick(url, headers)):
            return told
        if not headers.get("Authorization", "").startswith("Bearer ") or headers.get("x-ms-version") != "2021-12-02":
            return 403, b"<Error><Code>AuthorizationFailure</Code></Error>", {}
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/exports":
            return self.listing(query)
        name = urllib.parse.unquote(url.path.removeprefix("/exports/"))
        return self.part(name, headers)

    def listing(self, query):
        names = [name for name in self.files() if name.startswith(query.get("prefix", ""))]
        at = int(query.get("marker", "m&0").removeprefix("m&"))
        blobs = "".join(f"<Blob><Name>{html.escape(name)}</Name><Properties><Last-Modified>Sun, 06 Nov 1994 08:49:37 GMT"
                        f"</Last-Modified><Content-Length>{(self.folder / name).stat().st_size}</Content-Length></Properties></Blob>"
                        for name in names[at:at + 2])
        more = f"<NextMarker>m&amp;{at + 2}</NextMarker>" if at + 2 < len(names) else "<NextMarker />"
        body = f'\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{blobs}</Blobs>{more}</EnumerationResults>'
        return 200, body.encode(), {"Content-Type": "application/xml"}

    def part(self, name, headers):
        path = self.folder / name
        if name not in self.files():
            return 404, b"<Error><Code>BlobNotFound</Code></Error>", {}
        first, last = (int(n) for n in headers["x-ms-range"].removeprefix("bytes=").split("-"))
        data = path.read_bytes()
        etag = f'"0x{path.stat().st_mtime_ns:X}"'
        if headers.get("If-Match", etag) != etag:
            return 412, b"<Error><Code>ConditionNotMet</Code></Error>", {}
        part = data[first:last + 1]
        return 206, part, {"ETag": etag, "Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(data)}"}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Poor(FakeCloud):
    """An identity that may read its export and nothing else: no permission in Graph, no subscription."""

    def answer(self, method, target, body):
        if target.startswith("/subscriptions?"):
            return 200, {"value": []}
        return 403, {"error": {"code": "Authorization_RequestDenied"}}


class Cost(Scenario):
    def setUp(self):
        super().setUp()
        self.exports = self.home / "exports"
        self.exports.mkdir()
        self.access = Poor({"roles": []})
        self.addCleanup(self.access.stop)

    def generate(self, *words):
        subprocess.run([sys.executable, GENERATOR, self.exports, *words], check=True, timeout=120)
        truth = json.loads((self.exports / "truth.json").read_text())
        (self.exports / "truth.json").unlink()
        return truth

    def container(self):
        service = BlobService(self.exports)
        self.addCleanup(service.stop)
        return service

    def set_up(self, cost, blob=None):
        """assay.toml with `cost` on the tenant and the check that shows sums."""
        self.configure(self.access.access, ['id = "cost"'])
        path = self.home / "assay.toml"
        text = 'checks_dir = "checks.d"\n' + path.read_text().replace("[[plugins]]", f"{cost}\n[[plugins]]", 1)
        if blob:
            more = f'blob = "{blob}"\nstorage_scope = "{AUDIENCE["storage"]}/.default"\nstorage_audiences = ["{AUDIENCE["storage"]}"]\n'
            text = text.replace("[clouds.demo]\n", "[clouds.demo]\n" + more, 1)
        path.write_text(text)
        (self.home / "checks.d").mkdir(exist_ok=True)
        (self.home / "checks.d/sum.toml").write_text(SUMS)

    def run_it(self, *codes):
        done = self.assay("run", "--json")
        self.assertIn(done.code, codes or (0, 4, 5), done.text)
        return json.loads(done.out)["data"]["runs"][0]

    def findings(self):
        told = self.assay("finding", "list", "--json", "--verdict", "fail")
        self.assertEqual(told.code, 0, told.text)
        return {item["check"]: item for item in json.loads(told.out)["data"]["items"]}

    def sums(self):
        return json.loads(self.findings()["sum"]["detail"])

    def standing(self):
        last = [line["run"] for line in self.lines() if line["kind"] == "run.started"][-1]
        return {line["dataset"]: (line["completeness"], line.get("reason")) for line in self.lines()
                if line["kind"] == "dataset" and line["run"] == last}

    def compare(self, truth):
        sums = self.sums()
        self.assertEqual(sums["rows"], truth["rows"])
        for ours, theirs in (("billed", truth["billed"]), ("effective", truth["effective"]), ("by_day", truth["effective"]),
                             ("tagged", truth["tags"]["costcenter"])):
            self.assertEqual(decimal.Decimal(sums[ours]), decimal.Decimal(theirs), ours)
        self.assertEqual(sums["days"], len(truth["days"]))
        for dataset in ("cost_run", "cost_file", "cost_group", "cost_day", "cost_tag"):
            self.assertEqual(self.standing()[dataset], ("complete", None), dataset)

    def test_a_folder_comes_to_the_sums_of_another_reader(self):  # [CM-17]
        truth = self.generate("--rows", "3000", "--part-rows", "1100")
        self.set_up('cost = { path = "exports" }')
        self.run_it()
        self.compare(truth)
        self.assertNotIn("cost-manifest-reconciles", self.findings())
        done = self.assay("replay", "R-1")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("identical", done.text)
        self.ledger_verifies()
        self.assertFalse([path for _, path in self.access.log if "exports" in path])

    def test_a_container_is_asked_for_the_newest_run_alone(self):  # [CM-5] [CM-17]
        truth = self.generate("--rows", "2500", "--part-rows", "900")
        old = next(self.exports.glob("daily/*"))
        shutil.copytree(next(old.iterdir()), old / "202611190610/older")
        (self.exports / "secret.txt").write_text("not an export")
        service = self.container()
        self.set_up(f'cost = {{ container = "{service.base}/exports", prefix = "daily" }}', service.base)
        self.run_it()
        self.compare(truth)
        files = [urllib.parse.unquote(path) for path, _ in service.log if not path.startswith("/exports?")]
        self.assertEqual(len(files), 4)
        self.assertFalse([path for path in files if "202611190610" in path or "secret" in path])
        self.assertTrue(all("prefix=daily/" in path for path, _ in service.log if path.startswith("/exports?")))
        self.assertGreater(sum(path.startswith("/exports?") for path, _ in service.log), 2)
        for _, headers in service.log:
            claims = base64.urlsafe_b64decode(headers["Authorization"].split(".")[1] + "==")
            self.assertIn(AUDIENCE["storage"], claims.decode())
        done = self.assay("replay", "R-1")
        self.assertEqual(done.code, 0, done.text)

    def test_large_files_come_in_ranges_of_one_version(self):
        truth = self.generate("--rows", "22000", "--plain")
        service = self.container()
        self.set_up(f'cost = {{ container = "{service.base}/exports" }}', service.base)
        self.run_it()
        self.compare(truth)
        ranges = sorted(headers["x-ms-range"] for path, headers in service.log if ".csv" in path)
        self.assertEqual(ranges, [f"bytes=0-{RANGE - 1}", f"bytes={RANGE}-{2 * RANGE - 1}"])

    def test_a_file_that_changes_between_ranges_is_not_one_file(self):
        self.generate("--rows", "22000", "--plain")
        service = self.container()

        def change(url, headers):
            if ".csv" in url.path and headers["x-ms-range"].startswith(f"bytes={RANGE}"):
                status, body, fields = service.part(urllib.parse.unquote(url.path.removeprefix("/exports/")),
                                                    {"x-ms-range": headers["x-ms-range"]})
                return status, body, {**fields, "ETag": '"another"'}
            return None

        service.trick = change
        self.set_up(f'cost = {{ container = "{service.base}/exports" }}', service.base)
        run = self.run_it(5)
        # Ranges are asked for ahead: which of them came first is the file's version.
        self.assertIn(self.standing()["cost_group"][0], ("partial", "unavailable"))
        said = {check["check"]: json.dumps(check) for check in run["checks"]}
        self.assertIn("changed while it was read", said["cost-region-approved"])

    def test_what_is_missing_is_a_finding_and_passes_nothing(self):
        self.generate("--rows", "2000", "--part-rows", "500")
        next(self.exports.rglob("part_0_0003.csv.gz")).unlink()
        self.set_up('cost = { path = "exports" }')
        run = self.run_it(4, 5)
        self.assertIn("says 2000 charges in 4 files, read were 1500 in 3", self.findings()["cost-manifest-reconciles"]["detail"])
        self.assertEqual(self.standing()["cost_group"], ("partial", "partial"))
        verdicts = {check["check"]: check["verdict"] for check in run["checks"]}
        self.assertEqual(verdicts["cost-tag-coverage"], "not_assessed")

    def test_damaged_and_foreign_files_are_named(self):
        self.generate("--rows", "600", "--part-rows", "200")
        parts = sorted(self.exports.rglob("part_*"))
        parts[0].write_bytes(parts[0].read_bytes()[:-9] + bytes(9))
        parts[1].write_bytes(b"PAR1" + bytes(500))
        self.set_up('cost = { path = "exports" }')
        self.run_it(4, 5)
        self.assertEqual(self.standing()["cost_group"][0], "partial")
        self.assertIn("read were 400 in 1", self.findings()["cost-manifest-reconciles"]["detail"])

    def test_parquet_is_refused_with_its_name_and_the_way_out(self):
        self.generate("--rows", "100", "--plain")
        part = next(self.exports.rglob("part_*"))
        part.write_bytes(b"PAR1" + bytes(part.stat().st_size - 4))
        self.set_up('cost = { path = "exports" }')
        run = self.run_it(4, 5)
        said = next(check for check in run["checks"] if check["check"] == "cost-region-approved")
        self.assertEqual(said["verdict"], "not_assessed")
        for words in (part.name, "Parquet is not read", "set the file format of the export to CSV"):
            self.assertIn(words, json.dumps(said))

    def test_without_an_export_nothing_is_judged(self):
        self.set_up("")
        run = self.run_it(5)
        verdicts = {check["check"]: check for check in run["checks"]}
        self.assertEqual(verdicts["cost-data-fresh"]["verdict"], "not_assessed")
        self.assertEqual(self.standing()["cost_group"], ("unavailable", "unsupported"))

    def test_a_link_in_the_folder_is_not_followed(self):
        self.generate("--rows", "10")
        (self.home / "outside.csv").write_text("BilledCost,EffectiveCost\n1,1\n")
        (self.exports / "inside.csv").symlink_to(self.home / "outside.csv")
        self.set_up('cost = { path = "exports" }')
        self.run_it(5)
        self.assertEqual(self.standing()["cost_group"][0], "unavailable")

    def test_a_place_that_is_not_the_clouds_is_refused(self):
        self.set_up('cost = { container = "https://exports.evil.example/exports" }', "http://127.0.0.1:9")
        done = self.assay("run")
        self.assertNotIn(done.code, (0, 4, 5), done.text)
        self.assertIn("not at the storage address", done.text)
        for cost, words in (('cost = { path = "a", container = "https://x.blob.core.windows.net/c" }', "in one place"),
                            ("cost = {}", "path or container is missing"),
                            ('cost = { path = "a", prefix = "b" }', "belongs to a container"),
                            ('cost = { container = "http://x.blob.core.windows.net/c" }', "loopback")):
            self.set_up(cost)
            done = self.assay("config", "check")
            self.assertEqual(done.code, 3, cost)
            self.assertIn(words, done.text)

    def show_rows(self):
        """Checks whose findings are the rows, instead of that which shows sums."""
        (self.home / "checks.d/sum.toml").write_text(focus_reader.checks_that_show_rows())

    def compare_with_second_reader(self, files):
        """Every row of the three tables of sums; gives how many charges there were."""
        tables = focus_reader.Tables()
        for file in files:
            self.assertTrue(tables.read(file), file)
        told = self.assay("finding", "list", "--json", "--verdict", "fail")
        self.assertEqual(focus_reader.differences(tables, json.loads(told.out)["data"]["items"]), [])
        self.assertEqual(self.standing()["cost_group"][0], "partial" if tables.odd else "complete")
        return tables.rows

    def test_awkward_decimals_are_exact_to_the_last_digit(self):  # [CM-17]
        self.generate("--rows", "4000", "--part-rows", "1500")
        make_awkward(self.exports, 7)
        self.set_up('cost = { path = "exports" }')
        self.show_rows()
        self.run_it()
        self.assertEqual(self.compare_with_second_reader(sorted(self.exports.rglob("*.csv.gz"))), 4000)

    @unittest.skipUnless(SAMPLES.is_dir(), "no samples beside the checkout")
    def test_samples_come_to_the_rows_of_a_second_reader(self):
        read = 0
        for sample in sorted(SAMPLES.rglob("*.csv")):
            with self.subTest(sample.name):
                if not focus_reader.Tables().read(sample):
                    continue  # no table of FOCUS 1.0
                for folder in (self.exports, self.home / "data"):
                    shutil.rmtree(folder, ignore_errors=True)
                self.exports.mkdir()
                shutil.copy(sample, self.exports / "x.csv")
                self.set_up('cost = { path = "exports" }')
                self.show_rows()
                self.run_it()
                read += self.compare_with_second_reader([self.exports / "x.csv"])
        self.assertGreater(read, 600)


if __name__ == "__main__":
    unittest.main()
