// Starts the servers, counts and logs requests.
#include "demo/server.h"

#include "demo/batch.h"
#include "demo/token.h"

namespace assay::demo {

uint32_t RequestLog::CountSeen(const Request& request) {
  std::string key = std::to_string(static_cast<int>(request.host)) + request.method + " " +
                    request.path + "?" + request.query;
  std::lock_guard lock(mutex_);
  return seen_[key]++;
}

void RequestLog::Add(const Request& request, int status) {
  std::lock_guard lock(mutex_);
  entries_.push_back({request.host, request.method, request.path, request.query,
                      request.client_request_id, status});
}

std::vector<LoggedRequest> RequestLog::Entries() const {
  std::lock_guard lock(mutex_);
  return entries_;
}

Result<ServerTrio> ServerTrio::Bind(uint16_t port) {
  auto nth = [port](uint16_t n) { return static_cast<uint16_t>(port == 0 ? 0 : port + n); };
  ServerTrio trio;
  ASSAY_ASSIGN(trio.login, HttpHost::Bind(Host::kLogin, nth(0)));
  ASSAY_ASSIGN(trio.graph, HttpHost::Bind(Host::kGraph, nth(1)));
  ASSAY_ASSIGN(trio.arm, HttpHost::Bind(Host::kArm, nth(2)));
  return trio;
}

CloudUrls ServerTrio::urls() const {
  CloudUrls urls;
  urls.login = login->base();
  urls.graph = graph->base();
  urls.arm = arm->base();
  urls.graph_audience = kGraphAudience;
  urls.arm_audience = kArmAudience;
  urls.graph_scope = urls.graph_audience + "/.default";
  urls.arm_scope = urls.arm_audience + "/.default";
  return urls;
}

Status ServerTrio::Start(const HttpHost::Handler& handler) {
  for (auto* host : {&login, &graph, &arm}) ASSAY_TRY((*host)->Start(handler));
  return {};
}

DemoServer::DemoServer(DemoOptions options, ServerTrio trio)
    : tenant_(std::move(options), trio.urls()), trio_(std::move(trio)) {}

Result<std::unique_ptr<DemoServer>> DemoServer::Start(DemoOptions options, uint16_t port) {
  ASSAY_ASSIGN(ServerTrio trio, ServerTrio::Bind(port));
  std::unique_ptr<DemoServer> server(new DemoServer(std::move(options), std::move(trio)));
  DemoServer* self = server.get();
  ASSAY_TRY(
      server->trio_.Start([self](Request request) { return self->Handle(std::move(request)); }));
  return server;
}

Result<std::unique_ptr<DemoServer>> DemoServer::StartPreferred(DemoOptions options) {
  auto server = Start(options, kPreferredPort);
  if (server || server.error().code != Code::kIo) return server;
  return Start(std::move(options));
}

Answer DemoServer::Handle(Request request) {
  const bool batch = IsBatch(request);
  if (!batch) request.seen = log_.CountSeen(request);
  Answer answer = batch
                      ? AnswerBatch(request, [this](Request one) { return Handle(std::move(one)); })
                      : tenant_.Handle(request);
  log_.Add(request, answer.status);
  return answer;
}

}  // namespace assay::demo
