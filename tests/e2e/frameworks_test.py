#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER frameworks_test.py [-v] [CLASS.test...]   Frameworks after one run over the demo tenant."""
import csv
import datetime
import io
import pathlib
import shutil
import tempfile
import unittest

from scenario import LIB, DemoServer, Scenario

LATER = (datetime.date.today() + datetime.timedelta(days=90)).isoformat()
EXCLUDE = f'exclude = [{{ control = "A.7.4", reason = "no premises, \\"all\\" remote", approver = "ciso@example", expires = {LATER} }}]'
FRAMEWORKS = f"""[[frameworks]]
id = "iso27001-2022"
{EXCLUDE}
[[frameworks]]
id = "dora"
[[frameworks]]
id = "gdpr"
[[frameworks]]
id = "acme"
csv = "acme.csv"
"""
EQUALS = ["graph-ca-mfa-all-users", "iso27001-2022:A.8.5", "dora:Art. 9(4)(d); graph-global-admin-count", ""]
LIST = "id,title,equals\n" + "".join(f"X-{n},Rule number {n},{EQUALS[(n - 1) % 4]}\n" for n in range(1, 21))


class Frameworks(Scenario):
    """All tests look at the ledger of one run."""
    shared = None

    def setUp(self):
        if Frameworks.shared is None:
            Frameworks.shared = pathlib.Path(tempfile.mkdtemp(prefix="assay-frameworks-"))
            self.addClassCleanup(shutil.rmtree, Frameworks.shared, ignore_errors=True)
            self.home = Frameworks.shared
            (self.home / "acme.csv").write_text(LIST)
            server = DemoServer("--no-throttle")
            self.configure(server.access, ['id = "graph"'], FRAMEWORKS)
            done = self.assay("run", "--json")
            server.stop()
            self.assertIn(done.code, (0, 5), done.text)
            Frameworks.controls = done.json()["data"]["runs"][0]["controls"]
        self.home = Frameworks.shared

    def data(self, *words, code=0):
        done = self.assay(*words, "--json")
        self.assertEqual(done.code, code, done.text)
        return done.json()["data"]

    def text(self, *words, code=0):
        done = self.assay(*words)
        self.assertEqual(done.code, code, done.text)
        return done.text

    def states(self, framework):
        return {one["control"]: one["state"] for one in self.controls if one["framework"] == framework}

    def test_all_frameworks_are_there(self):
        """[CL-17]"""
        listed = {one["id"]: one["controls"] for one in self.data("framework", "list")["items"]}
        self.assertEqual(listed, {"acme": 20, "cis-azure": 71, "cis-m365": 66, "dora": 147, "gdpr": 55, "iso27001-2022": 93,
                                  "nis2": 24, "scuba": 34, "soc2-tsc": 61})

    def test_twenty_rows_give_twenty_states_and_a_replay_gives_them_again(self):
        """[VE-43]"""
        states = self.states("acme")
        self.assertEqual(len(states), 20)
        self.assertEqual({states[f"X-{n}"] for n in range(4, 21, 4)}, {"uncovered"}, "these rows equal nothing")
        self.assertNotIn("uncovered", {states[f"X-{n}"] for n in range(1, 21) if n % 4})
        self.assertEqual(self.data("replay", "R-1")["differences"], [])
        self.ledger_verifies()

    def test_a_list_that_dangles_is_told_with_line_and_column(self):
        """[VE-43]"""
        folder = self.home / "dangling"
        shutil.copytree(self.home, folder, ignore=shutil.ignore_patterns("data", "dangling"))
        (folder / "acme.csv").write_text(LIST.replace("X-5,Rule number 5,graph-ca-mfa-all-users", "X-5,Rule number 5,graph-ca-mfa-all-user"))
        done = self.assay("config", "check", folder=folder)
        self.assertEqual(done.code, 3, done.text)
        self.assertIn('acme.csv:6:19: "graph-ca-mfa-all-user" is no check, did you mean "graph-ca-mfa-all-users"?', done.text)
        self.assertEqual(self.assay("run", folder=folder).code, 3)
        (folder / "acme.csv").unlink()
        self.assertIn("acme.csv: no such file", self.assay("config", "check", folder=folder).text)

    def test_an_exclusion_that_meets_nothing_is_an_error(self):
        folder = self.home / "excluded"
        shutil.copytree(self.home, folder, ignore=shutil.ignore_patterns("data", "excluded"))
        text = (folder / "assay.toml").read_text()
        (folder / "assay.toml").write_text(text.replace('control = "A.7.4"', 'control = "A.9.2.3"'))
        done = self.assay("config", "check", folder=folder)
        self.assertEqual(done.code, 3, done.text)
        self.assertIn('framework "iso27001-2022" has no control "A.9.2.3"', done.text)
        self.assertIn("became A.8.2", done.text)

    def test_coverage_has_all_denominators(self):
        (dora,) = self.data("framework", "coverage", "dora")["items"]
        self.assertEqual(dora["controls"], dora["mapped"] + dora["uncovered"] + dora["not_applicable"])
        self.assertEqual(len(dora["uncovered_controls"]), dora["uncovered"])
        self.assertTrue(all(one["reason"] for one in dora["uncovered_controls"]))
        (run,) = dora["runs"]
        states = list(self.states("dora").values())
        self.assertEqual(run["passing"], states.count("satisfied"))
        self.assertEqual(run["assessed"], states.count("satisfied") + states.count("not_satisfied") + states.count("excepted"))
        self.assertEqual(run["mapped"], run["assessed"] + states.count("unknown"))
        self.assertEqual(run["mapped"] + run["uncovered"] + dora["not_applicable"], dora["controls"])
        (iso,) = self.data("framework", "coverage", "iso27001-2022")["items"]
        self.assertGreaterEqual(iso["mapped"], 58)
        self.assertEqual(iso["runs"][0]["excluded"], 1)
        text = self.text("framework", "coverage", "dora", "--uncovered")
        self.assertIn("79 not covered by any check", text)
        self.assertIn("Art. 28(8)", text)

    def test_gaps_say_why(self):
        gaps = self.data("framework", "gaps", "dora")["items"]
        self.assertTrue(all(one["why"] and one["state"] in ("not_satisfied", "unknown", "uncovered") for one in gaps), gaps)
        named = {one["control"] for one in gaps}
        self.assertNotIn("Art. 15", named, "addressed to authorities: never a gap")
        states = self.states("dora")
        self.assertEqual(named, {c for c, s in states.items() if s not in ("satisfied", "excepted")} - {
            "Art. 15", "Art. 18(3)", "Art. 20", "Art. 21", "Art. 22", "Art. 28(9)", "Art. 28(10)", "Art. 30(5)"})

    def test_the_statement_of_applicability_has_a_row_for_every_control(self):
        rows = list(csv.DictReader(io.StringIO(self.assay("framework", "soa", "iso27001-2022").out)))
        self.assertEqual(len(rows), 93)
        out = {row["control"]: row for row in rows}
        self.assertEqual((out["A.7.4"]["applicable"], out["A.7.4"]["justification"], out["A.7.4"]["approver"], out["A.7.4"]["state"]),
                         ("no", 'no premises, "all" remote', "ciso@example", "not decided"))
        self.assertEqual(out["A.8.5"]["applicable"], "yes")
        data = self.data("framework", "soa", "iso27001-2022")
        self.assertEqual([(one["control"], one["state"] or "not decided") for one in data["items"]],
                         [(row["control"], row["state"]) for row in rows])

    def test_a_control_has_a_page(self):
        """[KS-32]"""
        page = self.data("framework", "show", "dora", "art.9(4)(d)")
        self.assertEqual((page["id"], page["level"]), ("Art. 9(4)(d)", "high"))
        self.assertEqual(page["responsibility"], ["customer"])
        self.assertTrue(page["not_shown"] and page["reason"])
        self.assertIn(("iso27001-2022", "A.8.5"), {(one["framework"], one["id"]) for one in page["equivalents"]})
        (state,) = page["states"]
        self.assertEqual(state["state"], self.states("dora")["Art. 9(4)(d)"])
        entry = self.text("ledger", "show", str(state["entry"]))
        self.assertIn("Art. 9(4)(d)", entry)
        told = self.assay("framework", "show", "iso27001-2022", "A.9.2.3")
        self.assertEqual(told.code, 12)
        self.assertIn("became A.8.2", told.text)

    def test_items_of_article_9_wait_for_both_parts(self):
        """What the kit's roll-up would call satisfied waits for a person; nothing attested it."""
        whys = {one["control"]: (one["state"], one["why"]) for one in self.controls if one["framework"] == "dora"}
        for control, (state, why) in whys.items():
            if control.startswith("Art. 9("):
                self.assertNotEqual(state, "satisfied", (control, why))

    def test_explain_knows_controls_checks_and_old_numbers(self):
        self.assertIn("iso27001-2022:A.8.2", self.text("explain", "A.9.2.3"))
        self.assertIn("not shown", self.text("explain", "iso27001-2022:A.8.5"))
        effect = self.text("explain", "graph-ca-mfa-all-users")
        for control in ("iso27001-2022:A.8.5", "dora:Art. 9(4)(d)", "nis2:Art. 21(2)(j)", "scuba:MS.AAD.3.2v2", "soc2-tsc:CC6.1"):
            self.assertIn(control, effect)

    def test_lint_finds_nothing_in_what_is_installed(self):
        """[CL-17]"""
        found = self.data("framework", "lint")
        self.assertEqual([one for one in found["items"] if one["level"] == "error"], [])
        self.assertEqual(found["unmapped_checks"], [], "each check speaks to a control")

    def test_lint_names_what_is_wrong_in_a_folder(self):
        """[VE-42]"""
        folder = self.home / "soc2-tsc"
        shutil.copytree(LIB / "assay" / "frameworks" / "soc2-tsc", folder)
        mapping = folder / "mapping.toml"
        mapping.write_text(mapping.read_text().replace('control = "CC6.1"', 'control = "CC6.11"'))
        self.assertIn('control "CC6.11" is not in controls.toml', self.text("framework", "lint", str(folder), code=3))

    def test_claims_cite_no_retired_numbers(self):
        """[CM-26]"""
        claims = self.home / "claims.toml"
        claims.write_text('title = "Incident response"\nclaim = "aligned to ISO Annex A.16"\n')
        found = self.assay("framework", "lint", "--claims", str(claims), "--json")
        self.assertEqual(found.code, 3, found.text)
        (one,) = found.json()["data"]["items"]
        self.assertEqual((one["line"], one["col"], one["id"]), (2, 31, "A.16"))
        self.assertEqual(one["became"], ["A.5.24", "A.5.25", "A.5.26", "A.5.27", "A.5.28", "A.6.8"])
        claims.write_text("A.5.24 and A.8.5\n")
        self.text("framework", "lint", "--claims", str(claims))

    def test_diff_tells_what_changed(self):
        folder = self.home / "gdpr-2"
        shutil.copytree(LIB / "assay" / "frameworks" / "gdpr", folder)
        controls = folder / "controls.toml"
        controls.write_text(controls.read_text().replace('title = "Transfer on an adequacy decision"', 'title = "Another title"'))
        (change,) = self.data("framework", "diff", "gdpr", str(folder))["items"]
        self.assertEqual((change["control"], change["field"], change["after"]), ("Art. 45", "title", "Another title"))


if __name__ == "__main__":
    unittest.main()
