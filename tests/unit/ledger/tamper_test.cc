// What the ledger promises against its own files: flips raise the alarm or change nothing, SQL
// cannot edit, older states are noticed, nothing readable lies in the open.
#include <sqlite3.h>

#include <fstream>
#include <random>

#include "base/files.h"
#include "ledger/ledger.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using testing::Draft;
using testing::TestLedger;

constexpr int kCanaries = 40;

std::string Canary(int n) {
  return "canary-" + std::to_string(n) + "-anna.schmidt@contoso.example";
}

void FillWithCanaries(Ledger& ledger) {
  for (int i = 0; i < kCanaries; ++i) {
    EntryDraft draft = Draft(i);
    const std::string bytes = R"({"value":[{"mail":")" + Canary(i) + R"("}]})";
    REQUIRE_OK_AND_ASSIGN(draft.body, ledger.PutBody(AsBytes(bytes), {{10, bytes.size() - 12}}));
    REQUIRE_OK(ledger.Append(draft).get());
  }
  REQUIRE_OK(ledger.SignCheckpoint());
}

// All that a reader can get out of the ledger, as one text.
std::string Dump(Ledger& ledger) {
  std::string out;
  const Status read =
      ledger.ReadLines(LeafIndex{0}, LeafIndex{1u << 20}, [&](LeafIndex i, auto line) {
        out += std::to_string(ToNumber(i)) + std::string(line) + "\n";
        const size_t at = line.find("\"root\":\"");
        if (at == std::string_view::npos) return true;
        const auto root = ToDigest(*ParseBase64(line.substr(at + 8, 44)));
        const auto body = ledger.ReadBody(*root);
        out += body ? std::string(AsText(*body)) : body.error().message;
        return true;
      });
  if (!read) out += read.error().message;
  const auto note = ledger.LatestCheckpoint();
  const auto head = ledger.ReadHead();
  out += note ? *note : note.error().message;
  return out + (head ? EncodeBase64(head->root) : head.error().message);
}

std::vector<std::filesystem::path> FilesOf(const TestLedger& home) {
  std::vector<std::filesystem::path> out;
  for (const auto& item : std::filesystem::directory_iterator(home.directory()))
    if (item.path().filename() != "ledger.lock" && item.file_size() > 0) out.push_back(item.path());
  std::sort(out.begin(), out.end());
  return out;
}

void FlipByte(const std::filesystem::path& path, uint64_t at, uint8_t mask) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(file.get() ^ mask);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

Status RunSql(const TestLedger& home, const std::string& sql) {
  sqlite3* db = nullptr;
  sqlite3_open((home.directory() / "ledger.db").c_str(), &db);
  char* message = nullptr;
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
  const std::string text = message != nullptr ? message : "";
  sqlite3_free(message);
  sqlite3_close(db);
  return code == SQLITE_OK ? Status{} : Fail(Code::kDenied, text);
}

TEST_CASE("Tamper: EveryFlippedByteRaisesTheAlarmOrChangesNothing [CL-12]") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    FillWithCanaries(*ledger);
  }
  std::string good;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
    good = Dump(*ledger);
  }
  // The shared-memory and log files of readers are not evidence and are made anew.
  std::mt19937_64 random(12);
  const auto started = std::chrono::steady_clock::now();
  int alarms = 0, flips = 0;
  for (; flips < 3000 && std::chrono::steady_clock::now() - started < std::chrono::seconds(15);
       ++flips) {
    const auto files = FilesOf(home);
    std::vector<std::filesystem::path> evidence;
    for (const auto& file : files)
      if (!file.string().ends_with("-shm") && !file.string().ends_with("-wal"))
        evidence.push_back(file);
    const auto& path = evidence[random() % evidence.size()];
    const uint64_t at = random() % std::filesystem::file_size(path);
    const auto mask = static_cast<uint8_t>(1 + random() % 255);
    FlipByte(path, at, mask);
    INFO("flip " << flips << " of " << path.filename() << " at " << at << " by " << int{mask});
    auto ledger = home.OpenReadOnly();
    const auto report = ledger ? (*ledger)->Verify() : Result<VerifyReport>(VerifyReport{});
    REQUIRE_OK(report);
    if (!report->ok)
      ++alarms;
    else
      CHECK(Dump(**ledger) == good);
    if (ledger) ledger->reset();
    FlipByte(path, at, mask);
  }
  WARN(flips << " flips, " << alarms << " alarms");
  CHECK(flips > 200);
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK(ledger->Verify()->ok);
}

