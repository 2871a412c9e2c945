#!/usr/bin/env python3
"""An author outside: the installed package builds the examples, and every new project builds at once."""
import itertools
import unittest
import xml.etree.ElementTree

from out_of_tree import SOURCE, Installed, run


def exported(library):
    return [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]


class OutOfTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.assay = cls.enterClassContext(Installed())

    def test_the_examples_build_against_the_installed_package(self):
        for folder, name in [("example", "example"), ("example-cpp", "example-cpp")]:
            built = self.assay.build(SOURCE / "plugin-api" / folder)
            self.assertEqual(exported(built / name / f"{name}.so"), ["assay_plugin_v1"])

    def test_every_new_project_builds(self):
        for kind, lang in itertools.product(["collector", "framework"], ["c", "cpp"]):
            with self.subTest(kind=kind, lang=lang):
                name = f"new-{kind}-{lang}"
                said = self.assay("plugin", "new", name, "--kind", kind, "--lang", lang)
                self.assertIn(f"Wrote {name}/", said)
                project = self.assay.work / name
                left = [p for p in project.rglob("*") if p.is_file() and "sample" in (p.name + p.read_text()).lower()]
                self.assertEqual(left, [], "the template's own name is left")
                built = self.assay.build(project)
                self.assertEqual(exported(built / name / f"{name}.so"), ["assay_plugin_v1"])
                for data in ["checks/domains.toml"] if kind == "collector" else ["controls.toml", "mapping.toml"]:
                    self.assertTrue((built / name / data).is_file(), data)
                said = run("ctest", "--test-dir", built, "--output-on-failure")
                self.assertIn("100% tests passed, 0 tests failed out of 3", said)
                for report in ["check", "test.example"]:
                    suite = xml.etree.ElementTree.parse(built / f"{name}.{report}.xml").getroot()
                    self.assertEqual((suite.tag, suite.get("failures")), ("testsuite", "0"))
                    self.assertEqual(len(suite.findall("testcase")), int(suite.get("tests")))

    def test_nothing_is_overwritten(self):
        self.assay("plugin", "new", "twice")
        (self.assay.work / "twice/README.md").write_text("mine")
        self.assertIn("is already there", self.assay("plugin", "new", "twice", expect=2))
        self.assertEqual((self.assay.work / "twice/README.md").read_text(), "mine")

    def test_a_name_that_is_no_id_is_refused(self):
        for name in ["Guest", "1st", "a--b", "a-", "../up", "a/b", "x" * 49]:
            self.assertIn("cannot be an id", self.assay("plugin", "new", name, expect=3))


if __name__ == "__main__":
    unittest.main()
