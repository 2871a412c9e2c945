// Reads of Graph that go in one request: the form of it, what is taken from its answer, and that
// each read stays one of its own whatever the service makes of the whole.
#include "broker/graph_batch.h"

#include "assay/read.h"
#include "base/text.h"
#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

constexpr char kGuid[] = "00000000-0000-4000-8000-00000000000a";

Url At(const std::string& path, const std::string& query = "") {
  Url url;
  url.tls = true;
  url.host = "graph.microsoft.com";
  url.port = 443;
  url.path = path;
  url.query = query;
  return url;
}

HttpAnswer Whole(const std::string& body) {
  HttpAnswer out;
  out.head.status = 200;
  out.head.fields = {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  out.body.assign(body.begin(), body.end());
  return out;
}

HttpRequest Request(const std::string& path, std::string_view body) {
  HttpRequest out;
  out.method = "POST";
  out.url = At(path);
  out.body = body;
  return out;
}

std::string Responses(const std::string& inside) { return "{\"responses\":[" + inside + "]}"; }

std::string Ok(const std::string& id, const std::string& body = "{}") {
  return "{\"id\":\"" + id + "\",\"status\":200,\"body\":" + body + "}";
}

/// The value of every `"key":"value"` in a batch's body.
std::vector<std::string> ValuesOf(const std::string& text, const std::string& key) {
  std::vector<std::string> out;
  const std::string mark = "\"" + key + "\":\"";
  for (size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
    const size_t start = at + mark.size();
    out.push_back(text.substr(start, text.find('"', start) - start));
  }
  return out;
}

bool IsBatchRequest(const std::string& request) {
  return request.starts_with("POST /v1.0/$batch HTTP/1.1\r\n");
}

EndpointSpec Owners() {
  EndpointSpec spec;
  spec.id = "graph-group-owners";
  spec.version = "v1.0";
  spec.path = "/groups/{id}/owners";
  spec.query = {{"$select", "id"}};
  spec.params = {{"id", ParamType::kSegment}};
  spec.paging = Paging::kOdata;
  spec.permission = "GroupMember.Read.All";
  return spec;
}

/// A tenant whose one connection is kept busy by a first read while others come to wait. `whole`
/// answers batches; what is asked for alone gets its own path back.
class Waiting {
 public:
  using Script = ScriptedServer::Script;

  explicit Waiting(Script whole)
      : tenant([this, whole = std::move(whole)](const std::string& request) {
          if (IsBatchRequest(request)) return whole(request);
          const std::string path = request.substr(4, request.find(' ', 4) - 4);
          Reply reply = alone(path);
          if (path.find("/first/") != path.npos) reply.delay_ms = 250;
          return reply;
        }) {
    tenant.options.graph_batch = true;
    tenant.options.concurrency = 1;
    tenant.options.on_access = [this](const AccessRecord& record) {
      const std::lock_guard lock(mutex_);
      rows_.push_back(record);
    };
  }

  /// By the group's name.
  std::map<std::string, ReadResult> Read(size_t count) {
    Inbox inbox;
    Broker& broker = tenant.Get();
    REQUIRE(broker.Start(Owners(), {{"id", "first"}}, inbox.Slot()));
    while (tenant.ApiRequests().empty()) std::this_thread::yield();
    for (size_t i = 0; i < count; ++i) {
      const auto started = broker.Start(Owners(), {{"id", "g" + std::to_string(i)}}, inbox.Slot());
      REQUIRE(started);
      reads["g" + std::to_string(i)] = *started;
    }
    std::map<std::string, ReadResult> out;
    for (size_t i = 0; i <= count; ++i) {
      ReadResult result = inbox.Take();
      const size_t start = result.record.url.find("/groups/") + 8;
      const std::string name =
          result.record.url.substr(start, result.record.url.find('/', start) - start);
      REQUIRE(out.emplace(name, std::move(result)).second);
    }
    out.erase("first");
    return out;
  }
  std::vector<std::string> Batches() const { return Of(true); }
  /// What was asked for alone after the first.
  std::vector<std::string> Alone() const {
    auto out = Of(false);
    out.erase(out.begin());
    return out;
  }
  std::vector<AccessRecord> rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }

  Script alone = [](const std::string& path) {
    return Answer(200, "{\"alone\":\"" + path + "\"}");
  };
  FakeTenant tenant;
  std::map<std::string, uint64_t> reads;

 private:
  std::vector<std::string> Of(bool batch) const {
    std::vector<std::string> out;
    for (const std::string& request : tenant.ApiRequests())
      if (IsBatchRequest(request) == batch) out.push_back(request);
    return out;
  }

  mutable std::mutex mutex_;
  std::vector<AccessRecord> rows_;
};

