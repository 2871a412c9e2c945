#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER earlier_test.py [-v] [CLASS.test...]   Checks that compare with the run before."""
import unittest

from scenario import FakeCloud, Scenario

CHECK = "defender-secure-score-not-falling"
SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
SCORE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security/secureScores"
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"


class Scored(FakeCloud):
    """One subscription with a secure score."""
    score = "0.7"

    def answer(self, method, target, body):
        path = target.split("?")[0]
        if path == "/subscriptions":
            return 200, {"value": [{"subscriptionId": SUBSCRIPTION, "displayName": "One", "state": "Enabled"}]}
        if path == SCORE:
            return 200, ('{"value":[{"id":"%s/ascScore","name":"ascScore","properties":{"score":{"max":10,"current":7,'
                         '"percentage":%s}}}]}' % (SCORE, self.score)).encode()
        if path.endswith("/permissions"):
            return 200, {"value": [{"actions": ["*/read"], "dataActions": []}]}
        if path.endswith("/roleAssignments"):
            return 200, {"value": [{"properties": {"roleDefinitionId": READER}}]}
        return 200, {"data": [], "totalRecords": 0} if method == "POST" else {"value": []}


class Earlier(Scenario):
    def setUp(self):
        super().setUp()
        self.tenant = Scored({"roles": ["SecurityEvents.Read.All"]})
        self.addCleanup(self.tenant.stop)
        self.configure(self.tenant.access, ['id = "defender"'])

    def run_with(self, score):
        """(verdict, reason) of the check, and what it says of the one score."""
        self.tenant.score = score
        done = self.assay("run", "--json")
        self.assertIn(done.code, (0, 5), done.text)
        (result,) = [one for one in done.json()["data"]["runs"][0]["checks"] if one["check"] == CHECK]
        return result["verdict"], result.get("reason")

    def replay(self, run, code=0):
        done = self.assay("replay", run, "--json", "--only", CHECK)
        self.assertEqual(done.code, code, done.text)
        return done.json()["data"]

    def test_a_score_that_falls_fails_and_follows_from_the_ledger(self):
        self.assertEqual(self.run_with("0.7"), ("not_applicable", None), "there is nothing to compare with")
        self.assertEqual(self.run_with("0.66")[0], "pass")
        self.assertEqual(self.run_with("0.55")[0], "fail")
        self.assertEqual(self.run_with("0.55")[0], "pass", "it is compared with the run before, not with the first")
        self.tenant.stop()
        for run in ("R-1", "R-2", "R-3", "R-4"):
            self.assertEqual(self.replay(run)["differences"], [], run)
        self.ledger_verifies()

    def test_a_run_that_was_told_nothing_is_passed_over(self):
        self.run_with("0.7")
        tenant, self.tenant.answer = self.tenant, lambda *_: (403, {})
        self.assertEqual(self.run_with("0.7")[0], "not_assessed")
        del tenant.answer
        self.assertEqual(self.run_with("0.4")[0], "fail")


if __name__ == "__main__":
    unittest.main()
