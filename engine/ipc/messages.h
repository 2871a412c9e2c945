// Everything that a worker and the engine can say to each other. Nothing outside this table exists:
// the engine kills a worker that sends a type not listed for its role, or one out of turn.
//
// Payload fields are listed in order in wire.h notation: T text (u32 length + UTF-8), n[...] list
// (u32 count + elements), R the rest. Encode and Parse of each stand in messages.cc, so that the
// two sides cannot disagree. "E" engine, "C" collector worker, "V" evaluator worker, "F" framework
// worker.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/check.h"
#include "model/framework.h"
#include "model/manifest.h"
#include "model/verdict.h"

namespace assay::ipc {

enum class Type : uint16_t {
  // every worker
  kInit = 1,    ///< E->any  first frame: Init. With the sealed plugin memfd for C and F where the
                ///< tier has no jail
  kHello = 2,   ///< any->E  confinement is in force and the plugin is loaded: Hello
  kLog = 3,     ///< C,F->E  u8 severity, T line
  kDone = 4,    ///< any->E  Done: last frame of a worker that ends well or names its failure
  kCancel = 5,  ///< E->any  empty: stop soon

  // collector
  kRequest = 10,  ///< C->E  Request
  kPage = 11,     ///< E->C  Page, with a descriptor of the body and 64 zero bytes when body_len > 0
  kMarks = 12,    ///< C->E  u32 page, n[u64 offset, u64 length]
  kNextPage = 13,      ///< C->E  u32 page, u64 offset, u64 length
  kPageDone = 14,      ///< C->E  u32 page
  kDatasetState = 15,  ///< C->E and E->V  DatasetState
  kRows = 16,       ///< E->V  u32 dataset, u32 row count, R rows (row.h form), unread by the engine
  kRowMemory = 17,  ///< E->C  empty, with a descriptor: where batches are written (row_memory.h)
  kBatch = 18,      ///< C->E  Batch: rows that stand in a slot of the row memory
  kCounts = 19,     ///< C->E  Counts: once for a dataset, after its rows

  // evaluator
  kSchema = 20,    ///< E->V  one dataset: u32 number, DatasetSpec (EncodeDataset)
  kViews = 21,     ///< E->V  T plugin, T SQL of views.sql
  kCheck = 22,     ///< E->V  CheckSpec (EncodeCheck)
  kSeal = 26,      ///< E->V  empty: rows are all in; say what came
  kSealed = 27,    ///< V->E  n[Kept]: of every dataset, the answer to kSeal
  kEvaluate = 23,  ///< E->V  empty: rows and states are all in; judge
  kObservations =
      24,  ///< V->E  T check, n[observation]: any number of these before its kCheckResult
  kCheckResult = 25,  ///< V->E and E->F  CheckResult

