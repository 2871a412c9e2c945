// What the ledger promises against its own files: SQL cannot edit, older states are noticed,
// nothing readable lies in the open. Flips: flips_test.cc.
#include <sqlite3.h>

#include "base/files.h"
#include "ledger/ledger.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

using testing::Draft;
using testing::TestLedger;

constexpr int kCanaries = 200;

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

std::vector<std::filesystem::path> FilesOf(const TestLedger& home) {
  std::vector<std::filesystem::path> out;
  for (const auto& item : std::filesystem::directory_iterator(home.directory()))
    if (item.path().filename() != "ledger.lock" && item.file_size() > 0) out.push_back(item.path());
  std::sort(out.begin(), out.end());
  return out;
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

std::string Utf16(std::string_view text, bool big) {
  std::string out;
  for (const char c : text) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

/// How the bytes of a canary could lie in a file. Base64 at each alignment, without the characters
/// that its neighbours decide.
std::vector<std::string> Forms(const std::string& canary) {
  std::string upper = EncodeHex(AsBytes(canary));
  std::vector<std::string> out{canary, upper, Utf16(canary, true), Utf16(canary, false)};
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  out.push_back(upper);
  for (size_t before = 0; before < 3; ++before) {
    const std::string coded = EncodeBase64(AsBytes(std::string(before, '\0') + canary));
    const size_t end = coded.find_last_not_of('=');
    const size_t begin = before == 0 ? 0 : before + 1;
    out.push_back(coded.substr(begin, end - begin));
  }
  return out;
}

void CheckNoCanary(const TestLedger& home) {
  for (const auto& file : FilesOf(home)) {
    INFO(file);
    REQUIRE_OK_AND_ASSIGN(const ByteVector content, ReadFile(file));
    const std::string_view text = AsText(content);
    for (int n = 0; n < kCanaries; ++n)
      for (const std::string& form : Forms(Canary(n)))
        if (text.find(form) != text.npos) FAIL("canary " << n << " as " << form);
    CHECK(text.find("schmidt") == text.npos);
  }
}

TEST_CASE("Tamper: NoCanaryLiesInTheDirectory [CM-6]") {
  TestLedger home;
  {
    REQUIRE_OK_AND_ASSIGN(auto ledger, home.Open());
    FillWithCanaries(*ledger);
    REQUIRE_OK(ledger->PutSegments({Canary(1), Canary(2) + Canary(3)}));
    const auto files = FilesOf(home);
    CHECK(std::any_of(files.begin(), files.end(),
                      [](const auto& file) { return file.string().ends_with(".db-wal"); }));
    CheckNoCanary(home);  // in the write-ahead logs
  }
  CheckNoCanary(home);
  const std::string found = "x" + EncodeBase64(AsBytes("{\"mail\":\"" + Canary(7) + "\"}"));
  const auto forms = Forms(Canary(7));
  CHECK(std::count_if(forms.begin(), forms.end(), [&](const std::string& form) {
          return found.find(form) != found.npos;
        }) == 1);
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
