// The host as a collector sees it: asks for endpoints, takes pages as they come, emits rows and
// says how complete a dataset is. Every failure of the host becomes a PluginError.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/cancel.h"
#include "assay/clock.h"
#include "assay/config.h"
#include "assay/counts.h"
#include "assay/dataset.h"
#include "assay/emit.h"
#include "assay/log.h"
#include "assay/page.h"
#include "assay/problem.h"
#include "assay/row.h"

namespace assay {

/// A parameter of an endpoint's path or query: plain text, encoded by the broker.
struct Param {
  std::string name;
  std::string value;
};

class PageRange;

/// Borrowed view of the host; lives as long as the plugin's run.
class Context {
 public:
  /// Throws UNSUPPORTED when the host lacks assay.read/1 or assay.emit/1.
  explicit Context(const assay_host_t* host) : host_(host) {
    read_ = Need<assay_read_v1_t>(ASSAY_EXT_READ);
    emit_ = Need<assay_emit_v1_t>(ASSAY_EXT_EMIT);
    log_ = static_cast<const assay_log_v1_t*>(Extension(ASSAY_EXT_LOG));
    cancel_ = static_cast<const assay_cancel_v1_t*>(Extension(ASSAY_EXT_CANCEL));
    config_ = static_cast<const assay_config_v1_t*>(Extension(ASSAY_EXT_CONFIG));
    clock_ = static_cast<const assay_clock_v1_t*>(Extension(ASSAY_EXT_CLOCK));
    counts_ = static_cast<const assay_counts_v1_t*>(Extension(ASSAY_EXT_COUNTS));
  }

  /// Asks for an endpoint without waiting; the ticket names its pages. Throws what the host
  /// answers.
  uint64_t Request(std::string_view endpoint, std::span<const Param> params = {}) {
    uint64_t ticket = 0;
    const assay_status_t status = TryRequest(endpoint, params, ticket);
    if (status != ASSAY_OK) Fail(status, "request " + std::string(endpoint));
    return ticket;
  }
  /// As Request, for callers that go on after DENIED or LIMIT.
  assay_status_t TryRequest(std::string_view endpoint, std::span<const Param> params,
                            uint64_t& ticket) {
    std::vector<assay_param_t> raw;
    for (const Param& param : params) raw.push_back({ToSlice(param.name), ToSlice(param.value)});
    return read_->request(host_, ToSlice(endpoint), raw.data(), static_cast<uint32_t>(raw.size()),
                          &ticket);
  }
  /// The next page of any ticket; nothing when no ticket is outstanding. Give it back with Done.
  std::optional<Page> Wait() {
    assay_page_t page{};
    const assay_status_t status = read_->wait(host_, &page);
    if (status == ASSAY_END) return std::nullopt;
    if (status != ASSAY_OK) Fail(status, "wait");
    return Page(page);
  }
  /// Pages as they come, each given back at the end of its turn.
  PageRange Pages();

  /// Marks records of a page; ranges ascend over all calls. False when the limit is reached.
  bool Mark(const Page& page, std::span<const assay_range_t> records) {
    if (records.empty()) return true;
    const assay_status_t status =
        read_->mark(host_, page.number(), records.data(), static_cast<uint32_t>(records.size()));
    if (status == ASSAY_E_LIMIT) return false;
    if (status != ASSAY_OK) Fail(status, "mark");
    return true;
  }
  /// Asks for the page after this one; the range is the raw string token of the link, with quotes.
  void Next(const Page& page, uint64_t offset, uint64_t length) {
    const assay_status_t status = read_->next(host_, page.number(), offset, length);
    if (status != ASSAY_OK) Fail(status, "next");
  }
  /// Gives a page back; its body is gone after that.
  void Done(const Page& page) {
    const assay_status_t status = read_->done(host_, page.number());
    if (status != ASSAY_OK) Fail(status, "done");
  }

