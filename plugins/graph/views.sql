-- Says domain things once. Columns of lists may be null: json_each(null) has no rows.

-- Service plans that the tenant may use now. `licence` of a check is decided on this view.
CREATE VIEW graph_plan AS
SELECT DISTINCT lower(plan_id) AS plan_id, plan_name FROM entra_sku_plan
WHERE capability_status IN ('Enabled', 'Warning') AND provisioning_status = 'Success';

-- Conditional Access policies with what they amount to. Every answer is 0 or 1, never null.
CREATE VIEW ca_policy AS
SELECT id, display_name, state, created, modified, include_roles, include_users, include_guests,
  client_app_types, user_risk_levels, sign_in_risk_levels, transfer_methods, grant_controls,
  sign_in_frequency,
  state IS 'enabled' AS enforced,
  EXISTS (SELECT 1 FROM json_each(include_users) WHERE value = 'All') AS all_users,
  EXISTS (SELECT 1 FROM json_each(include_apps) WHERE value = 'All') AS all_apps,
  EXISTS (SELECT 1 FROM json_each(client_app_types) WHERE value = 'all') AS all_clients,
  NOT EXISTS (SELECT 1 FROM json_each(exclude_roles)) AS no_role_exclusion,
  -- Acts on every sign-in, not only on risky ones or on one kind of sign-in.
  NOT EXISTS (SELECT 1 FROM json_each(user_risk_levels))
    AND NOT EXISTS (SELECT 1 FROM json_each(sign_in_risk_levels))
    AND NOT EXISTS (SELECT 1 FROM json_each(sp_risk_levels))
    AND COALESCE(insider_risk_levels, '') = ''
    AND COALESCE(transfer_methods, '') IN ('', 'none') AS any_risk,
  -- Whole classes of sign-ins are left out: applications, guests, places, platforms, devices.
  EXISTS (SELECT 1 FROM json_each(exclude_apps))
    OR app_filter IS NOT NULL
    OR exclude_guests IS NOT NULL
    OR EXISTS (SELECT 1 FROM json_each(exclude_users) WHERE value = 'GuestsOrExternalUsers')
    OR (locations IS NOT NULL
        AND (NOT EXISTS (SELECT 1 FROM json_each(locations, '$.includeLocations') WHERE value = 'All')
             OR EXISTS (SELECT 1 FROM json_each(locations, '$.excludeLocations'))))
    OR (platforms IS NOT NULL
        AND (NOT EXISTS (SELECT 1 FROM json_each(platforms, '$.includePlatforms') WHERE value = 'all')
             OR EXISTS (SELECT 1 FROM json_each(platforms, '$.excludePlatforms'))))
    OR EXISTS (SELECT 1 FROM json_each(devices) WHERE key = 'deviceFilter' AND type <> 'null') AS narrowed,
  -- Accepted without a list of approved exclusions: two accounts and one group at most.
  (SELECT count(*) FROM json_each(exclude_users)) <= 2
    AND (SELECT count(*) FROM json_each(exclude_groups)) <= 1 AS few_exclusions,
  EXISTS (SELECT 1 FROM json_each(grant_controls) WHERE value = 'block') AS blocks,
  -- MFA by itself, or together with whatever else is demanded; "MFA or ..." is no MFA.
  (EXISTS (SELECT 1 FROM json_each(grant_controls) WHERE value = 'mfa')
     AND (grant_operator IS 'AND'
          OR (SELECT count(*) FROM json_each(grant_controls)) + (strength_id IS NOT NULL)
             + (SELECT count(*) FROM json_each(terms_of_use))
             + (SELECT count(*) FROM json_each(custom_factors)) = 1))
    OR (strength_id IS NOT NULL AND strength_satisfies IS 'mfa'
        AND (grant_operator IS 'AND'
             OR (SELECT count(*) FROM json_each(grant_controls))
                + (SELECT count(*) FROM json_each(terms_of_use))
                + (SELECT count(*) FROM json_each(custom_factors)) = 0)) AS requires_mfa,
  strength_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM json_each(strength_combinations))
    AND NOT EXISTS (SELECT 1 FROM json_each(strength_combinations)
                    WHERE value NOT IN ('fido2', 'windowsHelloForBusiness', 'x509CertificateMultiFactor'))
    AND (grant_operator IS 'AND'
         OR (SELECT count(*) FROM json_each(grant_controls))
            + (SELECT count(*) FROM json_each(terms_of_use))
            + (SELECT count(*) FROM json_each(custom_factors)) = 0) AS phishing_resistant,
  EXISTS (SELECT 1 FROM json_each(grant_controls)
          WHERE value IN ('compliantDevice', 'domainJoinedDevice'))
    AND (grant_operator IS 'AND'
         OR (strength_id IS NULL
             AND NOT EXISTS (SELECT 1 FROM json_each(terms_of_use))
             AND NOT EXISTS (SELECT 1 FROM json_each(custom_factors))
             AND NOT EXISTS (SELECT 1 FROM json_each(grant_controls)
                             WHERE value NOT IN ('compliantDevice', 'domainJoinedDevice'))))
    AS managed_device
FROM entra_ca_policy;

-- One row for each account or group that a policy leaves out, in lower case.
CREATE VIEW ca_exclusion AS
SELECT p.id AS policy_id, lower(e.value) AS excluded_id FROM entra_ca_policy p, json_each(p.exclude_users) e
UNION
SELECT p.id, lower(e.value) FROM entra_ca_policy p, json_each(p.exclude_groups) e;

-- Users who hold a directory role for the whole tenant, directly or through a group.
CREATE VIEW effective_role_member AS
SELECT principal_id AS user_id, role_id FROM entra_role_assignment
WHERE scope = '/' AND COALESCE(principal_type, '#microsoft.graph.user') = '#microsoft.graph.user'
UNION
SELECT m.id, a.role_id FROM entra_role_assignment a
JOIN entra_group_member m ON m.group_id = a.principal_id
WHERE a.scope = '/' AND a.principal_type = '#microsoft.graph.group'
  AND COALESCE(m.member_type, '#microsoft.graph.user') = '#microsoft.graph.user';
