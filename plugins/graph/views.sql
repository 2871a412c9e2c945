-- Says domain things once. Columns of lists may be null: json_each(null) has no rows. An item is
-- compared as JSON (item -> '$.a' = 'true'), so that the text "true" is not taken for true.

-- Service plans that the tenant may use now. `licence` of a check is decided on this view.
CREATE VIEW graph_plan AS
SELECT DISTINCT lower(plan_id) AS plan_id, plan_name FROM entra_sku_plan
WHERE capability_status IN ('Enabled', 'Warning') AND provisioning_status = 'Success';

-- Conditional Access policies with what they amount to. Every answer is 0 or 1, never null.
CREATE VIEW ca_policy AS
SELECT id, display_name, state, created, modified, include_roles, include_users, include_guests,
  include_apps, user_actions, client_app_types, user_risk_levels, sign_in_risk_levels,
  transfer_methods, platforms, locations, grant_controls, sign_in_frequency, persistent_browser,
  token_protection,
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
  -- Guests are left out as a class.
  exclude_guests IS NOT NULL
    OR EXISTS (SELECT 1 FROM json_each(exclude_users) WHERE value = 'GuestsOrExternalUsers') AS excludes_guests,
  -- Whole classes of sign-ins are left out: by a filter, guests, places, platforms, devices.
  app_filter IS NOT NULL
    OR exclude_guests IS NOT NULL
    OR EXISTS (SELECT 1 FROM json_each(exclude_users) WHERE value = 'GuestsOrExternalUsers')
    OR (locations IS NOT NULL
        AND (NOT EXISTS (SELECT 1 FROM json_each(locations, '$.includeLocations') WHERE value = 'All')
             OR EXISTS (SELECT 1 FROM json_each(locations, '$.excludeLocations') WHERE type <> 'null')))
    OR (platforms IS NOT NULL
        AND (NOT EXISTS (SELECT 1 FROM json_each(platforms, '$.includePlatforms') WHERE value = 'all')
             OR EXISTS (SELECT 1 FROM json_each(platforms, '$.excludePlatforms') WHERE type <> 'null')))
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

-- Applications that a policy leaves out.
CREATE VIEW ca_excluded_app AS
SELECT p.id AS policy_id, lower(e.value) AS app_id FROM entra_ca_policy p, json_each(p.exclude_apps) e;

-- What a policy names: roles (templates), applications, user actions without their prefix.
CREATE VIEW ca_included_role AS
SELECT p.id AS policy_id, lower(e.value) AS role_id FROM entra_ca_policy p, json_each(p.include_roles) e
WHERE e.type = 'text';
CREATE VIEW ca_user_action AS
SELECT p.id AS policy_id, substr(e.value, 10) AS action FROM entra_ca_policy p, json_each(p.user_actions) e
WHERE e.value GLOB 'urn:user:*';
CREATE VIEW ca_included_app AS
SELECT p.id AS policy_id, lower(e.value) AS app_id FROM entra_ca_policy p, json_each(p.include_apps) e
WHERE e.type = 'text';

-- Values of directory settings: the first value of a name, text in lower case but for word lists.
CREATE VIEW group_setting AS
SELECT template_id, name, CASE WHEN name = 'BannedPasswordList' THEN value ELSE lower(value) END AS value
FROM (SELECT s.template_id, json_extract(s.item, v.fullkey || '.name') AS name,
        json_extract(s.item, v.fullkey || '.value') AS value,
        row_number() OVER (PARTITION BY s.template_id, json_extract(s.item, v.fullkey || '.name')
                           ORDER BY s.id, v.key) AS nth
      FROM entra_group_setting s, json_each(s.item, '$.values') v)
WHERE nth = 1;

-- Methods of sign-in, each with its configuration.
CREATE VIEW auth_method AS
SELECT json_extract(p.item, m.fullkey || '.id') AS id, json_extract(p.item, m.fullkey || '.state') AS state,
  json_extract(p.item, m.fullkey) AS item
