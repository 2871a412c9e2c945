// Reads endpoints into datasets: queues requests, takes pages in any order, emits rows, and in the
// end says of each dataset how complete it is.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assay/answer.h"
#include "assay/context.h"
#include "assay/mapping.h"
#include "assay/scanner.h"

namespace assay {

class Reader;

/// One record in the hands of a hook: before its row is emitted, the hook may set further columns,
/// emit rows of other datasets, or ask for more reads.
class Record {
 public:
  Record(Reader& reader, RecordFiller& filler, const Page& page, uint32_t number, Notes& notes)
      : reader_(&reader), filler_(&filler), page_(&page), number_(number), notes_(&notes) {}

  Row& row() { return filler_->row(); }
  Reader& reader() { return *reader_; }
  /// True when the kept slice `raw` was there (present, and an array or object).
  bool Has(uint32_t raw) const { return !filler_->raw(raw).empty(); }
  /// Emits one row for each element of the kept array; `set` completes it. Returns how many there
  /// were.
  uint32_t Each(uint32_t raw, const Mapping& mapping, const std::function<void(Row&)>& set);
  /// Number of elements of the kept array.
  uint32_t Count(uint32_t raw);
  /// The bytes of a kept slice; empty when there is none. Valid while the hook runs.
  std::string_view Raw(uint32_t raw) const { return filler_->raw(raw); }
  /// Emits a row of this or another dataset that was made from this record.
  void Emit(const Row& row);
  /// Says that a part of this record could not be read: what it feeds is not complete.
  void Note(std::string_view what);
  /// Keeps this record from being emitted itself (its children were).
  void Drop() { dropped_ = true; }
  bool dropped() const { return dropped_; }

 private:
  Reader* reader_;
  RecordFiller* filler_;
  const Page* page_;
  uint32_t number_;
  Notes* notes_;
  bool dropped_ = false;
};

/// One endpoint to be read with one set of parameters.
struct Job {
  const EndpointInfo* endpoint = nullptr;
  const Mapping* mapping = nullptr;
  std::vector<Param> params = {};
  /// Columns of each row that come from the request, not from the answer: {column, text}.
  std::vector<std::pair<uint32_t, std::string>> preset = {};
  /// Called for each record before its row is emitted; may be empty.
  std::function<void(Record&)> hook = {};
  /// Datasets that this read feeds besides that of the mapping.
  std::vector<const DatasetInfo*> also = {};
  /// Datasets of reads that this one's records lead to: incomplete when this read is.
  std::vector<const DatasetInfo*> leads_to = {};
  /// Records that this read, and all that share the number, may still take: used up, no further
  /// page is asked for, and what they feed is partial. Null: any number. Outlives the reader.
  uint64_t* budget = nullptr;
  /// Called after the last page of a read that went well to its end, with the number of its
  /// records; may be empty.
  std::function<void(const Page&, uint64_t)> ended = {};
};

/// Reads jobs until none is left, then states the datasets. Use: Add for all that is known, Drain.
class Reader {
 public:
  static constexpr uint32_t kMaxRecords =
      100000;  // records of one page that get a mark of their own

  explicit Reader(Context& context) : context_(&context) {}

  /// Queues a read. May be called from a hook.
  void Add(Job job) {
    for (const DatasetInfo* dataset : Fed(job)) ++tally_[dataset].reads;
    for (const DatasetInfo* dataset : job.leads_to) tally_[dataset];
    waiting_.push_back(std::make_shared<Job>(std::move(job)));
  }

  /// Reads everything, then says how complete each dataset is, also when it has to stop early.
  void Drain() {
    try {
      Start();
      while (std::optional<Page> page = context_->Wait()) {
        Take(*page);
        context_->Done(*page);
        Start();
      }
    } catch (const PluginError& error) {
      StateAll(std::string("stopped early: ") + error.what());
      throw;
    }
    StateAll({});
  }

  Context& context() { return *context_; }

  /// The first problem met with a dataset; none when it was read whole. After Drain.
  Problem ProblemOf(const DatasetInfo& dataset) const {
    const auto found = tally_.find(&dataset);
    return found == tally_.end() ? Problem{} : found->second.first;
  }

 private:
  friend class Record;

