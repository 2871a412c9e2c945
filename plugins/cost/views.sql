-- What an export of a subscription is, and how its newest run ended.
CREATE VIEW cost_export_state AS
SELECT subscription_id, id, COALESCE(name, id) AS name, storage_id,
  json_extract(item, '$.properties.definition.type') AS kind,
  json_extract(item, '$.properties.schedule.status') AS status,
  json_extract(item, '$.properties.schedule.recurrencePeriod.to') AS ends,
  json_extract(item, '$.properties.runHistory.value[0].properties.status') AS last_status
FROM cost_export;

-- Effective cost by currency. Amounts of different currencies are never added.
CREATE VIEW cost_total AS
SELECT currency, CAST(decimal_sum(effective_cost) AS REAL) AS effective,
  CAST(decimal_sum(CASE WHEN charge_category = 'Usage' THEN effective_cost END) AS REAL) AS usage,
  CAST(decimal_sum(CASE WHEN commitment_status = 'Unused' THEN effective_cost ELSE '0' END) AS REAL) AS unused
FROM cost_group
GROUP BY currency;

-- Share of a provider in the effective cost, the smallest and the largest over the currencies: with
-- positive sums the share of all together, whatever the exchange rates, lies between them. `known`
-- is 0 when there is nothing to have a share of.
CREATE VIEW cost_provider_share AS
WITH part AS (
  SELECT provider, currency, CAST(decimal_sum(effective_cost) AS REAL) AS effective
  FROM cost_group GROUP BY provider, currency
)
SELECT n.provider, MIN(ROUND(COALESCE(p.effective, 0) / NULLIF(t.effective, 0), 12)) AS low,
  MAX(ROUND(COALESCE(p.effective, 0) / NULLIF(t.effective, 0), 12)) AS high,
  COUNT(*) = COUNT(NULLIF(t.effective, 0)) AS known
FROM (SELECT DISTINCT provider FROM cost_group) n CROSS JOIN cost_total t
LEFT JOIN part p ON p.provider = n.provider AND p.currency = t.currency
GROUP BY n.provider;

-- Each day of a sub-account beside the mean of the 14 days before it, of which days without charges
-- count as nothing and days before the first charge not at all. `days` is how many those are.
CREATE VIEW cost_day_trend AS
WITH series AS (
  SELECT sub_account_id, currency, day, CAST(effective_cost AS REAL) AS cost, julianday(day) AS at,
    MIN(julianday(day)) OVER (PARTITION BY sub_account_id, currency) AS first
  FROM cost_day
  WHERE day <> ''
)
SELECT sub_account_id, currency, day, cost, MIN(14, at - first) AS days,
  COALESCE(SUM(cost) OVER (PARTITION BY sub_account_id, currency ORDER BY at
    RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING), 0) / NULLIF(MIN(14, at - first), 0) AS mean
FROM series;
