// assay-sample-server: replays public samples on the loopback interface until its input ends. Tests
// only.
//
//   assay-sample-server --samples DIR --endpoints TABLE [--list] [--wide] [--port N]
//   [--empty-after] [--log FILE]
//
// --list prints the samples of each endpoint, "id TAB path TAB file", and ends.
// Prints one line of JSON with the URLs and the credential, then serves until standard input is
// closed.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "demo/loopback.h"
#include "demo/sample_server.h"
#include "demo/serve_main.h"

namespace assay::demo {
namespace {

struct Arguments {
  std::string samples, endpoints, log;
  bool list = false;
  bool wide = false;
  AfterLast after_last = AfterLast::kRepeat;
  uint16_t port = 0;
};

Result<Arguments> ParseArguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--list") {
      arguments.list = true;
    } else if (word == "--wide") {
      arguments.wide = true;
    } else if (word == "--empty-after") {
      arguments.after_last = AfterLast::kEmptyList;
    } else if (i + 1 < words.size() && word == "--samples") {
      arguments.samples = words[++i];
    } else if (i + 1 < words.size() && word == "--endpoints") {
      arguments.endpoints = words[++i];
    } else if (i + 1 < words.size() && word == "--log") {
      arguments.log = words[++i];
    } else if (i + 1 < words.size() && word == "--port") {
      ASSAY_ASSIGN(arguments.port, ParsePort(words[++i]));
    } else {
      return Fail(Code::kInvalidInput, "unknown or incomplete argument " + Quote(word));
    }
  }
  if (arguments.samples.empty() || arguments.endpoints.empty()) {
    return Fail(Code::kInvalidInput, "--samples and --endpoints are needed");
  }
  return arguments;
}

Status Run(const std::vector<std::string>& words) {
  ASSAY_ASSIGN(Arguments arguments, ParseArguments(words));
  ASSAY_ASSIGN(ByteVector table, ReadFile(arguments.endpoints));
  ASSAY_ASSIGN(auto templates, ParseEndpointTable(AsText(table)));
  ASSAY_ASSIGN(SampleCatalogue catalogue,
               SampleCatalogue::Load(arguments.samples, std::move(templates), arguments.wide));
  if (arguments.list) {
    for (const SampleTemplate& one : catalogue.templates()) {
      for (const auto& body : one.bodies) {
        fmt::print("{}\t{}\t{}\n", one.id, one.path,
                   body.lexically_relative(catalogue.folder()).string());
      }
    }
    return {};
  }
  ASSAY_TRY(LoopbackUp());
  DemoOptions options;
  options.now = SystemClock().Now();
  ASSAY_ASSIGN(auto server, SampleServer::Start(std::move(catalogue), options, arguments.after_last,
                                                arguments.port, arguments.log));
  ServeUntilEndOfInput(server->urls(), server->identity());
  return {};
}

}  // namespace
}  // namespace assay::demo

int main(int argc, char** argv) {
  return assay::demo::ServeMain("assay-sample-server", {argv + 1, argv + argc}, assay::demo::Run);
}