/// Answers every part with its own address, the last one first.
Reply Echo(const std::string& request) {
  const auto ids = ValuesOf(request, "id"), urls = ValuesOf(request, "url");
  std::string out;
  for (size_t i = ids.size(); i-- > 0;)
    out += (out.empty() ? "" : ",") + Ok(ids[i], "{ \"at\" : \"" + urls[i] + "\"}");
  return Answer(200, Responses(out));
}

void CheckAllAlone(const Waiting& waiting, const std::map<std::string, ReadResult>& got) {
  CHECK(waiting.Alone().size() == got.size());
  for (const auto& [name, page] : got) {
    CHECK(page.outcome == ASSAY_PAGE_OK);
    CHECK(AsText(page.body) == "{\"alone\":\"/v1.0/groups/" + name + "/owners?$select=id\"}");
    CHECK(page.record.batch.empty());
    CHECK(page.record.attempts == 2);
  }
}

}  // namespace

TEST_CASE("Batch: holds GETs of one version and nothing else [CL-9]", "[broker][batch]") {
  const Url to = BatchUrl(At("/v1.0/groups/a/owners", "$select=id"));
  CHECK(to.path == "/v1.0/$batch");
  CHECK(to.query.empty());
  REQUIRE_OK_AND_ASSIGN(const std::string body,
                        WriteBatch(to, {{At("/v1.0/groups/a/owners", "$select=id"), kGuid},
                                        {At("/v1.0/groups/b/owners"), kGuid}}));
  CHECK(body ==
        R"({"requests":[{"headers":{"client-request-id":"00000000-0000-4000-8000-00000000000a"},)"
        R"("id":"1","method":"GET","url":"/groups/a/owners?$select=id"},)"
        R"({"headers":{"client-request-id":"00000000-0000-4000-8000-00000000000a"},)"
        R"("id":"2","method":"GET","url":"/groups/b/owners"}]})");
  CHECK_FAILS(WriteBatch(to, {{At("/beta/groups/a/owners"), kGuid}}), Code::kDenied, "version");
  Url other = At("/v1.0/groups/a/owners");
  other.host = "graph.example";
  CHECK_FAILS(WriteBatch(to, {{other, kGuid}}), Code::kDenied, "another service");
  CHECK_FAILS(WriteBatch(to, {{At("/v1.0/a\"}],\"b"), kGuid}}), Code::kDenied, "no place");
  CHECK_FAILS(WriteBatch(to, {{At("/v1.0/a"), "not a guid"}}), Code::kDenied, "no place");
  CHECK_FAILS(WriteBatch(to, {{At("/v1.0/$batch"), kGuid}}), Code::kDenied, "no place");
  CHECK_FAILS(WriteBatch(to, {}), Code::kDenied, "no place");
  CHECK_FAILS(WriteBatch(to, std::vector<BatchPart>(21, {At("/v1.0/a"), kGuid})), Code::kDenied,
              "no place");
}

