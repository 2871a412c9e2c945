// Secrets by reference.
#include "broker/secret.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "broker/broker.h"
#include "support/matchers.h"

using namespace assay;
using namespace assay::broker;

namespace {

/// A folder with one secret file of that mode.
struct SecretFile {
  std::filesystem::path folder, path;
  explicit SecretFile(const std::string& text, mode_t mode = 0600) {
    std::string pattern = (std::filesystem::temp_directory_path() / "assay-secret-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    path = folder / "graph";
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
  }
  ~SecretFile() { std::filesystem::remove_all(folder); }
};

}  // namespace

TEST_CASE("Secret: comes from the environment unless in production", "[broker]") {
  setenv("ASSAY_TEST_S", "CANARY", 1);
  REQUIRE_OK_AND_ASSIGN(const std::string value, ResolveSecret("env:ASSAY_TEST_S", false));
  CHECK(value == "CANARY");
  const auto refused = ResolveSecret("env:ASSAY_TEST_S", true);
  CHECK_FAILS(refused, Code::kInvalidInput, "refused in production");
  CHECK(refused.error().ToString().find("CANARY") == std::string::npos);
  CHECK_FAILS(ResolveSecret("env:ASSAY_TEST_NOT_SET", false), Code::kNotFound, "is not set");
  setenv("ASSAY_TEST_S", "", 1);
  CHECK_FAILS(ResolveSecret("env:ASSAY_TEST_S", false), Code::kInvalidInput, "is empty");
}

TEST_CASE("Secret: comes from a private file without its line end", "[broker]") {
  const SecretFile file("s3cret\n");
  REQUIRE_OK_AND_ASSIGN(const std::string value, ResolveSecret("file:" + file.path.string(), true));
  CHECK(value == "s3cret");
}

TEST_CASE("Secret: refuses files that others may read", "[broker]") {
  for (const mode_t mode : {0640, 0604, 0660, 0644, 0700, 0610}) {
    const SecretFile file("CANARY", mode);
    const auto value = ResolveSecret("file:" + file.path.string(), true);
    CHECK_FAILS(value, Code::kDenied, "may be read by others");
    CHECK(value.error().ToString().find("CANARY") == std::string::npos);
  }
}

TEST_CASE("Secret: refuses what is no file, not there or too large", "[broker]") {
  CHECK_FAILS(ResolveSecret("file:/nonexistent/x", true), Code::kNotFound, "does not exist");
  CHECK_FAILS(ResolveSecret("file:/dev/null", true), Code::kInvalidInput, "not a regular file");
  CHECK_FAILS(ResolveSecret("file:/tmp", true), Code::kInvalidInput, "not a regular file");
  const SecretFile large(std::string(70'000, 'x'));
  CHECK_FAILS(ResolveSecret("file:" + large.path.string(), true), Code::kLimitExceeded, "64 KiB");
}

TEST_CASE("Secret: comes from the credentials directory, by plain name only", "[broker]") {
  const SecretFile file("s3cret", 0440);
  setenv("CREDENTIALS_DIRECTORY", file.folder.c_str(), 1);
  REQUIRE_OK_AND_ASSIGN(const std::string value, ResolveSecret("cred:graph", true));
  CHECK(value == "s3cret");
  for (const char* bad : {"cred:", "cred:..", "cred:../graph", "cred:/etc/passwd", "cred:a/b"}) {
    INFO(bad);
    CHECK_FAILS(ResolveSecret(bad, true), Code::kInvalidInput, "env:NAME, file:/path or cred:NAME");
  }
  unsetenv("CREDENTIALS_DIRECTORY");
  CHECK_FAILS(ResolveSecret("cred:graph", true), Code::kNotFound, "CREDENTIALS_DIRECTORY");
}

TEST_CASE("Secret: refuses literals and unknown kinds without showing them", "[broker]") {
  for (const char* bad :
       {"", "CANARYvalue", "literal:CANARY", "file:relative/CANARY", "env:", "env:A=CANARY"}) {
    const auto value = ResolveSecret(bad, false);
    CHECK_FAILS(value, Code::kInvalidInput, "env:NAME, file:/path or cred:NAME");
    CHECK(value.error().ToString().find("CANARY") == std::string::npos);
  }
}

TEST_CASE("Secret: wipes all of a string, its old bytes too", "[broker]") {
  std::string text(100, 'x');
  text.resize(50);
  const char* bytes = text.data();
  Wipe(text);
  CHECK(text.empty());
  CHECK(std::string_view(bytes, 1)[0] == '\0');
}
