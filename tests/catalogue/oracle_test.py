#!/usr/bin/env python3
"""What the oracle decides with the real catalogue, one test for each trap that is known. Skips without ../shared/domain."""
import base64
import collections
import re
import sys
import unittest

import catalogue
from world import World

FOLDER = catalogue.find_catalogue()
NOW = "2026-06-15T12:00:00Z"
SUB = "0f1c5000-0000-4000-8000-000000000001"
ROOT = f"/subscriptions/{SUB}"
P1 = {"capabilityStatus": "Enabled", "skuId": "s", "servicePlans": [
    {"servicePlanId": "41781FB2-bc02-4b7c-bd55-b576c07bb09d", "provisioningStatus": "Success"}]}
STRENGTH = {"requirementsSatisfied": "mfa", "allowedCombinations": ["fido2"]}


def ok(*items):
    return {"status": "ok", "items": list(items)}


def some(*items):
    return {"status": "partial", "items": list(items)}


def policy(**changes):
    """A Conditional Access policy that asks everybody for MFA."""
    users = {"includeUsers": ["All"], "excludeUsers": [], "excludeRoles": [], "excludeGroups": [], **changes.pop("users", {})}
    conditions = {"users": users, "applications": {"includeApplications": ["All"], **changes.pop("applications", {})},
                  "clientAppTypes": ["all"], **changes.pop("conditions", {})}
    grant = {"operator": "OR", "builtInControls": ["mfa"], **changes.pop("grant", {})}
    return {"id": "p", "state": "enabled", "conditions": conditions, "grantControls": grant, **changes}


