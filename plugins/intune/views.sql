-- Says domain things once.

-- Service plans that the tenant may use now: what `licence` of a check asks.
CREATE VIEW intune_plan AS
SELECT DISTINCT plan_id, plan_name FROM intune_sku_plan
WHERE capability_status IN ('Enabled', 'Warning') AND provisioning_status = 'Success';

-- Compliance policies with the platform that they judge (null: none that has devices) and whether
-- they reach anybody.
CREATE VIEW intune_compliance AS
SELECT *,
  CASE WHEN kind LIKE '#microsoft.graph.ios%' THEN 'iOS'
       WHEN kind LIKE '#microsoft.graph.windows%' THEN 'Windows'
       WHEN kind LIKE '#microsoft.graph.macos%' THEN 'macOS'
       WHEN kind LIKE '#microsoft.graph.android%' OR kind LIKE '#microsoft.graph.aosp%' THEN 'Android' END AS platform,
  COALESCE(assignment_count, 0) > 0 AS assigned
FROM intune_compliance_policy;

-- Operating systems in use, each with the platform that its policies are written for.
CREATE VIEW intune_os_family AS
SELECT operating_system,
  CASE WHEN operating_system = 'iPadOS' THEN 'iOS'
       WHEN operating_system GLOB 'Android*' THEN 'Android' ELSE operating_system END AS family
FROM intune_platform WHERE operating_system <> '';

-- Settings of the settings catalogue with the policy that holds them.
CREATE VIEW intune_catalogue_setting AS
SELECT p.template_family AS family, p.id AS policy_id, COALESCE(p.name, p.id) AS policy_name,
  p.is_assigned IS 1 AS assigned, s.setting_id, s.value
FROM intune_policy_setting s JOIN intune_configuration_policy p ON p.id = s.policy_id;
