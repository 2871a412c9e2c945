// Hands out samples in turn.
#include "demo/sample_server.h"

#include <charconv>

#include "base/bytes.h"
#include "base/files.h"
#include "base/text.h"
#include "demo/token.h"

namespace assay::demo {
namespace {

constexpr const char* kJson = "application/json; charset=utf-8";
constexpr std::string_view kNumbered = "/samples/";

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
                                                          uint16_t port,
                                                          const std::filesystem::path& log) {
  ASSAY_ASSIGN(ServerTrio trio, ServerTrio::Bind(port));
  std::unique_ptr<SampleServer> server(
      new SampleServer(std::move(catalogue), std::move(options), after_last, std::move(trio)));
  if (!log.empty()) {
    server->answers_.open(log);
    if (!server->answers_) return Fail(Code::kIo, log.string() + ": cannot be written");
  }
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
    if (answer.status == 200) answer = Give(request);
  }
  log_.Add(request, answer.status);
  return answer;
}

Result<std::filesystem::path> SampleServer::Choose(const Request& request) {
  std::string path = PercentDecode(request.path, false);
  if (request.host == Host::kArm && path.starts_with(kNumbered)) {
    size_t number = catalogue_.files().size();
    std::from_chars(path.data() + kNumbered.size(), path.data() + path.size(), number);
    if (number < catalogue_.files().size()) return catalogue_.files()[number];
  }
  const SampleTemplate* found = catalogue_.Match(request.host, request.method, path);
  if (found == nullptr) return Fail(Code::kNotFound, path);
  std::lock_guard lock(mutex_);
  size_t turn = given_[found]++;
  size_t count = found->bodies.size();
  if (count == 0 || (turn >= count && after_last_ == AfterLast::kEmptyList)) {
    return std::filesystem::path();
  }
  return found->bodies[turn % count];
}

Answer SampleServer::Give(const Request& request) {
  auto sample = Choose(request);
  Answer answer{200, {{"Content-Type", kJson}}, R"({"value":[]})"};
  if (!sample) {
    answer = NotFound(sample.error().message);
  } else if (!sample->empty()) {
    auto body = ReadFile(*sample);
    if (!body) return NotFound(body.error().ToString());
    answer.body = AsText(*body);
    answer.headers.emplace_back("x-sample", sample->filename().string());
  }
  Note(request, answer.status, sample.value_or(std::filesystem::path()));
  return answer;
}

void SampleServer::Note(const Request& request, int status, const std::filesystem::path& sample) {
  std::lock_guard lock(mutex_);
  if (!answers_.is_open()) return;
  answers_ << request.method << '\t' << request.path << '?' << request.query << '\t' << status
           << '\t' << sample.lexically_relative(catalogue_.folder()).string() << std::endl;
}

}  // namespace assay::demo
