// One subscription with as many policy states as asked for, served from memory on loopback: the
// other side of collect_bench.py. Every answer is rendered before the first request, so that what
// is measured is the reader. Tokens and errors are those of the demo tenant.
//
// Usage: policy_states_server STATES. Prints one JSON line with URLs, credential and sizes; serves
// until its standard input closes.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "demo/json.h"
#include "demo/loopback.h"
#include "demo/tenant.h"
#include "demo/token.h"

using namespace assay;

namespace {

constexpr size_t kStatesPerPage = 1000;
constexpr size_t kPoliciesPerResource = 20;
constexpr const char* kSubscription = "0b5ad0e1-6b1e-4c1f-9a3d-2f6c7d8e9a10";
constexpr const char* kStatesPath =
    "/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults";

std::string ResourceId(size_t resource) {
  return fmt::format(
      "/subscriptions/{}/resourceGroups/rg-workload-{:03}/providers/Microsoft.Storage/"
      "storageAccounts/stdata{:08x}",
      kSubscription, resource % 300, static_cast<uint32_t>(resource * 2654435761u));
}

/// The members that the collector selects, in the service's order, with the two that it adds.
std::string State(const std::string& context, size_t i) {
  const size_t resource = i / kPoliciesPerResource, policy = i % kPoliciesPerResource;
  return fmt::format(
      R"({{"@odata.id":null,"@odata.context":"{}/$entity","timestamp":"2026-11-20T02:{:02}:{:02}Z",)"
      R"("resourceId":"{}",)"
      R"("policyAssignmentId":"/subscriptions/{}/providers/Microsoft.Authorization/policyAssignments/baseline-{}",)"
      R"("policyDefinitionId":"/providers/Microsoft.Authorization/policyDefinitions/9daedab3-fb2d-461e-b861-{:012x}",)"
      R"("resourceType":"Microsoft.Storage/storageAccounts","resourceLocation":"westeurope",)"
      R"("policyDefinitionAction":"{}",)"
      R"("policySetDefinitionId":"/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8",)"
      R"("policyDefinitionReferenceId":"storageRule{:02}Monitoring","complianceState":"NonCompliant",)"
      R"("policyDefinitionGroupNames":["Azure_Security_Benchmark_v3.0_DP-{}","Azure_Security_Benchmark_v3.0_NS-{}"]}})",
      context, i / 60 % 60, i % 60, ResourceId(resource), kSubscription, policy % 4, policy,
      i % 17 == 0 ? "deny" : "audit", policy, policy % 8 + 1, policy % 10 + 1);
}

std::string Page(const std::string& base, size_t page, size_t states) {
  const size_t first = page * kStatesPerPage, last = std::min(states, first + kStatesPerPage);
  const std::string context = fmt::format(
      "{}/subscriptions/{}/providers/Microsoft.PolicyInsights/policyStates/$metadata#latest", base,
      kSubscription);
  std::string body = "{";
  if (last < states)
    body += fmt::format(
        R"("@odata.nextLink":"{}/subscriptions/{}{}?api-version=2019-10-01&$skiptoken={}",)", base,
        kSubscription, kStatesPath, page + 1);
  body += fmt::format(R"("@odata.context":"{}","@odata.count":{},"value":[)", context, states);
  for (size_t i = first; i < last; ++i)
    body.append(i == first ? "" : ",").append(State(context, i));
  return body + "]}";
}

/// A whole answer as it goes onto the wire.
std::string Wire(int status, const std::string& body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: "
      "{}\r\nx-ms-request-id: 3f0c4a52-5d55-4f5b-8e0d-8f9f3f1f2a77\r\n\r\n{}",
      status == 200 ? "200 OK" : fmt::format("{} Error", status), body.size(), body);
}

struct Service {
  Service(uint16_t port, size_t states)
      : base(fmt::format("http://127.0.0.1:{}", port)), tenant(Options(), Urls(base)) {
    for (size_t page = 0; page == 0 || page * kStatesPerPage < states; ++page) {
      const std::string body = Page(base, page, states);
      json_bytes += body.size();
      pages.push_back(Wire(200, body));
    }
    empty = Wire(200, R"({"value":[]})");
    subscriptions = Wire(
        200, fmt::format(R"({{"value":[{{"id":"/subscriptions/{0}","subscriptionId":"{0}",)"
                         R"("displayName":"Workloads","state":"Enabled","tenantId":"{1}"}}]}})",
                         kSubscription, tenant.world().tenant_id()));
  }

