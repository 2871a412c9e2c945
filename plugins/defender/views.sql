-- Says domain things once.

-- How each plan stands in each subscription that is in use. A plan that the list does not hold is off; a subscription
-- whose list could not be read is not assessed.
CREATE VIEW defender_plan_standing AS
SELECT s.id AS subscription_id, n.plan AS plan,
  CASE WHEN p.tier IS 'Standard' THEN 'pass'
       WHEN p.subscription_id IS NULL AND l.subscription_id IS NULL THEN 'not_assessed'
       ELSE 'fail' END AS verdict,
  CASE WHEN p.subscription_id IS NULL AND l.subscription_id IS NULL
         THEN 'partial: plans of subscription ' || COALESCE(s.display_name, s.id) || ' were not read'
       ELSE 'subscription ' || COALESCE(s.display_name, s.id) || ': plan ' || n.plan || ' is '
              || COALESCE(p.tier, 'not there') END AS detail
FROM defender_subscription s
JOIN (SELECT 'AI' AS plan UNION ALL SELECT 'Api' UNION ALL SELECT 'AppServices' UNION ALL SELECT 'Arm'
      UNION ALL SELECT 'CloudPosture' UNION ALL SELECT 'Containers' UNION ALL SELECT 'CosmosDbs'
      UNION ALL SELECT 'KeyVaults' UNION ALL SELECT 'OpenSourceRelationalDatabases'
      UNION ALL SELECT 'SqlServers' UNION ALL SELECT 'SqlServerVirtualMachines'
      UNION ALL SELECT 'StorageAccounts' UNION ALL SELECT 'VirtualMachines') n
LEFT JOIN defender_pricing p ON p.subscription_id = s.id AND p.name = n.plan
LEFT JOIN defender_plan_list l ON l.subscription_id = s.id
WHERE s.state IN ('Enabled', 'Warned', 'PastDue');

-- Extensions of plans. The service writes isEnabled as text, "True" or "False".
CREATE VIEW defender_plan_extension AS
SELECT p.subscription_id AS subscription_id, p.name AS plan, e.value ->> '$.name' AS extension,
  COALESCE(lower(e.value ->> '$.isEnabled') IN ('true', '1'), 0) AS enabled
FROM defender_pricing p, json_each(p.extensions) e;

-- What a security contact is told of, and from which severity or risk on.
CREATE VIEW defender_contact_source AS
SELECT c.id AS contact_id, n.value ->> '$.sourceType' AS source,
  n.value ->> '$.minimalSeverity' AS severity, n.value ->> '$.minimalRiskLevel' AS risk
FROM defender_contact c, json_each(c.item, '$.properties.notificationsSources') n;

-- What enabled automations carry out of a subscription.
CREATE VIEW defender_export AS
SELECT a.subscription_id AS subscription_id, s.value ->> '$.eventSource' AS source
FROM defender_automation a, json_each(a.item, '$.properties.sources') s
WHERE json_type(a.item, '$.properties.isEnabled') = 'true';

-- Machines that stand in a just-in-time policy.
CREATE VIEW defender_jit_machine AS
SELECT lower(m.value ->> '$.id') AS machine_id
FROM defender_jit_policy p, json_each(p.item, '$.properties.virtualMachines') m
WHERE m.value ->> '$.id' IS NOT NULL;

-- Service plans that the tenant may use now, from what the collector graph read. `licence` of a check is decided on it.
CREATE VIEW defender_plan AS
SELECT DISTINCT lower(plan_id) AS plan_id, plan_name FROM entra_sku_plan
WHERE capability_status IN ('Enabled', 'Warning') AND provisioning_status = 'Success';
