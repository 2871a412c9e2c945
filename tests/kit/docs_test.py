#!/usr/bin/env python3
"""The pages for authors are true: their blocks are put into the files that they name, and their commands run."""
import re
import unittest

from out_of_tree import SOURCE, Installed, run

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.S | re.M)
FILE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:toml|cpp|json))`")


def steps(page):
    """('sh', commands) and ('file', name, text) in the order of the page; a file is named last before its block."""
    text = (SOURCE / "docs/plugins" / page).read_text(encoding="utf-8")
    end, found = 0, []
    for match in BLOCK.finditer(text):
        language, body = match.groups()
        if language == "sh":
            found.append(("sh", body))
        else:
            names = FILE.findall(text[end:match.start()])
            names = [n for n in names if n.endswith({"toml": ".toml", "cpp": ".cpp", "json": ".json"}[language])]
            found.append(("file", names[0] if language == "json" else names[-1], body))
        end = match.end()
    return found


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.assay = cls.enterClassContext(Installed())

    def follow(self, page, project, before_last):
        """Does what the page says; `before_last` is called with the project's folder before the last commands."""
        folder, said, todo = self.assay.work, "", steps(page)
        for index, step in enumerate(todo):
            if step[0] == "file":
                target = folder / step[1]
                self.assertTrue(target.parent.is_dir(), f"{page}: no folder for {step[1]}")
                target.write_text(step[2])
                continue
            if index == len(todo) - 1:
                before_last(folder)
            script = f"set -eu\nPREFIX={self.assay.prefix}\nPATH={self.assay.prefix}/bin:$PATH\n{step[1]}"
            said += run("bash", "-c", script, cwd=folder)
            if folder == self.assay.work:
                folder = folder / project
        return folder, said

    def test_the_collector(self):
        def clear(folder):
            for old in ["fixtures/example/fixture.toml", "fixtures/example/graph-domains.json",
                        "fixtures/example/graph-domains.2.json", "checks/domains.toml",
                        "checks/cases/device-review-domains-verified.toml"]:
                (folder / old).unlink()

        folder, said = self.follow("writing-a-collector.md", "device-review", clear)
        self.assertIn("2 evidence records, 2 rows", said)
        self.assertIn("0 errors, 0 warnings", said)
        self.assertIn("50 runs with random state 1, nothing found", said)
        self.assertIn("100% tests passed", run("ctest", "--test-dir", folder / "build"))

    def test_the_framework(self):
        folder, said = self.follow("writing-a-framework.md", "house-rules", lambda folder: None)
        self.assertIn("control H.1", said)
        self.assertIn("0 errors", said)
        self.assertIn("100% tests passed", run("ctest", "--test-dir", folder / "build"))

    def test_the_second_example_is_short(self):
        lines = (SOURCE / "plugin-api/example-cpp/example.cc").read_text().count("\n")
        self.assertLess(lines, 60)


if __name__ == "__main__":
    unittest.main()
