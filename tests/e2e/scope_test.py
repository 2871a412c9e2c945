#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER scope_test.py [-v] [CLASS.test...]   Which Azure subscriptions are read."""
import unittest

from scenario import Scenario

AZURE = ['id = "azure-policy"', 'id = "defender"', 'id = "activity-log"', 'id = "cost"']


class Scope(Scenario):
    def run_with(self, azure, code):
        """A run with these lines under `azure`; the subscriptions that were asked about, and those that there are."""
        server = self.server()
        folder = self.configure(server.access, AZURE)
        text = (folder / "assay.toml").read_text()
        (folder / "assay.toml").write_text(text.replace("[[plugins]]", f"[tenants.azure]\n{azure}\n[[plugins]]", 1)
                                           if azure else text)
        done = self.assay("run")
        self.assertIn(done.code, code, done.text)
        log = server.stop()
        return {path.split("/")[2] for _, service, path, *_ in log
                if service == "arm" and path.lower().startswith("/subscriptions/") and path.count("/") > 2}

    def all_of_them(self):
        asked = self.run_with("", (0, 5))
        self.assertEqual(len(asked), 3)
        return sorted(asked)

    def standing(self):
        last = [line["run"] for line in self.lines() if line["kind"] == "run.started"][-1]
        return {line["dataset"]: (line["completeness"], line.get("reason")) for line in self.lines()
                if line["kind"] == "dataset" and line["run"] == last}

    def test_an_excluded_subscription_is_never_asked_about(self):  # [CM-17]
        first, second, third = self.all_of_them()
        self.assertEqual(self.run_with(f'exclude_subscriptions = ["{first.upper()}"]', (0, 5)), {second, third})
        self.assertEqual(self.standing()["policy_state"][0], "complete")

    def test_only_the_wanted_ones_are_asked_about(self):  # [CM-17]
        first, second, _ = self.all_of_them()
        self.assertEqual(self.run_with(f'subscriptions = ["{first}"]', (0, 5)), {first})
        self.assertEqual(self.run_with(f'subscriptions = ["{first}", "{second}"]\nexclude_subscriptions = ["{second}"]',
                                       (0, 5)), {first})

    def test_a_name_is_as_good_as_an_id(self):
        self.all_of_them()
        told = self.assay("finding", "list", "--json")
        self.assertEqual(told.code, 0)
        asked = self.run_with('subscriptions = ["aurelia PRODUCTION"]', (0, 5))
        self.assertEqual(len(asked), 1)

    def test_a_wanted_one_that_nobody_sees_leaves_nothing_to_pass(self):
        first, *_ = self.all_of_them()
        missing = "00000000-0000-4000-8000-00000000abcd"
        self.assertEqual(self.run_with(f'subscriptions = ["{first}", "{missing}"]', (5,)), {first})
        standing = self.standing()
        for dataset in ("azure_subscription", "policy_state", "defender_pricing", "defender_subscription", "cost_subscription", "cost_budget"):
            self.assertEqual(standing[dataset], ("partial", "permission"), dataset)

    def test_a_replay_reads_the_same_ones_without_the_configuration(self):
        first, *_ = self.all_of_them()
        self.run_with(f'exclude_subscriptions = ["{first}"]', (0, 5))
        self.configure(self.server().access, AZURE)
        done = self.assay("replay", "R-2")
        self.assertEqual(done.code, 0, done.text)
        self.assertIn("identical", done.text)

    # Of the invented tenant, Production and the third lie below "aurelia"; Development lies below the root alone.
    def test_a_management_group_stands_for_what_lies_below_it(self):  # [CM-17]
        every = set(self.all_of_them())
        below = self.run_with('management_groups = ["Aurelia"]', (0, 5))
        self.assertEqual(len(below), 2)
        self.assertEqual(self.standing()["policy_state"][0], "complete")
        (outside,) = every - below
        both = f'management_groups = ["aurelia"]\nsubscriptions = ["{outside}"]\nexclude_subscriptions = ["{min(below)}"]'
        self.assertEqual(self.run_with(both, (0, 5)), {max(below), outside})
        for run in ("R-2", "R-3"):
            self.configure(self.server().access, AZURE)
            done = self.assay("replay", run)
            self.assertEqual(done.code, 0, done.text)

    def test_a_management_group_that_nobody_sees_leaves_nothing_to_read_or_pass(self):  # [CM-17]
        self.assertEqual(self.run_with('management_groups = ["mg-elsewhere"]', (5,)), set())
        standing = self.standing()
        for dataset in ("azure_subscription", "policy_state", "defender_pricing", "log_event"):
            self.assertEqual(standing[dataset], ("partial", "permission"), dataset)
        told = self.assay("status").text + self.assay("run", "--json").text
        self.assertIn("management group mg-elsewhere", told)

    def test_a_management_group_is_named_by_its_id(self):
        self.configure(self.server().access, AZURE)
        path = self.home / "assay.toml"
        path.write_text(path.read_text().replace("[[plugins]]", '[tenants.azure]\nmanagement_groups = ["My group"]\n[[plugins]]', 1))
        done = self.assay("config", "check")
        self.assertEqual(done.code, 3)
        self.assertIn("named by its id", done.text)


if __name__ == "__main__":
    unittest.main()
