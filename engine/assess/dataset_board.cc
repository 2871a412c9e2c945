#include "assess/dataset_board.h"

#include <fmt/format.h>

namespace assay::assess {

uint32_t DatasetBoard::Add(const std::string& plugin, const DatasetSpec& spec) {
  std::lock_guard lock(mutex_);
  const auto number = static_cast<uint32_t>(states_.size() + 1);
  State state;
  state.named = {number, plugin, spec};
  states_.push_back(std::move(state));
  return number;
}

void DatasetBoard::ReadSucceeded(uint32_t dataset) {
  std::lock_guard lock(mutex_);
  ++states_.at(dataset - 1).succeeded;
}

void DatasetBoard::ReadFailed(uint32_t dataset, Reason reason, const std::string& detail) {
  std::lock_guard lock(mutex_);
  State& state = states_.at(dataset - 1);
  if (++state.failed == 1) {
    state.failure = reason;
    state.failure_detail = detail;
  }
}

void DatasetBoard::OptionalReadRefused(uint32_t dataset, Reason reason, const std::string& detail) {
  std::lock_guard lock(mutex_);
  State& state = states_.at(dataset - 1);
  if (state.refusal != Reason::kNone) return;
  state.refusal = reason;
  state.refusal_detail = detail;
}

void DatasetBoard::PluginSaid(uint32_t dataset, Completeness completeness, Reason reason,
                              const std::string& detail) {
  std::lock_guard lock(mutex_);
  State& state = states_.at(dataset - 1);
  if (!state.said || completeness > state.said_completeness) {
    state.said_completeness = completeness;
    state.said_reason = reason;
    state.said_detail = detail;
  }
  state.said = true;
}

void DatasetBoard::RowsAdded(uint32_t dataset, uint64_t rows) {
  std::lock_guard lock(mutex_);
  states_.at(dataset - 1).rows += rows;
}

void DatasetBoard::Counted(const ipc::Counts& counts) {
  std::lock_guard lock(mutex_);
  states_.at(counts.dataset - 1).counted = counts;
}

void DatasetBoard::PluginFailed(const std::string& plugin, const std::string& detail) {
  std::lock_guard lock(mutex_);
  for (State& state : states_) {
    if (state.named.plugin != plugin) continue;
    state.plugin_failed = true;
    state.failure_detail = detail;
  }
}

DatasetStanding DatasetBoard::Conclude(uint32_t dataset) const {
  std::lock_guard lock(mutex_);
  const State& state = states_.at(dataset - 1);
  DatasetStanding out;
  out.rows = state.rows;
  out.pages = state.succeeded;
  out.counted = state.counted;
  const auto set = [&](Completeness completeness, Reason reason, const std::string& detail) {
    out.completeness = completeness;
    out.reason = reason;
    out.detail = detail;
  };
  const bool incomplete = state.said && state.said_completeness != Completeness::kComplete;
  if (state.plugin_failed) {
    set(Completeness::kUnavailable, Reason::kPluginFault, state.failure_detail);
  } else if (state.succeeded == 0 && state.failed > 0) {
    // Only the worker read the error body: a missing licence looks like a 403 from the outside. In
    // everything else the engine knows better than what it refused or cut.
    const bool named = state.said && (state.said_reason == Reason::kLicence ||
                                      state.said_reason == Reason::kUnsupported);
    set(Completeness::kUnavailable, named ? state.said_reason : state.failure,
        named && !state.said_detail.empty() ? state.said_detail : state.failure_detail);
  } else if (state.succeeded == 0 && !state.said) {
    set(Completeness::kUnavailable, Reason::kUnavailable, "not collected");
  } else if (incomplete && state.succeeded == 0 && state.refusal != Reason::kNone) {
    set(state.said_completeness, state.refusal, state.refusal_detail);
  } else if (incomplete) {
    const bool unavailable = state.said_completeness == Completeness::kUnavailable;
    set(unavailable && state.rows == 0 ? Completeness::kUnavailable : Completeness::kPartial,
        state.said_reason == Reason::kNone ? Reason::kPartial : state.said_reason,
        state.said_detail);
  } else if (state.failed > 0) {
    set(Completeness::kPartial, state.failure, state.failure_detail);
  } else if (state.counted.expected != 0 && state.counted.expected != state.counted.records) {
    set(Completeness::kPartial, Reason::kPartial,
        fmt::format("the service counts {} records, {} were read", state.counted.expected,
                    state.counted.records));
  } else {
    set(Completeness::kComplete, Reason::kNone, "");
  }
  return out;
}

std::vector<DatasetBoard::Named> DatasetBoard::All() const {
  std::lock_guard lock(mutex_);
  std::vector<Named> out;
  for (const State& state : states_) out.push_back(state.named);
  return out;
}

}  // namespace assay::assess
