// Tokens of a tenant, one for each API: kept in memory until shortly before they expire, vetted
// before anyone may use them.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <optional>

#include "broker/issuer.h"

namespace assay::broker {

/// [any thread]
class TokenSource {
 public:
  /// Looks at each new token before anyone may use it; a refusal is what Get then gives.
  using Vet = std::function<Status(ServiceHost host, std::string_view token)>;
  /// Asked before every token that is given out, while nothing of this object is locked: may use
  /// Get itself. A refusal is what Get then gives.
  using Admit = std::function<Status(ServiceHost host)>;

  /// `options` and `client` must outlive it.
  TokenSource(const BrokerOptions& options, HttpClient& client, Vet vet, Admit admit = {})
      : options_(options),
        issuer_(options, options.credential, client),
        vet_(std::move(vet)),
        admit_(std::move(admit)) {}

  /// A token that is good for at least another few minutes. kDenied (AS-CON-*, or the vet's
  /// refusal; it is final and never asked for again), kUnavailable (token service not reached or
  /// busy after 3 attempts). Messages never hold the secret, the token or the service's text.
  Result<Token> Get(ServiceHost host);
  /// Forgets `used` when it is still the one in store: the API answered 401 to it. `claims` is what
  /// a claims challenge demands of the next one, empty without a challenge; the same demand is made
  /// once only.
  void Invalidate(ServiceHost host, const Token& used, const std::string& claims = {});
  /// Local clock minus the token service's Date at the last answer.
  int64_t clock_offset_ms() const { return issuer_.clock_offset_ms(); }
  /// Why no token is given any more, once that is final. Storage of cost exports does not count:
  /// what cannot be read there is that source's own gap.
  std::optional<Error> refusal() const;

 private:
  struct Slot {
    IssuedToken issued;
    std::string claims;      ///< demanded of the next token
    std::string met_claims;  ///< demanded before
    std::optional<Error> refused;
  };

  Result<Token> Fresh(ServiceHost host);
  Slot& SlotOf(ServiceHost host) { return slots_[static_cast<size_t>(host) - 1]; }
  const std::string& ScopeOf(ServiceHost host) const;

  const BrokerOptions& options_;
  Issuer issuer_;
  Vet vet_;
  Admit admit_;
  mutable std::mutex mutex_;
  std::array<Slot, 3> slots_;  ///< by ServiceHost
};

/// What a claims challenge in an answer to an API call demands (WWW-Authenticate with
/// error="insufficient_claims" and claims="base64"): the JSON text; empty when there is none that
/// can be met. [any thread]
std::string ClaimsChallenge(const HttpHead& head);

}  // namespace assay::broker
