-- Says domain things once.

-- Service plans that the tenant may use now, from what the collector graph read. `licence` of a check is decided on it.
CREATE VIEW activity_log_plan AS
SELECT DISTINCT lower(plan_id) AS plan_id, plan_name FROM entra_sku_plan
WHERE capability_status IN ('Enabled', 'Warning') AND provisioning_status = 'Success';

-- Diagnostic settings of subscriptions that send to somewhere.
CREATE VIEW log_subscription_target AS
SELECT subscription_id, name, item FROM log_subscription_setting
WHERE COALESCE(item ->> '$.properties.workspaceId', item ->> '$.properties.storageAccountId',
               item ->> '$.properties.eventHubAuthorizationRuleId',
               item ->> '$.properties.marketplacePartnerId') IS NOT NULL;

-- Categories of the activity log that go somewhere.
CREATE VIEW log_subscription_export AS
SELECT t.subscription_id AS subscription_id, l.value ->> '$.category' AS category,
  l.value ->> '$.categoryGroup' AS category_group
FROM log_subscription_target t, json_each(t.item, '$.properties.logs') l
WHERE json_type(l.value, '$.enabled') = 'true';

-- Logs of Entra that go somewhere.
CREATE VIEW log_entra_export AS
SELECT DISTINCT l.value ->> '$.category' AS category
FROM log_entra_setting s, json_each(s.item, '$.properties.logs') l
WHERE json_type(l.value, '$.enabled') = 'true' AND l.value ->> '$.category' IS NOT NULL
  AND COALESCE(s.item ->> '$.properties.workspaceId', s.item ->> '$.properties.storageAccountId',
               s.item ->> '$.properties.eventHubAuthorizationRuleId',
               s.item ->> '$.properties.marketplacePartnerId') IS NOT NULL;

-- Logs of single resources that go somewhere.
CREATE VIEW log_resource_export AS
SELECT s.resource_id AS resource_id, l.value ->> '$.category' AS category,
  l.value ->> '$.categoryGroup' AS category_group
FROM log_resource_setting s, json_each(s.item, '$.properties.logs') l
WHERE json_type(l.value, '$.enabled') = 'true'
  AND COALESCE(s.item ->> '$.properties.workspaceId', s.item ->> '$.properties.storageAccountId',
               s.item ->> '$.properties.eventHubAuthorizationRuleId',
               s.item ->> '$.properties.marketplacePartnerId') IS NOT NULL;

-- Action groups with the number of their receivers, whatever the kind.
CREATE VIEW log_action_group_reach AS
SELECT g.subscription_id AS subscription_id, g.id AS id, g.name AS name,
  json_type(g.item, '$.properties.enabled') IS 'true' AS enabled,
  (SELECT COALESCE(sum(json_array_length(r.value)), 0) FROM json_each(g.item, '$.properties') r
   WHERE r.type = 'array' AND substr(r.key, -9) = 'Receivers') AS receivers
FROM log_action_group g;

-- Alerts that are on and have an action group that reaches somebody.
CREATE VIEW log_live_alert AS
SELECT a.subscription_id AS subscription_id, a.name AS name, a.item AS item
FROM log_alert a
WHERE json_type(a.item, '$.properties.enabled') = 'true'
  AND EXISTS (SELECT 1 FROM json_each(a.item, '$.properties.actions.actionGroups') x
              JOIN log_action_group_reach g ON g.id = lower(x.value ->> '$.actionGroupId')
              WHERE g.enabled = 1 AND g.receivers > 0);

-- Operations that a live alert watches over its whole subscription, in lower case.
CREATE VIEW log_alert_operation AS
SELECT a.subscription_id AS subscription_id, a.name AS name, lower(q.value ->> '$.equals') AS operation
FROM log_live_alert a, json_each(a.item, '$.properties.condition.allOf') q
WHERE lower(q.value ->> '$.field') = 'operationname'
  AND EXISTS (SELECT 1 FROM json_each(a.item, '$.properties.scopes') c
              WHERE lower(c.value) = '/subscriptions/' || a.subscription_id);

-- Categories of events that a live alert watches.
CREATE VIEW log_alert_category AS
SELECT a.subscription_id AS subscription_id, a.name AS name, q.value ->> '$.equals' AS category
FROM log_live_alert a, json_each(a.item, '$.properties.condition.allOf') q
WHERE lower(q.value ->> '$.field') = 'category';