TEST_CASE("Tamper: NamesTheEntryThatWasChanged [CL-12]") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    for (int i = 0; i < 300; ++i) (void)ledger->Append(Draft(i));
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  for (int index : {0, 1, 2, 100, 255, 256, 300, 301}) {
    DYNAMIC_SECTION("entry " << index) {
      const std::string where = " WHERE idx = " + std::to_string(index);
      REQUIRE_OK(RunSql(home,
                        "DROP TRIGGER entry_no_update; UPDATE entry SET line = "
                        "CAST(replace(CAST(line AS TEXT), 'engine', 'Engine') AS BLOB)" +
                            where +
                            "; CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry "
                            "BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END"));
      REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
      REQUIRE_OK_AND_ASSIGN(const VerifyReport report, ledger->Verify());
      CHECK_FALSE(report.ok);
      REQUIRE(report.first_bad_index);
      CHECK(*report.first_bad_index == static_cast<uint64_t>(index));
    }
  }
}

TEST_CASE("Tamper: DirectUpdateAndDeleteFail [CL-13]") {
  TestLedger home;
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
  for (int i = 0; i < 300; ++i) (void)ledger->Append(Draft(i));
  REQUIRE_OK(ledger->Sync());
  CHECK_FAILS(RunSql(home, "UPDATE entry SET line = x'00'"), Code::kDenied, "never changed");
  CHECK_FAILS(RunSql(home, "DELETE FROM entry WHERE idx = 3"), Code::kDenied, "never deleted");
  CHECK_FAILS(RunSql(home, "UPDATE tile SET idx = 9"), Code::kDenied, "never changed");
  CHECK_FAILS(RunSql(home, "DELETE FROM tile"), Code::kDenied, "never deleted");
  CHECK_FAILS(RunSql(home, "DELETE FROM checkpoint"), Code::kDenied, "never deleted");
}

TEST_CASE("Tamper: NoCanaryLiesInTheDirectory [CM-6]") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    FillWithCanaries(*ledger);
  }
  for (const auto& file : FilesOf(home)) {
    REQUIRE_OK_AND_ASSIGN(const ByteVector content, ReadFile(file));
    CHECK(AsText(content).find("schmidt") == std::string_view::npos);
    CHECK(AsText(content).find("canary-") == std::string_view::npos);
  }
}

TEST_CASE("Tamper: DatabaseOlderThanItsLogOpensReadOnlyAsTruncated") {
  TestLedger home;
  const auto old_copy = home.root() / "old";
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    FillWithCanaries(*ledger);
  }
  std::filesystem::copy(home.directory(), old_copy);
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    REQUIRE_OK(ledger->Append(Draft(1)).get());
    REQUIRE_OK(ledger->SignCheckpoint());
  }
  std::filesystem::copy(old_copy / "ledger.db", home.directory() / "ledger.db",
                        std::filesystem::copy_options::overwrite_existing);
  CHECK_FAILS(home.Open(), Code::kCorrupt, "TRUNCATED");
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  REQUIRE_OK_AND_ASSIGN(const VerifyReport report, ledger->Verify());
  CHECK_FALSE(report.ok);
  CHECK_THAT(report.message, Catch::Matchers::Contains("TRUNCATED"));
}

TEST_CASE("Tamper: DatabaseOfAnotherHistoryOpensReadOnlyAsForked") {
  TestLedger home;
  REQUIRE_OK(home.Open());
  const auto old_copy = home.root() / "old";
  std::filesystem::copy(home.directory(), old_copy);
  for (int history : {1, 2}) {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    REQUIRE_OK(ledger->Append(Draft(history)).get());
    REQUIRE_OK(ledger->SignCheckpoint());
    ledger.reset();
    const auto keep = home.root() / ("history" + std::to_string(history));
    std::filesystem::rename(home.directory(), keep);
    std::filesystem::copy(old_copy, home.directory());
  }
  for (const char* name : {"history1/ledger.db", "history2/checkpoints.log"})
    std::filesystem::copy(home.root() / name,
                          home.directory() / std::filesystem::path(name).filename(),
                          std::filesystem::copy_options::overwrite_existing);
  CHECK_FAILS(home.Open(), Code::kCorrupt, "FORKED");
  REQUIRE_OK_AND_ASSIGN(auto ledger, home.OpenReadOnly());
  CHECK_FALSE(ledger->Verify()->ok);
}

}  // namespace
}  // namespace assay::ledger