  // framework
  kControls = 30,       ///< E->F  T framework, n[control]: any number of these, then
  kConclude = 31,       ///< E->F  empty: check results are all in; decide
  kControlResult = 32,  ///< F->E  ControlResult
};

/// Role of a worker; decides which types it may send and receive.
enum class Role : uint8_t { kCollector = 1, kEvaluator = 2, kFramework = 3, kCanary = 4 };

/// A call of a plugin to its host, as the kit counts them. Order is part of the protocol.
enum class HostCall : uint8_t {
  kNone = 0,
  kExtension = 1,
  kDataset = 2,
  kRequest = 3,
  kWait = 4,
  kMark = 5,
  kNext = 6,
  kDone = 7,
  kRow = 8,
  kState = 9,
  kControl = 10,
  kConclude = 11,
};
inline constexpr size_t kHostCalls = 12;
/// Word for a call in messages ("request"). [any thread]
std::string_view Name(HostCall call);

/// What `assay plugin check` makes a worker's host do wrong; a run never sets it. The `nth` call
/// (from 1) of that kind gives `status` without being done (a null table for kExtension). With
/// ASSAY_E_CANCELLED the run counts as being cancelled from that call on.
struct Drill {
  HostCall call = HostCall::kNone;
  uint32_t nth = 0;
  int32_t status = 0;
};

/// Settings of the tenant that collectors may ask for (assay/config.h): the values of each key.
using Settings = std::map<std::string, std::vector<std::string>>;

/// First frame. Everything a worker knows of its run; no secret, no tenant id.
struct Init {
  Role role = Role::kCollector;
  std::string plugin;  ///< plugin id, for messages
  int64_t now_ms = 0;  ///< the evidence's time: clock of the plugin and of SQL's 'now'
  WorkerLimits limits;
  std::vector<std::pair<uint32_t, DatasetSpec>>
      datasets;  ///< collector: engine's number and shape of each
  std::vector<EndpointSpec>
      endpoints;  ///< collector: granted reads; only id and params travel, a worker needs no URL
  uint64_t init_array_offset = 0,
           init_array_bytes = 0;  ///< constructors that the worker calls itself
  uint64_t fini_array_offset = 0, fini_array_bytes = 0;
  uint64_t init_function = 0, fini_function = 0;  ///< DT_INIT, DT_FINI; 0 when absent
  Drill drill;
  Settings settings;  ///< collector only
};

struct Hello {
  uint16_t abi_major = 0, abi_minor = 0;  ///< of the loaded plugin; 0 for evaluator and canary
  std::string engine_detail;              ///< evaluator: sqlite version; canary: result per attempt
};

struct Done {
  int32_t status = 0;             ///< assay_status_t of run(); 0 is well
  std::string message;            ///< untrusted, cut at 1,024 bytes
  std::vector<uint64_t> calls{};  ///< how often each HostCall was made, by its number; may be empty
};

struct Request {
  uint64_t ticket = 0;  ///< chosen by the worker, ascending from 1
  std::string endpoint;
  std::vector<std::pair<std::string, std::string>> params;
};

struct Page {
  uint64_t ticket = 0;
  uint32_t page = 0;     ///< chosen by the engine, ascending from 1 within the plugin's run
  uint32_t index = 0;    ///< 0 for the first page of its ticket
  uint32_t outcome = 0;  ///< ASSAY_PAGE_*
  uint32_t http_status = 0;
  uint64_t body_len = 0;
  std::string reason;
};

struct DatasetState {
  uint32_t dataset = 0;
  Completeness completeness = Completeness::kComplete;
  Reason reason = Reason::kNone;
  std::string detail;
};

/// Severity is that of assay/log.h; the line is untrusted and at most kMaxLine bytes.
struct Log {
  uint8_t severity = 0;
  std::string line;
};

/// Bytes of one record in a page's body.
struct Range {
  uint64_t offset = 0;
  uint64_t length = 0;
};

struct Marks {
  uint32_t page = 0;
  std::vector<Range> records;
};

/// Where the continuation link stands in the page's body.
struct NextPage {
  uint32_t page = 0;
  Range link;
};

/// Head of a kRows frame and a view of its rows, which only the evaluator decodes.
struct Rows {
  uint32_t dataset = 0;
  uint32_t count = 0;
  ByteSpan rows;
};

/// Rows in a slot of the row memory, which is the engine's from here on.
struct Batch {
  uint32_t dataset = 0;
  uint32_t count = 0;
  uint32_t slot = 0;
  uint32_t bytes = 0;
};

/// What a collector counted of one dataset beside its rows (assay/counts.h).
struct Counts {
  uint32_t dataset = 0;
  uint64_t dropped = 0;   ///< members of records that no column takes
  uint64_t records = 0;   ///< read
  uint64_t expected = 0;  ///< that the service says there are; 0: it did not say
};

/// Rows of one dataset in the evaluator.
struct Kept {
  uint32_t dataset = 0;
  uint64_t rows = 0;        ///< with different keys
  uint64_t duplicates = 0;  ///< left out: their key had come before
};

/// views.sql of one collector.
struct Views {
  std::string plugin;
  std::string sql;
};

/// Longest line for people (log, detail, reason, why): what the plugin ABI cuts at.
inline constexpr size_t kMaxLine = 1024;
/// Longest id (plugin, dataset, endpoint, check, control, column).
inline constexpr size_t kMaxId = 256;
/// Longest SQL text of a check or of a views.sql.
inline constexpr size_t kMaxSql = 256u << 10;
/// Longest subject or label.
inline constexpr size_t kMaxSubject = 4096;
/// Longest value of a parameter: a full list of GUIDs with commas between.
inline constexpr size_t kMaxParam = 37 * kMaxGuids;

/// Word for a type in messages ("rows"); empty when the type is unknown. [any thread]
std::string_view Name(Type type);
/// True when a worker of `role` may send (receive) frames of `type` at all. [any thread]
bool WorkerMaySend(Role role, uint16_t type);
bool WorkerMayReceive(Role role, uint16_t type);

/// `text` cut at `max_bytes` without splitting a character, invalid UTF-8 replaced by U+FFFD, line
/// breaks and other control characters by a space: fit for a field that the reader holds to
/// kMaxLine. [any thread]
std::string OneLine(std::string_view text, size_t max_bytes = kMaxLine);

ByteVector Encode(const Init& m);
ByteVector Encode(const Hello& m);
ByteVector Encode(const Done& m);
ByteVector Encode(const Request& m);
ByteVector Encode(const Page& m);
ByteVector Encode(const DatasetState& m);
ByteVector Encode(const Log& m);
ByteVector Encode(const Marks& m);
ByteVector Encode(const NextPage& m);
ByteVector EncodePageDone(uint32_t page);
ByteVector Encode(const Rows& m);
ByteVector Encode(const Batch& m);
ByteVector Encode(const Counts& m);
ByteVector EncodeSealed(const std::vector<Kept>& m);
ByteVector Encode(const Views& m);
ByteVector Encode(const CheckResult& m);
ByteVector Encode(const ControlResult& m);
ByteVector EncodeDataset(uint32_t number, const DatasetSpec& m);
ByteVector EncodeCheck(const CheckSpec& m);
ByteVector EncodeControls(const std::string& framework, const std::vector<ControlSpec>& controls);
ByteVector EncodeObservations(const std::string& check, const std::vector<Observation>& m);

/// Each Parse: kCorrupt naming the message when a field is missing, too long, out of range or when
/// bytes are left over. Input is untrusted on the engine's side. [any thread]
Result<Init> ParseInit(ByteSpan payload);
Result<Hello> ParseHello(ByteSpan payload);
Result<Done> ParseDone(ByteSpan payload);
Result<Request> ParseRequest(ByteSpan payload);
Result<Page> ParsePage(ByteSpan payload);
Result<DatasetState> ParseDatasetState(ByteSpan payload);
Result<Log> ParseLog(ByteSpan payload);
Result<Marks> ParseMarks(ByteSpan payload);
Result<NextPage> ParseNextPage(ByteSpan payload);
Result<uint32_t> ParsePageDone(ByteSpan payload);
/// Reads the head only; `rows` views into `payload`.
Result<Rows> ParseRows(ByteSpan payload);
Result<Batch> ParseBatch(ByteSpan payload);
Result<Counts> ParseCounts(ByteSpan payload);
Result<std::vector<Kept>> ParseSealed(ByteSpan payload);
Result<Views> ParseViews(ByteSpan payload);
Result<CheckResult> ParseCheckResult(ByteSpan payload);
Result<ControlResult> ParseControlResult(ByteSpan payload);
Result<std::pair<uint32_t, DatasetSpec>> ParseDataset(ByteSpan payload);
Result<CheckSpec> ParseCheck(ByteSpan payload);
Result<std::pair<std::string, std::vector<ControlSpec>>> ParseControls(ByteSpan payload);
Result<std::pair<std::string, std::vector<Observation>>> ParseObservations(ByteSpan payload);

}  // namespace assay::ipc