FROM entra_auth_methods_policy p, json_each(p.item, '$.authenticationMethodConfigurations') m;

-- What the default policy demands of credentials: in force only where it holds for applications and
-- for service principals, and then with the longer of two lifetimes.
CREATE VIEW app_restriction_side AS
SELECT l.side, json_extract(p.item, r.fullkey || '.restrictionType') AS kind,
  json_extract(p.item, r.fullkey || '.state') AS state,
  iso_duration_days(json_extract(p.item, r.fullkey || '.maxLifetime')) AS days
FROM entra_default_app_policy p,
  (SELECT s.column1 AS side, k.column1 AS list
   FROM (VALUES ('application'), ('servicePrincipal')) s, (VALUES ('password'), ('key')) k) l,
  json_each(p.item, '$.' || l.side || 'Restrictions.' || l.list || 'Credentials') r;
CREATE VIEW app_restriction AS
SELECT a.kind, a.state IS 'enabled' AND s.state IS 'enabled' AS enabled, max(a.days, s.days) AS days
FROM app_restriction_side a
JOIN app_restriction_side s ON s.kind = a.kind AND s.side = 'servicePrincipal'
WHERE a.side = 'application';

-- Which domains guests may come from: JSON within a text within a list.
CREATE VIEW invitation_lists AS
SELECT l.id, CASE WHEN json_valid(d.value) THEN
    json_extract(d.value, '$.B2BManagementPolicy.InvitationsAllowedAndBlockedDomainsPolicy') END AS lists
FROM entra_legacy_policy l, json_each(l.item, '$.definition') d WHERE d.type = 'text';

-- After how many minutes a browser session that is not used ends, for the organisation as a whole.
CREATE VIEW idle_timeout AS
SELECT i.id, i.display_name, timespan_minutes(
    (SELECT json_extract(i.text, a.fullkey || '.WebSessionIdleTimeout')
     FROM json_each(i.text, '$.ActivityBasedTimeoutPolicy.ApplicationPolicies') a
     WHERE json_extract(i.text, a.fullkey || '.WebSessionIdleTimeout') IS NOT NULL
     ORDER BY a.key LIMIT 1)) AS minutes
FROM (SELECT p.id, p.display_name,
        CASE WHEN json_valid(json_extract(p.item, '$.definition[0]'))
             THEN json_extract(p.item, '$.definition[0]') END AS text
      FROM entra_activity_timeout_policy p WHERE p.item -> '$.isOrganizationDefault' = 'true') i;

-- The directory's other half.

-- Names of the built-in roles that checks ask about, for their sentences.
CREATE VIEW known_role(role_id, name) AS VALUES
  ('62e90394-69f5-4237-9190-012177145e10', 'Global Administrator'),
  ('e8611ab8-c189-46e8-94e1-60213ab1f814', 'Privileged Role Administrator'),
  ('7be44c8a-adaf-4e2a-84d6-ab2649e08a13', 'Privileged Authentication Administrator'),
  ('9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', 'Application Administrator'),
  ('158c047a-c907-4556-b7ef-446551a6b5f7', 'Cloud Application Administrator'),
  ('c4e39bd9-1100-46d3-8c65-fb160da0071f', 'Authentication Administrator'),
  ('0526716b-113d-4c15-b2c8-68e3c22b9f80', 'Authentication Policy Administrator'),
  ('b1be1c3e-b65d-4f19-8427-f6fa0d97feb9', 'Conditional Access Administrator'),
  ('8329153b-31d0-4727-b945-745eb3bc5f31', 'Domain Name Administrator'),
  ('be2f45a1-457d-42af-a067-6ec1fa63bc45', 'External Identity Provider Administrator'),
  ('8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2', 'Hybrid Identity Administrator'),
  ('194ae4cb-b126-40b2-bd5b-6091b380977d', 'Security Administrator'),
  ('fe930be7-5e62-47db-91af-98c3a49a38b1', 'User Administrator'),
  ('f28a1f50-f6e7-4571-818b-6a12f2af6b6c', 'SharePoint Administrator'),
  ('29232cdf-9323-42fd-ade2-1d097af3e4de', 'Exchange Administrator'),
  ('3a2c62db-5318-420d-8d74-23affee5d9d5', 'Intune Administrator'),
  ('69091246-20e8-4a56-aa4d-066075b2a7a8', 'Teams Administrator'),
  ('b0f54661-2d74-4c50-afa3-1ec803f12efe', 'Billing Administrator'),
  ('729827e3-9c14-49f7-bb1b-9608f156bbb8', 'Helpdesk Administrator'),
  ('966707d0-3269-4727-9be2-8c3a10f19b9d', 'Password Administrator'),
  ('fdd7a751-b60b-444a-984c-02652fe8fa1c', 'Groups Administrator'),
  ('17315797-102d-40b4-93e0-432062caca18', 'Compliance Administrator'),
  ('d29b2b05-8046-44ba-8758-1e26182fcf32', 'Directory Synchronization Accounts'),
  ('e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8', 'Partner Tier2 Support');

