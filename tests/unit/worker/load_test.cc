// Loading a real library: the example collector in C, run against a scripted engine in this
// process.
#include "worker/load.h"

#include <filesystem>
#include <thread>

#include "plugin_run.h"
#include "support/batches.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

const std::string kExample = ASSAY_BUILD_DIR "/lib/assay-example/example/example.so";

/// The engine's part of the example's run: pages are sent ahead, frames are taken to the end.
struct ExampleRun {
  std::vector<ipc::Row> rows;
  std::vector<std::string> texts;
  std::vector<ipc::DatasetState> states;
  size_t marks = 0, links = 0;
  ipc::Done done;
};

ipc::Init ExampleInit() {
  ipc::Init init;
  init.plugin = "example";
  DatasetSpec d;
  d.id = "example_sku";
  d.columns = {{"id", ColumnType::kText, false},
               {"part_number", ColumnType::kText, false},
               {"capability_status", ColumnType::kText, false},
               {"consumed_units", ColumnType::kInt, false}};
  d.key = {"id"};
  init.datasets = {{1, d}};
  EndpointSpec e;
  e.id = "graph-subscribed-skus";
  init.endpoints = {e};
  return init;
}

void Note(ExampleRun& out, test::Batches& batches, const ipc::Frame& frame) {
  switch (static_cast<ipc::Type>(frame.type)) {
    case ipc::Type::kMarks:
      ++out.marks;
      break;
    case ipc::Type::kNextPage:
      ++out.links;
      break;
    case ipc::Type::kDatasetState:
      out.states.push_back(*ipc::ParseDatasetState(frame.payload));
      break;
    case ipc::Type::kDone:
      out.done = *ipc::ParseDone(frame.payload);
      break;
    case ipc::Type::kBatch: {
      const ByteVector payload = batches.Rows(frame.payload);
      const auto rows = *ipc::ParseRows(payload);
      ipc::Reader in(rows.rows);
      for (uint32_t i = 0; i < rows.count; ++i) {
        ipc::Row row;
        REQUIRE(ipc::ParseRow(in, 4, row));
        out.texts.emplace_back(row.values[1].text);
        out.rows.push_back(row);
      }
      break;
    }
    default:
      break;
  }
}

