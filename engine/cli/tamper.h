// `assay demo tamper`: does to the demo ledger what nobody may do to a real one.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace assay::cli {

struct Tampered {
  uint64_t offset = 0;  ///< byte of the file
  char before = 0, after = 0;
  std::string excerpt;  ///< the words around it as they were
};

/// Changes one byte of a stored check entry in `ledger_db`: a count of failing subjects becomes 0,
/// as someone would who wants a finding gone. kNotFound when the file holds no such entry, kIo.
/// Works on the file, past SQLite.
Result<Tampered> TamperWithCheckEntry(const std::filesystem::path& ledger_db);

}  // namespace assay::cli
