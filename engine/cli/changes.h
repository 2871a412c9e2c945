// "What changed" as people and scripts see it: the short block before everything else, and one row
// for each pair.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assess/run_diff.h"
#include "cli/summary.h"
#include "config/config.h"

namespace assay::cli {

/// The counts of a comparison, and the first pairs that fail now.
struct Changes {
  std::string run, since;             ///< "R-12" and "R-11"; since: empty for a first run
  std::map<Delta, uint64_t> buckets;  ///< pairs; those of other runs than `run` are none
  /// Where the pairs of a bucket stand now, by verdict: a changed check may still fail.
  std::map<Delta, std::map<std::string, uint64_t>> landed;
  std::vector<std::string> new_fails;  ///< "F-7  critical  check", at most five
  uint64_t not_asked = 0;              ///< of a run that was limited: pairs left out of `buckets`
  std::vector<std::string> notes;
};

/// Counts every pair of `diff`. What a limited run was not asked for is counted apart.
Result<Changes> CountChanges(ledger::Ledger& ledger, const assess::RunDiff& diff,
                             const CheckCatalogue& checks);
/// The newest run that ended, and what it is compared with. Nothing when there is none.
Result<std::optional<Changes>> ReadChanges(ledger::Ledger& ledger, TreeSize size,
                                           const CheckCatalogue& checks);

/// Two to seven lines. Ends with a newline.
std::string ChangesText(const Changes& changes, const Style& style);
/// {"since":"R-11","buckets":{"new_fail":2,...},...}: all nine, zeros too.
std::string ChangesJson(const Changes& changes);

/// One pair as an object, without anything that depends on other rows.
std::string PairJson(const assess::DiffRow& row, const std::string& tenant,
                     const CheckCatalogue& checks);
/// The names of PairCells, as the header of a table or of CSV.
const std::vector<std::string>& PairHeader();
std::vector<std::string> PairCells(const assess::DiffRow& row, const CheckCatalogue& checks);

/// "F-1043"; "-" when the number is 0.
std::string FindingId(uint64_t number);
/// Every check that is installed or stands in checks_dir, by id, with the severity that the
/// configuration gives it. What cannot be read is left out.
CheckCatalogue ReadCatalogue(const Context& context, const config::Config& config);
/// "critical"; empty for a check that is not installed any more.
std::string SeverityOf(const CheckCatalogue& checks, const std::string& check);

}  // namespace assay::cli
