#include "verify/verify.h"

#include <fmt/format.h>

namespace assay::verify {
namespace {

void CheckExpectations(const Options& options, const Entries& entries,
                       const std::vector<Mark>& marks, Report& report) {
  const uint64_t signed_size = marks.empty() ? 0 : marks.back().size;
  if (signed_size < options.min_size)
    report.Find("checkpoint", fmt::format("signed head of {} entries, expected at least {}",
                                          signed_size, options.min_size));
  if (options.min_time && entries.last_time < *options.min_time)
    report.Find("entry", fmt::format("the last one is of {}, expected {} or later",
                                     FormatTime(entries.last_time), FormatTime(*options.min_time)));
}

}  // namespace

void Report::Find(const std::string& where, const std::string& what,
                  std::optional<uint64_t> index) {
  if (index && (!first_bad || *index < *first_bad)) first_bad = index;
  if (!ok) return;
  ok = false;
  place = where;
  message = what;
}

Report VerifyDirectory(const Options& options) {
  Report report;
  auto database = Database::Open(options.directory / "ledger.db");
  if (!database) {
    report.Find("ledger.db", database.error().message);
    return report;
  }
  for (const std::string& fault : database->Faults(kLedgerFile)) report.Find("ledger.db", fault);
  const std::vector<Mark> marks = ReadMarks(*database, report);
  const Entries entries = CheckEntries(*database, marks, options, report);
  CheckTiles(*database, entries, report);
  CheckHead(*database, entries, report);
  CheckMarks(marks, entries, report);
  CheckLog(options.directory / "checkpoints.log", marks, entries, report);
  CheckBodies(options, entries, report);
  CheckExpectations(options, entries, marks, report);
  return report;
}

}  // namespace assay::verify
