// Secrets of the environment: found by us, and by nobody who looks at the process.
#include "base/environment.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/matchers.h"

using namespace assay;

namespace {

std::string Shown() {
  std::ifstream file("/proc/self/environ", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("Environment: a taken variable is found here and inherited by nobody [CH-16]") {
  setenv("ASSAY_TAKEN", "CANARY-taken", 1);
  setenv("ASSAY_LEFT", "left", 1);
  TakeFromEnvironment({"ASSAY_TAKEN", "ASSAY_NEVER_SET"});
  CHECK(FindEnvironment("ASSAY_TAKEN") == "CANARY-taken");
  CHECK(FindEnvironment("ASSAY_LEFT") == "left");
  CHECK_FALSE(FindEnvironment("ASSAY_NEVER_SET"));
  CHECK(std::getenv("ASSAY_TAKEN") == nullptr);
  CHECK(std::string(std::getenv("ASSAY_LEFT")) == "left");
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execlp("env", "env", nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WEXITSTATUS(status) == 0);
  CHECK(text.find("ASSAY_LEFT=left") != text.npos);
  CHECK(text.find("CANARY") == text.npos);
  CHECK(text.find("ASSAY_TAKEN") == text.npos);
}

TEST_CASE("Environment: what the process was started with is overwritten too [CH-16]") {
  // A program of its own, because only a start puts variables where the kernel shows them.
  const std::string self = "/proc/self/exe";
  if (std::getenv("ASSAY_ENVIRONMENT_CHILD") != nullptr) {
    const bool before = Shown().find("CANARY-start") != std::string::npos;
    TakeFromEnvironment({"ASSAY_START"});
    const bool after = Shown().find("CANARY-start") != std::string::npos;
    _exit(before && !after && FindEnvironment("ASSAY_START") == "CANARY-start" ? 0 : 1);
  }
  const pid_t child = fork();
  if (child == 0) {
    setenv("ASSAY_ENVIRONMENT_CHILD", "1", 1);
    setenv("ASSAY_START", "CANARY-start", 1);
    execl(self.c_str(), self.c_str(), "Environment: what the process*", nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
}
