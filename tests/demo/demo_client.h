// What the demo tests share: a tenant at a fixed moment, requests with its tokens, all pages of a
// list.
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

#include "demo/tenant.h"

namespace assay::demo {

/// 2026-11-02T08:00:00Z, seed 7, made-up URLs.
DemoTenant MakeTenant(DemoOptions options = {7, FromUnixMs(1793606400000), {}, false});
CloudUrls TestUrls();

/// "Bearer ..." for a service, fetched from the tenant's own token endpoint.
std::string Bearer(const DemoTenant& tenant, Host host);
/// GET (POST where `method` says so) with a token. `target` is path and query.
Answer Ask(const DemoTenant& tenant, Host host, std::string_view target,
           std::string method = "GET");
/// Bodies of all pages of a list, following its links by path. At most 100.
std::vector<std::string> AllPages(const DemoTenant& tenant, Host host, std::string target,
                                  const std::string& method = "GET");
/// The items of all pages, each as its raw JSON text.
std::vector<std::string> AllItems(const DemoTenant& tenant, Host host, const std::string& target,
                                  const std::string& method = "GET");
/// Value of a string or raw member at a JSON pointer, "" when missing.
std::string At(const std::string& json, const std::string& pointer);

}  // namespace assay::demo
