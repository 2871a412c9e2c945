// A tenant on loopback for broker tests: token service, Graph and ARM behind one scripted server.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "broker/broker.h"
#include "support/matchers.h"
#include "support/scripted_http.h"

namespace assay::test {

inline constexpr char kTenant[] = "11111111-2222-3333-4444-555555555555";
inline constexpr char kApp[] = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
inline constexpr char kSecretCanary[] = "CANARY+secret/8Q~x";
inline constexpr char kTokenCanary[] = "CANARYtokenSignature";

/// A clock that only sleeping moves.
class ManualClock : public Clock {
 public:
  Timestamp Now() const override { return FromUnixMs(now_ms_); }
  void SleepFor(std::chrono::milliseconds duration) const override {
    now_ms_ += duration.count();
    slept_ms_ += duration.count();
  }
  void Advance(std::chrono::milliseconds duration) { now_ms_ += duration.count(); }
  int64_t slept_ms() const { return slept_ms_; }

 private:
  mutable std::atomic<int64_t> now_ms_{1'795'000'000'000};
  mutable std::atomic<int64_t> slept_ms_{0};
};

inline std::string Base64Url(const std::string& text) {
  std::string out = EncodeBase64(AsBytes(text));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

/// A token as the service would issue it, with these members beside the identity.
inline std::string MakeToken(const std::string& audience, const std::string& more,
                             const std::string& tenant = kTenant) {
  return Base64Url(R"({"alg":"RS256","typ":"JWT"})") + "." +
         Base64Url("{\"aud\":\"" + audience + "\",\"tid\":\"" + tenant + "\",\"appid\":\"" +
                   std::string(kApp) + "\"" + (more.empty() ? "" : "," + more) + "}") +
         "." + kTokenCanary;
}

inline std::string TokenBody(const std::string& token, int seconds = 3600) {
  return R"({"token_type":"Bearer","expires_in":)" + std::to_string(seconds) +
         R"(,"access_token":")" + token + "\"}";
}

/// The value of a header field in a request, "" when there is none.
inline std::string FieldOf(const std::string& request, const std::string& name) {
  const size_t at = request.find("\r\n" + name + ": ");
  if (at == request.npos) return "";
  const size_t start = at + name.size() + 4;
  return request.substr(start, request.find("\r\n", start) - start);
}

/// Waits for completions.
class Inbox {
 public:
  broker::Completion Slot() {
    return [this](broker::ReadResult result) {
      const std::lock_guard lock(mutex_);
      results_.push_back(std::move(result));
      arrived_.notify_all();
    };
  }
  broker::ReadResult Take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, std::chrono::seconds(15), [this] { return !results_.empty(); }))
      FAIL("no completion came");
    broker::ReadResult result = std::move(results_.front());
    results_.erase(results_.begin());
    return result;
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return results_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<broker::ReadResult> results_;
};

/// Server, options and broker. `api` answers everything but token requests.
class FakeTenant {
 public:
  using Script = ScriptedServer::Script;

  explicit FakeTenant(Script api, const Identity* identity = nullptr,
                      const std::string& host = "127.0.0.1")
      : api_(std::move(api)),
        server_([this](const std::string& request) { return Dispatch(request); }, identity) {
    setenv("ASSAY_TEST_SECRET", kSecretCanary, 1);
    options.cloud = *broker::BuiltInCloud("global");
    options.cloud.name = "test";
    options.cloud.login = options.cloud.graph = options.cloud.arm = server_.Base(host);
    options.credential = {kApp, "env:ASSAY_TEST_SECRET"};
    options.ask_directory = options.ask_azure = false;  // what the guard asks has its own suite
    options.timeout = std::chrono::milliseconds(2000);
    options.clock = &clock;
    options.concurrency = 4;
  }
  ~FakeTenant() { Drop(); }
  /// Ends the broker before the servers.
  void Drop() { broker_.reset(); }

  /// Made at first use with the options as they are then; the consent guard is not passed yet.
  broker::Broker& Raw() {
    if (!broker_) {
      REQUIRE_OK_AND_ASSIGN(broker_, broker::Broker::Create(options));
    }
    return *broker_;
  }
  /// With the guard passed.
  broker::Broker& Get() {
    broker::Broker& raw = Raw();
    if (!passed_) REQUIRE_OK(raw.CheckConsent(true));
    passed_ = true;
    return raw;
  }
  broker::ReadResult Read(const EndpointSpec& spec, const broker::Params& params = {}) {
    Inbox inbox;
    REQUIRE_OK_AND_ASSIGN(last_read, Get().Start(spec, params, inbox.Slot()));
    return inbox.Take();
  }
  broker::ReadResult Next(const broker::ReadResult& page, const std::string& key) {
    const std::string text(AsText(page.body));
    const size_t at = text.find("\"" + key + "\":");
    REQUIRE(at != text.npos);
    const size_t start = text.find('"', at + key.size() + 3);
    const size_t end = text.find('"', start + 1);
    Inbox inbox;
    Get().StartNext(last_read, page.body, start, end + 1 - start, inbox.Slot());
    return inbox.Take();
  }
  std::vector<std::string> ApiRequests() const { return Filter(false); }
  std::vector<std::string> TokenRequests() const { return Filter(true); }
  ScriptedServer& server() { return server_; }

  static EndpointSpec Users() {
    EndpointSpec spec;
    spec.id = "graph-users";
    spec.version = "v1.0";
    spec.path = "/users";
    spec.query = {{"$select", "id,displayName"}, {"$top", "999"}};
    spec.paging = Paging::kOdata;
    spec.permission = "User.Read.All";
    return spec;
  }

  ManualClock clock;
  broker::BrokerOptions options{TenantId::Parse(kTenant).value()};
  uint64_t last_read = 0;
  /// Answers token requests; replace it for other tokens.
  Script tokens = [](const std::string& request) {
    const bool arm = request.find("management.azure.com") != request.npos;
    return Answer(200, TokenBody(arm ? MakeToken("https://management.azure.com", "")
                                     : MakeToken("https://graph.microsoft.com",
                                                 R"("roles":["User.Read.All"])")));
  };

 private:
  static bool IsTokenRequest(const std::string& request) {
    return request.find("/oauth2/v2.0/token HTTP/1.1\r\n") != request.npos;
  }
  Reply Dispatch(const std::string& request) {
    return IsTokenRequest(request) ? tokens(request) : api_(request);
  }
  std::vector<std::string> Filter(bool token) const {
    std::vector<std::string> out;
    for (const std::string& request : server_.Requests())
      if (IsTokenRequest(request) == token) out.push_back(request);
    return out;
  }

  Script api_;
  ScriptedServer server_;
  std::unique_ptr<broker::Broker> broker_;
  bool passed_ = false;
};

}  // namespace assay::test
