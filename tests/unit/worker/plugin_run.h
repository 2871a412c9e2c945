// Runs a plugin written as a lambda on a thread of its own, with the test in the engine's place.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "assay/cancel.h"
#include "assay/clock.h"
#include "assay/config.h"
#include "assay/emit.h"
#include "assay/framework.h"
#include "assay/log.h"
#include "assay/read.h"
#include "ipc/messages.h"
#include "ipc/row.h"
#include "support/batches.h"
#include "support/matchers.h"
#include "worker/run_plugin.h"

namespace assay::test {

inline assay_str_t Str(std::string_view text) { return {text.data(), text.size()}; }

/// The host and its tables as a plugin sees them.
struct Abi {
  const assay_host_t* host = nullptr;
  template <typename Table>
  const Table* Get(const char* id) const {
    return static_cast<const Table*>(host->extension(host, Str(id)));
  }
  const assay_read_v1_t* read() const { return Get<assay_read_v1_t>(ASSAY_EXT_READ); }
  const assay_emit_v1_t* emit() const { return Get<assay_emit_v1_t>(ASSAY_EXT_EMIT); }
  const assay_log_v1_t* log() const { return Get<assay_log_v1_t>(ASSAY_EXT_LOG); }
  const assay_framework_v1_t* framework() const {
    return Get<assay_framework_v1_t>(ASSAY_EXT_FRAMEWORK);
  }

  uint64_t Request(const char* endpoint = "users", std::vector<assay_param_t> params = {}) const {
    uint64_t ticket = 0;
    const auto status = read()->request(host, Str(endpoint), params.data(),
                                        static_cast<uint32_t>(params.size()), &ticket);
    return status == ASSAY_OK ? ticket : 0;
  }
  assay_page_t Wait() const {
    assay_page_t page{};
    if (read()->wait(host, &page) != ASSAY_OK) page.page = 0;
    return page;
  }
};

inline assay_value_t TextValue(std::string_view text) { return {ASSAY_TEXT, 0, 0, Str(text)}; }
inline assay_value_t IntValue(int64_t value) { return {ASSAY_INT, 0, value, {}}; }
inline const assay_value_t kNullValue{ASSAY_NULL, 0, 0, {}};

using Body = std::function<assay_status_t(const Abi&)>;

/// What the plugin's two other calls do in this test.
struct Life {
  assay_status_t create = ASSAY_OK;
  int destroyed = 0;
  Body run;
  Abi abi;
};

class PluginRun {
 public:
  explicit PluginRun(ipc::Role role = ipc::Role::kCollector) {
    auto pair = ipc::Channel::CreatePair();
    REQUIRE_OK(pair);
    engine_ = std::make_unique<ipc::Channel>(std::move(pair->first));
    worker_end_ = std::make_unique<ipc::Channel>(std::move(pair->second));
    init.role = role;
    init.plugin = "test";
    init.now_ms = 1234;
    DatasetSpec d;
    d.id = "user";
    d.columns = {{"id", ColumnType::kText, false},
                 {"enabled", ColumnType::kBool, false},
                 {"logins", ColumnType::kInt, false}};
    d.key = {"id"};
    init.datasets = {{7, d}};
    EndpointSpec users, resource;
    users.id = "users";
    resource.id = "resource";
    resource.params = {{"guid", ParamType::kGuid}, {"name", ParamType::kSegment}};
    init.endpoints = {users, resource};
  }
  ~PluginRun() {
    engine_->Close();
    if (thread_.joinable()) thread_.join();
  }

  void Start(Body body) {
    life.run = std::move(body);
    // A worker of any other role would call it out of turn.
    if (init.role == ipc::Role::kCollector) Send(ipc::Type::kRowMemory, {}, batches_.file());
    thread_ = std::thread([this] {
      current_ = &life;
      status = worker::RunPlugin(*worker_end_, init, kPlugin);
      worker_end_->Close();
    });
  }
  void Send(ipc::Type type, ByteSpan payload, int fd = -1) {
    REQUIRE_OK(engine_->Send(static_cast<uint16_t>(type), payload, fd));
  }
  /// Sends a page with `body`, as the engine would.
  void SendPage(uint32_t number, const std::string& body, uint64_t ticket = 1, uint32_t index = 0) {
    ipc::Page page{ticket, number, index, ASSAY_PAGE_OK, 200, body.size(), ""};
    if (body.empty()) return Send(ipc::Type::kPage, Encode(page));
    auto memfd = SealedMemfd("body", AsBytes(body), 64);
    REQUIRE_OK(memfd);
    Send(ipc::Type::kPage, Encode(page), memfd->get());
  }
  /// Every frame that the worker sent, to its end. A batch becomes the rows that it announces.
  const std::vector<ipc::Frame>& Finish() {
    for (;;) {
      auto frame = engine_->Receive(std::chrono::milliseconds(20'000));
      if (!frame) break;
      if (frame->type == static_cast<uint16_t>(ipc::Type::kBatch)) {
        frame->payload = batches_.Rows(frame->payload);
        frame->type = static_cast<uint16_t>(ipc::Type::kRows);
      }
      frames_.push_back(std::move(*frame));
    }
    if (thread_.joinable()) thread_.join();
    return frames_;
  }
  const std::vector<ipc::Frame>& Run(Body body) {
    Start(std::move(body));
    return Finish();
  }
  std::vector<ByteVector> Frames(ipc::Type type) const {
    std::vector<ByteVector> out;
    for (const auto& f : frames_)
      if (f.type == static_cast<uint16_t>(type)) out.push_back(f.payload);
    return out;
  }
  ipc::Done Done() const {
    const auto done = Frames(ipc::Type::kDone);
    REQUIRE(done.size() == 1);
    REQUIRE_OK_AND_ASSIGN(auto m, ipc::ParseDone(done[0]));
    return m;
  }
  void CloseEngine() { engine_->Close(); }

  ipc::Init init;
  Life life;
  Status status;

  static const assay_plugin_v1_t kPlugin;

 private:
  static thread_local Life* current_;
  Batches batches_;
  std::unique_ptr<ipc::Channel> engine_, worker_end_;
  std::thread thread_;
  std::vector<ipc::Frame> frames_;
};

inline thread_local Life* PluginRun::current_ = nullptr;
inline const assay_plugin_v1_t PluginRun::kPlugin{
    ASSAY_ABI_MAGIC,
    sizeof(assay_plugin_v1_t),
    ASSAY_ABI_MAJOR,
    ASSAY_ABI_MINOR,
    0,
    [](const assay_host_t* host, void** state) -> assay_status_t {
      current_->abi.host = host;
      *state = current_;
      return current_->create;
    },
    [](void* state) -> assay_status_t {
      auto* life = static_cast<Life*>(state);
      return life->run(life->abi);
    },
    [](void* state) { ++static_cast<Life*>(state)->destroyed; },
    nullptr,
};

}  // namespace assay::test
