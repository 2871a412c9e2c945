// The newest runs of the cost exports: listing, manifests, files, and the rows that come of them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assay/context.h"
#include "assay/problem.h"
#include "export_manifest.h"
#include "focus.h"
#include "listing.h"
#include "range_reader.h"

namespace assay::cost {

class ExportReader {
 public:
  /// Periods of an export that are read: a year and the month that runs.
  static constexpr size_t kMaxPeriods = 13;

  explicit ExportReader(Context& context);

  /// Reads everything, emits all rows and states all datasets.
  void Read();

 private:
  /// A manifest and what became of its files; without one, all files that lie there.
  struct Run {
    std::string name;
    uint32_t page = 0;
    ExportManifest manifest;
    bool used = false;
    std::vector<ListedFile> files;  ///< to be read
    uint64_t rows_read = 0, files_read = 0;
    Problem problem;  ///< the first
  };

  bool List();
  void ReadManifests();
  std::optional<ExportManifest> ReadManifest(const ListedFile& file, Run& run);
  void ChooseRuns();
  void FindFiles(Run& run);
  void UseLooseFiles();
  void ReadRun(Run& run);
  void ReadFile(Run& run, const ListedFile& file);
  Problem ReadTable(const ListedFile& file, FocusFile& table, uint32_t& page);
  void EmitFile(const Run& run, const ListedFile& file, const FileFacts& facts, uint32_t page,
                const Problem& problem);
  void EmitRuns();
  void EmitSums();
  void Note(Run* run, Problem problem);
  void StateAll();

  Context& context_;
  RangeReader ranges_;
  uint32_t list_page_ = 0;
  std::vector<ListedFile> files_;
  std::map<std::string, ListedFile, std::less<>> by_name_;
  std::vector<Run> runs_;
  Focus focus_;
  Problem lists_;  ///< why not all files or manifests are known
  Problem first_;  ///< why the sums are not whole
  uint64_t problems_ = 0, rows_ = 0;
};

}  // namespace assay::cost
