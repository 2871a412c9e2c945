// A large tenant at the pace that the services' published limits allow, on a simulated clock: how
// long it takes, how much of that is idle, and for which limits. Nothing is sent; answers come from
// memory, so the time is that of the pace alone. Usage: pace_bench [users] [devices].
#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <mutex>

#include "assay/read.h"
#include "broker/broker.h"
#include "broker/http_client.h"

using namespace assay;
using namespace assay::broker;

namespace {

constexpr char kTenant[] = "11111111-2222-3333-4444-555555555555";
constexpr char kApp[] = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

/// Only sleeping moves it.
class SimulatedClock final : public Clock {
 public:
  Timestamp Now() const override { return FromUnixMs(now_ms_); }
  void SleepFor(std::chrono::milliseconds duration) const override { now_ms_ += duration.count(); }

 private:
  mutable std::atomic<int64_t> now_ms_{1'795'000'000'000};
};

std::string Base64Url(const std::string& text) {
  std::string out = EncodeBase64(AsBytes(text));
  while (out.ends_with('=')) out.pop_back();
  return out;
}

std::string TokenBody(bool arm) {
  const std::string audience = arm ? "https://management.azure.com" : "https://graph.microsoft.com";
  return fmt::format(
      R"({{"token_type":"Bearer","expires_in":86400,"access_token":"{}.{}.x"}})",
      Base64Url(R"({"alg":"RS256"})"),
      Base64Url(fmt::format(R"({{"aud":"{}","tid":"{}","appid":"{}","roles":["User.Read.All"]}})",
                            audience, kTenant, kApp)));
}

struct Listing {
  std::string path;  ///< with version
  std::vector<std::pair<std::string, std::string>> query;
  size_t items, per_page;
  size_t pages() const { return items == 0 ? 1 : (items + per_page - 1) / per_page; }
};

/// The services, without a network: pages that only have a link to the next.
class GeneratedTenant final : public HttpClient {
 public:
  explicit GeneratedTenant(const std::vector<Listing>& listings, const Clock& clock)
      : listings_(listings), clock_(clock) {}
  Result<HttpAnswer> Send(const HttpRequest& request) override {
    HttpAnswer answer;
    answer.head.status = 200;
    answer.sent = answer.received = clock_.Now();
    const std::string body = request.method == "POST" && request.bearer.empty()
                                 ? TokenBody(request.body.find("management") != request.body.npos)
                                 : Page(request.url);
    answer.body.assign(body.begin(), body.end());
    return answer;
  }
  void Cancel() override { cancelled_ = true; }
  bool cancelled() const override { return cancelled_; }
  std::map<std::string, uint64_t> RequestCounts() const override { return {}; }

 private:
  std::string Page(const Url& url) const {
    const size_t at = url.query.find("skiptoken=");
    const size_t page = at == url.query.npos ? 0 : std::stoul(url.query.substr(at + 10));
    for (const Listing& listing : listings_)
      if (url.path == listing.path && page + 1 < listing.pages() && Fits(listing, url.query))
        return fmt::format(R"({{"@odata.nextLink":"https://{}{}?{}$skiptoken={}","value":[]}})",
                           url.host, url.path, Selected(listing), page + 1);
    return R"({"value":[]})";
  }
  static std::string Selected(const Listing& listing) {
    return listing.query.empty() ? ""
                                 : listing.query[0].first + "=" + listing.query[0].second + "&";
  }
  static bool Fits(const Listing& listing, const std::string& query) {
    return listing.query.empty() || query.find(listing.query[0].second) != query.npos;
  }

  const std::vector<Listing>& listings_;
  const Clock& clock_;
  std::atomic<bool> cancelled_ = false;
};

class Reader {
 public:
  explicit Reader(Broker& broker) : broker_(broker) {}
  void Start(const Listing& listing) {
    EndpointSpec spec;
    spec.id = "bench";
    spec.version = "v1.0";
    spec.path = listing.path.substr(5);
    spec.query = listing.query;
    spec.paging = Paging::kOdata;
    ++open_;
    auto id = std::make_shared<std::atomic<uint64_t>>(0);
    const auto started = broker_.Start(spec, {}, [this, id](ReadResult page) {
      while (*id == 0) {
      }
      Take(*id, std::move(page));
    });
    if (!started) {
      fmt::print(stderr, "{}\n", started.error().ToString());
      std::abort();
    }
    *id = *started;
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
    const std::lock_guard lock(mutex_);
    if (page.outcome != ASSAY_PAGE_OK) {
      fmt::print(stderr, "page failed: {}\n", page.detail);
      std::abort();
    }
    ++pages_;
    if (link != body.npos)
      broker_.StartNext(id, page.body, link - 1, body.find('"', link) + 2 - link,
                        [this, id](ReadResult next) { Take(id, std::move(next)); });
    else if (--open_ == 0)
      done_.notify_all();
  }

  Broker& broker_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::atomic<unsigned> open_ = 0;
  size_t pages_ = 0;
};

std::vector<Listing> Listings(size_t users, size_t devices) {
  return {
      {"/v1.0/users", {{"$select", "id,userPrincipalName"}, {"$top", "999"}}, users, 999},
      {"/v1.0/users", {{"$select", "id,signInActivity"}, {"$top", "500"}}, users, 500},
      {"/v1.0/reports/authenticationMethods/userRegistrationDetails", {}, users, 999},
      {"/v1.0/devices", {{"$select", "id,deviceId"}, {"$top", "999"}}, devices, 999},
      {"/v1.0/deviceManagement/managedDevices", {}, devices, 1000},
      {"/v1.0/identity/conditionalAccess/policies", {}, 200, 100},
      {"/v1.0/identityProtection/riskyUsers", {}, users / 200, 500},
      {"/v1.0/security/secureScores", {}, 90, 10},
  };
}

}  // namespace

int main(int argc, char** argv) {
  const size_t users = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const size_t devices = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 50'000;
  setenv("ASSAY_BENCH_SECRET", "x", 1);
  const SimulatedClock clock;
  BrokerOptions options{*TenantId::Parse(kTenant)};
  options.cloud = *BuiltInCloud("global");
  options.credential.client_id = kApp;
  options.credential.ref = "env:ASSAY_BENCH_SECRET";
  options.clock = &clock;
  const std::vector<Listing> listings = Listings(users, devices);
  auto broker = Broker::Create(options, std::make_unique<GeneratedTenant>(listings, clock));
  if (!broker || !(*broker)->CheckConsent(false)) return 1;
  const Timestamp start = clock.Now();
  const std::clock_t began = std::clock();
  Reader reader(**broker);
  for (const Listing& listing : listings) reader.Start(listing);
  const size_t pages = reader.Wait();
  const double seconds = static_cast<double>((clock.Now() - start).count()) / 1000;
  const PaceReport pace = (*broker)->Pace();
  fmt::print(
      "{} users, {} devices: {} pages in {:.1f} s of simulated time, {:.1f} s of it idle; "
      "{:.2f} s of processor time\n",
      users, devices, pages, seconds, static_cast<double>(pace.idle.count()) / 1000,
      static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC);
  for (const auto& [name, one] : pace.classes) {
    fmt::print("  {:<22} {:>5} requests", name, one.requests);
    for (const auto& [reason, waited] : one.waited)
      fmt::print(", {} {:.1f} s", Name(reason), static_cast<double>(waited.count()) / 1000);
    fmt::print("\n");
  }
  return 0;
}
