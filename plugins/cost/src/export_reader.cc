#include "export_reader.h"

#include <algorithm>

#include "assay/answer.h"
#include "csv.h"
#include "datasets.h"
#include "gunzip.h"

namespace assay::cost {
namespace {

bool EndsWith(std::string_view name, std::string_view end) {
  if (name.size() < end.size()) return false;
  name.remove_prefix(name.size() - end.size());
  return std::equal(name.begin(), name.end(), end.begin(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool IsTable(std::string_view name) {
  return EndsWith(name, ".csv") || EndsWith(name, ".csv.gz") || EndsWith(name, ".parquet");
}

/// Said of a file by its name or by its first bytes.
constexpr const char* kParquet =
    "Parquet is not read: set the file format of the export to CSV, and run it again";

/// A page that rows can name after it was given back.
Page Cited(uint32_t number) {
  assay_page_t page{};
  page.page = number;
  return Page(page);
}

std::string Quoted(std::string_view name) { return "\"" + std::string(name.substr(0, 300)) + "\""; }

std::string JsonList(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
    out += '"';
  }
  return out + "]";
}

/// Scope of an export: its resource id without the export itself, for two exports of one scope.
std::string ScopeOf(const ExportManifest& manifest) {
  std::string id = manifest.resource_id;
  for (char& c : id)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const size_t provider = id.find("/providers/microsoft.costmanagement/exports/");
  return provider == id.npos ? std::string() : id.substr(0, provider);
}

void Count(Row& row, uint32_t column, const std::optional<uint64_t>& value) {
  if (value && *value <= INT64_MAX) row.Int(column, static_cast<int64_t>(*value));
}

void Time(Row& row, uint32_t column, std::string_view text) {
  if (const std::string time = NormalTime(text); !time.empty()) row.TextCopy(column, time);
}

void TextOrNull(Row& row, uint32_t column, std::string_view text) {
  if (!text.empty()) row.TextCopy(column, text);
}

}  // namespace

ExportReader::ExportReader(Context& context)
    : context_(context), ranges_(context, endpoint::kCostBlobGet.id) {}

void ExportReader::Note(Run* run, Problem problem) {
  context_.Log(ASSAY_LOG_WARNING, problem.detail);
  if (run != nullptr && !run->problem) run->problem = problem;
  if (problems_++ == 0) first_ = std::move(problem);
}

void ExportReader::Read() {
  try {
    if (List()) {
      ReadManifests();
      ChooseRuns();
      if (runs_.empty() && !lists_) UseLooseFiles();
      for (Run& run : runs_)
        if (run.used) ReadRun(run);
      EmitRuns();
      EmitSums();
    }
  } catch (const PluginError& error) {
    lists_ = {Why::kPartial, std::string("stopped early: ") + error.what()};
    StateAll();
    throw;
  }
  StateAll();
}

bool ExportReader::List() {
  uint64_t ticket = 0;
  const std::string id(endpoint::kCostBlobList.id);
  if (const auto status = context_.TryRequest(id, {}, ticket); status != ASSAY_OK) {
    if (status != ASSAY_E_DENIED && status != ASSAY_E_LIMIT)
      throw PluginError(status, "request " + id);
    lists_ = {Why::kPermission, id + ": this read is not granted to the plugin"};
    return false;
  }
  while (std::optional<Page> page = context_.Wait()) {
    list_page_ = page->number();
    if (!page->ok()) {
      lists_ = Explain(*page, id);
      // Most often: the configuration names no export.
      if (page->outcome() == ASSAY_PAGE_REFUSED) lists_.why = Why::kUnsupported;
    } else {
      Listing listing = ReadListing(page->body());
      if (!listing.fault.empty()) lists_ = {Why::kPartial, id + ": " + listing.fault};
      if (listing.marker_length > 0)
        context_.Next(*page, listing.marker_offset, listing.marker_length);
      std::move(listing.files.begin(), listing.files.end(), std::back_inserter(files_));
    }
    context_.Done(*page);
  }
  for (const ListedFile& file : files_) by_name_.emplace(file.name, file);
  return !lists_ || !files_.empty();
}

std::optional<ExportManifest> ExportReader::ReadManifest(const ListedFile& file, Run& run) {
  if (file.bytes == 0 || file.bytes > kRangeBytes) {
    lists_ = {Why::kPartial, "manifest " + Quoted(file.name) + " is empty or larger than 8 MiB"};
    return std::nullopt;
  }
  std::optional<ExportManifest> manifest;
  const Problem problem = ranges_.Read(file.name, file.bytes, [&](const Page& page) {
    run.page = page.number();
    manifest = ParseExportManifest(page.body());
    return true;
  });
  if (problem)
    lists_ = {problem.why, "manifest " + Quoted(file.name) + ": " + problem.detail};
  else if (!manifest)
    lists_ = {Why::kPartial, "manifest " + Quoted(file.name) + " is not that of an export"};
  return manifest;
}

void ExportReader::ReadManifests() {
  for (const ListedFile& file : NewestManifests(files_, kMaxPeriods)) {
    Run run;
    run.name = file.name;
    auto manifest = ReadManifest(file, run);
    if (!manifest) continue;
    run.manifest = std::move(*manifest);
    runs_.push_back(std::move(run));
  }
}

/// Exports of other kinds (actual cost, prices) are not FOCUS; of two exports of one scope and
/// period only the newer one counts, else every charge would count twice.
void ExportReader::ChooseRuns() {
  std::map<std::string, Run*> by_scope;
  for (Run& run : runs_) {
    const ExportManifest& m = run.manifest;
    run.used = m.type.empty() || m.type == "FocusCost";
    if (!run.used)
      run.problem = {Why::kUnsupported, "an export of kind " + m.type + " is not read"};
    const std::string scope = ScopeOf(m);
    if (!run.used || scope.empty()) continue;
    Run*& other = by_scope[scope + "|" + m.start.substr(0, 10)];
    if (other == nullptr) {
      other = &run;
      continue;
    }
    Run& older = other->manifest.submitted < m.submitted ? *std::exchange(other, &run) : run;
    older.used = false;
    older.problem = {Why::kNone, "another export has the same scope and period, and is newer"};
  }
  for (Run& run : runs_)
    if (run.used) FindFiles(run);
}

void ExportReader::FindFiles(Run& run) {
  for (const ExportedFile& blob : run.manifest.blobs) {
    // A copy of an export on this machine often begins lower than the container did.
    auto found = by_name_.find(blob.name);
    if (found == by_name_.end())
      found = by_name_.find(std::string(FolderOf(run.name)) + std::string(BaseOf(blob.name)));
    if (found == by_name_.end()) {
      Note(&run, {Why::kPartial, "file " + Quoted(BaseOf(blob.name)) + " of " + Quoted(run.name) +
                                     " is not there"});
      continue;
    }
    if (blob.bytes && *blob.bytes != found->second.bytes)
      Note(&run, {Why::kPartial,
                  "file " + Quoted(found->second.name) + " is not as long as its manifest says"});
    run.files.push_back(found->second);
  }
}

/// A folder without any manifest: tables that somebody put there.
void ExportReader::UseLooseFiles() {
  Run run;
  run.used = true;
  for (const auto& [name, file] : by_name_)
    if (IsTable(name)) run.files.push_back(file);
  if (!run.files.empty()) runs_.push_back(std::move(run));
}

Problem ExportReader::ReadTable(const ListedFile& file, FocusFile& table, uint32_t& page) {
  CsvReader csv([&](const CsvRecord& record) { table.Take(record, page); });
  const auto parse = [&](std::string_view bytes) {
    return csv.Feed(bytes) && table.fault().empty() && !context_.Cancelled();
  };
  std::unique_ptr<Gunzip> gunzip;
  bool first = true, parquet = false;
  Problem problem = ranges_.Read(file.name, file.bytes, [&](const Page& got) {
    page = got.number();
    const std::string_view bytes = got.body();
    if (std::exchange(first, false)) {
      parquet = bytes.starts_with("PAR1");
      if (IsGzip(bytes)) gunzip = std::make_unique<Gunzip>(parse);
    }
    return !parquet && (gunzip ? gunzip->Feed(bytes) : parse(bytes));
  });
  if (parquet) return {Why::kUnsupported, kParquet};
  if (gunzip && !problem && csv.fault().empty() && table.fault().empty()) gunzip->End();
  if (!problem && gunzip && !gunzip->fault().empty()) problem = {Why::kPartial, gunzip->fault()};
  if (!problem && !csv.End()) problem = {Why::kPartial, csv.fault()};
  if (!problem && !table.fault().empty()) problem = {Why::kPartial, table.fault()};
  if (!problem && context_.Cancelled()) problem = {Why::kPartial, "the run was cancelled"};
  return problem;
}

void ExportReader::ReadFile(Run& run, const ListedFile& file) {
  FocusFile table(focus_);
  uint32_t page = run.page == 0 ? list_page_ : run.page;
  Problem problem;
  if (EndsWith(file.name, ".parquet"))
    problem = {Why::kUnsupported, kParquet};
  else if (file.bytes == 0)
    problem = {Why::kPartial, "the file is empty"};
  else
    problem = ReadTable(file, table, page);
  const FileFacts& facts = table.facts();
  if (!problem && facts.header.empty()) problem = {Why::kPartial, "the file has no header"};
  if (!problem && facts.unreadable > 0)
    problem = {Why::kPartial,
               facts.first_unreadable + " (" + std::to_string(facts.unreadable) + " cells in all)"};
  else if (!problem)
    ++run.files_read;
  run.rows_read += facts.rows;
  rows_ += facts.rows;
  EmitFile(run, file, facts, page, problem);
  if (problem) Note(&run, {problem.why, "file " + Quoted(file.name) + ": " + problem.detail});
}

void ExportReader::ReadRun(Run& run) {
  for (const ListedFile& file : run.files) ReadFile(run, file);
  const ExportManifest& m = run.manifest;
  if (!run.problem && m.rows && *m.rows != run.rows_read)
    Note(&run, {Why::kPartial, Quoted(run.name) + " says " + std::to_string(*m.rows) +
                                   " rows, its files have " + std::to_string(run.rows_read)});
  if (!run.problem && m.files && *m.files != run.files_read)
    Note(&run, {Why::kPartial, Quoted(run.name) + " says " + std::to_string(*m.files) +
                                   " files, and names " + std::to_string(run.files_read)});
}

void ExportReader::EmitFile(const Run& run, const ListedFile& file, const FileFacts& facts,
                            uint32_t page, const Problem& problem) {
  namespace t = cost_file;
  Row row(t::kDataset);
  const auto count = [&](uint32_t column, uint64_t value) { Count(row, column, value); };
  row.Text(t::kName, file.name);
  TextOrNull(row, t::kManifest, run.name);
  count(t::kBytes, file.bytes);
  count(t::kRows, facts.rows);
  const std::string header = JsonList(facts.header);
  if (!facts.header.empty()) row.Text(t::kHeader, header);
  count(t::kWithoutBilledCost, facts.without_billed_cost);
  count(t::kWithoutCurrency, facts.without_currency);
  count(t::kOtherCategory, facts.other_category);
  count(t::kUnreadable, facts.unreadable);
  TextOrNull(row, t::kLastPeriodEnd, facts.last_period_end);
  TextOrNull(row, t::kProblem, problem.detail);
  context_.Emit(row, Cited(page), ASSAY_NO_RECORD);
}

void ExportReader::EmitRuns() {
  namespace t = cost_run;
  Row row(t::kDataset);
  for (const Run& run : runs_) {
    if (run.name.empty()) continue;
    const ExportManifest& m = run.manifest;
    row.Clear();
    row.Text(t::kManifest, run.name);
    TextOrNull(row, t::kExportName, m.export_name);
    TextOrNull(row, t::kExportId, m.resource_id);
    TextOrNull(row, t::kKind, m.type);
    TextOrNull(row, t::kDataVersion, m.data_version);
    Time(row, t::kPeriodStart, m.start);
    Time(row, t::kPeriodEnd, m.end);
    Time(row, t::kSubmitted, m.submitted);
    TextOrNull(row, t::kRunId, m.run_id);
    row.Int(t::kUsed, run.used ? 1 : 0);
    Count(row, t::kRowsSaid, m.rows);
    Count(row, t::kFilesSaid, m.files);
    Count(row, t::kBytesSaid, m.bytes);
    Count(row, t::kRowsRead, run.rows_read);
    Count(row, t::kFilesRead, run.files_read);
    TextOrNull(row, t::kProblem, run.problem.detail);
    context_.Emit(row, Cited(run.page), ASSAY_NO_RECORD);
  }
}

void ExportReader::EmitSums() {
  Row group(cost_group::kDataset), day(cost_day::kDataset), tag(cost_tag::kDataset);
  for (const Focus::CostGroup& g : focus_.groups()) {
    group.Clear();
    for (uint32_t i = 0; i < g.key.size(); ++i) group.Text(i, g.key[i]);
    std::array<std::string, kAmounts> sums;
    for (uint32_t i = 0; i < kAmounts; ++i)
      group.Text(cost_group::kBilledCost + i, sums[i] = g.sum[i].Text());
    group.Int(cost_group::kRows, static_cast<int64_t>(g.rows));
    context_.Emit(group, Cited(g.page), ASSAY_NO_RECORD);
  }
  for (const Focus::DayGroup& g : focus_.days()) {
    day.Clear();
    for (uint32_t i = 0; i < g.key.size(); ++i) day.Text(i, g.key[i]);
    const std::string billed = g.sum[0].Text(), effective = g.sum[1].Text();
    day.Text(cost_day::kBilledCost, billed);
    day.Text(cost_day::kEffectiveCost, effective);
    day.Int(cost_day::kRows, static_cast<int64_t>(g.rows));
    context_.Emit(day, Cited(g.page), ASSAY_NO_RECORD);
  }
  for (const Focus::TagGroup& g : focus_.tags()) {
    tag.Clear();
    for (uint32_t i = 0; i < g.key.size(); ++i) tag.Text(i, g.key[i]);
    const std::string effective = g.sum[0].Text();
    tag.Text(cost_tag::kEffectiveCost, effective);
    tag.Int(cost_tag::kRows, static_cast<int64_t>(g.rows));
    context_.Emit(tag, Cited(g.page), ASSAY_NO_RECORD);
  }
  if (focus_.lost() > 0)
    Note(nullptr, {Why::kPartial, "there are more groups of charges than are kept: " +
                                      std::to_string(focus_.lost()) + " additions were left out"});
}

void ExportReader::StateAll() {
  const bool nothing = lists_ && files_.empty();
  context_.State(cost_run::kDataset,
                 nothing  ? ASSAY_UNAVAILABLE
                 : lists_ ? ASSAY_PARTIAL
                          : ASSAY_COMPLETE,
                 lists_.why, lists_.detail);
  Problem sums = lists_ ? lists_ : first_;
  if (sums && problems_ > 1 && !lists_)
    sums.detail += " (and " + std::to_string(problems_ - 1) + " more)";
  const auto state = [&](const DatasetInfo& dataset, bool unread) {
    context_.State(dataset,
                   unread ? ASSAY_UNAVAILABLE
                   : sums ? ASSAY_PARTIAL
                          : ASSAY_COMPLETE,
                   sums.why, sums.detail);
  };
  // Of files that cannot be added up their headers are known all the same.
  state(cost_file::kDataset, nothing);
  for (const DatasetInfo* dataset :
       {&cost_group::kDataset, &cost_day::kDataset, &cost_tag::kDataset})
    state(*dataset, nothing || (sums && rows_ == 0));
}

}  // namespace assay::cost