  struct Tally {
    uint64_t reads = 0;
    uint64_t failed = 0;  ///< reads that gave nothing at all
    Problem first;        ///< the first problem met
    uint64_t problems = 0;
  };
  struct Running {
    std::shared_ptr<Job> job;
    uint64_t records = 0;
    bool troubled = false;
  };

  static std::vector<const DatasetInfo*> Fed(const Job& job) {
    std::vector<const DatasetInfo*> fed = job.also;
    fed.push_back(&job.mapping->dataset());
    return fed;
  }

  void Start() {
    while (!waiting_.empty()) {
      const std::shared_ptr<Job> job = waiting_.front();
      uint64_t ticket = 0;
      const assay_status_t status = context_->TryRequest(job->endpoint->id, job->params, ticket);
      if (status == ASSAY_E_LIMIT && !running_.empty()) return;  // again when a ticket has ended
      waiting_.pop_front();
      if (status == ASSAY_OK) {
        running_[ticket] = {job, 0, false};
      } else {
        NotAsked(*job, status);
      }
    }
  }

  void NotAsked(const Job& job, assay_status_t status) {
    const std::string id(job.endpoint->id);
    switch (status) {
      case ASSAY_E_DENIED:
        return Lose(job, {Why::kPermission, id + ": this read is not granted to the plugin"}, true);
      case ASSAY_E_LIMIT:
        return Lose(job, {Why::kPartial, id + ": the limit of reads is used up"}, true);
      case ASSAY_E_INVALID:
        return Lose(job, {Why::kPluginFault, id + ": a parameter does not fit"}, true);
      default:
        throw PluginError(status, "request " + id + ": " + std::string(StatusName(status)));
    }
  }

  void Take(const Page& page) {
    const auto found = running_.find(page.ticket());
    if (found == running_.end()) {
      throw PluginError(ASSAY_E_INTERNAL, "the host sent a page of an unknown ticket");
    }
    Running& running = found->second;
    const std::shared_ptr<Job> job = running.job;
    if (!page.ok() && job->endpoint->absent && page.http_status() == 404) {
      if (job->ended) job->ended(page, 0);
      running_.erase(found);
      return;
    }
    if (!page.ok()) {
      Lose(*job, assay::Explain(page, job->endpoint->id), page.index() == 0);
      running_.erase(found);
      return;
    }
    const ScanResult result = Read(page, *job);
    running.records += result.records.size();
    if (!result.notes.empty()) {
      running.troubled = true;
      const bool nothing = !result.understood && running.records == 0;
      Lose(*job,
           {nothing ? Why::kUnavailable : Why::kPartial,
            std::string(job->endpoint->id) + ": " + result.notes.Summary()},
           nothing);
    }
    const bool room = Spend(*job, result.records.size());
    if (result.link.length != 0 && room) {
      context_->Next(page, result.link.offset, result.link.length);
      return;
    }
    const std::string id(job->endpoint->id);
    // Asked only where the list ends: a service may call a page short that has a next one.
    const bool short_list = result.truncated || running.records < result.total;
    if (result.link.length != 0) {
      Lose(*job, {Why::kPartial, id + ": more records than one run takes; the rest was left"},
           false);
    } else if (short_list) {
      Lose(*job,
           {Why::kPartial,
            id + ": the service left records out: " + std::to_string(running.records) + " of " +
                std::to_string(std::max(result.total, running.records)) + " came"},
           false);
    } else if (!running.troubled && job->ended) {
      job->ended(page, running.records);
    }
    running_.erase(found);
  }

  /// Takes the records of a page from the job's budget; false when nothing is left of it.
  static bool Spend(const Job& job, uint64_t records) {
    if (job.budget == nullptr) return true;
    *job.budget -= std::min(*job.budget, records);
    return *job.budget > 0;
  }

  ScanResult Read(const Page& page, const Job& job) {
    RecordFiller& filler = FillerOf(*job.mapping);
    Notes notes;
    ScanResult result = scanner_.Scan(page.body(), job.endpoint->link, filler,
                                      [&](RecordFiller& filled, uint32_t number, uint64_t offset) {
                                        const uint32_t record =
                                            number < kMaxRecords ? number : ASSAY_NO_RECORD;
                                        for (const auto& [column, text] : job.preset)
                                          filled.row().Text(column, text);
                                        Record view(*this, filled, page, record, notes);
                                        if (job.hook) job.hook(view);
                                        if (!view.dropped())
                                          EmitRow(filled, page, record, offset, notes);
                                      });
    result.notes.Join(notes);
    if (result.records.size() > kMaxRecords) result.records.resize(kMaxRecords);
    if (!context_->Mark(page, result.records)) {
      context_->Log(ASSAY_LOG_WARNING, "a page has more records than may be marked");
    }
    return result;
  }

