// Framing attacks byte for byte: each is an error with its own name, never a body.
#include <zlib.h>

#include <atomic>

#include "broker/http_client.h"
#include "support/fake_tenant.h"

using namespace assay;
using namespace assay::broker;
using namespace assay::test;

namespace {

std::unique_ptr<HttpClient> Client(int timeout_ms = 1000, uint64_t max_body = 1 << 20) {
  HttpOptions options;
  options.user_agent = "assay/0";
  options.timeout = std::chrono::milliseconds(timeout_ms);
  options.max_body_bytes = max_body;
  return HttpClient::Create(options).value();
}

HttpRequest Get(const ScriptedServer& server) {
  HttpRequest request;
  request.method = "GET";
  request.url = ParseForeignUrl(server.Base() + "/x").value();
  request.bearer = "CANARYtoken";
  return request;
}

Result<HttpAnswer> Ask(const Reply& reply, uint64_t max_body = 1 << 20) {
  ScriptedServer server([&](const std::string&) { return reply; });
  return Client(1000, max_body)->Send(Get(server));
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// Listens and accepts nothing. With a queue of 0, one connection of its own fills it.
class FullListener {
 public:
  explicit FullListener(int queue = 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, any, size) == 0);
    REQUIRE(listen(listener_, queue) == 0);
    REQUIRE(getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    if (queue == 0) REQUIRE(connect(filler_, any, size) == 0);
  }
  ~FullListener() {
    close(filler_);
    close(listener_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  uint16_t port() const { return port_; }

 private:
  int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int filler_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
};

constexpr char kOk[] = "HTTP/1.1 200 OK\r\n";
constexpr char kChunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("Http: reads fixed and chunked bodies byte for byte", "[broker]") {
  const auto [bytes, body] = GENERATE(table<std::string, std::string>({
      {std::string(kOk) + "Content-Length: 5\r\n\r\nhello", "hello"},
      {std::string(kOk) + "content-length:5\r\n\r\nhello", "hello"},
      {std::string(kOk) + "Content-Length: 0\r\n\r\n", ""},
      {std::string(kChunked) + "5\r\nhello\r\n0\r\n\r\n", "hello"},
      {std::string(kChunked) + "1\r\nh\r\n0004\r\nello\r\n0\r\n\r\n", "hello"},
      {std::string(kChunked) + "a\r\n\r\n01234567\r\n0\r\n\r\n", "\r\n01234567"},
      {std::string(kChunked) + "0\r\n\r\n", ""},
      {"HTTP/1.1 204 None\r\n\r\n", ""},
      {"HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n", ""},
      {"HTTP/1.1 100 Continue\r\n\r\n" + std::string(kOk) + "Content-Length: 1\r\n\r\nx", "x"},
  }));
  INFO(bytes);
  REQUIRE_OK_AND_ASSIGN(const HttpAnswer answer, Ask({bytes, true}));
  CHECK(AsText(answer.body) == body);
}

TEST_CASE("Http: names every framing attack", "[broker]") {
  const auto [bytes, code, words] = GENERATE(table<std::string, Code, std::string>({
      {std::string(kOk) + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt,
       "two Content-Length"},
      {std::string(kOk) + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", Code::kCorrupt,
       "two Content-Length"},
      {std::string(kOk) + "Content-Length: 5, 5\r\n\r\nhello", Code::kCorrupt, "not a number"},
      {std::string(kOk) + "Content-Length: +5\r\n\r\nhello", Code::kCorrupt, "not a number"},
      {std::string(kOk) + "Content-Length: -5\r\n\r\nhello", Code::kCorrupt, "not a number"},
      {std::string(kOk) + "Content-Length: 0x5\r\n\r\nhello", Code::kCorrupt, "not a number"},
      {std::string(kOk) + "Content-Length: 5 5\r\n\r\nhello", Code::kCorrupt, "not a number"},
      {std::string(kOk) + "Content-Length:\r\n\r\nhello", Code::kCorrupt, "not a number"},
      {std::string(kOk) + "Content-Length: 99999999999999999999999\r\n\r\n", Code::kCorrupt,
       "not a number"},
      {std::string(kOk) + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       Code::kCorrupt, "beside Transfer-Encoding"},
      {std::string(kOk) + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
       Code::kCorrupt, "beside Transfer-Encoding"},
      {std::string(kOk) +
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       Code::kCorrupt, "two Transfer-Encoding"},
      {std::string(kOk) + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Code::kCorrupt,
       "not exactly chunked"},
      {std::string(kOk) + "Transfer-Encoding: identity\r\n\r\nx", Code::kCorrupt,
       "not exactly chunked"},
      {std::string(kOk) + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", Code::kCorrupt,
       "not exactly chunked"},
      {std::string(kOk) + "\r\nuntil the end", Code::kCorrupt,
       "neither Content-Length nor chunked"},
      {std::string(kOk) + "Content-Length: 5\r\n\r\nhelloEVIL", Code::kCorrupt,
       "bytes after its end"},
      {std::string(kOk) + "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n", Code::kCorrupt,
       "bytes after its end"},
      {std::string(kOk) + "Content-Length: 50\r\n\r\nhello", Code::kUnavailable,
       "cut: the connection ended in the body"},
      {"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt, "where none may be"},
      {std::string(kChunked) + "5\r\nhello\r\n", Code::kUnavailable,
       "cut: the connection ended in a chunk size"},
      {std::string(kChunked) + "5\r\nhel", Code::kUnavailable,
       "cut: the connection ended in the body"},
      {std::string(kChunked) + "5\r\nhello", Code::kUnavailable, "cut"},
      {std::string(kChunked) + "5\r\nhello\r\n0\r\n", Code::kUnavailable, "cut"},
      {std::string(kChunked) + "5\r\nhello\r\n0\r\n\r\nEVIL", Code::kCorrupt,
       "bytes after its end"},
      {std::string(kChunked) + "g\r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "not a hexadecimal"},
      {std::string(kChunked) + "0x5\r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "not a hexadecimal"},
      {std::string(kChunked) + "-5\r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "not a hexadecimal"},
      {std::string(kChunked) + " 5\r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "not a hexadecimal"},
      {std::string(kChunked) + "5 \r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "not a hexadecimal"},
      {std::string(kChunked) + "5;x=y\r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "not a hexadecimal"},
      {std::string(kChunked) + "5;" + std::string(100, 'x') + "\r\nhello\r\n0\r\n\r\n",
       Code::kCorrupt, "extension"},
      {std::string(kChunked) + "\r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "chunk size is empty"},
      {std::string(kChunked) + "5\nhello\n0\n\n", Code::kCorrupt, "bare LF"},
      {std::string(kChunked) + "ffffffffffffffff\r\nhello", Code::kCorrupt, "too large"},
      {std::string(kChunked) + "10000000000000005\r\nhello", Code::kCorrupt, "too l"},
      {std::string(kChunked) + "4\r\nhello\r\n0\r\n\r\n", Code::kCorrupt, "longer than its size"},
      {std::string(kChunked) + "0\r\nX: y\r\n\r\n", Code::kCorrupt, "trailer fields"},
      {std::string(kOk) + "Content-Length : 5\r\n\r\nhello", Code::kCorrupt, "not a token"},
      {std::string(kOk) + "X: y\r\n folded\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt,
       "folded field"},
      {std::string(kOk) + "X: a\rb\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt, "bare CR"},
      {std::string(kOk) + "X: a\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt, "bare LF"},
      {std::string(kOk) + std::string("X: a\0b\r\n", 8) + "Content-Length: 5\r\n\r\nhello",
       Code::kCorrupt, "control character"},
      {std::string(kOk) + "no colon\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt,
       "without a colon"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt, "not HTTP/1.1"},
      {"HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt, "not HTTP/1.1"},
      {"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", Code::kCorrupt, "three digits"},
      {"HTTP/1.1 20x OK\r\nContent-Length: 0\r\n\r\n", Code::kCorrupt, "three digits"},
      {"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n", Code::kCorrupt, "outside 100 to 599"},
      {"<html>hello</html>\r\n\r\n", Code::kCorrupt, "status line"},
      {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", Code::kCorrupt, "101"},
      {"HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\nhello", Code::kCorrupt,
       "interim answer announces a body"},
      {"HTTP/1.1 200 OK\r\nContent-Le", Code::kUnavailable,
       "cut: the connection ended in the head"},
      {"", Code::kUnavailable, "cut: the connection ended in the head"},
      {std::string(kOk) + "Content-Length: 5\r\nContent-Encoding: br\r\n\r\nhello",
       Code::kUnsupported, "content coding \"br\""},
      {std::string(kOk) + "Content-Length: 5\r\nContent-Encoding: gzip, gzip\r\n\r\nhello",
       Code::kUnsupported, "content coding"},
      {std::string(kOk) +
           "Content-Length: 5\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\nhello",
       Code::kCorrupt, "two Content-Encoding"},
      {std::string(kOk) + "Content-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello",
       Code::kCorrupt, "not valid gzip"},
      {std::string(kOk) + "Content-Length: 9999999999\r\n\r\n", Code::kLimitExceeded,
       "max_body_bytes"},
  }));
  INFO(bytes);
  const auto answer = Ask({bytes, true});
  CHECK_FAILS(answer, code, words);
  CHECK(answer.error().ToString().find("CANARY") == std::string::npos);
}

TEST_CASE("Http: bounds the head", "[broker]") {
  std::string many = kOk;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  CHECK_FAILS(Ask({many + "Content-Length: 0\r\n\r\n", true}), Code::kLimitExceeded,
              "more than 100 fields");
  const std::string wide =
      std::string(kOk) + "X: " + std::string(9000, 'y') + "\r\nContent-Length: 0\r\n\r\n";
  CHECK_FAILS(Ask({wide, true}), Code::kLimitExceeded, "longer than 8 KiB");
  CHECK_FAILS(Ask({std::string(kOk) + "X: " + std::string(10 << 20, 'y'), true}),
              Code::kLimitExceeded, "larger than 64 KiB");
  std::string interim;
  for (int i = 0; i < 100'000; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK_FAILS(Ask({interim, true}), Code::kLimitExceeded, "more than 8 interim");
}

TEST_CASE("Http: undoes gzip and stops a bomb at the bound", "[broker]") {
  const std::string text(300'000, 'a');
  const std::string zipped = Gzip(text);
  const auto head = [](size_t length) {
    return std::string(kOk) +
           "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
  };
  REQUIRE_OK_AND_ASSIGN(const HttpAnswer answer, Ask({head(zipped.size()) + zipped}));
  CHECK(AsText(answer.body) == text);
  CHECK(answer.coding == "gzip");
  const std::string bomb = Gzip(std::string(50 << 20, '\0'));
  CHECK_FAILS(Ask({head(bomb.size()) + bomb}), Code::kLimitExceeded,
              "1048576 bytes (max_body_bytes)");
  const std::string cut = zipped.substr(0, zipped.size() - 4);
  CHECK_FAILS(Ask({head(cut.size()) + cut}), Code::kCorrupt, "gzip stream is cut");
  CHECK_FAILS(Ask({head(zipped.size() + 1) + zipped + "x"}), Code::kCorrupt,
              "bytes after the gzip stream");
  CHECK_FAILS(Ask({head(2 * zipped.size()) + zipped + zipped}), Code::kCorrupt,
              "bytes after the gzip stream");
  std::string flipped = zipped;
  flipped[flipped.size() - 6] ^= 1;
  CHECK_FAILS(Ask({head(flipped.size()) + flipped}), Code::kCorrupt, "not valid gzip");
  // Chunk by chunk, each byte alone.
  const std::string small = Gzip("hello");
  std::string chunks =
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char c : small) chunks += std::string("1\r\n") + c + "\r\n";
  REQUIRE_OK_AND_ASSIGN(const HttpAnswer pieces, Ask({chunks + "0\r\n\r\n"}));
  CHECK(AsText(pieces.body) == "hello");
}

TEST_CASE("Http: survives a cut at every byte of an answer", "[broker]") {
  const std::string whole = std::string(kChunked) + "5\r\nhello\r\n0\r\n\r\n";
  std::atomic<size_t> served{0};
  ScriptedServer server([&](const std::string&) { return Reply{whole.substr(0, served), true}; });
  const auto client = Client();
  for (; served < whole.size(); ++served) {
    INFO(served.load());
    CHECK_FAILS(client->Send(Get(server)), Code::kUnavailable, "cut");
  }
  CHECK(client->Send(Get(server)));
}

TEST_CASE("Http: cuts a slow loris in head and body at its time", "[broker]") {
  const std::string bytes =
      std::string(kOk) + "Content-Length: 400\r\n\r\n" + std::string(400, 'x');
  ScriptedServer server([&](const std::string& request) {
    return request.find("/head") != request.npos
               ? Reply{bytes, true, 20}
               : Reply{std::string(kOk) + "Content-Length: 5\r\n\r\n", false};
  });
  const auto client = Client(300);
  HttpRequest request = Get(server);
  request.url.path = "/head";
  const auto start = std::chrono::steady_clock::now();
  CHECK_FAILS(client->Send(request), Code::kUnavailable,
              "waiting for the answer's head timed out after 0.3 s");
  request.url.path = "/silent";
  CHECK_FAILS(client->Send(request), Code::kUnavailable,
              "reading the answer's body timed out after 0.3 s without a byte");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(3));
}

TEST_CASE("Http: cuts a body that drips although bytes keep coming", "[broker]") {
  ScriptedServer server([](const std::string&) {
    return Reply{std::string(kOk) + "Content-Length: 100000\r\n\r\n" + std::string(100'000, 'x'),
                 true, 1};
  });
  const auto client = Client(500);
  const auto start = std::chrono::steady_clock::now();
  CHECK_FAILS(client->Send(Get(server)), Code::kUnavailable,
              "reading the answer's body timed out after 5 s");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("Http: names connecting and sending when their deadline passes", "[broker]") {
  HttpRequest request;
  request.method = "POST";
  SECTION("connecting: a listener whose queue is full answers no more") {
    const FullListener full;
    request.url = ParseForeignUrl("http://127.0.0.1:" + std::to_string(full.port()) + "/x").value();
    CHECK_FAILS(Client(300)->Send(request), Code::kUnavailable, "connecting timed out after 0.3 s");
  }
  SECTION("sending: a peer that never reads") {
    const FullListener deaf(8);
    request.url = ParseForeignUrl("http://127.0.0.1:" + std::to_string(deaf.port()) + "/x").value();
    const std::string more_than_sockets_hold(16 << 20, 'x');
    request.body = more_than_sockets_hold;
    CHECK_FAILS(Client(300)->Send(request), Code::kUnavailable,
                "sending the request timed out after 0.3 s");
  }
}

TEST_CASE("Http: uses a connection again, but never one with bytes left over", "[broker]") {
  std::string late;
  ScriptedServer server([&](const std::string&) { return Answer(200, "{}"); });
  const auto client = Client();
  for (int i = 0; i < 5; ++i) REQUIRE_OK(client->Send(Get(server)));
  CHECK(server.connections() == 1);
  CHECK(client->RequestCounts() ==
        std::map<std::string, uint64_t>{{"127.0.0.1:" + std::to_string(server.port()), 5}});
  ScriptedServer closing(
      [&](const std::string&) { return Answer(200, "{}", "Connection: close\r\n"); });
  for (int i = 0; i < 2; ++i) REQUIRE_OK(client->Send(Get(closing)));
  CHECK(closing.connections() == 2);
  ScriptedServer smuggler([&](const std::string&) {
    return Reply{std::string(kOk) +
                 "Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"};
  });
  for (int i = 0; i < 2; ++i)
    CHECK_FAILS(client->Send(Get(smuggler)), Code::kCorrupt, "bytes after its end");
  CHECK(smuggler.connections() == 2);
}

TEST_CASE("Http: refuses to write what could split a request or is not a read [CL-11]",
          "[broker]") {
  ScriptedServer server([](const std::string&) { return Answer(200, "{}"); });
  const auto client = Client();
  for (const char* method : {"PUT", "PATCH", "DELETE", "HEAD", "get", "", "GET\r\nX: y"}) {
    HttpRequest request = Get(server);
    request.method = method;
    CHECK_FAILS(client->Send(request), Code::kDenied, "is not a read");
  }
  for (const char* bad : {"/a b", "/a\r\nHost: evil", "/\xc3\xa9", "a", ""}) {
    HttpRequest request = Get(server);
    request.url.path = bad;
    CHECK_FAILS(client->Send(request), Code::kDenied, "split");
  }
  HttpRequest request = Get(server);
  request.bearer = "a\r\nX: y";
  CHECK_FAILS(client->Send(request), Code::kDenied, "split");
  request = Get(server);
  request.client_request_id = "a\nb";
  CHECK_FAILS(client->Send(request), Code::kDenied, "split");
  request = Get(server);
  request.body = "x";
  CHECK_FAILS(client->Send(request), Code::kDenied, "GET has no body");
  request = Get(server);
  request.url.host = "example.com";
  CHECK_FAILS(client->Send(request), Code::kDenied, "loopback");
  CHECK(server.connections() == 0);
}

TEST_CASE("Http: reports a refused connection and goes on", "[broker]") {
  HttpRequest request;
  {
    ScriptedServer server([](const std::string&) { return Answer(200, "{}"); });
    request = Get(server);
  }
  CHECK_FAILS(Client()->Send(request), Code::kUnavailable, "connecting to 127.0.0.1");
}

TEST_CASE("Guid: is a random version 4 GUID", "[broker]") {
  const std::string guid = NewGuid();
  CHECK(IsGuid(guid));
  CHECK(guid[14] == '4');
  CHECK(guid != NewGuid());
}
