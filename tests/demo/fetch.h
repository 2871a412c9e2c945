// A plain HTTP client for the server tests.
#pragma once

#include <Poco/Net/HTTPResponse.h>

#include <string>

#include "demo/tenant.h"

namespace assay::demo {

struct Reply {
  int status = 0;
  Poco::Net::HTTPResponse head;
  std::string body;
};

/// GET, or POST when there is a form.
void Fetch(const std::string& url, const std::string& bearer, bool gzip, Reply& reply,
           const std::string& form = "");
/// "Bearer ..." from the token service of a running server.
std::string FetchToken(const CloudUrls& urls, const DemoTenant& identity, const std::string& scope);

}  // namespace assay::demo