TEST_CASE("Batch: the gate refuses every other body and address [CL-9]", "[broker][batch]") {
  const Cloud cloud = *BuiltInCloud("global");
  const Url to = At("/v1.0/$batch");
  REQUIRE_OK_AND_ASSIGN(const std::string good, WriteBatch(to, {{At("/v1.0/users/x"), kGuid}}));
  REQUIRE_OK(CheckBatch(cloud, Request("/v1.0/$batch", good)));
  REQUIRE_OK(CheckBatch(cloud, Request("/beta/$batch", good)));
  for (const char* path : {"/v1.0/users", "/v1.0/$batch/", "/v2.0/$batch", "/v1.0/x/$batch"})
    CHECK_FAILS(CheckBatch(cloud, Request(path, good)), Code::kDenied, "address");
  HttpRequest other = Request("/v1.0/$batch", good);
  other.url.host = "graph.example";
  CHECK_FAILS(CheckBatch(cloud, other), Code::kDenied, "leave the configured host");
  other = Request("/v1.0/$batch", good);
  other.method = "PUT";
  CHECK_FAILS(CheckBatch(cloud, other), Code::kDenied, "not POST");
  other = Request("/v1.0/$batch", good);
  other.url.query = "x=1";
  CHECK_FAILS(CheckBatch(cloud, other), Code::kDenied, "address");
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string text = good;
    text.replace(text.find(what), what.size(), instead);
    return text;
  };
  for (const std::string& bad :
       {with("\"GET\"", "\"POST\""), with("\"GET\"", "\"DELETE\""), with("\"GET\"", "\"get\""),
        with("\"GET\"", "\"GET\",\"method\":\"DELETE\""), with("\"id\":\"1\"", "\"id\":\"2\""),
        with("/users/x", "https://evil.example/"), with("/users/x", "//evil.example/"),
        with("/users/x", "/us\\ners"), with("]}", "],\"x\":1}"), with("]}", "]} "), good + good,
        with("}]}", ",\"body\":{}}]}"), std::string(), std::string("{\"requests\":[]}")})
    CHECK_FAILS(CheckBatch(cloud, Request("/v1.0/$batch", bad)), Code::kDenied, "plain GET");
}

