// The engine's part in a conversation with a real, confined collector: two pages from a script, and
// a record of everything that was said.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "assess/worker_spec.h"
#include "base/files.h"
#include "config/load.h"
#include "ipc/row.h"
#include "support/batches.h"
#include "support/matchers.h"

namespace assay::testing {

inline constexpr uint32_t kPageOk = 0;  // ASSAY_PAGE_OK

/// What the engine heard from the plugin.
struct Heard {
  std::vector<ipc::Request> requests;
  std::vector<ipc::Range> marks;
  std::vector<ipc::NextPage> links;
  std::vector<uint32_t> pages_done;
  std::vector<ipc::DatasetState> states;
  std::vector<ipc::Log> logs;
  std::vector<ipc::Counts> counts;
  std::vector<ipc::Row> rows;
  std::vector<ByteVector> row_bytes;  ///< what the rows' texts lie in
  std::optional<ipc::Done> done;
  sandbox::WorkerOutcome outcome;
};

/// The engine's part with pages from a script: the second page answers the continuation link, and
/// `last_outcome` says what it is.
class Script {
 public:
  struct Lines {
    uint32_t dataset;
    uint32_t columns;
    std::string first, last;
    uint32_t last_outcome;
  };
  Script(sandbox::Worker& worker, Lines lines) : worker_(worker), lines_(std::move(lines)) {}

  Heard Play() {
    REQUIRE_OK(worker_.channel().Send(static_cast<uint16_t>(ipc::Type::kRowMemory), {},
                                      batches_.file(), std::chrono::milliseconds(5'000)));
    while (!heard_.done) {
      REQUIRE_OK_AND_ASSIGN(ipc::Frame frame,
                            worker_.channel().Receive(std::chrono::milliseconds(20'000)));
      Take(std::move(frame));
    }
    heard_.outcome = worker_.Wait(heard_.done, std::chrono::milliseconds(10'000));
    return std::move(heard_);
  }

 private:
  void Take(ipc::Frame frame) {
    const ByteSpan payload = frame.payload;
    switch (static_cast<ipc::Type>(frame.type)) {
      case ipc::Type::kRequest:
        heard_.requests.push_back(*ipc::ParseRequest(payload));
        return Send(heard_.requests.back().ticket, 1, kPageOk, lines_.first);
      case ipc::Type::kNextPage:
        heard_.links.push_back(*ipc::ParseNextPage(payload));
        return Send(heard_.requests.back().ticket, 2, lines_.last_outcome, lines_.last);
      case ipc::Type::kMarks:
        return TakeMarks(*ipc::ParseMarks(payload));
      case ipc::Type::kPageDone:
        return heard_.pages_done.push_back(*ipc::ParsePageDone(payload));
      case ipc::Type::kDatasetState:
        return heard_.states.push_back(*ipc::ParseDatasetState(payload));
      case ipc::Type::kCounts:
        return heard_.counts.push_back(*ipc::ParseCounts(payload));
      case ipc::Type::kLog:
        return heard_.logs.push_back(*ipc::ParseLog(payload));
      case ipc::Type::kBatch:
        return TakeRows(batches_.Rows(payload));
      case ipc::Type::kDone:
        heard_.done = *ipc::ParseDone(payload);
        return;
      default:
        FAIL("unexpected message " << frame.type);
    }
  }

  void TakeMarks(const ipc::Marks& marks) {
    heard_.marks.insert(heard_.marks.end(), marks.records.begin(), marks.records.end());
  }

  void TakeRows(ByteVector payload) {
    heard_.row_bytes.push_back(std::move(payload));
    REQUIRE_OK_AND_ASSIGN(const ipc::Rows rows, ipc::ParseRows(heard_.row_bytes.back()));
    CHECK(rows.dataset == lines_.dataset);
    ipc::Reader in(rows.rows);
    for (uint32_t i = 0; i < rows.count; ++i) {
      ipc::Row row;
      REQUIRE(ipc::ParseRow(in, lines_.columns, row));
      heard_.rows.push_back(std::move(row));
    }
    CHECK(in.Done());
  }

  void Send(uint64_t ticket, uint32_t number, uint32_t outcome, const std::string& text) {
    ipc::Page page;
    page.ticket = ticket;
    page.page = number;
    page.index = number - 1;
    page.outcome = outcome;
    page.http_status = outcome == kPageOk ? 200 : 0;
    page.body_len = text.size();
    page.reason = outcome == kPageOk ? "" : "the link leads elsewhere";
    UniqueFd body;
    if (!text.empty()) {
      REQUIRE_OK_AND_ASSIGN(body, SealedMemfd("body", AsBytes(text), 64));
    }
    REQUIRE_OK(worker_.channel().Send(static_cast<uint16_t>(ipc::Type::kPage), Encode(page),
                                      body.get(), std::chrono::milliseconds(5'000)));
  }

  sandbox::Worker& worker_;
  test::Batches batches_;
  Lines lines_;
  Heard heard_;
};

/// A plugin file as the engine sees it.
inline assess::LoadedPlugin LoadFile(const std::string& path) {
  assess::LoadedPlugin plugin;
  REQUIRE_OK_AND_ASSIGN(const ByteVector file, ReadFile(path));
  REQUIRE_OK_AND_ASSIGN(plugin.image, sandbox::InspectPlugin(file));
  REQUIRE_OK_AND_ASSIGN(plugin.manifest, config::ParseManifest(plugin.image.manifest, path));
  return plugin;
}

/// Runs it in the best tier, to its end.
inline Heard RunScripted(sandbox::Spawner& spawner, const assess::LoadedPlugin& plugin,
                         int64_t now_ms, Script::Lines lines, const ipc::Settings& settings = {}) {
  REQUIRE_OK_AND_ASSIGN(const sandbox::TierReport report, spawner.Probe());
  REQUIRE_OK_AND_ASSIGN(const UniqueFd image, SealedMemfd("plugin", plugin.image.sealed_image));
  sandbox::WorkerSpec spec =
      assess::PluginWorkerSpec(plugin, ipc::Role::kCollector, now_ms, image.get());
  spec.init.datasets.emplace_back(lines.dataset, plugin.manifest.datasets.at(0));
  spec.init.endpoints = plugin.manifest.endpoints;
  spec.init.settings = settings;
  REQUIRE_OK_AND_ASSIGN(const auto worker, spawner.Spawn(spec, report.best));
  CHECK(worker->hello().abi_major == 1);
  CHECK(worker->hello().abi_minor == 0);
  return Script(*worker, std::move(lines)).Play();
}

}  // namespace assay::testing
