// assay.emit/1, assay.framework/1 and the life of a plugin, misuse included.
#include "plugin_run.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

std::vector<ipc::DatasetState> States(const PluginRun& run) {
  std::vector<ipc::DatasetState> out;
  for (const auto& payload : run.Frames(ipc::Type::kDatasetState)) {
    REQUIRE_OK_AND_ASSIGN(auto state, ipc::ParseDatasetState(payload));
    out.push_back(state);
  }
  return out;
}

/// Opens page 1, then runs `body`.
void OnPage(PluginRun& run, Body body) {
  run.SendPage(1, "{}");
  run.Run([=](const Abi& abi) {
    abi.Request();
    REQUIRE(abi.Wait().page == 1);
    return body(abi);
  });
}

assay_status_t Row(const Abi& abi, std::vector<assay_value_t> values, uint32_t page = 1,
                   uint32_t record = 0) {
  return abi.emit()->row(abi.host, 7, page, record, values.data(),
                         static_cast<uint32_t>(values.size()));
}

}  // namespace

TEST_CASE("HostEmit: sends rows in batches that say what they hold", "[worker]") {
  PluginRun run;
  constexpr int kRows = 60'000;
  OnPage(run, [](const Abi& abi) {
    uint32_t number = 0;
    REQUIRE(abi.emit()->dataset(abi.host, Str("user"), &number) == ASSAY_OK);
    CHECK(number == 7);
    for (int i = 0; i < kRows; ++i) {
      const std::string id = "user-" + std::to_string(i);
      if (Row(abi, {TextValue(id), IntValue(i % 2), i % 3 == 0 ? kNullValue : IntValue(-i)}, 1,
              static_cast<uint32_t>(i)) != ASSAY_OK)
        return ASSAY_E_INVALID;
    }
    return ASSAY_OK;
  });
  CHECK(run.Done().status == 0);
  const auto frames = run.Frames(ipc::Type::kRows);
  CHECK(frames.size() == 3);
  int seen = 0;
  for (const auto& frame : frames) {
    CHECK(frame.size() < (768u << 10) + 100);
    REQUIRE_OK_AND_ASSIGN(auto rows, ipc::ParseRows(frame));
    CHECK(rows.dataset == 7);
    ipc::Reader in(rows.rows);
    ipc::Row row;
    for (uint32_t i = 0; i < rows.count; ++i, ++seen) {
      REQUIRE(ipc::ParseRow(in, 3, row));
      CHECK(row.record == static_cast<uint32_t>(seen));
      CHECK(row.values[0].text == "user-" + std::to_string(seen));
      CHECK(row.values[2].kind == (seen % 3 == 0 ? 0 : 2));
    }
    CHECK(in.Done());
  }
  CHECK(seen == kRows);
}