  static demo::DemoOptions Options() {
    demo::DemoOptions options;
    options.now = SystemClock().Now();
    return options;
  }
  static demo::CloudUrls Urls(const std::string& base) {
    return {base,
            base,
            base,
            std::string(demo::kGraphAudience) + "/.default",
            std::string(demo::kArmAudience) + "/.default",
            demo::kGraphAudience,
            demo::kArmAudience};
  }

  /// One of the rendered answers, or a token rendered into `made`.
  std::string_view Answer(std::string_view method, std::string_view target, std::string_view body,
                          std::string& made) const {
    const std::string_view path = target.substr(0, target.find('?'));
    if (path.ends_with("/token")) {
      demo::Request request;
      request.host = demo::Host::kLogin;
      request.method = method;
      request.path = path;
      request.body = body;
      const demo::Answer answer = tenant.Handle(request);
      made = Wire(answer.status, answer.body);
      return made;
    }
    if (path == "/subscriptions") return subscriptions;
    if (!path.ends_with("/queryResults")) return empty;
    constexpr std::string_view kToken = "skiptoken=";
    const size_t at = target.find(kToken);
    const size_t page =
        at == target.npos ? 0 : std::strtoul(target.data() + at + kToken.size(), nullptr, 10);
    return page < pages.size() ? pages[page] : empty;
  }

  std::string base;
  demo::DemoTenant tenant;
  std::vector<std::string> pages;
  std::string empty, subscriptions;
  size_t json_bytes = 0;
};

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

size_t ContentLength(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const size_t at = head.find(kName);
  return at == head.npos ? 0 : std::strtoul(head.data() + at + kName.size(), nullptr, 10);
}

void Serve(const Service& service, int fd) {
  std::string in, made;
  char buffer[4096];
  for (;;) {
    size_t end = in.find("\r\n\r\n");
    const size_t length = end == in.npos ? 0 : ContentLength(in.substr(0, end + 2));
    if (end == in.npos || in.size() < end + 4 + length) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      in.append(buffer, static_cast<size_t>(got));
      continue;
    }
    const std::string_view line = std::string_view(in).substr(0, in.find("\r\n"));
    const size_t first = line.find(' '), last = line.rfind(' ');
    if (first == line.npos || last <= first) break;
    const std::string body = in.substr(end + 4, length);
    if (!SendAll(fd, service.Answer(line.substr(0, first), line.substr(first + 1, last - first - 1),
                                    body, made)))
      break;
    in.erase(0, end + 4 + length);
  }
  ::close(fd);
}

int Run(size_t states) {
  (void)demo::LoopbackUp();
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* name = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, name, size) != 0 || ::listen(listener, 64) != 0 ||
      ::getsockname(listener, name, &size) != 0) {
    std::perror("policy_states_server: 127.0.0.1");
    return 1;
  }
  // Never freed: connection threads use it until the process ends.
  const auto* service = new Service(ntohs(address.sin_port), states);
  const demo::CloudUrls& urls = service->tenant.urls();
  fmt::print("{}\n", demo::Json::Object({{"base", service->base},
                                         {"graph_scope", urls.graph_scope},
                                         {"arm_scope", urls.arm_scope},
                                         {"graph_audience", urls.graph_audience},
                                         {"arm_audience", urls.arm_audience},
                                         {"tenant_id", service->tenant.world().tenant_id()},
                                         {"client_id", service->tenant.world().client_id()},
                                         {"client_secret", service->tenant.client_secret()},
                                         {"subscription", kSubscription},
                                         {"pages", std::to_string(service->pages.size())},
                                         {"json_bytes", std::to_string(service->json_bytes)}})
                         .Dump());
  std::fflush(stdout);
  std::thread([listener, service] {
    for (int fd; (fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::thread(Serve, std::cref(*service), fd).detach();
    }
  }).detach();
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const long states = argc == 2 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (states < 1 || states > 5'000'000) {
    fmt::print(stderr, "usage: policy_states_server STATES (1 to 5000000)\n");
    return 2;
  }
  return Run(static_cast<size_t>(states));
}
