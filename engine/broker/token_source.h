// Tokens by the client-credentials grant, one per API, kept until shortly before they expire. The
// only code that reads a client secret.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>

#include "broker/broker.h"
#include "broker/http_client.h"
#include "broker/secret.h"

namespace assay::broker {

using Token = std::shared_ptr<const Secret>;

/// [any thread]
class TokenSource {
 public:
  /// Looks at each new token before anyone may use it; a refusal is what Get then gives.
  using Vet = std::function<Status(ServiceHost host, std::string_view token)>;

  /// `options` and `client` must outlive it.
  TokenSource(const BrokerOptions& options, HttpClient& client, Vet vet)
      : options_(options), client_(client), vet_(std::move(vet)) {}

  /// A token that is good for at least another few minutes. kDenied (AS-CON-001, or the vet's
  /// refusal), kUnavailable (token service not reached or busy after 3 attempts). Messages never
  /// hold the secret, the token or the service's text.
  Result<Token> Get(ServiceHost host);
  /// Forgets `used` when it is still the one in store: the API answered 401 to it.
  void Invalidate(ServiceHost host, const Token& used);
  /// Local clock minus the token service's Date at the last answer.
  int64_t clock_offset_ms() const;

 private:
  struct Slot {
    Token token;
    Timestamp good_until{};
  };

  Result<Slot> Fetch(ServiceHost host);
  Result<HttpAnswer> Ask(ServiceHost host);
  Result<Slot> ReadAnswer(HttpAnswer answer);
  Slot& SlotOf(ServiceHost host) { return slots_[host == ServiceHost::kGraph ? 0 : 1]; }

  const BrokerOptions& options_;
  HttpClient& client_;
  Vet vet_;
  mutable std::mutex mutex_;
  std::array<Slot, 2> slots_;
  int64_t clock_offset_ms_ = 0;
};

/// Sleeps on `clock` in short steps; false when `client` was cancelled meanwhile. [any thread]
bool SleepUnlessCancelled(const Clock& clock, std::chrono::milliseconds duration,
                          const HttpClient& client);

}  // namespace assay::broker
