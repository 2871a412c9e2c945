// Cost exports through the broker: what may be asked for, in which parts, and with whose token.
#include "broker/export_source.h"

#include <filesystem>
#include <fstream>

#include "assay/read.h"
#include "base/text.h"
#include "broker/url_policy.h"
#include "support/fake_tenant.h"
#include "support/test_ledger.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

constexpr char kContainer[] = "https://contosocost.blob.core.windows.net/exports";

EndpointSpec ListSpec() {
  EndpointSpec spec;
  spec.id = "cost-blob-list";
  spec.host = ServiceHost::kBlob;
  spec.api_version = "2021-12-02";
  spec.path = "/{container}";
  spec.query = {{"comp", "list"}, {"restype", "container"}};
  spec.paging = Paging::kMarkerXml;
  return spec;
}

EndpointSpec FileSpec() {
  EndpointSpec spec = ListSpec();
  spec.id = "cost-blob-get";
  spec.path = "/{container}/{blob}";
  spec.params = {{"blob", ParamType::kBlob}, {"offset", ParamType::kOffset}};
  spec.query = {};
  spec.paging = Paging::kNone;
  return spec;
}

Cloud At(const std::string& container, const std::string& prefix = "") {
  Cloud cloud = *BuiltInCloud("global");
  cloud.exports.container = container;
  cloud.exports.prefix = prefix;
  return cloud;
}

Params File(const std::string& name, const std::string& offset = "0") {
  return {{"blob", name}, {"offset", offset}};
}

/// A tenant whose server is its storage too.
struct Storage {
  explicit Storage(FakeTenant::Script script) : tenant(std::move(script)) {
    tenant.options.cloud.blob = tenant.server().Base();
    tenant.options.cloud.exports.container = tenant.server().Base() + "/exports";
    tenant.tokens = [](const std::string& request) {
      const auto asks = [&](const char* api) { return request.find(api) != request.npos; };
      return Answer(
          200,
          TokenBody(asks("storage.azure.com")      ? MakeToken("https://storage.azure.com", "")
                    : asks("management.azure.com") ? MakeToken("https://management.azure.com", "")
                                                   : MakeToken("https://graph.microsoft.com",
                                                               R"("roles":["User.Read.All"])")));
    };
  }
  FakeTenant tenant;
};

Reply Part(const std::string& body, const std::string& range, const std::string& etag = "\"v1\"",
           const std::string& more = "") {
  return Answer(206, body, "ETag: " + etag + "\r\nContent-Range: " + range + "\r\n" + more);
}

}  // namespace

TEST_CASE("Exports: the address is the configuration's, the name the plugin's [CM-17]",
          "[broker]") {
  REQUIRE_OK_AND_ASSIGN(const Plan list, BuildPlan(At(kContainer, "focus/"), ListSpec(), {}));
  CHECK(list.url.ToString() ==
        std::string(kContainer) + "?comp=list&restype=container&prefix=focus/");
  CHECK(list.service_version == "2021-12-02");
  CHECK(list.range.empty());
  REQUIRE_OK_AND_ASSIGN(const Plan file, BuildPlan(At(kContainer, "focus/"), FileSpec(),
                                                   File("focus/a b/part_0.csv.gz", "8388608")));
  CHECK(file.url.ToString() == std::string(kContainer) + "/focus/a%20b/part_0.csv.gz");
  CHECK(file.range == "bytes=8388608-16777215");
}

TEST_CASE("Exports: names, offsets and addresses that are refused [CM-17]", "[broker]") {
  const Cloud cloud = At(kContainer, "focus/");
  for (const char* name : {"", "/focus/a", "focus/../b", "focus//b", "focus/.", "focus/a\\b",
                           "focus/a\nb", "focus/\xff", "focus/..."}) {
    CAPTURE(name);
    CHECK_FAILS(BuildPlan(cloud, FileSpec(), File(name)), Code::kInvalidInput, "name of a file");
  }
  CHECK_FAILS(BuildPlan(cloud, FileSpec(), File("other/a.csv")), Code::kDenied, "prefix");
  for (const char* offset : {"", "1", "-8388608", "08388608", "8388608 ", "99999999999999999999"}) {
    CAPTURE(offset);
    CHECK_FAILS(BuildPlan(cloud, FileSpec(), File("focus/a", offset)), Code::kInvalidInput,
                "offset");
  }
  EndpointSpec whole = FileSpec();
  whole.params.pop_back();
  CHECK_FAILS(BuildPlan(cloud, whole, {{"blob", "focus/a"}}), Code::kDenied, "by its offset");
  EndpointSpec other = FileSpec();
  other.path = "/other/{blob}";
  CHECK_FAILS(BuildPlan(cloud, other, File("focus/a")), Code::kDenied, "host \"blob\"");
  for (const char* place :
       {"https://contosocost.blob.core.windows.net", "https://evil.example/exports",
        "https://blob.core.windows.net.evil.example/exports",
        "https://contosocost.blob.core.windows.net/a/b",
        "http://contosocost.blob.core.windows.net/exports",
        "https://contosocost.blob.core.windows.net:8443/exports",
        "https://contosocost.blob.core.windows.net/Exports?sig=x"}) {
    CAPTURE(place);
    CHECK_FALSE(BuildPlan(At(place), ListSpec(), {}));
  }
  CHECK_FAILS(BuildPlan(At(""), ListSpec(), {}), Code::kUnsupported,
              "no cost export is configured");
}

