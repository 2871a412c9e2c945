// A host of the plugin ABI made of memory: serves given bodies by endpoint, checks every call
// against the contract, keeps rows and states. It loads the built plugin itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "assay/dataset.h"
#include "assay/emit.h"
#include "assay/plugin.h"
#include "assay/read.h"

namespace assay::testing {

using Schema = std::span<const DatasetInfo* const>;

/// One answer that the host will give.
struct Answer {
  std::string body;
  uint32_t outcome = ASSAY_PAGE_OK;
  uint32_t status = 200;
  std::string reason = {};
};

/// A value of a row: text, number or null.
struct Cell {
  bool null = true;
  bool is_text = false;
  std::string text;
  int64_t number = 0;
};
using Row = std::map<std::string, Cell>;

/// What a plugin said of one dataset.
struct DatasetSeen {
  std::vector<Row> rows;
  uint32_t completeness = ASSAY_COMPLETE;
  uint32_t reason = ASSAY_REASON_NONE;
  std::string detail;
  bool stated = false;
};

/// Loads plugins/<id>/<id>.so and runs it once. Breaches of the contract are kept, not thrown.
class FakeHost {
 public:
  FakeHost(const std::string& plugin, Schema schema);
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  /// Queues answers: the first request of `endpoint` gets the first one, `next` the second, and so
  /// on. `parameter`: of that parameter's value only; empty: of any.
  void Serve(const std::string& endpoint, std::vector<Answer> answers,
             const std::string& parameter = {});
  /// What every endpoint without an answer of its own gets.
  void ServeElse(Answer answer) { otherwise_ = std::move(answer); }
  /// Requests of `endpoint` fail with `status`.
  void RefuseRequest(const std::string& endpoint, assay_status_t status) {
    refused_[endpoint] = status;
  }
  /// The n-th call of any extension (from 0) fails with INTERNAL.
  void FailCall(uint64_t n) { fail_at_ = n; }
  void LimitOutstanding(size_t tickets) { limit_ = tickets; }

  /// Runs the built plugin.
  assay_status_t Run();
  /// Runs a plugin of this process.
  assay_status_t Run(const assay_plugin_v1_t& plugin);

  const DatasetSeen& dataset(const std::string& id) { return datasets_[id]; }
  const std::map<std::string, DatasetSeen>& datasets() const { return datasets_; }
  const std::string& error() const { return error_; }
  const std::vector<std::string>& breaches() const { return breaches_; }
  const std::vector<std::string>& requests() const { return requests_; }
  /// The marked records of an endpoint's first page, as text.
  const std::vector<std::string>& records(const std::string& endpoint) {
    return records_[endpoint];
  }
  uint64_t calls() const { return calls_; }

 private:
  struct Ticket {
    std::string endpoint;
    std::deque<Answer> answers;
    uint32_t index = 0;
  };
  struct Page {
    uint64_t ticket = 0;
    std::unique_ptr<char[]> buffer;
    size_t length = 0;
    std::string reason;
    uint64_t marked_to = 0;
    uint64_t marks = 0;
    std::vector<uint32_t> rows;
    bool next_asked = false;
    bool done = false;
  };

  static FakeHost& Self(const assay_host_t* host) { return *static_cast<FakeHost*>(host->impl); }
  bool Falter() { return calls_++ == fail_at_; }
  void Breach(std::string what) { breaches_.push_back(std::move(what)); }

  assay_status_t Request(assay_str_t endpoint, const assay_param_t* params, uint32_t count,
                         uint64_t* ticket);
  assay_status_t Wait(assay_page_t* out);
  assay_status_t Mark(uint32_t page, const assay_range_t* ranges, uint32_t count);
  assay_status_t Next(uint32_t page, uint64_t offset, uint64_t length);
  assay_status_t Done(uint32_t page);
  assay_status_t EmitRow(uint32_t dataset, uint32_t page, uint32_t record,
                         const assay_value_t* values, uint32_t count);
  assay_status_t State(uint32_t dataset, uint32_t completeness, uint32_t reason,
                       assay_str_t detail);
  void CheckValue(const DatasetInfo& dataset, uint32_t column, const assay_value_t& value);

  std::string path_;
  Schema schema_;
  assay_host_t host_{};
  std::map<std::string, std::vector<Answer>> served_;
  std::map<std::string, assay_status_t> refused_;
  Answer otherwise_{"", ASSAY_PAGE_HTTP_ERROR, 404, {}};
  std::map<uint64_t, Ticket> tickets_;
  std::deque<uint64_t> ready_;
  std::set<uint64_t> open_;
  std::deque<Page> pages_;
  std::map<std::string, DatasetSeen> datasets_;
  std::map<std::string, std::vector<std::string>> records_;
  std::vector<std::string> breaches_;
  std::vector<std::string> requests_;
  std::string error_;
  uint64_t calls_ = 0;
  uint64_t fail_at_ = UINT64_MAX;
  size_t limit_ = 64;
};

Schema Schema_graph();
Schema Schema_azure_policy();
Schema Schema_intune();
Schema Schema_defender();
Schema Schema_activity_log();
Schema Schema_cost();
/// The schema of a built-in collector by its id.
Schema SchemaOf(const std::string& plugin);
/// The fixture plugins/<plugin>/fixtures/<name>.json.
std::string Fixture(const std::string& plugin, const std::string& name);
/// Serves every fixture of a plugin.
void ServeFixtures(FakeHost& host, const std::string& plugin);
/// Text of a file; empty when it cannot be read.
std::string ReadText(const std::string& path);

}  // namespace assay::testing