  void EmitRow(RecordFiller& filled, const Page& page, uint32_t record, uint64_t offset,
               Notes& notes) {
    const Row& row = filled.row();
    if (const ColumnInfo* missing = row.MissingKey(); missing != nullptr) {
      notes.Add("a record without " + std::string(missing->name), filled.where(), offset);
      return;
    }
    context_->Emit(row, page, record);
  }

  RecordFiller& FillerOf(const Mapping& mapping) {
    std::unique_ptr<RecordFiller>& filler = fillers_[&mapping];
    if (filler == nullptr) filler = std::make_unique<RecordFiller>(mapping);
    return *filler;
  }

  /// Notes a problem for all that the job feeds or leads to. `all`: the read gave nothing.
  void Lose(const Job& job, const Problem& problem, bool all) {
    context_->Log(ASSAY_LOG_WARNING, problem.detail);
    for (const DatasetInfo* dataset : Fed(job)) Count(tally_[dataset], problem, all);
    // Without its licence a feature is not in use: nothing of it leads anywhere.
    if (problem.why == Why::kLicence) return;
    for (const DatasetInfo* dataset : job.leads_to) {
      Tally& tally = tally_[dataset];
      if (all) ++tally.reads;  // reads that could not even be asked for
      Count(tally, problem, all);
    }
  }
  static void Count(Tally& tally, const Problem& problem, bool all) {
    if (tally.problems++ == 0) tally.first = problem;
    if (all) ++tally.failed;
  }

  void StateAll(const std::string& stopped) {
    for (const auto& [mapping, filler] : fillers_)
      context_->Count(mapping->dataset(), ASSAY_COUNT_DROPPED, filler->dropped());
    for (auto& [dataset, tally] : tally_) {
      if (!stopped.empty()) Count(tally, {Why::kPartial, stopped}, false);
      if (tally.problems == 0) {
        context_->State(*dataset, ASSAY_COMPLETE, Why::kNone, {});
        continue;
      }
      const bool nothing = tally.reads > 0 && tally.failed == tally.reads;
      std::string detail = tally.first.detail;
      if (tally.problems > 1) detail += " (and " + std::to_string(tally.problems - 1) + " more)";
      context_->State(*dataset, nothing ? ASSAY_UNAVAILABLE : ASSAY_PARTIAL, tally.first.why,
                      detail);
    }
  }

  Context* context_;
  Scanner scanner_;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::map<uint64_t, Running> running_;
  std::map<const DatasetInfo*, Tally> tally_;
  std::map<const Mapping*, std::unique_ptr<RecordFiller>> fillers_;
};

inline uint32_t Record::Each(uint32_t raw, const Mapping& mapping,
                             const std::function<void(Row&)>& set) {
  uint32_t count = 0;
  RecordFiller& child = reader_->FillerOf(mapping);
  const char* body = page_->body().data();
  const std::string_view slice = filler_->raw(raw);
  const auto offset = static_cast<uint64_t>(slice.empty() ? 0 : slice.data() - body);
  reader_->scanner_.ScanArray(slice, body, filler_->where(), child, *notes_, [&] {
    ++count;
    set(child.row());
    reader_->EmitRow(child, *page_, number_, offset, *notes_);
  });
  return count;
}

inline void Record::Emit(const Row& row) {
  if (const ColumnInfo* missing = row.MissingKey(); missing != nullptr) {
    return Note("a part without " + std::string(missing->name));
  }
  reader_->context_->Emit(row, *page_, number_);
}

inline void Record::Note(std::string_view what) {
  notes_->Add(std::string(what) + " in " + filler_->where());
}

inline uint32_t Record::Count(uint32_t raw) {
  const std::string_view slice = filler_->raw(raw);
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.parse(slice.data(), slice.size(), true).get(array) == simdjson::SUCCESS) {
    return static_cast<uint32_t>(array.size());
  }
  notes_->Add("no readable list", filler_->where(),
              static_cast<uint64_t>(slice.data() - page_->body().data()));
  return 0;
}

}  // namespace assay
