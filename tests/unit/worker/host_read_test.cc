// assay.read/1, assay.log/1, assay.clock/1 and assay.cancel/1 as a plugin meets them, misuse
// included.
#include "plugin_run.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kGuid = "00000000-0000-0000-0000-00000000000a";

/// Runs `call` in a plugin that ignores its failure; the host's last error then is the run's.
struct Refusal {
  assay_status_t status = ASSAY_OK;
  std::string why;
};

Refusal Try(std::function<assay_status_t(const Abi&)> call,
            std::function<void(PluginRun&)> before = {}) {
  PluginRun run;
  if (before) before(run);
  Refusal r;
  run.Run([&](const Abi& abi) {
    r.status = call(abi);
    return ASSAY_E_UNAVAILABLE;  // so that kDone tells the last error
  });
  r.why = run.Done().message;
  return r;
}

assay_status_t Request(const Abi& abi, const char* id, std::vector<assay_param_t> params) {
  uint64_t ticket = 0;
  return abi.read()->request(abi.host, Str(id), params.data(), static_cast<uint32_t>(params.size()),
                             &ticket);
}

/// Calls with page 1 open, whose body is `{"value":[1,2],"@odata.nextLink":"x"}`.
Refusal TryOnPage(std::function<assay_status_t(const Abi&)> call) {
  return Try(
      [=](const Abi& abi) {
        REQUIRE(abi.Request() == 1);
        REQUIRE(abi.Wait().page == 1);
        return call(abi);
      },
      [](PluginRun& run) { run.SendPage(1, R"({"value":[1,2],"@odata.nextLink":"x"})"); });
}

}  // namespace

TEST_CASE("HostRead: carries a read from request to done", "[worker]") {
  PluginRun run;
  const std::string body = R"({"value":[{"id":1},{"id":2}],"@odata.nextLink":"https://x"})";
  run.SendPage(1, body);
  run.SendPage(2, "", 1, 1);
  std::string seen;
  bool padded = true;
  run.Run([&](const Abi& abi) {
    const assay_read_v1_t* read = abi.read();
    REQUIRE(abi.Request() == 1);
    assay_page_t page = abi.Wait();
    seen.assign(page.body, page.body_len);
    for (int i = 0; i < 64; ++i) padded &= page.body[page.body_len + static_cast<uint64_t>(i)] == 0;
    const assay_range_t records[] = {{10, 8}, {19, 8}};
    CHECK(read->mark(abi.host, 1, records, 1) == ASSAY_OK);
    CHECK(read->mark(abi.host, 1, records + 1, 1) == ASSAY_OK);
    CHECK(read->next(abi.host, 1, 47, 11) == ASSAY_OK);
    CHECK(read->done(abi.host, 1) == ASSAY_OK);
    page = abi.Wait();
    CHECK(page.page == 2);
    CHECK(page.index == 1);
    CHECK(page.body_len == 0);
    CHECK(page.body != nullptr);
    CHECK(read->done(abi.host, 2) == ASSAY_OK);
    CHECK(read->wait(abi.host, &page) == ASSAY_END);
    return ASSAY_OK;
  });
  CHECK(seen == body);
  CHECK(padded);
  CHECK(run.Done().status == 0);
  CHECK(run.life.destroyed == 1);
  REQUIRE_OK_AND_ASSIGN(auto request, ipc::ParseRequest(run.Frames(ipc::Type::kRequest).at(0)));
  CHECK(request.endpoint == "users");
  REQUIRE_OK_AND_ASSIGN(auto marks, ipc::ParseMarks(run.Frames(ipc::Type::kMarks).at(1)));
  CHECK(marks.records.at(0).offset == 19);
  REQUIRE_OK_AND_ASSIGN(auto next, ipc::ParseNextPage(run.Frames(ipc::Type::kNextPage).at(0)));
  CHECK(next.link.length == 11);
  CHECK(run.Frames(ipc::Type::kPageDone).size() == 2);
}

TEST_CASE("HostRead: shows an error page with its reason", "[worker]") {
  PluginRun run;
  run.Send(ipc::Type::kPage,
           Encode(ipc::Page{1, 1, 0, ASSAY_PAGE_REFUSED, 0, 0, "link leaves the host"}));
  run.Run([&](const Abi& abi) {
    abi.Request();
    const assay_page_t page = abi.Wait();
    CHECK(page.outcome == ASSAY_PAGE_REFUSED);
    CHECK(std::string(page.reason.ptr, page.reason.len) == "link leaves the host");
    return ASSAY_OK;
  });
  CHECK(run.Done().status == 0);
}

