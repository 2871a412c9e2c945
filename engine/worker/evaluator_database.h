// The in-memory SQLite database of an evaluation: no file can be opened, its clock is the
// evidence's time, its limits are tight. Datasets appear as read-only tables, views of the
// collectors beside them.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "worker/evaluator_table.h"
#include "worker/evaluator_vfs.h"
#include "worker/row_store.h"

namespace assay::worker {

struct FinalizeStatement {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// How much one check may cost.
struct Budget {
  /// Virtual machine steps of SQLite: the same on every machine, so that the verdict is too. 4e9
  /// steps are some 30 s; a scan of a million rows takes 2e7.
  uint64_t steps = 4'000'000'000;
  /// Wall time that no check of the same steps comes near; against single steps that are slow.
  int64_t deadline_ms = 120'000;
};

/// One connection. [one thread]
class Database {
 public:
  /// kIo when SQLite does not open. `now_ms`: what 'now' is.
  static Result<std::unique_ptr<Database>> Open(int64_t now_ms, Pools& pools);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Makes `store` readable as a table of its dataset's id. `store` must outlive the database; rows
  /// show once it is sealed. kInvalidInput for a second one of that name.
  Status AddDataset(RowStore& store);
  /// A dataset that shows no rows from now on, whatever was loaded.
  void Hide(const std::string& dataset) { source_.hidden.insert(dataset); }
  /// Runs the CREATE VIEW statements of a views.sql; nothing else passes. kInvalidInput naming the
  /// statement's number.
  Status CreateViews(const std::string& sql);

  /// Compiles one SELECT under the authorizer. `reads`: datasets that it may look at. kInvalidInput
  /// with the refused thing by name, "a second statement", or SQLite's words. `seen`: gets those
  /// that it does look at.
  Result<Statement> Prepare(const std::string& sql, const std::set<std::string>& reads,
                            std::set<std::string>* seen = nullptr);
  /// Names of the views that were made, in order of their names.
  Result<std::vector<std::string>> Views();
  /// Steps `statement` to its end under `budget` and gives every row to `row`. kInvalidInput with
  /// SQLite's words, kLimitExceeded when steps, time or memory are used up.
  Status Run(sqlite3_stmt* statement, const Budget& budget, const std::function<Status()>& row);

  /// Upper bound of SQLite's own memory in bytes, for the process.
  static void LimitHeap(int64_t bytes);
  sqlite3* handle() { return db_; }

 private:
  Database(int64_t now_ms, Pools& pools) : vfs_(now_ms) { source_.pools = &pools; }
  Status Configure();
  Status Execute(const char* sql);

  FixedTimeVfs vfs_;  ///< first, so that it goes after the connection
  TableSource source_;
  sqlite3* db_ = nullptr;
  std::set<std::string> names_;  ///< of datasets
};

}  // namespace assay::worker
