"""tools/test-summary.py: the last line of tools/test."""
import subprocess
import sys

from lint_case import SOURCE, LintCase

CASE = '<testcase name="{0}" status="{1}">{2}<system-out>{3}</system-out></testcase>'


class Summary(LintCase):
    def summary(self, *failed_steps):
        done = subprocess.run([sys.executable, str(SOURCE / "tools/test-summary.py"), str(self.root), *failed_steps],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip().split("\n")

    def junit(self, step, *cases):
        self.plant(f"{step}.xml", "<testsuite>" + "".join(CASE.format(*c) for c in cases) + "</testsuite>")
        self.plant(f"{step}.log", "")

    def test_adds_up_the_cases_inside(self):
        self.junit("tests", ("base", "run", "", "All tests passed (12 assertions in 5 test cases)"),
                   ("tools", "run", "", "Ran 7 tests in 0.1s\n\nOK"), ("e2e", "run", "", "6 passed, 0 failed"),
                   ("plain", "run", "", "hello"))
        self.junit("asan", ("base", "run", "", "All tests passed (12 assertions in 5 test cases)"))
        self.assertEqual(self.summary(), (0, ["24 passed, 0 failed"]))

    def test_counts_and_names_what_failed(self):
        self.junit("tests", ("ipc", "fail", '<failure message=""/>', "test cases: 10 | 8 passed | 2 failed\n"))
        self.assertEqual(self.summary("tests"), (1, ["-- tests: ipc", "test cases: 10 | 8 passed | 2 failed",
                                                     "failed in tests: ipc", "8 passed, 2 failed"]))

    def test_shows_what_a_failing_case_said_of_its_failure(self):
        said = "\n".join(["FAILED: a dataset without rows", *(f"table {i}" for i in range(100)), "FAILED: 1"])
        self.junit("tests", ("samples", "fail", '<failure message=""/>', said))
        shown = self.summary("tests")[1]
        self.assertEqual(shown[:2], ["-- tests: samples", "FAILED: a dataset without rows"])
        self.assertIn("FAILED: 1", shown)
        self.assertNotIn("table 5", shown)

    def test_counts_a_crash_as_one_failure(self):
        self.junit("tests", ("ipc", "fail", '<failure message="SIGSEGV"/>', ""))
        self.assertEqual(self.summary("tests")[1][-1], "0 passed, 1 failed")

    def test_a_step_that_failed_is_never_zero_failed(self):
        self.plant("build.log", "ninja: build stopped\n")
        self.assertEqual(self.summary("build"), (1, ["failed in build: step build", "0 passed, 1 failed"]))

    def test_names_skipped_cases_without_counting_them(self):
        self.junit("tests", ("strict", "notrun", "<skipped/>", ""))
        self.assertEqual(self.summary(), (0, ["skipped in tests: strict", "0 passed, 0 failed"]))
