#include "ledger/copy.h"

#include "base/time.h"
#include "ledger/sqlite.h"
#include "ledger/sqlite_bodies.h"

namespace assay::ledger {

Status CopyDatabase(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code ignored;
  if (!std::filesystem::exists(from, ignored))
    return Fail(Code::kNotFound, from.string() + ": no such file");
  ASSAY_ASSIGN(Database source, Database::Open(from, Database::Mode::kRead));
  return source.CopyTo(to);
}

Status MakeLive(const std::filesystem::path& path) {
  ASSAY_ASSIGN(Database database, Database::Open(path, Database::Mode::kWrite));
  return database.CopyBack(true);
}

Result<std::vector<std::string>> EvidenceFiles(const std::filesystem::path& directory) {
  BodyReader reader(directory);
  ASSAY_ASSIGN(std::vector<std::string> names, reader.Files());
  std::vector<std::string> out;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    ASSAY_ASSIGN(const Database* made, reader.OpenFile(*name));
    if (made != nullptr) out.push_back(*name);
  }
  return out;
}

bool IsEvidenceFile(std::string_view name) { return HasForm(name, "evidence-000000.db"); }

}  // namespace assay::ledger
