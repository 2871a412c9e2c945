// [exceptions], [[roles.map]], and files of exceptions to ask for.
#include <algorithm>

#include "config/exception_file.h"
#include "support/matchers.h"
#include "unit/config/config_files.h"

namespace assay::config {
namespace {

using std::chrono::hours;

std::string Digest(const std::string& extra) {
  return CanonicalText(LoadText(SmallestFile() + extra).config);
}

TEST_CASE("LoadConfig: exceptions have defaults that the file need not say") {
  const ExceptionsConfig defaults = LoadText(SmallestFile()).config.exceptions;
  CHECK(defaults.max_age == hours(24 * 180));
  CHECK(defaults.approvers == std::vector<std::string>{"admin", "super_admin"});
  CHECK(defaults.four_eyes);
  CHECK_FALSE(defaults.allow_wildcard);
  CHECK(defaults.warn_before ==
        std::vector<std::chrono::seconds>{hours(24 * 30), hours(24 * 7), hours(24)});
  const Loaded given = LoadText(SmallestFile() + R"([exceptions]
max_age = "30d"
four_eyes = false
allow_wildcard = true
warn_before = ["1d", "14d"]
approvers = ["operator"]
[[roles.map]]
role = "operator"
os_user = "maria"
tenants = ["contoso"]
)");
  INFO(FormatDiagnostics(given.diagnostics, false));
  REQUIRE(given.diagnostics.empty());
  const ExceptionsConfig& exceptions = given.config.exceptions;
  CHECK(exceptions.max_age == hours(24 * 30));
  CHECK_FALSE(exceptions.four_eyes);
  CHECK(exceptions.warn_before.front() == hours(24 * 14));
  REQUIRE(given.config.roles.size() == 1);
  CHECK(given.config.roles[0].os_user == "maria");
}

TEST_CASE("LoadConfig: what binds exceptions is part of the digest when it is said") {
  CHECK_THAT(Digest(""), !Catch::Matchers::Contains("four_eyes"));
  CHECK_THAT(Digest("[exceptions]\nfour_eyes = false\n"),
             Catch::Matchers::Contains("\"four_eyes\":false"));
  CHECK_THAT(Digest("[[roles.map]]\nrole = \"admin\"\nos_user = \"x\"\n"),
             Catch::Matchers::Contains("\"os_user\":\"x\""));
}

TEST_CASE("LoadConfig: mistakes in exceptions and roles stand under their place") {
  const auto message = [](const std::string& extra) {
    const Loaded loaded = LoadText(SmallestFile() + extra);
    return FormatDiagnostics(loaded.diagnostics, false);
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(message("[exceptions]\nmax_age = \"0d\"\n"),
             Contains("AS-CFG-005") && Contains(":23:"));
  CHECK_THAT(message("[exceptions]\nwarn_before = [\"soon\"]\n"),
             Contains("AS-CFG-004") && Contains("\"soon\"") && Contains(":23:16"));
  CHECK_THAT(message("[exceptions]\napprovers = [\"admn\"]\n"),
             Contains("did you mean \"admin\"?"));
  CHECK_THAT(message("[[roles.map]]\nrole = \"viewer\"\nos_user = \"x\"\n"),
             Contains("gives anybody a role that approves"));
  CHECK_THAT(message("[[roles.map]]\nrole = \"admin\"\nos_user = \"x\"\ntenants = [\"contso\"]\n"),
             Contains("AS-CFG-009") && Contains("did you mean \"contoso\"?"));
  CHECK_THAT(message("[[roles.map]]\nrole = \"admin\"\nos_user = \"x\"\ngroup = \"g\"\n"),
             Contains("AS-CFG-030"));
}

TEST_CASE("ParseExceptions: reads a file, and names what is wrong with its place") {
  const std::string good =
      "[[exception]]\ncheck = \"c\"\nsubject = \"u\"\nreason = \"r\"\nexpires = 2027-02-28\n";
  REQUIRE_OK_AND_ASSIGN(const auto items,
                        ParseExceptions(good + "compensating_check = \"d\"\n", "f"));
  REQUIRE(items.size() == 1);
  CHECK(items[0].subject == "u");
  CHECK(items[0].expires == "2027-02-28");
  CHECK(items[0].compensating_check == "d");
  CHECK_FAILS(ParseExceptions("[[exception]]\ncheck = \"c\"\n", "f.toml"), Code::kInvalidInput,
              "f.toml:1:1");
  CHECK_FAILS(ParseExceptions(good + "subjekt = \"x\"\n", "f.toml"), Code::kInvalidInput,
              "f.toml:6:1");
  CHECK_FAILS(ParseExceptions("[[exception]]\ncheck = \"c\"\nsubject = \"\"\nreason = \"r\"\n"
                              "expires = 2027-02-28\n",
                              "f.toml"),
              Code::kInvalidInput, "subject is empty");
  CHECK_FAILS(ParseExceptions("[[exception]\n", "f.toml"), Code::kInvalidInput, "f.toml:1");
  CHECK_FAILS(ParseExceptions("", "f.toml"), Code::kInvalidInput, "exception");
}

}  // namespace
}  // namespace assay::config
