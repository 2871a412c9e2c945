// References to secrets: followed without reading them.
#include "config/resolve.h"

#include <sys/stat.h>

#include "config/secrets.h"
#include "support/matchers.h"
#include "unit/config/config_files.h"

namespace assay::config {
namespace {

using Catch::Matchers::Contains;

std::string Problem(const std::string& ref) {
  const auto wrong = CheckResolves(ref);
  return wrong ? wrong->code + " " + wrong->message : "";
}

TEST_CASE("References: a file must be there, regular and closed to others") {
  const ConfigFolder folder;
  const std::string file = folder.Write("secret", "x").string();
  for (const auto& [mode, ok] :
       {std::pair{0600, true}, {0400, true}, {0640, false}, {0604, false}, {0700, false}}) {
    REQUIRE(chmod(file.c_str(), static_cast<mode_t>(mode)) == 0);
    INFO(mode);
    if (ok)
      CHECK(Problem("file:" + file).empty());
    else
      CHECK_THAT(Problem("file:" + file), Contains("AS-CFG-016") && Contains("wider than 0600"));
  }
  CHECK_THAT(Problem("file:" + file + "x"), Contains("AS-CFG-015") && Contains("No such file"));
  CHECK_THAT(Problem("file:" + folder.path().string()), Contains("not a regular file"));
  CHECK_THAT(Problem("file:secret"), Contains("not an absolute path"));
}

TEST_CASE("References: a variable must be set, a credential needs its folder") {
  setenv("ASSAY_TEST_SECRET", "x", 1);
  CHECK(Problem("env:ASSAY_TEST_SECRET").empty());
  setenv("ASSAY_TEST_SECRET", "", 1);
  CHECK_THAT(Problem("env:ASSAY_TEST_SECRET"), Contains("is not set"));
  unsetenv("ASSAY_TEST_SECRET");
  CHECK_THAT(Problem("env:ASSAY_TEST_SECRET"), Contains("AS-CFG-015"));
  unsetenv("CREDENTIALS_DIRECTORY");
  CHECK_THAT(Problem("cred:x"), Contains("CREDENTIALS_DIRECTORY is not set"));
  const ConfigFolder folder;
  folder.Write("x", "secret");
  REQUIRE(chmod((folder.path() / "x").c_str(), 0400) == 0);
  setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  CHECK(Problem("cred:x").empty());
  CHECK_THAT(Problem("cred:../x"), Contains("not a plain name"));
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("Secrets: known shapes and random texts are found") {
  for (const char* text :
       {"8xQ8Q~abcdefghijklmnopqrstuvwxyz012345", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.abc", "-----BEGIN PRIVATE KEY-----",
        "DefaultEndpointsProtocol=https;AccountKey=abc", "qL7vR2sT9wXyZ4bN6mC8dF1gH3jK5pQ0"})
    CHECK(LooksLikeSecret(text));
}

TEST_CASE("Secrets: ids, digests, paths, references and prose are not") {
  for (const char* text :
       {"7f0c1b2e-0000-4000-8000-00000000e21a",
        "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        "/usr/lib/assay/plugins/Guest_Review2.so", "https://kv-assay.vault.azure.net/keys/kek",
        "cred:ledger-ed25519", "SHA256:9sQk2vJm9sQk2vJm9sQk2vJm9sQk2vJm9sQk2vJm",
        "Policy.ReadWrite.ConditionalAccess", "DeviceManagementManagedDevices.Read.All",
        "assay.contoso.example", ""})
    CHECK_FALSE(LooksLikeSecret(text));
}

TEST_CASE("Secrets: names of secrets are known in every spelling") {
  for (const char* name :
       {"password", "Client_Secret", "smtp_password", "apiKey", "dsn", "ref", "access_token"})
    CHECK(IsSecretName(name));
  for (const char* name : {"id", "name", "keys", "reference", "region"})
    CHECK_FALSE(IsSecretName(name));
}

TEST_CASE("Include: a link out of the folder is refused") {
  const ConfigFolder outside, folder;
  const auto target = outside.Write("other.toml", "[sandbox]\naccept = \"minimal\"\n");
  std::string text = SmallestFile();
  text.insert(text.find("origin ="), "include = [\"*.d.toml\"]\n");
  const auto file = folder.Write("assay.toml", text);
  std::filesystem::create_symlink(target, folder.path() / "x.d.toml");
  const Loaded loaded = LoadConfig(file, WithoutSecrets());
  CHECK(Codes(loaded) == "AS-CFG-007 4:12");
  CHECK(loaded.config.sandbox_accept == "strict");
}

TEST_CASE("Include: files are read in order of name, hidden ones are not") {
  const ConfigFolder folder;
  std::string text = SmallestFile();
  text.insert(text.find("origin ="), "include = [\"conf.d/*.toml\"]\n");
  const auto file = folder.Write("assay.toml", text);
  folder.Write("conf.d/a.toml", "[sandbox]\naccept = \"reduced\"\n");
  folder.Write("conf.d/.b.toml", "not toml");
  folder.Write("conf.d/c.txt", "not toml");
  const Loaded loaded = LoadConfig(file, WithoutSecrets());
  CHECK(Codes(loaded).empty());
  CHECK(loaded.config.sandbox_accept == "reduced");
}

TEST_CASE("LoadConfig: stops at fifty in text and counts the rest") {
  std::string text = SmallestFile() + "[[plugins]]\nid = \"graph\"\n";
  for (int i = 0; i < 60; ++i) text += "zzzz" + std::to_string(i) + " = 1\n";
  const Loaded loaded = LoadText(text);
  CHECK(loaded.diagnostics.size() == 60);
  CHECK_THAT(FormatDiagnostics(loaded.diagnostics, false),
             Contains("60 errors; the first 50 are shown\n"));
}

TEST_CASE("CanonicalText: depends on values, not on places") {
  const Config one = LoadText(SmallestFile()).config;
  const Config two = LoadText("# a comment\n\n" + SmallestFile()).config;
  CHECK(CanonicalText(one) == CanonicalText(two));
  Config three = one;
  three.tenants[0].region = "uk";
  CHECK(CanonicalText(one) != CanonicalText(three));
  CHECK_THAT(CanonicalText(one),
             Catch::Matchers::StartsWith("{\"checks\":{},\"checks_dir\":\"\",\"clouds\":{},"));
}

}  // namespace
}  // namespace assay::config