ExampleRun RunExample(const std::vector<std::pair<ipc::Page, std::string>>& pages) {
  REQUIRE_OK_AND_ASSIGN(auto plugin, worker::LoadPlugin(kExample));
  auto pair = ipc::Channel::CreatePair();
  REQUIRE_OK(pair);
  for (const auto& [page, body] : pages) {
    UniqueFd memfd;
    if (!body.empty()) {
      auto made = SealedMemfd("body", AsBytes(body), 64);
      REQUIRE_OK(made);
      memfd = std::move(*made);
    }
    REQUIRE_OK(
        pair->first.Send(static_cast<uint16_t>(ipc::Type::kPage), Encode(page), memfd.get()));
  }
  test::Batches batches;
  REQUIRE_OK(pair->first.Send(static_cast<uint16_t>(ipc::Type::kRowMemory), {}, batches.file()));
  const ipc::Init init = ExampleInit();
  std::thread thread([&] {
    (void)worker::RunPlugin(pair->second, init, *plugin.descriptor);
    pair->second.Close();
  });
  ExampleRun out;
  while (auto frame = pair->first.Receive(std::chrono::milliseconds(10'000)))
    Note(out, batches, *frame);
  thread.join();
  return out;
}

std::pair<ipc::Page, std::string> Ok(uint32_t number, const std::string& body) {
  return {{1, number, number - 1, ASSAY_PAGE_OK, 200, body.size(), ""}, body};
}

}  // namespace

TEST_CASE("LoadPlugin: loads a library with the descriptor and names what is wrong with others",
          "[worker]") {
  REQUIRE_OK_AND_ASSIGN(auto plugin, worker::LoadPlugin(kExample));
  CHECK(plugin.descriptor->magic == ASSAY_ABI_MAGIC);
  CHECK(plugin.base != 0);
  CHECK(plugin.base < reinterpret_cast<uintptr_t>(plugin.descriptor));
  CHECK_FAILS(worker::LoadPlugin("/nonexistent/x.so"), Code::kInvalidInput, "plugin: loader: ");
  CHECK_FAILS(worker::LoadPlugin(ASSAY_BUILD_DIR "/build.ninja"), Code::kInvalidInput,
              "plugin: loader: ");
  const auto libm = std::filesystem::exists("/lib/x86_64-linux-gnu/libz.so.1")
                        ? "/lib/x86_64-linux-gnu/libz.so.1"
                        : "/lib/aarch64-linux-gnu/libz.so.1";
  CHECK_FAILS(worker::LoadPlugin(libm), Code::kInvalidInput, "assay_plugin_v1 is not exported");
}

TEST_CASE("RunConstructors: refuses arrays that cannot be one", "[worker]") {
  REQUIRE_OK_AND_ASSIGN(auto plugin, worker::LoadPlugin(kExample));
  ipc::Init init;
  REQUIRE_OK(worker::RunConstructors(plugin, init));
  init.init_array_bytes = 12;
  CHECK_FAILS(worker::RunConstructors(plugin, init), Code::kInvalidInput,
              "constructor array is damaged");
  init.init_array_bytes = uint64_t{1} << 40;
  CHECK_FAILS(worker::RunConstructors(plugin, init), Code::kInvalidInput, "damaged");
  init.init_array_bytes = 8;
  init.init_array_offset = 3;
  CHECK_FAILS(worker::RunConstructors(plugin, init), Code::kInvalidInput, "damaged");
}

TEST_CASE("Example: reads two pages, marks every record and follows the link", "[worker]") {
  const ExampleRun run = RunExample(
      {Ok(1,
          R"({"@odata.context":"x","value":[{"id":"1","skuPartNumber":"E5 \u00e9\ud83d\ude00","consumedUnits":7,)"
          R"("prepaidUnits":{"enabled":25,"list":["]","}"]},"capabilityStatus":"Enabled"}, {"id":"2","appliesTo":"User"}],)"
          R"("@odata.nextLink":"https:\/\/graph\/next"})"),
       Ok(2, R"({"value":[{"id":"3","skuPartNumber":"P2","consumedUnits":-1}]})")});
  CHECK(run.done.status == 0);
  CHECK(run.marks == 3);
  CHECK(run.links == 1);
  REQUIRE(run.rows.size() == 3);
  CHECK(run.texts[0] == "E5 \xc3\xa9\xf0\x9f\x98\x80");
  CHECK(run.rows[0].values[3].integer == 7);
  CHECK(run.rows[1].values[1].kind == ASSAY_NULL);
  CHECK(run.rows[2].page == 2);
  CHECK(run.rows[2].record == 0);
  REQUIRE(run.states.size() == 1);
  CHECK(run.states[0].completeness == Completeness::kComplete);
}

TEST_CASE("Example: never calls a dataset complete that it could not read", "[worker]") {
  struct Case {
    const char* name;
    std::pair<ipc::Page, std::string> page;
    Completeness completeness;
    Reason reason;
  };
  for (const Case& c :
       std::vector<Case>{{"forbidden",
                          {{1, 1, 0, ASSAY_PAGE_HTTP_ERROR, 403, 2, ""}, "{}"},
                          Completeness::kUnavailable,
                          Reason::kPermission},
                         {"throttled",
                          {{1, 1, 0, ASSAY_PAGE_HTTP_ERROR, 429, 0, ""}, ""},
                          Completeness::kUnavailable,
                          Reason::kThrottled},
                         {"no answer",
                          {{1, 1, 0, ASSAY_PAGE_UNAVAILABLE, 0, 0, "cut"}, ""},
                          Completeness::kUnavailable,
                          Reason::kUnavailable},
                         {"cut JSON", Ok(1, R"({"value":[{"id":"1"},{"id":)"),
                          Completeness::kPartial, Reason::kPluginFault},
                         {"no JSON", Ok(1, "<html>"), Completeness::kPartial, Reason::kPluginFault},
                         {"open string", Ok(1, "{\"value\":[{\"id\":\"\\"), Completeness::kPartial,
                          Reason::kPluginFault},
                         {"bad escape", Ok(1, R"({"value":[{"id":"\ud800"}]})"),
                          Completeness::kPartial, Reason::kPluginFault},
                         {"deep", Ok(1, "{\"x\":" + std::string(500, '[') + "}"),
                          Completeness::kPartial, Reason::kPluginFault},
                         {"no id", Ok(1, R"({"value":[{"skuPartNumber":"x"}]})"),
                          Completeness::kPartial, Reason::kPluginFault}}) {
    DYNAMIC_SECTION(c.name) {
      const ExampleRun run = RunExample({c.page});
      REQUIRE_FALSE(run.states.empty());
      CHECK(run.states[0].completeness == c.completeness);
      CHECK(run.states[0].reason == c.reason);
    }
  }
}