-- Directory roles that control the whole tenant. The collector knows the same ones (privileges.h).
CREATE VIEW tier0_role(role_id) AS VALUES
  ('62e90394-69f5-4237-9190-012177145e10'),
  ('e8611ab8-c189-46e8-94e1-60213ab1f814'),
  ('7be44c8a-adaf-4e2a-84d6-ab2649e08a13'),
  ('9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3'),
  ('158c047a-c907-4556-b7ef-446551a6b5f7'),
  ('c4e39bd9-1100-46d3-8c65-fb160da0071f'),
  ('0526716b-113d-4c15-b2c8-68e3c22b9f80'),
  ('b1be1c3e-b65d-4f19-8427-f6fa0d97feb9'),
  ('8329153b-31d0-4727-b945-745eb3bc5f31'),
  ('be2f45a1-457d-42af-a067-6ec1fa63bc45'),
  ('8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2'),
  ('194ae4cb-b126-40b2-bd5b-6091b380977d'),
  ('fe930be7-5e62-47db-91af-98c3a49a38b1'),
  ('d29b2b05-8046-44ba-8758-1e26182fcf32'),
  ('e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8');

-- Application permissions with which an application can make itself anything (privileges.h, too).
CREATE VIEW critical_permission(name) AS VALUES
  ('RoleManagement.ReadWrite.Directory'),
  ('AppRoleAssignment.ReadWrite.All'),
  ('Application.ReadWrite.All'),
  ('Directory.ReadWrite.All'),
  ('User.ReadWrite.All'),
  ('UserAuthenticationMethod.ReadWrite.All'),
  ('PrivilegedAccess.ReadWrite.AzureADGroup'),
  ('PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup'),
  ('PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup'),
  ('RoleAssignmentSchedule.ReadWrite.Directory'),
  ('RoleEligibilitySchedule.ReadWrite.Directory'),
  ('RoleManagementPolicy.ReadWrite.Directory'),
  ('Policy.ReadWrite.ConditionalAccess'),
  ('Policy.ReadWrite.AuthenticationMethod'),
  ('Policy.ReadWrite.PermissionGrant'),
  ('Domain.ReadWrite.All'),
  ('Organization.ReadWrite.All'),
  ('Group.ReadWrite.All'),
  ('GroupMember.ReadWrite.All'),
  ('Mail.ReadWrite'),
  ('Sites.FullControl.All'),
  ('RoleManagement.ReadWrite.Exchange'),
  ('RoleManagement.ReadWrite.Defender'),
  ('DeviceManagementRBAC.ReadWrite.All'),
  ('DeviceManagementConfiguration.ReadWrite.All'),
  ('full_access_as_app'),
  ('Exchange.ManageAsApp');

