// Fates: from exit status, last message and the spawner's report to one name.
#include <csignal>

#include "sandbox/confine.h"
#include "sandbox/spawn_protocol.h"
#include "support/matchers.h"

namespace assay::sandbox {
namespace {

EndState Exited(int code) {
  EndState end;
  end.known = true;
  end.exit_code = code;
  end.report = "Landlock A: no such thing";
  return end;
}

EndState Killed(int signal, uint64_t cpu_ms = 0) {
  EndState end;
  end.known = true;
  end.signal = signal;
  end.cpu_ms = cpu_ms;
  return end;
}

Fate FateOf(const EndState& end, std::optional<ipc::Done> done = std::nullopt,
            bool after_hello = true) {
  WorkerLimits limits;
  limits.cpu_seconds = 10;
  return JudgeEnd(end, done, limits, after_hello).fate;
}

}  // namespace

TEST_CASE("Outcome: calls an end well only with a last message that says so") {
  CHECK(FateOf(Exited(0), ipc::Done{0, ""}) == Fate::kOk);
  CHECK(FateOf(Exited(0), ipc::Done{-8, "broken"}) == Fate::kPluginError);
  CHECK(FateOf(Exited(0)) == Fate::kExited);
  CHECK(FateOf(Exited(3), ipc::Done{0, ""}) == Fate::kExited);
}

TEST_CASE("Outcome: tells signals apart") {
  CHECK(FateOf(Killed(SIGSYS)) == Fate::kViolation);
  CHECK(FateOf(Killed(SIGSEGV)) == Fate::kCrashed);
  CHECK(FateOf(Killed(SIGABRT), ipc::Done{0, ""}) == Fate::kCrashed);
  CHECK(FateOf(Killed(SIGXCPU)) == Fate::kCpuLimit);
  CHECK(FateOf(Killed(SIGKILL, 10'000)) == Fate::kCpuLimit);
  CHECK(FateOf(Killed(SIGKILL, 9'500)) == Fate::kCpuLimit);  // the two clocks drift
  CHECK(FateOf(Killed(SIGKILL, 100)) == Fate::kMemoryLimit);
}

TEST_CASE("Outcome: believes exit codes of the setup only before Hello") {
  CHECK(FateOf(Exited(kExitSetupFailed), std::nullopt, false) == Fate::kSetupFailed);
  CHECK(FateOf(Exited(kExitLoadFailed), std::nullopt, false) == Fate::kLoadFailed);
  CHECK(FateOf(Exited(kExitSetupFailed)) == Fate::kExited);
  CHECK(FateOf(Exited(kExitLoadFailed)) == Fate::kExited);
  CHECK(FateOf(Exited(kExitOutOfMemory)) == Fate::kMemoryLimit);
}

TEST_CASE("Outcome: carries the failing layer's words") {
  CHECK(JudgeEnd(Exited(kExitSetupFailed), std::nullopt, {}, false).detail ==
        "Landlock A: no such thing");
  CHECK(JudgeEnd({}, std::nullopt, {}, true).detail == "the spawner is gone");
}

TEST_CASE("Outcome: has a name for every tier and fate") {
  for (Tier tier : {Tier::kStrict, Tier::kReduced, Tier::kMinimal})
    CHECK(ParseTier(Name(tier)) == tier);
  CHECK_FALSE(ParseTier("none"));
  for (int fate = 0; fate <= static_cast<int>(Fate::kLoadFailed); ++fate)
    CHECK(Name(static_cast<Fate>(fate)) != "unknown");
}

}  // namespace assay::sandbox