@unittest.skipUnless(FOLDER, "no ../shared/domain")
class Oracle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.catalogue = catalogue.Catalogue(FOLDER)

    def decide(self, check, params=None, profile=None, **endpoints):
        named = {name.replace("_", "-"): value for name, value in endpoints.items()}
        evidence = self.catalogue.evidence({"now": NOW, "endpoints": named, "profile": profile or {}})
        return self.catalogue.checks[check].decide(evidence, params)

    def verdict(self, check, **endpoints):
        return self.decide(check, **endpoints)["verdict"]

    def mfa(self, *policies, **changes):
        return self.verdict("graph-ca-mfa-all-users", graph_ca_policies=ok(*policies), graph_security_defaults=ok({"isEnabled": False}), **changes)

    def test_every_expression_reads_and_decides_without_data(self):  # nothing read: nothing passes
        evidence = self.catalogue.evidence({"now": NOW, "endpoints": {}})
        decided = collections.Counter(check.decide(evidence)["verdict"] for check in self.catalogue.checks.values())
        self.assertEqual(decided, {"indeterminate": 349})

    def test_every_function_of_the_catalogue_is_there(self):
        for function in self.catalogue.raw["function"]:
            self.assertIn(re.match(r"\w+", function["signature"]).group(), catalogue.FUNCTIONS)

    def test_empty_data_passes_only_where_emptiness_is_good(self):
        everything = {name: ok() for name in self.catalogue.endpoints}
        evidence = self.catalogue.evidence({"now": NOW, "endpoints": everything})
        passed = {one.id for one in self.catalogue.checks.values() if one.decide(evidence)["verdict"] == "pass"}
        self.assertLessEqual(len(passed), 5, passed)

    def test_a_negation_holds_of_no_missing_property(self):
        for item, wanted in (({}, "fail"), ({"inboundTrust": {}}, "pass"), ({"inboundTrust": {"isMfaAccepted": True}}, "fail")):
            self.assertEqual(self.verdict("graph-cross-tenant-inbound-trust", graph_cross_tenant_default=ok(item)), wanted, item)

    def test_status_comes_before_licence_and_licence_before_data(self):
        decided = self.decide("graph-ca-token-protection", graph_ca_policies={"status": "forbidden", "items": []}, graph_subscribed_skus=ok(P1))
        self.assertEqual((decided["verdict"], decided["reason"]), ("indeterminate", "graph-ca-policies is forbidden"))
        self.assertEqual(self.verdict("graph-ca-token-protection", graph_ca_policies=ok(), graph_subscribed_skus=ok()), "indeterminate")
        self.assertEqual(self.verdict("graph-ca-token-protection", graph_ca_policies=ok(), graph_subscribed_skus=ok(P1)), "fail")

    def test_a_plan_counts_when_it_is_usable_and_p2_brings_p1(self):
        two = {**P1, "servicePlans": [{"servicePlanId": "eec0eb4f-6444-4f95-aba0-50c24d67f998", "provisioningStatus": "Success"}]}
        for sku, wanted in ((P1, "fail"), (two, "fail"), ({**P1, "capabilityStatus": "Suspended"}, "indeterminate"),
                            ({**P1, "servicePlans": [{**P1["servicePlans"][0], "provisioningStatus": "Disabled"}]}, "indeterminate")):
            self.assertEqual(self.verdict("graph-ca-location-block", graph_ca_policies=ok(), graph_subscribed_skus=ok(sku)), wanted, sku)

    def test_404_means_something_where_the_check_says_so(self):
        gone = {"status": "not_found", "items": []}
        intune = {**P1, "servicePlans": [{"servicePlanId": "c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "provisioningStatus": "Success"}]}
        self.assertEqual(self.verdict("intune-apns-valid", intune_apns_certificate=gone, graph_subscribed_skus=ok(intune)), "not_applicable")
        self.assertEqual(self.verdict("azure-policy-mg-write-protected", arm_mg_settings=gone), "fail")
        self.assertEqual(self.verdict("graph-report-concealment", graph_report_settings=gone), "indeterminate")

    def test_incomplete_data_proves_a_fail_and_no_pass(self):
        good, bad = {"id": "a", "owners": [{}]}, {"id": "b", "owners": []}
        self.assertEqual(self.verdict("graph-app-owners-present", graph_applications=some(good)), "indeterminate")
        self.assertEqual(self.verdict("graph-app-owners-present", graph_applications=some(good, bad)), "fail")
        self.assertEqual(self.verdict("graph-app-owners-present", graph_applications=some()), "indeterminate")
        self.assertEqual(self.verdict("graph-app-owners-present", graph_applications=ok()), "not_applicable")
        self.assertEqual(self.verdict("graph-ca-mfa-all-users", graph_ca_policies=some(), graph_security_defaults=ok({})), "indeterminate")
        self.assertEqual(self.verdict("graph-ca-mfa-all-users", graph_ca_policies=some(policy()), graph_security_defaults=ok({})), "pass")

    def test_mfa_for_everyone_is_for_everyone(self):
        self.assertEqual(self.mfa(policy()), "pass")
        for name, weak in {"report only": policy(state="enabledForReportingButNotEnforced"),
                           "risk": policy(conditions={"signInRiskLevels": ["high"]}), "clients": policy(conditions={"clientAppTypes": ["browser"]}),
                           "or": policy(grant={"builtInControls": ["mfa", "compliantDevice"]}), "terms": policy(grant={"termsOfUse": ["t"]}),
                           "transfer": policy(conditions={"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}),
                           "guests": policy(users={"excludeGuestsOrExternalUsers": {}}), "roles": policy(users={"excludeRoles": ["r"]}),
                           "three left out": policy(users={"excludeUsers": ["a", "b", "c"]}), "case": policy(users={"includeUsers": ["all"]}),
                           "places": policy(conditions={"locations": {"includeLocations": ["x"]}}),
                           "apps": policy(applications={"excludeApplications": ["a"]}),
                           "weak strength": policy(grant={"builtInControls": [], "authenticationStrength": {"requirementsSatisfied": "none"}})}.items():
            self.assertEqual(self.mfa(weak), "fail", name)
        for name, strong in {"and": policy(grant={"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}),
                             "strength": policy(grant={"builtInControls": [], "authenticationStrength": STRENGTH}),
                             "none of transfers": policy(conditions={"authenticationFlows": {"transferMethods": "none"}})}.items():
            self.assertEqual(self.mfa(strong), "pass", name)

    def test_one_condition_left_out_of_a_list_of_roles(self):
        roles = self.catalogue.sets["privileged_roles"]
        for held, wanted in ((roles, "pass"), (roles[1:], "fail"), ([one.upper() for one in roles], "pass")):
            some_roles = policy(users={"includeUsers": [], "includeRoles": held})
            self.assertEqual(self.verdict("graph-ca-mfa-admin-roles", graph_ca_policies=ok(some_roles), graph_security_defaults=ok({})), wanted)

    def test_a_lock_covers_what_is_below_it_and_no_namesake(self):
        lock = {"id": f"{ROOT}/resourceGroups/RG-1/providers/Microsoft.Authorization/locks/l", "properties": {"level": "CanNotDelete"}}
        for group, wanted in (("rg-1", "pass"), ("rg-10", "fail")):
            thing = {"id": f"{ROOT}/resourceGroups/{group}/providers/x/y/z", "tags": {"criticality": "High"}}
            self.assertEqual(self.verdict("azure-policy-resource-locks", arm_locks=ok(lock), arm_resource_inventory=ok(thing)), wanted)

    def test_redirects_that_only_begin_like_loopback(self):
        for uri, wanted in (("http://localhost/x", "pass"), ("http://localhost.evil/", "fail"), ("http://localhost:8080", "pass"),
                            ("https://*.contoso.example", "fail"), ("http://[::1]/", "pass")):
            self.assertEqual(self.verdict("graph-app-redirect-uri-https", graph_applications=ok({"id": "a", "web": {"redirectUris": [uri]}})),
                             wanted, uri)

    def test_the_age_of_an_assessment_is_that_of_its_last_change(self):
        status = {"code": "Unhealthy", "firstEvaluationDate": "2020-01-01T00:00:00Z", "statusChangeDate": "2026-06-14T00:00:00Z"}
        item = {"id": "a", "properties": {"status": status, "metadata": {"severity": "High"}}}
        self.assertEqual(self.verdict("defender-high-assessments-age", defender_assessments=ok(item)), "pass")

    def test_a_deny_rule_stands_before_an_allow_rule(self):
        def rule(access, priority, source="*", ports="3389"):
            return {"properties": {"access": access, "direction": "Inbound", "protocol": "TCP", "priority": priority, "sourceAddressPrefix": source,
                                   "destinationAddressPrefix": "*", "destinationPortRange": ports}}
        for rules, wanted in (([rule("Allow", 100)], "fail"), ([rule("Allow", 100), rule("Deny", 90)], "pass"),
                              ([rule("Allow", 100), rule("Deny", 110)], "fail"), ([rule("Allow", 100, "10.0.0.0/8")], "pass"),
                              ([rule("Allow", 100, "1.0.0.0/8", "3000-4000")], "fail"), ([rule("Allow", 100, "internet", "*")], "fail"),
                              ([rule("Allow", 100, "1.0.0.0/9")], "pass"), ([rule("Allow", 100, ports="80")], "pass")):
            group = {"id": "n", "properties": {"subnets": [{}], "securityRules": rules}}
            self.assertEqual(self.verdict("azure-policy-nsg-no-internet-rdp", arm_rg_nsgs=ok(group)), wanted, rules)

    def test_text_that_means_a_boolean(self):
        def plan(enabled):
            extension = {"name": "OnUploadMalwareScanning", "isEnabled": enabled}
            return ok({"id": "x", "name": "StorageAccounts", "properties": {
                "pricingTier": "Standard", "subPlan": "DefenderForStorageV2", "extensions": [extension]}})
        for enabled, wanted in (("True", "pass"), ("true", "pass"), ("False", "fail"), (None, "fail")):
            self.assertEqual(self.verdict("defender-storage-malware-scan", defender_pricings=plan(enabled)), wanted)

    def test_subjects(self):
        state = {"complianceState": "NonCompliant", "policyDefinitionAction": "Deny", "resourceId": f"{ROOT}/X", "policyAssignmentId": "/Providers/A",
                 "policyDefinitionReferenceId": "R"}
        decided = self.decide("azure-policy-deny-violations", arm_policy_states=ok(state, {**state, "policyDefinitionReferenceId": None}))
        self.assertEqual(decided["findings"], {f"{ROOT}/x|/providers/a|r": "fail", f"{ROOT}/x|/providers/a": "fail"})
        twice = [{"id": f"{ROOT}/A", "properties": {}}, {"id": f"{ROOT}/a", "properties": {"policyDefinitionId": "d"}}]
        decided = self.decide("azure-policy-assignments-enforced", arm_policy_assignments=ok(*twice))
        self.assertEqual(decided["findings"], {f"{ROOT}/a": "fail"})

    def test_members_come_through_groups_once(self):
        role = "62e90394-69f5-4237-9190-012177145e10"
        held = [{"roleDefinitionId": role, "principalId": p, "directoryScopeId": s, "principal": {"@odata.type": f"#microsoft.graph.{t}"}}
                for p, t, s in (("u1", "user", "/"), ("g1", "group", "/"), ("s1", "servicePrincipal", "/"), ("u9", "user", "/administrativeUnits/1"))]
        members = [{"groupId": "g1", "id": "u1", "@odata.type": "#microsoft.graph.user"}, {"groupId": "g1", "id": "u2", "@odata.type": "#microsoft.graph.user"},
                   {"groupId": "g1", "id": "g2", "@odata.type": "#microsoft.graph.group"}]
        given = {"graph_role_assignments": ok(*held), "graph_group_members": ok(*members)}
        self.assertEqual(self.verdict("graph-global-admin-count", **given), "pass")
        self.assertEqual(self.decide("graph-global-admin-count", params={"min": 3}, **given)["verdict"], "fail")

    def test_a_permission_is_found_through_the_resource_that_defines_it(self):
        resource = {"id": "r", "appId": "R", "appRoles": [{"id": "1", "value": "Mail.Read"}, {"id": "2", "value": "Mail.ReadWrite"}]}
        holder = {"id": "h", "appId": "H", "appOwnerOrganizationId": "else"}
        grants = [{"id": f"g{n}", "appRoleId": n, "principalId": "h", "resourceSpId": "r"} for n in ("1", "2", "3")]
        decided = self.decide("graph-app-critical-permissions", graph_service_principals=ok(resource, holder), graph_sp_app_role_assignments=ok(*grants))
        self.assertEqual(decided["findings"], {"g2": "fail"})

    def test_sums_of_money_are_exact(self):
        rows = [{"ChargeCategory": "Usage", "EffectiveCost": "0.1", "Tags": '{"CostCenter":"x"}'}] * 9
        rows += [{"ChargeCategory": "Usage", "EffectiveCost": "0.1", "Tags": ""}, {"ChargeCategory": "Tax", "EffectiveCost": "99", "Tags": None}]
        self.assertEqual(self.verdict("cost-tag-coverage", cost_blob_get={"status": "error", "items": []}, cost_local_folder=ok(*rows)), "pass")

    def test_a_service_that_was_never_registered_is_the_free_tier(self):
        subscription = {"id": ROOT, "subscriptionId": SUB, "state": "Enabled"}
        given = {"arm_subscriptions": ok(subscription), "defender_pricings": {"status": "ok", "items": [], "unregistered": [SUB]}}
        self.assertEqual(self.decide("defender-plan-arm", **given)["findings"], {ROOT: "fail"})

    def test_flattened_settings(self):
        name = "device_vendor_msft_laps_policies_backupdirectory"
        inner = {"settingDefinitionId": name, "choiceSettingValue": {"value": name + "_1", "children": []}}
        outer = {"settingDefinitionId": "outer", "groupSettingCollectionValue": [{"children": [inner]}]}
        plan = {**P1, "servicePlans": [{"servicePlanName": "INTUNE_A", "provisioningStatus": "Success"}]}
        for assigned, wanted in ((True, "pass"), (False, "fail")):
            mine = {"id": "1", "isAssigned": assigned, "templateReference": {"templateFamily": "endpointSecurityAccountProtection"}}
            self.assertEqual(self.verdict("intune-laps-policy", graph_subscribed_skus=ok(plan), intune_configuration_policies=ok(mine),
                                          intune_configuration_policy_settings=ok({"policyId": "1", "settingInstance": outer})), wanted)

    def test_a_json_document_in_a_string(self):
        text = '{"ActivityBasedTimeoutPolicy":{"ApplicationPolicies":[{"ApplicationId":"x"},{"WebSessionIdleTimeout":"03:00:00"}]}}'
        for definition, wanted in (([text], "pass"), (["{"], "fail"), ([], "fail")):
            item = {"isOrganizationDefault": True, "definition": definition}
            self.assertEqual(self.verdict("graph-idle-session-timeout", graph_activity_timeout_policies=ok(item)), wanted)

    def test_a_federation_certificate_that_is_no_certificate(self):
        item = {"id": "f", "signingCertificate": base64.b64encode(b"no").decode()}
        self.assertEqual(self.verdict("graph-federation-certificate-expiry", graph_domain_federation=ok(item)), "fail")

    def test_members_are_known_of_groups_that_a_role_names_or_a_list_has(self):
        for answer, listed, wanted in (("ok", ["g2"], ("ok", ["g1", "g2"])), ("ok", [], ("ok", ["g1"])), ("forbidden", ["g2"], ("partial", ["g1"]))):
            world = World(self.catalogue, {"graph-groups": answer})
            world.put("graph-role-assignments", {"principalId": "g1", "principal": {"@odata.type": "#microsoft.graph.group"}})
            world.put("graph-role-assignments", {"principalId": "g2"})
            for group in listed:
                world.put("graph-groups", {"id": group})
            self.assertEqual(world.parents("graph-group-members"), wanted)

    def test_settings_are_known_of_the_families_that_checks_look_into(self):
        world = World(self.catalogue)
        for family in ("endpointSecurityDiskEncryption", "endpointSecurityFirewall", None):
            world.put("intune-configuration-policies", {"id": str(family), "templateReference": {"templateFamily": family}})
        self.assertEqual(world.parents("intune-configuration-policy-settings"), ("ok", ["endpointSecurityDiskEncryption"]))

    def test_an_item_without_its_name_has_no_subject(self):
        self.assertEqual(catalogue.subject_of({"controlName": None, "scoreInPercentage": 79}, "control"), "")
        self.assertEqual(catalogue.subject_of({"ServiceName": "a", "RegionId": None}, "group"), "a|")


if __name__ == "__main__":
    if not FOLDER:
        print("SKIPPED: ../shared/domain is not there")
        sys.exit(77)
    unittest.main()