TEST_CASE("Batch: each answer is cut out byte for byte, in whatever order they stand",
          "[broker][batch]") {
  const std::string second = "{ \"value\" :[1, {\"a\":\"\\u007d]\"}] }";
  REQUIRE_OK_AND_ASSIGN(
      const auto got,
      ReadBatch(Whole("{\"x\":[],\"responses\" : [{\"body\":" + second +
                      R"(,"status":200,"id":"2","headers":{"request-id":"r-2","Retry-After":7,)"
                      R"("bad name":"x","bad":"a\nb","list":[1]}}, )"
                      R"({"id":"3","status":404,"body":{"error":{}}},{"id":"1","status":204}]})"),
                3));
  REQUIRE((got[0] && got[1] && got[2]));
  CHECK(got[0]->head.status == 204);
  CHECK(got[0]->body.empty());
  CHECK(AsText(got[1]->body) == second);
  CHECK(got[1]->head.Find("request-id") == "r-2");
  CHECK(got[1]->head.Find("Retry-After") == "7");
  CHECK_FALSE(got[1]->head.Find("bad name"));
  CHECK_FALSE(got[1]->head.Find("bad"));
  CHECK(got[1]->head.Find("Date") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(got[2]->head.status == 404);
}

TEST_CASE("Batch: what cannot be told is not taken", "[broker][batch]") {
  for (const char* inner :
       {R"({"id":"1","status":"200","body":{}})", R"({"id":"1","status":200})",
        R"({"id":"1","status":200,"body":"eyJhIjoxfQ=="})", R"({"id":"1","status":99,"body":{}})",
        R"({"id":"1","status":404,"body":"%%% not base64 %%%"})", R"({"id":"1","body":{}})",
        R"({"id":"1","status":200,"body":[]})", R"({"id":"1","status":2e2,"body":{}})"}) {
    INFO(inner);
    REQUIRE_OK_AND_ASSIGN(const auto got, ReadBatch(Whole(Responses(inner)), 1));
    CHECK_FALSE(got[0]);
  }
  REQUIRE_OK_AND_ASSIGN(const auto one, ReadBatch(Whole(Responses(Ok("2"))), 2));
  CHECK_FALSE(one[0]);
  CHECK(one[1]);
  const auto bad = [](const std::string& text, const char* why) {
    INFO(text);
    CHECK_FAILS(ReadBatch(Whole(text), 2), Code::kCorrupt, why);
  };
  bad(Responses(Ok("1") + "," + Ok("1")), "twice");
  bad(Responses(Ok("1") + "," + Ok("7")), "not asked for");
  bad(Responses(Ok("01")), "not asked for");
  bad(Responses("{\"status\":200,\"body\":{}}"), "not asked for");
  bad(Responses("{\"id\":1,\"status\":200,\"body\":{}}"), "not asked for");
  bad(Responses("{\"id\":\"1\",\"id\":\"2\",\"status\":200,\"body\":{}}"), "well-formed");
  bad(Responses("{\"id\":\"1\",\"status\":200,\"body\":{},\"body\":{}}"), "well-formed");
  bad(Responses(Ok("1")) + "x", "well-formed");
  bad("{}", "no responses");
  bad("[]", "well-formed");
  bad("", "well-formed");
  bad("{\"responses\":{}}", "well-formed");
  bad("{\"responses\":[],\"responses\":[]}", "well-formed");
  const std::string deep(200, '[');
  bad(Responses(Ok("1", "{\"a\":" + deep + "}")), "well-formed");
  const std::string whole = Responses(Ok("1") + "," + Ok("2", "{\"a\":[true,false,null,-1.5e3]}"));
  for (size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(ReadBatch(Whole(whole.substr(0, size)), 2));
}

TEST_CASE("Broker: reads that wait go in one request, and each stays one of its own [CM-20]",
          "[broker][batch]") {
  Waiting waiting(Echo);
  const auto got = waiting.Read(5);
  REQUIRE(waiting.Batches().size() == 1);
  CHECK(waiting.Alone().empty());
  const std::string carried = FieldOf(waiting.Batches()[0], "client-request-id");
  const auto sent = ValuesOf(waiting.Batches()[0], "client-request-id");
  for (size_t i = 0; i < 5; ++i) {
    const std::string target = "/groups/g" + std::to_string(i) + "/owners?$select=id";
    const ReadResult& page = got.at("g" + std::to_string(i));
    CHECK(page.outcome == ASSAY_PAGE_OK);
    CHECK(AsText(page.body) == "{ \"at\" : \"" + target + "\"}");
    CHECK(page.record.method == "GET");
    CHECK(page.record.request_body.empty());
    CHECK(page.record.url == waiting.tenant.server().Base() + "/v1.0" + target);
    CHECK(page.record.client_request_id == sent[i]);
    CHECK(page.record.batch == carried);
    CHECK(page.record.attempts == 1);
  }
  uint64_t last = 0, inside = 0;
  for (const AccessRecord& row : waiting.rows()) {
    CHECK(row.number == ++last);
    CHECK(row.status == 200);
    if (row.batch.empty()) continue;
    ++inside;
    CHECK(row.method == "GET");
    CHECK(row.batch == carried);
    CHECK(row.bytes == got.at(row.url.substr(row.url.find("/groups/") + 8, 2)).body.size());
  }
  CHECK(inside == 5);
  CHECK(last == waiting.tenant.server().Requests().size() + 5);
}

TEST_CASE("Broker: no batch holds more than twenty, none is sent when it is off",
          "[broker][batch]") {
  Waiting waiting(Echo);
  CHECK(waiting.Read(45).size() == 45);
  const auto batches = waiting.Batches();
  REQUIRE(batches.size() == 3);
  CHECK(ValuesOf(batches[0], "url").size() == 20);
  CHECK(ValuesOf(batches[2], "url").size() == 5);
  Waiting off(Echo);
  off.tenant.options.graph_batch = false;
  CHECK(off.Read(5).size() == 5);
  CHECK(off.Batches().empty());
}

TEST_CASE("Broker: pages that go on are asked for by their link, alone", "[broker][batch]") {
  ScriptedServer thief([](const std::string&) { return Answer(200, "{}"); });
  std::string base;
  Waiting waiting([&](const std::string& request) {
    const auto urls = ValuesOf(request, "url");
    const std::string own = base + "/v1.0" + urls[0] + "&$skiptoken=2";
    const std::string foreign = thief.Base() + "/v1.0" + urls[1] + "&$skiptoken=2";
    return Answer(200, Responses(Ok("1", "{\"@odata.nextLink\":\"" + own + "\"}") + "," +
                                 Ok("2", "{\"@odata.nextLink\":\"" + foreign + "\"}")));
  });
  base = waiting.tenant.server().Base();
  auto got = waiting.Read(2);
  waiting.tenant.last_read = waiting.reads["g0"];
  const ReadResult second = waiting.tenant.Next(got.at("g0"), "@odata.nextLink");
  CHECK(second.outcome == ASSAY_PAGE_OK);
  CHECK(second.record.batch.empty());
  CHECK(waiting.Alone().size() == 1);
  waiting.tenant.last_read = waiting.reads["g1"];
  const ReadResult refused = waiting.tenant.Next(got.at("g1"), "@odata.nextLink");
  CHECK(refused.outcome == ASSAY_PAGE_REFUSED);
  CHECK(thief.connections() == 0);
}

TEST_CASE("Broker: a read that was throttled inside waits as long as it is told and goes again",
          "[broker][batch]") {
  std::atomic<int> asked = 0;
  Waiting waiting([&](const std::string& request) {
    if (++asked > 1) return Echo(request);
    return Answer(200, Responses(Ok("1") + "," + Ok("3") +
                                 R"(,{"id":"2","status":429,"headers":{"Retry-After":"3"},)"
                                 R"("body":{"error":{}}})"));
  });
  const auto got = waiting.Read(3);
  CHECK(AsText(got.at("g0").body) == "{}");
  const ReadResult& late = got.at("g1");
  CHECK(late.outcome == ASSAY_PAGE_OK);
  CHECK(late.record.attempts == 2);
  CHECK(late.record.waited_ms == 3000);
  CHECK(waiting.tenant.clock.slept_ms() >= 3000);
}

TEST_CASE("Broker: statuses inside mean what they mean alone", "[broker][batch]") {
  Waiting waiting([](const std::string& request) {
    std::string out = R"({"id":"1","status":302,"headers":{"Location":"https://evil.example/"}},)"
                      R"({"id":"2","status":403,"body":{"error":{}}},)"
                      R"({"id":"3","status":404,"body":{"error":{"code":"x"}}},)"
                      R"({"id":"4","status":206,"body":{}})";
    for (size_t i = 5; i <= ValuesOf(request, "url").size(); ++i)
      out += "," + Ok(std::to_string(i));
    return Answer(200, Responses(out));
  });
  const auto got = waiting.Read(4);
  CHECK(got.at("g0").reason == Reason::kUnavailable);
  CHECK_THAT(got.at("g0").detail, Contains("redirects are not followed"));
  CHECK(got.at("g1").reason == Reason::kPermission);
  CHECK(got.at("g2").outcome == ASSAY_PAGE_HTTP_ERROR);
  CHECK(got.at("g2").record.http_status == 404);
  CHECK(AsText(got.at("g2").body) == "{\"error\":{\"code\":\"x\"}}");
  CHECK(got.at("g3").reason == Reason::kPartial);
  CHECK(waiting.Alone().empty());
}

TEST_CASE("Broker: a token that is refused inside is renewed once", "[broker][batch]") {
  std::atomic<int> asked = 0;
  Waiting waiting([&](const std::string& request) {
    if (++asked > 1) return Echo(request);
    return Answer(200, Responses(R"({"id":"1","status":401,"body":{}},)"
                                 R"({"id":"2","status":401,"body":{}})"));
  });
  waiting.tenant.Get();
  const size_t tokens = waiting.tenant.TokenRequests().size();
  for (const auto& [name, page] : waiting.Read(2)) CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(waiting.tenant.TokenRequests().size() == tokens + 1);
}

TEST_CASE("Broker: what a batch does not answer is asked for alone", "[broker][batch]") {
  Waiting missing([](const std::string&) { return Answer(200, Responses(Ok("2"))); });
  auto got = missing.Read(2);
  CHECK(AsText(got.at("g1").body) == "{}");
  got.erase("g1");
  CheckAllAlone(missing, got);
  for (const std::string& inside :
       {Ok("1") + "," + Ok("1"), Ok("1") + "," + Ok("9"), std::string("{\"id\":\"1\""),
        std::string(R"({"id":"1","status":"200","body":{}})"),
        std::string(R"({"id":"1","status":200,"body":"***"})"), std::string()}) {
    INFO(inside);
    Waiting waiting([&](const std::string&) { return Answer(200, Responses(inside)); });
    CheckAllAlone(waiting, waiting.Read(3));
    CHECK(waiting.Batches().size() == 1);
    size_t failed = 0;
    for (const AccessRecord& row : waiting.rows()) failed += row.failure == "corrupt" ? 1 : 0;
    CHECK(failed == 3);
  }
}

TEST_CASE("Broker: a batch whose answer is too large is asked for in parts", "[broker][batch]") {
  Waiting waiting([](const std::string&) {
    return Answer(200, Responses(Ok("1", "{\"a\":\"" + std::string(9u << 20, 'x') + "\"}")));
  });
  CheckAllAlone(waiting, waiting.Read(3));
  CHECK(waiting.Batches().size() == 1);
}

TEST_CASE("Broker: a batch that fails as a whole is sent once more, then each is asked for alone",
          "[broker][batch]") {
  const auto twice = [](const Reply& reply) {
    Waiting waiting([&](const std::string&) { return reply; });
    const auto got = waiting.Read(3);
    CHECK(waiting.Batches().size() == 2);
    CHECK(waiting.Alone().size() == 3);
    for (const auto& [name, page] : got) {
      CHECK(page.outcome == ASSAY_PAGE_OK);
      CHECK(page.record.attempts == 3);
    }
    return waiting.tenant.clock.slept_ms();
  };
  twice(Answer(500, "{}"));
  CHECK(twice(Answer(429, "{}", "Retry-After: 2\r\n")) >= 4000);
  twice({"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"responses\":[", true});
  Waiting late([asked = std::make_shared<std::atomic<int>>(0)](const std::string& request) {
    return ++*asked == 1 ? Answer(503, "{}") : Echo(request);
  });
  for (const auto& [name, page] : late.Read(3)) CHECK_FALSE(page.record.batch.empty());
  CHECK(late.Alone().empty());
}

TEST_CASE("Broker: a service that takes no batches is asked for one only once", "[broker][batch]") {
  for (const int status : {400, 403, 404, 405, 302}) {
    INFO(status);
    Waiting waiting([&](const std::string&) { return Answer(status, "{}"); });
    CheckAllAlone(waiting, waiting.Read(15));
    CHECK(waiting.Batches().size() == 1);
  }
  Waiting waiting([&](const std::string&) { return Answer(404, "{}"); });
  CHECK(waiting.Read(45).size() == 45);
  CHECK(waiting.Batches().size() == 1);
  CHECK(waiting.Alone().size() == 45);
}
