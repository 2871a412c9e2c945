// What the two test servers share: main, the line that says where they are, and waiting for the end
// of input.
#pragma once

#include "demo/tenant.h"

namespace assay::demo {

/// Prints one line of JSON: base URLs, scopes, audiences, tenant id, client id and secret. Returns
/// when standard input is closed.
void ServeUntilEndOfInput(const CloudUrls& urls, const DemoTenant& identity);
/// `text` as a port. kInvalidInput.
Result<uint16_t> ParsePort(const std::string& text);

/// A test server's main: 2 and a line on stderr when `run` fails.
int ServeMain(const char* program, const std::vector<std::string>& words,
              Status (*run)(const std::vector<std::string>&));

}  // namespace assay::demo