TEST_CASE("HostRead: refuses requests that do not fit their endpoint", "[worker]") {
  struct Case {
    const char* name;
    const char* endpoint;
    std::vector<assay_param_t> params;
    assay_status_t status;
    const char* words;
  };
  const assay_param_t guid{Str("guid"), Str(kGuid)}, name{Str("name"), Str("vm-1")};
  for (const Case& c : std::vector<Case>{
           {"unknown endpoint", "mail", {}, ASSAY_E_NOT_FOUND, "\"mail\" is not granted"},
           {"missing", "resource", {guid}, ASSAY_E_INVALID, "\"name\" is missing"},
           {"unknown", "users", {guid}, ASSAY_E_INVALID, "\"guid\" is unknown"},
           {"twice", "resource", {guid, guid}, ASSAY_E_INVALID, "stands twice"},
           {"no guid",
            "resource",
            {{Str("guid"), Str("x")}, name},
            ASSAY_E_INVALID,
            "is not a GUID"},
           {"path",
            "resource",
            {guid, {Str("name"), Str("a/b")}},
            ASSAY_E_INVALID,
            "not one path segment"},
           {"dots",
            "resource",
            {guid, {Str("name"), Str("..")}},
            ASSAY_E_INVALID,
            "not one path segment"},
           {"line",
            "resource",
            {guid, {Str("name"), Str("a\r\nb")}},
            ASSAY_E_INVALID,
            "control characters"},
           {"bytes", "resource", {guid, {Str("name"), Str("\xff")}}, ASSAY_E_INVALID, "not UTF-8"},
           {"empty", "resource", {guid, {Str("name"), {}}}, ASSAY_E_INVALID, "empty"},
           {"null",
            "resource",
            {guid, {Str("name"), {nullptr, 4}}},
            ASSAY_E_INVALID,
            "null slice"}}) {
    DYNAMIC_SECTION(c.name) {
      const Refusal r = Try([&](const Abi& abi) { return Request(abi, c.endpoint, c.params); });
      CHECK(r.status == c.status);
      CHECK_THAT(r.why, Contains(c.words));
    }
  }
}

TEST_CASE("HostRead: refuses null arguments and hosts that are not its own", "[worker]") {
  CHECK(Try([](const Abi& a) {
          return a.read()->request(a.host, Str("users"), nullptr, 0, nullptr);
        }).status == ASSAY_E_INVALID);
  CHECK(Try([](const Abi& a) {
          uint64_t t = 0;
          return a.read()->request(a.host, Str("users"), nullptr, 3, &t);
        }).status == ASSAY_E_INVALID);
  CHECK(Try([](const Abi& a) { return a.read()->wait(a.host, nullptr); }).status ==
        ASSAY_E_INVALID);
  CHECK(Try([](const Abi& a) { return a.read()->done(nullptr, 1); }).status == ASSAY_E_INVALID);
  CHECK(Try([](const Abi& a) {
          const assay_host_t copy = *a.host;
          return a.read()->done(&copy, 1);
        }).status == ASSAY_E_INVALID);
  Try([](const Abi& a) {
    CHECK(a.host->extension(a.host, Str("assay.read/2")) == nullptr);
    CHECK(a.host->extension(a.host, {nullptr, 5}) == nullptr);
    CHECK(a.host->extension(nullptr, Str(ASSAY_EXT_READ)) == nullptr);
    CHECK(a.framework() == nullptr);
    a.host->set_error(nullptr, Str("x"));
    return ASSAY_OK;
  });
}

TEST_CASE("HostRead: holds marks and links to the body", "[worker]") {
  const auto mark = [](std::vector<assay_range_t> ranges) {
    return TryOnPage([=](const Abi& a) {
             return a.read()->mark(a.host, 1, ranges.data(), static_cast<uint32_t>(ranges.size()));
           })
        .status;
  };
  CHECK(mark({{10, 1}, {12, 1}}) == ASSAY_OK);
  CHECK(mark({{12, 1}, {10, 1}}) == ASSAY_E_INVALID);
  CHECK(mark({{10, 5}, {12, 1}}) == ASSAY_E_INVALID);
  CHECK(mark({{10, 0}}) == ASSAY_E_INVALID);
  CHECK(mark({{36, 2}}) == ASSAY_E_INVALID);
  CHECK(mark({{~0ull, 2}}) == ASSAY_E_INVALID);
  CHECK(mark({{1, ~0ull}}) == ASSAY_E_INVALID);
  const auto next = [](uint64_t offset, uint64_t length) {
    return TryOnPage([=](const Abi& a) { return a.read()->next(a.host, 1, offset, length); })
        .status;
  };
  CHECK(next(33, 3) == ASSAY_OK);
  CHECK(next(0, 1) == ASSAY_E_INVALID);
  CHECK(next(35, 3) == ASSAY_E_INVALID);
  CHECK(next(~0ull, 3) == ASSAY_E_INVALID);
  CHECK(next(3, ~0ull) == ASSAY_E_INVALID);
  const Refusal twice = TryOnPage([](const Abi& a) {
    a.read()->next(a.host, 1, 33, 3);
    return a.read()->next(a.host, 1, 33, 3);
  });
  CHECK_THAT(twice.why, Contains("was continued already"));
}

