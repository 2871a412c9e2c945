"""What the samples say, read with Python's own json module: a second opinion beside the collectors'."""
import collections
import json
import re

BOM = b"\xef\xbb\xbf"


def parse(raw):
    """The JSON value of a body; None when it is none (null counts as none)."""
    def refuse(word):
        raise ValueError(word)

    try:
        return json.loads(raw.removeprefix(BOM).decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return None


def understand(raw):
    """("list", number of objects in it) or ("object", 1); None for everything else."""
    value = parse(raw)
    if not isinstance(value, dict):
        return None
    records = value.get("value")
    if isinstance(records, list):
        return "list", sum(isinstance(record, dict) for record in records)
    return "object", 1


def foreign_links(path, lists_only=False):
    """Continuation links of an answer, its own service's or the other's."""
    raw = path.read_bytes()
    value, shape = parse(raw), understand(raw)
    if shape is None or (lists_only and shape[0] != "list"):
        return []
    links = [value.get("nextLink"), value.get("@odata.nextLink")]
    return [link for link in links if isinstance(link, str) and link]


# Not here although there are samples: lists of subscriptions and own permissions, which the consent guard asks for at the same
# address; tables of Resource Graph, whose requests differ in their bodies alone; settings of the service Intune, without an id.
#
# Dataset -> how its requests look, key columns, further columns. A column is (name, path in the JSON, folded);
# the path "?" is the subscription in the request, "=x" is always x.
SUBSCRIPTION = ("subscription_id", "?", True)
ID = ("id", "id", True)
NAME = ("display_name", "displayName", False)
ALONE = ("id", "=default", False)  # an object that is alone in its answer
SINGLE = {"entra_authorization_policy", "entra_admin_consent_policy", "entra_auth_methods_policy", "entra_auth_flows_policy",
          "azure_mg_settings"}
ROWS = {
    "entra_organization": (r"/v1.0/organization", [ID], [NAME, ("tenant_type", "tenantType", False)]),
    "entra_user": (r"/v1.0/users\?(?!.*signInActivity)", [ID],
                   [NAME, ("user_principal_name", "userPrincipalName", False),
                    ("account_enabled", "accountEnabled", False), ("user_type", "userType", False)]),
    "entra_user_activity": (r"/v1.0/users\?.*signInActivity", [ID],
                            [("account_enabled", "accountEnabled", False), ("user_type", "userType", False)]),
    "entra_user_registration": (r"/v1.0/reports/", [ID], [("is_mfa_registered", "isMfaRegistered", False)]),
    "entra_role_assignment": (r"/v1.0/roleManagement/directory/roleAssignments", [("id", "id", False)],
                              [("principal_id", "principalId", True), ("role_id", "roleDefinitionId", True),
                               ("scope", "directoryScopeId", False)]),
    "entra_authorization_policy": (r"/v1.0/policies/authorizationPolicy", [("id", "id", False)],
                                   [("allow_invites_from", "allowInvitesFrom", False),
                                    ("block_msol_powershell", "blockMsolPowerShell", False),
                                    ("users_create_apps", "defaultUserRolePermissions/allowedToCreateApps", False)]),
    "entra_admin_consent_policy": (r"/v1.0/policies/adminConsentRequestPolicy", [ALONE], []),
    "entra_auth_methods_policy": (r"/v1.0/policies/authenticationMethodsPolicy", [ALONE], []),
    "entra_auth_flows_policy": (r"/v1.0/policies/authenticationFlowsPolicy", [ALONE], []),
    "entra_group_setting": (r"/v1.0/groupSettings", [ID], [NAME, ("template_id", "templateId", True)]),
    "entra_permission_grant_policy": (r"/v1.0/policies/permissionGrantPolicies", [ID], [NAME]),
    "entra_activity_timeout_policy": (r"/v1.0/policies/activityBasedTimeoutPolicies", [ID], [NAME]),
    "entra_ca_policy": (r"/v1.0/identity/conditionalAccess/policies", [ID],
                        [NAME, ("state", "state", False), ("grant_operator", "grantControls/operator", False)]),
    "entra_application": (r"/v1.0/applications\?", [ID],
                          [NAME, ("app_id", "appId", True), ("sign_in_audience", "signInAudience", False)]),
    "entra_group": (r"/v1.0/groups\?", [ID],
                    [NAME, ("visibility", "visibility", False), ("role_assignable", "isAssignableToRole", False)]),
    "entra_group_member": (r"/v1.0/groups/([^/]+)/transitiveMembers", [("group_id", "?", True), ID],
                           [("member_type", "@odata.type", False)]),
    "entra_group_owner": (r"/v1.0/groups/([^/]+)/owners", [("group_id", "?", True), ID], []),
    "entra_device": (r"/v1.0/devices\?", [ID],
                     [("account_enabled", "accountEnabled", False), ("os", "operatingSystem", False),
                      ("trust_type", "trustType", False)]),
    "entra_service_principal": (r"/v1.0/servicePrincipals\?(?!\$filter)", [ID],
                                [NAME, ("app_id", "appId", True), ("kind", "servicePrincipalType", False),
                                 ("owner_tenant", "appOwnerOrganizationId", True),
                                 ("verified_publisher_id", "verifiedPublisher/verifiedPublisherId", False)]),
    "entra_app_role_assignment": (r"/v1.0/servicePrincipals/([^/]+)/appRoleAssignedTo",
                                  [("resource_id", "?", True), ("id", "id", False)],
                                  [("principal_id", "principalId", True), ("app_role_id", "appRoleId", True)]),
    "entra_sp_owner": (r"/v1.0/servicePrincipals/([^/]+)/owners", [("service_principal_id", "?", True), ID], []),
    "entra_oauth2_grant": (r"/v1.0/oauth2PermissionGrants", [("id", "id", False)],
                           [("client_id", "clientId", True), ("consent_type", "consentType", False),
                            ("scope", "scope", False)]),
    "entra_federated_credential": (r"/v1.0/applications/([^/]+)/federatedIdentityCredentials",
                                   [("application_id", "?", True), ID],
                                   [("subject", "subject", False), ("issuer", "issuer", False)]),
    "entra_role_schedule": (r"/v1.0/roleManagement/directory/roleAssignmentScheduleInstances", [("id", "id", False)],
                            [("principal_id", "principalId", True), ("role_id", "roleDefinitionId", True),
                             ("assignment_type", "assignmentType", False)]),
    "entra_role_eligibility": (r"/v1.0/roleManagement/directory/roleEligibilityScheduleInstances",
                               [("id", "id", False)],
                               [("principal_id", "principalId", True), ("role_id", "roleDefinitionId", True),
                                ("member_type", "memberType", False)]),
    "entra_pim_alert": (r"/beta/identityGovernance/roleManagementAlerts", [("id", "id", False)],
                        [("is_active", "isActive", False), ("definition_id", "alertDefinitionId", False)]),
    "entra_access_review": (r"/v1.0/identityGovernance/accessReviews/definitions\?", [ID],
                            [NAME, ("status", "status", False),
                             ("recurrence_type", "settings/recurrence/pattern/type", False)]),
    "entra_access_review_instance": (r"/v1.0/identityGovernance/accessReviews/definitions/([^/]+)/instances",
                                     [("definition_id", "?", True), ID], [("status", "status", False)]),
    "entra_risky_user": (r"/v1.0/identityProtection/riskyUsers", [ID],
                         [("risk_level", "riskLevel", False), ("risk_state", "riskState", False)]),
    "entra_risky_service_principal": (r"/v1.0/identityProtection/riskyServicePrincipals", [ID],
                                      [NAME, ("risk_level", "riskLevel", False), ("risk_state", "riskState", False)]),
    "entra_risk_detection": (r"/v1.0/identityProtection/riskDetections", [("id", "id", False)],
                             [("event_type", "riskEventType", False), ("risk_level", "riskLevel", False),
                              ("timing", "detectionTimingType", False), ("user_id", "userId", True)]),
    "intune_audit_event": (r"/v1.0/deviceManagement/auditEvents", [ID],
                           [("activity_type", "activityType", False), ("result", "activityResult", False),
                            ("actor_app_id", "actor/applicationId", True)]),
    "intune_device": (r"/v1.0/deviceManagement/managedDevices", [ID],
                      [("os_version", "osVersion", False), ("compliance_state", "complianceState", False),
                       ("is_encrypted", "isEncrypted", False), ("entra_device_id", "azureADDeviceId", True)]),
    "intune_compliance_policy": (r"/beta/deviceManagement/deviceCompliancePolicies", [ID],
                                 [NAME, ("kind", "@odata.type", False), ("os_minimum", "osMinimumVersion", False),
                                  ("passcode_required", "passcodeRequired", False)]),
    "intune_device_configuration": (r"/beta/deviceManagement/deviceConfigurations", [ID],
                                    [NAME, ("kind", "@odata.type", False),
                                     ("bitlocker_encrypt", "bitLockerEncryptDevice", False)]),
    "intune_enrollment_configuration": (r"/v1.0/deviceManagement/deviceEnrollmentConfigurations", [ID],
                                        [NAME, ("kind", "@odata.type", False), ("state", "state", False)]),
    "intune_vpp_token": (r"/v1.0/deviceAppManagement/vppTokens", [ID],
                         [("organization", "organizationName", False), ("state", "state", False),
                          ("last_sync_status", "lastSyncStatus", False)]),
    "intune_ndes_connector": (r"/beta/deviceManagement/ndesConnectors", [ID], [NAME, ("state", "state", False)]),
    "intune_role_definition": (r"/v1.0/deviceManagement/roleDefinitions", [ID],
                               [NAME, ("is_built_in", "isBuiltIn", False)]),
    "intune_role_assignment": (r"/v1.0/deviceManagement/roleAssignments", [ID], [NAME]),
    "intune_android_protection": (r"/v1.0/deviceAppManagement/androidManagedAppProtections", [ID],
                                  [NAME, ("is_assigned", "isAssigned", False), ("pin_required", "pinRequired", False),
                                   ("outbound_transfer", "allowedOutboundDataTransferDestinations", False),
                                   ("encrypt_app_data", "encryptAppData", False)]),
    "policy_assignment": (r"/subscriptions/([^/]+)/.*policyAssignments", [SUBSCRIPTION, ID],
                          [("enforcement_mode", "properties/enforcementMode", False),
                           ("scope", "properties/scope", True),
                           ("definition_id", "properties/policyDefinitionId", True)]),
    "policy_exemption": (r"/subscriptions/([^/]+)/.*policyExemptions", [SUBSCRIPTION, ID],
                         [("category", "properties/exemptionCategory", False),
                          ("assignment_id", "properties/policyAssignmentId", True)]),
    "policy_state": (r"/subscriptions/([^/]+)/.*policyStates/latest/queryResults", [("resource_id", "resourceId", True),
                                                                ("assignment_id", "policyAssignmentId", True),
                                                                ("reference_id", "policyDefinitionReferenceId", True)],
                     [("compliance_state", "complianceState", True), ("action", "policyDefinitionAction", True)]),
    "policy_set_definition": (r"/subscriptions/([^/]+)/.*policySetDefinitions", [SUBSCRIPTION, ID],
                              [("display_name", "properties/displayName", False), ("policy_type", "properties/policyType", False)]),
    "policy_summary": (r"/subscriptions/([^/]+)/.*policyStates/latest/summarize", [SUBSCRIPTION], []),
    "azure_mg_settings": (r"/providers/Microsoft.Management/managementGroups/[^/]+/settings/default", [ID], []),
    "policy_remediation": (r"/subscriptions/([^/]+)/.*remediations", [SUBSCRIPTION, ID],
                           [("name", "name", False), ("assignment_id", "properties/policyAssignmentId", True)]),
    "policy_attestation": (r"/subscriptions/([^/]+)/.*attestations", [SUBSCRIPTION, ID],
                           [("assignment_id", "properties/policyAssignmentId", True)]),
    "azure_management_group": (r"/providers/Microsoft.Management/managementGroups\?", [ID],
                               [("name", "name", True), ("display_name", "properties/displayName", False)]),
    # The consent guard asks the same path with a filter.
    "azure_role_assignment": (r"/subscriptions/([^/]+)/.*roleAssignments\?api-version=[0-9-]+$", [SUBSCRIPTION, ID],
                              [("scope", "properties/scope", True), ("principal_id", "properties/principalId", True),
                               ("principal_type", "properties/principalType", False)]),
    "azure_root_role_assignment": (r"/providers/Microsoft.Authorization/roleAssignments\?", [ID],
                                   [("scope", "properties/scope", True), ("principal_id", "properties/principalId", True)]),
    "azure_role_schedule": (r"/subscriptions/([^/]+)/.*roleAssignmentScheduleInstances", [SUBSCRIPTION, ID],
                            [("assignment_type", "properties/assignmentType", False), ("ends", "properties/endDateTime", False)]),
    "azure_lock": (r"/subscriptions/([^/]+)/.*/locks\?", [SUBSCRIPTION, ID],
                   [("name", "name", False), ("level", "properties/level", False)]),
    "defender_pricing": (r"/subscriptions/([^/]+)/.*pricings", [SUBSCRIPTION, ("name", "name", False)],
                         [("id", "id", True), ("tier", "properties/pricingTier", False)]),
    "defender_secure_score": (r"/subscriptions/([^/]+)/.*secureScores", [SUBSCRIPTION, ("name", "name", False)], []),
    "defender_assessment": (r"/subscriptions/([^/]+)/.*assessments", [ID],
                            [("status", "properties/status/code", False)]),
    "defender_alert": (r"/subscriptions/([^/]+)/.*Security/alerts\?", [ID],
                       [("severity", "properties/severity", False), ("status", "properties/status", False),
                        ("alert_type", "properties/alertType", False)]),
    "defender_suppression_rule": (r"/subscriptions/([^/]+)/.*alertsSuppressionRules", [SUBSCRIPTION, ("name", "name", False)],
                                  [("id", "id", True)]),
    "defender_setting": (r"/subscriptions/([^/]+)/.*Security/settings", [SUBSCRIPTION, ("name", "name", False)], []),
    "defender_jit_policy": (r"/subscriptions/([^/]+)/.*jitNetworkAccessPolicies", [ID], []),
    "defender_score_control": (r"/subscriptions/([^/]+)/.*secureScoreControls", [SUBSCRIPTION, ("name", "name", False)], []),
    "defender_standard": (r"/subscriptions/([^/]+)/.*regulatoryComplianceStandards\?",
                          [SUBSCRIPTION, ("name", "name", False)], []),
    "defender_standard_control": (r"/subscriptions/([^/]+)/.*regulatoryComplianceControls", [SUBSCRIPTION, ID],
                                  [("name", "name", False), ("state", "properties/state", False)]),
    "defender_contact": (r"/subscriptions/([^/]+)/.*securityContacts", [SUBSCRIPTION, ID], [("name", "name", False)]),
    "defender_governance_rule": (r"/subscriptions/([^/]+)/.*governanceRules", [SUBSCRIPTION, ID], [("name", "name", False)]),
    "defender_connector": (r"/subscriptions/([^/]+)/.*securityConnectors", [ID], [("name", "name", False)]),
    "defender_automation": (r"/subscriptions/([^/]+)/.*Security/automations", [ID], [("name", "name", False)]),
    "log_action_group": (r"/subscriptions/([^/]+)/.*actionGroups", [SUBSCRIPTION, ID], [("name", "name", False)]),
    "log_alert": (r"/subscriptions/([^/]+)/.*activityLogAlerts", [SUBSCRIPTION, ID], [("name", "name", False)]),
    "log_subscription_setting": (r"/subscriptions/([^/]+)/providers/Microsoft.Insights/diagnosticSettings",
                                 [SUBSCRIPTION, ("name", "name", False)], []),
    "log_tenant_event": (r"/providers/Microsoft.Insights/eventtypes/management/values", [("id", "eventDataId", True)],
                         [("operation", "operationName/value", False), ("status", "status/value", False),
                          ("caller", "caller", False)]),
    "log_event": (r"/subscriptions/([^/]+)/.*eventtypes/management/values", [SUBSCRIPTION, ("id", "eventDataId", True)],
                  [("operation", "operationName/value", False), ("status", "status/value", False)]),
    "xdr_alert": (r"/v1.0/security/alerts_v2", [("id", "id", False)],
                  [("severity", "severity", False), ("status", "status", False), ("title", "title", False)]),
    "xdr_incident": (r"/v1.0/security/incidents", [("id", "id", False)],
                     [("severity", "severity", False), ("status", "status", False)]),
    "m365_secure_score": (r"/v1.0/security/secureScores\?", [("id", "id", False)], []),
    "m365_control_profile": (r"/v1.0/security/secureScoreControlProfiles", [("id", "id", False)], [("title", "title", False)]),
    "mdi_health_issue": (r"/v1.0/security/identities/healthIssues", [("id", "id", False)], []),
    "log_directory_audit": (r"/v1.0/auditLogs/directoryAudits", [("id", "id", False)],
                            [("activity", "activityDisplayName", False), ("service", "loggedByService", False)]),
    "log_sign_in": (r"/v1.0/auditLogs/signIns", [ID], [("client_app", "clientAppUsed", False), ("user_id", "userId", True)]),
    "log_provisioning": (r"/v1.0/auditLogs/provisioning", [("id", "id", False)], []),
    "cost_export": (r"/subscriptions/([^/]+)/providers/Microsoft.CostManagement/exports", [SUBSCRIPTION, ID],
                    [("name", "name", False),
                     ("storage_id", "properties/deliveryInfo/destination/resourceId", True)]),
    "cost_budget": (r"/subscriptions/([^/]+)/providers/Microsoft.Consumption/budgets", [SUBSCRIPTION, ID],
                    [("name", "name", False), ("time_grain", "properties/timeGrain", False),
                     ("unit", "properties/currentSpend/unit", False)]),
    "cost_recommendation": (r"/subscriptions/([^/]+)/providers/Microsoft.Advisor/recommendations", [ID],
                            [("category", "properties/category", False), ("impact", "properties/impact", False),
                             ("problem", "properties/shortDescription/problem", False)]),
}
CHECK = '''[[check]]
id = "row-of-{name}"
version = 1
title = "Shows each row"
severity = "info"
subject = "{dataset}"
reads = ["{dataset}"]
partial_fail = ["{dataset}"]
rationale = "The test compares what was read with a second reader."
remediation = "None."
sql = """
SELECT json_array({key}) AS subject, 'fail' AS verdict, json_array({columns}) AS detail FROM {dataset}
"""

'''


def checks_that_show_rows(datasets):
    """Checks whose findings are the rows of these datasets, as TOML."""
    return "".join(CHECK.format(name=dataset.replace("_", "-"), dataset=dataset,
                                key=", ".join(name for name, _, _ in key),
                                columns=", ".join(name for name, _, _ in columns))
                   for dataset, (_, key, columns) in ROWS.items() if dataset in datasets)


def cell(record, path, fold, subscription):
    if path.startswith("="):
        return path[1:]
    value = subscription if path == "?" else record
    for member in [] if path == "?" else path.split("/"):
        value = value.get(member) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        return None
    return "".join(c.lower() if c.isascii() else c for c in value) if fold else value


def records_of(raw, single):
    value = parse(raw)
    if not isinstance(value, dict):
        return []
    found = [value] if single else value.get("value")
    return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []


def met_by(datasets, answers):
    """Those of the datasets that an answer was a sample for."""
    return {dataset for dataset in datasets for _, request, _, sample in answers
            if sample and re.match(ROWS[dataset][0], request)}


def fed_by_links(datasets, answers, samples):
    """Those of the datasets whose own answers hold a continuation link."""
    return {dataset for dataset in datasets for _, request, _, sample in answers
            if sample and re.match(ROWS[dataset][0], request) and foreign_links(samples / sample, lists_only=True)}


def expected_rows(dataset, answers, samples):
    """Key -> rows that a reader may make of the answers (several when a key comes twice)."""
    pattern, key, columns = ROWS[dataset]
    rows = {}
    for _, request, _, sample in answers:
        asked = re.match(pattern, request)
        if not asked or not sample:
            continue
        subscription = asked.group(1) if asked.groups() else None
        for record in records_of((samples / sample).read_bytes(), dataset in SINGLE):
            values = [cell(record, path, fold, subscription) for _, path, fold in key]
            if dataset == "policy_state":
                values[2] = values[2] or ""  # not a part of an initiative
            if None not in values:
                row = [cell(record, path, fold, subscription) for _, path, fold in columns]
                rows.setdefault(json.dumps(values), []).append(row)
    return rows


def compare_rows(datasets, findings, answers, samples, expect):
    """The rows that checks saw are those that this reader sees. Returns how many were compared, by dataset."""
    seen = {}
    for finding in findings:
        if finding["check"].startswith("row-of-") and finding["verdict"] == "fail":
            key = json.dumps(json.loads(finding["subject"]["id"]))
            seen.setdefault(finding["check"], {})[key] = json.loads(finding["detail"])
    compared = collections.Counter()
    for dataset in sorted(datasets):
        wanted = expected_rows(dataset, answers, samples)
        got = seen.get("row-of-" + dataset.replace("_", "-"), {})
        expect(set(got) == set(wanted), f"{dataset}: rows {sorted(got)} but the samples hold {sorted(wanted)}")
        for key in set(got) & set(wanted):
            expect(got[key] in wanted[key], f"{dataset} {key}: read as {got[key]}, the sample says {wanted[key]}")
            compared[dataset] += 1
    return compared
