// A collector for tests: reads every numbered sample of the sample server, whatever it holds, marks
// what the kit finds, and says in one row how it was understood.
#include <string>

#include "assay/collector.h"
#include "datasets.h"

namespace assay::anything {
namespace {

namespace t = sample_answer;

class AnythingCollector : public Collector {
 public:
  void Collect(Context& context) override {
    Ask(context);
    while (std::optional<Page> page = context.Wait()) {
      const bool goes_on = page->ok() ? Take(context, *page) : NoteFailure(context, *page);
      if (!goes_on) numbers_.erase(page->ticket());
      context.Done(*page);
      Ask(context);
    }
    context.State(t::kDataset, ASSAY_COMPLETE, Why::kNone, {});
  }

 private:
  /// Some reads at once; the first 404 says that there are no more samples.
  void Ask(Context& context) {
    while (!last_ && numbers_.size() < kAtOnce) {
      AskFor(context, endpoint::kSample, std::to_string(next_++));
    }
  }
  void AskFor(Context& context, const EndpointInfo& endpoint, const std::string& number) {
    const std::vector<Param> params = {{"number", number}};
    numbers_[context.Request(endpoint.id, params)] = {&endpoint, number};
  }

  bool NoteFailure(Context& context, const Page& page) {
    if (page.http_status() == 404) {
      last_ = true;
    } else {
      context.State(t::kDataset, ASSAY_PARTIAL, Why::kPartial, Explain(page, "sample").detail);
    }
    return false;
  }

  /// True when a continuation was asked for. A link of the other service's kind needs the other
  /// endpoint, which gives the same answer again.
  bool Take(Context& context, const Page& page) {
    const auto [asked, number] = numbers_.at(page.ticket());
    std::string shape = "list";
    ScanResult result = Scan(page, asked->link);
    if (!result.understood) {
      result = Scan(page, Link::kSingle);
      shape = result.understood ? "object" : "unreadable";
    }
    if (!context.Mark(page, result.records)) shape += ", too many to mark";
    if (result.notes.Summary().find("does not declare") != std::string::npos) {
      AskFor(context, endpoint::kSampleOdata, number);
      return false;
    }
    EmitRow(context, page, number, shape, result);
    if (result.link.length != 0) context.Next(page, result.link.offset, result.link.length);
    return result.link.length != 0;
  }

  static void EmitRow(Context& context, const Page& page, const std::string& number,
                      const std::string& shape, const ScanResult& result) {
    Row row(t::kDataset);
    row.TextCopy(t::kNumber, number);
    row.TextCopy(t::kShape, shape);
    row.Int(t::kRecords, static_cast<int64_t>(result.records.size()));
    if (!result.notes.empty()) row.TextCopy(t::kNote, result.notes.Summary());
    context.Emit(row, page, ASSAY_NO_RECORD);
  }

  ScanResult Scan(const Page& page, Link link) {
    return scanner_.Scan(page.body(), link, filler_, [](RecordFiller&, uint32_t, uint64_t) {});
  }

  static constexpr size_t kAtOnce = 32;
  const Mapping mapping_{t::kDataset, {}};
  RecordFiller filler_{mapping_};
  Scanner scanner_;
  std::map<uint64_t, std::pair<const EndpointInfo*, std::string>> numbers_;  // by ticket
  uint64_t next_ = 0;
  bool last_ = false;
};

}  // namespace
}  // namespace assay::anything

ASSAY_PLUGIN(assay::anything::AnythingCollector);
