// Poco's HTTP server around a Witness.
#include "witness/server.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>
#include <Poco/URI.h>
#include <fmt/format.h>

namespace assay::witness {
namespace {

constexpr int kThreads = 16;
const Poco::Timespan kTimeout(30, 0);

std::string ReadBody(std::istream& in) {
  std::string body;
  std::array<char, 4096> chunk{};
  while (body.size() <= kMaxRequestBytes &&
         (in.read(chunk.data(), chunk.size()) || in.gcount() > 0))
    body.append(chunk.data(), static_cast<size_t>(in.gcount()));
  return body;
}

Answer Decide(Witness& witness, const std::string& method, const std::string& uri,
              const std::string& body) {
  constexpr std::string_view kAdd = "/add-checkpoint", kNewest = "/checkpoint/";
  if (body.size() > kMaxRequestBytes) return {413, "text/plain", "request is too long\n"};
  if (uri.ends_with(kAdd)) {
    if (method != "POST") return {405, "text/plain", "POST only\n"};
    return witness.AddCheckpoint(body);
  }
  const size_t at = uri.find(kNewest);
  if (at == std::string::npos) return {404, "text/plain", "no such place\n"};
  if (method != "GET") return {405, "text/plain", "GET only\n"};
  std::string origin;
  Poco::URI::decode(uri.substr(at + kNewest.size()), origin);
  return witness.NewestNote(origin);
}

class Handler : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Handler(Witness& witness) : witness_(witness) {}
  void handleRequest(Poco::Net::HTTPServerRequest& in,
                     Poco::Net::HTTPServerResponse& out) override {
    // Read whatever it is for: what stays in the connection would be taken for the next request.
    const bool has_body = in.hasContentLength() || in.getChunkedTransferEncoding();
    const std::string body = has_body ? ReadBody(in.stream()) : std::string();
    const Answer answer = Decide(witness_, in.getMethod(), in.getURI(), body);
    out.setStatusAndReason(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(answer.status));
    out.setContentType(answer.type);
    if (body.size() > kMaxRequestBytes) out.setKeepAlive(false);
    out.sendBuffer(answer.body.data(), answer.body.size());
  }

 private:
  Witness& witness_;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(Witness& witness) : witness_(witness) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(
      const Poco::Net::HTTPServerRequest&) override {
    return new Handler(witness_);  // Poco takes ownership
  }

 private:
  Witness& witness_;
};

}  // namespace

struct Server::Impl {
  Poco::Net::ServerSocket socket;
  Poco::ThreadPool pool{"witness", 2, kThreads};
  std::unique_ptr<Poco::Net::HTTPServer> server;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  try {
    impl_->server->stopAll(true);
    impl_->pool.joinAll();
  } catch (const std::exception&) {
    // A connection that breaks while the server stops is no one's concern any more.
  }
}

uint16_t Server::port() const { return impl_->socket.address().port(); }

Result<std::unique_ptr<Server>> Server::Start(Witness& witness, const Address& address) {
  try {
    auto impl = std::make_unique<Impl>();
    const Poco::Net::SocketAddress at(address.host, address.port);
    if (!at.host().isLoopback() && !address.beyond_loopback)
      return Fail(Error{Code::kDenied,
                        address.host + ": others can reach this address, and plain HTTP is spoken",
                        {},
                        "listen on 127.0.0.1 with a proxy that speaks TLS before it, or say "
                        "--plain-http where the network itself is encrypted",
                        {},
                        {}});
    impl->socket.bind(at, true, false);
    impl->socket.listen(64);
    auto* params = new Poco::Net::HTTPServerParams;  // reference-counted by the server
    params->setMaxThreads(kThreads);
    params->setMaxQueued(64);
    params->setTimeout(kTimeout);
    params->setKeepAliveTimeout(kTimeout);
    impl->server = std::make_unique<Poco::Net::HTTPServer>(new Factory(witness), impl->pool,
                                                           impl->socket, params);
    impl->server->start();
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const Poco::Exception& error) {
    return Fail(Code::kIo, fmt::format("{}:{}: cannot listen: {}", address.host, address.port,
                                       error.displayText()));
  }
}

}  // namespace assay::witness
