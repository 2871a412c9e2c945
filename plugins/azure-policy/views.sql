-- Says domain things once. Ids, GUIDs, types and locations are in lower case in every table.

-- Service plans that the tenant may use now. `licence` of a check is decided on this view.
CREATE VIEW azure_policy_plan AS
SELECT DISTINCT lower(plan_id) AS plan_id, plan_name FROM entra_sku_plan
WHERE capability_status IN ('Enabled', 'Warning') AND provisioning_status = 'Success';

-- Role assignments that hold for a whole subscription: made there, at a management group, at the root.
CREATE VIEW azure_subscription_role AS
SELECT subscription_id, id, scope, role_id, principal_id, principal_type FROM azure_role_assignment
WHERE scope = '/' OR scope LIKE '/providers/microsoft.management/managementgroups/%'
  OR (scope LIKE '/subscriptions/_%' AND instr(substr(scope, 16), '/') = 0);

-- Resources that can have tags: a type below another type (servers/databases) is counted out.
CREATE VIEW azure_taggable_resource AS
SELECT id, subscription_id, name, type, tags FROM azure_resource WHERE type NOT LIKE '%/%/%';

-- Rules of network security groups. A rule names one port range and one source, or lists of them:
-- `ports` and `sources` hold both.
CREATE VIEW nsg_rule AS
SELECT n.id AS nsg_id, json_extract(r.value, '$.name') AS name,
  json_extract(r.value, '$.properties.access') AS access,
  json_extract(r.value, '$.properties.direction') AS direction,
  lower(json_extract(r.value, '$.properties.protocol')) AS protocol,
  CASE WHEN json_type(r.value, '$.properties.priority') IN ('integer', 'real')
       THEN json_extract(r.value, '$.properties.priority') END AS priority,
  json_insert(
    CASE json_type(r.value, '$.properties.destinationPortRanges') WHEN 'array'
      THEN json_extract(r.value, '$.properties.destinationPortRanges') ELSE '[]' END,
    '$[#]', json_extract(r.value, '$.properties.destinationPortRange')) AS ports,
  json_insert(
    CASE json_type(r.value, '$.properties.sourceAddressPrefixes') WHEN 'array'
      THEN json_extract(r.value, '$.properties.sourceAddressPrefixes') ELSE '[]' END,
    '$[#]', json_extract(r.value, '$.properties.sourceAddressPrefix')) AS sources,
  json_insert(
    CASE json_type(r.value, '$.properties.destinationAddressPrefixes') WHEN 'array'
      THEN json_extract(r.value, '$.properties.destinationAddressPrefixes') ELSE '[]' END,
    '$[#]', json_extract(r.value, '$.properties.destinationAddressPrefix')) AS destinations
FROM azure_nsg n, json_each(n.item, '$.properties.securityRules') r
WHERE r.type = 'object';

-- Ports for administration and databases that the internet reaches over TCP, with a rule that lets it
-- in. A Deny rule closes a port when it comes first, for every target and for everyone.
CREATE VIEW nsg_open_port AS
WITH watched(port) AS (VALUES (22), (1433), (3389), (5985)),
covering AS MATERIALIZED (
  SELECT r.nsg_id, r.name, r.access, r.priority, r.sources, r.destinations, w.port
  FROM nsg_rule r, watched w
  WHERE r.direction = 'Inbound' AND r.protocol IN ('tcp', '*')
    AND EXISTS (
      SELECT 1 FROM json_each(r.ports) p
      WHERE p.value = '*'
        OR (trim(substr(p.value, 1, instr(p.value || '-', '-') - 1)) GLOB '[0-9]*'
            AND trim(substr(p.value, 1, instr(p.value || '-', '-') - 1)) NOT GLOB '*[^0-9]*'
            AND w.port >= CAST(p.value AS INTEGER)
            AND w.port <= CAST(CASE WHEN instr(p.value, '-') > 0 AND trim(substr(p.value, instr(p.value, '-') + 1)) <> ''
                               THEN substr(p.value, instr(p.value, '-') + 1) ELSE p.value END AS INTEGER)))
), shut AS MATERIALIZED (
  SELECT nsg_id, port, min(priority) AS priority FROM covering
  WHERE access = 'Deny' AND priority IS NOT NULL
    AND EXISTS (SELECT 1 FROM json_each(sources) s WHERE lower(s.value) IN ('*', '0.0.0.0/0', 'internet'))
    AND EXISTS (SELECT 1 FROM json_each(destinations) d WHERE d.value = '*')
  GROUP BY nsg_id, port
)
SELECT c.nsg_id, c.port, min(c.name) AS rule
FROM covering c LEFT JOIN shut s ON s.nsg_id = c.nsg_id AND s.port = c.port
WHERE c.access = 'Allow'
  AND EXISTS (SELECT 1 FROM json_each(c.sources) a WHERE ip_covers_public(a.value, 8))
  AND NOT COALESCE(s.priority < c.priority, 0)
GROUP BY c.nsg_id, c.port;
