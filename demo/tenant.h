// The demo tenant "Aurelia Instruments": a pure function from request to answer, without sockets,
// so that a test can ask it anything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "demo/http.h"
#include "demo/world.h"

namespace assay::demo {

/// Base URLs and audiences under which a demo tenant is reached; what [clouds.NAME] of a config
/// needs.
struct CloudUrls {
  std::string login, graph, arm;  ///< "http://127.0.0.1:PORT"
  std::string graph_scope, arm_scope;
  std::string graph_audience, arm_audience;
};

/// What may differ between demo tenants.
struct DemoOptions {
  uint64_t seed = 1;
  Timestamp now{};
  /// Roles in the Graph token; empty: DefaultRoles().
  std::vector<std::string> roles;
  bool throttle = true;  ///< answer 429 once where the tenant does so
};

/// Same options and URLs, same bytes. Immutable. [any thread]
class DemoTenant {
 public:
  DemoTenant(DemoOptions options, CloudUrls urls);

  /// Answers one request; never fails, errors are answers.
  Answer Handle(const Request& request) const;

  /// Status 200 when the bearer token is the one for the asked service, else the 401 answer.
  Answer Authorize(const Request& request) const;

  const World& world() const { return *world_; }
  const CloudUrls& urls() const { return urls_; }
  const std::string& client_secret() const { return secret_; }

 private:
  Answer HandleToken(const Request& request) const;
  Answer HandleApi(const Request& request) const;
  Answer Page(const Request& request, const Resource& resource) const;
  Answer ApiError(const Request& request, int status, const std::string& code,
                  const std::string& message) const;
  Answer Forbidden(const Request& request, const std::string& permission) const;
  Answer TokenError(const Request& request, int number, const std::string& error,
                    const std::string& text) const;
  std::string RequestId(const Request& request) const;
  Answer WithHeaders(const Request& request, Answer answer) const;

  DemoOptions options_;
  CloudUrls urls_;
  std::unique_ptr<World> world_;
  std::string secret_, graph_token_, arm_token_;
};

}  // namespace assay::demo
