// evidence-YYYYMM.db: sealed bodies of one month with their wrapped keys.
#pragma once

#include <map>
#include <mutex>

#include "ledger/schema.h"
#include "ledger/store.h"

namespace assay::ledger {

/// Writes to the current month's file; another month closes the one before.
class BodyWriter {
 public:
  explicit BodyWriter(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Result<std::vector<BodyRef>> Put(const std::string& month,
                                   const std::vector<const SealedBody*>& bodies);
  Status Settle();
  Status Rewrite(const SealedBody& body);
  /// True when the file was removed because nothing is left in it.
  Result<bool> Remove(const std::string& file, const std::vector<Digest>& roots);
  Status EmptyLog(const std::string& file);
  /// Closes the file that is open.
  void Close();

 private:
  Status OpenMonth(const std::string& month);
  Result<BodyRef> Insert(const SealedBody& body);

  std::filesystem::path directory_;
  std::string month_;
  std::optional<Database> database_;
  Statement insert_body_, insert_part_, find_ident_;
};

/// Reads all months, newest first. Safe from any thread.
class BodyReader {
 public:
  explicit BodyReader(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Result<std::optional<SealedBody>> Find(const Digest& root);
  Result<std::optional<SealedBody>> FindIn(const std::string& file, const Digest& root);
  Result<std::optional<BodyRef>> FindIdent(const std::string& month, const Digest& ident);
  /// Names of the month files, newest first.
  Result<std::vector<std::string>> Files() const;
  /// Null for a file that a crash left before its tables were made.
  Result<Database*> OpenFile(const std::string& file);
  Result<std::vector<Digest>> Roots(const std::string& file);
  /// Closes the connection to a file that goes away.
  void Forget(const std::string& file);

 private:
  std::recursive_mutex mutex_;
  std::filesystem::path directory_;
  std::map<std::string, Database> open_;
};

/// Removes a SQLite file with its log and shared memory, and syncs the folder.
Status RemoveDatabaseFile(const std::filesystem::path& path);

}  // namespace assay::ledger
