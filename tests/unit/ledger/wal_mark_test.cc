// The mark of a write-ahead log as readers see it while somebody writes.
#include "ledger/wal_mark.h"

#include <atomic>
#include <thread>

#include "ledger/sqlite.h"
#include "support/matchers.h"
#include "support/test_ledger.h"

namespace assay::ledger {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr int kRestarts = 60;  // it looks at what happens before what: a few show a race
#else
constexpr int kRestarts = 400;
#endif

// A commit that begins the log anew writes another header, then frames over the old ones, syncs,
// and only then moves the mark: a reader in between sees the old mark beside half of the new log.
TEST_CASE("WalMark: no false alarm while a writer begins its log anew [CL-12]") {
  constexpr int kCommits = 6;
  const std::filesystem::path folder = testing::MakeTempFolder();
  const std::filesystem::path path = folder / "x.db";
  REQUIRE_OK_AND_ASSIGN(Database writer, Database::Open(path, Database::Mode::kWrite));
  REQUIRE_OK(writer.Execute("CREATE TABLE t(a BLOB)"));
  std::atomic<bool> ended = false;
  Status seen;
  int looks = 0;
  std::thread reader([&] {
    for (; !ended && seen; ++looks) seen = WalMark::CheckLive(path);
  });
  Status written;
  for (int i = 0; i < kRestarts && written; ++i) {
    for (int c = 0; c < kCommits && written; ++c)
      written = writer.Execute("INSERT INTO t VALUES(randomblob(9000)); DELETE FROM t");
    if (written) written = writer.CopyBack(false);
  }
  ended = true;
  reader.join();
  REQUIRE_OK(written);
  REQUIRE_OK(seen);
  CHECK(looks > 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace assay::ledger