  /// Emits a row read from mark `record` of `page` (ASSAY_NO_RECORD: from the page as a whole).
  void Emit(const Row& row, const Page& page, uint32_t record) {
    const assay_status_t status =
        emit_->row(host_, Number(row.dataset()), page.number(), record, row.values().data(),
                   static_cast<uint32_t>(row.values().size()));
    if (status != ASSAY_OK) Fail(status, "row of " + std::string(row.dataset().id));
  }
  /// Says how complete a dataset is; the worst of all calls stays.
  void State(const DatasetInfo& dataset, uint32_t completeness, Why why, std::string_view detail) {
    const assay_status_t status = emit_->state(host_, Number(dataset), completeness,
                                               static_cast<uint32_t>(why), ToSlice(detail));
    if (status != ASSAY_OK) Fail(status, "state of " + std::string(dataset.id));
  }
  /// Adds to a sum of the dataset's entry (ASSAY_COUNT_..., assay/counts.h); nothing happens on a
  /// host without assay.counts/1.
  void Count(const DatasetInfo& dataset, uint32_t kind, uint64_t count) {
    if (counts_ == nullptr || count == 0) return;
    const assay_status_t status = counts_->add(host_, Number(dataset), kind, count);
    if (status != ASSAY_OK) Fail(status, "counts of " + std::string(dataset.id));
  }
  void Log(uint32_t severity, std::string_view line) {
    if (log_ != nullptr) log_->write(host_, severity, ToSlice(line));
  }
  /// Values of a setting of the tenant (assay/config.h); none when it is not configured, or when
  /// this host has no assay.config/1.
  std::vector<std::string> Setting(std::string_view key) const {
    std::vector<std::string> out;
    assay_str_t value{};
    for (uint32_t i = 0; config_ != nullptr; ++i) {
      const assay_status_t status = config_->text(host_, ToSlice(key), i, &value);
      if (status == ASSAY_END) break;
      if (status != ASSAY_OK) Fail(status, "setting " + std::string(key));
      out.emplace_back(value.ptr, value.len);
    }
    return out;
  }
  /// The evidence's time in milliseconds since 1970. Throws UNSUPPORTED on a host without
  /// assay.clock/1: name it under `needs` of the manifest.
  int64_t NowMs() const {
    if (clock_ == nullptr) Fail(ASSAY_E_UNSUPPORTED, "this host offers no " ASSAY_EXT_CLOCK);
    return clock_->now_ms(host_);
  }
  bool Cancelled() const { return cancel_ != nullptr && cancel_->is_cancelled(host_) != 0; }

 private:
  const void* Extension(std::string_view id) { return host_->extension(host_, ToSlice(id)); }
  template <typename Table>
  const Table* Need(std::string_view id) {
    const void* table = Extension(id);
    if (table == nullptr) Fail(ASSAY_E_UNSUPPORTED, "this host offers no " + std::string(id));
    return static_cast<const Table*>(table);
  }
  uint32_t Number(const DatasetInfo& dataset) {
    const auto known = numbers_.find(&dataset);
    if (known != numbers_.end()) return known->second;
    uint32_t number = 0;
    const assay_status_t status = emit_->dataset(host_, ToSlice(dataset.id), &number);
    if (status != ASSAY_OK) Fail(status, "dataset " + std::string(dataset.id));
    numbers_.emplace(&dataset, number);
    return number;
  }
  [[noreturn]] static void Fail(assay_status_t status, const std::string& what) {
    throw PluginError(status, what + ": " + std::string(StatusName(status)));
  }

  const assay_host_t* host_;
  const assay_read_v1_t* read_ = nullptr;
  const assay_emit_v1_t* emit_ = nullptr;
  const assay_log_v1_t* log_ = nullptr;
  const assay_cancel_v1_t* cancel_ = nullptr;
  const assay_config_v1_t* config_ = nullptr;
  const assay_clock_v1_t* clock_ = nullptr;
  const assay_counts_v1_t* counts_ = nullptr;
  std::map<const DatasetInfo*, uint32_t> numbers_;
};

/// Range over the pages of every outstanding ticket: `for (const Page& page : context.Pages())`.
class PageRange {
 public:
  struct End {};
  class Iterator {
   public:
    explicit Iterator(Context* context) : context_(context), page_(context->Wait()) {}
    const Page& operator*() const { return *page_; }
    Iterator& operator++() {
      context_->Done(*page_);
      page_ = context_->Wait();
      return *this;
    }
    bool operator!=(End) const { return page_.has_value(); }

   private:
    Context* context_;
    std::optional<Page> page_;
  };
  explicit PageRange(Context* context) : context_(context) {}
  Iterator begin() const { return Iterator(context_); }
  End end() const { return {}; }

 private:
  Context* context_;
};

inline PageRange Context::Pages() { return PageRange(this); }

}  // namespace assay
