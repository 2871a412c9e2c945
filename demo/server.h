// The demo tenant on the loopback interface: three plain HTTP servers (login, graph, arm) and a log
// of every request that reached them.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "demo/http_host.h"
#include "demo/tenant.h"

namespace assay::demo {

/// One request as it reached a server.
struct LoggedRequest {
  Host host = Host::kGraph;
  std::string method, path, query, client_request_id;
  int status = 0;
};

/// Log of requests in order of arrival. [any thread]
class RequestLog {
 public:
  /// How often the same request came before; counts this one.
  uint32_t CountSeen(const Request& request);
  void Add(const Request& request, int status);
  std::vector<LoggedRequest> Entries() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, uint32_t> seen_;
  std::vector<LoggedRequest> entries_;
};

/// Three servers bound together, so that their URLs are known before the first answer.
struct ServerTrio {
  std::unique_ptr<HttpHost> login, graph, arm;
  /// `port` 0: free ports; else port, port + 1, port + 2. kIo.
  static Result<ServerTrio> Bind(uint16_t port);
  CloudUrls urls() const;
  Status Start(const HttpHost::Handler& handler);
};

/// Runs until destroyed. With a fixed port, seed and moment every answer has the same bytes in
/// every run.
class DemoServer {
 public:
  /// kIo when a port is taken or the loopback interface is down (LoopbackUp() first).
  static Result<std::unique_ptr<DemoServer>> Start(DemoOptions options, uint16_t port = 0);

  /// On kPreferredPort and the two after it, so that links have the same bytes in every run; on
  /// free ports when one of them is taken. kIo.
  static Result<std::unique_ptr<DemoServer>> StartPreferred(DemoOptions options);
  static constexpr uint16_t kPreferredPort = 17610;

  const CloudUrls& urls() const { return tenant_.urls(); }
  const std::string& client_id() const { return tenant_.world().client_id(); }
  const std::string& client_secret() const { return tenant_.client_secret(); }
  const std::string& tenant_id() const { return tenant_.world().tenant_id(); }
  const DemoTenant& tenant() const { return tenant_; }
  const RequestLog& log() const { return log_; }

 private:
  DemoServer(DemoOptions options, ServerTrio trio);
  Answer Handle(Request request);

  RequestLog log_;
  DemoTenant tenant_;
  ServerTrio trio_;  // last: stops before what its handlers use goes away
};

}  // namespace assay::demo
