// Exit codes, marks, tables, errors and the JSON document.
#include "cli/output.h"

#include "cli/command.h"
#include "support/matchers.h"

namespace assay::cli {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("Exit: maps message families first, codes second, corruption above all") {
  const auto exit = [](Code code, const char* id) {
    return ExitFor(Error{code, "x", {}, {}, {}, id});
  };
  CHECK(exit(Code::kDenied, "AS-CON-003") == ExitCode::kCredential);
  CHECK(exit(Code::kInvalidInput, "AS-PLG-001") == ExitCode::kPluginRefused);
  CHECK(exit(Code::kDenied, "AS-SBX-001") == ExitCode::kPluginRefused);
  CHECK(exit(Code::kNotFound, "AS-CFG-006") == ExitCode::kConfig);
  CHECK(exit(Code::kCorrupt, "AS-LED-002") == ExitCode::kVerification);
  CHECK(exit(Code::kCorrupt, "AS-CFG-001") == ExitCode::kVerification);
  CHECK(exit(Code::kNotFound, "") == ExitCode::kNoSuchObject);
  CHECK(exit(Code::kUnavailable, "") == ExitCode::kUnavailable);
  CHECK(exit(Code::kDenied, "") == ExitCode::kNotAllowed);
}

TEST_CASE("Exit: combines as 7 > 8 > 6 > 10 > 5 > 4") {
  const std::vector<ExitCode> order{ExitCode::kFindings,      ExitCode::kIncomplete,
                                    ExitCode::kUnavailable,   ExitCode::kCredential,
                                    ExitCode::kPluginRefused, ExitCode::kVerification};
  for (size_t i = 0; i < order.size(); ++i)
    for (size_t j = i; j < order.size(); ++j) {
      CHECK(Worst({order[i], order[j]}) == order[j]);
      CHECK(Worst({order[j], ExitCode::kOk, order[i]}) == order[j]);
    }
  CHECK(Worst({}) == ExitCode::kOk);
  CHECK(Worst({ExitCode::kOk, ExitCode::kOk}) == ExitCode::kOk);
  CHECK(Worst({ExitCode::kVerification, ExitCode::kInterrupted}) == ExitCode::kInterrupted);
}

TEST_CASE("Terminal: obeys --color, NO_COLOR, CLICOLOR_FORCE and TERM in that order") {
  CHECK(DetectTerminal("auto", false, false, true, {}).color);
  CHECK_FALSE(DetectTerminal("auto", false, false, false, {}).color);
  CHECK_FALSE(DetectTerminal("auto", false, false, true, {{"NO_COLOR", "1"}}).color);
  CHECK_FALSE(DetectTerminal("auto", false, false, true, {{"TERM", "dumb"}}).color);
  CHECK(DetectTerminal("auto", false, false, false, {{"CLICOLOR_FORCE", "1"}}).color);
  CHECK_FALSE(DetectTerminal("auto", false, false, false, {{"CLICOLOR_FORCE", "0"}}).color);
  CHECK(DetectTerminal("always", false, false, false, {{"NO_COLOR", "1"}}).color);
  CHECK_FALSE(DetectTerminal("never", false, false, true, {{"CLICOLOR_FORCE", "1"}}).color);
}

TEST_CASE("Terminal: falls back to letters where the locale is not UTF-8") {
  CHECK(DetectTerminal("auto", false, false, true, {{"LANG", "C"}}).ascii);
  CHECK_FALSE(DetectTerminal("auto", false, false, true, {{"LANG", "nl_NL.UTF-8"}}).ascii);
  CHECK(DetectTerminal("auto", false, false, true, {{"LC_ALL", "POSIX"}, {"LANG", "nl_NL.UTF-8"}})
            .ascii);
  CHECK(DetectTerminal("auto", true, false, true, {{"LANG", "C.UTF-8"}}).ascii);
}

TEST_CASE("Signs: become ASCII, what a tenant wrote stays") {
  CHECK(PlainSigns("3 pages · head df01…0b36 – done → next") ==
        "3 pages - head df01...0b36 - done -> next");
  CHECK(PlainSigns("Zoë Çelik") == "Zoë Çelik");
  CHECK(PlainSigns("") == "");
}

TEST_CASE("Marks: differ by shape, in letters too") {
  Terminal terminal;
  CHECK(VerdictMark(Verdict::kPass, terminal) == "✓");
  CHECK(VerdictMark(Verdict::kFail, terminal) == "✗");
  CHECK(VerdictMark(Verdict::kManual, terminal) == "◐");
  CHECK(VerdictMark(Verdict::kNotAssessed, terminal) == "○");
  CHECK(VerdictMark(Verdict::kNotApplicable, terminal) == "–");
  terminal.ascii = true;
  CHECK(VerdictMark(Verdict::kFail, terminal) == "[FAIL]");
}

TEST_CASE("Table: aligns by display width and keeps control characters out") {
  Table table({"NAME", "X"});
  table.Row({"Zoë", "1"});
  table.Row({"日本", "2"});
  table.Row({"a\x1b[31m", "3"});
  Terminal terminal;
  CHECK(table.Format(terminal) == "Zoë     1\n日本    2\na [31m  3\n");
  terminal.tty = true;
  CHECK_THAT(table.Format(terminal), Catch::Matchers::StartsWith("NAME    X\n"));
}

TEST_CASE("Error: prints code, context and help") {
  const Error error = Error{Code::kDenied, "the token may write", {"tenant contoso"}, {}, {}, {}}
                          .Id("AS-CON-003")
                          .Hint("remove it");
  CHECK(
      FormatError(error, Terminal()) ==
      "error[AS-CON-003]: the token may write\n      = tenant contoso\n      = help: remove it\n");
}

TEST_CASE("Envelope: is one document with errors and warnings") {
  const std::string text =
      FormatEnvelope({"finding list",
                      false,
                      FromUnixMs(0),
                      "{\"items\":[]}",
                      {"w"},
                      {Error{Code::kNotFound, "x \"y\"", {}, "h", {}, "AS-X-001"}},
                      ""});
  CHECK(text ==
        "{\"schema\":\"assay.cli/1\",\"command\":\"finding "
        "list\",\"ok\":false,\"as_of\":\"1970-01-01T00:00:00.000Z\","
        "\"data\":{\"items\":[]},\"warnings\":[\"w\"],\"errors\":[{\"code\":\"AS-X-001\","
        "\"message\":\"x \\\"y\\\"\","
        "\"kind\":\"not_found\",\"hint\":\"h\",\"help\":\"assay explain AS-X-001\"}]}\n");
}

TEST_CASE("Context: fails on stderr in text and on stdout in JSON") {
  std::string out, err;
  Context context;
  context.out = [&](std::string_view t) { out += t; };
  context.err = [&](std::string_view t) { err += t; };
  context.options.command = {"status"};
  const Error error = Error{Code::kUnavailable, "no answer", {}, {}, {}, {}};
  CHECK(context.Fail(error) == 10);
  CHECK(out.empty());
  CHECK(err == "error: no answer\n");
  context.options.json = true;
  CHECK(context.Fail(error) == 10);
  CHECK_THAT(out, Contains("\"ok\":false") && Contains("\"command\":\"status\""));
}

TEST_CASE("Times: are shown in UTC unless the machine's zone is asked for") {
  CHECK(ShowTime(FromUnixMs(1'000), Terminal()) == "1970-01-01T00:00:01Z");
}

}  // namespace
}  // namespace assay::cli
