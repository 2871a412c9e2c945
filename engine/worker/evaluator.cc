#include "worker/evaluator.h"

#include <fmt/format.h>

#include "assay/types.h"

namespace assay::worker {
namespace {

using ipc::Type;

constexpr size_t kBatchBytes = 256u << 10;
constexpr size_t kMaxChecks = 10'000;
constexpr size_t kMaxDatasets = 1'000;
/// Kept free of SQLite's heap for observations, indexes and stacks.
constexpr int64_t kReserveBytes = 64 << 20;
constexpr int64_t kLeastHeapBytes = 32 << 20;

uint16_t Number(Type type) { return static_cast<uint16_t>(type); }

size_t SizeOf(const Observation& o) {
  return 26 + o.subject.size() + o.subject_type.size() + o.label.size() + o.detail.size() +
         8 * o.records.size();
}

class Evaluator {
 public:
  Evaluator(ipc::Channel& channel, const ipc::Init& init, const Budget& budget)
      : channel_(channel), init_(init), budget_(budget) {}

  Status Run() {
    ipc::Hello hello;
    hello.engine_detail = std::string("sqlite ") + sqlite3_libversion();
    ASSAY_TRY(channel_.Send(Number(Type::kHello), ipc::Encode(hello)));
    ipc::Frame frame;  // its memory serves for every message
    for (;;) {
      ASSAY_TRY(channel_.Receive(frame));
      if (frame.type == Number(Type::kCancel)) return Finish(ASSAY_E_CANCELLED, "cancelled");
      if (frame.type == Number(Type::kEvaluate)) return Evaluate();
      if (auto taken = Take(frame); !taken)
        return Finish(ASSAY_E_INVALID, taken.error().ToString());
    }
  }

 private:
  Status Finish(int32_t status, std::string message) {
    return channel_.Send(Number(Type::kDone), ipc::Encode(ipc::Done{status, std::move(message)}));
  }

  Status Take(const ipc::Frame& frame) {
    switch (static_cast<Type>(frame.type)) {
      case Type::kSchema:
        return TakeSchema(frame.payload);
      case Type::kRows:
        return TakeRows(frame.payload);
      case Type::kDatasetState:
        return TakeState(frame.payload);
      case Type::kSeal:
        return Seal();
      case Type::kViews: {
        ASSAY_ASSIGN(auto views, ipc::ParseViews(frame.payload));
        views_.push_back(std::move(views));
        return {};
      }
      case Type::kCheck: {
        ASSAY_ASSIGN(auto check, ipc::ParseCheck(frame.payload));
        if (checks_.size() >= kMaxChecks) return Fail(Code::kLimitExceeded, "too many checks");
        checks_.push_back(std::move(check));
        return {};
      }
      default:
        return Fail(Code::kInvalidInput,
                    fmt::format("message {} is not for an evaluator", frame.type));
    }
  }

  Status TakeSchema(ByteSpan payload) {
    ASSAY_ASSIGN(auto dataset, ipc::ParseDataset(payload));
    const std::string id = dataset.second.id;
    if (numbers_.contains(dataset.first) || evidence_.stores.contains(id))
      return Fail(Code::kInvalidInput, "dataset " + Quote(id, 64) + " stands twice");
    if (evidence_.stores.size() >= kMaxDatasets)
      return Fail(Code::kLimitExceeded, "too many datasets");
    ASSAY_ASSIGN(evidence_.stores[id],
                 RowStore::Create(std::move(dataset.second), evidence_.pools));
    numbers_[dataset.first] = id;
    evidence_.conditions[id] = Condition{};
    return {};
  }

  /// Rows come from a collector unread: whatever is wrong with them is that dataset's misfortune
  /// alone.
  Status TakeRows(ByteSpan payload) {
    ASSAY_ASSIGN(const ipc::Rows rows, ipc::ParseRows(payload));
    const auto it = numbers_.find(rows.dataset);
    if (it == numbers_.end()) return {};  // of no dataset: nothing can rest on them
    rows_ += rows.count;
    Status added = rows_ > init_.limits.rows ? Status(Fail(Code::kLimitExceeded, "too many rows"))
                                             : evidence_.stores.at(it->second)->Add(rows);
    if (!added) faults_.try_emplace(it->second, added.error().ToString());
    return {};
  }

