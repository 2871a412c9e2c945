// Main, access line and waiting of the test servers.
#include "demo/serve_main.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

namespace assay::demo {

void ServeUntilEndOfInput(const CloudUrls& urls, const DemoTenant& identity) {
  Json line = Json::Object({{"login", urls.login},
                            {"graph", urls.graph},
                            {"arm", urls.arm},
                            {"graph_scope", urls.graph_scope},
                            {"arm_scope", urls.arm_scope},
                            {"graph_audience", urls.graph_audience},
                            {"arm_audience", urls.arm_audience},
                            {"tenant_id", identity.world().tenant_id()},
                            {"client_id", identity.world().client_id()},
                            {"client_secret", identity.client_secret()}});
  fmt::print("{}\n", line.Dump());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

Result<uint16_t> ParsePort(const std::string& text) {
  uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(Code::kInvalidInput, "--port: expected 0 to 65535, got " + Quote(text));
  }
  return port;
}

int ServeMain(const char* program, const std::vector<std::string>& words,
              Status (*run)(const std::vector<std::string>&)) {
  const Status served = run(words);
  if (served) return 0;
  fmt::print(stderr, "{}: {}\n", program, served.error().ToString());
  return 2;
}

}  // namespace assay::demo
