// The smallest useful configuration and the defaults that it gets.
#include <algorithm>

#include "support/matchers.h"
#include "unit/config/config_files.h"

namespace assay::config {
namespace {

std::string OriginOf(const Loaded& loaded, const std::string& key) {
  for (const Loaded::Origin& origin : loaded.origins)
    if (origin.key == key)
      return origin.value + (origin.place ? " " + std::to_string(origin.place->line) : " default");
  return "absent";
}

TEST_CASE("LoadConfig: reads the smallest file without complaint") {
  const Loaded loaded = LoadText(SmallestFile());
  INFO(FormatDiagnostics(loaded.diagnostics, false));
  REQUIRE(loaded.diagnostics.empty());
  const Config& config = loaded.config;
  CHECK(config.instance_name == "Contoso");
  CHECK(config.origin == "assay.contoso.example");
  CHECK_FALSE(config.production);
  CHECK(config.default_store == "main");
  CHECK(config.storage.at("main").path == "/var/lib/assay");
  REQUIRE(config.tenants.size() == 1);
  const TenantConfig& tenant = config.tenants[0];
  CHECK(tenant.directory_id->text() == "7f0c1b2e-0000-4000-8000-00000000e21a");
  CHECK(tenant.cloud == "global");
  CHECK(tenant.credential.ref == "env:CONTOSO_SECRET");
  REQUIRE(config.frameworks.size() == 1);
  CHECK(config.frameworks[0].tenants == std::vector<std::string>{"*"});
}

TEST_CASE("LoadConfig: puts the master key under the default store") {
  const Config config = LoadText(SmallestFile()).config;
  CHECK(config.master_key_file == "/var/lib/assay/master.key");
  CHECK(config.ledger_key_dir.empty());
}

TEST_CASE("LoadConfig: names the origin of every value, defaults included") {
  const Loaded loaded = LoadText(SmallestFile());
  CHECK(OriginOf(loaded, "instance.name") == "\"Contoso\" 3");
  CHECK(OriginOf(loaded, "tenants.contoso.region") == "\"eu\" 15");
  CHECK(OriginOf(loaded, "tenants.contoso.credential.kind") == "\"secret\" 17");
  CHECK(OriginOf(loaded, "tenants.contoso.cloud") == "\"global\" default");
  CHECK(OriginOf(loaded, "sandbox.accept") == "\"strict\" default");
  CHECK(OriginOf(loaded, "evidence.raw") == "\"full\" default");
  CHECK(OriginOf(loaded, "storage.main.region") == "\"eu\" 10");
}

TEST_CASE("LoadConfig: reports a file that is not there") {
  const Loaded loaded = LoadConfig("/nonexistent/assay.toml", WithoutSecrets());
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].code == "AS-CFG-006");
  CHECK_THAT(loaded.diagnostics[0].message, Catch::Matchers::Contains("/nonexistent/assay.toml"));
}

}  // namespace
}  // namespace assay::config