TEST_CASE("Exports: a range is asked for with the token of storage and nothing else", "[broker]") {
  Storage storage([](const std::string&) { return Part("abc", "bytes 0-2/3"); });
  const ReadResult page = storage.tenant.Read(FileSpec(), File("a/x.csv"));
  CHECK(page.outcome == ASSAY_PAGE_OK);
  CHECK(page.reason == Reason::kNone);
  CHECK(AsText(page.body) == "abc");
  CHECK(page.record.range == "bytes=0-8388607");
  const auto requests = storage.tenant.ApiRequests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with("GET /exports/a/x.csv HTTP/1.1"));
  CHECK(FieldOf(requests[0], "x-ms-version") == "2021-12-02");
  CHECK(FieldOf(requests[0], "x-ms-range") == "bytes=0-8388607");
  CHECK(FieldOf(requests[0], "If-Match").empty());
  CHECK(FieldOf(requests[0], "Accept-Encoding") == "identity");
  CHECK(FieldOf(requests[0], "Authorization") ==
        "Bearer " + MakeToken("https://storage.azure.com", ""));
}

TEST_CASE("Exports: compressed files come as they lie there", "[broker]") {
  Storage storage([](const std::string&) {
    return Part("\x1f\x8bpart", "bytes 0-5/6", "\"v1\"", "Content-Encoding: gzip\r\n");
  });
  CHECK(AsText(storage.tenant.Read(FileSpec(), File("x.csv.gz")).body) == "\x1f\x8bpart");
}

TEST_CASE("Exports: parts of two versions are not one file", "[broker]") {
  SECTION("the service says so") {
    Storage storage([n = std::make_shared<int>(0)](const std::string&) {
      return (*n)++ == 0 ? Part("abc", "bytes 0-2/3") : Answer(412, "");
    });
    CHECK(storage.tenant.Read(FileSpec(), File("x.csv")).outcome == ASSAY_PAGE_OK);
    const ReadResult second = storage.tenant.Read(FileSpec(), File("x.csv"));
    CHECK(second.outcome == ASSAY_PAGE_UNAVAILABLE);
    CHECK(second.detail == "the file changed while it was read");
    CHECK(FieldOf(storage.tenant.ApiRequests()[1], "If-Match") == "\"v1\"");
  }
  SECTION("the service does not care") {
    Storage storage([n = std::make_shared<int>(0)](const std::string&) {
      return Part("abc", "bytes 0-2/3", (*n)++ == 0 ? "\"v1\"" : "\"v2\"");
    });
    CHECK(storage.tenant.Read(FileSpec(), File("x.csv")).outcome == ASSAY_PAGE_OK);
    CHECK(storage.tenant.Read(FileSpec(), File("x.csv")).detail ==
          "the file changed while it was read");
  }
}

TEST_CASE("Exports: an answer that is not the part asked for is none", "[broker]") {
  const auto detail = [](Reply reply) {
    Storage storage([reply = std::move(reply)](const std::string&) { return reply; });
    const ReadResult page = storage.tenant.Read(FileSpec(), File("x.csv", "8388608"));
    CHECK(page.outcome == ASSAY_PAGE_UNAVAILABLE);
    CHECK(page.body.empty());
    return page.detail;
  };
  CHECK(detail(Answer(200, "whole", "ETag: \"1\"\r\n")) ==
        "range: the service sent the whole file instead");
  CHECK(detail(Part("abc", "bytes 0-2/3")) ==
        "range: the answer holds other bytes than were asked for");
  CHECK(detail(Part("abc", "bytes 8388608-8388611/8388612")) ==
        "range: the answer holds other bytes than were asked for");
  CHECK(detail(Part("abc", "nonsense")) == "range: the answer does not say which bytes it holds");
  CHECK(detail(Answer(206, "abc", "Content-Range: bytes 8388608-8388610/8388611\r\n")) ==
        "range: the answer names no version (ETag)");
}

