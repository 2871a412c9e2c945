// What the tenant's own logs hold of the identity that assay reads with, set against what assay
// wrote down of itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "ledger/ledger.h"

namespace assay::cli {

/// The identity that a run read with. Ids in lower case; `principal` may be empty.
struct OwnIdentity {
  std::string app, principal;
};

/// A request for a token that the access log holds.
struct TokenRequest {
  Timestamp sent{};
  std::string run;
  int64_t number = 0;
};

/// A record of one of the tenant's logs that names the identity.
struct OwnTrace {
  std::string log, id, what;
  Timestamp at{};
  bool sign_in = false;  ///< of the application by itself: what a request for a token leaves
};

/// How far one log of the tenant can be compared.
struct TenantLog {
  bool comparable = false;
  std::string why;  ///< it is not comparable
  Timestamp since = Timestamp::max(), until = Timestamp::min();
  uint64_t records = 0;
};

/// One line of the outcome.
struct TraceMatch {
  enum class Kind { kMatched, kTenantOnly, kAssayOnly, kTooYoung };
  Kind kind = Kind::kMatched;
  OwnTrace trace{};        ///< not of kAssayOnly and kTooYoung
  TokenRequest request{};  ///< not of kTenantOnly
};

/// What a ledger holds of one run's reads of the tenant's logs, and of the token requests of all.
struct OwnTraces {
  std::string run;
  OwnIdentity identity;
  /// activity_log, tenant_activity_log, directory_audits, sign_ins
  std::map<std::string, TenantLog> logs;
  std::vector<OwnTrace> traces;
  std::vector<TokenRequest> requests;
};

/// Reads them; `run` empty: the newest. kNotFound (no such run, or one that got no token).
Result<OwnTraces> ReadOwnTraces(ledger::Ledger& ledger, std::string run);

/// Sets them against each other: a sign-in and a token request belong together when they are at
/// most five minutes apart, each with one other at most; every other trace was left by somebody
/// else. A request within three hours of the end of what was read may still come. [any thread]
std::vector<TraceMatch> MatchTraces(const OwnTraces& own);

}  // namespace assay::cli
