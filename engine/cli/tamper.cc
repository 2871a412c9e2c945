#include "cli/tamper.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "base/files.h"

namespace assay::cli {
namespace {

constexpr std::string_view kCount = "\"counts\":{\"fail\":";

/// Offset of the first digit of a failing count that is 1 to 9 and has one digit.
size_t FindCount(std::string_view file) {
  for (size_t at = file.find(kCount); at != std::string_view::npos;
       at = file.find(kCount, at + 1)) {
    const size_t digit = at + kCount.size();
    if (digit + 1 < file.size() && file[digit] >= '1' && file[digit] <= '9' &&
        file[digit + 1] == ',')
      return digit;
  }
  return std::string_view::npos;
}

}  // namespace

Result<Tampered> TamperWithCheckEntry(const std::filesystem::path& ledger_db) {
  ASSAY_ASSIGN(const ByteVector file, ReadFile(ledger_db, 1u << 30));
  const size_t at = FindCount(AsText(file));
  if (at == std::string_view::npos)
    return Fail(Code::kNotFound, ledger_db.string() + ": holds no check entry with failures");
  Tampered out{at, static_cast<char>(file[at]), '0',
               std::string(AsText(file).substr(at - kCount.size(), kCount.size() + 1))};
  UniqueFd fd(::open(ledger_db.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || ::pwrite(fd.get(), &out.after, 1, static_cast<off_t>(at)) != 1 ||
      ::fsync(fd.get()) != 0)
    return Fail(ErrnoError(ledger_db.string()));
  return out;
}

}  // namespace assay::cli