  /// Sorts what came and says how much of it is kept. Rows that come later are taken all the same.
  Status Seal() {
    std::vector<ipc::Kept> kept;
    for (const auto& [number, id] : numbers_) {
      RowStore& store = *evidence_.stores.at(id);
      store.Seal();
      kept.push_back({number, store.size(), store.duplicates()});
    }
    return channel_.Send(Number(Type::kSealed), ipc::EncodeSealed(kept));
  }

  Status TakeState(ByteSpan payload) {
    ASSAY_ASSIGN(auto state, ipc::ParseDatasetState(payload));
    const auto it = numbers_.find(state.dataset);
    if (it == numbers_.end()) return Fail(Code::kInvalidInput, "state of an unknown dataset");
    Condition& condition = evidence_.conditions.at(it->second);
    if (!stated_.insert(it->second).second && state.completeness <= condition.completeness)
      return {};  // the worst stays
    condition = {state.completeness, state.reason, std::move(state.detail)};
    return {};
  }

  Status Evaluate() {
    for (const auto& [id, why] : faults_)
      evidence_.conditions.at(id) = {Completeness::kUnavailable, Reason::kPluginFault, why};
    auto opened = Database::Open(init_.now_ms, evidence_.pools);
    if (!opened) return Finish(ASSAY_E_INTERNAL, opened.error().ToString());
    if (auto ready = Prepare(**opened); !ready)
      return Finish(ASSAY_E_INTERNAL, ready.error().ToString());
    for (const CheckSpec& check : checks_) ASSAY_TRY(Judge(**opened, check));
    return Finish(ASSAY_OK, "");
  }

  Status Prepare(Database& database) {
    int64_t used = static_cast<int64_t>(evidence_.pools.texts.MemoryBytes());
    for (auto& [id, store] : evidence_.stores) {
      store->Seal();
      used += static_cast<int64_t>(store->MemoryBytes());
      ASSAY_TRY(database.AddDataset(*store));
      if (evidence_.conditions.at(id).completeness == Completeness::kUnavailable) database.Hide(id);
    }
    const auto memory = static_cast<int64_t>(init_.limits.memory_bytes);
    Database::LimitHeap(std::max(kLeastHeapBytes, memory - used - kReserveBytes));
    for (const ipc::Views& views : views_)
      if (auto made = database.CreateViews(views.sql); !made)
        evidence_.faults.try_emplace(views.plugin, made.error().ToString());
    return {};
  }

  Status Judge(Database& database, const CheckSpec& check) {
    std::vector<Observation> batch;
    size_t bytes = 0;
    const auto flush = [&]() -> Status {
      if (batch.empty()) return {};
      const auto payload = ipc::EncodeObservations(check.id, batch);
      batch.clear();
      bytes = 0;
      return channel_.Send(Number(Type::kObservations), payload);
    };
    const auto sink = [&](Observation o) -> Status {
      if (bytes + SizeOf(o) > kBatchBytes) ASSAY_TRY(flush());
      bytes += SizeOf(o);
      batch.push_back(std::move(o));
      return {};
    };
    ASSAY_ASSIGN(const CheckResult result, DecideCheck(database, evidence_, check, budget_, sink));
    ASSAY_TRY(flush());
    return channel_.Send(Number(Type::kCheckResult), ipc::Encode(result));
  }

  ipc::Channel& channel_;
  const ipc::Init& init_;
  const Budget budget_;
  Evidence evidence_;
  std::map<uint32_t, std::string> numbers_;    ///< engine's number -> dataset id
  std::map<std::string, std::string> faults_;  ///< dataset -> what was wrong with its rows
  std::set<std::string> stated_;               ///< datasets whose state came
  std::vector<ipc::Views> views_;
  std::vector<CheckSpec> checks_;
  uint64_t rows_ = 0;
};

}  // namespace

Status RunEvaluator(ipc::Channel& channel, const ipc::Init& init, const Budget& budget) {
  return Evaluator(channel, init, budget).Run();
}

}  // namespace assay::worker
