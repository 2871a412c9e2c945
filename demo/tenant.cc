// Routing, tokens, permissions and errors of the demo tenant.
#include "demo/tenant.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "demo/odata.h"
#include "demo/token.h"

namespace assay::demo {
namespace {

constexpr const char* kJson = "application/json; charset=utf-8";

/// HTTP date of a moment: "Mon, 02 Nov 2026 08:00:00 GMT".
std::string HttpDate(Timestamp time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format(
      "{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

bool Has(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

DemoTenant::DemoTenant(DemoOptions options, CloudUrls urls)
    : options_(std::move(options)),
      urls_(std::move(urls)),
      world_(std::make_unique<World>(options_.seed, options_.now)),
      secret_("demo~" + world_->seeded().Guid("secret")) {
  if (options_.roles.empty()) options_.roles = DefaultRoles(*world_);
  graph_token_ = IssueToken(*world_, Host::kGraph, options_.roles);
  arm_token_ = IssueToken(*world_, Host::kArm, {});
}

std::string DemoTenant::RequestId(const Request& request) const {
  return world_->seeded().Guid(fmt::format("{}/{}/{}?{}#{}", static_cast<int>(request.host),
                                           request.method, request.path, request.query,
                                           request.seen));
}

Answer DemoTenant::WithHeaders(const Request& request, Answer answer) const {
  answer.headers.emplace_back("Date", HttpDate(options_.now));
  answer.headers.emplace_back("Cache-Control", "no-cache");
  if (request.host == Host::kGraph) {
    answer.headers.emplace_back("request-id", RequestId(request));
    if (!request.client_request_id.empty()) {
      answer.headers.emplace_back("client-request-id", request.client_request_id);
    }
    answer.headers.emplace_back("OData-Version", "4.0");
  } else {
    answer.headers.emplace_back("x-ms-request-id", RequestId(request));
  }
  return answer;
}

Answer DemoTenant::Handle(const Request& request) const {
  if (request.host == Host::kLogin) return WithHeaders(request, HandleToken(request));
  Answer refused = Authorize(request);
  if (refused.status != 200) return WithHeaders(request, std::move(refused));
  return WithHeaders(request, HandleApi(request));
}

Answer DemoTenant::TokenError(const Request& request, int number, const std::string& error,
                              const std::string& text) const {
  std::string trace = RequestId(request);
  std::string correlation = world_->seeded().Guid("correlation/" + trace);
  std::string stamp = Seconds(options_.now);
  stamp[10] = ' ';
  Json body = Json::Object({
      {"error", error},
      {"error_description",
       fmt::format("AADSTS{}: {} Trace ID: {} Correlation ID: {} Timestamp: {}", number, text,
                   trace, correlation, stamp)},
      {"error_codes", Json::Array({number})},
      {"timestamp", stamp},
      {"trace_id", trace},
      {"correlation_id", correlation},
  });
  return {error == "invalid_client" ? 401 : 400, {{"Content-Type", kJson}}, body.Dump()};
}

Answer DemoTenant::HandleToken(const Request& request) const {
  constexpr std::string_view kTail = "/oauth2/v2.0/token";
  if (!request.path.ends_with(kTail)) return {404, {{"Content-Type", "text/html"}}, ""};
  if (request.method != "POST") return {405, {{"Allow", "POST"}}, ""};
  std::string tenant = request.path.substr(1, request.path.size() - kTail.size() - 1);
  if (!EqualsIgnoreCase(tenant, world_->tenant_id())) {
    return TokenError(request, 90002, "invalid_request",
                      fmt::format("Tenant '{}' not found.", tenant));
  }
  std::string client = QueryValue(request.body, "client_id");
  if (!EqualsIgnoreCase(client, world_->client_id())) {
    return TokenError(
        request, 700016, "unauthorized_client",
        fmt::format("Application '{}' is not in the directory 'Aurelia Instruments'.", client));
  }
  if (QueryValue(request.body, "client_secret") != secret_) {
    return TokenError(request, 7000215, "invalid_client",
                      fmt::format("Invalid client secret provided for app '{}'.", client));
  }
  if (QueryValue(request.body, "grant_type") != "client_credentials") {
    return TokenError(request, 70003, "unsupported_grant_type",
                      "Only client_credentials is offered here.");
  }
  std::string scope = QueryValue(request.body, "scope");
  bool graph = scope == urls_.graph_scope;
  if (!graph && scope != urls_.arm_scope) {
    return TokenError(request, 70011, "invalid_scope",
                      fmt::format("The scope {} is not valid.", scope));
  }
  Json body = Json::Object({{"token_type", "Bearer"},
                            {"expires_in", 3599},
                            {"ext_expires_in", 3599},
                            {"access_token", graph ? graph_token_ : arm_token_}});
  return {200, {{"Content-Type", kJson}, {"Pragma", "no-cache"}}, body.Dump()};
}

Answer DemoTenant::ApiError(const Request& request, int status, const std::string& code,
                            const std::string& message) const {
  Json error = Json::Object({{"code", code}, {"message", message}});
  if (request.host == Host::kGraph) {
    error.Set("innerError", Json::Object({{"date", Seconds(options_.now).substr(0, 19)},
                                          {"request-id", RequestId(request)},
                                          {"client-request-id", request.client_request_id.empty()
                                                                    ? RequestId(request)
                                                                    : request.client_request_id}}));
  }
  return {status, {{"Content-Type", kJson}}, Json::Object({{"error", std::move(error)}}).Dump()};
}

Answer DemoTenant::Forbidden(const Request& request, const std::string& permission) const {
  if (request.path.find("/deviceManagement/") == std::string::npos) {
    return ApiError(request, 403, "Authorization_RequestDenied",
                    "Insufficient privileges to complete the operation.");
  }
  // Intune wraps its reason as JSON text inside the message.
  std::string write = permission;
  if (size_t at = write.find(".Read."); at != std::string::npos)
    write.replace(at, 6, ".ReadWrite.");
  Json inner = Json::Object(
      {{"_version", 3},
       {"Message",
        fmt::format(
            "Application is not authorized to perform this operation. Application must have "
            "one of the following scopes: {}, {} - Operation ID (for customer support): "
            "00000000-0000-0000-0000-000000000000 - Activity ID: {}",
            permission, write, RequestId(request))},
       {"CustomApiErrorPhrase", ""},
       {"RetryAfter", nullptr},
       {"ErrorSourceService", ""},
       {"HttpHeaders", "{}"}});
  return ApiError(request, 403, "Forbidden", inner.Dump());
}

Answer DemoTenant::Authorize(const Request& request) const {
  const std::string& wanted = request.host == Host::kGraph ? graph_token_ : arm_token_;
  const std::string& other = request.host == Host::kGraph ? arm_token_ : graph_token_;
  constexpr std::string_view kBearer = "bearer ";
  std::string token;
  if (request.authorization.size() > kBearer.size() &&
      EqualsIgnoreCase(request.authorization.substr(0, kBearer.size()), kBearer)) {
    token = request.authorization.substr(kBearer.size());
  }
  if (token == wanted) return {};
  std::string code =
      request.host == Host::kGraph ? "InvalidAuthenticationToken" : "AuthenticationFailed";
  std::string why = token.empty() ? "Access token is empty." : "Access token validation failure.";
  if (token == other) why += " Invalid audience.";
  Answer answer = ApiError(request, 401, code, why);
  answer.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  return answer;
}

Answer DemoTenant::HandleApi(const Request& request) const {
  std::string path = PercentDecode(request.path, false);
  if (EqualsIgnoreCase(path, kResourceGraph)) path = ResourceGraphPath(request);
  const Resource* resource = world_->Find(request.host, path);
  bool graph = request.host == Host::kGraph;
  if (resource == nullptr) {
    if (!graph) {
      return ApiError(request, 404, "ResourceNotFound",
                      "Nothing of the demo tenant answers at " + path + ".");
    }
    return ApiError(
        request, 400, "BadRequest",
        "Resource not found for the segment '" + path.substr(path.rfind('/') + 1) + "'.");
  }
  if (request.method != (resource->read_post ? "POST" : "GET")) {
    return ApiError(request, 405, "MethodNotAllowed", request.method + " changes nothing here.");
  }
  if (!graph && QueryValue(request.query, "api-version").empty()) {
    return ApiError(request, 400, "MissingApiVersionParameter",
                    "The api-version query parameter is missing.");
  }
  if (graph && !Has(options_.roles, resource->permission))
    return Forbidden(request, resource->permission);
  if (options_.throttle && resource->throttled_once && request.seen == 0 &&
      QueryValue(request.query, "$skiptoken").empty()) {
    Answer answer =
        ApiError(request, 429, "TooManyRequests", "Too many requests. Try again later.");
    answer.headers.emplace_back("Retry-After", "1");
    return answer;
  }
  return Page(request, *resource);
}

Answer DemoTenant::Page(const Request& request, const Resource& resource) const {
  const std::string& base = request.host == Host::kGraph ? urls_.graph : urls_.arm;
  std::string type = kJson;
  if (request.host == Host::kGraph) {
    type =
        "application/"
        "json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
  }
  if (resource.single) {
    std::string version = request.path.substr(0, request.path.find('/', 1));
    Json body = Json::Object({});
    if (request.host == Host::kGraph) {
      body.Set("@odata.context", base + version + "/$metadata#" + resource.context);
    }
    Json shown = Project(resource.items[0], resource, QueryValue(request.query, "$select"),
                         QueryValue(request.query, "$expand"));
    for (const auto& [name, value] : shown.members()) body.Set(name, value);
    return {200, {{"Content-Type", type}}, body.Dump()};
  }
  auto body = EqualsIgnoreCase(PercentDecode(request.path, false), kResourceGraph)
                  ? ResourceGraphBody(*world_, resource, request)
                  : ListBody(*world_, resource, request, base);
  if (!body) return ApiError(request, 400, "Request_BadRequest", body.error().message);
  return {200, {{"Content-Type", type}}, std::move(*body)};
}

}  // namespace assay::demo
