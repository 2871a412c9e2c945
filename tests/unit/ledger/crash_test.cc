// Crashes, full disks, collisions and clocks: what was acknowledged stays, what was not harms
// nothing.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <random>
#include <thread>

#include "base/files.h"
#include "ledger/lease.h"
#include "ledger/ledger.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using testing::Draft;
using testing::TestLedger;

std::string ReadText(const std::filesystem::path& path) {
  const auto bytes = ReadFile(path);
  REQUIRE(bytes);
  return std::string(AsText(*bytes));
}

// Writes until it is killed; tells each durable index through the pipe.
[[noreturn]] void WriteForever(const TestLedger& home, int pipe) {
  auto ledger = home.Open();
  for (int i = 0; ledger; ++i) {
    EntryDraft draft = Draft(i);
    const std::string bytes = "body " + std::to_string(i) + " of " + std::to_string(::getpid());
    auto body = (*ledger)->PutBody(AsBytes(bytes), {});
    if (!body) break;
    draft.body = *body;
    auto done = (*ledger)->Append(std::move(draft)).get();
    if (!done) break;
    const uint64_t index = ToNumber(done->index);
    if (::write(pipe, &index, sizeof index) != sizeof index) break;
    if (i % 7 == 6 && !(*ledger)->SignCheckpoint()) break;
  }
  ::_exit(1);
}

uint64_t LastAcknowledged(int pipe) {
  uint64_t last = 0, index = 0;
  while (::read(pipe, &index, sizeof index) == sizeof index) last = index;
  return last;
}

TEST_CASE("Crash: KeepsAcknowledgedEntriesWhenTheWriterIsKilled") {
  TestLedger home;
  REQUIRE_OK(home.Open());
  std::mt19937 random(7);
  uint64_t acknowledged = 0;
  // On a busy machine a round may end before anything was acknowledged.
  for (int round = 0; round < 15 || (acknowledged <= 20 && round < 300); ++round) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) WriteForever(home, ends[1]);
    ::close(ends[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 150));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    acknowledged = std::max(acknowledged, LastAcknowledged(ends[0]));
    ::close(ends[0]);
    INFO("round " << round);
    REQUIRE_OK_AND_ASSIGN(auto after, home.OpenReadOnly());
    REQUIRE_OK_AND_ASSIGN(const VerifyReport report, after->Verify());
    INFO(report.place << ": " << report.message);
    REQUIRE(report.ok);
    REQUIRE(report.entries > acknowledged);
  }
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK(ledger->Append(Draft(0)).get());
  REQUIRE_OK(ledger->SignCheckpoint());
  CHECK(ledger->Verify()->ok);
  CHECK(acknowledged > 20);
}

TEST_CASE("Crash: CompletesALogWhoseLastNoteWasCut") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    REQUIRE_OK(ledger->Append(Draft(1)).get());
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  const auto log = home.directory() / "checkpoints.log";
  REQUIRE_OK_AND_ASSIGN(const ByteVector whole, ReadFile(log));
  std::filesystem::resize_file(log, whole.size() - 40);
  REQUIRE_OK(home.Open());
  REQUIRE_OK_AND_ASSIGN(const ByteVector after, ReadFile(log));
  CHECK(after == whole);
}

TEST_CASE("Crash: CompletesALogWhoseLastNoteWasTorn [CL-12]") {
  TestLedger home;
  const std::filesystem::path log = home.directory() / "checkpoints.log";
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    REQUIRE_OK(ledger->Append(Draft(1)).get());
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  const std::string whole = ReadText(log);
  std::string torn = whole;
  SECTION("sectors of it are zero") {
    for (size_t i = torn.size() - 120; i < torn.size() - 60; ++i) torn[i] = '\0';
    REQUIRE_OK(WriteFileDurably(log, AsBytes(torn)));
    REQUIRE_OK(home.Open());
    CHECK(ReadText(log) == whole);
  }
  SECTION("the file is longer, and nothing of it is there") {
    const size_t first = whole.find("\n\n", whole.find("\n\n") + 2) + 2;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(first), torn.end(), '\0');
    REQUIRE_OK(WriteFileDurably(log, AsBytes(torn)));
    REQUIRE_OK(home.Open());
    CHECK(ReadText(log) == whole);
  }
  SECTION("another byte is no power loss") {
    torn[torn.size() - 70] ^= 1;
    REQUIRE_OK(WriteFileDurably(log, AsBytes(torn)));
    CHECK_FAILS(home.Open(), Code::kCorrupt, "checkpoints.log");
  }
}

