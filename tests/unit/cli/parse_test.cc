// Arguments to options, and what a user reads who typed something else.
#include "cli/parse.h"

#include "cli/command_tree.h"
#include "cli/completion.h"
#include "support/matchers.h"

namespace assay::cli {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

Options Parsed(const std::vector<std::string>& arguments) {
  const ParseOutcome outcome = ParseCommandLine(arguments);
  INFO(outcome.err);
  REQUIRE_FALSE(outcome.done);
  return outcome.options;
}

std::string Refused(const std::vector<std::string>& arguments) {
  const ParseOutcome outcome = ParseCommandLine(arguments);
  REQUIRE(outcome.done);
  CHECK(outcome.exit == ExitCode::kUsage);
  CHECK(outcome.out.empty());
  return outcome.err;
}

TEST_CASE("Parse: reads commands of one and two words") {
  CHECK(Parsed({"status"}).command == std::vector<std::string>{"status"});
  CHECK(Parsed({"finding", "list"}).command == std::vector<std::string>{"finding", "list"});
  CHECK(Parsed({"demo"}).command == std::vector<std::string>{"demo"});
  CHECK(Parsed({"demo", "tamper"}).command == std::vector<std::string>{"demo", "tamper"});
}

TEST_CASE("Parse: takes global flags before and after the command") {
  for (const auto& arguments :
       {std::vector<std::string>{"-C", "a.toml", "--json", "-t", "contoso", "finding", "list"},
        std::vector<std::string>{"finding", "list", "-C", "a.toml", "--json",
                                 "--tenant=contoso"}}) {
    const Options options = Parsed(arguments);
    CHECK(options.config == "a.toml");
    CHECK(options.json);
    CHECK(options.tenant == "contoso");
  }
  CHECK(Parsed({"-vv", "status"}).verbose == 2);
  CHECK(Parsed({"status", "--color", "never"}).color == "never");
}

TEST_CASE("Parse: fills the flags of each command") {
  const Options run = Parsed({"run", "--all", "--only", "a", "--only", "b", "--framework", "dora",
                              "--fail-on", "high", "--dry-run"});
  CHECK(run.all);
  CHECK(run.only_checks == std::vector<std::string>{"a", "b"});
  CHECK(run.frameworks == std::vector<std::string>{"dora"});
  CHECK(run.fail_on == "high");
  CHECK(run.dry_run);
  const Options demo = Parsed({"demo", "--dir", "/tmp/x", "--random-state", "7"});
  CHECK(demo.directory == "/tmp/x");
  CHECK(demo.random_state == 7u);
  CHECK(Parsed({"explain", "AS-CFG-012"}).argument == "AS-CFG-012");
  CHECK(Parsed({"config", "show", "--origin"}).origin);
  CHECK(Parsed({"config", "check", "--no-secrets"}).no_secrets);
  CHECK(Parsed({"check", "list", "--mapped-by", "dora"}).framework == "dora");
  CHECK(Parsed({"ledger", "show", "-t", "contoso", "41"}).argument == "41");
}

TEST_CASE("Parse: names the three nearest commands") {
  CHECK_THAT(
      Refused({"verfy"}),
      StartsWith("error[AS-CLI-001]: unknown command \"verfy\"\n      = help: nearest: verify, "));
  CHECK_THAT(Refused({"finding", "lst"}),
             Contains("unknown command \"finding lst\"") && Contains("nearest: list, show"));
  CHECK_THAT(Refused({"shedule"}), Contains("AS-CLI-001"));
}

TEST_CASE("Parse: refuses a group without its command, and no command at all") {
  CHECK_THAT(Refused({"ledger"}), Contains("\"ledger\" needs a command") &&
                                      Contains("one of: verify, status, show, checkpoint"));
  CHECK_THAT(Refused({}), Contains("no command"));
  CHECK_THAT(Refused({"--json"}), Contains("no command"));
}

TEST_CASE("Parse: names the nearest flag, the word that a value may be, and what is missing") {
  CHECK_THAT(Refused({"run", "--fail-onn", "high"}),
             Contains("unknown flag \"--fail-onn\"") && Contains("did you mean --fail-on?"));
  CHECK_THAT(Refused({"run", "--tenat=x"}), Contains("did you mean --tenant?"));
  CHECK_THAT(Refused({"run", "--fail-on", "hihg"}),
             Contains("\"hihg\" is none of critical, high") && Contains("did you mean high?"));
  CHECK_THAT(Refused({"completion", "tcsh"}), Contains("is none of bash, zsh, fish"));
  CHECK_THAT(Refused({"explain"}), Contains("assay explain: CODE|CHECK|CONTROL|TERM is missing"));
  CHECK_THAT(Refused({"demo", "--random-state", "x"}), Contains("AS-CLI-003"));
  CHECK_THAT(Refused({"status", "extra"}), Contains("unexpected argument \"extra\""));
  CHECK_THAT(Refused({"run", "--all", "-t", "contoso"}), Contains("exclude each other"));
  CHECK_THAT(Refused({"-C"}), Contains("AS-CLI-00"));
}

TEST_CASE("Parse: escapes what it repeats") {
  CHECK_THAT(Refused({"\x1b[31m"}), Contains("\\x1b[31m"));
}

TEST_CASE("Help: -h is short, --help begins with examples, both exit 0") {
  const ParseOutcome brief = ParseCommandLine({"run", "-h"});
  CHECK(brief.done);
  CHECK(brief.exit == ExitCode::kOk);
  CHECK_THAT(brief.out, StartsWith("usage: assay run [flags]\n") && Contains("--fail-on LEVEL"));
  const ParseOutcome full = ParseCommandLine({"run", "--help"});
  CHECK(full.exit == ExitCode::kOk);
  CHECK_THAT(full.out, StartsWith("examples:\n  assay run -t contoso\n") &&
                           Contains("exit codes:") && Contains("-C, --config FILE"));
  CHECK_THAT(ParseCommandLine({"explain", "--help"}).out,
             Contains("usage: assay explain CODE|CHECK|CONTROL|TERM"));
  CHECK_THAT(ParseCommandLine({"--help"}).out,
             Contains("finding") && Contains("ledger") && Contains("version"));
  CHECK_THAT(ParseCommandLine({"ledger", "-h"}).out, Contains("checkpoint"));
}

TEST_CASE("Tree: every command has help, an example that parses, and flags that exist") {
  for (const Command& command : Commands()) {
    INFO(command.path);
    CHECK_FALSE(command.help.empty());
    CHECK(command.is_group == command.examples.empty());
    for (std::string_view flag : command.flags) CHECK_FALSE(FindCommandFlag(flag).help.empty());
  }
}

TEST_CASE("Completion: knows every command in every shell") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = CompletionScript(shell);
    for (const char* word : {"checkpoint", "tamper", "no-secrets", "fail-on", "tenant"})
      CHECK_THAT(script, Contains(word));
  }
  CHECK(CompletionScript("tcsh").empty());
}

}  // namespace
}  // namespace assay::cli