-- Who holds a role for the whole tenant, or may take it on. An eligibility seldom says what kind of
-- principal it is for.
CREATE VIEW role_holding AS
SELECT principal_id, principal_type, role_id FROM entra_role_assignment
WHERE scope = '/' AND principal_id <> ''
UNION ALL
SELECT principal_id, principal_type, role_id FROM entra_role_eligibility
WHERE scope = '/' AND principal_id <> '';

-- Users who hold a directory role for the whole tenant, or may take it on, by themselves. Where the kind of a principal
-- was not said, the lists of groups and applications tell.
CREATE VIEW direct_role_member AS
SELECT h.principal_id AS user_id, h.role_id FROM role_holding h
WHERE h.principal_type = '#microsoft.graph.user'
  OR (h.principal_type IS NULL
      AND NOT EXISTS (SELECT 1 FROM entra_group_member m WHERE m.group_id = h.principal_id)
      AND NOT EXISTS (SELECT 1 FROM entra_group g WHERE g.id = h.principal_id)
      AND NOT EXISTS (SELECT 1 FROM entra_service_principal s WHERE s.id = h.principal_id));

-- Groups that hold a role, as far as anything is known of their members.
CREATE VIEW group_role_holding AS
SELECT principal_id AS group_id, role_id FROM role_holding
WHERE COALESCE(principal_type, '#microsoft.graph.group') = '#microsoft.graph.group';

-- Both: directly, or through a group.
CREATE VIEW effective_role_member AS
SELECT user_id, role_id FROM direct_role_member
UNION
SELECT m.id, h.role_id FROM group_role_holding h
JOIN entra_group_member m ON m.group_id = h.group_id
WHERE COALESCE(m.member_type, '#microsoft.graph.user') = '#microsoft.graph.user';

-- Everyone whom a Conditional Access policy leaves out: by name, or as member of a group.
CREATE VIEW ca_excluded_user AS
SELECT p.id AS policy_id, lower(e.value) AS user_id FROM entra_ca_policy p, json_each(p.exclude_users) e
UNION
SELECT p.id, m.id FROM entra_ca_policy p, json_each(p.exclude_groups) e
JOIN entra_group_member m ON m.group_id = lower(e.value)
WHERE COALESCE(m.member_type, '#microsoft.graph.user') = '#microsoft.graph.user';

-- Application permissions that principals hold, by name; the name is null when the resource does
-- not list the permission.
CREATE VIEW app_permission AS
SELECT a.id, a.principal_id, r.value AS permission, p.id AS known_id, p.app_id, p.display_name,
  p.kind, p.owner_tenant
FROM entra_app_role_assignment a
LEFT JOIN entra_app_role r ON r.resource_id = a.resource_id AND r.id = a.app_role_id
LEFT JOIN entra_service_principal p ON p.id = a.principal_id;

-- Applications that hold a role or a permission with which they could take the tenant over.
CREATE VIEW privileged_service_principal AS
SELECT p.id, p.display_name FROM entra_role_assignment a
JOIN tier0_role t ON t.role_id = a.role_id
JOIN entra_service_principal p ON p.id = a.principal_id
UNION
SELECT g.known_id, g.display_name FROM app_permission g
WHERE g.permission IN (SELECT name FROM critical_permission) AND g.known_id IS NOT NULL;

-- Access reviews: the queries that say what is reviewed, and the months between two of them.
CREATE VIEW access_review AS
SELECT id, display_name, status, recurrence_type,
  COALESCE((SELECT group_concat(q.value, ' ') FROM json_tree(scope) q WHERE q.key = 'query'), '') || ' ' ||
  COALESCE((SELECT group_concat(q.value, ' ') FROM json_tree(instance_scope) q WHERE q.key = 'query'), '')
    AS scope_text,
  recurrence_interval * CASE WHEN recurrence_type IN ('absoluteMonthly', 'relativeMonthly') THEN 1.0
                             WHEN recurrence_type = 'weekly' THEN 0.25
                             WHEN recurrence_type = 'daily' THEN 1.0 / 30
                             WHEN recurrence_type IN ('absoluteYearly', 'relativeYearly') THEN 12.0 END AS months
FROM entra_access_review;