TEST_CASE("HostEmit: a row that does not fit behind the others begins a batch", "[worker]") {
  PluginRun run;
  static const std::string kLong(600'000, 'x');
  OnPage(run, [](const Abi& abi) {
    uint32_t number = 0;
    REQUIRE(abi.emit()->dataset(abi.host, Str("user"), &number) == ASSAY_OK);
    for (int i = 0; i < 3; ++i)
      CHECK(Row(abi, {TextValue(kLong), IntValue(1), IntValue(i)}) == ASSAY_OK);
    return ASSAY_OK;
  });
  CHECK(run.Done().status == 0);
  const auto frames = run.Frames(ipc::Type::kRows);
  REQUIRE(frames.size() == 3);
  for (const auto& frame : frames) {
    REQUIRE_OK_AND_ASSIGN(auto rows, ipc::ParseRows(frame));
    CHECK(rows.count == 1);
    ipc::Reader in(rows.rows);
    ipc::Row row;
    REQUIRE(ipc::ParseRow(in, 3, row));
    CHECK(row.values[0].text == kLong);
    CHECK(in.Done());
  }
}

TEST_CASE("HostEmit: refuses rows that do not fit and lowers their dataset", "[worker]") {
  const assay_value_t id = TextValue("u"), yes = IntValue(1);
  assay_value_t reserved = yes, kind = yes, slice = id;
  reserved.reserved = 1;
  kind.kind = 9;
  slice.text = {nullptr, 3};
  static const std::string kLong(900'000, 'x');
  struct Case {
    const char* name;
    std::vector<assay_value_t> values;
    const char* words;
  };
  for (const Case& c :
       std::vector<Case>{{"count", {id, yes}, "user has 3 columns, got 2 values"},
                         {"null key", {kNullValue, yes, yes}, "user.id: key is null"},
                         {"kind", {yes, yes, yes}, "user.id: integer in a text column"},
                         {"text", {id, id, yes}, "user.enabled: text in an integer column"},
                         {"bool", {id, IntValue(2), yes}, "user.enabled: bool is neither 0 nor 1"},
                         {"reserved", {id, reserved, yes}, "reserved field is not 0"},
                         {"unknown kind", {id, kind, yes}, "kind is unknown"},
                         {"null slice", {slice, yes, yes}, "text is a null slice"},
                         {"bytes", {TextValue("\xc0\x80"), yes, yes}, "text is not UTF-8"},
                         {"long", {TextValue(kLong), yes, yes}, "text is too long"}}) {
    DYNAMIC_SECTION(c.name) {
      PluginRun run;
      OnPage(run, [&](const Abi& abi) {
        CHECK(Row(abi, c.values) == ASSAY_E_INVALID);
        CHECK(Row(abi, {TextValue("good"), yes, yes}) == ASSAY_OK);
        return ASSAY_OK;
      });
      CHECK(run.Done().status == 0);
      const auto states = States(run);
      REQUIRE(states.size() == 1);
      CHECK(states[0].completeness == Completeness::kPartial);
      CHECK(states[0].reason == Reason::kPluginFault);
      CHECK_THAT(states[0].detail, Contains(c.words));
    }
  }
}

TEST_CASE("HostEmit: finds a byte that is not text wherever it stands", "[worker]") {
  const assay_value_t yes = IntValue(1);
  PluginRun run;
  OnPage(run, [&](const Abi& abi) {
    for (size_t size : std::vector<size_t>{1, 7, 8, 9, 63, 64, 65, 127, 130, 200}) {
      for (size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = '\xff';
        INFO(size << " bytes, at " << at);
        CHECK(Row(abi, {TextValue(text), yes, yes}) == ASSAY_E_INVALID);
        if (at + 1 < size)
          text.replace(at, 2, "\xc3\xa9");
        else
          text[at] = '\x7f';
        CHECK(Row(abi, {TextValue(text), yes, yes}) == ASSAY_OK);
      }
    }
    return ASSAY_OK;
  });
}

TEST_CASE("HostEmit: takes rows of pages that came and of its datasets only", "[worker]") {
  PluginRun run;
  OnPage(run, [](const Abi& abi) {
    const std::vector<assay_value_t> good{TextValue("u"), IntValue(1), IntValue(1)};
    CHECK(Row(abi, good, 2) == ASSAY_E_INVALID);
    CHECK(Row(abi, good, 0) == ASSAY_E_INVALID);
    CHECK(Row(abi, good, 1, 100'000) == ASSAY_E_INVALID);
    CHECK(Row(abi, good, 1, ASSAY_NO_RECORD) == ASSAY_OK);
    CHECK(abi.emit()->row(abi.host, 8, 1, 0, good.data(), 3) == ASSAY_E_INVALID);
    CHECK(abi.emit()->row(abi.host, 7, 1, 0, nullptr, 3) == ASSAY_E_INVALID);
    abi.read()->done(abi.host, 1);
    CHECK(Row(abi, good) == ASSAY_OK);
    uint32_t number = 0;
    CHECK(abi.emit()->dataset(abi.host, Str("nobody"), &number) == ASSAY_E_NOT_FOUND);
    CHECK(abi.emit()->dataset(abi.host, Str("user"), nullptr) == ASSAY_E_INVALID);
    return ASSAY_OK;
  });
}

TEST_CASE("HostEmit: ends a run over its quota as such, whatever the plugin says", "[worker]") {
  struct Case {
    const char* name;
    WorkerLimits limits;
  };
  Case rows{"rows", {}}, bytes{"row_bytes", {}};
  rows.limits.rows = 2;
  bytes.limits.row_bytes = 90;
  for (const Case& c : {rows, bytes}) {
    DYNAMIC_SECTION(c.name) {
      PluginRun run;
      run.init.limits = c.limits;
      OnPage(run, [](const Abi& abi) {
        assay_status_t last = ASSAY_OK;
        for (int i = 0; i < 5; ++i) last = Row(abi, {TextValue("u"), IntValue(1), IntValue(1)});
        CHECK(last == ASSAY_E_LIMIT);
        return ASSAY_OK;
      });
      CHECK(run.Done().status == ASSAY_E_LIMIT);
      CHECK_THAT(run.Done().message, Contains(std::string(c.name) + ": quota of "));
      CHECK(States(run).at(0).completeness == Completeness::kPartial);
      REQUIRE_OK_AND_ASSIGN(auto sent, ipc::ParseRows(run.Frames(ipc::Type::kRows).at(0)));
      CHECK(sent.count >= 2);
    }
  }
}

TEST_CASE("HostEmit: tells the worst state once", "[worker]") {
  PluginRun run;
  run.Run([](const Abi& abi) {
    const auto state = [&](uint32_t c, uint32_t r, const char* detail) {
      return abi.emit()->state(abi.host, 7, c, r, Str(detail));
    };
    CHECK(state(ASSAY_COMPLETE, ASSAY_REASON_NONE, "") == ASSAY_OK);
    CHECK(state(ASSAY_PARTIAL, ASSAY_REASON_THROTTLED, "page 3\nof 9") == ASSAY_OK);
    CHECK(state(ASSAY_PARTIAL, ASSAY_REASON_PERMISSION, "") == ASSAY_OK);
    CHECK(state(ASSAY_COMPLETE, ASSAY_REASON_NONE, "") == ASSAY_OK);
    CHECK(state(3, ASSAY_REASON_NONE, "") == ASSAY_E_INVALID);
    CHECK(state(ASSAY_PARTIAL, 9, "") == ASSAY_E_INVALID);
    CHECK(state(ASSAY_COMPLETE, ASSAY_REASON_STALE, "") == ASSAY_E_INVALID);
    CHECK(abi.emit()->state(abi.host, 7, 0, 0, {nullptr, 1}) == ASSAY_E_INVALID);
    CHECK(abi.emit()->state(abi.host, 9, 0, 0, {}) == ASSAY_E_INVALID);
    return ASSAY_OK;
  });
  const auto states = States(run);
  REQUIRE(states.size() == 2);
  CHECK(states[0].completeness == Completeness::kComplete);
  CHECK(states[1].reason == Reason::kThrottled);
  CHECK(states[1].detail == "page 3 of 9");
}

TEST_CASE("HostFramework: shows controls with their results and takes one conclusion each",
          "[worker]") {
  PluginRun run(ipc::Role::kFramework);
  CheckResult fail;
  fail.check = "c1";
  fail.verdict = Verdict::kFail;
  fail.fail = 3;
  fail.pass = 2;
  fail.excepted = 1;
  const std::vector<ControlSpec> controls{
      {"A.1", "one", "g", "automated", true, {}, "", "", "", {"c1", "c2"}},
      {"A.2", "two", "g", "manual", false, {}, "", "", "", {}, true}};
  run.Send(ipc::Type::kControls, ipc::EncodeControls("iso", controls));
  run.Send(ipc::Type::kCheckResult, ipc::Encode(fail));
  run.Send(ipc::Type::kConclude, {});
  run.Run([](const Abi& abi) {
    const assay_framework_v1_t* f = abi.framework();
    CHECK(f->control_count(abi.host) == 2);
    const assay_control_t* c = nullptr;
    REQUIRE(f->control(abi.host, 0, &c) == ASSAY_OK);
    CHECK(std::string(c->id.ptr, c->id.len) == "A.1");
    CHECK(c->needs_attestation == 1);
    CHECK(c->attested == 0);
    REQUIRE(c->check_count == 2);
    CHECK(c->checks[0].verdict == ASSAY_VERDICT_FAIL);
    CHECK(c->checks[0].subjects == 5);
    CHECK(c->checks[0].failing == 2);
    CHECK(c->checks[0].excepted == 1);
    CHECK(c->checks[1].verdict == ASSAY_VERDICT_ABSENT);
    REQUIRE(f->control(abi.host, 1, &c) == ASSAY_OK);
    CHECK(c->attested == 1);
    CHECK(f->control(abi.host, 2, &c) == ASSAY_E_NOT_FOUND);
    CHECK(f->control(abi.host, 0, nullptr) == ASSAY_E_INVALID);
    CHECK(f->conclude(abi.host, 0, ASSAY_CONTROL_NOT_SATISFIED, Str("c1 fails")) == ASSAY_OK);
    CHECK(f->conclude(abi.host, 0, ASSAY_CONTROL_SATISFIED, {}) == ASSAY_E_INVALID);
    CHECK(f->conclude(abi.host, 1, 9, {}) == ASSAY_E_INVALID);
    CHECK(f->conclude(abi.host, 5, ASSAY_CONTROL_UNKNOWN, {}) == ASSAY_E_NOT_FOUND);
    CHECK(f->conclude(abi.host, 1, ASSAY_CONTROL_UNCOVERED, {}) == ASSAY_OK);
    CHECK(abi.read() == nullptr);
    CHECK(abi.emit() == nullptr);
    return ASSAY_OK;
  });
  CHECK(run.Done().status == 0);
  REQUIRE_OK_AND_ASSIGN(auto result,
                        ipc::ParseControlResult(run.Frames(ipc::Type::kControlResult).at(0)));
  CHECK(result.framework == "iso");
  CHECK(result.control == "A.1");
  CHECK(result.why == "c1 fails");
}

TEST_CASE("HostFramework: names a control without conclusion", "[worker]") {
  PluginRun run(ipc::Role::kFramework);
  run.Send(ipc::Type::kControls,
           ipc::EncodeControls("iso", {{"A.1", "one", "g", "manual", false, {}, "", "", "", {}}}));
  run.Send(ipc::Type::kConclude, {});
  run.Run([](const Abi&) { return ASSAY_OK; });
  CHECK(run.Done().status == ASSAY_E_INVALID);
  CHECK_THAT(run.Done().message, Contains("control \"A.1\" has no conclusion"));
}

TEST_CASE("HostFramework: ends when cancelled before it concludes", "[worker]") {
  PluginRun run(ipc::Role::kFramework);
  run.Send(ipc::Type::kCancel, {});
  run.Run([](const Abi&) { return ASSAY_OK; });
  CHECK(run.Done().status == ASSAY_E_CANCELLED);
  CHECK(run.life.abi.host == nullptr);
}

TEST_CASE("RunPlugin: keeps the promises about create, run and destroy", "[worker]") {
  SECTION("a failing create is followed by nothing") {
    PluginRun run;
    run.life.create = ASSAY_E_UNSUPPORTED;
    bool ran = false;
    run.Run([&](const Abi&) {
      ran = true;
      return ASSAY_OK;
    });
    CHECK_FALSE(ran);
    CHECK(run.life.destroyed == 0);
    CHECK(run.Done().status == ASSAY_E_UNSUPPORTED);
    CHECK_THAT(run.Done().message, Contains("create returned -7 without a reason"));
  }
  SECTION("a failing run is destroyed and its own words told") {
    PluginRun run;
    run.Run([](const Abi& abi) {
      abi.host->set_error(abi.host, Str("body has\nno value"));
      return ASSAY_E_UNAVAILABLE;
    });
    CHECK(run.life.destroyed == 1);
    CHECK(run.Done().message == "body has no value");
  }
  SECTION("an unknown status is called misbehaviour") {
    for (const assay_status_t odd : {1, -99, 7}) {
      PluginRun run;
      run.Run([&](const Abi&) { return odd; });
      CHECK(run.Done().status == ASSAY_E_INVALID);
      CHECK_THAT(run.Done().message,
                 Contains("plugin misbehaved: run returned " + std::to_string(odd)));
    }
  }
}

TEST_CASE("CheckDescriptor: names the field that differs", "[worker]") {
  REQUIRE_OK(worker::CheckDescriptor(&PluginRun::kPlugin));
  CHECK_FAILS(worker::CheckDescriptor(nullptr), Code::kInvalidInput, "is not exported");
  const auto with = [](auto change) {
    assay_plugin_v1_t p = PluginRun::kPlugin;
    change(p);
    return worker::CheckDescriptor(&p);
  };
  CHECK_FAILS(with([](auto& p) { p.magic = 1; }), Code::kUnsupported, "assay_plugin_v1.magic");
  CHECK_FAILS(with([](auto& p) { p.size = 40; }), Code::kUnsupported, "assay_plugin_v1.size");
  CHECK_FAILS(with([](auto& p) { p.abi_major = 2; }), Code::kUnsupported,
              "abi_major: is 0x2, expected 0x1");
  CHECK_FAILS(with([](auto& p) { p.abi_minor = 1; }), Code::kUnsupported, "abi_minor");
  CHECK_FAILS(with([](auto& p) { p.reserved = 1; }), Code::kUnsupported, "reserved");
  CHECK_FAILS(with([](auto& p) { p.run = nullptr; }), Code::kInvalidInput,
              "assay_plugin_v1.run: is null");
}
