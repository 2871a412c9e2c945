"""tests/e2e/run.py: it sees what differs, and only that."""
import os
import subprocess
import sys

from lint_case import SOURCE, LintCase


class Runner(LintCase):
    def run_script(self, text, *more):
        self.plant("bin/assay", "#!/bin/sh\necho \"assay $*\"\necho note >&2\n[ \"$1\" != bad ] || exit 7\n", run=True)
        self.plant("one.test", text)
        argv = [sys.executable, str(SOURCE / "tests/e2e/run.py"), "--bin", str(self.root / "bin"), *more,
                str(self.root / "one.test")]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=dict(os.environ))
        return done.returncode, done.stdout

    def assert_result(self, text, code, *words):
        status, out = self.run_script(text)
        self.assertEqual(status, code, out)
        for word in words:
            self.assertIn(word, out)

    def test_passes_on_equal_output_and_code(self):
        self.assert_result("# c\n$ assay bad\nassay bad\n!note\n? 7\n\n$ assay x\n", 0, "1 passed, 0 failed")

    def test_fails_on_another_exit_code(self):
        self.assert_result("$ assay bad\nassay bad\n", 1, "exit code 7, expected 0", "0 passed, 1 failed")

    def test_fails_on_another_line_of_either_stream(self):
        self.assert_result("$ assay a\nassay b\n", 1, "-assay b", "+assay a")
        self.assert_result("$ assay a\n!other\n", 1, "stderr differs")

    def test_fails_on_lines_too_many(self):
        self.assert_result("$ printf 'a\\nb\\n'\na\n", 1, "+b")

    def test_knows_wildcards_and_skipped_lines(self):
        self.assert_result("$ printf 'x\\ny\\nhash 00ff00ff in 1.5 s at 2026-01-02T03:04:05Z\\n'\n...\nhash [HEX] in [SECS] at [TIME]\n", 0)
        self.assert_result("$ echo hash zz\nhash [HEX]\n", 1)

    def test_can_ask_for_silence(self):
        self.assert_result("$ true\n(nothing)\n", 0)
        self.assert_result("$ echo x\n(nothing)\n", 1)

    def test_writes_files_and_skips_without_what_it_needs(self):
        self.assert_result("== file a/b.txt\nhello\n==\n$ cat a/b.txt\nhello\n", 0)
        self.assert_result("== needs false\n$ exit 3\n", 0, "0 passed, 0 failed, 1 skipped")

    def test_approves_what_was_printed(self):
        status, _ = self.run_script("# c\n$ assay bad\nold\n\n$ assay y\nassay y\n", "--approve")
        self.assertEqual(status, 0)
        self.assertEqual((self.root / "one.test").read_text(), "# c\n$ assay bad\nassay bad\n? 7\n\n$ assay y\nassay y\n")
