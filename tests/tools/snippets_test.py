"""What the documents show is real: TOML parses, the walkthrough's check decides. tests/kit builds the walkthroughs."""
import re
import sqlite3
import tomllib
import unittest

from lint_case import SOURCE

WALKTHROUGH = SOURCE / "docs/plugins/writing-a-collector.md"


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.S | re.M)


class Snippets(unittest.TestCase):
    def test_every_toml_block_parses(self):
        for path in [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]:
            for block in blocks(path, "toml"):
                with self.subTest(path=path.name, block=block[:40]):
                    if "<sha256" in block or "controls.toml" in block:
                        continue  # shows a form, or two files at once
                    tomllib.loads(block)

    def test_the_check_of_the_walkthrough_decides(self):
        check = next(tomllib.loads(b) for b in blocks(WALKTHROUGH, "toml") if "[[check]]" in b)["check"][0]
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE directory_device(id, display_name, account_enabled, last_sign_in)")
        database.executemany("INSERT INTO directory_device VALUES(?, '', ?, ?)",
                             [("off", 0, None), ("never", 1, None), ("old", 1, "2020-01-01T00:00:00Z"),
                              ("new", 1, "9999-01-01T00:00:00Z")])
        rows = {r[0]: r[1] for r in database.execute(check["sql"], check["params"])}
        self.assertEqual(rows, {"off": "not_applicable", "never": "manual", "old": "fail", "new": "pass"})


if __name__ == "__main__":
    unittest.main()
