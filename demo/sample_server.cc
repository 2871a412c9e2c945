// Hands out samples in turn.
#include "demo/sample_server.h"

#include "base/bytes.h"
#include "base/files.h"
#include "base/text.h"
#include "demo/token.h"

namespace assay::demo {
namespace {

constexpr const char* kJson = "application/json; charset=utf-8";

Answer NotFound(const std::string& path) {
  Json error = Json::Object({{"code", "ResourceNotFound"}, {"message", "no sample fits " + path}});
  return {404, {{"Content-Type", kJson}}, Json::Object({{"error", std::move(error)}}).Dump()};
}

DemoOptions WithAllRoles(DemoOptions options) {
  options.roles = AllReadRoles();
  return options;
}

}  // namespace

SampleServer::SampleServer(SampleCatalogue catalogue, DemoOptions options, AfterLast after_last,
                           ServerTrio trio)
    : catalogue_(std::move(catalogue)),
      after_last_(after_last),
      identity_(WithAllRoles(std::move(options)), trio.urls()),
      trio_(std::move(trio)) {}

Result<std::unique_ptr<SampleServer>> SampleServer::Start(SampleCatalogue catalogue,
                                                          DemoOptions options, AfterLast after_last,
                                                          uint16_t port) {
  ASSAY_ASSIGN(ServerTrio trio, ServerTrio::Bind(port));
  std::unique_ptr<SampleServer> server(
      new SampleServer(std::move(catalogue), std::move(options), after_last, std::move(trio)));
  SampleServer* self = server.get();
  ASSAY_TRY(
      server->trio_.Start([self](Request request) { return self->Handle(std::move(request)); }));
  return server;
}

Answer SampleServer::Handle(Request request) {
  request.seen = log_.CountSeen(request);
  Answer answer;
  if (request.host == Host::kLogin) {
    answer = identity_.Handle(request);
  } else {
    answer = identity_.Authorize(request);
    if (answer.status == 200) answer = NextSample(request);
  }
  log_.Add(request, answer.status);
  return answer;
}

Answer SampleServer::NextSample(const Request& request) {
  std::string path = PercentDecode(request.path, false);
  const SampleTemplate* found = catalogue_.Match(request.host, request.method, path);
  if (found == nullptr) return NotFound(path);
  size_t turn = 0;
  {
    std::lock_guard lock(mutex_);
    turn = given_[std::to_string(static_cast<int>(request.host)) + request.method +
                  AsciiLower(path)]++;
  }
  size_t count = found->bodies.size();
  if (count == 0 || (turn >= count && after_last_ == AfterLast::kEmptyList)) {
    return {200, {{"Content-Type", kJson}}, R"({"value":[]})"};
  }
  auto body = ReadFile(found->bodies[turn % count]);
  if (!body) return NotFound(body.error().ToString());
  Answer answer{200, {{"Content-Type", kJson}}, std::string(AsText(*body))};
  answer.headers.emplace_back("x-sample", found->bodies[turn % count].filename().string());
  return answer;
}

}  // namespace assay::demo
