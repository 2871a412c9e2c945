// The store of tokens, and claims challenges.
#include "broker/token_source.h"

#include "base/text.h"
#include "broker/json_object.h"

namespace assay::broker {
namespace {

constexpr size_t kMaxClaims = 4096;

/// The value of `name="..."` in a challenge; empty when absent.
std::string Parameter(std::string_view challenge, std::string_view name) {
  const std::string key = std::string(name) + "=\"";
  size_t at = challenge.find(key);
  // The name must begin a parameter, not end another one's.
  while (at != challenge.npos && at > 0 && challenge[at - 1] != ' ' && challenge[at - 1] != ',')
    at = challenge.find(key, at + 1);
  if (at == challenge.npos) return {};
  const size_t start = at + key.size();
  const size_t end = challenge.find('"', start);
  return end == challenge.npos ? std::string() : std::string(challenge.substr(start, end - start));
}

}  // namespace

std::string ClaimsChallenge(const HttpHead& head) {
  const std::string challenge = head.Find("WWW-Authenticate").value_or("");
  if (challenge.size() > kMaxClaims || !EqualsIgnoreCase(challenge.substr(0, 7), "Bearer "))
    return {};
  if (Parameter(challenge, "error") != "insufficient_claims") return {};
  std::string encoded = Parameter(challenge, "claims");
  while (encoded.ends_with('=')) encoded.pop_back();
  for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
  const auto bytes = ParseBase64Url(encoded);
  if (!bytes || !ParseJsonObject(AsText(*bytes))) return {};
  return std::string(AsText(*bytes));
}

const std::string& TokenSource::ScopeOf(ServiceHost host) const {
  const Cloud& cloud = options_.cloud;
  if (host == ServiceHost::kBlob) return cloud.storage_scope;
  return host == ServiceHost::kGraph ? cloud.graph_scope : cloud.arm_scope;
}

Result<Token> TokenSource::Get(ServiceHost host) {
  ASSAY_ASSIGN(Token token, Fresh(host));
  Status admitted = admit_ ? admit_(host) : Status{};
  if (admitted) return token;
  const std::lock_guard lock(mutex_);
  if (admitted.error().code == Code::kDenied) SlotOf(host).refused = admitted.error();
  return Fail(std::move(admitted.error()));
}

/// The token in store, or a new one that was vetted.
Result<Token> TokenSource::Fresh(ServiceHost host) {
  const std::lock_guard lock(mutex_);
  Slot& slot = SlotOf(host);
  // Asking again what was refused for good would only be noise in the tenant's logs.
  if (slot.refused) return Fail(*slot.refused);
  if (slot.issued.token && options_.clock->Now() < slot.issued.good_until) return slot.issued.token;
  slot.issued = {};
  Result<IssuedToken> fresh = issuer_.Fetch(ScopeOf(host), slot.claims);
  Status vetted = fresh ? vet_(host, fresh->token->view()) : Status(Fail(fresh.error()));
  if (!vetted) {
    if (vetted.error().code == Code::kDenied) slot.refused = vetted.error();
    return Fail(std::move(vetted.error()));
  }
  slot.claims.clear();
  slot.issued = std::move(*fresh);
  return slot.issued.token;
}

void TokenSource::Invalidate(ServiceHost host, const Token& used, const std::string& claims) {
  const std::lock_guard lock(mutex_);
  Slot& slot = SlotOf(host);
  if (slot.issued.token != used) return;
  slot.issued = {};
  if (claims == slot.met_claims) return;
  slot.claims = slot.met_claims = claims;
}

std::optional<Error> TokenSource::refusal() const {
  const std::lock_guard lock(mutex_);
  for (const ServiceHost host : {ServiceHost::kGraph, ServiceHost::kArm})
    if (const Slot& slot = slots_[static_cast<size_t>(host) - 1]; slot.refused) return slot.refused;
  return std::nullopt;
}

}  // namespace assay::broker
