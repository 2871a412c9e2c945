// Poco's HTTP server behind HttpHost: reads a request, calls the handler, writes gzip where
// accepted.
#include "demo/http_host.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <exception>

namespace assay::demo {
namespace {

constexpr size_t kMaxBody = 1u << 20;
constexpr size_t kMinGzip = 200;

std::string ReadBody(std::istream& in) {
  std::string body;
  std::array<char, 4096> chunk;
  while (body.size() < kMaxBody && (in.read(chunk.data(), chunk.size()) || in.gcount() > 0)) {
    body.append(chunk.data(), static_cast<size_t>(in.gcount()));
  }
  return body;
}

Request ReadRequest(Host host, Poco::Net::HTTPServerRequest& in) {
  Request request;
  request.host = host;
  request.method = in.getMethod();
  const std::string& uri = in.getURI();
  size_t mark = uri.find('?');
  request.path = uri.substr(0, mark);
  if (mark != std::string::npos) request.query = uri.substr(mark + 1);
  request.authorization = in.get("Authorization", "");
  request.client_request_id = in.get("client-request-id", "");
  if (in.hasContentLength() || in.getChunkedTransferEncoding())
    request.body = ReadBody(in.stream());
  return request;
}

void WriteAnswer(const Answer& answer, bool gzip, Poco::Net::HTTPServerResponse& out) {
  out.setStatusAndReason(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(answer.status));
  for (const auto& [name, value] : answer.headers) out.set(name, value);
  if (!gzip || answer.body.size() < kMinGzip) {
    out.sendBuffer(answer.body.data(), answer.body.size());
    return;
  }
  std::string packed = Gzip(answer.body);
  out.set("Content-Encoding", "gzip");
  out.set("Vary", "Accept-Encoding");
  out.sendBuffer(packed.data(), packed.size());
}

class RequestHandler : public Poco::Net::HTTPRequestHandler {
 public:
  RequestHandler(Host host, const HttpHost::Handler& handler) : host_(host), handler_(handler) {}
  void handleRequest(Poco::Net::HTTPServerRequest& in,
                     Poco::Net::HTTPServerResponse& out) override {
    bool gzip = in.get("Accept-Encoding", "").find("gzip") != std::string::npos;
    WriteAnswer(handler_(ReadRequest(host_, in)), gzip, out);
  }

 private:
  Host host_;
  const HttpHost::Handler& handler_;
};

class HandlerFactory : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  HandlerFactory(Host host, const HttpHost::Handler& handler) : host_(host), handler_(handler) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(
      const Poco::Net::HTTPServerRequest&) override {
    return new RequestHandler(host_, handler_);  // Poco takes ownership
  }

 private:
  Host host_;
  const HttpHost::Handler& handler_;
};

}  // namespace

struct HttpHost::Impl {
  Host host;
  Poco::Net::ServerSocket socket;
  Handler handler;
  Poco::ThreadPool pool{"demo", 2, 16};
  std::unique_ptr<Poco::Net::HTTPServer> server;
};

HttpHost::HttpHost(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpHost::~HttpHost() {
  if (!impl_->server) return;
  try {
    impl_->server->stopAll(true);
    impl_->pool.joinAll();
  } catch (const std::exception&) {
    // A connection that breaks while the server stops is no one's concern any more.
  }
}

Result<std::unique_ptr<HttpHost>> HttpHost::Bind(Host host, uint16_t port) {
  try {
    auto impl = std::make_unique<Impl>();
    impl->host = host;
    impl->socket.bind(Poco::Net::SocketAddress("127.0.0.1", port), true, false);
    impl->socket.listen(64);
    return std::unique_ptr<HttpHost>(new HttpHost(std::move(impl)));
  } catch (const Poco::Exception& error) {
    return Fail(Code::kIo,
                fmt::format("127.0.0.1:{}: cannot listen: {}", port, error.displayText()));
  }
}

Status HttpHost::Start(Handler handler) {
  try {
    impl_->handler = std::move(handler);
    auto* params = new Poco::Net::HTTPServerParams;  // reference-counted by the server
    params->setKeepAlive(true);
    params->setMaxThreads(16);
    params->setMaxQueued(64);
    params->setKeepAliveTimeout(Poco::Timespan(5, 0));
    impl_->server = std::make_unique<Poco::Net::HTTPServer>(
        new HandlerFactory(impl_->host, impl_->handler), impl_->pool, impl_->socket, params);
    impl_->server->start();
    return {};
  } catch (const Poco::Exception& error) {
    return Fail(Code::kIo, fmt::format("{}: cannot start: {}", base(), error.displayText()));
  }
}

std::string HttpHost::base() const {
  return fmt::format("http://127.0.0.1:{}", impl_->socket.address().port());
}

std::string Gzip(std::string_view body) {
  z_stream stream{};
  ASSAY_ASSERT(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK,
               "deflateInit2");
  std::string out(deflateBound(&stream, body.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ASSAY_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate of a bounded buffer");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace assay::demo
