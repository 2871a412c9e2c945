// assay-demo-server: the demo tenant on the loopback interface until its input ends. Tests only.
//
//   assay-demo-server [--seed N] [--now RFC3339] [--port N] [--no-throttle]
//
// Prints one line of JSON with URLs and credential, serves until standard input is closed, then
// prints one line for each request it got: method, service, path, status, client-request-id, query.
#include <fmt/format.h>

#include <charconv>
#include <string>
#include <vector>

#include "demo/loopback.h"
#include "demo/serve_main.h"
#include "demo/server.h"

namespace assay::demo {
namespace {

struct Arguments {
  DemoOptions options;
  uint16_t port = 0;
};

Status ParseOption(const std::string& name, const std::string& value, Arguments& arguments) {
  if (name == "--seed") {
    auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), arguments.options.seed);
    if (error == std::errc() && end == value.data() + value.size()) return {};
    return Fail(Code::kInvalidInput, "--seed: expected a number, got " + Quote(value));
  }
  if (name == "--now") {
    ASSAY_ASSIGN(arguments.options.now, ParseTime(value));
    return {};
  }
  if (name == "--port") {
    ASSAY_ASSIGN(arguments.port, ParsePort(value));
    return {};
  }
  return Fail(Code::kInvalidInput, "unknown argument " + Quote(name));
}

Result<Arguments> ParseArguments(const std::vector<std::string>& words) {
  Arguments arguments;
  arguments.options.now = SystemClock().Now();
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--no-throttle") {
      arguments.options.throttle = false;
    } else if (i + 1 == words.size()) {
      return Fail(Code::kInvalidInput, "unknown or incomplete argument " + Quote(words[i]));
    } else {
      ASSAY_TRY(ParseOption(words[i], words[i + 1], arguments));
      ++i;
    }
  }
  return arguments;
}

Status Run(const std::vector<std::string>& words) {
  ASSAY_ASSIGN(Arguments arguments, ParseArguments(words));
  ASSAY_TRY(LoopbackUp());
  ASSAY_ASSIGN(auto server, DemoServer::Start(arguments.options, arguments.port));
  ServeUntilEndOfInput(server->urls(), server->tenant());
  constexpr const char* kServices[] = {"login", "graph", "arm"};
  for (const LoggedRequest& request : server->log().Entries()) {
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\n", request.method,
               kServices[static_cast<int>(request.host)], request.path, request.status,
               request.client_request_id, request.query);
  }
  return {};
}

}  // namespace
}  // namespace assay::demo

int main(int argc, char** argv) {
  return assay::demo::ServeMain("assay-demo-server", {argv + 1, argv + argc}, assay::demo::Run);
}
