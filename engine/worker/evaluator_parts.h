// What the files of the evaluator's database share with each other and with nobody else.
#pragma once

#include <sqlite3.h>

#include <set>
#include <string>

#include "base/result.h"

namespace assay::worker {

/// Registers decimal_sum, decimal_cmp, days_since and days_until.
Status AddFunctions(sqlite3* db, int64_t now_ms);
/// Registers functions on times, versions, addresses and certificates.
Status AddDomainFunctions(sqlite3* db, int64_t now_ms);
/// Registers matches.
Status AddMatches(sqlite3* db);

/// An authorizer for one compilation. Installed while it lives; remembers the first thing it
/// refused.
class Guard {
 public:
  enum class Mode { kCheck, kViews };
  Guard(sqlite3* db, Mode mode, const std::set<std::string>& datasets,
        const std::set<std::string>& reads);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// "function random is not allowed", empty when nothing was refused.
  const std::string& refused() const { return refused_; }
  /// Views that were authorized to be made.
  int views() const { return views_; }
  /// Datasets that the statement looks at, through views too.
  const std::set<std::string>& seen() const { return seen_; }

 private:
  static int Ask(void* self, int action, const char* a, const char* b, const char* db,
                 const char* via);
  int Judge(int action, std::string_view a, std::string_view b);
  int JudgeCheck(int action, std::string_view a, std::string_view b);
  int JudgeViews(int action, std::string_view a);
  int Refuse(std::string what);

  sqlite3* db_;
  Mode mode_;
  const std::set<std::string>& datasets_;
  const std::set<std::string>& reads_;
  std::string refused_;
  std::set<std::string> seen_;
  int views_ = 0;
};

}  // namespace assay::worker
