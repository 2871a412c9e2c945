// Pages over loopback TLS: processor time of the broker against that of a bare Poco client that
// reads the same pages from the same server with as many connections, in the same run.
// Usage: broker_bench [pages] [connections] [bytes a page] [rounds].
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/StreamCopier.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "assay/read.h"
#include "broker/broker.h"
#include "support/scripted_http.h"

using namespace assay;
using namespace assay::broker;

namespace {

constexpr char kTenant[] = "11111111-2222-3333-4444-555555555555";
constexpr char kApp[] = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

std::string Base64Url(const std::string& text) {
  std::string out = EncodeBase64(AsBytes(text));
  while (out.ends_with('=')) out.pop_back();
  return out;
}

std::string TokenBody(bool arm) {
  const std::string audience = arm ? "https://management.azure.com" : "https://graph.microsoft.com";
  const std::string token =
      Base64Url(R"({"alg":"RS256"})") + "." +
      Base64Url(fmt::format(R"({{"aud":"{}","tid":"{}","appid":"{}","roles":["User.Read.All"]}})",
                            audience, kTenant, kApp)) +
      ".x";
  return fmt::format(R"({{"token_type":"Bearer","expires_in":3600,"access_token":"{}"}})", token);
}

/// "...skiptoken=R.N": page N of read R; the first page has no token.
size_t PageOf(const std::string& request) {
  const size_t at = request.find("skiptoken=");
  return at == request.npos ? 0 : std::stoul(request.substr(at + 10));
}

/// A page of about `bytes`, with a link to the next one until `last`.
std::string PageBody(const std::string& base, size_t page, size_t last, size_t bytes) {
  std::string out = R"({"@odata.context":"x",)";
  if (page + 1 < last)
    out += fmt::format(R"("@odata.nextLink":"{}/v1.0/users?$select=id&$skiptoken={}",)", base,
                       page + 1);
  out += R"("value":[{"id":")" + std::string(bytes, 'x') + R"("}]})";
  return out;
}

/// The server, in a process of its own, so that its time is not ours.
struct ServerProcess {
  pid_t pid = -1;
  std::string base;

  ServerProcess(const test::Identity& leaf, size_t last, size_t bytes) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    pid = fork();
    if (pid == 0) Serve(ends[1], leaf, last, bytes);
    close(ends[1]);
    char text[256] = {};
    if (read(ends[0], text, sizeof text - 1) <= 0) std::abort();
    close(ends[0]);
    base = text;
  }
  ~ServerProcess() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  [[noreturn]] static void Serve(int out, const test::Identity& leaf, size_t last, size_t bytes) {
    std::string own;
    std::mutex mutex;
    test::ScriptedServer server(
        [&](const std::string& request) {
          const std::lock_guard lock(mutex);
          if (request.starts_with("POST"))
            return test::Answer(200, TokenBody(request.find("management") != request.npos));
          return test::Answer(200, PageBody(own, PageOf(request), last, bytes));
        },
        &leaf);
    {
      const std::lock_guard lock(mutex);
      own = server.Base("localhost");
    }
    if (write(out, own.data(), own.size()) < 0) std::abort();
    for (;;) pause();
  }
};

/// Each thread reads its share over one kept connection and takes the link out of each page.
double BareClient(const std::string& base, const std::string& ca, unsigned connections,
                  size_t pages_each) {
  const double before = ProcessorSeconds();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < connections; ++i)
    threads.emplace_back([&] {
      Poco::Net::Context::Params params;
      params.caLocation = ca;
      params.verificationMode = Poco::Net::Context::VERIFY_STRICT;
      const Poco::Net::Context::Ptr context(
          new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params));
      const std::string authority = base.substr(base.find("://") + 3);
      Poco::Net::HTTPSClientSession session(
          "localhost", static_cast<uint16_t>(std::stoi(authority.substr(authority.find(':') + 1))),
          context);
      session.setKeepAlive(true);
      std::string target = "/v1.0/users?$select=id";
      for (size_t page = 0; page < pages_each; ++page) {
        Poco::Net::HTTPRequest request("GET", target, "HTTP/1.1");
        request.set("Authorization", "Bearer x");
        session.sendRequest(request);
        Poco::Net::HTTPResponse head;
        std::string body;
        Poco::StreamCopier::copyToString(session.receiveResponse(head), body);
        const size_t link = body.find("/v1.0/users?");
        if (link != body.npos) target = body.substr(link, body.find('"', link) - link);
      }
    });
  for (std::thread& thread : threads) thread.join();
  return ProcessorSeconds() - before;
}

