// Gets tokens with one credential, whatever its kind: the request, its retries, its answer. The
// only code that reads what a credential refers to.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "broker/broker.h"
#include "broker/http_client.h"
#include "broker/secret.h"

namespace assay::broker {

using Token = std::shared_ptr<const Secret>;

/// A token and when it should be replaced.
struct IssuedToken {
  Token token;
  Timestamp good_until{};
};

/// [any thread]
class Issuer {
 public:
  /// All three must outlive it.
  Issuer(const BrokerOptions& options, const Credential& credential, HttpClient& client)
      : options_(options), credential_(credential), client_(client) {}

  /// A token for `scope`; `claims` answers a claims challenge, empty without one. kDenied
  /// (AS-CON-001, AS-CON-008, AS-CON-009), kUnavailable (not reached or busy after 3 attempts),
  /// kInvalidInput and kNotFound of the reference. Messages hold no secret, no token and none of
  /// the service's text.
  Result<IssuedToken> Fetch(const std::string& scope, const std::string& claims = {});
  /// Local clock minus the token service's Date at the last answer; 0 before.
  int64_t clock_offset_ms() const { return clock_offset_ms_; }

 private:
  Result<HttpAnswer> Ask(const std::string& scope, const std::string& claims);
  Result<HttpAnswer> AskMachine(const std::string& scope);
  Result<Secret> MakeForm(const std::string& scope, const std::string& claims,
                          const std::string& token_url);
  Result<Secret> ReadReference();
  Result<IssuedToken> ReadAnswer(HttpAnswer answer);

  const BrokerOptions& options_;
  const Credential& credential_;
  HttpClient& client_;
  std::atomic<int64_t> clock_offset_ms_ = 0;
};

/// Sleeps on `clock` in short steps; false when `client` was cancelled meanwhile. [any thread]
bool SleepUnlessCancelled(const Clock& clock, std::chrono::milliseconds duration,
                          const HttpClient& client);

}  // namespace assay::broker
