// The broker: the only part of assay that talks to a tenant, and it can only read. Holds tokens and
// sockets; builds every URL from a manifest's endpoint and typed parameters; checks, paces, sends,
// journals. It never parses a body: of the answers it decodes headers, transfer and content coding,
// the token service's answers, the one continuation link that a worker points at, and where in the
// answer to several reads each one's begins and ends.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/credential.h"
#include "broker/network.h"
#include "broker/pace_report.h"
#include "model/ids.h"
#include "model/manifest.h"
#include "model/verdict.h"

namespace assay::broker {

class HttpClient;

/// Where a tenant's cost exports lie (export_source.h). Nowhere when both are empty.
struct ExportSource {
  std::string folder;     ///< on this machine, as ExportFolder::Open takes it
  std::string container;  ///< "https://account.blob.core.windows.net/exports"
  std::string prefix;     ///< names in the container begin with it; empty or ends with '/'
};

/// Base URLs and token settings of one cloud (config.md [clouds.NAME], domain of Microsoft's
/// national clouds).
struct Cloud {
  std::string name = "global";
  std::string login, graph, arm;       ///< "https://graph.microsoft.com"; http:// for loopback only
  std::string graph_scope, arm_scope;  ///< ".default" scopes
  std::vector<std::string> graph_audiences, arm_audiences;  ///< accepted `aud` values
  std::vector<std::string> issuers{};  ///< accepted `iss` values; "{tid}" stands for the tenant
  std::string imds = "http://169.254.169.254";  ///< where a machine asks for its own identity
  std::string vault_suffix = "vault.azure.net";
  std::string vault_scope = "https://vault.azure.net/.default";
  std::string ca_file;  ///< extra trust anchor (PEM) for a test cloud; empty: system store
  std::string blob;     ///< base URL of the storage of a cloud of one's own; empty: by the suffix
  std::string blob_suffix = "blob.core.windows.net";
  std::string storage_scope = "https://storage.azure.com/.default";
  std::vector<std::string> storage_audiences = {"https://storage.azure.com",
                                                "https://storage.azure.com/"};
  ExportSource exports{};  ///< the tenant's
};

/// The built-in clouds: global, usgov, usgov-dod, china. Nothing when the name is unknown.
std::optional<Cloud> BuiltInCloud(std::string_view name);

/// A tolerated power (config.md allow_excess): a permission's name, or the GUID of a directory role
/// or Azure role.
struct AllowedExcess {
  std::string permission;
  Timestamp until = Timestamp::max();  ///< first moment at which it is tolerated no more
};

/// One request to a service of the tenant, or to what gives its tokens. Holds no token, no secret
/// and no body.
struct AccessRecord {
  uint64_t number = 0;            ///< of this broker, from 1, in the order in which they ended
  std::string method, url;        ///< the URL may name persons: sealed, never in an entry's line
  uint32_t status = 0;            ///< 0: no whole answer came, and `failure` says why
  std::string failure;            ///< word of an error code, "" with a status
  uint64_t bytes = 0;             ///< of the answer's body, transfer and content coding undone
  std::string client_request_id;  ///< GUID that was sent
  std::string request_id;         ///< the service's own; "" unless a short plain identifier
  std::string batch;  ///< of a read that another request carried: the client_request_id of that
  Timestamp sent{}, received{};
};

struct BrokerOptions {
  TenantId tenant;
  Cloud cloud{};
  Credential credential{};
  std::vector<AllowedExcess> allow_excess{};
  /// Ids or names of Azure subscriptions. What names one by an id that is excluded, or that is not
  /// among `subscriptions` when these are ids only, is never sent, whatever a plugin asks for.
  std::vector<std::string> subscriptions{}, exclude_subscriptions{};
  /// Ids of management groups. With any, only what the guard found below them, or named in
  /// `subscriptions`, is ever sent.
  std::vector<std::string> management_groups{};
  unsigned concurrency = 8;   ///< requests in flight over all hosts; fewer where a host throttles
  unsigned max_attempts = 8;  ///< per page, with Retry-After or back-off, cap 120 s
  uint32_t max_pages =
      20'000;  ///< per read; a service that never stops paging is cut there (kPartial)
  uint64_t max_body_bytes = 64ull << 20;               ///< one page, after content decoding
  std::chrono::milliseconds timeout{60'000};           ///< connect, and between bytes
  std::chrono::milliseconds throttle_budget{900'000};  ///< waiting in one read at most
  /// Whether the guard also asks the directory and Azure what the identity may do, as far as it is
  /// permitted to.
  bool ask_directory = true, ask_azure = true;
  bool needs_graph = true;  ///< something is read from Graph: no permission there is refused
  /// Whether reads of Graph that wait together go in one request: the first pages of endpoints that
  /// are asked for many things one by one.
  bool graph_batch = false;
  NetworkSettings network{};         ///< proxy, more trust anchors, pins
  bool production = false;           ///< refuses a client secret from the environment ("env:")
  std::string user_agent = "assay";  ///< "assay/<version>"
  const Clock* clock = &SystemClock();
  /// Called on a broker thread when a read waits a second or longer; for progress lines. May be
  /// empty.
  std::function<void(const WaitNote& note)> on_wait{};
  /// Budgets of throttle classes; unset: for all but loopback clouds.
  std::optional<bool> enforce_budgets{};
  /// Unset: as the throttle class says; much shorter for loopback clouds.
  std::optional<std::chrono::milliseconds> first_back_off{};
  std::optional<uint64_t> jitter_seed{};  ///< for tests that want the same waits again
  /// Called once for every request when it ended, those for tokens and repeated and failed ones
  /// too; on any thread, must not block long. May be empty.
  std::function<void(const AccessRecord&)> on_access{};
};

/// What one request was and what came back, without the body: the journal's line and its personal
/// part.
struct ReadRecord {
  std::string endpoint;
  std::string method;        ///< "GET" | "POST"
  std::string url;           ///< personal: goes into the entry's body, never into the line
  std::string request_body;  ///< of a read-only POST, as sent
  std::string range;         ///< of a file read in parts: "bytes=0-8388607"; else empty
  uint32_t http_status = 0;  ///< 0 when there was no answer
  Timestamp sent{}, received{};
  std::string client_request_id;  ///< GUID that we sent
  std::string request_id;         ///< the service's: "request-id" or "x-ms-request-id"; "" unless a
                                  ///< short plain identifier
  std::string content_coding;     ///< "gzip" or ""
  std::string server_date;        ///< Date header
  uint32_t attempts = 1;
  uint64_t waited_ms = 0;    ///< for throttling
  uint32_t tls_version = 0;  ///< 0x0303, 0x0304; 0 without TLS
  std::string batch;         ///< client_request_id of the request that carried it, "" when alone
};

/// One page of a read. `body` is the service's answer byte for byte (TLS, chunking and gzip
/// undone).
struct ReadResult {
  uint32_t outcome = 0;           ///< ASSAY_PAGE_* of plugin-api/include/assay/read.h
  Reason reason = Reason::kNone;  ///< kPermission (401, 403), kThrottled (429, 503), kUnavailable,
                                  ///< kPartial (link refused or looped)
  std::string detail;             ///< one line, no body text, no token
  ByteVector body;
  ReadRecord record;
};

/// What the identity may do in one subscription.
struct AzureAccess {
  std::string subscription, name;
  std::vector<std::string> roles;  ///< names of its roles; empty when only their actions are known
};

/// Which subscriptions the management groups of the configuration come down to.
struct AzureScope {
  bool narrowed = false;                   ///< the configuration names management groups
  std::vector<std::string> subscriptions;  ///< all that are wanted: GUIDs in lower case
  std::vector<std::string> unseen_groups;  ///< nothing, or not all, below them could be seen
};

/// What the consent guard learned (permissions.md section 2).
struct Consent {
  bool graph_checked = false;       ///< the token's roles were readable
  bool directory_checked = false;   ///< the directory was asked what is granted
  std::string directory_note;       ///< "not asked: ..." when it could not be
  std::vector<std::string> roles;   ///< permissions, of the token and of the directory
  std::vector<std::string> excess;  ///< tolerated powers found
  bool arm_token = false;           ///< a token for ARM was issued
  bool arm_checked = false;         ///< Azure was asked which roles the identity holds
  std::string arm_note;             ///< "not checked: ..." when ARM could not be asked
  std::vector<AzureAccess> azure;   ///< one for each subscription that the identity sees
  AzureScope scope;                 ///< what the management groups of the configuration hold
  std::string app_id, principal_id, token_tenant;
  std::string credential;  ///< what the token says it was issued for: "secret", "certificate", ""
  int64_t clock_offset_ms = 0;    ///< local minus the token service's Date
  std::vector<ReadResult> reads;  ///< what the guard itself read, to be journalled
};

using Params = std::vector<std::pair<std::string, std::string>>;
/// Called exactly once for each started page, on a broker thread; must not block long.
using Completion = std::function<void(ReadResult)>;

class Broker {
 public:
  virtual ~Broker() = default;
  /// Starts threads, sends nothing. kInvalidInput (cloud or credential is unusable).
  static Result<std::unique_ptr<Broker>> Create(BrokerOptions options);
  /// The same over a client that answers from elsewhere: every rule holds, no socket is opened.
  static Result<std::unique_ptr<Broker>> Create(BrokerOptions options,
                                                std::unique_ptr<HttpClient> client);

  /// Consent guard: gets the Graph token (and, when `needs_arm`, the ARM token) and refuses any
  /// power beyond reading, by the token's own claims and by what directory and Azure say; the
  /// stricter counts. kDenied with id AS-CON-003 (may write), AS-CON-004 (Azure role that may
  /// write), AS-CON-007 (reads secrets or content), AS-CON-001 (no token: wrong secret, unknown
  /// app, consent revoked; one distinct hint each, at most 2 attempts), AS-CON-002 (no permission
  /// at all), AS-CON-005 (powers cannot be told), AS-CON-006 (another tenant, app or API),
  /// AS-CON-008, AS-CON-009 (certificate, key vault), kUnavailable (token service not reached, TLS
  /// untrusted). Must succeed before any Start.
  virtual Result<Consent> CheckConsent(bool needs_arm) = 0;
  /// What CheckConsent read before it failed; with success they are in Consent::reads.
  virtual std::vector<ReadResult> TakeGuardReads() = 0;
  /// Why no token is given any more: consent was revoked while reading, or a renewed token may do
  /// more. Nothing while all is well.
  virtual std::optional<Error> Refusal() const = 0;

  /// Starts the first page of a read. `spec` must be a granted endpoint of a manifest. A handle
  /// names the read in later pages. kInvalidInput (parameter missing, unknown or of the wrong
  /// type), kDenied (URL policy, method not in the compiled list, consent guard not passed).
  virtual Result<uint64_t> Start(const EndpointSpec& spec, const Params& params,
                                 Completion done) = 0;
  /// Starts the page after `body` (the broker-verified bytes of the page before, kept by the
  /// caller) by the link that a worker points at: offset and length of a raw JSON string token in
  /// `body`. Refusals arrive through `done` as ASSAY_PAGE_REFUSED (foreign host, other path,
  /// widened $select or $expand, not preceded by the paging key, seen before).
  virtual void StartNext(uint64_t read, ByteSpan body, uint64_t offset, uint64_t length,
                         Completion done) = 0;
  /// Ends a read: forgets its links.
  virtual void Finish(uint64_t read) = 0;
  /// Lets running requests end within a second or cuts them; pending completions come with
  /// kCancelled details.
  virtual void Cancel() = 0;
  /// The clock that the journal's times come from.
  virtual Timestamp Now() const = 0;
  /// Requests sent so far, by host; for progress and the access log test.
  virtual std::map<std::string, uint64_t> RequestCounts() const = 0;
  /// What was waited for so far, by throttle class, and how long nothing else was done.
  virtual PaceReport Pace() const = 0;
};

/// Resolves "env:", "file:" or "cred:". `production` refuses env:. kInvalidInput, kNotFound,
/// kDenied (file mode wider than 0600 or other owner). The result must be wiped by the caller. [any
/// thread]
Result<std::string> ResolveSecret(std::string_view ref, bool production);

}  // namespace assay::broker
