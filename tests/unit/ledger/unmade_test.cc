// What a kill leaves while an evidence file is being made: every state that SQLite goes through
// from an empty file to the first commit. Nothing refers to that file yet, so reading finds nothing
// wrong, and the next writer makes it.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/copy.h"
#include "support/matchers.h"
#include "support/sql.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;
using testing::Draft;
using testing::TestLedger;

/// A rollback journal that is hot: magic, no record, and a file of no pages to go back to.
ByteVector HotJournal() {
  ByteVector out{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
  out.resize(512);
  out[15] = 7;     // nonce
  out[22] = 0x02;  // sectors of 512 bytes
  out[26] = 0x10;  // pages of 4096
  return out;
}

/// The first page of a database that was just put into WAL mode.
ByteVector FirstPage(const fs::path& folder) {
  const fs::path path = folder / "page.db";
  testing::RunSql(path, "PRAGMA journal_mode=WAL");
  auto page = ReadFile(path);
  REQUIRE_OK(page);
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path.string() + suffix);
  return *page;
}

struct State {
  const char* name;
  std::optional<bool> page;     ///< the file: absent, empty, with its first page
  std::optional<bool> journal;  ///< absent, empty, hot
  bool log = false;             ///< an empty write-ahead log
};

constexpr State kStates[] = {
    {"an empty file", false, {}, false},
    {"an empty file and an empty journal", false, false, false},
    {"an empty file and a hot journal", false, true, false},
    {"a page and a hot journal", true, true, false},
    {"a page and a journal that was emptied", true, false, false},
    {"a page alone", true, {}, false},
    {"a page and an empty log", true, {}, true},
};

void Put(const fs::path& path, const ByteVector& bytes) {
  REQUIRE_OK(WriteFileDurably(path, bytes, 0600));
}

void Leave(const TestLedger& home, const fs::path& file, const State& state) {
  const ByteVector page = FirstPage(home.root());
  REQUIRE(page.size() == 4096);
  if (state.page) Put(file, *state.page ? page : ByteVector());
  if (state.journal) Put(file.string() + "-journal", *state.journal ? HotJournal() : ByteVector());
  if (state.log) Put(file.string() + "-wal", {});
}

Status Verifies(const TestLedger& home) {
  ASSAY_ASSIGN(auto ledger, home.OpenReadOnly());
  ASSAY_ASSIGN(const VerifyReport report, ledger->Verify());
  if (!report.ok) return Fail(Code::kCorrupt, report.place + ": " + report.message);
  ASSAY_ASSIGN(const std::string note, ledger->LatestCheckpoint());
  ASSAY_ASSIGN(const VerifyReport since, ledger->VerifySince(note));
  if (!since.ok) return Fail(Code::kCorrupt, since.place + ": " + since.message);
  if (!ledger->SignText("x")) return {};  // the keys are for their owner alone
  return ledger->VisitBodies([](const StoredBody&) { return true; });
}

/// Reads as somebody who may write nothing there. Root may everything, so a child gives that up.
std::string VerifiesWithoutWriting(const TestLedger& home) {
  for (const auto& item : fs::recursive_directory_iterator(home.root()))
    fs::permissions(item.path(), item.is_directory() ? fs::perms(0555) : fs::perms(0444));
  fs::permissions(home.root(), fs::perms(0555));
  fs::permissions(home.directory(), fs::perms(0555));
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    const Status status = Verifies(home);
    const std::string told = status ? "verifies" : status.error().ToString();
    ::_exit(::write(ends[1], told.data(), told.size()) > 0 ? 0 : 1);
  }
  ::close(ends[1]);
  std::string out(4096, '\0');
  const ssize_t n = ::read(ends[0], out.data(), out.size());
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  fs::permissions(home.root(), fs::perms(0755));
  for (const auto& item : fs::recursive_directory_iterator(home.root()))
    fs::permissions(item.path(), item.is_directory() ? fs::perms(0755) : fs::perms(0600));
  return out;
}

TEST_CASE("Unmade: AnEvidenceFileThatAKillLeftHalfMadeIsNoFinding") {
  for (const State& state : kStates) {
    DYNAMIC_SECTION(state.name) {
      TestLedger home;
      REQUIRE_OK(home.Open());
      Leave(home, home.directory() / "evidence-202611.db", state);
      CHECK(EvidenceFiles(home.directory())->empty());  // a backup copies none
      REQUIRE_OK(Verifies(home));
      CHECK(VerifiesWithoutWriting(home) == "verifies");
      {
        REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
        EntryDraft draft = Draft(1);
        REQUIRE_OK_AND_ASSIGN(draft.body, ledger->PutBody(AsBytes("one body"), {}));
        REQUIRE_OK(ledger->Append(draft).get());
        REQUIRE_OK(ledger->SignCheckpoint());
      }
      REQUIRE_OK(Verifies(home));
    }
  }
}

TEST_CASE("Unmade: ALedgerThatAKillLeftHalfMadeSaysSoAndIsMadeByTheNextWriter") {
  for (const State& state : kStates) {
    DYNAMIC_SECTION(state.name) {
      TestLedger home;
      fs::create_directory(home.directory());
      Leave(home, home.directory() / "ledger.db", state);
      CHECK_FAILS(home.OpenReadOnly(), Code::kCorrupt, "its making was cut short");
      REQUIRE_OK(home.Open());
      REQUIRE_OK(Verifies(home));
    }
  }
}

}  // namespace
}  // namespace assay::ledger
