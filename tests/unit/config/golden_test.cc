// Every message of the configuration in text and JSON, with its exact place:
// tests/golden/config/<case>. ASSAY_UPDATE_GOLDEN=1 writes the expectations anew; read the
// difference before you commit it.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/matchers.h"
#include "unit/config/config_files.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Messages name files as they were given: relative ones, so that goldens fit every machine.
class InFolder {
 public:
  explicit InFolder(const fs::path& folder) : before_(fs::current_path()) {
    fs::current_path(folder);
  }
  ~InFolder() { fs::current_path(before_); }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;

 private:
  fs::path before_;
};

LoadOptions OptionsFor(const std::string& name) {
  LoadOptions options;
  options.check_secrets = name.rfind("015", 0) == 0;
  if (name.rfind("017", 0) == 0) {
    options.known_frameworks = {"dora", "gdpr", "iso27001-2022"};
    options.known_plugins = {"graph", "intune"};
    options.known_checks = {"graph-ca-mfa-all-users"};
  }
  return options;
}

void Compare(const fs::path& expected, const std::string& found) {
  if (std::getenv("ASSAY_UPDATE_GOLDEN") != nullptr)
    std::ofstream(expected, std::ios::binary) << found;
  CHECK(ReadAll(expected) == found);
}

// Not part of a golden: the text of errno and the dates of today.
TEST_CASE("Golden: every configuration message has its text, its JSON and its exact place") {
  unsetenv("CONTOSO_SECRET");
  size_t cases = 0;
  std::vector<fs::path> folders;
  for (const auto& entry :
       fs::directory_iterator(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/config"))
    folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    const InFolder inside(folder);
    const std::string name = folder.filename().string();
    INFO(name);
    const Loaded loaded = LoadConfig("assay.toml", OptionsFor(name));
    Compare(folder / "expected.txt", FormatDiagnostics(loaded.diagnostics, false));
    Compare(folder / "expected.json", DiagnosticsJson(loaded.diagnostics) + "\n");
    const std::string code = "AS-CFG-" + name.substr(0, 3);
    CHECK(std::any_of(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                      [&](const Diagnostic& d) { return d.code == code; }));
    ++cases;
  }
  CHECK(cases >= 20);
}

TEST_CASE("Golden: no secret of any case is shown in text or JSON") {
  const std::string secrets[] = {"8xQ8Q~",     "qL7vR2sT9wXyZ4bN6mC8dF1gH3jK5pQ0",
                                 "eyJhbGciOi", "Xk7Q~pL2vR9sT4wY8zB1nM6cD3fG5hJ0",
                                 "u:pw@h",     "Q7vR2sT9wXyZ4bN6mC8"};
  for (const char* name : {"003-syntax-secret", "012-secret", "014-comment"}) {
    const Loaded loaded = LoadConfig(
        fs::path(ASSAY_SOURCE_DIR) / "tests/golden/config" / name / "assay.toml", WithoutSecrets());
    REQUIRE_FALSE(loaded.diagnostics.empty());
    const std::string shown =
        FormatDiagnostics(loaded.diagnostics, true) + DiagnosticsJson(loaded.diagnostics);
    for (const std::string& secret : secrets) CHECK_THAT(shown, !Catch::Matchers::Contains(secret));
  }
}

}  // namespace
}  // namespace assay::config