TEST_CASE("Crash: SecondWriterIsToldWhoHoldsTheLease") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  CHECK_FAILS(home.Open(), Code::kUnavailable, "held by \"test, pid");
  REQUIRE_OK_AND_ASSIGN(auto reader, home.OpenReadOnly());
  CHECK_FAILS(reader->Append(Draft(1)).get(), Code::kDenied, "read-only");
  ledger.reset();
  REQUIRE_OK(home.Open());
}

TEST_CASE("Crash: AnotherProcessCannotTakeTheLease") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto second = home.Open();
    ::_exit(second ? 0 : second.error().code == Code::kUnavailable ? 42 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 42);
}

TEST_CASE("Crash: TimeNeverGoesBackAndTheEntrySaysSo") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK_AND_ASSIGN(const Appended first, ledger->Append(Draft(1)).get());
  home.clock.Set(home.clock.Now() - std::chrono::seconds(90));
  REQUIRE_OK_AND_ASSIGN(const Appended second, ledger->Append(Draft(2)).get());
  REQUIRE_OK_AND_ASSIGN(const std::string line, ledger->ReadLine(second.index));
  CHECK_THAT(line, Catch::Matchers::Contains("\"clock_behind_ms\":90000"));
  CHECK_THAT(line, Catch::Matchers::Contains("\"time\":\"2026-11-20T02:16:09.123Z\""));
  CHECK(ToNumber(first.index) + 1 == ToNumber(second.index));
  CHECK(ledger->Verify()->ok);
}

// In a child: the limit on file size would stay for all tests after it.
TEST_CASE("Crash: StopsForGoodWhenTheDiskIsFull") {
  TestLedger home;
  REQUIRE_OK(home.Open());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto ledger = home.Open();
    const rlimit limit{600'000, 600'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Result<Appended> done = Appended{};
    for (int i = 0; ledger && done && i < 5000; ++i) done = (*ledger)->Append(Draft(i)).get();
    const bool stopped = !done && done.error().code == Code::kIo;
    const auto again = (*ledger)->Append(Draft(0)).get();
    const bool stays = !again && again.error().message == done.error().message;
    ::_exit(stopped && stays && !(*ledger)->SignCheckpoint() ? 42 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  REQUIRE_OK(ledger->Append(Draft(1)).get());
  REQUIRE_OK(ledger->SignCheckpoint());
  CHECK(ledger->Verify()->ok);
}

TEST_CASE("Lease: RefusesNetworkFileSystems") {
  CHECK_FAILS(CheckFileSystemType(0x6969, "/x", false), Code::kUnsupported, "NFS");
  CHECK_FAILS(CheckFileSystemType(0xff534d42, "/x", false), Code::kUnsupported, "SMB");
  CHECK_FAILS(CheckFileSystemType(0x01021997, "/x", false), Code::kUnsupported, "9p");
  CHECK_FAILS(CheckFileSystemType(0x65735546, "/x", false), Code::kUnsupported, "FUSE");
  CHECK_FAILS(CheckFileSystemType(0x794c7630, "/x", true), Code::kUnsupported, "overlay");
  REQUIRE_OK(CheckFileSystemType(0x794c7630, "/x", false));
  REQUIRE_OK(CheckFileSystemType(0xef53, "/x", true));
}

}  // namespace
}  // namespace assay::ledger
