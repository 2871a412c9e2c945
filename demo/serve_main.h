// What the two test servers share: the line that says where they are, and waiting for the end of
// input.
#pragma once

#include "demo/tenant.h"

namespace assay::demo {

/// Prints one line of JSON: base URLs, scopes, audiences, tenant id, client id and secret.
void PrintAccess(const CloudUrls& urls, const DemoTenant& identity);
/// Returns when standard input is closed.
void WaitForEndOfInput();
/// `text` as a port. kInvalidInput.
Result<uint16_t> ParsePort(const std::string& text);

}  // namespace assay::demo
