-- Says domain things once. Columns of lists may be null: json_each(null) has no rows.

-- Service plans that the tenant may use now, named by their id.
CREATE VIEW tenant_plan AS
SELECT DISTINCT plan_id FROM entra_sku_plan
WHERE capability_status IN ('Enabled', 'Warning') AND COALESCE(provisioning_status, '') <> 'Disabled';

-- Conditional Access policies with what they amount to. Every answer is 0 or 1, never null.
CREATE VIEW ca_policy AS
SELECT id, display_name, state, created, modified, include_roles, include_users, include_guests,
  client_app_types, user_risk_levels, sign_in_risk_levels, transfer_methods, grant_controls,
  sign_in_frequency,
  state IS 'enabled' AS enforced,
  EXISTS (SELECT 1 FROM json_each(include_users) WHERE value = 'All') AS all_users,
  EXISTS (SELECT 1 FROM json_each(include_apps) WHERE value = 'All') AS all_apps,
  EXISTS (SELECT 1 FROM json_each(client_app_types) WHERE value = 'all') AS all_clients,
  COALESCE(json_array_length(exclude_roles), 0) = 0 AS no_role_exclusion,
  -- Acts on every sign-in, not only on risky ones or on one kind of sign-in.
  COALESCE(json_array_length(user_risk_levels), 0) = 0
    AND COALESCE(json_array_length(sign_in_risk_levels), 0) = 0
    AND COALESCE(json_array_length(sp_risk_levels), 0) = 0
    AND COALESCE(insider_risk_levels, '') = ''
    AND COALESCE(transfer_methods, '') IN ('', 'none') AS any_risk,
  -- Whole classes of sign-ins are left out: applications, guests, places, platforms, devices.
  COALESCE(json_array_length(exclude_apps), 0) > 0
    OR app_filter IS NOT NULL
    OR exclude_guests IS NOT NULL
    OR EXISTS (SELECT 1 FROM json_each(exclude_users) WHERE value = 'GuestsOrExternalUsers')
    OR (locations IS NOT NULL
        AND (NOT EXISTS (SELECT 1 FROM json_each(locations, '$.includeLocations') WHERE value = 'All')
             OR COALESCE(json_array_length(locations, '$.excludeLocations'), 0) > 0))
    OR (platforms IS NOT NULL
        AND (NOT EXISTS (SELECT 1 FROM json_each(platforms, '$.includePlatforms') WHERE value = 'all')
             OR COALESCE(json_array_length(platforms, '$.excludePlatforms'), 0) > 0))
    OR (devices IS NOT NULL AND json_extract(devices, '$.deviceFilter') IS NOT NULL) AS narrowed,
  -- Accepted without a list of approved exclusions: two accounts and one group at most.
  COALESCE(json_array_length(exclude_users), 0) <= 2
    AND COALESCE(json_array_length(exclude_groups), 0) <= 1 AS few_exclusions,
  EXISTS (SELECT 1 FROM json_each(grant_controls) WHERE value = 'block') AS blocks,
  -- MFA by itself, or together with whatever else is demanded; "MFA or ..." is no MFA.
  (EXISTS (SELECT 1 FROM json_each(grant_controls) WHERE value = 'mfa')
     AND (grant_operator IS 'AND'
          OR COALESCE(json_array_length(grant_controls), 0) + (strength_id IS NOT NULL)
             + COALESCE(json_array_length(terms_of_use), 0)
             + COALESCE(json_array_length(custom_factors), 0) = 1))
    OR (strength_id IS NOT NULL AND strength_satisfies IS 'mfa'
        AND (grant_operator IS 'AND'
             OR COALESCE(json_array_length(grant_controls), 0)
                + COALESCE(json_array_length(terms_of_use), 0)
                + COALESCE(json_array_length(custom_factors), 0) = 0)) AS requires_mfa,
  strength_id IS NOT NULL
    AND COALESCE(json_array_length(strength_combinations), 0) > 0
    AND NOT EXISTS (SELECT 1 FROM json_each(strength_combinations)
                    WHERE value NOT IN ('fido2', 'windowsHelloForBusiness', 'x509CertificateMultiFactor'))
    AND (grant_operator IS 'AND'
         OR COALESCE(json_array_length(grant_controls), 0)
            + COALESCE(json_array_length(terms_of_use), 0)
            + COALESCE(json_array_length(custom_factors), 0) = 0) AS phishing_resistant,
  EXISTS (SELECT 1 FROM json_each(grant_controls)
          WHERE value IN ('compliantDevice', 'domainJoinedDevice'))
    AND (grant_operator IS 'AND'
         OR (strength_id IS NULL
             AND COALESCE(json_array_length(terms_of_use), 0) = 0
             AND COALESCE(json_array_length(custom_factors), 0) = 0
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