TEST_CASE("Exports: pages of a listing follow the marker of the service alone", "[broker]") {
  const std::string first = "<E><Blobs/><NextMarker>2!a&amp;b&lt;/=</NextMarker></E>";
  Storage storage([n = std::make_shared<int>(0), first](const std::string&) {
    return Answer(200, (*n)++ == 0 ? first : "<E><Blobs/><NextMarker/></E>");
  });
  const ReadResult page = storage.tenant.Read(ListSpec());
  const auto next = [&](uint64_t offset, uint64_t length) {
    test::Inbox inbox;
    storage.tenant.Get().StartNext(storage.tenant.last_read, page.body, offset, length,
                                   inbox.Slot());
    return inbox.Take();
  };
  const size_t at = first.find("<NextMarker>"), length = first.find("</E>") - at;
  CHECK(next(at + 1, length - 1).outcome == ASSAY_PAGE_REFUSED);
  CHECK(next(0, first.size()).outcome == ASSAY_PAGE_REFUSED);
  const ReadResult second = next(at, length);
  CHECK(second.outcome == ASSAY_PAGE_OK);
  CHECK(second.record.url.ends_with("?comp=list&restype=container&marker=2%21a%26b%3C%2F%3D"));
  CHECK(next(at, length).detail.find("circles") != std::string::npos);
}

TEST_CASE("Exports: a storage that refuses the identity is a gap, no end of the run", "[broker]") {
  Storage storage([](const std::string&) { return Answer(403, "<Error/>"); });
  SECTION("by its roles") {
    const ReadResult page = storage.tenant.Read(ListSpec());
    CHECK(page.outcome == ASSAY_PAGE_HTTP_ERROR);
    CHECK(page.reason == Reason::kPermission);
  }
  SECTION("by a token for something else") {
    storage.tenant.tokens = [](const std::string& request) {
      return Answer(200, TokenBody(MakeToken(request.find("management") != request.npos
                                                 ? "https://management.azure.com"
                                                 : "https://graph.microsoft.com",
                                             R"("roles":["User.Read.All"])")));
    };
    CHECK(storage.tenant.Read(ListSpec()).outcome == ASSAY_PAGE_REFUSED);
    CHECK(storage.tenant.ApiRequests().empty());
  }
  CHECK_FALSE(storage.tenant.Get().Refusal());
}

TEST_CASE("Exports: a folder answers as a container does, without token or network", "[broker]") {
  namespace fs = std::filesystem;
  const fs::path root = assay::testing::MakeTempFolder();
  fs::create_directories(root / "a b");
  std::ofstream(root / "a b/x.csv", std::ios::binary) << "0123456789";
  FakeTenant tenant([](const std::string&) { return Answer(500, ""); });
  tenant.options.cloud.exports.folder = root.string();
  std::vector<std::string> logged;
  tenant.options.on_access = [&](const AccessRecord& record) { logged.push_back(record.url); };
  const ReadResult list = tenant.Read(ListSpec());
  CHECK(list.outcome == ASSAY_PAGE_OK);
  CHECK(AsText(list.body).find("<Name>a b/x.csv</Name>") != std::string::npos);
  CHECK(list.record.url.find(root.string()) == std::string::npos);
  const ReadResult part = tenant.Read(FileSpec(), File("a b/x.csv"));
  CHECK(part.outcome == ASSAY_PAGE_OK);
  CHECK(AsText(part.body) == "0123456789");
  CHECK(tenant.Read(FileSpec(), File("a b/y.csv")).record.http_status == 404);
  CHECK(tenant.Read(FileSpec(), File("a b/x.csv", "8388608")).record.http_status == 416);
  std::ofstream(root / "a b/x.csv", std::ios::binary) << "changed";
  CHECK(tenant.Read(FileSpec(), File("a b/x.csv")).detail == "the file changed while it was read");
  CHECK(tenant.ApiRequests().empty());
  for (const std::string& url : logged) CHECK(url.ends_with("/oauth2/v2.0/token"));
  for (const std::string& request : tenant.TokenRequests())
    CHECK(request.find("storage.azure.com") == request.npos);
  fs::remove_all(root);
  const ReadResult gone = tenant.Read(FileSpec(), File("a b/x.csv"));
  CHECK(gone.outcome != ASSAY_PAGE_OK);
}

TEST_CASE("Exports: a folder that is not there is a gap that names the setting", "[broker]") {
  FakeTenant tenant([](const std::string&) { return Answer(500, ""); });
  tenant.options.cloud.exports.folder = "/nonexistent/exports";
  const ReadResult page = tenant.Read(ListSpec());
  CHECK(page.outcome == ASSAY_PAGE_UNAVAILABLE);
  CHECK(page.detail.find("the folder of cost exports that the configuration names") !=
        std::string::npos);
  CHECK(page.detail.find("nonexistent") == std::string::npos);
}
