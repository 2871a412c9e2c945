#include "ledger/given_up.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/files.h"
#include "ledger/sqlite_store.h"

namespace assay::ledger {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxText = 64;

fs::path FileIn(const fs::path& directory) { return directory / "recovering"; }

std::string ToText(uint32_t epoch) { return fmt::format("assay-recovering/1 epoch={}\n", epoch); }

Error CutShort() {
  return Error{
      Code::kCorrupt,
      "ledger.db: TRUNCATED, commits were given up and a recovery was cut short before the "
      "entry that says so",
      {},
      "assay ledger recover --accept-loss goes on with it",
      {},
      "AS-LED-006"};
}

}  // namespace

Status GiveUpMarks(const fs::path& directory) {
  uint32_t epoch = 1;
  {
    ASSAY_ASSIGN(const auto store, OpenSqliteStore(directory, StoreMode::kRead));
    ASSAY_ASSIGN(const auto head, store->ReadHead());
    if (head) epoch = head->epoch;
  }
  ASSAY_TRY(WriteFileDurably(FileIn(directory), AsBytes(ToText(epoch + 1))));
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const fs::path path = it->path();
    if (path.filename().string().ends_with(".db-mark") && ::unlink(path.c_str()) != 0)
      return Fail(ErrnoError(path.string()));
  }
  if (error) return Fail(Code::kIo, directory.string() + ": " + error.message());
  return SyncDirectory(directory);
}

Status CheckGivenUp(const fs::path& directory, uint32_t epoch) {
  const auto text = ReadFile(FileIn(directory), kMaxText);
  if (!text && text.error().code == Code::kNotFound) return {};
  if (!text && text.error().code == Code::kIo) return Fail(Error(text.error()));
  uint32_t wanted = 0;
  const std::string line(text ? AsText(*text) : std::string_view());
  const bool is_read = std::sscanf(line.c_str(), "assay-recovering/1 epoch=%10u", &wanted) == 1 &&
                       line == ToText(wanted);
  return is_read && epoch >= wanted ? Status{} : Fail(CutShort());
}

Status ForgetGivenUp(const fs::path& directory) {
  if (::unlink(FileIn(directory).c_str()) == 0) return SyncDirectory(directory);
  return errno == ENOENT ? Status{} : Fail(ErrnoError(FileIn(directory).string()));
}

}  // namespace assay::ledger