TEST_CASE("HostRead: tells the engine once of marks that do not hold", "[worker]") {
  PluginRun run;
  run.SendPage(1, R"({"value":[1,2],"@odata.nextLink":"x"})");
  run.Run([](const Abi& abi) {
    abi.Request();
    abi.Wait();
    const assay_range_t good[] = {{10, 1}, {12, 1}}, bad[] = {{14, 2}, {10, 1}};
    CHECK(abi.read()->mark(abi.host, 1, good, 1) == ASSAY_OK);
    for (int i = 0; i < 3; ++i) CHECK(abi.read()->mark(abi.host, 1, bad, 2) == ASSAY_E_INVALID);
    CHECK(abi.read()->mark(abi.host, 1, good + 1, 1) == ASSAY_OK);
    return ASSAY_OK;
  });
  std::vector<uint64_t> lengths;
  for (const auto& frame : run.Frames(ipc::Type::kMarks)) {
    REQUIRE_OK_AND_ASSIGN(auto marks, ipc::ParseMarks(frame));
    for (const auto& record : marks.records) lengths.push_back(record.length);
  }
  CHECK(lengths == std::vector<uint64_t>{1, 0, 1});
}

TEST_CASE("HostRead: knows no page before it came or after it went", "[worker]") {
  for (auto call : std::vector<std::function<assay_status_t(const Abi&)>>{
           [](const Abi& a) { return a.read()->done(a.host, 2); },
           [](const Abi& a) {
             a.read()->done(a.host, 1);
             return a.read()->done(a.host, 1);
           },
           [](const Abi& a) {
             a.read()->done(a.host, 1);
             const assay_range_t r{1, 1};
             return a.read()->mark(a.host, 1, &r, 1);
           },
           [](const Abi& a) {
             a.read()->done(a.host, 1);
             return a.read()->next(a.host, 1, 1, 3);
           }}) {
    const Refusal r = TryOnPage(call);
    CHECK(r.status == ASSAY_E_INVALID);
    CHECK_THAT(r.why, Contains("is not open"));
  }
}

TEST_CASE("HostRead: keeps to its quotas", "[worker]") {
  SECTION("outstanding tickets may be asked for again later") {
    PluginRun run;
    run.init.limits.outstanding = 2;
    run.SendPage(1, "{}");
    run.Run([](const Abi& abi) {
      CHECK(abi.Request() == 1);
      CHECK(abi.Request() == 2);
      CHECK(Request(abi, "users", {}) == ASSAY_E_LIMIT);
      const assay_page_t page = abi.Wait();
      CHECK(Request(abi, "users", {}) == ASSAY_E_LIMIT);  // the engine holds its body still
      CHECK(abi.read()->done(abi.host, page.page) == ASSAY_OK);
      CHECK(abi.Request() == 3);
      return ASSAY_OK;
    });
    CHECK(run.Done().status == 0);
  }
  SECTION("a run that used up its reads does not end well") {
    PluginRun run;
    run.init.limits.reads = 1;
    run.Run([](const Abi& abi) {
      CHECK(abi.Request() == 1);
      CHECK(Request(abi, "users", {}) == ASSAY_E_LIMIT);
      return ASSAY_OK;
    });
    CHECK(run.Done().status == ASSAY_E_LIMIT);
    CHECK(run.Done().message == "reads: quota of 1 is used up");
  }
  SECTION("records of a body") {
    PluginRun run;
    run.init.limits.records_per_body = 1;
    run.SendPage(1, "[1,2]");
    run.Run([](const Abi& abi) {
      abi.Request();
      abi.Wait();
      const assay_range_t r[] = {{1, 1}, {3, 1}};
      CHECK(abi.read()->mark(abi.host, 1, r, 2) == ASSAY_E_LIMIT);
      return ASSAY_OK;
    });
  }
}

TEST_CASE("HostRead: gives up when the engine breaks the rules or goes away", "[worker]") {
  SECTION("a body without its descriptor") {
    PluginRun run;
    run.Send(ipc::Type::kPage, Encode(ipc::Page{1, 1, 0, 0, 200, 10, ""}));
    run.Run([](const Abi& abi) {
      abi.Request();
      assay_page_t page{};
      return abi.read()->wait(abi.host, &page);
    });
    CHECK_THAT(run.Done().message, Contains("broken page"));
  }
  SECTION("a message out of turn") {
    PluginRun run;
    run.Send(ipc::Type::kRows, {});
    run.Run([](const Abi& abi) {
      abi.Request();
      assay_page_t page{};
      CHECK(abi.read()->wait(abi.host, &page) == ASSAY_E_INTERNAL);
      return abi.read()->wait(abi.host, &page);
    });
    CHECK_FAILS(run.status, Code::kCorrupt, "message 16 out of turn");
  }
  SECTION("no engine any more") {
    PluginRun run;
    run.Start([](const Abi& abi) {
      abi.Request();
      assay_page_t page{};
      CHECK(abi.read()->wait(abi.host, &page) == ASSAY_E_INTERNAL);
      CHECK(Request(abi, "users", {}) == ASSAY_E_INTERNAL);
      return ASSAY_OK;
    });
    run.CloseEngine();
    run.Finish();
    CHECK_FAILS(run.status, Code::kUnavailable, "peer closed");
  }
}

