// What doctor says of Ubuntu's restriction of user namespaces.
#include "cli/apparmor.h"

#include "support/matchers.h"

using assay::cli::JudgeAppArmor;
using assay::sandbox::Tier;

TEST_CASE("AppArmor: nothing is said where the restriction is off or unknown") {
  CHECK_FALSE(JudgeAppArmor("", Tier::kReduced));
  CHECK_FALSE(JudgeAppArmor("0\n", Tier::kReduced));
}

TEST_CASE("AppArmor: the restriction is named with the profile as the way out") {
  const auto advice = JudgeAppArmor("1\n", Tier::kReduced);
  REQUIRE(advice);
  CHECK_FALSE(advice->ok);
  CHECK_THAT(advice->text, Catch::Matchers::Contains("apparmor_restrict_unprivileged_userns=1"));
  CHECK_THAT(advice->text, Catch::Matchers::Contains("apparmor_parser -r /etc/apparmor.d/assay"));
}

TEST_CASE("AppArmor: a profile in force is a good sign") {
  const auto advice = JudgeAppArmor("1\n", Tier::kStrict);
  REQUIRE(advice);
  CHECK(advice->ok);
}