/// As many reads at once as there are connections, each page asked for by the link in the one
/// before.
class Reader {
 public:
  Reader(Broker& target, unsigned reads) : broker_(target), open_(reads) {
    EndpointSpec spec;
    spec.id = "graph-users";
    spec.version = "v1.0";
    spec.path = "/users";
    spec.query = {{"$select", "id"}};
    spec.paging = Paging::kOdata;
    for (unsigned i = 0; i < reads; ++i) {
      auto id = std::make_shared<std::atomic<uint64_t>>(0);
      const auto started = broker_.Start(spec, {}, [this, id](ReadResult page) {
        while (*id == 0) std::this_thread::yield();
        Take(*id, std::move(page));
      });
      if (!started) std::abort();
      *id = *started;
    }
  }
  size_t Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return open_ == 0; });
    return pages_;
  }

 private:
  void Take(uint64_t id, ReadResult page) {
    const std::string_view body = AsText(page.body);
    const size_t link = body.find("https://");
    {
      const std::lock_guard lock(mutex_);
      if (page.outcome != ASSAY_PAGE_OK) {
        fmt::print(stderr, "page failed: {}\n", page.detail);
        std::abort();
      }
      ++pages_;
      if (link == body.npos && --open_ == 0) done_.notify_all();
    }
    if (link == body.npos) return;
    const size_t end = body.find('"', link) + 1;
    broker_.StartNext(id, page.body, link - 1, end - link + 1,
                      [this, id](ReadResult next) { Take(id, std::move(next)); });
  }

  Broker& broker_;
  std::mutex mutex_;
  std::condition_variable done_;
  unsigned open_;
  size_t pages_ = 0;
};

double ThroughBroker(const std::string& base, const std::string& ca, unsigned connections,
                     size_t expected) {
  setenv("ASSAY_BENCH_SECRET", "x", 1);
  BrokerOptions options{*TenantId::Parse(kTenant)};
  options.cloud = *BuiltInCloud("global");
  options.cloud.login = options.cloud.graph = options.cloud.arm = base;
  options.cloud.ca_file = ca;
  options.credential.client_id = kApp;
  options.credential.ref = "env:ASSAY_BENCH_SECRET";
  options.concurrency = connections;
  options.max_pages = 1'000'000;
  const double before = ProcessorSeconds();
  auto broker = Broker::Create(std::move(options));
  if (!broker || !(*broker)->CheckConsent(false)) std::abort();
  if (Reader(**broker, connections).Wait() != expected) std::abort();
  broker->reset();
  return ProcessorSeconds() - before;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

size_t Argument(int argc, char** argv, int at, size_t fallback) {
  return argc > at ? std::strtoull(argv[at], nullptr, 10) : fallback;
}

}  // namespace

int main(int argc, char** argv) {
  const size_t pages = Argument(argc, argv, 1, 10'000);
  const auto connections = static_cast<unsigned>(Argument(argc, argv, 2, 8));
  const size_t bytes = Argument(argc, argv, 3, 65'536), rounds = Argument(argc, argv, 4, 3);
  signal(SIGPIPE, SIG_IGN);
  const test::Identity ca = test::MakeIdentity(nullptr, "");
  const test::Identity leaf = test::MakeIdentity(&ca, "DNS:localhost");
  const test::PemFile pem(ca);
  const size_t each = pages / connections;
  const ServerProcess server(leaf, each, bytes);
  std::vector<double> ratios;
  for (size_t round = 0; round < rounds; ++round) {
    const double bare = BareClient(server.base, pem.path(), connections, each);
    const double ours = ThroughBroker(server.base, pem.path(), connections, each * connections);
    ratios.push_back(ours / bare);
    const double count = static_cast<double>(each * connections);
    fmt::print(
        "{} pages of {} bytes, {} connections: bare {:.1f} us, broker {:.1f} us a page, {:.2f}\n",
        each * connections, bytes, connections, bare / count * 1e6, ours / count * 1e6,
        ratios.back());
  }
  fmt::print("median ratio {:.2f}\n", Median(ratios));
  return 0;
}
