// The framework plugin behind its C border, with a host made for the test.
#include "assay/plugin.h"

#include <map>
#include <string>
#include <vector>

#include "assay/framework.h"
#include "support/matchers.h"

namespace {

/// A host with a few controls; keeps what the plugin concludes.
struct FakeHost {
  assay_host_t host{};
  assay_framework_v1_t table{};
  std::vector<assay_control_t> controls;
  std::map<uint32_t, std::pair<uint32_t, std::string>> concluded;
  std::string error;
  bool offers = true;
  assay_status_t answer = ASSAY_OK;

  FakeHost() {
    host.size = sizeof host;
    host.abi_major = ASSAY_ABI_MAJOR;
    host.impl = this;
    host.extension = [](const assay_host_t* h, assay_str_t id) -> const void* {
      FakeHost* self = Self(h);
      bool wanted = std::string_view(id.ptr, id.len) == ASSAY_EXT_FRAMEWORK;
      return self->offers && wanted ? &self->table : nullptr;
    };
    host.set_error = [](const assay_host_t* h, assay_str_t text) {
      Self(h)->error.assign(text.ptr, text.len);
    };
    table.control_count = [](const assay_host_t* h) {
      return static_cast<uint32_t>(Self(h)->controls.size());
    };
    table.control = [](const assay_host_t* h, uint32_t index,
                       const assay_control_t** out) -> assay_status_t {
      *out = &Self(h)->controls.at(index);
      return ASSAY_OK;
    };
    table.conclude = [](const assay_host_t* h, uint32_t index, uint32_t state, assay_str_t why) {
      Self(h)->concluded[index] = {state, std::string(why.ptr, why.len)};
      return Self(h)->answer;
    };
  }
  static FakeHost* Self(const assay_host_t* h) { return static_cast<FakeHost*>(h->impl); }

  assay_status_t Run() {
    void* state = nullptr;
    REQUIRE(assay_plugin_v1.create(&host, &state) == ASSAY_OK);
    assay_status_t status = assay_plugin_v1.run(state);
    assay_plugin_v1.destroy(state);
    return status;
  }
};

constexpr assay_mapped_check_t kFailing = {{"check-a", 7}, ASSAY_VERDICT_FAIL, 0, 9, 2, 0};

}  // namespace

TEST_CASE("FrameworkPlugin: Exports version 1 of the border") {
  CHECK(assay_plugin_v1.magic == ASSAY_ABI_MAGIC);
  CHECK(assay_plugin_v1.size == sizeof(assay_plugin_v1_t));
  CHECK(assay_plugin_v1.abi_major == ASSAY_ABI_MAJOR);
}

TEST_CASE("FrameworkPlugin: Concludes once on every control") {
  FakeHost host;
  host.controls = {{{"A.5.1", 5}, {"t", 1}, 1, 0, nullptr, 0},
                   {{"A.8.5", 5}, {"t", 1}, 0, 0, &kFailing, 1}};
  CHECK(host.Run() == ASSAY_OK);
  REQUIRE(host.concluded.size() == 2);
  CHECK(host.concluded[0].first == ASSAY_CONTROL_UNCOVERED);
  CHECK(host.concluded[1].first == ASSAY_CONTROL_NOT_SATISFIED);
  CHECK(host.concluded[1].second == "1 of 1 checks failing on 2 subjects: check-a");
}

TEST_CASE("FrameworkPlugin: Says what is missing when the host offers no frameworks") {
  FakeHost host;
  host.offers = false;
  CHECK(host.Run() == ASSAY_E_UNSUPPORTED);
  CHECK_THAT(host.error, Catch::Matchers::Contains("assay.framework/1"));
}

TEST_CASE("FrameworkPlugin: Stops when the host takes no conclusion") {
  FakeHost host;
  host.controls = {{{"A.5.1", 5}, {"t", 1}, 1, 0, nullptr, 0},
                   {{"A.5.2", 5}, {"t", 1}, 1, 0, nullptr, 0}};
  host.answer = ASSAY_E_LIMIT;
  CHECK(host.Run() == ASSAY_E_LIMIT);
  CHECK(host.concluded.size() == 1);
  CHECK_THAT(host.error, Catch::Matchers::Contains("conclude 0"));
}