TEST_CASE("HostCancel: ends waits and shows when asked", "[worker]") {
  PluginRun run;
  run.SendPage(1, "{}");
  run.Send(ipc::Type::kCancel, {});
  run.Run([](const Abi& abi) {
    const auto* cancel = abi.Get<assay_cancel_v1_t>(ASSAY_EXT_CANCEL);
    abi.Request();
    CHECK(cancel->is_cancelled(abi.host) == 1);
    CHECK(cancel->is_cancelled(nullptr) == 1);
    assay_page_t page{};
    CHECK(Request(abi, "users", {}) == ASSAY_E_CANCELLED);
    return abi.read()->wait(abi.host, &page);
  });
  CHECK(run.Done().status == ASSAY_E_CANCELLED);
}

TEST_CASE("HostCancel: keeps pages that came while it looked", "[worker]") {
  PluginRun run;
  run.SendPage(1, "{}");
  run.Run([](const Abi& abi) {
    abi.Request();
    CHECK(abi.Get<assay_cancel_v1_t>(ASSAY_EXT_CANCEL)->is_cancelled(abi.host) == 0);
    CHECK(abi.Wait().page == 1);
    return ASSAY_OK;
  });
  CHECK(run.Done().status == 0);
}

TEST_CASE("HostClock: gives the evidence's time", "[worker]") {
  PluginRun run;
  int64_t now = 0;
  run.Run([&](const Abi& abi) {
    now = abi.Get<assay_clock_v1_t>(ASSAY_EXT_CLOCK)->now_ms(abi.host);
    return ASSAY_OK;
  });
  CHECK(now == 1234);
}

TEST_CASE("HostConfig: gives the values of a setting in order, then its end", "[worker]") {
  PluginRun run;
  run.init.settings = {{"azure.subscriptions", {"a", "b c"}}};
  std::vector<std::string> values;
  assay_status_t after = ASSAY_OK, unknown = ASSAY_OK, null = ASSAY_OK;
  run.Run([&](const Abi& abi) {
    const auto* config = abi.Get<assay_config_v1_t>(ASSAY_EXT_CONFIG);
    assay_str_t value{};
    const assay_str_t key = Str(ASSAY_CONFIG_SUBSCRIPTIONS);
    for (uint32_t i = 0; i < 2; ++i)
      if (config->text(abi.host, key, i, &value) == ASSAY_OK)
        values.emplace_back(value.ptr, value.len);
    after = config->text(abi.host, key, 2, &value);
    unknown = config->text(abi.host, Str("azure.unknown"), 0, &value);
    null = config->text(abi.host, key, 0, nullptr);
    return ASSAY_OK;
  });
  CHECK(values == std::vector<std::string>{"a", "b c"});
  CHECK(after == ASSAY_END);
  CHECK(unknown == ASSAY_END);
  CHECK(null == ASSAY_E_INVALID);
}

TEST_CASE("HostLog: cuts lines and drops what exceeds the quota", "[worker]") {
  PluginRun run;
  run.init.limits.log_bytes = 3000;
  run.Run([](const Abi& abi) {
    abi.log()->write(abi.host, 99, Str("first\nline"));
    for (int i = 0; i < 10; ++i)
      abi.log()->write(abi.host, ASSAY_LOG_INFO, Str(std::string(2000, 'x')));
    abi.log()->write(abi.host, ASSAY_LOG_INFO, {nullptr, 7});
    abi.log()->write(nullptr, ASSAY_LOG_INFO, Str("x"));
    return ASSAY_OK;
  });
  const auto lines = run.Frames(ipc::Type::kLog);
  REQUIRE(lines.size() == 4);
  REQUIRE_OK_AND_ASSIGN(auto first, ipc::ParseLog(lines[0]));
  CHECK(first.severity == ASSAY_LOG_HOST_MISBEHAVING);
  CHECK(first.line == "first line");
  REQUIRE_OK_AND_ASSIGN(auto last, ipc::ParseLog(lines[3]));
  CHECK_THAT(last.line, Contains("quota is used up"));
  size_t bytes = 0;
  for (const auto& line : lines) bytes += line.size() - 5;
  CHECK(bytes <= 3000);
}
