// Drives an evaluator over a real channel from a test: schema, rows, states, checks in; results
// out.
#pragma once

#include <map>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "ipc/row.h"
#include "support/matchers.h"
#include "worker/evaluator.h"

namespace assay::test {

using Value = std::variant<std::monostate, std::string, int64_t>;
inline const Value kNull;

struct TestRow {
  uint32_t page, record;
  std::vector<Value> values;
};

/// What an evaluation answered.
struct Answer {
  std::map<std::string, CheckResult> results;
  std::map<std::string, std::vector<Observation>> observations;
  ByteVector raw;  ///< every observation and result frame in order
  std::string sqlite;
  ipc::Done done;
};

inline DatasetSpec Dataset(const std::string& id, std::vector<ColumnSpec> columns,
                           std::vector<std::string> key = {"id"}, std::string subject = "id",
                           std::string label = "") {
  DatasetSpec d;
  d.id = id;
  d.columns = std::move(columns);
  d.key = std::move(key);
  d.subject = std::move(subject);
  d.label = std::move(label);
  d.subject_type = "thing";
  return d;
}

inline DatasetSpec Users() {
  return Dataset("entra_user",
                 {{"id", ColumnType::kText, false},
                  {"name", ColumnType::kText, true},
                  {"enabled", ColumnType::kBool, false},
                  {"seen", ColumnType::kTime, false},
                  {"tags", ColumnType::kJson, false},
                  {"cost", ColumnType::kDecimal, false}},
                 {"id"}, "id", "name");
}

/// A user row with defaults.
inline TestRow User(uint32_t page, uint32_t record, std::string id, int64_t enabled = 1,
                    std::string seen = "2026-11-01T00:00:00Z", std::string cost = "0.10") {
  std::string name = "Name of " + id;
  return {
      page,
      record,
      {std::move(id), std::move(name), enabled, std::move(seen), "[\"a\",\"b\"]", std::move(cost)}};
}

inline CheckSpec Check(const std::string& id, const std::string& sql,
                       const std::string& subject = "entra_user",
                       std::vector<std::string> reads = {"entra_user"}) {
  CheckSpec c;
  c.id = id;
  c.plugin = "graph";
  c.subject = subject;
  c.reads = std::move(reads);
  c.sql = sql;
  return c;
}

class Evaluation {
 public:
  explicit Evaluation(worker::Budget budget = {}, int64_t now_ms = 1'795'132'800'000) {
    auto pair = ipc::Channel::CreatePair();
    REQUIRE_OK(pair);
    engine_ = std::make_unique<ipc::Channel>(std::move(pair->first));
    init_.role = ipc::Role::kEvaluator;
    init_.now_ms = now_ms;  // else 2026-11-20T00:00:00Z
    worker_ = std::thread([this, budget, channel = std::move(pair->second)]() mutable {
      (void)worker::RunEvaluator(channel, init_, budget);
    });
  }
  ~Evaluation() {
    engine_->Close();
    if (worker_.joinable()) worker_.join();
  }

  void Send(ipc::Type type, ByteSpan payload) {
    (void)engine_->Send(static_cast<uint16_t>(type), payload);
  }
  void Schema(uint32_t number, const DatasetSpec& spec) {
    Send(ipc::Type::kSchema, ipc::EncodeDataset(number, spec));
  }
  void Rows(uint32_t dataset, const std::vector<TestRow>& rows) {
    ipc::Writer out;
    for (const TestRow& r : rows) EncodeOne(out, r);
    Send(ipc::Type::kRows,
         Encode(ipc::Rows{dataset, static_cast<uint32_t>(rows.size()), out.bytes()}));
  }
  void State(uint32_t dataset, Completeness c, Reason reason = Reason::kNone,
             std::string detail = "") {
    Send(ipc::Type::kDatasetState, Encode(ipc::DatasetState{dataset, c, reason, detail}));
  }
  void Views(const std::string& sql) { Send(ipc::Type::kViews, Encode(ipc::Views{"graph", sql})); }
  void Add(const CheckSpec& check) { Send(ipc::Type::kCheck, ipc::EncodeCheck(check)); }

  /// Two users and their dataset, complete.
  void TwoUsers() {
    Schema(1, Users());
    Rows(1, {User(1, 0, "u1", 1), User(1, 1, "u2", 0)});
    State(1, Completeness::kComplete);
  }

  Answer Run() {
    Send(ipc::Type::kEvaluate, {});
    Answer answer;
    for (;;) {
      auto frame = engine_->Receive(std::chrono::milliseconds(60'000));
      REQUIRE_OK(frame);
      if (Read(answer, *frame)) return answer;
    }
  }

 private:
  static void EncodeOne(ipc::Writer& out, const TestRow& r) {
    ipc::Row row;
    row.page = r.page;
    row.record = r.record;
    for (const Value& v : r.values) {
      ipc::RowValue value;
      value.kind = static_cast<uint8_t>(v.index());
      if (v.index() == 1) value.text = std::get<1>(v);
      if (v.index() == 2) value.integer = std::get<2>(v);
      row.values.push_back(value);
    }
    EncodeRow(out, row);
  }

  static bool Read(Answer& answer, const ipc::Frame& frame) {
    switch (static_cast<ipc::Type>(frame.type)) {
      case ipc::Type::kHello: {
        REQUIRE_OK_AND_ASSIGN(auto hello, ipc::ParseHello(frame.payload));
        answer.sqlite = hello.engine_detail;
        return false;
      }
      case ipc::Type::kObservations: {
        REQUIRE_OK_AND_ASSIGN(auto m, ipc::ParseObservations(frame.payload));
        auto& list = answer.observations[m.first];
        list.insert(list.end(), m.second.begin(), m.second.end());
        break;
      }
      case ipc::Type::kCheckResult: {
        REQUIRE_OK_AND_ASSIGN(auto r, ipc::ParseCheckResult(frame.payload));
        answer.results[r.check] = r;
        break;
      }
      case ipc::Type::kDone: {
        REQUIRE_OK_AND_ASSIGN(answer.done, ipc::ParseDone(frame.payload));
        return true;
      }
      default:
        FAIL("unexpected frame " << frame.type);
    }
    AppendBytes(answer.raw, frame.payload);
    return false;
  }

  ipc::Init init_;
  std::unique_ptr<ipc::Channel> engine_;
  std::thread worker_;
};

/// The one verdict of `check` in its answer, as words: "fail", "not_assessed (throttled): detail".
inline std::string Words(const CheckResult& r) {
  std::string out(Name(r.verdict));
  if (r.reason != Reason::kNone) out += " (" + std::string(Name(r.reason)) + ")";
  if (!r.detail.empty()) out += ": " + r.detail;
  return out;
}

}  // namespace assay::test
