// Calls of the host on another thread than the plugin's.
#include "plugin_run.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

/// Runs `call` on a second thread of the plugin, which ends before the plugin goes on.
void Beside(const std::function<void()>& call) { std::thread(call).join(); }

}  // namespace

TEST_CASE("Host: refuses every call on another thread, and names that as the plugin's mistake",
          "[worker]") {
  PluginRun run;
  run.SendPage(1, "{}");
  run.Run([](const Abi& abi) {
    const assay_read_v1_t* read = abi.read();
    const assay_emit_v1_t* emit = abi.emit();
    const assay_log_v1_t* log = abi.log();
    const auto* clock = abi.Get<assay_clock_v1_t>(ASSAY_EXT_CLOCK);
    const auto* cancel = abi.Get<assay_cancel_v1_t>(ASSAY_EXT_CANCEL);
    uint32_t dataset = 0;
    CHECK(emit->dataset(abi.host, Str("user"), &dataset) == ASSAY_OK);
    abi.Request();
    CHECK(abi.Wait().page == 1);
    CHECK(clock->now_ms(abi.host) == 1234);
    Beside([&] {
      const assay_value_t row[] = {TextValue("a"), IntValue(1), kNullValue};
      assay_page_t page{};
      uint64_t ticket = 0;
      CHECK(abi.host->extension(abi.host, Str(ASSAY_EXT_READ)) == nullptr);
      CHECK(read->request(abi.host, Str("users"), nullptr, 0, &ticket) == ASSAY_E_INVALID);
      CHECK(read->wait(abi.host, &page) == ASSAY_E_INVALID);
      CHECK(read->done(abi.host, 1) == ASSAY_E_INVALID);
      CHECK(emit->dataset(abi.host, Str("user"), &dataset) == ASSAY_E_INVALID);
      CHECK(emit->row(abi.host, 7, 1, 0, row, 3) == ASSAY_E_INVALID);
      CHECK(emit->state(abi.host, 7, ASSAY_COMPLETE, ASSAY_REASON_NONE, Str("")) ==
            ASSAY_E_INVALID);
      CHECK(clock->now_ms(abi.host) == 0);
      CHECK(cancel->is_cancelled(abi.host) == 1);
      log->write(abi.host, ASSAY_LOG_INFO, Str("from beside"));
      abi.host->set_error(abi.host, Str("from beside"));
    });
    return ASSAY_OK;
  });
  CHECK(run.Done().status == ASSAY_E_INVALID);
  CHECK_THAT(run.Done().message, Contains("called the host on another thread"));
  CHECK(run.Frames(ipc::Type::kRows).empty());
  CHECK(run.Frames(ipc::Type::kLog).empty());
  CHECK(run.Frames(ipc::Type::kDatasetState).empty());
  CHECK(run.Frames(ipc::Type::kRequest).size() == 1);
  CHECK(run.life.destroyed == 1);
}

TEST_CASE("Host: lets threads that do not call it be", "[worker]") {
  PluginRun run;
  run.Run([](const Abi& abi) {
    int sum = 0;
    Beside([&] { sum = 42; });
    uint32_t dataset = 0;
    CHECK(sum == 42);
    return abi.emit()->dataset(abi.host, Str("user"), &dataset);
  });
  CHECK(run.Done().status == ASSAY_OK);
}
